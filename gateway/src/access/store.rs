//! The tables of accounts, sessions and the set-up code.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AccountId, Hash, PersonName, Role, SetUpCode};
use crate::store::{AnyTable, Record, Table};

pub(super) const ACCOUNTS: Table<AccountId, Account> = Table::new("access.accounts");
/// By folded name.
pub(super) const NAMES: Table<String, Named> = Table::new("access.names");
/// By the hash of the token: who reads the database cannot sign in with it.
pub(super) const SESSIONS: Table<[u8; 32], Session> = Table::new("access.sessions");
/// One row, until the first account is made.
pub(super) const SET_UP: Table<(), SetUp> = Table::new("access.set_up");
/// By folded name: the codes with which a referent who has no password sets one.
pub(super) const CODES: Table<String, Code> = Table::new("access.codes");
/// Forms that were sent, and where their answer led.
pub(super) const SENT: Table<String, Sent> = Table::new("access.sent");

/// For the check of a database, which reads every row as its owner would.
pub const TABLES: &[&dyn AnyTable] = &[&ACCOUNTS, &NAMES, &SESSIONS, &SET_UP, &CODES, &SENT];

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Account {
    pub(super) name: PersonName,
    pub(super) role: Role,
    pub(super) password: Hash,
    pub(super) created: Timestamp,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Named(pub(super) AccountId);

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Session {
    pub(super) person: AccountId,
    pub(super) started: Timestamp,
    pub(super) seen: Timestamp,
}

#[derive(Serialize, Deserialize)]
pub(super) struct SetUp(pub(super) SetUpCode);

#[derive(Serialize, Deserialize)]
pub(super) struct Code {
    pub(super) code: SetUpCode,
    pub(super) name: PersonName,
    pub(super) until: Timestamp,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Sent {
    pub(super) at: Timestamp,
    pub(super) led_to: String,
}

impl Record for Account {
    const VERSION: u8 = 1;
}

impl Record for Named {
    const VERSION: u8 = 1;
}

impl Record for Session {
    const VERSION: u8 = 1;
}

impl Record for SetUp {
    const VERSION: u8 = 1;
}

impl Record for Code {
    const VERSION: u8 = 1;
}

impl Record for Sent {
    const VERSION: u8 = 1;
}
