//! A machine offers the key that it has made itself: checked and recorded in one transaction, and carried out a
//! moment after the answer, which needs the old key to arrive.

use axum::extract::State;
use axum::{Extension, Json};
use beffroi_protocol::membership::{CHANGE_AFTER, NewKey};
use hyper::StatusCode;
use jiff::Timestamp;
use tokio::time::sleep;

use super::members::{Member, Members};
use crate::audit::{self, About, Act, Entry};
use crate::directory;
use crate::journal::chain;
use crate::store::WriteTx;

#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error(transparent)]
    Directory(#[from] directory::Error),
    #[error(transparent)]
    Audit(#[from] audit::Error),
    #[error(transparent)]
    Store(#[from] crate::store::Error),
}

pub(super) async fn change(
    State(members): State<Members>,
    Extension(who): Extension<Member>,
    Json(NewKey { key }): Json<NewKey>,
) -> StatusCode {
    let (member, now) = (who.clone(), Timestamp::now());
    let recorded = members
        .store
        .write(async move |tx: &mut WriteTx| record(tx, &member, NewKey { key }, now).await)
        .await;
    let (commune, machine) = (who.commune.name.as_str(), &who.machine.name);
    match recorded {
        Ok(()) => {
            log::info!(COMMUNE = commune; "{machine} has made itself a new key: {key}");
            let changes = members.changes.clone();
            tokio::spawn(async move {
                sleep(CHANGE_AFTER).await;
                changes.announce();
            });
            StatusCode::OK
        }
        Err(
            error @ Refused::Directory(
                directory::Error::NotToRotate(_)
                | directory::Error::KeyTaken(_)
                | directory::Error::KeyReserved,
            ),
        ) => {
            log::warn!(COMMUNE = commune; "{machine} may not change its key: {}", chain(&error));
            StatusCode::CONFLICT
        }
        Err(error) => {
            log::error!(COMMUNE = commune; "{machine} could not change its key: {}", chain(&error));
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}

async fn record(tx: &mut WriteTx, who: &Member, new: NewKey, now: Timestamp) -> Result<(), Refused> {
    // Asked again because the answer was lost: it is done.
    if directory::machine(tx, who.machine.id).await?.is_some_and(|machine| machine.key == new.key) {
        return Ok(());
    }
    directory::rotate_key(tx, who.machine.id, new.key, now).await?;
    let (commune, machine) = (who.commune.name.to_string(), who.machine.name.to_string());
    let about = About::machine(Some(commune), machine, who.machine.id.number());
    let entry = Entry { at: now, who: who.commune.name.town_hall(), act: Act::KeyChanged, about };
    Ok(audit::record(tx, entry).await?)
}
