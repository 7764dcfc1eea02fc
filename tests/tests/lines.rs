//! Lines that have one address family only, that lose what is sent, or that are slow.
//!
//! ```text
//!   passerelle (netd, gateway, referent)      alvimare, bennetot (agents)
//!        | 192.0.2.10, 2001:db8::a                |
//!   ─────┴────────────────────────────────────────┴─────  router 192.0.2.1, 2001:db8::1
//! ```

use std::time::Duration;

use anyhow::{Context, Result};
use beffroi_tests::{Community, DOMAIN, Node, Quality, TownHall, until};
use serde_json::Value;

const SOON: Duration = Duration::from_secs(60);

/// One packet in five is lost, in each direction: every fifth, because by chance ten probes in a row come through.
const LOSSES: &str = "table inet losses {
    chain in { type filter hook input priority 0; udp sport 51820 numgen inc mod 5 0 drop; }
    chain out { type filter hook output priority 0; udp dport 51820 numgen inc mod 5 0 drop; }
}";

fn opens_the_intranet(town_hall: &TownHall) -> Result<()> {
    until("the intranet opens", SOON, || Ok(town_hall.home()?.status == 200))?;
    Ok(())
}

/// Longer ones are dropped without a word (bytes of the packet that carries the tunnel's).
const NARROW: &str = "meta length > 1300";
/// What is left of that inside the tunnel: without IPv6, UDP and WireGuard, in whole steps of 16.
const LONGEST: u64 = 1_216;

/// Nothing of IPv4 is left on its line.
fn without_v4(node: &Node) -> Result<()> {
    node.ip("-4 address flush dev eth0")?;
    node.write("/etc/resolv.conf", "nameserver 2001:db8::1\noptions timeout:1 attempts:1\n")
}

fn without_v6(node: &Node) -> Result<()> {
    node.ip("-6 address flush dev eth0 scope global")?;
    Ok(())
}

/// The gateway's IPv6 address inside the tunnel.
fn gateway_v6(town_hall: &TownHall) -> Result<String> {
    let status = town_hall.status()?;
    let addresses = status["member"]["gateway_addresses"].as_array().into_iter().flatten();
    let v6 = addresses.filter_map(Value::as_str).find(|address| address.contains(':'));
    Ok(v6.context("the gateway has none")?.to_owned())
}

/// Where the agent finds the gateway.
fn endpoint(town_hall: &TownHall) -> Result<String> {
    Ok(town_hall.status()?["line"]["endpoint"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn a_line_of_one_address_family_is_enough() -> Result<()> {
    let caux = Community::of([])?;
    for (commune, limit, found) in [
        ("Alvimare", without_v4 as fn(&Node) -> Result<()>, "[2001:db8:"),
        ("Bennetot", without_v6, "192.0.2."),
    ] {
        let (mut town_hall, code) = caux.invited(commune)?;
        limit(&town_hall.node)?;
        town_hall.join(&code)?;
        town_hall.start()?;
        opens_the_intranet(&town_hall)?;
        assert!(endpoint(&town_hall)?.starts_with(found), "{}", endpoint(&town_hall)?);
    }
    Ok(())
}

#[test]
fn a_gateway_whose_name_changes_its_address_family_is_found() -> Result<()> {
    let caux = Community::of(["Alvimare"])?;
    let [alvimare] = &caux.town_halls;
    let gateway = &caux.gateway.node;
    let addresses = gateway.addresses();
    let name = format!("passerelle.{DOMAIN}");

    caux.world.name(&name, &[addresses.v6.into()])?;
    gateway.ip("-4 address flush dev eth0")?;
    until("it is found by IPv6", SOON, || Ok(endpoint(alvimare)?.starts_with("[2001:db8:")))?;
    opens_the_intranet(alvimare)?;

    caux.world.name(&name, &[addresses.v4.into()])?;
    caux.world.plug_in(gateway)?;
    gateway.ip("-6 address flush dev eth0 scope global")?;
    until("it is found by IPv4", SOON, || Ok(endpoint(alvimare)?.starts_with("192.0.2.")))?;
    opens_the_intranet(alvimare)
}

#[test]
fn a_line_that_loses_one_packet_in_five_is_joined_and_kept() -> Result<()> {
    let caux = Community::of([])?;
    let (mut alvimare, code) = caux.invited("Alvimare")?;
    alvimare.node.run(["nft", LOSSES])?;
    alvimare.join(&code)?;
    alvimare.start()?;
    opens_the_intranet(&alvimare)?;
    until("it is online, and the losses are seen", SOON + SOON, || {
        let line = alvimare.status()?["line"].clone();
        Ok(line["state"] == "online" && line["loss_percent"].as_u64().is_some_and(|percent| percent > 0))
    })?;
    let journal = alvimare.agent()?.log()?;
    assert!(!journal.contains("link doubtful"), "{journal}");
    Ok(())
}

#[test]
fn a_telephone_line_is_enough() -> Result<()> {
    let caux = Community::of([])?;
    let (mut alvimare, _line, code) = caux.invited_on_a_line("Alvimare", Quality::MODEM)?;
    alvimare.join(&code)?;
    alvimare.start()?;
    until("the link is online", SOON, || Ok(alvimare.status()?["line"]["state"] == "online"))?;
    let home = format!("https://intranet.{DOMAIN}/");
    let page = alvimare.node.run(["curl", "-sSm", "50", "--compressed", &home])?;
    assert!(page.contains("Mairie d’Alvimare"), "{page}");
    until("the referent sees it", SOON, || Ok(caux.referent.machine("Alvimare")?.state == "online"))?;
    Ok(())
}

#[test]
fn a_line_that_silently_drops_long_packets_is_joined_and_used() -> Result<()> {
    let caux = Community::of([])?;
    let (mut alvimare, _line, code) = caux.invited_on_a_line("Alvimare", Quality::FAST)?;
    caux.world.router_drops(&[NARROW])?;
    alvimare.join(&code)?;
    alvimare.start()?;
    let longest = |town_hall: &TownHall| -> Result<Option<u64>> {
        Ok(town_hall.status()?["line"]["longest_packet_bytes"].as_u64())
    };
    until("what passes is found", SOON, || Ok(longest(&alvimare)? == Some(LONGEST)))?;
    assert!(alvimare.node.run(["beffroi-agent", "status"])?.contains("1216 octets"));
    let doctor = alvimare.node.attempt(["beffroi-agent", "doctor"])?.stdout;
    assert!(doctor.contains("La ligne perd les gros paquets"), "{doctor}");

    // By each address of the gateway, a question and an answer that are longer than any packet.
    let home = format!("https://intranet.{DOMAIN}/");
    let long = format!("X-Long: {}", "x".repeat(6_000));
    for to in ["::10.66.0.1:".to_owned(), format!("::[{}]:", gateway_v6(&alvimare)?)] {
        until(&format!("a page passes both ways, by {to}"), SOON, || {
            let size = "%{size_download}";
            let ask =
                ["curl", "--connect-to", &to, "-sSm", "5", "-o", "page", "-w", size, "-H", &long, &home];
            let answer = alvimare.node.attempt(ask)?;
            Ok(answer.stdout.parse::<u64>().is_ok_and(|bytes| bytes > LONGEST))
        })?;
    }
    let is_shown = || Ok(caux.referent.commune("Alvimare")?.html.contains("1216 octets"));
    until("the referent sees it", SOON, is_shown)?;

    // Another start finds the line repaired.
    caux.world.router_drops(&[])?;
    alvimare.kill()?;
    alvimare.start()?;
    opens_the_intranet(&alvimare)?;
    let is_gone = || Ok(!caux.referent.commune("Alvimare")?.html.contains("Plus gros paquet"));
    until("the referent sees that too", SOON, is_gone)?;
    assert_eq!(longest(&alvimare)?, None);
    Ok(())
}
