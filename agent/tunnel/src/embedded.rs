//! The WireGuard device inside this process, for kernels without WireGuard. It is read and changed
//! through its own handle: the standard socket would reset the session of every peer it changes.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use beffroi_protocol::{PrivateKey, PublicKey};
use gotatun::device::configure::{DeviceWrite, PeerStats};
use gotatun::device::{self, Device, DeviceBuilder};
use gotatun::tun::tun_async_device::TunDevice;
use gotatun::x25519;
use ipnet::IpNet;
use ipnetwork::IpNetwork;
use tokio::time::timeout;

use crate::control::ControlSocket;
use crate::device::{DeviceState, PeerChange};
use crate::plan::without_zero;
use crate::sockets::RoomySockets;
use crate::{Edit, Error, Peer, PresentPeer, PresharedKey};

/// An answer within this is waited for; the call itself leaves at once.
const CALL: Duration = Duration::from_millis(200);

type Transports = (RoomySockets, TunDevice, TunDevice);

pub(crate) struct Embedded {
    device: Device<Transports>,
    /// Closed with the device.
    _control: ControlSocket,
}

impl Embedded {
    /// Makes the tun interface, and the control socket for wg(8).
    pub(crate) async fn open(name: &str, key: &PrivateKey) -> Result<Self, Error> {
        let builder = DeviceBuilder::new()
            .with_udp(RoomySockets::default())
            .create_tun(name)
            .map_err(Error::Embedded)?;
        let (control, server) = ControlSocket::bind(name)?;
        let device = builder.with_uapi(server).build().await.map_err(Error::Embedded)?;
        // A device built with its key but without peers would not open its UDP socket; setting the
        // key opens it.
        device.set_private_key(secret(key)).await.map_err(Error::Embedded)?;
        Ok(Self { device, _control: control })
    }

    pub(crate) async fn read(&self) -> DeviceState {
        let (key, listen_port, peers) = self
            .device
            .read(async |device| {
                let key = device.private_key().map(|key| x25519::PublicKey::from(key).to_bytes());
                (key, device.listen_port(), device.peers().await)
            })
            .await;
        let peers = peers
            .into_iter()
            .map(|peer| (PublicKey::from_bytes(peer.peer.public_key.to_bytes()), present(&peer)))
            .collect();
        DeviceState { key: key.map(PublicKey::from_bytes), listen_port, peers }
    }

    /// Sessions live on over a new port.
    pub(crate) async fn set_listen_port(&self, port: u16) -> Result<(), Error> {
        let Err(error) = self.device.set_listen_port(port).await else {
            return Ok(());
        };
        // The device has closed its socket and noted the port as its own: any port that opens keeps
        // links alive, and shows the next plan that there is something left to do.
        self.device.set_listen_port(0).await.map_err(Error::Embedded)?;
        match error {
            device::Error::Bind(source, _) => Err(Error::Port { port, source }),
            other => Err(Error::Embedded(other)),
        }
    }

    /// Ends every session, and draws another port: the device would bind the old one again before it
    /// has let go of it (seen: "address already in use"). A port that is wanted is for the next plan.
    pub(crate) async fn set_key(&self, key: &PrivateKey) -> Result<(), Error> {
        let set = self.device.write(async |device| {
            device.set_private_key(secret(key)).await;
            device.set_listen_port(0);
        });
        set.await.map_err(Error::Embedded)
    }

    /// All at once; peers that are in no change keep their sessions, and so do edited ones.
    pub(crate) async fn change(&self, changes: Vec<PeerChange>) -> Result<(), Error> {
        self.device
            .write(async |device| {
                for change in changes {
                    make(device, change).await;
                }
            })
            .await
            .map_err(Error::Embedded)
    }

    /// Forgets the session, and calls the peer.
    pub(crate) async fn renew(&self, key: &PublicKey, endpoint: Option<SocketAddr>) -> Result<(), Error> {
        let id = x25519::PublicKey::from(*key.as_bytes());
        let peers = self.device.peers().await;
        let found = peers.into_iter().find(|peer| peer.peer.public_key == id);
        let mut peer = found.ok_or(Error::NoSuchPeer(*key))?.peer;
        peer.endpoint = endpoint.or(peer.endpoint);
        let endpoint = peer.endpoint.ok_or(Error::NoEndpoint(*key))?;
        let replaced = self
            .device
            .write(async |device| {
                device.remove_peer(&id).await;
                device.add_peer(peer)
            })
            .await;
        replaced.map_err(Error::Embedded)?;
        match timeout(CALL, self.device.force_handshake(&id)).await {
            Ok(Err(device::Error::IoError(source))) => {
                Err(Error::Unreachable { peer: *key, endpoint, source })
            }
            Ok(Err(error)) => Err(Error::Embedded(error)),
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    }

    pub(crate) async fn aim(&self, key: &PublicKey, endpoint: SocketAddr) -> Result<(), Error> {
        let id = x25519::PublicKey::from(*key.as_bytes());
        let aim = |peer: &mut device::configure::PeerMut| peer.set_endpoint(Some(endpoint));
        let aimed = self.device.write(async |device| device.modify_peer(&id, aim).await).await;
        if aimed.map_err(Error::Embedded)? { Ok(()) } else { Err(Error::NoSuchPeer(*key)) }
    }

    pub(crate) async fn stop(self) {
        self.device.stop().await;
    }
}

async fn make(device: &mut DeviceWrite<'_, Transports>, change: PeerChange) {
    match change {
        PeerChange::Remove(key) => {
            device.remove_peer(&x25519::PublicKey::from(*key.as_bytes())).await;
        }
        PeerChange::Edit(key, edit) => {
            let key = x25519::PublicKey::from(*key.as_bytes());
            device.modify_peer(&key, |peer| apply(peer, edit)).await;
        }
        PeerChange::Add(key, peer) => {
            device.add_peer(new_peer(&key, &peer));
        }
    }
}

fn apply(peer: &mut device::configure::PeerMut, edit: Edit) {
    if let Some(allowed) = edit.allowed {
        peer.clear_allowed_ips();
        peer.add_allowed_ips(networks(&allowed));
    }
    if let Some(keepalive) = edit.keepalive {
        peer.set_keepalive(keepalive);
    }
    if let Some(preshared) = edit.preshared {
        peer.set_preshared_key(preshared.map(|key| *key.as_bytes()));
    }
}

fn new_peer(key: &PublicKey, wanted: &Peer) -> device::Peer {
    let mut peer = device::Peer::new(x25519::PublicKey::from(*key.as_bytes()))
        .with_allowed_ips(networks(&wanted.allowed));
    peer.endpoint = wanted.endpoint;
    peer.keepalive = without_zero(wanted.keepalive);
    peer.preshared_key = wanted.preshared.clone().and_then(PresharedKey::or_none).map(|key| *key.as_bytes());
    peer
}

fn present(found: &PeerStats) -> PresentPeer {
    PresentPeer {
        allowed: found.peer.allowed_ips.iter().filter_map(network).collect(),
        endpoint: found.peer.endpoint,
        keepalive: without_zero(found.peer.keepalive),
        preshared: found.peer.preshared_key.map(PresharedKey::from_bytes).and_then(PresharedKey::or_none),
        handshake_age: found.stats.last_handshake,
        received: found.stats.rx_bytes as u64,
        sent: found.stats.tx_bytes as u64,
    }
}

fn networks(networks: &BTreeSet<IpNet>) -> Vec<IpNetwork> {
    let convert = |net: &IpNet| {
        IpNetwork::new(net.addr(), net.prefix_len()).expect("a prefix length valid for one is for the other")
    };
    networks.iter().map(convert).collect()
}

fn network(network: &IpNetwork) -> Option<IpNet> {
    IpNet::new(network.ip(), network.prefix()).ok()
}

fn secret(key: &PrivateKey) -> x25519::StaticSecret {
    x25519::StaticSecret::from(*key.as_bytes())
}
