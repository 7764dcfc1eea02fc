//! The most that the gateway may ask for. It hears strangers, netd does not: should it ever speak for
//! one of them, netd still gives it no address, route or peer outside of the communauté's networks.

use beffroi_protocol::temporary;
use ipnet::IpNet;

use super::{Port, Wanted};
use crate::config::{CARRIER_PORT, Network};

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Beyond {
    #[error("{0} is outside of the networks in netd's configuration (restart it if the file has changed)")]
    Network(IpNet),
    #[error("port {0} is not the one in netd's configuration (restart it if the file has changed)")]
    Port(u16),
    #[error(
        "{0} is not to be opened to the internet, by netd's configuration (restart it if the file has changed)"
    )]
    Open(Port),
    #[error("an MTU of {0} bytes is not between 1280 and 1420")]
    Mtu(u16),
    #[error("a route of {0} bytes is not between 576 and 1420")]
    RouteMtu(u16),
}

pub(crate) fn check(wanted: &Wanted, network: &Network) -> Result<(), Beyond> {
    let tunnel = &wanted.tunnel;
    if let Some(port) = tunnel.listen_port.filter(|port| *port != network.port) {
        return Err(Beyond::Port(port));
    }
    if !(1280..=1420).contains(&tunnel.mtu) {
        return Err(Beyond::Mtu(tunnel.mtu));
    }
    if let Some(mtu) = tunnel.routes.values().flatten().find(|mtu| !(576..=1420).contains(*mtu)) {
        return Err(Beyond::RouteMtu(*mtu));
    }
    let own = [Port::Udp(network.port), Port::Tcp(CARRIER_PORT)];
    let may_open = |port: &&Port| own.contains(port) || network.open.contains(port);
    if let Some(port) = wanted.firewall.open.iter().find(|port| !may_open(port)) {
        return Err(Beyond::Open(*port));
    }
    let ours = [network.ipv4.into(), network.ipv6.into(), temporary::NETWORK.into()];
    let named = tunnel.addresses.iter().chain(tunnel.routes.keys()).chain(&wanted.firewall.machines);
    let invited = wanted.firewall.invited.iter().map(|invited| &invited.network);
    let allowed = tunnel.peers.values().flat_map(|peer| &peer.allowed);
    within(named.chain(invited).chain(allowed), &ours)
}

fn within<'a>(mut nets: impl Iterator<Item = &'a IpNet>, ours: &[IpNet]) -> Result<(), Beyond> {
    match nets.find(|net| !ours.iter().any(|own| own.contains(&net.trunc()))) {
        Some(stranger) => Err(Beyond::Network(*stranger)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use beffroi_protocol::PublicKey;
    use beffroi_tunnel::Peer;

    use super::*;
    use crate::config::Config;
    use crate::netd::{Firewall, Invited, KeyWish, Port};

    fn nets<const N: usize>(texts: [&str; N]) -> BTreeSet<IpNet> {
        texts.into_iter().map(|text| text.parse().expect("a network")).collect()
    }

    fn check_that(change: impl FnOnce(&mut Wanted), expected: &Result<(), Beyond>) {
        let text = "[community]\nname = \"Cœur de Caux\"\ndomain = \"example.fr\"\n[network]\nipv6 = \"fd66::/64\"\nopen = [\"tcp 22\"]\n";
        let network = Config::parse(text).expect("a right configuration").network;
        let peer = Peer { allowed: nets(["10.66.1.0/32", "fd66::100/128"]), ..Peer::default() };
        let mut wanted = Wanted {
            tunnel: beffroi_tunnel::Wanted {
                listen_port: Some(51820),
                addresses: nets(["10.66.0.1/16", "fd66::1/64", "198.18.0.1/15"]),
                routes: BTreeMap::from([("10.66.1.0/32".parse().expect("a network"), Some(576))]),
                mtu: 1280,
                peers: BTreeMap::from([(PublicKey::from_bytes([1; 32]), peer)]),
            },
            firewall: Firewall {
                machines: nets(["10.66.0.0/16", "fd66::/64"]),
                machine_ports: BTreeSet::from([Port::Tcp(443)]),
                invited: Some(Invited { network: temporary::NETWORK.into(), port: Port::Tcp(4710) }),
                open: BTreeSet::from([Port::Udp(51820), Port::Tcp(22), Port::Tcp(443)]),
            },
            key: KeyWish::Stay,
        };
        change(&mut wanted);
        assert_eq!(check(&wanted, &network), *expected);
    }

    #[test]
    fn what_is_the_communautes_own_may_be_asked_for() {
        check_that(|_| (), &Ok(()));
        check_that(|wanted| wanted.tunnel.listen_port = None, &Ok(()));
    }

    #[test]
    fn what_is_not_is_refused() {
        let net = |text: &str| text.parse().expect("a network");
        let beyond = |text: &str| Err(Beyond::Network(net(text)));
        check_that(|wanted| wanted.tunnel.routes = [(net("0.0.0.0/0"), None)].into(), &beyond("0.0.0.0/0"));
        check_that(
            |wanted| wanted.tunnel.routes = [(net("10.66.1.0/32"), Some(575))].into(),
            &Err(Beyond::RouteMtu(575)),
        );
        check_that(|wanted| wanted.tunnel.addresses = nets(["192.168.1.1/24"]), &beyond("192.168.1.1/24"));
        check_that(|wanted| wanted.tunnel.addresses = nets(["10.66.0.1/8"]), &beyond("10.66.0.1/8"));
        check_that(|wanted| wanted.firewall.machines = nets(["::/0"]), &beyond("::/0"));
        check_that(
            |wanted| wanted.tunnel.peers.values_mut().for_each(|peer| peer.allowed = nets(["0.0.0.0/0"])),
            &beyond("0.0.0.0/0"),
        );
        check_that(|wanted| wanted.tunnel.listen_port = Some(22), &Err(Beyond::Port(22)));
        check_that(|wanted| wanted.firewall.open = [Port::Tcp(23)].into(), &Err(Beyond::Open(Port::Tcp(23))));
        check_that(|wanted| wanted.tunnel.mtu = 9000, &Err(Beyond::Mtu(9000)));
    }
}
