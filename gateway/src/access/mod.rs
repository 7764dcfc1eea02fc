//! Who is calling, and what they may do. Identity comes from the tunnel address or from the session, never from
//! a header.
//!
//! Accounts are referents' for now; a [`Role`] more is a variant, a way to sign in more is a file beside
//! `password`. This module does not record who did what: the page that acts does, in the same transaction.

mod account;
mod caller;
mod code;
mod guard;
mod name;
mod once;
mod password;
mod recognise;
mod route;
mod said;
mod session;
mod slowdown;
mod spare;
mod store;
mod tray;

use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use crate::directory::{self, Network};
use crate::store::{self as ground, Key, Store};
use crate::web::Refusal;

pub use account::{change_password, is_set_up, open_set_up};
pub use caller::{Referent, TownHall};
pub use code::SetUpCode;
pub use guard::{Ask, Kept, guarded};
pub use name::{InvalidName, PersonName};
pub use once::Once;
pub use password::{Hash, Password, WeakPassword};
pub use recognise::{Recognised, Unrecognised, is_still_right};
pub use route::{Audience, Route};
pub use session::{Token, close_session, close_sessions_of, open_session};
pub use spare::{Done, Given, Purpose, give_code, names, set_up};
pub use store::TABLES;
pub use tray::Tray;

use said::Said;
use slowdown::Slowdown;
use store::Account;

/// Where a referent signs in.
pub const SIGN_IN: &str = "/connexion";
/// Where a referent signs out.
pub const SIGN_OUT: &str = "/deconnexion";
/// Where the first account is made, and a password is set with a code.
pub const SET_UP: &str = "/installation";

/// Passwords checked at once: each takes 19 MiB and a few hundredths of a second.
const CHECKS: usize = 2;

/// Names an account. People, with or without one, are in the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AccountId(u32);

impl Key for AccountId {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }

    fn read(input: &mut &[u8]) -> Option<Self> {
        u32::read(input).map(AccountId)
    }
}

/// What an account is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// Looks after machines and links.
    Referent,
}

/// Why an account could not be made or changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the set-up code is another one")]
    WrongCode,
    #[error("the first account exists already")]
    SetUpIsOver,
    #[error("there is no such account")]
    NoAccount,
    #[error("the password was changed meanwhile")]
    PasswordChanged,
    #[error("the caller's machine cannot be looked up")]
    Directory(#[from] directory::Error),
    #[error("the accounts cannot be read or written")]
    Store(#[from] ground::Error),
}

/// What deciding about a request needs: the handle that doors hold.
#[derive(Clone)]
pub struct Access {
    store: Store,
    network: Network,
    slowdown: Arc<Mutex<Slowdown>>,
    checks: Arc<Semaphore>,
    said: Arc<Mutex<Said>>,
}

impl Access {
    pub fn new(store: Store, network: Network) -> Access {
        let checks = Arc::new(Semaphore::new(CHECKS));
        Access { store, network, slowdown: Arc::default(), checks, said: Arc::default() }
    }
}

impl From<ground::Error> for Refusal {
    fn from(error: ground::Error) -> Refusal {
        Refusal::broken(&error)
    }
}
