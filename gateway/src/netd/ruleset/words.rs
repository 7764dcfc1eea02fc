//! The words of nftables that the rules are made of. What they are for is not known here.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;
use nftables::expr::{Expression, Meta, MetaKey, NamedExpression, Payload, PayloadField, Prefix, SetItem};
use nftables::schema::{Chain, Rule, Table};
use nftables::stmt::{Counter, JumpTarget, Match, Operator, Statement};
use nftables::types::{NfChainPolicy, NfChainType, NfFamily, NfHook};

use super::TABLE;
use crate::netd::Port;

pub(super) const FAMILIES: [Family; 2] = [Family::V4, Family::V6];

#[derive(Clone, Copy)]
pub(super) enum Family {
    V4,
    V6,
}

impl Family {
    /// A header field of this family, such as `ip saddr`.
    pub(super) fn field(self, name: &'static str) -> Expression<'static> {
        match self {
            Self::V4 => field("ip", name),
            Self::V6 => field("ip6", name),
        }
    }

    pub(super) fn icmp(self) -> &'static str {
        match self {
            Self::V4 => "icmp",
            Self::V6 => "icmpv6",
        }
    }

    /// The networks of this family; `None` when there are none, and no rule is to be made.
    pub(super) fn set(self, networks: &BTreeSet<IpNet>) -> Option<Expression<'static>> {
        let ours = networks.iter().filter(|net| {
            matches!((self, net.addr()), (Self::V4, IpAddr::V4(_)) | (Self::V6, IpAddr::V6(_)))
        });
        let merged = IpNet::aggregate(&ours.copied().collect());
        set(merged.iter().map(network).collect())
    }
}

pub(super) fn ports_by_protocol(ports: &BTreeSet<Port>) -> Vec<(&'static str, Expression<'static>)> {
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

pub(super) fn table() -> Table<'static> {
    Table { family: NfFamily::INet, name: TABLE.into(), handle: None }
}

pub(super) fn chain(name: &'static str) -> Chain<'static> {
    Chain { family: NfFamily::INet, table: TABLE.into(), name: name.into(), ..Chain::default() }
}

pub(super) fn base_chain(name: &'static str, hook: NfHook) -> Chain<'static> {
    Chain {
        _type: Some(NfChainType::Filter),
        hook: Some(hook),
        prio: Some(0),
        policy: Some(NfChainPolicy::Accept),
        ..chain(name)
    }
}

pub(super) fn rule(
    chain: &'static str,
    comment: &'static str,
    expr: Vec<Statement<'static>>,
) -> Rule<'static> {
    Rule {
        family: NfFamily::INet,
        table: TABLE.into(),
        chain: chain.into(),
        expr: Cow::Owned(expr),
        comment: Some(comment.into()),
        ..Rule::default()
    }
}

pub(super) fn accepting(
    chain: &'static str,
    comment: &'static str,
    mut expr: Vec<Statement<'static>>,
) -> Rule<'static> {
    expr.push(Statement::Accept(None));
    rule(chain, comment, expr)
}

pub(super) fn dropping(
    chain: &'static str,
    comment: &'static str,
    mut expr: Vec<Statement<'static>>,
) -> Rule<'static> {
    expr.extend([Statement::Counter(Counter::Anonymous(None)), Statement::Drop(None)]);
    rule(chain, comment, expr)
}

pub(super) fn is(left: Expression<'static>, right: Expression<'static>) -> Statement<'static> {
    Statement::Match(Match { left, right, op: Operator::EQ })
}

pub(super) fn is_not(left: Expression<'static>, right: Expression<'static>) -> Statement<'static> {
    Statement::Match(Match { left, right, op: Operator::NEQ })
}

pub(super) fn is_not_from(interface: &str) -> Statement<'static> {
    let names = [interface, "lo"].map(|name| SetItem::Element(text(name)));
    is_not(meta(MetaKey::Iifname), Expression::Named(NamedExpression::Set(names.into())))
}

pub(super) fn jump(target: &'static str) -> Statement<'static> {
    Statement::Jump(JumpTarget { target: target.into() })
}

pub(super) fn meta(key: MetaKey) -> Expression<'static> {
    Expression::Named(NamedExpression::Meta(Meta { key }))
}

pub(super) fn field(protocol: &'static str, name: &'static str) -> Expression<'static> {
    let field = PayloadField { protocol: protocol.into(), field: name.into() };
    Expression::Named(NamedExpression::Payload(Payload::PayloadField(field)))
}

pub(super) fn text(text: &str) -> Expression<'static> {
    Expression::String(Cow::Owned(text.to_owned()))
}

pub(super) fn network(network: &IpNet) -> Expression<'static> {
    let addr = Box::new(text(&network.network().to_string()));
    Expression::Named(NamedExpression::Prefix(Prefix { addr, len: u32::from(network.prefix_len()) }))
}

pub(super) fn set(elements: Vec<Expression<'static>>) -> Option<Expression<'static>> {
    let items: Vec<_> = elements.into_iter().map(SetItem::Element).collect();
    (!items.is_empty()).then_some(Expression::Named(NamedExpression::Set(items)))
}
