//! The referents' door: it listens on the server's local addresses and answers referents' machines.
//!
//! It puts together the pages of the features that referents use, and owns those about accounts: set-up, sign-in,
//! one's own password, who did what, what is open to the internet, the gateway's key.

mod account;
mod acts;
mod gateway_key;
mod guide;
mod openings;
mod referents_only;
mod set_up;
mod sign_in;

use axum::Router;
use axum::extract::FromRef;
use axum::middleware::from_fn_with_state;

use crate::access::{self, Access, Route, guarded};
use crate::store::{self as ground, Store};
use crate::web::{self, Account, Community, Door, Entry, Refusal, icons};
use crate::{audit, devices, directory, enrolment, links, news, people, updates};

/// What the handlers of this door take their handles from.
#[derive(Clone, FromRef)]
pub struct Gate {
    pub store: Store,
    pub access: Access,
    pub enrolment: enrolment::Desk,
    pub links: links::Desk,
    pub devices: devices::Desk,
    pub updates: updates::Desk,
}

/// Every route of the door.
pub fn routes() -> Vec<Route<Gate>> {
    [
        links::routes(),
        enrolment::routes(),
        devices::routes(),
        news::routes(),
        people::routes(),
        updates::routes(),
        acts::routes(),
        openings::routes(),
        gateway_key::routes(),
        account::routes(),
        sign_in::routes(),
        set_up::routes(),
        guide::routes(),
    ]
    .concat()
}

/// The door, ready to serve.
pub fn router(gate: Gate, community: Community) -> Router {
    let access = gate.access.clone();
    let routes = guarded(&access, Some(sign_in::ask), routes())
        .layer(from_fn_with_state(access, referents_only::refuse_town_halls))
        .with_state(gate);
    let account = Account { page: account::PATH, sign_out: access::SIGN_OUT };
    let door = Door {
        community,
        name: "admin-name",
        entries: entries(),
        account: Some(account),
        guide: Some(guide::GUIDE),
    };
    web::door(routes, door)
}

/// The navigation, in the order of what is opened most.
fn entries() -> Vec<Entry> {
    let entry = |path, also, text, icon| Entry { path, also, text, icon };
    vec![
        entry(links::PATH, &["/communes", "/postes", "/appareils"], "admin-entry-links", icons::LINK),
        entry(enrolment::PATH, &[], "admin-entry-invitations", icons::SHEET),
        entry(news::PATH, &[], "admin-entry-notice", icons::BELL),
        entry(people::PATH, &[], "admin-entry-people", icons::PERSON),
        entry(updates::PATH, &[], "admin-entry-updates", icons::ARROW),
        entry(acts::PATH, &[], "admin-entry-acts", icons::REGISTER),
        entry(openings::PATH, &[], "admin-entry-settings", icons::SWITCH),
    ]
}

/// An act of this door that could not be carried out and recorded.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("the account cannot be used")]
    Access(#[from] access::Error),
    #[error("the act cannot be recorded")]
    Audit(#[from] audit::Error),
    #[error("the directory cannot be read")]
    Directory(#[from] directory::Error),
    #[error("the store cannot be read or written")]
    Store(#[from] ground::Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        match error {
            Error::Access(error) => error.into(),
            Error::Audit(_) | Error::Directory(_) | Error::Store(_) => Refusal::broken(&error),
        }
    }
}
