//! Which address belongs to which machine inside the tunnel. The identifier of a machine is its place
//! in both networks, so that no table can disagree with the addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::MachineId;

/// The communauté's network inside the tunnel: the gateway has its first address, machine number n
/// the n-th, of IPv4 and of IPv6 alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    ipv4: Ipv4Net,
    ipv6: Ipv6Net,
}

impl Network {
    pub const fn new(ipv4: Ipv4Net, ipv6: Ipv6Net) -> Self {
        Self { ipv4, ipv6 }
    }

    pub fn networks(&self) -> [IpNet; 2] {
        [self.ipv4.trunc().into(), self.ipv6.trunc().into()]
    }

    pub fn gateway(&self) -> [IpAddr; 2] {
        self.nth(1)
    }

    /// The addresses of a machine, as networks of one address.
    pub fn machine(&self, machine: MachineId) -> [IpNet; 2] {
        self.nth(machine.0).map(IpNet::from)
    }

    /// The machine to which an address belongs, whether or not it has been recorded.
    pub fn machine_at(&self, address: IpAddr) -> Option<MachineId> {
        let number = match address.to_canonical() {
            IpAddr::V4(address) if self.ipv4.contains(&address) => {
                u32::from(address) - u32::from(self.ipv4.network())
            }
            IpAddr::V6(address) if self.ipv6.contains(&address) => {
                u32::try_from(u128::from(address) - u128::from(self.ipv6.network())).ok()?
            }
            IpAddr::V4(_) | IpAddr::V6(_) => return None,
        };
        (number >= MachineId::FIRST && self.has_room_for(MachineId(number))).then_some(MachineId(number))
    }

    /// Whether a machine of this identifier has an address that is neither outside the network nor its
    /// broadcast address.
    pub fn has_room_for(&self, machine: MachineId) -> bool {
        let last = u32::from(self.ipv4.broadcast()) - u32::from(self.ipv4.network());
        machine.0 < last
    }

    fn nth(&self, number: u32) -> [IpAddr; 2] {
        let ipv4 = Ipv4Addr::from(u32::from(self.ipv4.network()).wrapping_add(number));
        let ipv6 = Ipv6Addr::from(u128::from(self.ipv6.network()).wrapping_add(number.into()));
        [ipv4.into(), ipv6.into()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network() -> Network {
        Network::new(
            "10.66.0.0/16".parse().expect("a network"),
            "fd12:3456:789a::/64".parse().expect("a network"),
        )
    }

    #[test]
    fn machines_follow_the_gateway_in_both_networks() {
        assert_eq!(
            network().gateway().map(|address| address.to_string()),
            ["10.66.0.1", "fd12:3456:789a::1"]
        );
        assert_eq!(
            network().machine(MachineId(256)).map(|net| net.to_string()),
            ["10.66.1.0/32", "fd12:3456:789a::100/128"]
        );
    }

    #[test]
    fn an_address_names_at_most_one_machine() {
        fn check(address: &str, expected: Option<u32>) {
            let address = address.parse().expect("an address");
            assert_eq!(network().machine_at(address), expected.map(MachineId), "{address}");
        }
        check("10.66.1.0", Some(256));
        check("::ffff:10.66.1.0", Some(256));
        check("fd12:3456:789a::100", Some(256));
        check("10.66.255.254", Some(65534));
        check("10.66.255.255", None);
        check("10.66.0.1", None);
        check("10.66.0.255", None);
        check("10.67.1.0", None);
        check("fd12:3456:789a::1", None);
        check("fd12:3456:789a::1:0:100", None);
        check("fd12:3456:789b::100", None);
        check("fd12:3456:789a::1:100", None);
        check("198.18.0.7", None);
    }
}
