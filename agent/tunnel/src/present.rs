//! What the interface is, as read from the device and the kernel.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use beffroi_protocol::PublicKey;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::{Peer, PresharedKey};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Present {
    pub backend: Backend,
    /// The interface's own public key.
    pub key: Option<PublicKey>,
    pub listen_port: u16,
    /// Without the addresses that the kernel gives by itself (IPv6 link-local).
    pub addresses: BTreeSet<IpNet>,
    /// Without the routes that follow from `addresses`; with the longest packet of each, where it has one.
    pub routes: BTreeMap<IpNet, Option<u16>>,
    /// In bytes.
    pub mtu: u16,
    pub up: bool,
    pub peers: BTreeMap<PublicKey, PresentPeer>,
}

/// Where packets are encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Backend {
    /// The kernel's own device: outlives this process.
    Kernel,
    /// A device inside this process: ends with it.
    Embedded,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresentPeer {
    pub allowed: BTreeSet<IpNet>,
    /// Where the peer was last heard, or is thought to be.
    pub endpoint: Option<SocketAddr>,
    /// Persistent keepalive, in seconds.
    pub keepalive: Option<u16>,
    pub preshared: Option<PresharedKey>,
    /// How long ago the last handshake was; `None` when there was none since the peer was added.
    pub handshake_age: Option<Duration>,
    /// Bytes since the peer was added to the device.
    pub received: u64,
    pub sent: u64,
}

/// As it is, wanted again.
impl From<PresentPeer> for Peer {
    fn from(present: PresentPeer) -> Peer {
        let PresentPeer { allowed, endpoint, keepalive, preshared, .. } = present;
        Peer { allowed, endpoint, keepalive, preshared }
    }
}
