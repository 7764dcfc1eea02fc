//! Where this machine can let others in: at which of its local addresses, and whom. Pure.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use beffroi_protocol::serving::Hosts;
use ipnet::{IpNet, Ipv4Net, Ipv4Subnets};

/// One local address of this machine, at which somebody may be let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) interface: String,
    pub(super) address: Ipv4Addr,
    /// The local network there.
    pub(super) network: Ipv4Net,
    /// Those of it that are let in.
    pub(super) hosts: BTreeSet<Ipv4Net>,
}

impl Place {
    pub(super) fn lets_in(&self, address: Ipv4Addr) -> bool {
        self.hosts.iter().any(|net| net.contains(&address))
    }

    pub(super) fn is_near(&self, address: Ipv4Addr) -> bool {
        self.network.contains(&address)
    }
}

/// A computer that is let in is a neighbour, in a private network (RFC 1918): another one that has its address, on
/// the other side of a router, is not.
pub(super) fn places(hosts: &Hosts, addresses: &[(String, IpNet)]) -> Vec<Place> {
    let local = addresses.iter().filter_map(|(interface, net)| match net {
        IpNet::V4(net) if net.addr().is_private() && net.prefix_len() < 31 => Some((interface, *net)),
        IpNet::V4(_) | IpNet::V6(_) => None,
    });
    let place = |(interface, net): (&String, Ipv4Net)| Place {
        interface: interface.clone(),
        address: net.addr(),
        network: net.trunc(),
        hosts: near(hosts, net.trunc()),
    };
    local.map(place).filter(|place| !place.hosts.is_empty()).collect()
}

fn near(hosts: &Hosts, network: Ipv4Net) -> BTreeSet<Ipv4Net> {
    match hosts {
        Hosts::All => BTreeSet::from([network]),
        Hosts::Chosen(spans) => {
            let inside = spans
                .iter()
                .map(|span| (span.first.max(network.network()), span.last.min(network.broadcast())));
            inside
                .filter(|(first, last)| first <= last)
                .flat_map(|(first, last)| Ipv4Subnets::new(first, last, 0))
                .collect()
        }
    }
}

/// This machine's own addresses.
pub(super) fn own(addresses: &[(String, IpNet)]) -> Vec<IpAddr> {
    addresses.iter().map(|(_, net)| net.addr()).collect()
}

#[cfg(test)]
mod tests {
    use beffroi_protocol::serving::Span;

    use super::*;

    fn check(hosts: &Hosts, addresses: &[&str], expected: &[&str]) {
        let addresses: Vec<_> = (0..)
            .zip(addresses)
            .map(|(number, net)| (format!("eth{number}"), net.parse().expect("a network")))
            .collect();
        let brief = |place: &Place| {
            let hosts: Vec<_> = place.hosts.iter().map(ToString::to_string).collect();
            format!("{} {}: {}", place.interface, place.address, hosts.join(" "))
        };
        let found: Vec<_> = places(hosts, &addresses).iter().map(brief).collect();
        assert_eq!(found, expected, "{hosts:?} {addresses:?}");
    }

    fn chosen<const N: usize>(spans: [(&str, &str); N]) -> Hosts {
        let address = |text: &str| text.parse().expect("an address");
        Hosts::Chosen(spans.map(|(first, last)| Span { first: address(first), last: address(last) }).into())
    }

    #[test]
    fn who_is_let_in_is_a_neighbour() {
        let two = chosen([("192.168.1.20", "192.168.1.20"), ("192.168.1.30", "192.168.1.33")]);
        check(
            &two,
            &["192.168.1.5/24"],
            &["eth0 192.168.1.5: 192.168.1.20/32 192.168.1.30/31 192.168.1.32/31"],
        );
        check(&two, &["192.168.2.5/24"], &[]);
        check(&two, &["192.168.1.5/28"], &[]);
        check(&two, &["192.168.1.29/30"], &["eth0 192.168.1.29: 192.168.1.30/31"]);
        check(
            &two,
            &["192.168.2.5/24", "192.168.1.6/24"],
            &["eth1 192.168.1.6: 192.168.1.20/32 192.168.1.30/31 192.168.1.32/31"],
        );
        check(&chosen([]), &["192.168.1.5/24"], &[]);
    }

    #[test]
    fn all_are_those_of_private_networks() {
        check(&Hosts::All, &["192.168.1.5/24"], &["eth0 192.168.1.5: 192.168.1.0/24"]);
        check(&Hosts::All, &["203.0.113.5/24", "2001:db8::5/64", "100.64.0.5/10", "10.1.2.3/32"], &[]);
        check(&chosen([("203.0.113.7", "203.0.113.7")]), &["203.0.113.5/24"], &[]);
    }
}
