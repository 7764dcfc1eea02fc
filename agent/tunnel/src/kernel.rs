//! The kernel's own WireGuard device, through `wireguard-control`, whose calls block: each has a
//! thread of its own and a time limit. Its errors may quote keys, so none of its texts gets out.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use beffroi_protocol::{PrivateKey, PublicKey};
use ipnet::IpNet;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use wireguard_control::{
    AllowedIp, Backend, Device, DeviceUpdate, InterfaceName, Key, PeerConfigBuilder, PeerInfo,
};

use crate::device::{DeviceState, PeerChange};
use crate::plan::without_zero;
use crate::{Edit, Error, Peer, PresentPeer, PresharedKey};

/// The kernel answers within milliseconds, also with thousands of peers.
const PATIENCE: Duration = Duration::from_secs(10);
/// Any keepalive would do: giving one makes the kernel call the peer at once.
const CALL: u16 = 25;
/// So many allowed networks fit into one message of 8 KiB, whatever else is in it.
const PIECE: usize = 128;

pub(crate) struct Kernel {
    name: InterfaceName,
}

impl Kernel {
    /// Takes the device as it is, with its peers and their sessions.
    pub(crate) fn adopt(name: &str) -> Result<Self, Error> {
        Ok(Self { name: interface_name(name)? })
    }

    pub(crate) async fn read(&self) -> Result<DeviceState, Error> {
        let name = self.name;
        let read = blocking("read the WireGuard device", move || Device::get(&name, Backend::Kernel)).await;
        let device = read.map_err(|error| match error {
            Error::Kernel { source, .. } if source.raw_os_error() == Some(nix::libc::ENODEV) => {
                Error::Vanished(name.as_str_lossy().into_owned())
            }
            other => other,
        })?;
        Ok(state(device, SystemTime::now()))
    }

    pub(crate) async fn set_listen_port(&self, port: u16) -> Result<(), Error> {
        let set = self.apply("set the UDP port", DeviceUpdate::new().set_listen_port(port)).await;
        set.map_err(|error| error.about_port(port))
    }

    /// Ends every session, unless the key is the same.
    pub(crate) async fn set_key(&self, key: &PrivateKey) -> Result<(), Error> {
        let key = Key(*key.as_bytes());
        self.apply("set the private key", DeviceUpdate::new().set_private_key(key)).await
    }

    pub(crate) async fn change(&self, changes: Vec<PeerChange>) -> Result<(), Error> {
        if changes.is_empty() {
            return Ok(());
        }
        let peers: Vec<_> = changes.into_iter().flat_map(builders).collect();
        self.apply("change peers", DeviceUpdate::new().add_peers(&peers)).await
    }

    /// Forgets the session, and calls the peer.
    pub(crate) async fn renew(&self, key: &PublicKey, endpoint: Option<SocketAddr>) -> Result<(), Error> {
        let mut state = self.read().await?;
        let present = state.peers.remove(key).ok_or(Error::NoSuchPeer(*key))?;
        let endpoint = endpoint.or(present.endpoint).ok_or(Error::NoEndpoint(*key))?;
        let peer = Peer { endpoint: Some(endpoint), ..present.into() };
        let called = Peer { keepalive: peer.keepalive.or(Some(CALL)), ..peer.clone() };
        // Two messages: within one, the kernel would find the removed peer's successor too early.
        self.change(vec![PeerChange::Remove(*key)]).await?;
        self.change(vec![PeerChange::Add(*key, called)]).await?;
        if peer.keepalive.is_none() {
            let edit = Edit { keepalive: Some(None), ..Edit::default() };
            self.change(vec![PeerChange::Edit(*key, edit)]).await?;
        }
        Ok(())
    }

    /// A peer that is not there would be made by this: it is looked for first.
    pub(crate) async fn aim(&self, key: &PublicKey, endpoint: SocketAddr) -> Result<(), Error> {
        if !self.read().await?.peers.contains_key(key) {
            return Err(Error::NoSuchPeer(*key));
        }
        let peer = builder(key).set_endpoint(endpoint);
        self.apply("aim at a peer", DeviceUpdate::new().add_peers(&[peer])).await
    }

    async fn apply(&self, act: &'static str, update: DeviceUpdate) -> Result<(), Error> {
        let name = self.name;
        blocking(act, move || update.apply(&name, Backend::Kernel)).await
    }
}

pub(crate) fn interface_name(name: &str) -> Result<InterfaceName, Error> {
    name.parse().map_err(|_| Error::Name(name.to_owned()))
}

async fn blocking<T: Send + 'static>(
    act: &'static str,
    call: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Error> {
    let done = timeout(PATIENCE, spawn_blocking(call)).await.map_err(|_| Error::Silent { act })?;
    let done =
        done.map_err(|_| Error::Kernel { act: act.to_owned(), source: io::ErrorKind::Other.into() })?;
    done.map_err(|error| Error::Kernel { act: act.to_owned(), source: without_text(&error) })
}

/// Keeps the number, drops the words: a message that is too large is quoted in them, keys included.
fn without_text(error: &io::Error) -> io::Error {
    error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error)
}

fn builders(change: PeerChange) -> Vec<PeerConfigBuilder> {
    match change {
        PeerChange::Remove(key) => vec![builder(&key).remove()],
        PeerChange::Edit(key, edit) => edited(&key, &edit),
        PeerChange::Add(key, peer) => added(&key, &peer),
    }
}

fn edited(key: &PublicKey, edit: &Edit) -> Vec<PeerConfigBuilder> {
    let mut builder = builder(key);
    if let Some(keepalive) = edit.keepalive {
        builder = builder.set_persistent_keepalive_interval(keepalive.unwrap_or(0));
    }
    if let Some(preshared) = &edit.preshared {
        builder = builder.set_preshared_key(preshared.as_ref().map_or_else(Key::zero, preshared_key));
    }
    match &edit.allowed {
        Some(allowed) => allowing(builder, key, allowed),
        None => vec![builder],
    }
}

fn added(key: &PublicKey, peer: &Peer) -> Vec<PeerConfigBuilder> {
    let mut builder = builder(key);
    if let Some(endpoint) = peer.endpoint {
        builder = builder.set_endpoint(endpoint);
    }
    if let Some(keepalive) = without_zero(peer.keepalive) {
        builder = builder.set_persistent_keepalive_interval(keepalive);
    }
    if let Some(preshared) = &peer.preshared {
        builder = builder.set_preshared_key(preshared_key(preshared));
    }
    allowing(builder, key, &peer.allowed)
}

/// The peer, then its whole new set of networks piece by piece.
fn allowing(peer: PeerConfigBuilder, key: &PublicKey, allowed: &BTreeSet<IpNet>) -> Vec<PeerConfigBuilder> {
    let allowed: Vec<&IpNet> = allowed.iter().collect();
    let allow = |builder: PeerConfigBuilder, network: &&IpNet| {
        builder.add_allowed_ip(network.addr(), network.prefix_len())
    };
    let pieces = allowed.chunks(PIECE).map(|piece| piece.iter().fold(builder(key), allow));
    std::iter::once(peer.replace_allowed_ips()).chain(pieces).collect()
}

fn builder(key: &PublicKey) -> PeerConfigBuilder {
    PeerConfigBuilder::new(&Key(*key.as_bytes()))
}

fn preshared_key(key: &PresharedKey) -> Key {
    Key(*key.as_bytes())
}

/// A peer with very many allowed networks comes in several pieces: they are put together by key.
fn state(device: Device, now: SystemTime) -> DeviceState {
    let mut peers = BTreeMap::<PublicKey, PresentPeer>::new();
    for piece in device.peers {
        let key = PublicKey::from_bytes(piece.config.public_key.0);
        let allowed: Vec<_> = piece.config.allowed_ips.iter().filter_map(network).collect();
        peers.entry(key).or_insert_with(|| present(piece, now)).allowed.extend(allowed);
    }
    DeviceState {
        key: device.public_key.map(|key| PublicKey::from_bytes(key.0)),
        listen_port: device.listen_port.unwrap_or(0),
        peers,
    }
}

/// Without its allowed networks. The kernel tells the time of a handshake by the clock on the wall.
fn present(piece: PeerInfo, now: SystemTime) -> PresentPeer {
    let preshared = piece.config.preshared_key.map(|key| PresharedKey::from_bytes(key.0));
    let handshake_age =
        piece.stats.last_handshake_time.map(|time| now.duration_since(time).unwrap_or(Duration::ZERO));
    PresentPeer {
        allowed: BTreeSet::new(),
        endpoint: piece.config.endpoint,
        keepalive: without_zero(piece.config.persistent_keepalive_interval),
        preshared: preshared.and_then(PresharedKey::or_none),
        handshake_age,
        received: piece.stats.rx_bytes,
        sent: piece.stats.tx_bytes,
    }
}

fn network(allowed: &AllowedIp) -> Option<IpNet> {
    IpNet::new(allowed.address, allowed.cidr).ok()
}
