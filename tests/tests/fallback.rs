//! A network that lets nothing but web sites through.
//!
//! ```text
//!   passerelle (netd, gateway)
//!        | 192.0.2.10
//!   ─────┴───────── router ──── a fast line ──── alvimare (agent)
//!                   drops UDP                    198.51.100.11
//! ```

use std::slice::from_mut;
use std::time::Duration;

use anyhow::Result;
use beffroi_tests::{Community, INSIDE, Line, Packet, Protocol, Quality, TownHall, join_all, until};

const SOON: Duration = Duration::from_secs(30);
const WIREGUARD: [&str; 2] = ["udp dport 51820", "udp sport 51820"];

/// A communauté whose carrier is open, and a town hall behind the router, with the code of its sheet.
fn behind_the_router() -> Result<(Community<0>, TownHall, Line, String)> {
    let caux = Community::of([])?;
    caux.referent.open_the_carrier()?;
    let (alvimare, line, code) = caux.invited_on_a_line("Alvimare", Quality::FAST)?;
    Ok((caux, alvimare, line, code))
}

fn carrier(town_hall: &TownHall) -> Result<String> {
    Ok(town_hall.status()?["line"]["carrier"].as_str().unwrap_or_default().to_owned())
}

fn is_udp(packet: &Packet) -> bool {
    matches!(packet.protocol, Protocol::Udp { from: 51820, .. } | Protocol::Udp { to: 51820, .. })
}

#[test]
fn a_link_whose_udp_is_blocked_goes_on_by_port_443_and_comes_back() -> Result<()> {
    let (caux, mut alvimare, _line, code) = behind_the_router()?;
    join_all(from_mut(&mut alvimare), &[code])?;
    let public = caux.gateway.node.addresses();
    let is_from_gateway = |packet: &Packet| [public.v4.into(), public.v6.into()].contains(&packet.from);

    caux.world.router_drops(&WIREGUARD)?;
    let blocked = alvimare.node.capture("eth0")?;
    let took = until("the intranet opens again", SOON, || Ok(alvimare.home()?.status == 200))?;
    assert_eq!(carrier(&alvimare)?, "tls", "after {took:?}");
    let shown = || Ok(caux.referent.overview()?.text().contains("par le port 443, plus lente"));
    until("the overview names it", SOON, shown)?;

    // UDP is tried again, in vain, and what passes by the carrier goes on.
    let mut ping = alvimare.node.spawn("ping", ["ping", "-i", "0.2", "-c", "250", INSIDE])?;
    let before = blocked.packets().iter().filter(|packet| is_udp(packet)).count();
    until("UDP is tried again", Duration::from_secs(50), || {
        Ok(blocked.packets().iter().filter(|packet| is_udp(packet)).count() > before)
    })?;
    ping.ended(Duration::from_secs(60))?;
    let log = ping.log()?;
    let received = log.split(" received").next().and_then(|text| text.rsplit(' ').next()).unwrap_or_default();
    assert!(received.parse::<u32>()? >= 240, "{log}");
    assert_eq!(carrier(&alvimare)?, "tls");
    blocked.nothing_passed(|packet| is_from_gateway(packet) && is_udp(packet))?;
    let wanted = caux.gateway.node.read("/var/lib/beffroi-netd/wanted.json")?;
    assert!(!wanted.contains("127.0.0.1:"), "the gateway would call itself: {wanted}");

    caux.world.router_drops(&[])?;
    alvimare.node.ip("address add 203.0.113.9/32 dev lo")?; // as when the machine is carried elsewhere
    until("the link is by UDP again", SOON, || Ok(carrier(&alvimare)? == "udp"))?;
    let open = alvimare.node.capture("eth0")?;
    assert_eq!(alvimare.home()?.status, 200);
    until("it is seen", SOON, || {
        Ok(open.packets().iter().any(|packet| is_from_gateway(packet) && is_udp(packet)))
    })?;
    let hidden = || Ok(!caux.referent.overview()?.text().contains("par le port 443"));
    until("the overview does not name it any more", SOON, hidden)?;
    open.nothing_passed(|packet| {
        is_from_gateway(packet)
            && matches!(packet.protocol, Protocol::Tcp { from: 443, .. })
            && packet.payload > 0
    })
}

#[test]
fn a_town_hall_joins_by_port_443() -> Result<()> {
    let (caux, mut alvimare, _line, code) = behind_the_router()?;
    caux.world.router_drops(&WIREGUARD)?;
    alvimare.join(&code)?;
    alvimare.start()?;
    until("the intranet opens", SOON, || Ok(alvimare.home()?.status == 200))?;
    assert_eq!(carrier(&alvimare)?, "tls");
    Ok(())
}

#[test]
fn a_connection_that_breaks_is_made_again() -> Result<()> {
    let (caux, mut alvimare, _line, code) = behind_the_router()?;
    caux.world.router_drops(&WIREGUARD)?;
    join_all(from_mut(&mut alvimare), &[code])?;
    let mut gateway = caux.gateway;
    gateway.kill_gateway()?;
    gateway.start_gateway()?;
    until("the intranet opens again", SOON, || Ok(alvimare.home()?.status == 200))?;
    assert_eq!(carrier(&alvimare)?, "tls");
    Ok(())
}
