//! What is wrong, from what is known: pure. Facts go in, findings come out, the one that explains the others
//! first. How facts are found is [`collect`]'s business; what people read is in [`Finding`].

pub(crate) mod check;
mod collect;
mod examination;
mod finding;
mod knock;
pub(crate) mod memory;
mod surroundings;
mod telling;
#[cfg(test)]
mod tests;
mod web;

use std::net::IpAddr;
use std::time::Duration;

use beffroi_protocol::diagnosis::Cause;
use beffroi_protocol::quality::Quality;
use ipnet::IpNet;
use serde::Serialize;

pub(crate) use collect::{Question, collect};
pub(crate) use examination::{Examination, Sight};
pub(crate) use finding::{Finding, Told};
pub(crate) use surroundings::{Surroundings, network, surroundings};

/// A clock that is off by less is right, in seconds: nothing that depends on it fails.
const CLOCK_RIGHT: i64 = 300;
/// WireGuard refuses a handshake that is older than the last one: here much less is felt already.
const CLOCK_BEHIND: i64 = 60;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Facts {
    pub(crate) service: Service,
    /// Of the tunnel.
    pub(crate) interface: Interface,
    pub(crate) surroundings: Surroundings,
    pub(crate) inside: Inside,
    pub(crate) name: Name,
    pub(crate) way: Way,
    pub(crate) web: Web,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Service {
    Running,
    Stopped,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Interface {
    OursOrNone,
    SomeoneElses,
}

/// What only the daemon knows, for it is at the end of the tunnel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Inside {
    /// No recovery is under way: the last probes were answered.
    pub(crate) is_answering: bool,
    /// It does not, and something comes through the tunnel all the same.
    pub(crate) is_heard: bool,
    pub(crate) last_answer: Option<Duration>,
    /// How long ago the last handshake was.
    pub(crate) handshake: Option<Duration>,
    /// By how many seconds this machine's clock is ahead of the gateway's.
    pub(crate) clock: Option<i64>,
    /// The gateway has said farewell.
    pub(crate) is_revoked: bool,
    /// The link has been up on this very network.
    pub(crate) is_known_network: bool,
    pub(crate) quality: Option<Quality>,
    /// The longest packet that passes on a narrow line, in bytes.
    pub(crate) longest: Option<u16>,
    /// This machine's addresses in the tunnel, and the gateway's.
    pub(crate) addresses: Vec<IpNet>,
    pub(crate) gateway: Vec<IpAddr>,
    /// What the gateway is called outside.
    pub(crate) endpoint: String,
}

/// Whether the gateway's name leads anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Name {
    Unasked,
    Found,
    NotFound,
}

/// What a knock at the gateway's port has brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Way {
    Unasked,
    /// This machine has no route to that address.
    NoRoute,
    /// As from a gateway that answers no stranger, or from a wall.
    Silent,
    /// The machine there says that nothing listens.
    Refused,
    /// A router says that the machine is not there.
    Unreachable,
}

/// What a small request to the check address has brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Web {
    Unasked,
    Open {
        /// By how many seconds this machine's clock is ahead of the one there.
        clock: Option<i64>,
    },
    /// Somebody else answered.
    Captive {
        /// The host to which one is sent.
        to: Option<String>,
    },
    /// Whoever answered is out of order, which says nothing of the line.
    Unclear,
    NoName,
    Silent,
}

impl Web {
    fn clock(&self) -> Option<i64> {
        match self {
            Self::Open { clock } => *clock,
            _ => None,
        }
    }
}

/// What is wrong, the cause of it all first. Empty when nothing is.
pub(crate) fn diagnose(facts: &Facts) -> Vec<Finding> {
    let cut = if facts.inside.is_answering { None } else { Some(cut(facts)) };
    let notes = [stopped(facts), clock(facts), overlap(facts), quality(facts), narrow(facts)];
    let mut findings: Vec<Finding> = Vec::new();
    for finding in cut.into_iter().chain(notes.into_iter().flatten()) {
        if findings.iter().all(|found| found.cause != finding.cause) {
            findings.push(finding);
        }
    }
    findings
}

/// Why the gateway does not answer: from the nearest to the farthest, because what is near hides what is
/// far.
fn cut(facts: &Facts) -> Finding {
    here(facts)
        .or_else(|| stopped(facts))
        .or_else(|| names(facts))
        .or_else(|| said(facts))
        .or_else(|| behind(facts))
        .or_else(|| line(facts))
        .or_else(|| overlap(facts))
        .unwrap_or_else(|| silence(facts))
}

/// This machine and its local network.
fn here(facts: &Facts) -> Option<Finding> {
    let Surroundings { has_link, has_route, addresses, .. } = &facts.surroundings;
    let is_lost = facts.way == Way::NoRoute || (facts.way == Way::Unasked && !has_route);
    if facts.interface == Interface::SomeoneElses {
        Some(Finding::new(Cause::InterfaceTaken))
    } else if !has_link {
        Some(Finding::new(Cause::NoLink))
    } else if addresses.is_empty() {
        Some(Finding::new(Cause::NoAddress))
    } else if is_lost {
        Some(Finding::new(Cause::NoRoute))
    } else if let Web::Captive { to } = &facts.web {
        Some(Finding::new(Cause::Captive).about(to.clone().unwrap_or_default()))
    } else {
        None
    }
}

fn stopped(facts: &Facts) -> Option<Finding> {
    (facts.service == Service::Stopped).then(|| Finding::new(Cause::ServiceStopped))
}

fn names(facts: &Facts) -> Option<Finding> {
    let cause = match (facts.name, &facts.web) {
        (Name::Unasked | Name::Found, _) => return None,
        (Name::NotFound, Web::NoName) => Cause::NoNames,
        (Name::NotFound, Web::Silent) => Cause::NoInternet,
        (Name::NotFound, _) => Cause::NameUnknown,
    };
    Some(Finding::new(cause).about(&facts.inside.endpoint))
}

/// What the gateway itself, or its machine, has said.
fn said(facts: &Facts) -> Option<Finding> {
    let Inside { handshake, last_answer, is_revoked, is_heard, endpoint, .. } = &facts.inside;
    let is_shaken = handshake.is_some_and(|age| last_answer.is_none_or(|silent| age < silent));
    let cause = if *is_revoked {
        Cause::Revoked
    } else if is_shaken || *is_heard {
        Cause::GatewayProgramStopped
    } else if facts.way == Way::Refused {
        Cause::GatewayStopped
    } else {
        return None;
    };
    Some(Finding::new(cause).about(endpoint))
}

fn behind(facts: &Facts) -> Option<Finding> {
    let off = facts.inside.clock.or(facts.web.clock())?;
    (off <= -CLOCK_BEHIND).then(|| Finding::new(Cause::ClockBehind).about_time(off))
}

fn line(facts: &Facts) -> Option<Finding> {
    let cause = match (facts.way, &facts.web) {
        (_, Web::Silent | Web::NoName) => Cause::NoInternet,
        (Way::Unreachable, _) => Cause::GatewayUnreachable,
        _ => return None,
    };
    Some(Finding::new(cause).about(&facts.inside.endpoint))
}

/// Nothing has said anything. Where the link has been up before, the network is not what stops it.
fn silence(facts: &Facts) -> Finding {
    let is_open = matches!(facts.web, Web::Open { .. });
    let cause =
        if is_open && !facts.inside.is_known_network { Cause::UdpBlocked } else { Cause::GatewaySilent };
    Finding::new(cause).about(&facts.inside.endpoint)
}

fn clock(facts: &Facts) -> Option<Finding> {
    let off = facts.inside.clock.or(facts.web.clock()).filter(|off| off.abs() >= CLOCK_RIGHT)?;
    let cause = if off < 0 { Cause::ClockBehind } else { Cause::ClockAhead };
    Some(Finding::new(cause).about_time(off))
}

/// Another interface has one of the tunnel's addresses, or takes the gateway for a neighbour.
fn overlap(facts: &Facts) -> Option<Finding> {
    let Inside { addresses, gateway, .. } = &facts.inside;
    let is_taken = |net: &IpNet| {
        addresses.iter().any(|own| own.addr() == net.addr()) || gateway.iter().any(|one| net.contains(one))
    };
    let (interface, network) = facts.surroundings.addresses.iter().find(|(_, net)| is_taken(net))?;
    Some(Finding::new(Cause::Overlap).about(interface).within(*network))
}

fn quality(facts: &Facts) -> Option<Finding> {
    let cause = match facts.inside.quality.filter(|_| facts.inside.is_answering)? {
        Quality::Good => return None,
        Quality::Slow => Cause::Slow,
        Quality::Unsteady => Cause::Unsteady,
        Quality::Lossy => Cause::Lossy,
    };
    Some(Finding::new(cause))
}

fn narrow(facts: &Facts) -> Option<Finding> {
    let longest = facts.inside.longest.filter(|_| facts.inside.is_answering)?;
    Some(Finding::new(Cause::Narrow).about(longest.to_string()))
}
