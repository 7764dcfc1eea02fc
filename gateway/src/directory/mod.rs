//! The communes and their machines: names, keys and addresses, and the rules that keep them apart.
//!
//! It does not know how a machine comes in (`enrolment`), how its link is doing (`links`), nor who may
//! change what (`access`).

mod name;
mod network;

use std::fmt;
use std::str::FromStr;

use beffroi_protocol::PublicKey;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use name::{CommuneName, InvalidName, MachineName};
pub use network::Network;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommuneId(pub(crate) u32);

/// Names a machine for ever, and gives its place in the [`Network`]. It is never given again, so that
/// an address in an old journal means one machine. A machine that is replaced in place keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MachineId(pub(crate) u32);

impl MachineId {
    /// The lower ones are left to the gateway and to what may one day stand beside it.
    const FIRST: u32 = 256;
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
    /// When this key was recorded.
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
