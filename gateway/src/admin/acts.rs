//! Who did what: the record, latest first; verified when asked; as a table.

use askama::Template;
use axum::extract::{Query, State};
use serde::Deserialize;

use super::{Error, Gate};
use crate::access::{Audience, Route};
use crate::audit;
use crate::store::{ReadTx, Store};
use crate::web::{Frame, Now, Refusal, Reply, filters};

pub(super) const PATH: &str = "/qui-a-fait-quoi";
/// All of it, for a spreadsheet.
const TABLE: &str = "/qui-a-fait-quoi/tableau";
/// Entries on a page: two screens.
const SHOWN: usize = 50;

pub(super) fn routes() -> Vec<Route<Gate>> {
    vec![Route::get(PATH, Audience::Referent, page), Route::get(TABLE, Audience::Referent, table)]
}

#[derive(Template)]
#[template(path = "admin/templates/acts.html")]
struct ActsPage {
    frame: Frame,
    entries: Vec<audit::Entry>,
    /// The last entry, by its number and its fingerprint.
    last: Option<(u32, audit::Fingerprint)>,
    /// What a verification found, when one was asked for.
    verified: Option<audit::Report>,
    /// Where the next page begins.
    before: Option<u32>,
    is_first: bool,
}

#[derive(Deserialize)]
struct Place {
    avant: Option<u32>,
    /// Whatever it says, the whole chain is verified.
    verifier: Option<String>,
}

async fn page(
    State(store): State<Store>,
    Query(place): Query<Place>,
    frame: Frame,
) -> Result<Reply, Refusal> {
    let before = place.avant;
    let verify = place.verifier.is_some();
    let (page, last, verified) = store
        .read(async move |tx: &ReadTx| -> Result<_, Error> {
            let verified = if verify { Some(audit::verify(tx, None).await?) } else { None };
            Ok((audit::page(tx, before, SHOWN).await?, audit::last(tx).await?, verified))
        })
        .await?;
    let (entries, is_first) = (page.entries, before.is_none());
    Reply::page(&ActsPage { frame, entries, last, verified, before: page.before, is_first })
}

async fn table(State(store): State<Store>, frame: Frame, Now(now): Now) -> Result<Reply, Refusal> {
    let zone = frame.time_zone().clone();
    let name = format!("qui-a-fait-quoi-{}.csv", now.to_zoned_datetime(zone.clone()).date());
    let table = store
        .read(async move |tx: &ReadTx| -> Result<_, Error> { Ok(audit::table(tx, &zone).await?) })
        .await?;
    Ok(Reply::file(&name, "text/csv; charset=utf-8", table).never_kept())
}
