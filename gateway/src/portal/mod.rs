//! The town halls' door: the intranet, inside the tunnel only.
//!
//! Who opens it is known by the tunnel address; nobody signs in.

mod home;
mod quality;

use axum::Router;
use axum::extract::FromRef;

use crate::access::{Access, Route, guarded};
use crate::links::Board;
use crate::people;
use crate::store::Store;
use crate::web::{self, Community, Door, Entry, icons};

/// What the handlers of this door take their handles from.
#[derive(Clone, FromRef)]
pub struct Gate {
    pub store: Store,
    pub access: Access,
    pub board: Board,
}

/// Every route of the door.
pub fn routes() -> Vec<Route<Gate>> {
    [home::routes(), people::town_hall_routes()].concat()
}

/// The door, ready to serve.
pub fn router(gate: Gate, community: Community) -> Router {
    let access = gate.access.clone();
    let routes = guarded(&access, None, routes()).with_state(gate);
    web::door(routes, Door { community, name: "portal-name", entries: entries(), account: None, guide: None })
}

fn entries() -> Vec<Entry> {
    vec![
        Entry { path: "/", also: &[], text: "portal-entry-home", icon: icons::TOWN_HALL },
        Entry { path: people::PATH, also: &[], text: "portal-entry-people", icon: icons::PERSON },
    ]
}
