//! The pages on which a referent sees every link, and looks after the machines of a commune.

mod commune;
mod hours;
mod key;
mod names;
mod overview;
mod revoke;
mod role;
mod throughput;

use std::time::{Duration, Instant};

use axum::extract::FromRef;
use beffroi_protocol::probe::Carrier;

use super::{Alerts, Board, Error, Link, Measuring, Service, State, diagnosis, history, serving, words};
use crate::access::{Audience, Route};
use crate::directory::{self, Changes, Machine, Network};
use crate::paths;
use crate::store::Store;
use crate::web::{Refusal, Text, t};

/// What these pages need beside the store.
#[derive(Debug, Clone)]
pub struct Desk {
    pub board: Board,
    pub alerts: Alerts,
    pub measuring: Measuring,
    pub changes: Changes,
    pub network: Network,
}

/// Where a referent sees every link.
pub const PATH: &str = "/";
/// For netd to carry out a change before the page says that it will be carried out later.
const PATIENCE: Duration = Duration::from_secs(5);

pub fn routes<S>() -> Vec<Route<S>>
where
    Store: FromRef<S>,
    Desk: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    let referent = Audience::Referent;
    vec![
        Route::get(PATH, referent, overview::page),
        Route::get("/communes/disponibilite", referent, history::page),
        Route::get(paths::COMMUNE, referent, commune::page),
        Route::get("/communes/{commune}/heures", referent, hours::page),
        Route::post("/communes/{commune}/heures", referent, hours::set),
        Route::get("/communes/{commune}/nom", referent, names::commune_page),
        Route::post("/communes/{commune}/nom", referent, names::rename_commune),
        Route::get("/postes/{machine}/nom", referent, names::machine_page),
        Route::post("/postes/{machine}/nom", referent, names::rename_machine),
        Route::post("/postes/{machine}/cle", referent, key::ask),
        Route::post("/postes/{machine}/debit", referent, throughput::ask),
        Route::post("/postes/{machine}/role", referent, role::set),
        Route::get("/postes/{machine}/ordinateurs", referent, serving::page),
        Route::post("/postes/{machine}/ordinateurs", referent, serving::set),
        Route::get("/postes/{machine}/retirer", referent, revoke::page),
        Route::post("/postes/{machine}/retirer", referent, revoke::revoke),
    ]
}

/// Every line is thought to carry such packets, in bytes (RFC 8200, section 5).
const USUAL_MTU: u16 = 1280;

/// A link as pages show it: everything in words.
struct Shown {
    state: State,
    age: Option<Text>,
    /// How good the line is, in a word.
    quality: Option<&'static str>,
    round_trip: Option<Text>,
    jitter: Option<Text>,
    /// In percent.
    loss: Option<u8>,
    received: Text,
    sent: Text,
    endpoint: Option<String>,
    version: Option<String>,
    two_holders: bool,
    is_carried: bool,
    /// The longest packet on a narrow line, in bytes.
    narrow: Option<u16>,
}

impl Shown {
    /// A machine that the board has not heard of yet was recorded a moment ago.
    fn of(board: &Board, machine: &Machine, now: Instant) -> Self {
        let link = board.link(machine.id, now);
        let state = link.as_ref().map_or(State::Never, |link| link.state);
        let number = |count: fn(&Link) -> u64| words::bytes(link.as_ref().map_or(0, count));
        Self {
            state,
            age: link.as_ref().and_then(|link| link.age).map(words::age),
            quality: link.as_ref().and_then(|link| link.quality).map(diagnosis::quality),
            round_trip: link.as_ref().and_then(|link| link.round_trip).map(words::round_trip),
            jitter: link.as_ref().and_then(|link| link.jitter).map(words::round_trip),
            loss: link.as_ref().and_then(|link| link.loss).map(|loss| loss.percent()),
            received: number(|link| link.received),
            sent: number(|link| link.sent),
            endpoint: link.as_ref().and_then(|link| link.endpoint).map(|endpoint| endpoint.to_string()),
            two_holders: link.as_ref().is_some_and(|link| link.two_holders),
            is_carried: link.as_ref().is_some_and(|link| link.carrier == Carrier::Tls),
            narrow: link.as_ref().and_then(|link| link.mtu).filter(|mtu| *mtu < USUAL_MTU),
            version: link.and_then(|link| link.version),
        }
    }

    const fn word(&self) -> &'static str {
        match self.state {
            State::Offline => "links-state-offline",
            State::Doubtful => "links-state-doubtful",
            State::Never => "links-state-never",
            State::Online => "links-state-online",
            State::Idle => "links-state-idle",
        }
    }

    /// The colour that goes with the word.
    const fn colour(&self) -> &'static str {
        match self.state {
            State::Offline => "offline",
            State::Doubtful => "doubtful",
            State::Never | State::Idle => "never",
            State::Online => "online",
        }
    }
}

/// What is to be said at the top of a page when netd does not answer.
fn silence(board: &Board, now: Instant) -> Option<Text> {
    match board.service() {
        Service::Silent { since } => {
            let age = words::age(now.saturating_duration_since(since));
            Some(Text::new("links-service-silent").with("since", &age))
        }
        Service::Unknown | Service::Answers => None,
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        match error {
            Error::NoSuchMachine(_)
            | Error::NoSuchCommune(_)
            | Error::Directory(directory::Error::NoSuchCommune(_) | directory::Error::NoSuchMachine(_)) => {
                Refusal::not_found()
            }
            Error::Directory(directory::Error::Revoked(_)) => Refusal::conflict(t("links-already-revoked")),
            Error::WithoutAgent(_) => Refusal::conflict(t("links-serving-without-agent")),
            other => Refusal::broken(&other),
        }
    }
}
