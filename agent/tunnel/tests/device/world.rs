//! A gateway and two town halls, each on a host of its own, and the ends of their links.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use beffroi_protocol::{PrivateKey, PublicKey};
use beffroi_tunnel::{Change, Error, Peer, Present, Tunnel, Wanted};
use ipnet::IpNet;
use tokio::sync::Mutex;

use crate::host::Host;

pub(crate) const PORT: u16 = 51820;
pub(crate) const GATEWAY: &str = "10.66.0.1";

/// An interface on a host. Control sockets are one per file system, so each has a name of its own.
pub(crate) struct End<'a> {
    pub(crate) host: &'a Host,
    pub(crate) tunnel: Arc<Mutex<Tunnel>>,
}

pub(crate) fn open<'a>(host: &'a Host, name: &'static str, key: &PrivateKey) -> End<'a> {
    try_open(host, name, key).expect("an interface to be had")
}

pub(crate) fn try_open<'a>(host: &'a Host, name: &'static str, key: &PrivateKey) -> Result<End<'a>, Error> {
    reopen(host, name, key, &[])
}

/// In place of a program that had the interface with one of the `former` keys.
pub(crate) fn reopen<'a>(
    host: &'a Host,
    name: &'static str,
    key: &PrivateKey,
    former: &[PublicKey],
) -> Result<End<'a>, Error> {
    let (key, former) = (key.clone(), former.to_vec());
    let tunnel = host.run(async move { Tunnel::open(name, &key, &former).await })?;
    Ok(End { host, tunnel: Arc::new(Mutex::new(tunnel)) })
}

pub(crate) fn remove(host: &Host, name: &'static str, keys: &[PublicKey]) -> Result<(), Error> {
    let keys = keys.to_vec();
    host.run(async move { Tunnel::remove(name, &keys).await })
}

impl End<'_> {
    pub(crate) fn reconcile(&self, wanted: &Wanted) -> Result<Vec<Change>, Error> {
        let (tunnel, wanted) = (Arc::clone(&self.tunnel), wanted.clone());
        self.host.run(async move { tunnel.lock().await.reconcile(&wanted).await })
    }

    pub(crate) fn present(&self) -> Present {
        self.try_present().expect("the interface is there")
    }

    pub(crate) fn try_present(&self) -> Result<Present, Error> {
        let tunnel = Arc::clone(&self.tunnel);
        self.host.run(async move { tunnel.lock().await.present().await })
    }

    pub(crate) fn renew(&self, peer: PublicKey, endpoint: Option<SocketAddr>) -> Result<(), Error> {
        let tunnel = Arc::clone(&self.tunnel);
        self.host.run(async move { tunnel.lock().await.renew(&peer, endpoint).await })
    }

    pub(crate) fn forget(&self, peers: &[PublicKey]) -> Result<(), Error> {
        let (tunnel, peers) = (self.tunnel.clone(), peers.to_vec());
        self.host.run(async move { tunnel.lock().await.forget(&peers).await })
    }

    pub(crate) fn set_key(&self, key: &PrivateKey) {
        let (tunnel, key) = (Arc::clone(&self.tunnel), key.clone());
        self.host.run(async move { tunnel.lock().await.set_key(&key).await }).expect("a plain key");
    }

    pub(crate) fn waits_for_a_handshake_with(&self, peer: PublicKey) {
        let tunnel = Arc::clone(&self.tunnel);
        self.host.wait("a handshake without a packet of ours", move || {
            let tunnel = Arc::clone(&tunnel);
            async move {
                let present = tunnel.lock().await.present().await.expect("the interface is there");
                present.peers[&peer].handshake_age.is_some()
            }
        });
    }

    pub(crate) fn close(self) {
        let tunnel = Arc::into_inner(self.tunnel).expect("nothing else has it").into_inner();
        self.host.run(tunnel.close()).expect("the interface was there");
    }
}

/// A gateway with two town halls, joined by cables.
pub(crate) struct World {
    pub(crate) gateway: Host,
    pub(crate) alvimare: Host,
    pub(crate) foucart: Host,
    pub(crate) keys: [PrivateKey; 3],
}

impl World {
    pub(crate) fn new() -> Self {
        let world = Self {
            gateway: Host::new("gateway"),
            alvimare: Host::new("alvimare"),
            foucart: Host::new("foucart"),
            keys: [1, 2, 3].map(|seed| PrivateKey::from_bytes([seed; 32])),
        };
        world.gateway.join("192.0.2.1/30", &world.alvimare, "192.0.2.2/30");
        world.gateway.join("192.0.2.5/30", &world.foucart, "192.0.2.6/30");
        world
    }

    pub(crate) fn gateway_end(&self) -> End<'_> {
        open(&self.gateway, "gateway", &self.keys[0])
    }

    pub(crate) fn gateway_wanted(&self) -> Wanted {
        let peer = |address: &str| Peer { allowed: nets([address]), ..Peer::default() };
        let peers =
            [(self.keys[1].public(), peer("10.66.1.1/32")), (self.keys[2].public(), peer("10.66.1.2/32"))];
        Wanted {
            listen_port: Some(PORT),
            addresses: nets(["10.66.0.1/16"]),
            routes: BTreeMap::new(),
            mtu: 1280,
            peers: BTreeMap::from(peers),
        }
    }

    pub(crate) fn town_hall_wanted(&self, address: &str, endpoint: SocketAddr) -> Wanted {
        let gateway = Peer {
            allowed: nets(["10.66.0.1/32"]),
            endpoint: Some(endpoint),
            keepalive: Some(25),
            preshared: None,
        };
        Wanted {
            listen_port: None,
            addresses: nets([address]),
            routes: routes(["10.66.0.1/32"]),
            mtu: 1280,
            peers: BTreeMap::from([(self.keys[0].public(), gateway)]),
        }
    }

    pub(crate) fn alvimare_end(&self) -> End<'_> {
        let end = open(&self.alvimare, "alvimare", &self.keys[1]);
        end.reconcile(&self.town_hall_wanted("10.66.1.1/32", at("192.0.2.1"))).expect("a plain state");
        end
    }

    pub(crate) fn foucart_end(&self) -> End<'_> {
        let end = open(&self.foucart, "foucart", &self.keys[2]);
        end.reconcile(&self.town_hall_wanted("10.66.1.2/32", at("192.0.2.5"))).expect("a plain state");
        end
    }
}

/// What a host without a world keeps.
pub(crate) fn wanted_alone() -> Wanted {
    Wanted {
        listen_port: Some(PORT),
        addresses: nets(["10.66.0.1/16", "fd66::1/64"]),
        routes: routes(["198.18.0.0/15", "fd67::/64"]),
        mtu: 1280,
        peers: BTreeMap::new(),
    }
}

pub(crate) fn nets<const N: usize>(texts: [&str; N]) -> BTreeSet<IpNet> {
    texts.into_iter().map(|text| text.parse().expect("a network")).collect()
}

pub(crate) fn routes<const N: usize>(texts: [&str; N]) -> BTreeMap<IpNet, Option<u16>> {
    nets(texts).into_iter().map(|net| (net, None)).collect()
}

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

pub(crate) fn at(address: &str) -> SocketAddr {
    (ip(address), PORT).into()
}
