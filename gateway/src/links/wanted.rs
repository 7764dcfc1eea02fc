//! What the tunnel and the firewall should be, from what the database says. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use beffroi_protocol::{PresharedKey, PublicKey, temporary};
use beffroi_tunnel::Peer;
use ipnet::{IpNet, Ipv4Net};

use crate::config::{ADMIN_PORT, Config, MEMBERS_PORT, PORTAL_PORT, PROBE_PORT};
use crate::directory::{Guest, Machine, MachineId, Network};
use crate::netd::{Firewall, Invited, KeyWish, Port, Wanted};
use crate::openings::Opening;

/// How often either side speaks when there is nothing to say, in seconds: it holds the way through the town
/// hall's router open (persistent keepalive of wg(8)).
pub const KEEPALIVE: u16 = 25;

/// What every line carries, in bytes (RFC 791): who says less is not believed.
const LEAST_LENGTH: u16 = 576;

/// What a machine reaches of the gateway.
const MACHINE_PORTS: [Port; 4] =
    [Port::Tcp(PORTAL_PORT), Port::Tcp(ADMIN_PORT), Port::Tcp(MEMBERS_PORT), Port::Udp(PROBE_PORT)];

/// What does not change while the gateway runs.
#[derive(Debug, Clone)]
pub(super) struct Ground {
    network: Network,
    listen_port: u16,
    mtu: u16,
    /// What the configuration opens to the internet.
    open: BTreeSet<Port>,
}

impl Ground {
    pub(super) fn of(config: &Config) -> Self {
        let network = Network::new(config.network.ipv4, config.network.ipv6);
        let open = config.network.open.iter().copied().collect();
        Self { network, listen_port: config.network.port, mtu: config.network.mtu, open }
    }

    /// The whole desired state. A machine that is revoked and a guest whose time is over are not in it.
    pub(super) fn wanted(
        &self,
        machines: &[Machine],
        guests: &[Guest],
        endpoints: &BTreeMap<MachineId, (PublicKey, SocketAddr)>,
        preshared: &BTreeMap<MachineId, PresharedKey>,
        open: &BTreeSet<Opening>,
        narrow: &BTreeMap<MachineId, u16>,
    ) -> Wanted {
        let members = machines.iter().filter(|machine| machine.is_active()).map(|machine| {
            // An endpoint that was learnt from another computer in the same place is none.
            let endpoint =
                endpoints.get(&machine.id).filter(|(key, _)| *key == machine.key).map(|(_, at)| *at);
            let preshared = preshared.get(&machine.id).cloned();
            (machine.key, Peer { endpoint, preshared, ..self.member(machine) })
        });
        let peers = guests.iter().map(|guest| (guest.key, invited(guest))).chain(members).collect();
        Wanted {
            tunnel: beffroi_tunnel::Wanted {
                listen_port: Some(self.listen_port),
                addresses: self.addresses(),
                routes: self.routes(machines, narrow),
                mtu: self.mtu,
                peers,
            },
            firewall: self.firewall(machines, guests, open),
            key: KeyWish::Stay,
        }
    }

    /// Those of `lengths` that are less than the tunnel's, and that a line may have.
    pub(super) fn narrow(&self, lengths: BTreeMap<MachineId, u16>) -> BTreeMap<MachineId, u16> {
        let mut narrow = lengths;
        narrow.retain(|_, length| (LEAST_LENGTH..self.mtu).contains(length));
        narrow
    }

    /// A way of its own for each machine whose line is narrow.
    fn routes(
        &self,
        machines: &[Machine],
        narrow: &BTreeMap<MachineId, u16>,
    ) -> BTreeMap<IpNet, Option<u16>> {
        let active = machines.iter().filter(|machine| machine.is_active());
        let ways = active.filter_map(|machine| {
            let length = *narrow.get(&machine.id)?;
            Some(self.network.machine(machine.id).map(|network| (network, Some(length))))
        });
        ways.flatten().collect()
    }

    fn addresses(&self) -> BTreeSet<IpNet> {
        let temporary = IpNet::from(temporary::NETWORK);
        let networks = self.network.networks().into_iter().zip(self.network.gateway());
        networks
            .chain([(temporary, temporary::GATEWAY.into())])
            .map(|(network, own)| {
                IpNet::new(own, network.prefix_len())
                    .expect("the prefix is that of the address's own network")
            })
            .collect()
    }

    fn member(&self, machine: &Machine) -> Peer {
        let allowed = self.network.machine(machine.id).into();
        Peer { allowed, keepalive: Some(KEEPALIVE), ..Peer::default() }
    }

    fn firewall(&self, machines: &[Machine], guests: &[Guest], open: &BTreeSet<Opening>) -> Firewall {
        let active = machines.iter().filter(|machine| machine.is_active());
        Firewall {
            machines: active.flat_map(|machine| self.network.machine(machine.id)).collect(),
            machine_ports: MACHINE_PORTS.into(),
            invited: (!guests.is_empty())
                .then(|| Invited { network: temporary::NETWORK.into(), port: Port::Tcp(temporary::PORT) }),
            open: open
                .iter()
                .map(|opening| opening.port())
                .chain(self.open.iter().copied())
                .chain([Port::Udp(self.listen_port)])
                .collect(),
        }
    }
}

fn invited(guest: &Guest) -> Peer {
    Peer { allowed: [IpNet::from(Ipv4Net::from(guest.address))].into(), ..Peer::default() }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::directory::{CommuneId, MachineName, MachineRole, Revocation};

    fn ground() -> Ground {
        let network =
            Network::new("10.66.0.0/16".parse().expect("a network"), "fd00::/64".parse().expect("a network"));
        Ground { network, listen_port: 51820, mtu: 1280, open: [Port::Tcp(22)].into() }
    }

    fn key(seed: u8) -> PublicKey {
        PublicKey::from_bytes([seed; 32])
    }

    fn machine(number: &str, seed: u8) -> Machine {
        Machine {
            id: number.parse().expect("a number"),
            commune: "1".parse::<CommuneId>().expect("a number"),
            name: MachineName::parse("accueil").expect("a name"),
            key: key(seed),
            role: MachineRole::TownHall,
            enrolled: Timestamp::UNIX_EPOCH,
            revoked: None,
            seen: true,
        }
    }

    fn nets(texts: &[&str]) -> BTreeSet<IpNet> {
        texts.iter().map(|text| text.parse().expect("a network")).collect()
    }

    #[test]
    fn nobody_is_let_in_by_an_empty_database() {
        let wanted =
            ground().wanted(&[], &[], &BTreeMap::new(), &BTreeMap::new(), &BTreeSet::new(), &BTreeMap::new());
        assert_eq!(wanted.tunnel.peers, BTreeMap::new());
        assert_eq!(wanted.firewall.machines, BTreeSet::new());
        assert_eq!(wanted.firewall.invited, None);
        assert_eq!(wanted.firewall.open, [Port::Udp(51820), Port::Tcp(22)].into());
        let wanted = ground().wanted(
            &[],
            &[],
            &BTreeMap::new(),
            &BTreeMap::new(),
            &[Opening::Carrier].into(),
            &BTreeMap::new(),
        );
        assert_eq!(wanted.firewall.open, [Port::Udp(51820), Port::Tcp(22), Port::Tcp(443)].into());
        assert_eq!(wanted.tunnel.addresses, nets(&["10.66.0.1/16", "fd00::1/64", "198.18.0.1/15"]));
    }

    #[test]
    fn a_machine_has_its_addresses_and_is_called_back_where_it_was() {
        let (here, moved) = (machine("256", 1), machine("257", 2));
        let endpoint: SocketAddr = "192.0.2.7:51000".parse().expect("an address");
        let endpoints = [(here.id, (key(1), endpoint)), (moved.id, (key(9), endpoint))].into();
        let preshared = [(moved.id, PresharedKey::from_bytes([7; 32]))].into();
        let wanted =
            ground().wanted(&[here, moved], &[], &endpoints, &preshared, &BTreeSet::new(), &BTreeMap::new());
        let peer = |allowed: &[&str], endpoint, preshared: Option<u8>| Peer {
            allowed: nets(allowed),
            endpoint,
            keepalive: Some(25),
            preshared: preshared.map(|seed| PresharedKey::from_bytes([seed; 32])),
        };
        assert_eq!(
            wanted.tunnel.peers,
            [
                (key(1), peer(&["10.66.1.0/32", "fd00::100/128"], Some(endpoint), None)),
                (key(2), peer(&["10.66.1.1/32", "fd00::101/128"], None, Some(7))),
            ]
            .into()
        );
        assert_eq!(
            wanted.firewall.machines,
            nets(&["10.66.1.0/32", "fd00::100/128", "10.66.1.1/32", "fd00::101/128"])
        );
    }

    #[test]
    fn a_revoked_machine_is_nowhere() {
        let revocation =
            Revocation {
                at: Timestamp::UNIX_EPOCH, by: "Le référent".to_owned(), reason: "volé".to_owned()
            };
        let gone = Machine { revoked: Some(revocation), ..machine("256", 1) };
        let wanted = ground().wanted(
            &[gone],
            &[],
            &BTreeMap::new(),
            &BTreeMap::new(),
            &BTreeSet::new(),
            &BTreeMap::new(),
        );
        assert_eq!(
            wanted,
            ground().wanted(&[], &[], &BTreeMap::new(), &BTreeMap::new(), &BTreeSet::new(), &BTreeMap::new())
        );
    }

    #[test]
    fn a_machine_on_a_narrow_line_has_a_way_of_its_own() {
        let check = |length: u16, expected: &[&str]| {
            let machines = [machine("256", 1), machine("257", 2)];
            let narrow = ground().narrow([(machines[0].id, length)].into());
            let wanted = ground().wanted(
                &machines,
                &[],
                &BTreeMap::new(),
                &BTreeMap::new(),
                &BTreeSet::new(),
                &narrow,
            );
            let routes: BTreeMap<IpNet, Option<u16>> =
                nets(expected).into_iter().map(|net| (net, Some(length))).collect();
            assert_eq!(wanted.tunnel.routes, routes, "{length}");
        };
        check(1232, &["10.66.1.0/32", "fd00::100/128"]);
        check(576, &["10.66.1.0/32", "fd00::100/128"]);
        check(1280, &[]);
        check(575, &[]);
        check(0, &[]);
    }

    #[test]
    fn a_guest_reaches_the_enrolment_port_from_its_own_address_only() {
        let guest = Guest { key: key(3), address: temporary::address(&key(3)), until: Timestamp::MAX };
        let address = format!("{}/32", guest.address);
        let wanted = ground().wanted(
            &[],
            &[guest],
            &BTreeMap::new(),
            &BTreeMap::new(),
            &BTreeSet::new(),
            &BTreeMap::new(),
        );
        assert_eq!(
            wanted.tunnel.peers,
            [(key(3), Peer { allowed: nets(&[&address]), ..Peer::default() })].into()
        );
        let port = Port::Tcp(4710);
        let network = "198.18.0.0/15".parse().expect("a network");
        assert_eq!(wanted.firewall.invited, Some(Invited { network, port }));
        assert_eq!(wanted.firewall.machines, BTreeSet::new());
    }
}
