//! Who did what: the record, latest first.

use askama::Template;
use axum::extract::{Query, State};
use serde::Deserialize;

use super::{Error, Gate};
use crate::access::{Audience, Route};
use crate::audit;
use crate::store::{ReadTx, Store};
use crate::web::{Frame, Refusal, Reply, filters};

pub(super) const PATH: &str = "/qui-a-fait-quoi";
/// Entries on a page: two screens.
const SHOWN: usize = 50;

pub(super) fn routes() -> Vec<Route<Gate>> {
    vec![Route::get(PATH, Audience::Referent, page)]
}

#[derive(Template)]
#[template(path = "admin/templates/acts.html")]
struct ActsPage {
    frame: Frame,
    entries: Vec<audit::Entry>,
    /// Where the next page begins.
    before: Option<u32>,
    is_first: bool,
}

#[derive(Deserialize)]
struct Place {
    avant: Option<u32>,
}

async fn page(
    State(store): State<Store>,
    Query(place): Query<Place>,
    frame: Frame,
) -> Result<Reply, Refusal> {
    let before = place.avant;
    let page = store
        .read(async move |tx: &ReadTx| -> Result<_, Error> { Ok(audit::page(tx, before, SHOWN).await?) })
        .await?;
    let is_first = before.is_none();
    Reply::page(&ActsPage { frame, entries: page.entries, before: page.before, is_first })
}
