//! What is said over the temporary tunnel: JSON over HTTP/1.1, one request, one answer.
//!
//! `POST http://198.18.0.1:4710/v1/enrol` takes a [`Request`] and answers 200 with a [`Welcome`], or
//! 4xx with a [`Refused`]. The same request again gets the same answer; who asks is known by the
//! temporary tunnel address, never by anything that the request says.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::PublicKey;

/// Where to post, below [`crate::temporary::GATEWAY`] and [`crate::temporary::PORT`].
pub const PATH: &str = "/v1/enrol";
/// The longest machine name, in characters.
pub const NAME_MAX: usize = 64;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The machine's own new key.
    pub key: PublicKey,
    /// What the machine calls itself: its host name. 1 to [`NAME_MAX`] characters.
    pub name: String,
    /// Version of the agent's program, such as `0.1.0`.
    pub version: String,
    /// Whether it knows of [`crate::temporary::Secret::preshared`].
    #[serde(default)]
    pub preshared: bool,
}

/// Everything a machine needs to be a member. It is kept in the agent's state file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The name of the communauté de communes.
    pub community: String,
    /// The commune whose town hall this machine serves.
    pub commune: String,
    /// The machine's addresses inside the tunnel: a /32, and a /128.
    pub addresses: Vec<IpNet>,
    /// The gateway's addresses inside the tunnel: what the machine may reach through it.
    pub gateway: Vec<IpAddr>,
    /// Where probes go, inside the tunnel; the same service in each address family.
    pub probe: Vec<SocketAddr>,
    /// MTU of the tunnel interface, in bytes.
    pub mtu: u16,
    /// Persistent keepalive, in seconds.
    pub keepalive: u16,
    /// Names of the intranet and their addresses inside the tunnel.
    pub names: Vec<Name>,
    /// The communauté's certificate authority, PEM.
    pub authority: String,
    /// Whether the own key goes together with [`crate::temporary::Secret::preshared`].
    #[serde(default)]
    pub preshared: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Name {
    pub name: String,
    pub addresses: Vec<IpAddr>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    pub reason: Reason,
    /// One sentence in French for the person at the machine.
    pub message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The invitation has expired.
    Expired,
    /// The invitation has already brought in another machine.
    Used,
    /// A referent cancelled the invitation.
    Cancelled,
    /// No invitation goes with this temporary address.
    Unknown,
    /// The request is malformed.
    Malformed,
    /// The gateway is broken; trying again later may work.
    Broken,
    /// A reason that a later version of the gateway gives.
    #[serde(other)]
    Other,
}
