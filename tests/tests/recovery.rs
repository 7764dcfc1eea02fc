//! Everything dies or moves, and the links come back by themselves.
//!
//! ```text
//!   alvimare   bennetot   foucart         passerelle (netd, gateway)
//!      |          |          |                 |
//!   ───┴──────────┴──────────┴─────────────────┴────  192.0.2.0/24
//! ```

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use beffroi_tests::{Community, DOMAIN, Gateway, INSIDE, Protocol, TownHall, until};

/// For what takes a minute.
const A_MINUTE_AND_A_HALF: Duration = Duration::from_secs(90);
const SOON: Duration = Duration::from_secs(30);

/// Waits until the intranet opens, and fails if that takes longer than it may.
fn comes_back(town_hall: &TownHall, within: Duration) -> Result<()> {
    until("the intranet opens again", within, || Ok(town_hall.home()?.status == 200))?;
    Ok(())
}

#[test]
fn traffic_flows_while_the_gateway_program_is_dead() -> Result<()> {
    let mut caux = Community::of(["Alvimare"])?;
    let [alvimare] = &caux.town_halls;
    let before = changes(&mut caux.gateway)?;
    let seen = alvimare.node.capture("beffroi")?;
    let mut ping = alvimare.node.spawn("ping", ["ping", "-i", "0.5", "-c", "130", INSIDE])?;

    caux.gateway.kill_gateway()?;
    assert!(alvimare.home().is_err(), "the door is closed");
    // A minute; the others pass while the gateway program is back.
    let answers = || seen.packets().iter().filter(|packet| packet.protocol == Protocol::Icmp).count() / 2;
    until("a hundred and twenty pings were answered", A_MINUTE_AND_A_HALF, || Ok(answers() >= 120))?;
    caux.gateway.start_gateway()?;
    comes_back(alvimare, Duration::from_secs(5))?;
    ping.ended(SOON)?;
    let log = ping.log()?;
    assert!(log.contains(" 130 received"), "{log}");

    assert_eq!(changes(&mut caux.gateway)?, before, "netd should have had nothing to change");
    Ok(())
}

#[test]
fn links_come_back_after_netd_was_killed() -> Result<()> {
    let mut caux = Community::of(["Alvimare", "Bennetot"])?;
    knows_where_they_are(&caux)?;
    caux.gateway.kill_netd()?;
    assert!(caux.town_halls[0].home().is_err(), "the link is cut");
    caux.gateway.start_netd()?;
    caux.town_halls.iter().try_for_each(|town_hall| comes_back(town_hall, Duration::from_secs(10)))
}

#[test]
fn links_come_back_after_a_power_cut_at_the_gateway() -> Result<()> {
    let mut caux = Community::of(["Alvimare", "Bennetot"])?;
    knows_where_they_are(&caux)?;
    caux.gateway.kill_gateway()?;
    caux.gateway.kill_netd()?;
    caux.gateway.start()?;
    caux.town_halls.iter().try_for_each(|town_hall| comes_back(town_hall, Duration::from_secs(10)))
}

/// Waits until netd has on disk where each town hall was last seen, from where it will call them: once a minute, and
/// with every change.
fn knows_where_they_are<const N: usize>(caux: &Community<N>) -> Result<()> {
    caux.referent.add_communes(&["Foucart"])?;
    caux.referent.invite(&["Foucart"])?;
    until("netd has written down every endpoint", SOON, || {
        let wanted = caux.gateway.node.read("/var/lib/beffroi-netd/wanted.json")?;
        Ok(peers(&caux.gateway)?.iter().all(|peer| wanted.contains(&peer[2])))
    })?;
    Ok(())
}

#[test]
fn a_gateway_that_has_moved_is_found_by_its_name() -> Result<()> {
    let caux = Community::of(["Alvimare"])?;
    let [alvimare] = &caux.town_halls;
    caux.world.move_elsewhere(&caux.gateway.node)?;
    let addresses = caux.gateway.node.addresses();
    caux.world.name(&format!("passerelle.{DOMAIN}"), &[addresses.v4.into(), addresses.v6.into()])?;
    comes_back(alvimare, Duration::from_secs(60))
}

#[test]
fn a_machine_that_has_moved_keeps_its_link() -> Result<()> {
    let caux = Community::of(["Alvimare"])?;
    let [alvimare] = &caux.town_halls;
    let before = endpoint(&caux.gateway)?;
    caux.world.move_elsewhere(&alvimare.node)?;
    comes_back(alvimare, Duration::from_secs(30))?;
    assert_ne!(endpoint(&caux.gateway)?, before);
    Ok(())
}

#[test]
fn a_line_that_was_cut_comes_back() -> Result<()> {
    let caux = Community::of(["Alvimare"])?;
    let [alvimare] = &caux.town_halls;
    alvimare.node.unplug()?;
    until("the link is cut", SOON, || Ok(alvimare.home().is_err()))?;
    caux.world.plug_in(&alvimare.node)?;
    comes_back(alvimare, Duration::from_secs(30))
}

#[test]
fn an_agent_that_was_killed_finds_its_link_again() -> Result<()> {
    let mut caux = Community::of(["Alvimare"])?;
    let [alvimare] = &mut caux.town_halls;
    alvimare.kill()?;
    alvimare.start()?;
    comes_back(alvimare, Duration::from_secs(15))
}

#[test]
fn editing_one_link_disturbs_no_other() -> Result<()> {
    let caux = Community::of(["Alvimare", "Bennetot", "Foucart"])?;
    let [alvimare, bennetot, foucart] = &caux.town_halls;
    let mut pings = Vec::new();
    for town_hall in [bennetot, foucart] {
        pings.push(town_hall.node.spawn("ping", ["ping", "-i", "0.1", "-c", "50", INSIDE])?);
    }
    let before = handshakes(&caux.gateway)?;

    let gone = alvimare.tunnel_addresses()?[0];
    caux.referent.revoke("Alvimare", "essai")?;
    caux.referent.add_communes(&["Héricourt-en-Caux"])?;
    caux.referent.invite(&["Héricourt-en-Caux"])?;
    until("the peer is gone", SOON, || Ok(!handshakes(&caux.gateway)?.contains_key(&gone)))?;

    let after = handshakes(&caux.gateway)?;
    for town_hall in [bennetot, foucart] {
        let address = town_hall.tunnel_addresses()?[0];
        let (before, after) = (before[&address], after[&address]);
        assert_eq!(before.handshake, after.handshake, "{} had to shake hands again", town_hall.commune());
        assert!(before.received <= after.received, "the counters of {} were reset", town_hall.commune());
    }
    for mut ping in pings {
        ping.ended(SOON)?;
        assert!(ping.log()?.contains("50 received, 0% packet loss"), "{}", ping.log()?);
    }
    Ok(())
}

/// How often the journal says that netd was asked to change something, and did.
fn changes(gateway: &mut Gateway) -> Result<usize> {
    Ok(gateway.program()?.log()?.matches("CHANGES=").count())
}

/// What `wg show` tells of one peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Peer {
    /// Seconds since 1970.
    handshake: u64,
    /// Bytes.
    received: u64,
}

/// Every town hall's peer, by its IPv4 address in the tunnel.
fn handshakes(gateway: &Gateway) -> Result<BTreeMap<IpAddr, Peer>> {
    peers(gateway)?
        .into_iter()
        .map(|peer| {
            let address = peer[3].split('/').next().context("a peer has an address")?.parse()?;
            Ok((address, Peer { handshake: peer[4].parse()?, received: peer[5].parse()? }))
        })
        .collect()
}

/// Where the only town hall's packets come from.
fn endpoint(gateway: &Gateway) -> Result<String> {
    Ok(peers(gateway)?.first().context("there is a peer")?[2].clone())
}

/// Key, preshared key, endpoint, allowed addresses, last handshake, received, sent, keepalive; of members only.
fn peers(gateway: &Gateway) -> Result<Vec<Vec<String>>> {
    let dump = gateway.node.run(["wg", "show", "beffroi", "dump"])?;
    let rows = dump.lines().skip(1).map(|line| line.split('\t').map(str::to_owned).collect::<Vec<_>>());
    Ok(rows.filter(|peer| peer[3].starts_with("10.66.")).collect())
}
