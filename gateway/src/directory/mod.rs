//! The communes, their machines and their people: names, keys, addresses and mandates, and the rules that keep them
//! apart.
//!
//! It does not know how a machine comes in (`enrolment`), how its link is doing (`links`), nor who may
//! change what (`access`).

mod changes;
mod communes;
mod details;
mod gateway;
mod guests;
mod hours;
mod keys;
mod machines;
mod name;
mod network;
mod people;
mod store;
#[cfg(test)]
mod tests;
mod without_agent;

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use beffroi_protocol::PublicKey;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::paths;

pub use changes::{Announcements, Changes, Follower, changes, to_the_end};
pub use communes::{add_commune, commune, commune_by_name, communes, remove_commune, rename_commune};
pub use details::{CommuneDetails, Insee, InvalidInsee, details, set_details};
pub use gateway::{
    KeyChange, News, Stage, awareness, coming_gateway_key, gateway_key, gateway_keys, give_up_key_change,
    key_change, next_gateway_key, note_aware, note_gateway_keys, order_key_change, prepare_key_change,
    unaware,
};
pub use guests::{Guest, LONGEST_STAY, admit, guests, sweep_guests};
pub use hours::{Hours, WrongHours, all_hours, hours, set_hours};
pub use keys::{ask_rotation, has_preshared, is_to_rotate, preshared_keys, rotate_key, set_preshared};
pub use machines::{
    NewMachine, add_machine, machine, machine_by_address, machines, machines_of, mark_seen, rename_machine,
    replace_key, revoke, set_role,
};
pub use name::{CommuneName, InvalidName, MachineName, fold};
pub use network::Network;
pub use people::{
    Backwards, Circle, Civility, Details, Email, Function, Group, GroupId, GroupKind, GroupName,
    InvalidEmail, InvalidPhone, Mandate, MandateId, NoCommune, NoSuchCircle, Person, PersonId, PersonName,
    Phone, Post, Register, Term, add_group, add_member, add_person, change_mandate, change_person,
    give_mandate, group, groups, person, register, remove_group, remove_mandate, remove_member,
    remove_person, rename_group,
};
pub use store::TABLES;
pub use without_agent::{is_without_agent, mark_without_agent, without_agent};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommuneId(pub(crate) u32);

/// Names a machine for ever, and gives its place in the [`Network`]. It is never given again, so that
/// an address in an old journal means one machine. A machine that is replaced in place keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MachineId(pub(crate) u32);

impl CommuneId {
    /// Where a referent finds the page about the commune.
    pub fn path(self) -> String {
        paths::commune(self)
    }
}

impl MachineId {
    /// The lower ones are left to the gateway and to what may one day stand beside it.
    const FIRST: u32 = 256;

    pub const fn number(self) -> u32 {
        self.0
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is a commune of the name {0} already")]
    CommuneNameTaken(CommuneName),
    #[error("the town hall has a machine of the name {0} already")]
    MachineNameTaken(MachineName),
    #[error("there is no commune {0}")]
    NoSuchCommune(CommuneId),
    #[error("there is no machine {0}")]
    NoSuchMachine(MachineId),
    #[error("machine {0} has been revoked")]
    Revoked(MachineId),
    #[error("the key is, or was, that of machine {0}")]
    KeyTaken(MachineId),
    #[error("the key is the gateway's, or that of an invitation")]
    KeyReserved,
    #[error("machine {0} is not to change its key now")]
    NotToRotate(MachineId),
    #[error("that is not the gateway's next key, or there is none")]
    NoNextKey,
    #[error("{0} machines do not know the gateway's next key")]
    Unaware(usize),
    #[error("the change of the gateway's key has been ordered")]
    KeyChangeOrdered,
    #[error("the temporary address {0} belongs to another invitation")]
    AddressTaken(Ipv4Addr),
    #[error("there is no person {0}")]
    NoSuchPerson(PersonId),
    #[error("person {0} has no such mandate")]
    NoSuchMandate(PersonId),
    #[error("person {0} holds the same during that time")]
    AlreadyHeld(PersonId),
    #[error("person {0} has had too many mandates")]
    TooManyMandates(PersonId),
    #[error("there is no group {0}")]
    NoSuchGroup(GroupId),
    #[error("there is a group of the name {0} already")]
    GroupNameTaken(GroupName),
    #[error("the tunnel network has no address left")]
    NetworkFull,
    #[error("the record of {0} is not one that this program writes")]
    Damaged(String),
    #[error(transparent)]
    Store(#[from] crate::store::Error),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commune {
    pub id: CommuneId,
    pub name: CommuneName,
    /// Whether the communauté has its seat here.
    pub seat: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    pub id: MachineId,
    pub commune: CommuneId,
    pub name: MachineName,
    /// Its own public key: what it is known by.
    pub key: PublicKey,
    pub role: MachineRole,
    /// When this key was recorded: by an invitation, or by the machine itself.
    pub enrolled: Timestamp,
    pub revoked: Option<Revocation>,
    /// Whether it has shown life with its own key.
    pub seen: bool,
}

impl Machine {
    pub const fn is_active(&self) -> bool {
        self.revoked.is_none()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MachineRole {
    /// Reaches the intranet.
    TownHall,
    /// Reaches the admin page too.
    Referent,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    pub at: Timestamp,
    /// Name of the referent.
    pub by: String,
    pub reason: String,
}

impl fmt::Display for CommuneId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl FromStr for CommuneId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl fmt::Display for MachineId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl FromStr for MachineId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}
