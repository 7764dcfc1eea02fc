//! What the tunnel should be: pure, from what is known of the invitation or of the membership. The
//! machine's other addresses, routes and names are nobody's business here.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use beffroi_protocol::code::Code;
use beffroi_protocol::{PublicKey, temporary};
use beffroi_tunnel::{Peer, Wanted};
use ipnet::IpNet;

use crate::state::Joined;

/// MTU before the gateway has said one, in bytes: the least that IPv6 allows goes everywhere.
const TEMPORARY_MTU: u16 = 1280;
/// What is said then is short, and passes at once on every line in packets of this length (RFC 791).
const TEMPORARY_LONGEST: u16 = 576;

/// With the temporary key: one address, and nothing but the gateway's enrolment service.
pub(crate) fn temporary(code: &Code, endpoint: Option<SocketAddr>) -> Wanted {
    let own = temporary::address(&code.secret.key().public());
    let peer = Peer { endpoint, ..Peer::default() };
    let reach = &[temporary::GATEWAY.into()];
    wanted(code.key, &[host(own.into())], reach, TEMPORARY_MTU, Some(TEMPORARY_LONGEST), peer)
}

/// With the machine's own key: its own addresses, and the gateway's, which is called by this key of its own.
/// `longest` is what passes on the way there, in bytes, where it is less than the tunnel's MTU.
pub(crate) fn own(
    joined: &Joined,
    gateway: PublicKey,
    endpoint: Option<SocketAddr>,
    longest: Option<u16>,
) -> Wanted {
    let welcome = &joined.welcome;
    let keepalive = Some(welcome.keepalive).filter(|&seconds| seconds > 0);
    let peer = Peer { endpoint, keepalive, preshared: joined.preshared.clone(), ..Peer::default() };
    wanted(gateway, &welcome.addresses, &welcome.gateway, welcome.mtu, longest, peer)
}

fn wanted(
    gateway: PublicKey,
    addresses: &[IpNet],
    reach: &[IpAddr],
    mtu: u16,
    longest: Option<u16>,
    peer: Peer,
) -> Wanted {
    let reach: BTreeSet<IpNet> = reach.iter().copied().map(host).collect();
    let peer = Peer { allowed: reach.clone(), ..peer };
    Wanted {
        listen_port: None,
        addresses: addresses.iter().copied().collect(),
        routes: reach.into_iter().map(|net| (net, longest)).collect(),
        mtu,
        peers: BTreeMap::from([(gateway, peer)]),
    }
}

fn host(ip: IpAddr) -> IpNet {
    IpNet::from(ip)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::tests::{joined, joining};

    fn nets(nets: &[&str]) -> BTreeSet<IpNet> {
        nets.iter().map(|net| net.parse().expect("a network")).collect()
    }

    #[test]
    fn an_invited_machine_reaches_the_enrolment_service_only() {
        let code = joining().code;
        let wanted = temporary(&code, None);
        assert_eq!(wanted.routes, [("198.18.0.1/32".parse().expect("a network"), Some(576))].into());
        assert_eq!(wanted.peers[&code.key].allowed, nets(&["198.18.0.1/32"]));
        assert_eq!(wanted.addresses.len(), 1);
    }

    #[test]
    fn a_member_reaches_the_gateway_only() {
        let joined = joined();
        let endpoint = Some(([192, 0, 2, 1], 51820).into());
        let wanted = own(&joined, joined.gateway, endpoint, Some(1232));
        assert_eq!(wanted.addresses, nets(&["10.66.1.0/32", "fd00::100/128"]));
        let routes = nets(&["10.66.0.1/32", "fd00::1/128"]).into_iter().map(|net| (net, Some(1232)));
        assert_eq!(wanted.routes, routes.collect());
        let peer = &wanted.peers[&joined.gateway];
        assert_eq!(peer.allowed, nets(&["10.66.0.1/32", "fd00::1/128"]));
        assert_eq!((peer.endpoint, peer.keepalive), (endpoint, Some(25)));
        assert_eq!(peer.preshared, Some(joining().code.secret.preshared()));
    }
}
