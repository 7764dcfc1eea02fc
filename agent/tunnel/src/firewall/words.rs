//! The words of nftables that the rules of a table are made of.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;
use nftables::batch::Batch;
use nftables::expr::{
    CT, Expression, Meta, MetaKey, NamedExpression, Payload, PayloadField, Prefix, SetItem,
};
use nftables::schema::{Chain, NfListObject, Rule, Table};
use nftables::stmt::{Counter, JumpTarget, Match, Operator, Statement};
use nftables::types::{NfChainPolicy, NfChainType, NfFamily, NfHook};

pub const FAMILIES: [Family; 2] = [Family::V4, Family::V6];

#[derive(Clone, Copy)]
pub enum Family {
    V4,
    V6,
}

impl Family {
    /// A header field of this family, such as `ip saddr`.
    pub fn field(self, name: &'static str) -> Expression<'static> {
        match self {
            Self::V4 => field("ip", name),
            Self::V6 => field("ip6", name),
        }
    }

    pub fn icmp(self) -> &'static str {
        match self {
            Self::V4 => "icmp",
            Self::V6 => "icmpv6",
        }
    }

    /// The networks of this family; `None` when there are none, and no rule is to be made.
    pub fn set(self, networks: &BTreeSet<IpNet>) -> Option<Expression<'static>> {
        let ours = networks.iter().filter(|net| {
            matches!((self, net.addr()), (Self::V4, IpAddr::V4(_)) | (Self::V6, IpAddr::V6(_)))
        });
        let merged = IpNet::aggregate(&ours.copied().collect());
        set(merged.iter().map(network).collect())
    }
}

/// The table of one program, by its name. It is of the family inet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Own(pub &'static str);

impl Own {
    /// The beginning of a transaction that writes the table whole: as yet it has nothing in it.
    pub fn anew(self) -> Batch<'static> {
        let mut batch = self.gone();
        batch.add(NfListObject::Table(self.table()));
        batch
    }

    /// A transaction after which there is no such table. Adding before deleting: it may or may not be there.
    pub fn gone(self) -> Batch<'static> {
        let mut batch = Batch::new();
        batch.add(NfListObject::Table(self.table()));
        batch.delete(NfListObject::Table(self.table()));
        batch
    }

    fn table(self) -> Table<'static> {
        Table { family: NfFamily::INet, name: self.0.into(), handle: None }
    }

    pub fn chain(self, name: &'static str) -> Chain<'static> {
        Chain { family: NfFamily::INet, table: self.0.into(), name: name.into(), ..Chain::default() }
    }

    /// A chain that packets pass, and go on from when it says nothing of them.
    pub fn base_chain(
        self,
        name: &'static str,
        kind: NfChainType,
        hook: NfHook,
        priority: i32,
    ) -> Chain<'static> {
        Chain {
            _type: Some(kind),
            hook: Some(hook),
            prio: Some(priority),
            policy: Some(NfChainPolicy::Accept),
            ..self.chain(name)
        }
    }

    pub fn rule(
        self,
        chain: &'static str,
        comment: &'static str,
        expr: Vec<Statement<'static>>,
    ) -> Rule<'static> {
        Rule {
            family: NfFamily::INet,
            table: self.0.into(),
            chain: chain.into(),
            expr: Cow::Owned(expr),
            comment: Some(comment.into()),
            ..Rule::default()
        }
    }

    pub fn accepting(
        self,
        chain: &'static str,
        comment: &'static str,
        mut expr: Vec<Statement<'static>>,
    ) -> Rule<'static> {
        expr.push(Statement::Accept(None));
        self.rule(chain, comment, expr)
    }

    pub fn dropping(
        self,
        chain: &'static str,
        comment: &'static str,
        mut expr: Vec<Statement<'static>>,
    ) -> Rule<'static> {
        expr.extend([Statement::Counter(Counter::Anonymous(None)), Statement::Drop(None)]);
        self.rule(chain, comment, expr)
    }
}

/// Of a connection that is there already, or that one of those is the cause of.
pub fn is_known_connection() -> Statement<'static> {
    let state = Expression::Named(NamedExpression::CT(CT { key: "state".into(), family: None, dir: None }));
    let known = Expression::List(vec![text("established"), text("related")]);
    Statement::Match(Match { left: state, right: known, op: Operator::IN })
}

pub fn is(left: Expression<'static>, right: Expression<'static>) -> Statement<'static> {
    Statement::Match(Match { left, right, op: Operator::EQ })
}

pub fn is_not(left: Expression<'static>, right: Expression<'static>) -> Statement<'static> {
    Statement::Match(Match { left, right, op: Operator::NEQ })
}

pub fn is_not_from(interface: &str) -> Statement<'static> {
    let names = [interface, "lo"].map(|name| SetItem::Element(text(name)));
    is_not(meta(MetaKey::Iifname), Expression::Named(NamedExpression::Set(names.into())))
}

pub fn jump(target: &'static str) -> Statement<'static> {
    Statement::Jump(JumpTarget { target: target.into() })
}

pub fn meta(key: MetaKey) -> Expression<'static> {
    Expression::Named(NamedExpression::Meta(Meta { key }))
}

pub fn field(protocol: &'static str, name: &'static str) -> Expression<'static> {
    let field = PayloadField { protocol: protocol.into(), field: name.into() };
    Expression::Named(NamedExpression::Payload(Payload::PayloadField(field)))
}

pub fn text(text: &str) -> Expression<'static> {
    Expression::String(Cow::Owned(text.to_owned()))
}

pub fn network(network: &IpNet) -> Expression<'static> {
    let addr = Box::new(text(&network.network().to_string()));
    Expression::Named(NamedExpression::Prefix(Prefix { addr, len: u32::from(network.prefix_len()) }))
}

pub fn set(elements: Vec<Expression<'static>>) -> Option<Expression<'static>> {
    let items: Vec<_> = elements.into_iter().map(SetItem::Element).collect();
    (!items.is_empty()).then_some(Expression::Named(NamedExpression::Set(items)))
}
