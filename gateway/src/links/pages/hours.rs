//! When a town hall is open.

use askama::Template;
use axum::extract::{Path, State as Held};
use serde::Deserialize;

use super::names::commune;
use crate::access::Referent;
use crate::audit::{self, About, Act, Entry};
use crate::directory::{self, Commune, CommuneId, Hours, WrongHours};
use crate::links::Error;
use crate::store::{ReadTx, Store, WriteTx};
use crate::web::{Form, Frame, Now, Refusal, Reply, filters, t, t_with};

#[derive(Template)]
#[template(path = "links/templates/hours.html")]
struct HoursPage {
    frame: Frame,
    commune: Commune,
    hours: String,
    refused: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct HoursForm {
    hours: String,
}

pub(super) async fn page(
    Held(store): Held<Store>,
    Path(id): Path<CommuneId>,
    frame: Frame,
) -> Result<Reply, Refusal> {
    let (commune, hours) = store
        .read(async move |tx: &ReadTx| {
            Ok::<_, Error>((commune(tx, id).await?, directory::hours(tx, id).await?))
        })
        .await?;
    let hours = hours.unwrap_or_default().to_string();
    Reply::page(&HoursPage { frame, commune, hours, refused: None })
}

/// What was typed comes back as it was understood, or as it was typed with what is wrong.
pub(super) async fn set(
    Held(store): Held<Store>,
    Path(id): Path<CommuneId>,
    who: Referent,
    Now(now): Now,
    frame: Frame,
    Form(form): Form<HoursForm>,
) -> Result<Reply, Refusal> {
    let hours = match Hours::parse(&form.hours) {
        Ok(hours) => hours,
        Err(why) => {
            let commune = store.read(async move |tx: &ReadTx| commune(tx, id).await).await?;
            let refused = Some(explain(&why));
            return Reply::kept(&HoursPage { frame, commune, hours: form.hours, refused });
        }
    };
    let said = match hours.is_empty() {
        true => t("links-hours-emptied"),
        false => t_with("links-hours-saved", &[("hours", &hours.to_string())]),
    };
    let by = who.name().to_owned();
    store
        .write(async move |tx: &mut WriteTx| {
            let commune = commune(tx, id).await?;
            // Asking twice is asking once.
            if directory::hours(tx, id).await?.unwrap_or_default() == hours {
                return Ok::<_, Error>(());
            }
            directory::set_hours(tx, id, &hours).await?;
            let detail = Some(hours.to_string()).filter(|text| !text.is_empty());
            let about = About { commune: Some(commune.name.to_string()), detail, ..About::default() };
            audit::record(tx, Entry { at: now, who: by.clone(), act: Act::HoursChanged, about }).await?;
            Ok(())
        })
        .await?;
    Ok(Reply::see_other(id.path()).saying(said))
}

fn explain(why: &WrongHours) -> String {
    let (text, said) = match why {
        WrongHours::TooLong => return t("links-hours-too-long"),
        WrongHours::Word(said) => ("links-hours-word", said),
        WrongHours::NoDay(said) => ("links-hours-no-day", said),
        WrongHours::NoTime(said) => ("links-hours-no-time", said),
        WrongHours::NoEnd(said) => ("links-hours-no-end", said),
        WrongHours::NoSuchTime(said) => ("links-hours-no-such-time", said),
        WrongHours::Backwards(said) => ("links-hours-backwards", said),
        WrongHours::Overlap(said) => ("links-hours-overlap", said),
    };
    t_with(text, &[("said", said)])
}
