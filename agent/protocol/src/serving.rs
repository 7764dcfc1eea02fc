//! A machine that lets other computers of its town hall in: which ones the gateway wants, and what the machine
//! says of it.
//!
//! The wish is a part of [`crate::membership::Membership`]. `POST /v1/serving` at the members' port takes a
//! [`Told`] and answers 204.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use crate::diagnosis::Cause;

pub const PATH: &str = "/v1/serving";

/// What the other computers may do. Whoever is not in it is not let in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Serving {
    pub hosts: Hosts,
    /// What the gateway is called on these ports. They find the machine itself by these names.
    pub names: Vec<String>,
    /// TCP ports of the gateway's tunnel address, and of the machine's local one.
    pub ports: Vec<u16>,
}

/// Computers of the machine's local network, by their addresses there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hosts {
    /// Whoever is in it.
    All,
    /// An empty list denies.
    Chosen(Vec<Span>),
}

/// From the first address to the last, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    pub first: Ipv4Addr,
    pub last: Ipv4Addr,
}

/// How it stands at the town hall.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Where the chosen computers find the machine. None is none that could be let in.
    pub addresses: Vec<Ipv4Addr>,
    pub problems: Vec<Cause>,
}

impl Default for Hosts {
    fn default() -> Self {
        Self::Chosen(Vec::new())
    }
}

impl Hosts {
    /// Nobody is let in.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
