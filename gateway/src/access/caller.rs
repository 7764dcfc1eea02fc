//! What a handler may take for granted about its caller. Only the guard makes these values.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::AccountId;
use super::store::Account;
use crate::directory::{Commune, Machine};
use crate::web::Refusal;

/// A referent who has signed in.
#[derive(Debug, Clone)]
pub struct Referent {
    id: AccountId,
    name: String,
}

impl Referent {
    pub(super) fn of(id: AccountId, account: &Account) -> Referent {
        Referent { id, name: account.name.as_str().to_owned() }
    }

    pub fn id(&self) -> AccountId {
        self.id
    }

    /// As shown, and as recorded in "who did what".
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// An enrolled machine, known by the tunnel address that the request comes from, and its commune.
#[derive(Debug, Clone)]
pub struct TownHall {
    machine: Machine,
    commune: Commune,
}

impl TownHall {
    pub(super) fn of(machine: Machine, commune: Commune) -> TownHall {
        TownHall { machine, commune }
    }

    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    pub fn commune(&self) -> &Commune {
        &self.commune
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Referent {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Referent, Refusal> {
        parts.extensions.get::<Referent>().cloned().ok_or_else(|| Refusal::broken(&Unguarded("referent")))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for TownHall {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<TownHall, Refusal> {
        parts.extensions.get::<TownHall>().cloned().ok_or_else(|| Refusal::broken(&Unguarded("town hall")))
    }
}

/// A mistake in a table of routes, not of the caller.
#[derive(Debug, thiserror::Error)]
#[error("a handler takes a {0}, and its route is for another audience")]
struct Unguarded(&'static str);
