//! Taking a commune off the list, after a question.

use askama::Template;
use axum::extract::{Path, State};
use serde::Deserialize;

use crate::access::{Once, Referent};
use crate::directory::{Commune, CommuneId};
use crate::enrolment::{self, Error, Removal};
use crate::store::{ReadTx, Store, WriteTx};
use crate::web::{Form, Frame, Now, Refusal, Reply, filters, t, t_with};

/// Where every commune is seen.
const AFTER: &str = "/";

#[derive(Template)]
#[template(path = "enrolment/templates/removal.html")]
struct RemovalPage {
    frame: Frame,
    once: Once,
    commune: Commune,
    refused: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct RemovalForm {
    once: Once,
}

pub(super) async fn page(
    State(store): State<Store>,
    Path(id): Path<CommuneId>,
    frame: Frame,
) -> Result<Reply, Refusal> {
    let (commune, removal) = store.read(async move |tx: &ReadTx| enrolment::removal(tx, id).await).await?;
    let refused = (removal == Removal::HasHistory).then(|| has_history(commune.name.as_str()));
    Reply::page(&RemovalPage { frame, once: Once::fresh(), commune, refused })
}

pub(super) async fn remove(
    State(store): State<Store>,
    Path(id): Path<CommuneId>,
    who: Referent,
    Now(now): Now,
    Form(form): Form<RemovalForm>,
) -> Result<Reply, Refusal> {
    let by = who.name().to_owned();
    store
        .write(async move |tx: &mut WriteTx| {
            if form.once.led_to(tx).await?.is_some() {
                return Ok::<_, Error>(());
            }
            enrolment::remove_commune(tx, id, &by, now).await?;
            Ok(form.once.leads_to(tx, AFTER, now).await?)
        })
        .await?;
    Ok(Reply::see_other(AFTER).saying(t("enrolment-removed")))
}

/// Why a commune stays.
pub(super) fn has_history(commune: &str) -> String {
    t_with("enrolment-has-history", &[("commune", &commune)])
}
