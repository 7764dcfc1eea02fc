//! The settings: what a referent opens to the internet, and the way to the gateway's key.

use std::time::Duration;

use askama::Template;
use axum::extract::State;
use serde::Deserialize;

use super::sign_in::entry;
use super::{Error, Gate};
use crate::access::{Audience, Referent, Route};
use crate::audit::{self, Act};
use crate::directory;
use crate::links;
use crate::openings::{self, Opening, Switch};
use crate::store::{ReadTx, Store, WriteTx};
use crate::web::{Form, Frame, Now, Refusal, Reply, filters, t};

pub(super) const PATH: &str = "/reglages";
/// For netd to carry it out before the page says that it will be carried out later.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) fn routes() -> Vec<Route<Gate>> {
    vec![
        Route::get(PATH, Audience::Referent, page),
        Route::post("/reglages/secours", Audience::Referent, set_carrier),
    ]
}

#[derive(Template)]
#[template(path = "admin/templates/openings.html")]
struct OpeningsPage {
    frame: Frame,
    carrier: Option<Switch>,
    /// Whether the gateway is about to have another key.
    key_changes: bool,
}

impl OpeningsPage {
    fn is_open(&self) -> bool {
        self.carrier.as_ref().is_some_and(|switch| switch.is_on)
    }
}

#[derive(Deserialize)]
struct SwitchForm {
    ouvert: Wanted,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Wanted {
    Oui,
    Non,
}

async fn page(State(store): State<Store>, frame: Frame) -> Result<Reply, Refusal> {
    let (carrier, change) = store
        .read(async |tx: &ReadTx| -> Result<_, Error> {
            Ok((openings::switch(tx, Opening::Carrier).await?, directory::key_change(tx).await?))
        })
        .await?;
    let key_changes = change.is_some_and(|change| change.is_under_way());
    Reply::page(&OpeningsPage { frame, carrier, key_changes })
}

async fn set_carrier(
    State(store): State<Store>,
    State(links): State<links::Desk>,
    who: Referent,
    Now(now): Now,
    Form(form): Form<SwitchForm>,
) -> Result<Reply, Refusal> {
    let is_on = form.ouvert == Wanted::Oui;
    let act = if is_on { Act::CarrierOpened } else { Act::CarrierClosed };
    let write = async move |tx: &mut WriteTx| -> Result<(), Error> {
        if openings::set(tx, Opening::Carrier, is_on, who.name(), now).await? {
            audit::record(tx, entry(&who, act, now)).await?;
        }
        Ok(())
    };
    let carried_out = links.changes.make(async move { store.write(write).await }, PATIENCE).await?;
    let said = match (is_on, carried_out) {
        (_, false) => "admin-carrier-later",
        (true, true) => "admin-carrier-is-open",
        (false, true) => "admin-carrier-is-closed",
    };
    Ok(Reply::see_other(PATH).saying(t(said)))
}
