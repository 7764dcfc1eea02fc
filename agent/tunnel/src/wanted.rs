//! What the interface should be, whole: whatever is not said here is not wanted.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use beffroi_protocol::{PresharedKey, PublicKey};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// UDP port; `None` leaves the one that the device drew.
    pub listen_port: Option<u16>,
    /// The interface's own addresses, each with the network that it is in.
    pub addresses: BTreeSet<IpNet>,
    /// Networks behind the interface, besides those of `addresses`, each with the longest packet that passes on
    /// the way there, in bytes, where that is less than the interface's MTU.
    pub routes: BTreeMap<IpNet, Option<u16>>,
    /// In bytes.
    pub mtu: u16,
    pub peers: BTreeMap<PublicKey, Peer>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// The addresses from which the peer may speak, and at which it is spoken to. When two peers
    /// claim the same network it goes to the one whose key sorts first.
    pub allowed: BTreeSet<IpNet>,
    /// A hint, written when the peer is new to the device: after that the device knows better.
    pub endpoint: Option<SocketAddr>,
    /// Persistent keepalive, in seconds. `Some(0)` is the same as `None`.
    pub keepalive: Option<u16>,
    pub preshared: Option<PresharedKey>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wanted_survives_json() {
        let peer = Peer {
            allowed: BTreeSet::from(["10.66.1.0/32".parse().expect("a network")]),
            endpoint: Some(([192, 0, 2, 1], 51820).into()),
            keepalive: Some(25),
            preshared: Some(PresharedKey::from_bytes([9; 32])),
        };
        let wanted = Wanted {
            listen_port: Some(51820),
            addresses: BTreeSet::from(["10.66.0.1/16".parse().expect("a network")]),
            routes: BTreeMap::from([("10.66.1.0/32".parse().expect("a network"), Some(1232))]),
            mtu: 1280,
            peers: BTreeMap::from([(PublicKey::from_bytes([1; 32]), peer)]),
        };
        let json = serde_json::to_string(&wanted).expect("plain data");
        assert_eq!(serde_json::from_str::<Wanted>(&json).expect("what was just written"), wanted);
    }
}
