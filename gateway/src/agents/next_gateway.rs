//! A machine tells that it has the gateway's next key on its disk: the change waits for that.

use axum::extract::State;
use axum::{Extension, Json};
use beffroi_protocol::membership::KnownKey;
use hyper::StatusCode;

use super::members::{Member, Members};
use crate::directory;
use crate::journal::chain;
use crate::store::WriteTx;

pub(super) async fn note(
    State(members): State<Members>,
    Extension(who): Extension<Member>,
    Json(KnownKey { key }): Json<KnownKey>,
) -> StatusCode {
    let id = who.machine.id;
    let noted =
        members.store.write(async move |tx: &mut WriteTx| directory::note_aware(tx, id, &key).await).await;
    let (commune, machine) = (who.commune.name.as_str(), &who.machine.name);
    match noted {
        Ok(()) => {
            log::info!(COMMUNE = commune; "{machine} knows the gateway's next key");
            StatusCode::OK
        }
        // It was told of a key that was given up since: it asks again.
        Err(directory::Error::NoNextKey) => StatusCode::CONFLICT,
        Err(error) => {
            log::error!(COMMUNE = commune; "what {machine} knows cannot be written down: {}", chain(&error));
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}
