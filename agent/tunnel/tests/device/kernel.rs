//! The kernel's own device, which outlives the program that keeps it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use beffroi_protocol::{PrivateKey, PublicKey};
use beffroi_tunnel::{Backend, Change, Error, Peer, Wanted};
use ipnet::IpNet;

use crate::host::{DEADLINE, Host};
use crate::world::{GATEWAY, World, at, ip, nets, open, remove, reopen, try_open, wanted_alone};

#[test]
#[ignore = "needs WireGuard in the kernel: make test-kernel"]
fn the_kernels_own_device_is_preferred() {
    let host = Host::new("gateway");
    let end = open(&host, "tower", &PrivateKey::from_bytes([1; 32]));
    assert_eq!(end.present().backend, Backend::Kernel);
    assert!(host.output("ip -details link show tower").contains("wireguard"));
    assert!(!Path::new("/var/run/wireguard").exists(), "wg(8) needs no socket of ours");
}

#[test]
#[ignore = "needs WireGuard in the kernel: make test-kernel"]
fn a_program_that_starts_again_finds_its_links() {
    let world = World::new();
    let gateway = world.gateway_end();
    let wanted = world.gateway_wanted();
    gateway.reconcile(&wanted).expect("a plain state");
    let _alvimare = world.alvimare_end();
    world.gateway.echo(ip(GATEWAY));
    world.alvimare.reaches(ip(GATEWAY));
    let before = gateway.present();

    drop(gateway);
    assert!(world.alvimare.hears(ip(GATEWAY), DEADLINE), "the link needs no program");
    let gateway = world.gateway_end();

    assert_eq!(gateway.reconcile(&wanted).expect("a plain state"), []);
    let (before, after) =
        (&before.peers[&world.keys[1].public()], &gateway.present().peers[&world.keys[1].public()]);
    assert!(after.handshake_age > before.handshake_age, "the same session: {before:?}, {after:?}");
    assert!(after.received > before.received, "which went on: {before:?}, {after:?}");
    assert_eq!(after.endpoint, before.endpoint);
}

#[test]
#[ignore = "needs WireGuard in the kernel: make test-kernel"]
fn a_device_found_with_a_former_key_gets_the_new_one() {
    let host = Host::new("gateway");
    let (old, new) = (PrivateKey::from_bytes([1; 32]), PrivateKey::from_bytes([2; 32]));
    let end = open(&host, "tower", &old);
    end.reconcile(&wanted_alone()).expect("a plain state");
    drop(end);

    let end = reopen(&host, "tower", &new, &[old.public()]).expect("a device of our own");
    assert_eq!(end.present().key, Some(new.public()));
    assert_eq!(end.reconcile(&wanted_alone()).expect("a plain state"), []);
}

#[test]
#[ignore = "needs WireGuard in the kernel: make test-kernel"]
fn a_device_of_someone_else_is_left_alone() {
    let host = Host::new("gateway");
    let (theirs, ours) = (PrivateKey::from_bytes([1; 32]), PrivateKey::from_bytes([2; 32]));
    let end = open(&host, "tower", &theirs);
    end.reconcile(&wanted_alone()).expect("a plain state");
    let before = end.present();

    let opened = try_open(&host, "tower", &ours).map(drop);
    assert!(matches!(opened, Err(Error::Foreign(_))), "{opened:?}");
    let removed = remove(&host, "tower", &[ours.public()]);
    assert!(matches!(removed, Err(Error::Foreign(_))), "{removed:?}");
    assert_eq!(end.present(), before);

    drop(end);
    remove(&host, "tower", &[ours.public(), theirs.public()]).expect("one of our keys");
    remove(&host, "tower", &[]).expect("nothing is there");
    assert!(!host.output("ip -oneline link").contains("tower"));
}

#[test]
#[ignore = "needs WireGuard in the kernel: make test-kernel"]
fn a_peer_with_very_many_networks_is_one_peer() {
    let host = Host::new("gateway");
    let end = open(&host, "tower", &PrivateKey::from_bytes([1; 32]));
    // Read or written, these are several messages.
    let v4 = (0..1000_u32).map(|number| IpAddr::from(Ipv4Addr::from(0x0a50_0000 + number)));
    let v6 = (0..1000_u128).map(|number| IpAddr::from(Ipv6Addr::from((0xfd66 << 112) + number)));
    let large =
        Peer { allowed: v4.chain(v6).map(IpNet::from).collect(), keepalive: Some(25), ..Peer::default() };
    let small = Peer { allowed: nets(["10.66.1.1/32"]), ..Peer::default() };
    let (large_key, small_key) = (peer_key(2), peer_key(3));
    let mut wanted =
        Wanted { peers: BTreeMap::from([(large_key, large.clone()), (small_key, small)]), ..wanted_alone() };

    end.reconcile(&wanted).expect("a plain state");
    let present = end.present();
    assert_eq!(present.peers.len(), 2);
    assert_eq!(present.peers[&large_key].allowed, large.allowed);
    assert_eq!(present.peers[&large_key].keepalive, Some(25));
    assert_eq!(end.reconcile(&wanted).expect("a plain state"), []);

    let edited = wanted.peers.get_mut(&large_key).expect("added above");
    edited.allowed.pop_first();
    let changes = end.reconcile(&wanted).expect("a plain state");
    assert!(matches!(changes[..], [Change::EditPeer(key, _)] if key == large_key), "{changes:?}");
    assert_eq!(end.reconcile(&wanted).expect("a plain state"), []);
}

#[test]
#[ignore = "needs WireGuard in the kernel: make test-kernel"]
fn hundreds_of_machines_are_read_whole() {
    let host = Host::new("gateway");
    let end = open(&host, "tower", &PrivateKey::from_bytes([1; 32]));
    let machine = |number: u16| {
        let [high, low] = number.to_be_bytes();
        let mut seed = [7; 32];
        seed[8..10].copy_from_slice(&[high, low]);
        let v4 = format!("10.66.{high}.{low}/32");
        let v6 = format!("fd66::{number:x}/128");
        let peer = Peer { allowed: nets([v4.as_str(), v6.as_str()]), ..Peer::default() };
        (PrivateKey::from_bytes(seed).public(), peer)
    };
    let mut wanted = Wanted { peers: (256..756).map(machine).collect(), ..wanted_alone() };

    end.reconcile(&wanted).expect("a plain state");
    assert_eq!(end.present().peers.keys().collect::<BTreeSet<_>>(), wanted.peers.keys().collect());
    assert_eq!(end.reconcile(&wanted).expect("a plain state"), []);

    let (key, peer) = machine(1000);
    wanted.peers.insert(key, peer.clone());
    assert_eq!(end.reconcile(&wanted).expect("a plain state"), [Change::AddPeer(key, peer)]);
}

#[test]
#[ignore = "needs WireGuard in the kernel: make test-kernel"]
fn net_admin_is_right_enough() {
    let host = Host::with_net_admin_alone("gateway");
    let end = open(&host, "tower", &PrivateKey::from_bytes([1; 32]));
    let peer = Peer { allowed: nets(["10.66.1.1/32"]), endpoint: Some(at("192.0.2.2")), ..Peer::default() };
    let wanted = Wanted { peers: BTreeMap::from([(peer_key(2), peer)]), ..wanted_alone() };
    end.reconcile(&wanted).expect("a plain state");
    assert_eq!(end.reconcile(&wanted).expect("a plain state"), []);
    end.renew(peer_key(2), None).expect("a peer with an endpoint");
    end.set_key(&PrivateKey::from_bytes([4; 32]));
    end.close();
}

fn peer_key(seed: u8) -> PublicKey {
    PrivateKey::from_bytes([seed; 32]).public()
}
