//! The pages on which a referent makes, prints and takes back invitations.

mod communes;
mod invitations;
mod orders;
mod removal;
mod sheets;

use axum::extract::FromRef;
use beffroi_protocol::code::Endpoint;

use super::{Error, Tray};
use crate::access::{Audience, Route};
use crate::directory::{self, Changes};
use crate::paths;
use crate::store::Store;
use crate::web::{Refusal, t};

/// What these pages need beside the store.
#[derive(Debug, Clone)]
pub struct Desk {
    /// Where town halls find the gateway; printed on every sheet.
    pub endpoint: Endpoint,
    pub tray: Tray,
    pub changes: Changes,
}

/// Where a referent finds the invitations.
pub const PATH: &str = "/bons";

pub fn routes<S>() -> Vec<Route<S>>
where
    Store: FromRef<S>,
    Desk: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    let referent = Audience::Referent;
    vec![
        Route::get(PATH, referent, invitations::page),
        Route::get(paths::INVITE, referent, orders::page),
        Route::post(paths::INVITE, referent, orders::create),
        Route::get("/bons/feuilles", referent, sheets::page),
        Route::get("/bons/feuilles.pdf", referent, sheets::pdf),
        Route::get("/bons/{invitation}/fichier", referent, sheets::file),
        Route::post("/bons/{invitation}/annuler", referent, invitations::cancel),
        Route::get(paths::REPLACE_MACHINE, referent, orders::replace_page),
        Route::post(paths::REPLACE_MACHINE, referent, orders::replace),
        Route::get(paths::ADD_COMMUNES, referent, communes::page),
        Route::post(paths::ADD_COMMUNES, referent, communes::add),
        Route::get(paths::REMOVE_COMMUNE, referent, removal::page),
        Route::post(paths::REMOVE_COMMUNE, referent, removal::remove),
    ]
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        match error {
            Error::NoSuchCommune(_) | Error::NoSuchMachine(_) | Error::NoSuchInvitation(_) => {
                Refusal::not_found()
            }
            Error::Directory(directory::Error::NoSuchCommune(_) | directory::Error::NoSuchMachine(_)) => {
                Refusal::not_found()
            }
            Error::HasHistory(commune) => Refusal::conflict(removal::has_history(commune.as_str())),
            Error::NotOpen(_) => Refusal::conflict(t("enrolment-not-open")),
            Error::NothingChosen => Refusal::refused(t("enrolment-nothing-chosen")),
            Error::NoGatewayKey => Refusal::conflict(t("enrolment-no-gateway-key")),
            other => Refusal::broken(&other),
        }
    }
}
