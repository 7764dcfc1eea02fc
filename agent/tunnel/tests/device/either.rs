//! True of either device.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use beffroi_protocol::{PrivateKey, PublicKey};
use beffroi_tunnel::{Change, Error, Peer, Present, PresharedKey, Wanted};

use crate::host::{DEADLINE, Host};
use crate::world::{GATEWAY, PORT, World, at, ip, nets, open, remove, routes, try_open, wanted_alone};

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
    assert!(world.foucart.hears(ip(GATEWAY), DEADLINE), "nothing of it was lost");
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

    alvimare.waits_for_a_handshake_with(peer);
    let renewed = alvimare.present().peers[&peer].clone();
    assert!(renewed.received < old, "a new session counts from zero: {renewed:?}");
    assert!(world.alvimare.hears(ip(GATEWAY), DEADLINE));
    let stranger = PublicKey::from_bytes([9; 32]);
    assert!(matches!(alvimare.renew(stranger, None), Err(Error::NoSuchPeer(key)) if key == stranger));
    assert!(matches!(gateway.renew(world.keys[2].public(), None), Err(Error::NoEndpoint(_))));
}

#[test]
fn a_forgotten_peer_is_as_it_was_and_has_no_session() {
    let world = World::new();
    let gateway = world.gateway_end();
    let wanted = world.gateway_wanted();
    gateway.reconcile(&wanted).expect("a plain state");
    let alvimare = world.alvimare_end();
    world.gateway.echo(ip(GATEWAY));
    world.alvimare.reaches(ip(GATEWAY));
    let key = world.keys[1].public();
    let before = gateway.present().peers[&key].clone();

    gateway.forget(&[key, PublicKey::from_bytes([9; 32])]).expect("one that is there, one that is not");

    let after = gateway.present().peers[&key].clone();
    assert_eq!((after.received, after.handshake_age), (0, None));
    assert_eq!((&after.allowed, after.endpoint), (&before.allowed, before.endpoint));
    assert_eq!((after.keepalive, after.preshared), (before.keepalive, before.preshared));
    assert_eq!(gateway.reconcile(&wanted).expect("a plain state"), []);
    alvimare.renew(world.keys[0].public(), None).expect("a peer with an endpoint");
    assert!(world.alvimare.hears(ip(GATEWAY), DEADLINE));
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

    gateway.waits_for_a_handshake_with(key);
}

#[test]
fn a_removed_peer_is_cut_off() {
    let world = World::new();
    let gateway = world.gateway_end();
    let mut wanted = world.gateway_wanted();
    gateway.reconcile(&wanted).expect("a plain state");
    let (_alvimare, _foucart) = (world.alvimare_end(), world.foucart_end());
    world.gateway.echo(ip(GATEWAY));
    world.alvimare.reaches(ip(GATEWAY));
    world.foucart.reaches(ip(GATEWAY));
    let key = world.keys[1].public();

    wanted.peers.remove(&key);
    assert_eq!(gateway.reconcile(&wanted).expect("a plain state"), [Change::RemovePeer(key)]);

    let (arrived, let_in) = (world.gateway.received("to-alvimare"), world.gateway.received("gateway"));
    assert!(!world.alvimare.hears(ip(GATEWAY), Duration::from_millis(500)));
    assert!(world.gateway.received("to-alvimare") > arrived, "it did try");
    assert_eq!(world.gateway.received("gateway"), let_in);
    assert!(!gateway.present().peers.contains_key(&key));
    assert!(world.foucart.hears(ip(GATEWAY), DEADLINE), "the other link is as it was");
}

#[test]
fn what_is_switched_on_and_off_again_reads_back() {
    let host = Host::new("gateway");
    let end = open(&host, "tower", &PrivateKey::from_bytes([1; 32]));
    let with_peer = |peer| {
        let peers = BTreeMap::from([(PrivateKey::from_bytes([2; 32]).public(), peer)]);
        Wanted { peers, ..wanted_alone() }
    };
    let off = Peer { allowed: nets(["10.66.1.1/32", "fd66::101/128"]), ..Peer::default() };
    let on = Peer {
        keepalive: Some(25),
        preshared: Some(PresharedKey::from_bytes([9; 32])),
        endpoint: Some(at("192.0.2.2")),
        ..off.clone()
    };
    let zero = Peer { keepalive: Some(0), preshared: Some(PresharedKey::from_bytes([0; 32])), ..off.clone() };
    for peer in [off.clone(), on.clone(), off, on, zero] {
        let wanted = with_peer(peer);
        assert_ne!(end.reconcile(&wanted).expect("a plain state"), []);
        assert_eq!(end.reconcile(&wanted).expect("a plain state"), []);
    }
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
    alvimare.set_key(&own);

    assert_eq!(alvimare.present().key, Some(own.public()));
    world.alvimare.reaches(ip(GATEWAY));
    assert!(gateway.present().peers[&own.public()].handshake_age.is_some());
}

#[test]
fn a_name_that_cannot_be_had_is_refused() {
    let host = Host::new("gateway");
    let key = PrivateKey::from_bytes([1; 32]);
    host.output("ip link add tower type bridge");
    let taken = try_open(&host, "tower", &key).map(drop);
    assert!(matches!(taken, Err(Error::Taken(_))), "{taken:?}");
    let taken = remove(&host, "tower", &[key.public()]);
    assert!(matches!(taken, Err(Error::Taken(_))), "{taken:?}");
    let impossible = try_open(&host, "a name/too long", &key).map(drop);
    assert!(matches!(impossible, Err(Error::Name(_))), "{impossible:?}");
}

#[test]
fn a_closed_interface_is_gone() {
    let host = Host::new("gateway");
    let end = open(&host, "tower", &PrivateKey::from_bytes([1; 32]));
    end.reconcile(&wanted_alone()).expect("a plain state");
    assert!(host.output("ip -oneline link").contains("tower"));
    end.close();
    assert!(!host.output("ip -oneline link").contains("tower"));
}

#[test]
fn a_machine_without_ipv6_has_the_rest() {
    let host = Host::new("gateway");
    host.output("sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1");
    let end = open(&host, "tower", &PrivateKey::from_bytes([1; 32]));
    let wanted = wanted_alone();
    let changes = end.reconcile(&wanted).expect("what can be had");
    assert_eq!(changes.len(), 5, "port, MTU, address, up, route: {changes:?}");
    assert_eq!(end.reconcile(&wanted).expect("what can be had"), []);
}

#[test]
fn what_someone_else_changed_is_put_back() {
    let host = Host::new("gateway");
    let end = open(&host, "tower", &PrivateKey::from_bytes([1; 32]));
    let peer = Peer { allowed: nets(["10.66.1.1/32"]), ..Peer::default() };
    let peers = BTreeMap::from([(PrivateKey::from_bytes([2; 32]).public(), peer)]);
    let wanted = Wanted { peers, ..wanted_alone() };
    end.reconcile(&wanted).expect("a plain state");
    let as_wanted = end.present();

    host.output("ip link set tower mtu 1400");
    host.output("ip address del 10.66.0.1/16 dev tower");
    host.output("ip address add 10.99.0.1/24 dev tower");
    host.output("ip route add 10.98.0.0/24 dev tower");
    host.output("ip link set tower down");
    fs::write("/run/other.key", PrivateKey::from_bytes([9; 32]).to_base64())
        .expect("a file system of our own");
    host.output(&format!(
        "wg set tower private-key /run/other.key listen-port 40000 peer {} remove",
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
        routes: routes(["198.18.0.1/32", "192.0.2.9/32"]),
        mtu: 1280,
        peers: BTreeMap::new(),
    };
    end.reconcile(&guest).expect("a plain state");
    // With the last address the kernel takes every route, wanted or not.
    let member = Wanted {
        addresses: nets(["10.66.1.1/32", "fd66::1/128"]),
        routes: routes(["10.66.0.1/32", "192.0.2.9/32", "fd66::2/128"]),
        ..guest
    };
    end.reconcile(&member).expect("a plain state");
    let present = end.present();
    assert_eq!((present.addresses, present.routes), (member.addresses.clone(), member.routes.clone()));
    assert_eq!(end.reconcile(&member).expect("a plain state"), []);
}

#[test]
fn a_route_has_a_length_of_its_own() {
    let host = Host::new("alvimare");
    let end = open(&host, "tower", &PrivateKey::from_bytes([1; 32]));
    let wide = wanted_alone();
    let mut narrow = wide.clone();
    narrow.routes.values_mut().for_each(|mtu| *mtu = Some(1232));
    for wanted in [&wide, &narrow, &wide, &narrow] {
        end.reconcile(wanted).expect("a plain state");
        assert_eq!(end.present().routes, wanted.routes);
        assert_eq!(end.reconcile(wanted).expect("a plain state"), []);
    }
    assert!(
        host.output("ip route").contains("198.18.0.0/15 dev tower proto static scope link mtu lock 1232")
    );
    assert!(host.output("ip -6 route").contains("advmss 1172"));
}

#[test]
fn a_port_that_is_taken_is_said_and_taken_later() {
    let host = Host::new("gateway");
    let end = open(&host, "tower", &PrivateKey::from_bytes([1; 32]));
    let squatter = host.run(async { tokio::net::UdpSocket::bind(("::", PORT)).await }).expect("a free port");
    let refused = end.reconcile(&wanted_alone());
    assert!(matches!(refused, Err(Error::Port { port: PORT, .. })), "{refused:?}");

    drop(squatter);
    assert_ne!(end.reconcile(&wanted_alone()).expect("the port is free now"), []);
    assert_eq!(end.present().listen_port, PORT);

    let squatter =
        host.run(async { tokio::net::UdpSocket::bind(("::", PORT + 1)).await }).expect("a free port");
    let other_port = Wanted { listen_port: Some(PORT + 1), ..wanted_alone() };
    let refused = end.reconcile(&other_port);
    assert!(matches!(refused, Err(Error::Port { .. })), "{refused:?}");

    drop(squatter);
    end.reconcile(&other_port).expect("that port is free too now");
    assert_eq!(end.present().listen_port, PORT + 1);
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
        routes: routes(["10.66.0.0/16"]),
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
    let read = end.try_present();
    assert!(matches!(read, Err(Error::Vanished(_))), "{read:?}");
}
