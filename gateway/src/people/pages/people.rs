//! One person: who they are, what they do, and their details as a form.

use askama::Template;
use axum::extract::{Path, State};
use serde::Deserialize;

use super::{person, today};
use crate::access::{Once, Referent};
use crate::directory::{self, Civility, Details, Person, PersonId};
use crate::people::acts::{self, By};
use crate::people::list::stamp;
use crate::people::search::Places;
use crate::people::typed::TypedDetails;
use crate::people::{Error, PATH};
use crate::store::{ReadTx, Store, WriteTx};
use crate::web::{Form, Frame, Now, Refusal, Reply, dates, filters, t, t_with};

/// Where one person is found.
pub(super) fn path(id: PersonId) -> String {
    format!("{PATH}/personnes/{id}")
}

#[derive(Template)]
#[template(path = "people/templates/person.html")]
struct PersonPage {
    frame: Frame,
    person: Person,
    /// What is held now; what is to come, or over.
    held: Vec<Held>,
    other: Vec<Held>,
    groups: Vec<String>,
}

struct Held {
    path: String,
    post: String,
    days: String,
}

#[derive(Template)]
#[template(path = "people/templates/details.html")]
struct DetailsPage {
    frame: Frame,
    once: Once,
    /// Absent while somebody is being added.
    person: Option<PersonId>,
    form: DetailsForm,
    refused: Option<String>,
    /// People of the same name, who may be the same.
    namesakes: Vec<(PersonId, String)>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct DetailsForm {
    once: Once,
    /// What the form showed first.
    seen: String,
    civility: String,
    family: String,
    given: String,
    phone: String,
    email: String,
    /// The writer knows that there is somebody of the same name.
    another: String,
}

impl DetailsForm {
    fn of(details: &Details) -> Self {
        Self {
            seen: stamp(details),
            civility: details.civility.map_or_else(String::new, |civility| civility.short().to_owned()),
            family: details.name.family().to_owned(),
            given: details.name.given().to_owned(),
            phone: details.phone.as_ref().map(ToString::to_string).unwrap_or_default(),
            email: details.email.as_ref().map(ToString::to_string).unwrap_or_default(),
            ..Self::default()
        }
    }

    fn typed(&self) -> TypedDetails<'_> {
        TypedDetails {
            civility: &self.civility,
            family: &self.family,
            given: &self.given,
            phone: &self.phone,
            email: &self.email,
        }
    }

    fn is_civility(&self, civility: &Civility) -> bool {
        Civility::parse(&self.civility) == Some(*civility)
    }
}

pub(super) async fn page(
    State(store): State<Store>,
    Path(id): Path<PersonId>,
    Now(now): Now,
    frame: Frame,
) -> Result<Reply, Refusal> {
    let (person, communes, groups) = store
        .read(async move |tx: &ReadTx| {
            let person = directory::person(tx, id).await?.ok_or(Error::NoSuchPerson(id))?;
            Ok::<_, Error>((person, directory::communes(tx).await?, directory::groups(tx).await?))
        })
        .await?;
    let (today, places) = (today(&frame, now), Places::new(&communes));
    let held = |mandate: &directory::Mandate| Held {
        path: format!("{}/fonctions/{}", path(id), mandate.id),
        post: places.post(mandate.post),
        days: days(mandate.term),
    };
    let (now, other): (Vec<_>, Vec<_>) =
        person.mandates.iter().partition(|mandate| mandate.term.holds_on(today));
    let groups = groups.into_iter().filter(|group| group.listed.contains(&id));
    let groups = groups.map(|group| group.name.to_string()).collect();
    let (held, other) = (now.into_iter().map(held).collect(), other.into_iter().map(held).collect());
    Reply::page(&PersonPage { frame, person, held, other, groups })
}

/// "depuis le 22 mars 2026", "du 22 mars 2026 au 24 novembre 2026".
pub(super) fn days(term: directory::Term) -> String {
    let from = dates::date(term.from()).to_string();
    match term.until() {
        Some(until) => {
            t_with("people-from-until", &[("from", &from), ("until", &dates::date(until).to_string())])
        }
        None => t_with("people-since", &[("from", &from)]),
    }
}

pub(super) async fn add_page(frame: Frame) -> Result<Reply, Refusal> {
    let form = DetailsForm::default();
    let once = form.once.clone();
    Reply::page(&DetailsPage { frame, once, person: None, form, refused: None, namesakes: Vec::new() })
}

/// Somebody of the same name is shown first: two people may bear it, and one is easily added twice.
pub(super) async fn add(
    State(store): State<Store>,
    who: Referent,
    Now(now): Now,
    frame: Frame,
    Form(form): Form<DetailsForm>,
) -> Result<Reply, Refusal> {
    let kept = |frame, form: DetailsForm, refused, namesakes| {
        let once = form.once.clone();
        Reply::kept(&DetailsPage { frame, once, person: None, form, refused: Some(refused), namesakes })
    };
    let details = match form.typed().parse() {
        Ok(details) => details,
        Err(wrong) => return kept(frame, form, wrong.explain(), Vec::new()),
    };
    let (by, once, is_another) = (By::new(&who, now), form.once.clone(), !form.another.is_empty());
    let added = store
        .write(async move |tx: &mut WriteTx| {
            if let Some(path) = once.led_to(tx).await? {
                return Ok::<_, Error>(Ok(path));
            }
            let register = directory::register(tx).await?;
            let namesakes: Vec<_> = register
                .named(&details.name)
                .iter()
                .map(|person| (person.id, person.details.name.to_string()))
                .collect();
            if !namesakes.is_empty() && !is_another {
                return Ok(Err(namesakes));
            }
            let path = path(acts::add_person(tx, &details, &by).await?);
            once.leads_to(tx, &path, now).await?;
            Ok(Ok(path))
        })
        .await?;
    match added {
        Ok(path) => Ok(Reply::see_other(path).saying(t("people-added"))),
        Err(namesakes) => kept(frame, form, t("people-namesake"), namesakes),
    }
}

pub(super) async fn change_page(
    State(store): State<Store>,
    Path(id): Path<PersonId>,
    frame: Frame,
) -> Result<Reply, Refusal> {
    let form = DetailsForm::of(&person(&store, id).await?.details);
    let once = form.once.clone();
    Reply::page(&DetailsPage { frame, once, person: Some(id), form, refused: None, namesakes: Vec::new() })
}

/// What somebody else has changed meanwhile is shown beside what was typed.
pub(super) async fn change(
    State(store): State<Store>,
    Path(id): Path<PersonId>,
    who: Referent,
    Now(now): Now,
    frame: Frame,
    Form(form): Form<DetailsForm>,
) -> Result<Reply, Refusal> {
    let kept = |frame, form: DetailsForm, refused| {
        let once = form.once.clone();
        let namesakes = Vec::new();
        Reply::kept(&DetailsPage { frame, once, person: Some(id), form, refused: Some(refused), namesakes })
    };
    let details = match form.typed().parse() {
        Ok(details) => details,
        Err(wrong) => return kept(frame, form, wrong.explain()),
    };
    let (by, seen) = (By::new(&who, now), form.seen.clone());
    let overtaken = store
        .write(async move |tx: &mut WriteTx| {
            let before = directory::person(tx, id).await?.ok_or(Error::NoSuchPerson(id))?.details;
            if stamp(&before) != seen && before != details {
                return Ok::<_, Error>(Some(before));
            }
            acts::change_person(tx, id, &details, &by).await?;
            Ok(None)
        })
        .await?;
    match overtaken {
        None => Ok(Reply::see_other(path(id)).saying(t("people-changed"))),
        Some(there) => {
            let is_known = [
                there.civility.map(|civility| civility.short().to_owned()),
                Some(there.name.to_string()),
                there.phone.as_ref().map(ToString::to_string),
                there.email.as_ref().map(ToString::to_string),
            ];
            let known = is_known.into_iter().flatten().collect::<Vec<_>>().join(", ");
            let form = DetailsForm { seen: stamp(&there), ..form };
            kept(frame, form, t_with("people-details-overtaken", &[("known", &known)]))
        }
    }
}
