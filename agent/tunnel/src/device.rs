//! What both kinds of WireGuard device are read as and told, in this crate's own words.

use std::collections::BTreeMap;

use beffroi_protocol::PublicKey;

use crate::{Edit, Peer, PresentPeer};

/// Everything of [`crate::Present`] that is WireGuard's.
pub(crate) struct DeviceState {
    pub(crate) key: Option<PublicKey>,
    pub(crate) listen_port: u16,
    pub(crate) peers: BTreeMap<PublicKey, PresentPeer>,
}

/// The changes of a plan that concern peers, in order.
#[derive(Debug, Clone)]
pub(crate) enum PeerChange {
    Remove(PublicKey),
    Edit(PublicKey, Edit),
    Add(PublicKey, Peer),
}
