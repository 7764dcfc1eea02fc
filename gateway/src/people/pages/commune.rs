//! What is known of a commune beside its name.

use askama::Template;
use axum::extract::{Path, State};
use serde::Deserialize;

use crate::access::Referent;
use crate::directory::{self, Commune, CommuneDetails, CommuneId, Insee, Phone};
use crate::people::Error;
use crate::people::acts::{self, By};
use crate::people::list::stamp;
use crate::store::{ReadTx, Store, WriteTx};
use crate::web::{Form, Frame, Now, Refusal, Reply, filters, t, t_with};

/// Inhabitants. Paris has 2.1 millions.
const POPULATION_MAX: u32 = 10_000_000;
/// Characters.
const ADDRESS_MAX: usize = 300;

#[derive(Template)]
#[template(path = "people/templates/commune.html")]
struct CommunePage {
    frame: Frame,
    commune: Commune,
    form: CommuneForm,
    refused: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct CommuneForm {
    /// What the form showed first.
    seen: String,
    insee: String,
    population: String,
    address: String,
    phone: String,
}

impl CommuneForm {
    fn of(details: &CommuneDetails) -> Self {
        Self {
            seen: stamp(details),
            insee: details.insee.as_ref().map(ToString::to_string).unwrap_or_default(),
            population: details.population.as_ref().map(ToString::to_string).unwrap_or_default(),
            address: details.address.clone().unwrap_or_default(),
            phone: details.phone.as_ref().map(ToString::to_string).unwrap_or_default(),
        }
    }

    /// Or the sentence that says what to do.
    fn parse(&self) -> Result<CommuneDetails, String> {
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let insee = given(&self.insee).map(|text| Insee::parse(&text).map_err(|_| t("people-wrong-insee")));
        let population = given(&self.population).map(|text| {
            let digits: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
            let number = digits.parse().ok().filter(|number| *number <= POPULATION_MAX);
            number.ok_or_else(|| t("people-wrong-population"))
        });
        let lines = self.address.lines().map(str::trim).filter(|line| !line.is_empty());
        let address = given(&lines.collect::<Vec<_>>().join("\n"));
        if address.as_ref().is_some_and(|address| address.chars().count() > ADDRESS_MAX) {
            return Err(t_with("people-wrong-address", &[("most", &ADDRESS_MAX)]));
        }
        let phone = given(&self.phone)
            .map(|text| Phone::parse(&text).map_err(|_| t_with("people-wrong-phone", &[("said", &text)])));
        Ok(CommuneDetails {
            insee: insee.transpose()?,
            population: population.transpose()?,
            address,
            phone: phone.transpose()?,
        })
    }
}

pub(super) async fn page(
    State(store): State<Store>,
    Path(id): Path<CommuneId>,
    frame: Frame,
) -> Result<Reply, Refusal> {
    let (commune, details) = read(&store, id).await?;
    Reply::page(&CommunePage { frame, commune, form: CommuneForm::of(&details), refused: None })
}

/// What somebody else has changed meanwhile is not overwritten unseen: the form comes again, and says so.
pub(super) async fn set(
    State(store): State<Store>,
    Path(id): Path<CommuneId>,
    who: Referent,
    Now(now): Now,
    frame: Frame,
    Form(form): Form<CommuneForm>,
) -> Result<Reply, Refusal> {
    let (commune, _) = read(&store, id).await?;
    let details = match form.parse() {
        Ok(details) => details,
        Err(why) => return Reply::kept(&CommunePage { frame, commune, form, refused: Some(why) }),
    };
    let (by, seen) = (By::new(&who, now), form.seen.clone());
    let overtaken = store
        .write(async move |tx: &mut WriteTx| {
            let there = directory::details(tx, id).await?;
            if stamp(&there) != seen && there != details {
                return Ok::<_, Error>(Some(there));
            }
            acts::set_details(tx, id, &details, &by).await?;
            Ok(None)
        })
        .await?;
    let Some(there) = overtaken else {
        return Ok(Reply::see_other(id.path()).saying(t("people-commune-saved")));
    };
    let there = CommuneForm::of(&there);
    let known =
        [&there.insee, &there.population, &there.address, &there.phone].map(String::as_str).join(", ");
    let refused = Some(t_with("people-details-overtaken", &[("known", &known)]));
    Reply::kept(&CommunePage { frame, commune, form: CommuneForm { seen: there.seen, ..form }, refused })
}

async fn read(store: &Store, id: CommuneId) -> Result<(Commune, CommuneDetails), Refusal> {
    let read = store
        .read(async move |tx: &ReadTx| {
            let commune = directory::commune(tx, id).await?.ok_or(Error::NoSuchCommune(id))?;
            Ok::<_, Error>((commune, directory::details(tx, id).await?))
        })
        .await?;
    Ok(read)
}
