//! The process that holds the WireGuard interface and the firewall, and what the gateway says to it.
//!
//! `beffroi-netd` has one capability and no ear for strangers; `beffroi-gateway` hears strangers and
//! has no capability. Between them is one Unix socket and one message: [`Wanted`], the whole desired
//! state, answered by [`Present`]. This module knows keys, addresses and ports; it does not know what
//! a commune or an invitation is.

mod chest;
mod client;
mod figures;
mod keeper;
mod keyring;
mod limits;
pub mod message;
mod process;
mod ruleset;
mod server;
mod silence;

use std::collections::BTreeSet;

use beffroi_protocol::PublicKey;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

#[cfg(test)]
pub(crate) use chest::Chest;
pub use chest::{key_path, next_key_path};
pub use client::{Client, Error};
#[cfg(test)]
pub(crate) use keyring::Keyring;
pub use process::{Error as ProcessError, Prepared, prepare, run};

pub use crate::config::Port;

/// The whole desired state. What is not in it goes away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    pub tunnel: beffroi_tunnel::Wanted,
    pub firewall: Firewall,
    #[serde(default)]
    pub key: KeyWish,
}

/// Which key the gateway has. Private ones are netd's own business.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyWish {
    /// The one it has; one that was made to take its place is forgotten.
    #[default]
    Stay,
    /// The one it has, beside one that is to take its place.
    Prepare,
    /// This one, which was made to take the place of another; the other is forgotten.
    Become(PublicKey),
}

/// Who may reach what of this machine, through the tunnel and from the internet. An empty list denies.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Firewall {
    /// Networks of the enrolled machines.
    pub machines: BTreeSet<IpNet>,
    /// What they may reach here, besides an answer to a ping.
    pub machine_ports: BTreeSet<Port>,
    /// Machines that hold an invitation and have no key of their own yet.
    pub invited: Option<Invited>,
    /// What anyone on the internet may reach: WireGuard's port, and what was switched on.
    pub open: BTreeSet<Port>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invited {
    pub network: IpNet,
    /// The one port they may reach.
    pub port: Port,
}

/// The interface as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Present {
    /// Its `key` is the gateway's public key.
    pub tunnel: beffroi_tunnel::Present,
    /// The public key that was made to take its place.
    #[serde(default)]
    pub next_key: Option<PublicKey>,
    /// How many differences this message made netd write: 0 when all was as wanted.
    pub changes: usize,
}
