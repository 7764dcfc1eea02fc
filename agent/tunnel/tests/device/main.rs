//! The embedded device for real: namespaces, tun devices, UDP, and wg(8) looking on. Needs a
//! namespace of its own to run in (`tests/enter`), which nextest gives it.
//!
//! ```text
//!             alvimare ──── 192.0.2.0/30 ──┐
//!             10.66.1.1                    gateway  10.66.0.1, fd66::1
//!             foucart ───── 192.0.2.4/30 ──┘
//!             10.66.1.2
//! ```

mod host;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use beffroi_protocol::{PrivateKey, PublicKey};
use beffroi_tunnel::{Backend, Change, Error, Peer, Present, Tunnel, Wanted};
use host::Host;
use ipnet::IpNet;
use tokio::sync::Mutex;

const PORT: u16 = 51820;
const GATEWAY: &str = "10.66.0.1";

/// An interface on a host. Control sockets are one per file system, so each has a name of its own.
struct End<'a> {
    host: &'a Host,
    tunnel: Arc<Mutex<Tunnel>>,
}

fn open<'a>(host: &'a Host, name: &'static str, key: &PrivateKey) -> End<'a> {
    let key = key.clone();
    let tunnel = host.run(async move { Tunnel::open(name, &key).await }).expect("a new interface");
    End { host, tunnel: Arc::new(Mutex::new(tunnel)) }
}

impl End<'_> {
    fn reconcile(&self, wanted: &Wanted) -> Result<Vec<Change>, Error> {
        let (tunnel, wanted) = (Arc::clone(&self.tunnel), wanted.clone());
        self.host.run(async move { tunnel.lock().await.reconcile(&wanted).await })
    }

    fn present(&self) -> Present {
        let tunnel = Arc::clone(&self.tunnel);
        self.host.run(async move { tunnel.lock().await.present().await }).expect("the interface is there")
    }

    fn renew(&self, peer: PublicKey, endpoint: Option<SocketAddr>) -> Result<(), Error> {
        let tunnel = Arc::clone(&self.tunnel);
        self.host.run(async move { tunnel.lock().await.renew(&peer, endpoint).await })
    }

    fn close(self) {
        let tunnel = Arc::into_inner(self.tunnel).expect("nothing else has it").into_inner();
        self.host.run(tunnel.close()).expect("the interface was there");
    }
}

/// A gateway with two town halls, whose links are up.
struct World {
    gateway: Host,
    alvimare: Host,
    foucart: Host,
    keys: [PrivateKey; 3],
}

impl World {
    fn new() -> Self {
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

    fn gateway_end(&self) -> End<'_> {
        open(&self.gateway, "gateway", &self.keys[0])
    }

    fn gateway_wanted(&self) -> Wanted {
        let peer = |address: &str| Peer { allowed: nets([address]), ..Peer::default() };
        let peers =
            [(self.keys[1].public(), peer("10.66.1.1/32")), (self.keys[2].public(), peer("10.66.1.2/32"))];
        Wanted {
            listen_port: Some(PORT),
            addresses: nets(["10.66.0.1/16"]),
            routes: BTreeSet::new(),
            mtu: 1280,
            peers: BTreeMap::from(peers),
        }
    }

    fn town_hall_wanted(&self, address: &str, endpoint: SocketAddr) -> Wanted {
        let gateway = Peer {
            allowed: nets(["10.66.0.1/32"]),
            endpoint: Some(endpoint),
            keepalive: Some(25),
            preshared: None,
        };
        Wanted {
            listen_port: None,
            addresses: nets([address]),
            routes: nets(["10.66.0.1/32"]),
            mtu: 1280,
            peers: BTreeMap::from([(self.keys[0].public(), gateway)]),
        }
    }

    fn alvimare_end(&self) -> End<'_> {
        let end = open(&self.alvimare, "alvimare", &self.keys[1]);
        end.reconcile(&self.town_hall_wanted("10.66.1.1/32", at("192.0.2.1"))).expect("a plain state");
        end
    }

    fn foucart_end(&self) -> End<'_> {
        let end = open(&self.foucart, "foucart", &self.keys[2]);
        end.reconcile(&self.town_hall_wanted("10.66.1.2/32", at("192.0.2.5"))).expect("a plain state");
        end
    }
}

fn nets<const N: usize>(texts: [&str; N]) -> BTreeSet<IpNet> {
    texts.into_iter().map(|text| text.parse().expect("a network")).collect()
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn at(address: &str) -> SocketAddr {
    (ip(address), PORT).into()
}

#[test]
fn a_link_comes_up_and_wg_shows_it() {
    let world = World::new();
    let gateway = world.gateway_end();
    let wanted = world.gateway_wanted();
    let first = gateway.reconcile(&wanted).expect("a plain state");
    assert_eq!(first.len(), 6, "port, MTU, two peers, address, up: {first:?}");
    let alvimare = world.alvimare_end();

    world.gateway.echo(ip(GATEWAY));
    world.alvimare.reaches(ip(GATEWAY));

    assert_eq!(gateway.reconcile(&wanted).expect("a plain state"), []);
    let present = gateway.present();
    assert_eq!(present.backend, Backend::Embedded);
    assert_eq!(present.key, Some(world.keys[0].public()));
    let peer = &present.peers[&world.keys[1].public()];
    assert_eq!(peer.endpoint.map(|endpoint| endpoint.ip()), Some(ip("192.0.2.2")));
    assert!(peer.handshake_age.is_some_and(|age| age < Duration::from_secs(10)), "{peer:?}");
    assert!(peer.received > 0 && peer.sent > 0, "{peer:?}");

    let shown = world.gateway.output("wg show gateway");
    assert!(shown.contains("listening port: 51820"), "{shown}");
    assert!(shown.contains(&format!("peer: {}", world.keys[1].public())), "{shown}");
    assert!(shown.contains("latest handshake"), "{shown}");
    drop(alvimare);
}

#[test]
fn editing_one_peer_leaves_the_others_alone() {
    let world = World::new();
    let gateway = world.gateway_end();
    let mut wanted = world.gateway_wanted();
    gateway.reconcile(&wanted).expect("a plain state");
    let (_alvimare, _foucart) = (world.alvimare_end(), world.foucart_end());
    world.gateway.echo(ip(GATEWAY));
    world.alvimare.reaches(ip(GATEWAY));
    world.foucart.reaches(ip(GATEWAY));
    let (alvimare, foucart) = (world.keys[1].public(), world.keys[2].public());
    let before = gateway.present();

    let edited = wanted.peers.get_mut(&foucart).expect("a peer of the example");
    edited.allowed = nets(["10.66.1.2/32", "10.77.0.0/24"]);
    edited.keepalive = Some(20);
    let changes = gateway.reconcile(&wanted).expect("a plain state");

    assert!(matches!(changes[..], [Change::EditPeer(key, _)] if key == foucart), "{changes:?}");
    let after = gateway.present();
    let counters = |present: &Present, key| (present.peers[&key].received, present.peers[&key].sent);
    assert_eq!(counters(&after, alvimare), counters(&before, alvimare));
    assert!(after.peers[&alvimare].handshake_age >= before.peers[&alvimare].handshake_age);
    assert!(
        after.peers[&foucart].handshake_age >= before.peers[&foucart].handshake_age,
        "its own session too"
    );
    assert!(world.foucart.reaches(ip(GATEWAY)) < Duration::from_millis(50), "nothing of it was lost");
    assert_eq!(gateway.reconcile(&wanted).expect("a plain state"), []);
}

#[test]
fn a_renewed_peer_shakes_hands_at_once() {
    let world = World::new();
    let gateway = world.gateway_end();
    gateway.reconcile(&world.gateway_wanted()).expect("a plain state");
    let alvimare = world.alvimare_end();
    world.gateway.echo(ip(GATEWAY));
    world.alvimare.reaches(ip(GATEWAY));
    let peer = world.keys[0].public();
    let old = alvimare.present().peers[&peer].received;

    alvimare.renew(peer, Some(at("192.0.2.1"))).expect("a peer with an endpoint");

    let renewed = alvimare.present().peers[&peer].clone();
    assert!(renewed.handshake_age.is_some(), "without a packet of ours: {renewed:?}");
    assert!(renewed.received < old, "a new session counts from zero: {renewed:?}");
    assert!(world.alvimare.reaches(ip(GATEWAY)) < Duration::from_millis(50));
    let stranger = PublicKey::from_bytes([9; 32]);
    assert!(matches!(alvimare.renew(stranger, None), Err(Error::NoSuchPeer(key)) if key == stranger));
    assert!(matches!(gateway.renew(world.keys[2].public(), None), Err(Error::NoEndpoint(_))));
}

#[test]
fn a_gateway_that_starts_again_calls_where_its_peers_were() {
    let world = World::new();
    let gateway = world.gateway_end();
    let mut wanted = world.gateway_wanted();
    gateway.reconcile(&wanted).expect("a plain state");
    let _alvimare = world.alvimare_end();
    world.gateway.echo(ip(GATEWAY));
    world.alvimare.reaches(ip(GATEWAY));
    let key = world.keys[1].public();
    let peer = wanted.peers.get_mut(&key).expect("a peer of the example");
    peer.endpoint = gateway.present().peers[&key].endpoint;
    peer.keepalive = Some(25);

    gateway.close();
    let gateway = world.gateway_end();
    gateway.reconcile(&wanted).expect("a plain state");

    let tunnel = Arc::clone(&gateway.tunnel);
    world.gateway.wait("a handshake with an idle peer", move || {
        let tunnel = Arc::clone(&tunnel);
        async move {
            let present = tunnel.lock().await.present().await.expect("the interface is there");
            present.peers[&key].handshake_age.is_some()
        }
    });
}

#[test]
fn another_key_ends_the_links_of_the_old_one() {
    let world = World::new();
    let gateway = world.gateway_end();
    let mut wanted = world.gateway_wanted();
    gateway.reconcile(&wanted).expect("a plain state");
    let alvimare = world.alvimare_end();
    world.gateway.echo(ip(GATEWAY));
    world.alvimare.reaches(ip(GATEWAY));

    let own = PrivateKey::from_bytes([8; 32]);
    let machine = wanted.peers.remove(&world.keys[1].public()).expect("a peer of the example");
    wanted.peers.insert(own.public(), machine);
    gateway.reconcile(&wanted).expect("a plain state");
    let tunnel = Arc::clone(&alvimare.tunnel);
    let key = own.clone();
    world.alvimare.run(async move { tunnel.lock().await.set_key(&key).await }).expect("a plain key");

    assert_eq!(alvimare.present().key, Some(own.public()));
    world.alvimare.reaches(ip(GATEWAY));
    assert!(gateway.present().peers[&own.public()].handshake_age.is_some());
}

#[test]
fn a_name_that_is_taken_is_refused() {
    let host = Host::new("gateway");
    let key = PrivateKey::from_bytes([1; 32]);
    let first = open(&host, "tower", &key);
    let again = key.clone();
    let second = host.run(async move { Tunnel::open("tower", &again).await.map(drop) });
    assert!(matches!(second, Err(Error::InUse(_))), "{second:?}");
    // Another namespace of the same file system has the same control socket.
    let elsewhere = Host::new("elsewhere");
    let again = key.clone();
    let second = elsewhere.run(async move { Tunnel::open("tower", &again).await.map(drop) });
    assert!(matches!(second, Err(Error::InUse(_))), "{second:?}");
    first.close();
    assert!(!host.output("ip -o link").contains("tower"));

    host.output("ip link add tower type bridge");
    let again = key.clone();
    let third = host.run(async move { Tunnel::open("tower", &again).await.map(drop) });
    assert!(matches!(third, Err(Error::Taken(_))), "{third:?}");
    let fourth = host.run(async move { Tunnel::open("a name/too long", &key).await.map(drop) });
    assert!(matches!(fourth, Err(Error::Name(_))), "{fourth:?}");
}

#[test]
fn the_socket_of_a_killed_program_is_cleaned_up() {
    let host = Host::new("gateway");
    std::fs::create_dir_all("/var/run/wireguard").expect("a file system of our own");
    let path = "/var/run/wireguard/tower.sock";
    drop(std::os::unix::net::UnixListener::bind(path).expect("nothing is there"));

    let end = open(&host, "tower", &PrivateKey::from_bytes([1; 32]));

    let mode =
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(path).expect("bound again").permissions());
    assert_eq!(mode & 0o777, 0o700, "for root alone");
    end.close();
    assert!(!std::path::Path::new(path).exists());
}

#[test]
fn a_machine_without_ipv6_has_the_rest() {
    let host = Host::new("gateway");
    host.output("sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1");
    let end = open(&host, "tower", &PrivateKey::from_bytes([1; 32]));
    let wanted = Wanted {
        listen_port: Some(PORT),
        addresses: nets(["10.66.0.1/16", "fd66::1/64"]),
        routes: nets(["198.18.0.0/15", "fd67::/64"]),
        mtu: 1280,
        peers: BTreeMap::new(),
    };
    let changes = end.reconcile(&wanted).expect("what can be had");
    assert_eq!(changes.len(), 5, "port, MTU, address, up, route: {changes:?}");
    assert_eq!(end.reconcile(&wanted).expect("what can be had"), []);
}

#[test]
fn what_someone_else_changed_is_put_back() {
    let host = Host::new("gateway");
    let end = open(&host, "tower", &PrivateKey::from_bytes([1; 32]));
    let peer = Peer { allowed: nets(["10.66.1.1/32"]), ..Peer::default() };
    let wanted = Wanted {
        listen_port: Some(PORT),
        addresses: nets(["10.66.0.1/16", "fd66::1/64"]),
        routes: nets(["198.18.0.0/15", "fd67::/64"]),
        mtu: 1280,
        peers: BTreeMap::from([(PrivateKey::from_bytes([2; 32]).public(), peer)]),
    };
    end.reconcile(&wanted).expect("a plain state");
    let as_wanted = end.present();

    host.output("ip link set tower mtu 1400");
    host.output("ip address del 10.66.0.1/16 dev tower");
    host.output("ip address add 10.99.0.1/24 dev tower");
    host.output("ip route add 10.98.0.0/24 dev tower");
    host.output("ip link set tower down");
    host.output(&format!(
        "wg set tower listen-port 40000 peer {} remove",
        PrivateKey::from_bytes([2; 32]).public()
    ));
    assert_ne!(end.present(), as_wanted);

    end.reconcile(&wanted).expect("a plain state");
    assert_eq!(end.present(), as_wanted);
    assert_eq!(end.reconcile(&wanted).expect("a plain state"), []);
}

#[test]
fn other_addresses_take_the_place_of_the_old_ones_at_once() {
    let host = Host::new("alvimare");
    let end = open(&host, "tower", &PrivateKey::from_bytes([1; 32]));
    let guest = Wanted {
        listen_port: None,
        addresses: nets(["198.18.7.7/32"]),
        routes: nets(["198.18.0.1/32", "192.0.2.9/32"]),
        mtu: 1280,
        peers: BTreeMap::new(),
    };
    end.reconcile(&guest).expect("a plain state");
    // With the last address the kernel takes every route, wanted or not.
    let member = Wanted {
        addresses: nets(["10.66.1.1/32", "fd66::1/128"]),
        routes: nets(["10.66.0.1/32", "192.0.2.9/32", "fd66::2/128"]),
        ..guest
    };
    end.reconcile(&member).expect("a plain state");
    let present = end.present();
    assert_eq!((present.addresses, present.routes), (member.addresses.clone(), member.routes.clone()));
    assert_eq!(end.reconcile(&member).expect("a plain state"), []);
}

#[test]
fn a_port_that_is_taken_is_said_and_taken_later() {
    let host = Host::new("gateway");
    let end = open(&host, "tower", &PrivateKey::from_bytes([1; 32]));
    let wanted = Wanted {
        listen_port: Some(PORT),
        addresses: BTreeSet::new(),
        routes: BTreeSet::new(),
        mtu: 1280,
        peers: BTreeMap::new(),
    };
    let squatter = host.run(async { tokio::net::UdpSocket::bind(("::", PORT)).await }).expect("a free port");
    let refused = end.reconcile(&wanted);
    assert!(matches!(refused, Err(Error::Port { port: PORT, .. })), "{refused:?}");
    assert_ne!(end.present().listen_port, PORT);

    drop(squatter);
    end.reconcile(&wanted).expect("the port is free now");
    assert_eq!(end.present().listen_port, PORT);
}

#[test]
fn a_route_of_the_machine_is_never_replaced() {
    let host = Host::new("gateway");
    host.output("ip link add office type bridge");
    host.output("ip link set office up");
    host.output("ip route add 10.66.0.0/16 dev office");
    let end = open(&host, "tower", &PrivateKey::from_bytes([1; 32]));
    let wanted = Wanted {
        listen_port: None,
        addresses: nets(["10.66.1.1/32"]),
        routes: nets(["10.66.0.0/16"]),
        mtu: 1280,
        peers: BTreeMap::new(),
    };
    let refused = end.reconcile(&wanted);
    assert!(matches!(refused, Err(Error::Kernel { .. })), "{refused:?}");
    assert!(host.output("ip route").contains("10.66.0.0/16 dev office"));
}

#[test]
fn an_interface_removed_by_someone_else_is_reported() {
    let host = Host::new("gateway");
    let end = open(&host, "tower", &PrivateKey::from_bytes([1; 32]));
    host.output("ip link del tower");
    let tunnel = Arc::clone(&end.tunnel);
    let read = host.run(async move { tunnel.lock().await.present().await });
    assert!(matches!(read, Err(Error::Vanished(_))), "{read:?}");
}
