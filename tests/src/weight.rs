//! What a visit of a page weighs on the line: what TCP carries inside the tunnel, in both directions, for the page and
//! all that it needs, TLS and the browser's own habits included. What is sent twice because the machine under test is
//! busy counts once.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use anyhow::Result;

use crate::browser::Browser;
use crate::capture::{Capture, Packet, Protocol};
use crate::node::Node;
use crate::wait::until;

/// In bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weight {
    pub carried: usize,
    /// The same with the headers of TCP and IP.
    pub packets: usize,
}

/// Visits `url` on a machine that has joined, with whatever the browser kept of earlier visits.
pub fn weigh(node: &Node, browser: &Browser, url: &str) -> Result<Weight> {
    browser.visit("about:blank")?;
    let capture = node.capture("beffroi")?;
    browser.visit(url)?;
    quiet(&capture)?;
    let passed: Vec<Packet> = capture.end()?.into_iter().filter(is_web).collect();
    let full = passed.iter().filter(|packet| packet.payload > 0);
    let carried: BTreeMap<_, usize> =
        full.map(|packet| ((ports(packet), packet.sequence), packet.payload)).collect();
    Ok(Weight { carried: carried.values().sum(), packets: passed.iter().map(|packet| packet.length).sum() })
}

fn is_web(packet: &Packet) -> bool {
    ports(packet).is_some_and(|(from, to)| from == 443 || to == 443)
}

/// From, and to.
fn ports(packet: &Packet) -> Option<(u16, u16)> {
    match packet.protocol {
        Protocol::Tcp { from, to } => Some((from, to)),
        _ => None,
    }
}

/// Waits until the page has been fetched: its last packet is a second old.
fn quiet(capture: &Capture) -> Result<()> {
    until("the line is quiet", Duration::from_secs(20), || {
        let packets = capture.packets();
        let last = packets.iter().rev().find(|packet| is_web(packet)).map(|packet| packet.at);
        let age = last.and_then(|at| SystemTime::now().duration_since(at).ok());
        Ok(age.is_some_and(|age| age >= Duration::from_secs(1)))
    })?;
    Ok(())
}
