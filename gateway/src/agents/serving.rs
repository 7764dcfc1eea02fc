//! A machine says how it stands with the other computers that it lets in.

use axum::extract::State;
use axum::{Extension, Json};
use beffroi_protocol::serving::Told;
use hyper::StatusCode;

use super::members::{Member, Members};
use crate::journal::chain;
use crate::links;
use crate::store::WriteTx;

pub(super) async fn note(
    State(members): State<Members>,
    Extension(who): Extension<Member>,
    Json(told): Json<Told>,
) -> StatusCode {
    let machine = who.machine.id;
    let noted = async move |tx: &mut WriteTx| links::note_serving(tx, machine, told.clone()).await;
    match members.store.write(noted).await {
        Ok(()) => StatusCode::NO_CONTENT,
        Err(error) => {
            log::error!("who is let in by machine {machine} is not written down: {}", chain(&error));
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}
