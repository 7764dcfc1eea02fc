//! One nftables table of our own, `inet beffroi`: written whole in one transaction, and only when it
//! is not as it should be. What else the machine's firewall does is its own business: a packet passes
//! when every table lets it pass.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use nftables::batch::Batch;
use nftables::expr::{
    CT, Expression, Meta, MetaKey, NamedExpression, Payload, PayloadField, Prefix, SetItem,
};
use nftables::helper::{self, NftablesError};
use nftables::schema::{Chain, NfListObject, Nftables, Rule, Table};
use nftables::stmt::{Counter, JumpTarget, Match, Operator, Statement};
use nftables::types::{NfChainPolicy, NfChainType, NfFamily, NfHook};
use serde_json::Value;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::{Firewall, Port};

const TABLE: &str = "beffroi";
/// Where everything goes that comes out of the tunnel.
const TUNNEL: &str = "tunnel";
/// `nft` takes some 12 ms.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot run nft (Debian package nftables)")]
    Start(#[source] std::io::Error),
    #[error("nft refused: {0}")]
    Refused(String),
    #[error("nft did not end within {} s", PATIENCE.as_secs())]
    Silent,
}

/// The table in the kernel, and what of it was last seen to be right.
#[derive(Debug, Default)]
pub(crate) struct FirewallTable {
    written: Option<Written>,
}

#[derive(Debug)]
struct Written {
    ruleset: Nftables<'static>,
    /// As `nft` lists it back.
    listed: Option<Value>,
}

/// Whether there was something to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Written,
    AsWanted,
}

impl FirewallTable {
    /// Writes the table unless it stands in the kernel as it was last written.
    pub(crate) async fn settle(&mut self, wanted: Nftables<'static>) -> Result<Outcome, Error> {
        if let Some(written) = &self.written
            && written.ruleset == wanted
            && written.listed.is_some()
            && written.listed == listed().await?
        {
            return Ok(Outcome::AsWanted);
        }
        self.written = None;
        let ruleset = wanted.clone();
        nft(move || helper::apply_ruleset(&ruleset)).await?;
        self.written = Some(Written { ruleset: wanted, listed: listed().await? });
        Ok(Outcome::Written)
    }
}

/// The whole table, in one transaction.
pub(crate) fn ruleset(
    firewall: &Firewall,
    interface: &str,
    addresses: &BTreeSet<IpNet>,
) -> Nftables<'static> {
    let mut batch = Batch::new();
    // Adding before deleting: the table may or may not be there.
    batch.add(NfListObject::Table(table()));
    batch.delete(NfListObject::Table(table()));
    batch.add(NfListObject::Table(table()));
    for chain in [base_chain("input", NfHook::Input), base_chain("forward", NfHook::Forward), chain(TUNNEL)] {
        batch.add(NfListObject::Chain(chain));
    }
    let own: BTreeSet<IpNet> = addresses.iter().map(|net| IpNet::from(net.addr())).collect();
    let rules = [input(firewall, interface, &own), forward(interface), tunnel(firewall, &own)];
    for rule in rules.into_iter().flatten() {
        batch.add(NfListObject::Rule(rule));
    }
    batch.to_nftables()
}

fn input(firewall: &Firewall, interface: &str, own: &BTreeSet<IpNet>) -> Vec<Rule<'static>> {
    let jump = Statement::Jump(JumpTarget { target: TUNNEL.into() });
    let mut rules = vec![rule(
        "input",
        "what comes out of the tunnel",
        vec![is(meta(MetaKey::Iifname), text(interface)), jump],
    )];
    let inside: BTreeSet<IpNet> = firewall
        .machines
        .iter()
        .copied()
        .chain(firewall.invited.iter().map(|invited| invited.network))
        .collect();
    for family in [Family::V4, Family::V6] {
        if let Some(own) = family.set(own) {
            let matches = vec![is_not_from(interface), is(family.field("daddr"), own)];
            rules.push(dropping(
                "input",
                "our tunnel addresses are reached through the tunnel only",
                matches,
            ));
        }
        if let Some(inside) = family.set(&inside) {
            let matches = vec![is_not_from(interface), is(family.field("saddr"), inside)];
            rules.push(dropping("input", "nobody outside of the tunnel has a tunnel address", matches));
        }
    }
    rules
}

fn forward(interface: &str) -> Vec<Rule<'static>> {
    let comment = "a machine reaches the gateway, and nothing behind it";
    [MetaKey::Iifname, MetaKey::Oifname]
        .into_iter()
        .map(|key| dropping("forward", comment, vec![is(meta(key), text(interface))]))
        .collect()
}

fn tunnel(firewall: &Firewall, own: &BTreeSet<IpNet>) -> Vec<Rule<'static>> {
    let state = Expression::Named(NamedExpression::CT(CT { key: "state".into(), family: None, dir: None }));
    let known = Expression::List(vec![text("established"), text("related")]);
    let answers = Statement::Match(Match { left: state, right: known, op: Operator::IN });
    let mut rules =
        vec![rule(TUNNEL, "answers to what the gateway began", vec![answers, Statement::Accept(None)])];
    for family in [Family::V4, Family::V6] {
        if let Some(own) = family.set(own) {
            let elsewhere =
                Statement::Match(Match { left: family.field("daddr"), right: own, op: Operator::NEQ });
            rules.push(dropping(
                TUNNEL,
                "our other addresses are not reached through the tunnel",
                vec![elsewhere],
            ));
        }
        if let Some(machines) = family.set(&firewall.machines) {
            rules.push(accepting(
                "machines may ping",
                vec![
                    is(family.field("saddr"), machines.clone()),
                    is(field(family.icmp(), "type"), text("echo-request")),
                ],
            ));
            for (protocol, ports) in ports_by_protocol(&firewall.machine_ports) {
                rules.push(accepting(
                    "what machines may reach",
                    vec![is(family.field("saddr"), machines.clone()), is(field(protocol, "dport"), ports)],
                ));
            }
        }
        if let Some(invited) = &firewall.invited
            && let Some(network) = family.set(&BTreeSet::from([invited.network]))
        {
            for (protocol, port) in ports_by_protocol(&BTreeSet::from([invited.port])) {
                rules.push(accepting(
                    "invited machines may enrol",
                    vec![is(family.field("saddr"), network.clone()), is(field(protocol, "dport"), port)],
                ));
            }
        }
    }
    rules.push(dropping(TUNNEL, "everything else from the tunnel", Vec::new()));
    rules
}

#[derive(Clone, Copy)]
enum Family {
    V4,
    V6,
}

impl Family {
    /// A header field of this family, such as `ip saddr`.
    fn field(self, name: &'static str) -> Expression<'static> {
        match self {
            Self::V4 => field("ip", name),
            Self::V6 => field("ip6", name),
        }
    }

    fn icmp(self) -> &'static str {
        match self {
            Self::V4 => "icmp",
            Self::V6 => "icmpv6",
        }
    }

    /// The networks of this family; `None` when there are none, and no rule is to be made.
    fn set(self, networks: &BTreeSet<IpNet>) -> Option<Expression<'static>> {
        let ours = networks.iter().filter(|net| {
            matches!((self, net.addr()), (Self::V4, IpAddr::V4(_)) | (Self::V6, IpAddr::V6(_)))
        });
        let merged = IpNet::aggregate(&ours.copied().collect());
        set(merged.iter().map(network).collect())
    }
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

fn table() -> Table<'static> {
    Table { family: NfFamily::INet, name: TABLE.into(), handle: None }
}

fn chain(name: &'static str) -> Chain<'static> {
    Chain { family: NfFamily::INet, table: TABLE.into(), name: name.into(), ..Chain::default() }
}

fn base_chain(name: &'static str, hook: NfHook) -> Chain<'static> {
    Chain {
        _type: Some(NfChainType::Filter),
        hook: Some(hook),
        prio: Some(0),
        policy: Some(NfChainPolicy::Accept),
        ..chain(name)
    }
}

fn rule(chain: &'static str, comment: &'static str, expr: Vec<Statement<'static>>) -> Rule<'static> {
    Rule {
        family: NfFamily::INet,
        table: TABLE.into(),
        chain: chain.into(),
        expr: Cow::Owned(expr),
        comment: Some(comment.into()),
        ..Rule::default()
    }
}

fn accepting(comment: &'static str, mut expr: Vec<Statement<'static>>) -> Rule<'static> {
    expr.push(Statement::Accept(None));
    rule(TUNNEL, comment, expr)
}

fn dropping(chain: &'static str, comment: &'static str, mut expr: Vec<Statement<'static>>) -> Rule<'static> {
    expr.extend([Statement::Counter(Counter::Anonymous(None)), Statement::Drop(None)]);
    rule(chain, comment, expr)
}

fn is(left: Expression<'static>, right: Expression<'static>) -> Statement<'static> {
    Statement::Match(Match { left, right, op: Operator::EQ })
}

fn is_not_from(interface: &str) -> Statement<'static> {
    let names = [interface, "lo"].map(|name| SetItem::Element(text(name)));
    let right = Expression::Named(NamedExpression::Set(names.into()));
    Statement::Match(Match { left: meta(MetaKey::Iifname), right, op: Operator::NEQ })
}

fn meta(key: MetaKey) -> Expression<'static> {
    Expression::Named(NamedExpression::Meta(Meta { key }))
}

fn field(protocol: &'static str, name: &'static str) -> Expression<'static> {
    let field = PayloadField { protocol: protocol.into(), field: name.into() };
    Expression::Named(NamedExpression::Payload(Payload::PayloadField(field)))
}

fn text(text: &str) -> Expression<'static> {
    Expression::String(Cow::Owned(text.to_owned()))
}

fn network(network: &IpNet) -> Expression<'static> {
    let addr = Box::new(text(&network.network().to_string()));
    Expression::Named(NamedExpression::Prefix(Prefix { addr, len: u32::from(network.prefix_len()) }))
}

fn set(elements: Vec<Expression<'static>>) -> Option<Expression<'static>> {
    let items: Vec<_> = elements.into_iter().map(SetItem::Element).collect();
    (!items.is_empty()).then_some(Expression::Named(NamedExpression::Set(items)))
}

/// The table as `nft` lists it, without what changes by itself; `None` when it is not there.
async fn listed() -> Result<Option<Value>, Error> {
    let list = || helper::get_current_ruleset_raw(helper::DEFAULT_NFT, ["list", "table", "inet", TABLE]);
    match nft(list).await {
        Ok(json) => Ok(serde_json::from_str(&json).ok().map(without_counts)),
        Err(Error::Refused(said)) if said.contains("No such file or directory") => Ok(None),
        Err(error) => Err(error),
    }
}

/// Counters count, and handles are drawn anew each time that a table is written.
fn without_counts(listed: Value) -> Value {
    match listed {
        Value::Array(items) => items.into_iter().map(without_counts).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(name, _)| !["handle", "packets", "bytes", "metainfo"].contains(&name.as_str()))
            .map(|(name, value)| (name, without_counts(value)))
            .collect(),
        plain => plain,
    }
}

async fn nft<T: Send + 'static>(
    call: impl FnOnce() -> Result<T, NftablesError> + Send + 'static,
) -> Result<T, Error> {
    let ended = timeout(PATIENCE, spawn_blocking(call)).await.map_err(|_| Error::Silent)?;
    match ended {
        Ok(done) => done.map_err(|error| match error {
            NftablesError::NftExecution { inner, .. } => Error::Start(inner),
            NftablesError::NftFailed { stderr, .. } => Error::Refused(stderr.trim().to_owned()),
            other => Error::Refused(other.to_string()),
        }),
        Err(panicked) => Err(Error::Refused(panicked.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netd::Invited;

    fn nets<const N: usize>(texts: [&str; N]) -> BTreeSet<IpNet> {
        texts.into_iter().map(|text| text.parse().expect("a network")).collect()
    }

    /// Each rule as `chain: statements in brief`, for reading.
    fn rules(firewall: &Firewall) -> Vec<String> {
        let addresses = nets(["10.66.0.1/16", "fd66::1/64", "198.18.0.1/15"]);
        let json = serde_json::to_value(ruleset(firewall, "beffroi", &addresses)).expect("plain data");
        let commands = json["nftables"].as_array().expect("a list of commands");
        commands.iter().filter_map(|command| command["add"].get("rule")).map(brief).collect()
    }

    fn brief(rule: &Value) -> String {
        let words: Vec<_> = rule["expr"].as_array().expect("a list").iter().map(statement).collect();
        format!("{}: {}", rule["chain"].as_str().expect("a name"), words.join(" "))
    }

    fn statement(statement: &Value) -> String {
        let Some(matching) = statement.get("match") else {
            let name = statement.as_object().and_then(|fields| fields.keys().next()).expect("one key");
            return name.clone();
        };
        let left = &matching["left"];
        let left = match (&left["meta"]["key"], &left["payload"], &left["ct"]["key"]) {
            (Value::String(key), ..) | (_, _, Value::String(key)) => key.clone(),
            (_, field, _) => format!("{} {}", word(&field["protocol"]), word(&field["field"])),
        };
        let op = if matching["op"] == "!=" { "not " } else { "" };
        format!("{left} {op}{}", word(&matching["right"]))
    }

    fn word(value: &Value) -> String {
        match value {
            Value::String(text) => text.clone(),
            Value::Array(items) => items.iter().map(word).collect::<Vec<_>>().join(","),
            Value::Object(fields) => match (fields.get("prefix"), fields.get("set")) {
                (Some(prefix), _) => format!("{}/{}", word(&prefix["addr"]), prefix["len"]),
                (_, Some(set)) => format!("{{{}}}", word(set)),
                _ => value.to_string(),
            },
            other => other.to_string(),
        }
    }

    const ALWAYS: [&str; 8] = [
        "input: iifname beffroi jump",
        "input: iifname not {beffroi,lo} ip daddr {10.66.0.1/32,198.18.0.1/32} counter drop",
        "input: iifname not {beffroi,lo} ip6 daddr {fd66::1/128} counter drop",
        "forward: iifname beffroi counter drop",
        "forward: oifname beffroi counter drop",
        "tunnel: state established,related accept",
        "tunnel: ip daddr not {10.66.0.1/32,198.18.0.1/32} counter drop",
        "tunnel: ip6 daddr not {fd66::1/128} counter drop",
    ];
    const LAST: &str = "tunnel: counter drop";

    #[test]
    fn an_empty_list_denies() {
        let expected: Vec<_> = ALWAYS.into_iter().chain([LAST]).collect();
        assert_eq!(rules(&Firewall::default()), expected);
        let ports_alone = Firewall { machine_ports: BTreeSet::from([Port::Tcp(443)]), ..Firewall::default() };
        assert_eq!(rules(&ports_alone), expected);
    }

    #[test]
    fn machines_reach_the_listed_ports_and_invited_ones_the_enrolment_port() {
        let firewall = Firewall {
            machines: nets(["10.66.0.0/16", "fd66::/64"]),
            machine_ports: BTreeSet::from([Port::Tcp(443), Port::Tcp(8443), Port::Udp(4711)]),
            invited: Some(Invited {
                network: "198.18.0.0/15".parse().expect("a network"),
                port: Port::Tcp(4710),
            }),
        };
        assert_eq!(
            rules(&firewall),
            [
                ALWAYS[0],
                ALWAYS[1],
                "input: iifname not {beffroi,lo} ip saddr {10.66.0.0/16,198.18.0.0/15} counter drop",
                ALWAYS[2],
                "input: iifname not {beffroi,lo} ip6 saddr {fd66::/64} counter drop",
                ALWAYS[3],
                ALWAYS[4],
                ALWAYS[5],
                ALWAYS[6],
                "tunnel: ip saddr {10.66.0.0/16} icmp type echo-request accept",
                "tunnel: ip saddr {10.66.0.0/16} tcp dport {443,8443} accept",
                "tunnel: ip saddr {10.66.0.0/16} udp dport {4711} accept",
                "tunnel: ip saddr {198.18.0.0/15} tcp dport {4710} accept",
                ALWAYS[7],
                "tunnel: ip6 saddr {fd66::/64} icmpv6 type echo-request accept",
                "tunnel: ip6 saddr {fd66::/64} tcp dport {443,8443} accept",
                "tunnel: ip6 saddr {fd66::/64} udp dport {4711} accept",
                LAST,
            ]
        );
    }

    #[test]
    fn networks_that_overlap_are_written_once() {
        let firewall = Firewall { machines: nets(["10.66.0.0/16", "10.66.1.0/24"]), ..Firewall::default() };
        assert!(
            rules(&firewall)
                .contains(&"tunnel: ip saddr {10.66.0.0/16} icmp type echo-request accept".to_owned())
        );
    }

    #[test]
    fn what_changes_by_itself_is_not_compared() {
        let listed = |handle, packets| {
            serde_json::json!({"nftables": [
                {"metainfo": {"version": "1.0.6"}},
                {"rule": {"handle": handle, "expr": [{"counter": {"packets": packets, "bytes": 9}}, {"drop": null}]}},
            ]})
        };
        assert_eq!(without_counts(listed(1, 2)), without_counts(listed(7, 8)));
        assert_ne!(without_counts(listed(1, 2)), without_counts(serde_json::json!({"nftables": []})));
    }
}
