//! What the interface should be, whole: whatever is not said here is not wanted.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;

use beffroi_protocol::{InvalidKey, PublicKey};
use data_encoding::BASE64;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// UDP port; `None` leaves the one that the device drew.
    pub listen_port: Option<u16>,
    /// The interface's own addresses, each with the network that it is in.
    pub addresses: BTreeSet<IpNet>,
    /// Networks behind the interface, besides those of `addresses`.
    pub routes: BTreeSet<IpNet>,
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

/// A symmetric key mixed into the handshake. All zeros means none (wg(8)).
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PresharedKey([u8; 32]);

impl PresharedKey {
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Devices read an absent key back as zeros, or not at all.
    pub(crate) fn or_none(self) -> Option<Self> {
        (self.0 != [0; 32]).then_some(self)
    }
}

impl fmt::Debug for PresharedKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("PresharedKey(hidden)")
    }
}

impl TryFrom<String> for PresharedKey {
    type Error = InvalidKey;

    fn try_from(text: String) -> Result<Self, InvalidKey> {
        let bytes = BASE64.decode(text.as_bytes()).map_err(|_| InvalidKey)?;
        bytes.try_into().map(Self).map_err(|_| InvalidKey)
    }
}

impl From<PresharedKey> for String {
    fn from(key: PresharedKey) -> Self {
        BASE64.encode(&key.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preshared_key_is_never_printed() {
        let key = PresharedKey::from_bytes([7; 32]);
        assert_eq!(format!("{key:?}"), "PresharedKey(hidden)");
    }

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
            routes: BTreeSet::new(),
            mtu: 1280,
            peers: BTreeMap::from([(PublicKey::from_bytes([1; 32]), peer)]),
        };
        let json = serde_json::to_string(&wanted).expect("plain data");
        assert_eq!(serde_json::from_str::<Wanted>(&json).expect("what was just written"), wanted);
    }
}
