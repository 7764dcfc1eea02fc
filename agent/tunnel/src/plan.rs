//! The difference between what is wanted and what is present, as a list of changes. Pure.

use std::collections::{BTreeMap, BTreeSet};

use beffroi_protocol::PublicKey;
use ipnet::IpNet;

use crate::{Peer, Present, PresentPeer, PresharedKey, Wanted};

/// One act on the interface. A peer that is in no change is not touched, and keeps its session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Someone gave the interface another key: it has its own again. Never part of a [`plan`], which
    /// knows no keys.
    RestoreKey,
    SetListenPort(u16),
    SetMtu(u16),
    RemovePeer(PublicKey),
    EditPeer(PublicKey, Edit),
    AddPeer(PublicKey, Peer),
    RemoveAddress(IpNet),
    AddAddress(IpNet),
    BringUp,
    RemoveRoute(IpNet),
    /// The longest packet on this way, in bytes; the interface's MTU when there is none.
    EditRoute(IpNet, Option<u16>),
    AddRoute(IpNet, Option<u16>),
}

/// What changes in a peer that the device already has; `None` leaves as is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edit {
    /// The whole new set.
    pub allowed: Option<BTreeSet<IpNet>>,
    /// `Some(None)` switches keepalives off.
    pub keepalive: Option<Option<u16>>,
    /// `Some(None)` takes the preshared key away.
    pub preshared: Option<Option<PresharedKey>>,
}

/// In the order in which the changes are to be made: a route needs its interface up, an address can
/// move from one peer to another, and an interface is up only once it knows its peers.
pub fn plan(wanted: &Wanted, present: &Present) -> Vec<Change> {
    let mut changes = Vec::new();
    if let Some(port) = wanted.listen_port.filter(|port| *port != present.listen_port) {
        changes.push(Change::SetListenPort(port));
    }
    if wanted.mtu != present.mtu {
        changes.push(Change::SetMtu(wanted.mtu));
    }
    changes.extend(peer_changes(&one_owner_each(&wanted.peers), &present.peers));
    changes.extend(present.addresses.difference(&wanted.addresses).copied().map(Change::RemoveAddress));
    changes.extend(wanted.addresses.difference(&present.addresses).copied().map(Change::AddAddress));
    if !present.up {
        changes.push(Change::BringUp);
    }
    let routes = routes_to_write(wanted);
    changes.extend(route_changes(&routes, &present.routes));
    changes
}

fn peer_changes(
    wanted: &BTreeMap<PublicKey, Peer>,
    present: &BTreeMap<PublicKey, PresentPeer>,
) -> Vec<Change> {
    let removed = present.keys().filter(|key| !wanted.contains_key(key)).copied().map(Change::RemovePeer);
    let edited = wanted.iter().filter_map(|(key, peer)| {
        let edit = edit(peer, present.get(key)?)?;
        Some(Change::EditPeer(*key, edit))
    });
    let added = wanted
        .iter()
        .filter(|(key, _)| !present.contains_key(key))
        .map(|(key, peer)| Change::AddPeer(*key, peer.clone()));
    removed.chain(edited).chain(added).collect()
}

/// The endpoint is not compared: it is the device that follows a roaming peer.
fn edit(wanted: &Peer, present: &PresentPeer) -> Option<Edit> {
    let keepalive = without_zero(wanted.keepalive);
    let preshared = wanted.preshared.clone().and_then(PresharedKey::or_none);
    let edit = Edit {
        allowed: (wanted.allowed != present.allowed).then(|| wanted.allowed.clone()),
        keepalive: (keepalive != without_zero(present.keepalive)).then_some(keepalive),
        preshared: (preshared != present.preshared.clone().and_then(PresharedKey::or_none))
            .then_some(preshared),
    };
    (edit != Edit::default()).then_some(edit)
}

/// Off is written `None` or `Some(0)`, by callers and by devices.
pub(crate) fn without_zero(keepalive: Option<u16>) -> Option<u16> {
    keepalive.filter(|seconds| *seconds > 0)
}

/// A network has one owner in a device: without this, two peers that claim the same one would take
/// it from each other at every tick. Networks are compared without their host bits, as devices do.
fn one_owner_each(peers: &BTreeMap<PublicKey, Peer>) -> BTreeMap<PublicKey, Peer> {
    let mut owned = BTreeSet::new();
    let mut settled = peers.clone();
    for peer in settled.values_mut() {
        let claimed = std::mem::take(&mut peer.allowed);
        peer.allowed = claimed.iter().map(IpNet::trunc).filter(|network| owned.insert(*network)).collect();
    }
    settled
}

/// The kernel writes the route to an address's own network by itself. A way that is no narrower than the
/// interface has no length of its own.
fn routes_to_write(wanted: &Wanted) -> BTreeMap<IpNet, Option<u16>> {
    let connected: BTreeSet<IpNet> = wanted.addresses.iter().map(IpNet::trunc).collect();
    let asked =
        wanted.routes.iter().map(|(network, mtu)| (network.trunc(), mtu.filter(|mtu| *mtu < wanted.mtu)));
    asked.filter(|(network, _)| !connected.contains(network)).collect()
}

fn route_changes(
    wanted: &BTreeMap<IpNet, Option<u16>>,
    present: &BTreeMap<IpNet, Option<u16>>,
) -> Vec<Change> {
    let removed =
        present.keys().filter(|network| !wanted.contains_key(network)).copied().map(Change::RemoveRoute);
    let written = wanted.iter().filter_map(|(network, mtu)| match present.get(network) {
        None => Some(Change::AddRoute(*network, *mtu)),
        Some(before) => (before != mtu).then_some(Change::EditRoute(*network, *mtu)),
    });
    removed.chain(written).collect()
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::time::Duration;

    use super::*;
    use crate::Backend;

    const ALVIMARE: PublicKey = PublicKey::from_bytes([1; 32]);
    const FOUCART: PublicKey = PublicKey::from_bytes([2; 32]);
    const YVETOT: PublicKey = PublicKey::from_bytes([3; 32]);

    fn nets<const N: usize>(texts: [&str; N]) -> BTreeSet<IpNet> {
        texts.into_iter().map(|text| text.parse().expect("a network")).collect()
    }

    fn routes<const N: usize>(texts: [&str; N]) -> BTreeMap<IpNet, Option<u16>> {
        nets(texts).into_iter().map(|net| (net, None)).collect()
    }

    fn endpoint(last: u8) -> SocketAddr {
        ([192, 0, 2, last], 51820).into()
    }

    fn peer(address: &str) -> Peer {
        Peer { allowed: nets([address]), endpoint: None, keepalive: None, preshared: None }
    }

    fn present_peer(address: &str) -> PresentPeer {
        PresentPeer {
            allowed: nets([address]),
            endpoint: Some(endpoint(77)),
            handshake_age: Some(Duration::from_secs(5)),
            received: 1000,
            sent: 1000,
            ..PresentPeer::default()
        }
    }

    fn wanted() -> Wanted {
        Wanted {
            listen_port: Some(51820),
            addresses: nets(["10.66.0.1/16", "fd00::1/64"]),
            routes: routes(["198.18.0.0/15"]),
            mtu: 1280,
            peers: BTreeMap::from([(ALVIMARE, peer("10.66.1.0/32")), (FOUCART, peer("10.66.1.1/32"))]),
        }
    }

    fn present() -> Present {
        Present {
            backend: Backend::Embedded,
            key: None,
            listen_port: 51820,
            addresses: nets(["10.66.0.1/16", "fd00::1/64"]),
            routes: routes(["198.18.0.0/15"]),
            mtu: 1280,
            up: true,
            peers: BTreeMap::from([
                (ALVIMARE, present_peer("10.66.1.0/32")),
                (FOUCART, present_peer("10.66.1.1/32")),
            ]),
        }
    }

    /// What is written when `change` has been made to an interface that was as wanted.
    fn check(change: impl FnOnce(&mut Wanted, &mut Present), expected: impl IntoIterator<Item = Change>) {
        let (mut wanted, mut present) = (wanted(), present());
        change(&mut wanted, &mut present);
        assert_eq!(plan(&wanted, &present), expected.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn nothing_is_written_when_nothing_differs() {
        check(|_, _| (), []);
        check(|wanted, _| wanted.listen_port = None, []);
        check(|wanted, _| wanted.routes = routes(["198.18.0.0/15", "10.66.0.0/16", "10.66.9.9/16"]), []);
    }

    #[test]
    fn each_difference_of_the_interface_is_one_change() {
        let net = |text: &str| text.parse().expect("a network");
        check(|_, present| present.listen_port = 40000, [Change::SetListenPort(51820)]);
        check(|_, present| present.mtu = 1420, [Change::SetMtu(1280)]);
        check(|_, present| present.up = false, [Change::BringUp]);
        check(
            |wanted, _| wanted.addresses = nets(["10.66.0.1/24", "fd00::1/64"]),
            [Change::RemoveAddress(net("10.66.0.1/16")), Change::AddAddress(net("10.66.0.1/24"))],
        );
        check(
            |wanted, _| wanted.routes = routes(["10.77.0.0/16"]),
            [Change::RemoveRoute(net("198.18.0.0/15")), Change::AddRoute(net("10.77.0.0/16"), None)],
        );
    }

    #[test]
    fn a_route_that_is_narrower_says_so() {
        let net: IpNet = "198.18.0.0/15".parse().expect("a network");
        let narrow = move |mtu| BTreeMap::from([(net, mtu)]);
        check(move |wanted, _| wanted.routes = narrow(Some(1232)), [Change::EditRoute(net, Some(1232))]);
        check(move |_, present| present.routes = narrow(Some(1232)), [Change::EditRoute(net, None)]);
        check(move |wanted, _| wanted.routes = narrow(Some(1280)), []);
        check(
            move |wanted, present| {
                wanted.routes = narrow(Some(1232));
                present.routes.clear();
            },
            [Change::AddRoute(net, Some(1232))],
        );
    }

    #[test]
    fn a_new_peer_is_added_with_its_hint() {
        let new = Peer { endpoint: Some(endpoint(1)), ..peer("10.66.1.2/32") };
        let added = new.clone();
        check(
            move |wanted, _| {
                wanted.peers.insert(YVETOT, new);
            },
            [Change::AddPeer(YVETOT, added)],
        );
    }

    #[test]
    fn a_peer_that_is_not_wanted_is_removed_before_others_are_added() {
        check(
            |wanted, _| {
                let machine = wanted.peers.remove(&ALVIMARE).expect("a peer of the example");
                wanted.peers.insert(YVETOT, machine);
            },
            [Change::RemovePeer(ALVIMARE), Change::AddPeer(YVETOT, peer("10.66.1.0/32"))],
        );
    }

    #[test]
    fn a_peer_that_differs_in_its_endpoint_only_is_not_touched() {
        check(|wanted, _| edit_foucart(wanted, |peer| peer.endpoint = Some(endpoint(1))), []);
        check(|_, present| present.peers.values_mut().for_each(|peer| peer.endpoint = None), []);
    }

    #[test]
    fn editing_one_peer_changes_that_one_only() {
        let key = PresharedKey::from_bytes([9; 32]);
        check(
            |wanted, _| edit_foucart(wanted, |peer| peer.allowed = nets(["10.66.1.9/32"])),
            [Change::EditPeer(FOUCART, Edit { allowed: Some(nets(["10.66.1.9/32"])), ..Edit::default() })],
        );
        check(
            |wanted, _| edit_foucart(wanted, |peer| peer.keepalive = Some(25)),
            [Change::EditPeer(FOUCART, Edit { keepalive: Some(Some(25)), ..Edit::default() })],
        );
        check(
            |wanted, _| edit_foucart(wanted, |peer| peer.preshared = Some(key.clone())),
            [Change::EditPeer(FOUCART, Edit { preshared: Some(Some(key.clone())), ..Edit::default() })],
        );
        check(
            |_, present| present.peers.entry(FOUCART).or_default().preshared = Some(key.clone()),
            [Change::EditPeer(FOUCART, Edit { preshared: Some(None), ..Edit::default() })],
        );
    }

    #[test]
    fn off_is_off_however_it_is_written() {
        let zero = || Some(PresharedKey::from_bytes([0; 32]));
        check(|wanted, _| edit_foucart(wanted, |peer| peer.keepalive = Some(0)), []);
        check(|_, present| present.peers.entry(FOUCART).or_default().keepalive = Some(0), []);
        check(|wanted, _| edit_foucart(wanted, |peer| peer.preshared = zero()), []);
        check(|_, present| present.peers.entry(FOUCART).or_default().preshared = zero(), []);
    }

    #[test]
    fn an_address_claimed_twice_has_one_owner() {
        check(|wanted, _| edit_foucart(wanted, |peer| peer.allowed.extend(nets(["10.66.1.0/32"]))), []);
    }

    #[test]
    fn an_allowed_network_is_compared_without_its_host_bits() {
        let (mut wanted, mut present) = (wanted(), present());
        edit_foucart(&mut wanted, |peer| peer.allowed = nets(["10.66.1.1/24"]));
        present.peers.entry(FOUCART).or_default().allowed = nets(["10.66.1.0/24"]);
        assert_eq!(plan(&wanted, &present), []);
    }

    fn edit_foucart(wanted: &mut Wanted, edit: impl FnOnce(&mut Peer)) {
        edit(wanted.peers.get_mut(&FOUCART).expect("a peer of the example"));
    }
}
