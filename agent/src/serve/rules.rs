//! The table of nftables that lets the chosen computers through, and nobody else. Pure.
//!
//! They know the machine by its local address only: what arrives there on the gateway's ports goes to the
//! gateway, as if this machine had sent it. So they need no route, and that another town hall's network has the
//! same addresses does not matter. For this the kernel must forward packets of two interfaces; what else
//! it would forward for that reason is dropped here.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use beffroi_tunnel::firewall::words::{Family, Own, field, is, is_known_connection, meta, set, text};
use ipnet::{IpNet, Ipv4Net};
use nftables::expr::{Expression, MetaKey, NamedExpression, RT, RTKey, TcpOption};
use nftables::schema::{NfListObject, Nftables, Rule, Set, SetType, SetTypeValue};
use nftables::stmt::{Mangle, Match, NAT, NATFamily, Operator, Statement};
use nftables::types::{NfChainType, NfFamily, NfHook};
use serde_json::Value;

use super::place::Place;
use super::{DNS, HTTP};

pub(super) const TABLE: Own = Own("beffroi_agent");
/// Of the interfaces of which packets are forwarded because of us: this is where a later start finds them.
const LENT: &str = "lent";
/// Where the kernel's own list puts such chains (nft(8), "Standard priority names").
const DESTINATION: i32 = -100;
const SOURCE: i32 = 100;

/// What is told of the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Way {
    /// Name of the tunnel's interface.
    pub(super) tunnel: String,
    /// This machine's address in it, and the gateway's.
    pub(super) own: Ipv4Addr,
    pub(super) gateway: Ipv4Addr,
    pub(super) ports: BTreeSet<u16>,
}

/// A place, and the ports at which this program listens there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entrance {
    pub(super) place: Place,
    pub(super) names_udp: u16,
    pub(super) names_tcp: u16,
    pub(super) page: u16,
}

pub(super) fn ruleset(way: &Way, entrances: &[Entrance], lent: &BTreeSet<String>) -> Nftables<'static> {
    let mut batch = TABLE.anew();
    batch.add(NfListObject::Set(Box::new(interfaces(lent))));
    for (name, kind, hook, priority) in [
        ("arriving", NfChainType::NAT, NfHook::Prerouting, DESTINATION),
        ("passing", NfChainType::Filter, NfHook::Forward, 0),
        ("leaving", NfChainType::NAT, NfHook::Postrouting, SOURCE),
    ] {
        batch.add(NfListObject::Chain(TABLE.base_chain(name, kind, hook, priority)));
    }
    let arriving = entrances.iter().flat_map(|entrance| arriving(way, entrance));
    let leaving = entrances.iter().map(|entrance| leaving(way, &entrance.place));
    for rule in arriving.chain(passing(way, entrances)).chain(leaving) {
        batch.add(NfListObject::Rule(rule));
    }
    batch.to_nftables()
}

/// The interfaces of which packets are forwarded because of us, in the table as `nft` lists it.
pub(super) fn lent(listed: &Value) -> BTreeSet<String> {
    let objects = listed["nftables"].as_array().map(Vec::as_slice).unwrap_or_default();
    let sets = objects.iter().filter_map(|object| object.get("set"));
    let names = sets.filter(|set| set["name"] == LENT).filter_map(|set| set["elem"].as_array());
    names.flatten().filter_map(|name| name.as_str().map(str::to_owned)).collect()
}

fn interfaces(lent: &BTreeSet<String>) -> Set<'static> {
    let names: Vec<_> = lent.iter().map(|name| text(name)).collect();
    Set {
        family: NfFamily::INet,
        table: TABLE.0.into(),
        name: LENT.into(),
        set_type: SetTypeValue::Single(SetType::Ifname),
        elem: (!names.is_empty()).then_some(names.into()),
        ..Set::default()
    }
}

fn arriving(way: &Way, entrance: &Entrance) -> Vec<Rule<'static>> {
    let Entrance { place, names_udp, names_tcp, page } = entrance;
    let to = |comment, whom: &BTreeSet<Ipv4Net>, protocol, ports: &BTreeSet<u16>, address, port| {
        let mut words = from(place, whom);
        words.push(is(Family::V4.field("daddr"), text(&place.address.to_string())));
        words.push(is(field(protocol, "dport"), numbers(ports)));
        words.push(Statement::DNAT(Some(translated(address, port))));
        TABLE.rule("arriving", comment, words)
    };
    let own = |comment, whom, protocol, port, at| {
        to(comment, whom, protocol, &BTreeSet::from([port]), place.address, Some(at))
    };
    let near = BTreeSet::from([place.network]);
    vec![
        to("to the gateway", &place.hosts, "tcp", &way.ports, way.gateway, None),
        own("names", &place.hosts, "udp", DNS, *names_udp),
        own("names", &place.hosts, "tcp", DNS, *names_tcp),
        own("the page that says how, which everyone may read", &near, "tcp", HTTP, *page),
    ]
}

fn passing(way: &Way, entrances: &[Entrance]) -> Vec<Rule<'static>> {
    let [into, out_of] = [MetaKey::Oifname, MetaKey::Iifname].map(|key| is(meta(key), text(&way.tunnel)));
    let short = |way: &Statement<'static>| {
        let words = vec![way.clone(), begins_connection(), as_long_as_the_way()];
        TABLE.rule("passing", "packets as long as the tunnel carries", words)
    };
    let mut rules = vec![short(&into), short(&out_of)];
    rules.extend(entrances.iter().map(|entrance| {
        let mut words = vec![into.clone()];
        words.extend(from(&entrance.place, &entrance.place.hosts));
        words.push(is(Family::V4.field("daddr"), text(&way.gateway.to_string())));
        words.push(is(field("tcp", "dport"), numbers(&way.ports)));
        TABLE.accepting("passing", "who is let in reaches the gateway's ports", words)
    }));
    let from_gateway = is(Family::V4.field("saddr"), text(&way.gateway.to_string()));
    let answers = vec![out_of.clone(), from_gateway, is_known_connection()];
    rules.extend([
        TABLE.accepting("passing", "and is answered", answers),
        TABLE.dropping("passing", "nothing else goes through the tunnel", vec![into]),
        TABLE.dropping("passing", "and the gateway reaches nobody here", vec![out_of]),
        TABLE.dropping(
            "passing",
            "this machine is no router",
            vec![is(meta(MetaKey::Iifname), text("@lent"))],
        ),
    ]);
    rules
}

fn leaving(way: &Way, place: &Place) -> Rule<'static> {
    let words = vec![
        is(meta(MetaKey::Oifname), text(&way.tunnel)),
        is(Family::V4.field("saddr"), networks(&place.hosts)),
        Statement::SNAT(Some(translated(way.own, None))),
    ];
    TABLE.rule("leaving", "to the gateway they are this machine", words)
}

fn from(place: &Place, whom: &BTreeSet<Ipv4Net>) -> Vec<Statement<'static>> {
    vec![is(meta(MetaKey::Iifname), text(&place.interface)), is(Family::V4.field("saddr"), networks(whom))]
}

fn networks(networks: &BTreeSet<Ipv4Net>) -> Expression<'static> {
    let networks = networks.iter().copied().map(IpNet::V4).collect();
    Family::V4.set(&networks).expect("a place lets somebody in")
}

fn numbers(ports: &BTreeSet<u16>) -> Expression<'static> {
    let ports = ports.iter().map(|port| Expression::Number(u32::from(*port))).collect();
    set(ports).expect("nothing is wanted without ports")
}

fn translated(address: Ipv4Addr, port: Option<u16>) -> NAT<'static> {
    NAT {
        addr: Some(text(&address.to_string())),
        family: Some(NATFamily::IP),
        port: port.map(|port| Expression::Number(u32::from(port))),
        flags: None,
    }
}

/// A SYN, in either direction.
fn begins_connection() -> Statement<'static> {
    Statement::Match(Match { left: field("tcp", "flags"), right: text("syn"), op: Operator::IN })
}

/// The largest segment that either end may send, by the routes to both (as `rt mtu` in nft(8)).
fn as_long_as_the_way() -> Statement<'static> {
    let option = TcpOption { name: "maxseg".into(), field: Some("size".into()) };
    Statement::Mangle(Mangle {
        key: Expression::Named(NamedExpression::TcpOption(option)),
        value: Expression::Named(NamedExpression::RT(RT { key: RTKey::MTU, family: None })),
    })
}

#[cfg(test)]
mod tests {
    use beffroi_tunnel::firewall::brief;

    use super::*;

    fn entrance(interface: &str, address: &str, hosts: &[&str]) -> Entrance {
        let net: Ipv4Net = address.parse().expect("a network");
        let hosts = hosts.iter().map(|net| net.parse().expect("a network")).collect();
        let place = Place { interface: interface.into(), address: net.addr(), network: net.trunc(), hosts };
        Entrance { place, names_udp: 40053, names_tcp: 40054, page: 40080 }
    }

    fn way() -> Way {
        Way {
            tunnel: "beffroi".into(),
            own: [10, 66, 1, 0].into(),
            gateway: [10, 66, 0, 1].into(),
            ports: BTreeSet::from([443]),
        }
    }

    fn check(entrances: &[Entrance], expected: &[&str]) {
        assert_eq!(brief(&ruleset(&way(), entrances, &BTreeSet::new())), expected);
    }

    const SHORT: [&str; 2] = [
        "passing: oifname beffroi tcp flags syn tcp option maxseg size set rt mtu",
        "passing: iifname beffroi tcp flags syn tcp option maxseg size set rt mtu",
    ];
    const REST: [&str; 4] = [
        "passing: iifname beffroi ip saddr 10.66.0.1 state established,related accept",
        "passing: oifname beffroi counter drop",
        "passing: iifname beffroi counter drop",
        "passing: iifname @lent counter drop",
    ];

    #[test]
    fn an_empty_list_denies() {
        check(&[], &[SHORT.as_slice(), &REST].concat());
    }

    #[test]
    fn the_chosen_ones_reach_the_gateway_and_nothing_else() {
        let hosts = ["192.168.1.20/32", "192.168.1.30/31"];
        let arriving = [
            "arriving: iifname eth0 ip saddr {192.168.1.20/32,192.168.1.30/31} ip daddr 192.168.1.5 tcp dport {443} dnat 10.66.0.1",
            "arriving: iifname eth0 ip saddr {192.168.1.20/32,192.168.1.30/31} ip daddr 192.168.1.5 udp dport {53} dnat 192.168.1.5:40053",
            "arriving: iifname eth0 ip saddr {192.168.1.20/32,192.168.1.30/31} ip daddr 192.168.1.5 tcp dport {53} dnat 192.168.1.5:40054",
            "arriving: iifname eth0 ip saddr {192.168.1.0/24} ip daddr 192.168.1.5 tcp dport {80} dnat 192.168.1.5:40080",
        ];
        let passing = [
            "passing: oifname beffroi iifname eth0 ip saddr {192.168.1.20/32,192.168.1.30/31} ip daddr 10.66.0.1 tcp dport {443} accept",
        ];
        let leaving = ["leaving: oifname beffroi ip saddr {192.168.1.20/32,192.168.1.30/31} snat 10.66.1.0"];
        let expected = [arriving.as_slice(), &SHORT, &passing, &REST, &leaving].concat();
        check(&[entrance("eth0", "192.168.1.5/24", &hosts)], &expected);
    }

    #[test]
    fn what_was_lent_is_found_again() {
        let listed = serde_json::json!({"nftables": [
            {"table": {"family": "inet", "name": "beffroi_agent"}},
            {"set": {"name": "other", "elem": ["wlan0"]}},
            {"set": {"name": "lent", "type": "ifname", "elem": ["beffroi", "eth0"]}},
        ]});
        assert_eq!(lent(&listed), BTreeSet::from(["beffroi".to_owned(), "eth0".to_owned()]));
        assert_eq!(lent(&serde_json::json!({"nftables": [{"set": {"name": "lent"}}]})), BTreeSet::new());
        assert_eq!(lent(&serde_json::json!(null)), BTreeSet::new());
    }
}
