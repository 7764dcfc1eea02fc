//! The links of a whole communauté, on one machine with everything else.
//!
//! `link.enrol.22`: from the list of the communes until each town hall has fetched the home page.
//! `gateway.rss`: what the gateway program then holds in memory, idle.
//! `link.undisturbed`: town halls of 21 whose session or counters change when the other one is revoked.
//! `link.restart.22`: netd and gateway killed and started: until every idle town hall has shaken hands again.
//! `link.roam`: a machine's address changes: until the next answer to a ping.
//! `link.revoke`: a machine is revoked: until its last packet is let through.

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, ensure};
use beffroi_tests::{Community, Gateway, INSIDE, Packet, Protocol, TownHall, join_all, until};

use crate::report::Figure;

const SOON: Duration = Duration::from_secs(60);
const RUNS: usize = 5;

/// The list of the communes, as a referent has it.
fn communes() -> Vec<&'static str> {
    include_str!("../../../data/communes.csv")
        .lines()
        .skip(1)
        .filter_map(|line| line.split(',').next())
        .collect()
}

pub(crate) fn of_all() -> Result<Vec<Figure>> {
    let mut caux = Community::of([])?;
    let names = communes();
    let mut town_halls: Vec<TownHall> = Vec::new();
    for name in &names {
        town_halls.push(caux.world.town_hall(name)?);
    }

    let start = Instant::now();
    caux.referent.add_communes(&names)?;
    let codes = caux.referent.invite(&names)?;
    join_all(&mut town_halls, &codes)?;
    let enrolled = start.elapsed().as_secs_f64();

    let memory = resident(caux.gateway.program()?.pid())?;
    let disturbed = disturbed_by_revoking(&caux, &town_halls)?;
    let mut restarts = Vec::new();
    for _ in 0..RUNS {
        restarts.push(restart(&mut caux.gateway, &town_halls[1..])?);
    }
    Ok(vec![
        Figure::new("link.enrol.22", "s", vec![enrolled]),
        Figure::new("gateway.rss", "MiB", vec![memory]),
        Figure::new("link.undisturbed", "links", vec![disturbed]),
        Figure::new("link.restart.22", "s", restarts),
    ])
}

pub(crate) fn roam() -> Result<Vec<Figure>> {
    let caux = Community::of(["Alvimare"])?;
    let [alvimare] = &caux.town_halls;
    let _ping = alvimare.node.spawn("ping", ["ping", "-i", "0.05", INSIDE])?;
    let inside: std::net::IpAddr = INSIDE.parse()?;
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        let capture = alvimare.node.capture("beffroi")?;
        let is_answer = |packet: &&Packet| packet.from == inside && packet.protocol == Protocol::Icmp;
        until("pings are answered", SOON, || Ok(capture.packets().iter().any(|packet| is_answer(&packet))))?;
        let moved = SystemTime::now();
        caux.world.move_elsewhere(&alvimare.node)?;
        let settled = SystemTime::now();
        let next = || capture.packets().into_iter().find(|packet| is_answer(&packet) && packet.at > settled);
        until("pings are answered again", SOON, || Ok(next().is_some()))?;
        runs.push(next().context("it was just seen")?.at.duration_since(moved)?.as_secs_f64());
    }
    Ok(vec![Figure::new("link.roam", "s", runs)])
}

pub(crate) fn revoke() -> Result<Vec<Figure>> {
    let caux = Community::of(["Alvimare", "Bennetot", "Cliponville", "Foucart", "Hattenville"])?;
    let mut runs = Vec::new();
    for town_hall in &caux.town_halls {
        let own = town_hall.tunnel_addresses()?[0];
        let arriving = caux.gateway.node.capture("beffroi")?;
        let _ping = town_hall.node.spawn("ping", ["ping", "-i", "0.02", INSIDE])?;
        let last = || arriving.packets().into_iter().rev().find(|packet| packet.from == own);
        until("pings arrive", SOON, || Ok(last().is_some()))?;
        let revoked = SystemTime::now();
        caux.referent.revoke(town_hall.commune(), "essai")?;
        until("nothing arrives any more", SOON, || {
            let last = last().context("pings arrived")?.at;
            Ok(SystemTime::now().duration_since(last)? > Duration::from_secs(2))
        })?;
        let last = last().context("pings arrived")?.at;
        runs.push(last.duration_since(revoked).unwrap_or_default().as_secs_f64());
    }
    Ok(vec![Figure::new("link.revoke", "s", runs)])
}

/// What a program holds in memory now, in MiB.
pub(crate) fn resident(pid: u32) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("the kernel tells")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
}

/// How many of the others shake hands again, or lose their counters, when the first is revoked.
fn disturbed_by_revoking(caux: &Community<0>, town_halls: &[TownHall]) -> Result<f64> {
    let gone = town_halls[0].tunnel_addresses()?[0].to_string();
    let before = peers(&caux.gateway)?;
    ensure!(before.len() == town_halls.len(), "{} peers of {} town halls", before.len(), town_halls.len());
    caux.referent.revoke(town_halls[0].commune(), "essai")?;
    until("the peer is gone", SOON, || Ok(!peers(&caux.gateway)?.contains_key(&gone)))?;
    let after = peers(&caux.gateway)?;
    let is_disturbed = |(address, before): &(&String, &Peer)| {
        after
            .get(*address)
            .is_none_or(|after| after.handshake != before.handshake || after.received < before.received)
    };
    Ok(before.iter().filter(|(address, _)| **address != gone).filter(is_disturbed).count() as f64)
}

/// In seconds, from the start of both programs. Netd remembers where everyone was: that was a minute ago at most.
fn restart(gateway: &mut Gateway, town_halls: &[TownHall]) -> Result<f64> {
    until("netd has written down every endpoint", SOON + SOON, || {
        let wanted = gateway.node.read("/var/lib/beffroi-netd/wanted.json")?;
        Ok(peers(gateway)?.values().all(|peer| wanted.contains(&peer.endpoint)))
    })?;
    gateway.kill_gateway()?;
    gateway.kill_netd()?;
    let start = Instant::now();
    gateway.start()?;
    until("everyone has shaken hands", SOON, || {
        let peers = peers(gateway)?;
        Ok(peers.len() == town_halls.len() && peers.values().all(|peer| peer.handshake > 0))
    })?;
    Ok(start.elapsed().as_secs_f64())
}

/// What `wg show` tells of one town hall.
pub(crate) struct Peer {
    pub(crate) endpoint: String,
    /// Seconds since 1970; 0 is never.
    pub(crate) handshake: u64,
    /// Bytes.
    received: u64,
}

/// By the IPv4 address in the tunnel.
pub(crate) fn peers(gateway: &Gateway) -> Result<BTreeMap<String, Peer>> {
    let dump = gateway.node.run(["wg", "show", "beffroi", "dump"])?;
    // Columns: key, preshared key, endpoint, allowed addresses, last handshake, received, sent, keepalive.
    let rows = dump.lines().skip(1).map(|line| line.split('\t').collect::<Vec<_>>());
    rows.filter(|peer| peer.len() > 7 && peer[3].starts_with("10.66."))
        .map(|peer| {
            let address = peer[3].split('/').next().unwrap_or_default().to_owned();
            let endpoint = peer[2].to_owned();
            Ok((address, Peer { endpoint, handshake: peer[4].parse()?, received: peer[5].parse()? }))
        })
        .collect()
}
