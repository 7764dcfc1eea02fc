//! What of the gateway is open to the internet besides WireGuard's port: each is a switch on the admin page,
//! and off until a referent sets it.

mod store;

use jiff::Timestamp;

use crate::config::{CARRIER_PORT, Port};

pub use store::{Error, TABLES, set, switch};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Opening {
    /// WireGuard's datagrams in TLS, for town halls whose network lets nothing else through.
    Carrier,
}

/// How a switch stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switch {
    pub is_on: bool,
    pub since: Timestamp,
    /// Name of the person who set it.
    pub by: String,
}

impl Opening {
    pub const ALL: [Opening; 1] = [Opening::Carrier];

    /// What it opens in the firewall.
    pub const fn port(self) -> Port {
        match self {
            Self::Carrier => Port::Tcp(CARRIER_PORT),
        }
    }

    /// By which it is stored.
    const fn number(self) -> u8 {
        match self {
            Self::Carrier => 1,
        }
    }
}
