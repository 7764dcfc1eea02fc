//! What the firewall says, as an nftables table. Pure.
//!
//! What else the machine's firewall does is its own business: a packet passes when every table lets it
//! pass.

use std::collections::BTreeSet;

use beffroi_tunnel::firewall::words::{
    FAMILIES, Family, Own, field, is, is_known_connection, is_not, is_not_from, jump, meta, set, text,
};
use ipnet::IpNet;
use nftables::expr::{Expression, MetaKey};
use nftables::schema::{NfListObject, Nftables, Rule};
use nftables::types::{NfChainType, NfHook};

use super::{Firewall, Port};

pub(super) const TABLE: Own = Own("beffroi");
/// Where everything goes that comes out of the tunnel.
const TUNNEL: &str = "tunnel";
/// Where that goes which an enrolled machine sent.
const MACHINE: &str = "machine";
/// Where everything goes that comes neither out of the tunnel nor from this machine.
const OUTSIDE: &str = "outside";

/// What no provider carries across the internet: addresses of the local network (RFC 1918, RFC 3927,
/// RFC 4193, RFC 4291), and of who has none yet. A provider's shared addresses (100.64.0.0/10) are those of
/// its other customers, strangers like anyone.
const LOCAL: [&str; 9] = [
    "0.0.0.0/32",
    "10.0.0.0/8",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "::/128",
    "fc00::/7",
    "fe80::/10",
];
/// They tell of a way that is closed or too narrow, and nobody answers them.
const ICMP_ERRORS: [&str; 3] = ["destination-unreachable", "time-exceeded", "parameter-problem"];
const ICMPV6_ERRORS: [&str; 4] =
    ["destination-unreachable", "packet-too-big", "time-exceeded", "parameter-problem"];
/// Without them IPv6 finds no neighbour (RFC 4890, section 4.4.1).
const NEIGHBOURS: [&str; 3] = ["nd-router-advert", "nd-neighbor-solicit", "nd-neighbor-advert"];

/// The whole table, in one transaction. `addresses` are the interface's own, with their networks.
pub(crate) fn ruleset(
    firewall: &Firewall,
    interface: &str,
    addresses: &BTreeSet<IpNet>,
) -> Nftables<'static> {
    let mut batch = TABLE.anew();
    for (name, hook) in [("input", NfHook::Input), ("forward", NfHook::Forward)] {
        batch.add(NfListObject::Chain(TABLE.base_chain(name, NfChainType::Filter, hook, 0)));
    }
    for name in [TUNNEL, MACHINE, OUTSIDE] {
        batch.add(NfListObject::Chain(TABLE.chain(name)));
    }
    let own: BTreeSet<IpNet> = addresses.iter().map(|net| IpNet::from(net.addr())).collect();
    let networks: BTreeSet<IpNet> = addresses.iter().map(IpNet::trunc).collect();
    let rules = [
        input(interface, &own, &networks),
        forward(interface),
        tunnel(firewall, &own),
        machine(&firewall.machine_ports),
        outside(&firewall.open),
    ];
    for rule in rules.into_iter().flatten() {
        batch.add(NfListObject::Rule(rule));
    }
    batch.to_nftables()
}

fn input(interface: &str, own: &BTreeSet<IpNet>, networks: &BTreeSet<IpNet>) -> Vec<Rule<'static>> {
    let from_tunnel = is(meta(MetaKey::Iifname), text(interface));
    let mut rules =
        vec![TABLE.rule("input", "what comes out of the tunnel", vec![from_tunnel, jump(TUNNEL)])];
    for family in FAMILIES {
        if let Some(own) = family.set(own) {
            let matches = vec![is_not_from(interface), is(family.field("daddr"), own)];
            rules.push(TABLE.dropping(
                "input",
                "our tunnel addresses are reached through the tunnel only",
                matches,
            ));
        }
        if let Some(networks) = family.set(networks) {
            let matches = vec![is_not_from(interface), is(family.field("saddr"), networks)];
            rules.push(TABLE.dropping("input", "nobody outside of the tunnel has a tunnel address", matches));
        }
    }
    let from_elsewhere = vec![is_not_from(interface), jump(OUTSIDE)];
    rules.push(TABLE.rule("input", "what comes from elsewhere", from_elsewhere));
    rules
}

fn forward(interface: &str) -> Vec<Rule<'static>> {
    let comment = "a machine reaches the gateway, and nothing behind it";
    [MetaKey::Iifname, MetaKey::Oifname]
        .into_iter()
        .map(|key| TABLE.dropping("forward", comment, vec![is(meta(key), text(interface))]))
        .collect()
}

fn tunnel(firewall: &Firewall, own: &BTreeSet<IpNet>) -> Vec<Rule<'static>> {
    let mut rules = vec![answers(TUNNEL)];
    for family in FAMILIES {
        if let Some(own) = family.set(own) {
            let elsewhere = vec![is_not(family.field("daddr"), own)];
            rules.push(TABLE.dropping(
                TUNNEL,
                "our other addresses are not reached through the tunnel",
                elsewhere,
            ));
        }
        if let Some(machines) = family.set(&firewall.machines) {
            let matches = vec![is(family.field("saddr"), machines), jump(MACHINE)];
            rules.push(TABLE.rule(TUNNEL, "what enrolled machines send", matches));
        }
    }
    if let Some(invited) = &firewall.invited {
        let networks = BTreeSet::from([invited.network]);
        for (family, network) in
            FAMILIES.into_iter().filter_map(|family| Some((family, family.set(&networks)?)))
        {
            for (protocol, port) in ports_by_protocol(&BTreeSet::from([invited.port])) {
                let matches =
                    vec![is(family.field("saddr"), network.clone()), is(field(protocol, "dport"), port)];
                rules.push(TABLE.accepting(TUNNEL, "invited machines may enrol, and nothing else", matches));
            }
        }
    }
    rules.push(TABLE.dropping(TUNNEL, "everything else from the tunnel", Vec::new()));
    rules
}

fn machine(ports: &BTreeSet<Port>) -> Vec<Rule<'static>> {
    let ping = |family: Family| {
        TABLE.accepting(MACHINE, "may ping", vec![is(field(family.icmp(), "type"), text("echo-request"))])
    };
    let reach =
        |(protocol, ports)| TABLE.accepting(MACHINE, "may reach", vec![is(field(protocol, "dport"), ports)]);
    FAMILIES.into_iter().map(ping).chain(ports_by_protocol(ports).into_iter().map(reach)).collect()
}

/// A stranger hears nothing from this machine, not even a refusal, but from the ports that are open. What the
/// local network may reach is its owner's business.
fn outside(open: &BTreeSet<Port>) -> Vec<Rule<'static>> {
    let local = LOCAL.iter().map(|net| net.parse().expect("the networks of the list are right")).collect();
    let types = |family: Family, names: &[&str]| {
        let names = set(names.iter().copied().map(text).collect()).expect("the lists are not empty");
        is(field(family.icmp(), "type"), names)
    };
    let port = |name, number| is(field("udp", name), Expression::Number(number));
    let mut rules = vec![answers(OUTSIDE)];
    rules.extend(FAMILIES.into_iter().filter_map(|family| {
        Some(TABLE.accepting(
            OUTSIDE,
            "the local network",
            vec![is(family.field("saddr"), family.set(&local)?)],
        ))
    }));
    // A neighbour is one hop away (RFC 4861, section 6.1).
    let one_hop = is(Family::V6.field("hoplimit"), Expression::Number(255));
    rules.extend([
        TABLE.accepting(OUTSIDE, "what went wrong on the way", vec![types(Family::V4, &ICMP_ERRORS)]),
        TABLE.accepting(OUTSIDE, "what went wrong on the way", vec![types(Family::V6, &ICMPV6_ERRORS)]),
        TABLE.accepting(OUTSIDE, "neighbours", vec![one_hop, types(Family::V6, &NEIGHBOURS)]),
        TABLE.accepting(OUTSIDE, "an address from DHCP", vec![port("sport", 67), port("dport", 68)]),
    ]);
    rules.extend(ports_by_protocol(open).into_iter().map(|(protocol, ports)| {
        TABLE.accepting(OUTSIDE, "open to anyone", vec![is(field(protocol, "dport"), ports)])
    }));
    rules.push(TABLE.dropping(OUTSIDE, "strangers get no answer", Vec::new()));
    rules
}

fn answers(chain: &'static str) -> Rule<'static> {
    TABLE.accepting(chain, "answers to what the gateway began", vec![is_known_connection()])
}

fn ports_by_protocol(ports: &BTreeSet<Port>) -> Vec<(&'static str, Expression<'static>)> {
    let numbers = |select: fn(&Port) -> Option<u16>| {
        set(ports.iter().filter_map(select).map(|port| Expression::Number(u32::from(port))).collect())
    };
    let tcp = numbers(|port| match port {
        Port::Tcp(number) => Some(*number),
        Port::Udp(_) => None,
    });
    let udp = numbers(|port| match port {
        Port::Udp(number) => Some(*number),
        Port::Tcp(_) => None,
    });
    [("tcp", tcp), ("udp", udp)].into_iter().filter_map(|(name, set)| Some((name, set?))).collect()
}

#[cfg(test)]
mod tests {
    use beffroi_tunnel::firewall::brief;

    use super::*;
    use crate::netd::Invited;

    fn nets<const N: usize>(texts: [&str; N]) -> BTreeSet<IpNet> {
        texts.into_iter().map(|text| text.parse().expect("a network")).collect()
    }

    fn rules(firewall: &Firewall) -> Vec<String> {
        let addresses = nets(["10.66.0.1/16", "fd66::1/64", "198.18.0.1/15"]);
        brief(&ruleset(firewall, "beffroi", &addresses))
    }

    /// Before what is said of machines, and after.
    const FIRST: [&str; 9] = [
        "input: iifname beffroi jump",
        "input: iifname not {beffroi,lo} ip daddr {10.66.0.1/32,198.18.0.1/32} counter drop",
        "input: iifname not {beffroi,lo} ip saddr {10.66.0.0/16,198.18.0.0/15} counter drop",
        "input: iifname not {beffroi,lo} ip6 daddr {fd66::1/128} counter drop",
        "input: iifname not {beffroi,lo} ip6 saddr {fd66::/64} counter drop",
        "input: iifname not {beffroi,lo} jump",
        "forward: iifname beffroi counter drop",
        "forward: oifname beffroi counter drop",
        "tunnel: state established,related accept",
    ];
    const OWN_V4: &str = "tunnel: ip daddr not {10.66.0.1/32,198.18.0.1/32} counter drop";
    const OWN_V6: &str = "tunnel: ip6 daddr not {fd66::1/128} counter drop";
    const REST: &str = "tunnel: counter drop";
    const PING: [&str; 2] =
        ["machine: icmp type echo-request accept", "machine: icmpv6 type echo-request accept"];

    fn check(firewall: &Firewall, after_the_first: &[&str]) {
        let rules = rules(firewall);
        let inside: Vec<_> = rules.iter().filter(|rule| !rule.starts_with("outside")).collect();
        assert_eq!(inside, [&FIRST, after_the_first].concat());
    }

    fn check_outside<const N: usize>(open: [Port; N], expected: &[&str]) {
        let rules = rules(&Firewall { open: open.into(), ..Firewall::default() });
        let outside: Vec<_> = rules.iter().filter_map(|rule| rule.strip_prefix("outside: ")).collect();
        assert_eq!(outside, expected);
    }

    #[test]
    fn a_stranger_reaches_the_open_ports_and_hears_nothing_else() {
        let first = [
            "state established,related accept",
            "ip saddr {0.0.0.0/32,10.0.0.0/8,127.0.0.0/8,169.254.0.0/16,172.16.0.0/12,192.168.0.0/16} accept",
            "ip6 saddr {::/128,fc00::/7,fe80::/10} accept",
            "icmp type {destination-unreachable,time-exceeded,parameter-problem} accept",
            "icmpv6 type {destination-unreachable,packet-too-big,time-exceeded,parameter-problem} accept",
            "ip6 hoplimit 255 icmpv6 type {nd-router-advert,nd-neighbor-solicit,nd-neighbor-advert} accept",
            "udp sport 67 udp dport 68 accept",
        ];
        check_outside([], &[&first[..], &["counter drop"]].concat());
        check_outside(
            [Port::Udp(51820), Port::Tcp(443), Port::Tcp(22)],
            &[&first[..], &["tcp dport {22,443} accept", "udp dport {51820} accept", "counter drop"]]
                .concat(),
        );
    }

    #[test]
    fn an_empty_list_denies() {
        check(&Firewall::default(), &[OWN_V4, OWN_V6, REST, PING[0], PING[1]]);
        let ports_alone = Firewall { machine_ports: BTreeSet::from([Port::Tcp(443)]), ..Firewall::default() };
        check(&ports_alone, &[OWN_V4, OWN_V6, REST, PING[0], PING[1], "machine: tcp dport {443} accept"]);
    }

    #[test]
    fn machines_reach_the_listed_ports_and_invited_ones_the_enrolment_port() {
        let network = "198.18.0.0/15".parse().expect("a network");
        let firewall = Firewall {
            machines: nets(["10.66.1.0/32", "10.66.1.7/32", "fd66::100/128"]),
            machine_ports: BTreeSet::from([Port::Tcp(443), Port::Tcp(8443), Port::Udp(4711)]),
            invited: Some(Invited { network, port: Port::Tcp(4710) }),
            ..Firewall::default()
        };
        check(
            &firewall,
            &[
                OWN_V4,
                "tunnel: ip saddr {10.66.1.0/32,10.66.1.7/32} jump",
                OWN_V6,
                "tunnel: ip6 saddr {fd66::100/128} jump",
                "tunnel: ip saddr {198.18.0.0/15} tcp dport {4710} accept",
                REST,
                PING[0],
                PING[1],
                "machine: tcp dport {443,8443} accept",
                "machine: udp dport {4711} accept",
            ],
        );
    }

    #[test]
    fn networks_that_overlap_are_written_once() {
        let firewall = Firewall { machines: nets(["10.66.0.0/16", "10.66.1.0/24"]), ..Firewall::default() };
        assert!(rules(&firewall).contains(&"tunnel: ip saddr {10.66.0.0/16} jump".to_owned()));
    }
}
