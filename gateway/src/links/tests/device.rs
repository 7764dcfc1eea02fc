//! A WireGuard interface in memory that does with each change what the real ones do, their traps included.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use beffroi_protocol::PublicKey;
use beffroi_tunnel::{Backend, Change, Edit, Peer, Present, PresentPeer, PresharedKey, Wanted, plan};
use ipnet::IpNet;

pub(super) struct Device {
    backend: Backend,
    /// How many sessions were begun.
    sessions: u64,
    peers: BTreeMap<PublicKey, Held>,
    listen_port: u16,
    addresses: BTreeSet<IpNet>,
    routes: BTreeMap<IpNet, Option<u16>>,
    mtu: u16,
    up: bool,
}

#[derive(Debug, Clone)]
struct Held {
    peer: Peer,
    /// Another one after whatever makes the peer shake hands again.
    session: u64,
}

impl Device {
    /// As it is when it has just been made.
    pub(super) fn new(backend: Backend) -> Self {
        Self {
            backend,
            sessions: 0,
            peers: BTreeMap::new(),
            listen_port: 40_000,
            addresses: BTreeSet::new(),
            routes: BTreeMap::new(),
            mtu: 1420,
            up: false,
        }
    }

    /// The process that holds it ends: a kernel's device stays, an embedded one ends with it.
    pub(super) fn survive(self) -> Self {
        match self.backend {
            Backend::Kernel => self,
            Backend::Embedded => Self { sessions: self.sessions, ..Self::new(Backend::Embedded) },
        }
    }

    /// An absent keepalive reads back as none or as zero, an absent preshared key as none or as zeros.
    pub(super) fn present(&self) -> Present {
        let zero = |wanted: Option<u16>| match self.backend {
            Backend::Kernel => wanted.or(Some(0)),
            Backend::Embedded => wanted,
        };
        let zeros = |wanted: Option<PresharedKey>| match self.backend {
            Backend::Kernel => wanted.or(Some(PresharedKey::from_bytes([0; 32]))),
            Backend::Embedded => wanted,
        };
        let peer = |held: &Held| PresentPeer {
            allowed: held.peer.allowed.clone(),
            endpoint: held.peer.endpoint,
            keepalive: zero(held.peer.keepalive),
            preshared: zeros(held.peer.preshared.clone()),
            ..PresentPeer::default()
        };
        Present {
            backend: self.backend,
            key: None,
            listen_port: self.listen_port,
            addresses: self.addresses.clone(),
            routes: self.routes.clone(),
            mtu: self.mtu,
            up: self.up,
            peers: self.peers.iter().map(|(key, held)| (*key, peer(held))).collect(),
        }
    }

    /// Makes what differs; only the first `patience` changes of it when the process dies over it.
    pub(super) fn reconcile(&mut self, wanted: &Wanted, patience: usize) {
        let changes = plan(wanted, &self.present());
        for change in changes.iter().take(patience) {
            self.make(change);
        }
        // As the tunnel does: with the last address of a family its routes went away.
        if changes.len() <= patience && changes.iter().any(|one| matches!(one, Change::RemoveAddress(_))) {
            self.reconcile(wanted, patience - changes.len());
        }
    }

    /// The session of each peer.
    pub(super) fn sessions(&self) -> BTreeMap<PublicKey, u64> {
        self.peers.iter().map(|(key, held)| (*key, held.session)).collect()
    }

    /// A good packet came from elsewhere.
    pub(super) fn roam(&mut self, key: &PublicKey, endpoint: SocketAddr) {
        if let Some(held) = self.peers.get_mut(key) {
            held.peer.endpoint = Some(endpoint);
        }
    }

    /// Someone else writes to it.
    pub(super) fn meddle(&mut self, change: &Change) {
        self.make(change);
    }

    fn make(&mut self, change: &Change) {
        match change {
            Change::RestoreKey => self.peers.values_mut().for_each(|held| held.session += 1),
            Change::SetListenPort(port) => self.listen_port = *port,
            Change::SetMtu(mtu) => self.mtu = *mtu,
            Change::RemovePeer(key) => drop(self.peers.remove(key)),
            // A peer that is missing is created.
            Change::EditPeer(key, edit) => self.change(*key, |peer| apply(peer, edit)),
            // One that is there is replaced, and its session with it.
            Change::AddPeer(key, new) => {
                self.peers.remove(key);
                self.change(*key, |peer| *peer = new.clone());
            }
            Change::RemoveAddress(address) => self.remove_address(address),
            Change::AddAddress(address) => drop(self.addresses.insert(*address)),
            Change::BringUp => self.up = true,
            Change::RemoveRoute(network) => drop(self.routes.remove(network)),
            Change::EditRoute(network, mtu) | Change::AddRoute(network, mtu) => {
                assert!(self.up, "a route needs its interface up");
                self.routes.insert(*network, *mtu);
            }
        }
    }

    /// A network has one owner: who gets it takes it away from the other.
    fn change(&mut self, key: PublicKey, change: impl FnOnce(&mut Peer)) {
        self.sessions += 1;
        let new = Held { peer: Peer::default(), session: self.sessions };
        let held = self.peers.entry(key).or_insert(new);
        change(&mut held.peer);
        let taken = held.peer.allowed.clone();
        for (_, other) in self.peers.iter_mut().filter(|(other, _)| **other != key) {
            other.peer.allowed.retain(|network| !taken.contains(network));
        }
    }

    fn remove_address(&mut self, address: &IpNet) {
        self.addresses.remove(address);
        let is_v4 = |net: &IpNet| matches!(net, IpNet::V4(_));
        if !self.addresses.iter().any(|other| is_v4(other) == is_v4(address)) {
            self.routes.retain(|route, _| is_v4(route) != is_v4(address));
        }
    }
}

fn apply(peer: &mut Peer, edit: &Edit) {
    if let Some(allowed) = &edit.allowed {
        peer.allowed.clone_from(allowed);
    }
    if let Some(keepalive) = edit.keepalive {
        peer.keepalive = keepalive;
    }
    if let Some(preshared) = &edit.preshared {
        peer.preshared.clone_from(preshared);
    }
}
