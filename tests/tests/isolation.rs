//! Who reaches what: a machine reaches the gateway's listed ports and nothing else, a stranger nothing at all.
//!
//! ```text
//!   alvimare ══════╗             ╔══════ bennetot
//!   10.66.1.0      ║  tunnels    ║       10.66.1.1
//!                  ╚═ passerelle ╝
//!                     10.66.0.1           stranger
//!   ──────────────────────┴──────────────────┴──── 192.0.2.0/24
//! ```

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use anyhow::Result;
use beffroi_tests::{Community, DOMAIN, INSIDE, Packet, Protocol, Referent, TownHall, until};

const SOON: Duration = Duration::from_secs(30);

/// From now on the machine sends into the tunnel whatever has a route there, which the agent would not.
fn turn_hostile(town_hall: &TownHall) -> Result<()> {
    let key = town_hall.node.run(["wg", "show", "beffroi", "peers"])?;
    town_hall.node.run(["wg", "set", "beffroi", "peer", &key, "allowed-ips", "0.0.0.0/0,::/0"])?;
    Ok(())
}

#[test]
fn town_halls_cannot_reach_each_other() -> Result<()> {
    let caux = Community::of(["Alvimare", "Bennetot"])?;
    let [alvimare, bennetot] = &caux.town_halls;
    let mut server =
        bennetot.node.spawn("server", ["python3", "-um", "http.server", "--bind", "::", "80"])?;
    server.says("Serving HTTP", SOON)?;
    let arriving = bennetot.node.capture("beffroi")?;
    let sent = alvimare.node.capture("beffroi")?;

    turn_hostile(alvimare)?;
    let from = alvimare.tunnel_addresses()?;
    for to in bennetot.tunnel_addresses()? {
        let host = if to.is_ipv6() { format!("[{to}]") } else { to.to_string() };
        alvimare.node.ip(&format!("route add {to} dev beffroi"))?;
        assert!(!alvimare.node.attempt(["ping", "-c2", "-W1", &to.to_string()])?.succeeded());
        assert!(!alvimare.node.attempt(["curl", "-sgm2", &format!("http://{host}/")])?.succeeded());
        assert!(sent.packets().iter().any(|packet| packet.to == to), "nothing was even sent to {to}");
    }
    arriving.nothing_passed(|packet| from.contains(&packet.from))
}

#[test]
fn a_machine_reaches_no_port_that_is_not_listed() -> Result<()> {
    let caux = Community::of(["Alvimare"])?;
    let [alvimare] = &caux.town_halls;
    let mut server = caux.gateway.node.spawn("server", ["python3", "-um", "http.server", "80"])?;
    server.says("Serving HTTP", SOON)?;
    let public = caux.gateway.node.address();
    turn_hostile(alvimare)?;
    // Beside the tunnel the public address is still needed, for the tunnel itself.
    alvimare.node.ip(&format!("rule add ipproto tcp to {public} lookup 7"))?;
    alvimare
        .node
        .ip(&format!("route add default dev beffroi src {} table 7", alvimare.tunnel_addresses()?[0]))?;
    let arriving = caux.gateway.node.capture("beffroi")?;
    for host in [INSIDE.parse()?, public] {
        assert!(!alvimare.node.attempt(["curl", "-sm2", &format!("http://{host}/")])?.succeeded(), "{host}");
        assert!(arriving.packets().iter().any(|packet| packet.to == host), "nothing came through to {host}");
    }
    Ok(())
}

#[test]
fn a_stranger_gets_no_answer() -> Result<()> {
    let caux = Community::of(["Alvimare"])?;
    let [_alvimare] = &caux.town_halls;
    let stranger = caux.world.node("stranger")?;
    let public = caux.gateway.node.address();
    let inside: IpAddr = INSIDE.parse()?;
    stranger.ip(&format!("route add {inside} via {public}"))?;
    let capture = stranger.capture("eth0")?;
    let doors = [443, 4710, 8443].map(|port| [(public, port), (inside, port)]);
    for (host, port) in doors.into_iter().flatten() {
        let url = format!("https://{host}:{port}/");
        assert!(!stranger.attempt(["curl", "-skm1", &url])?.succeeded(), "{url}");
    }
    // Bytes that look like the start of a handshake, and bytes that look like nothing.
    for bytes in ["\\1\\0\\0\\0", "hello"] {
        let say = format!("printf '{bytes}%0144d' 0 > /dev/udp/{public}/51820");
        stranger.run(["bash", "-c", &say])?;
    }
    capture.nothing_passed(|packet| [public, inside].contains(&packet.from))
}

#[test]
fn a_revoked_machine_is_cut_off_within_a_second() -> Result<()> {
    let mut caux = Community::of(["Alvimare", "Bennetot"])?;
    let [alvimare, bennetot] = &mut caux.town_halls;
    let addresses = alvimare.tunnel_addresses()?;
    let arriving = caux.gateway.node.capture("beffroi")?;
    let _ping = alvimare.node.spawn("ping", ["ping", "-i", "0.1", INSIDE])?;
    let pings = |packet: &&Packet| addresses.contains(&packet.from) && packet.protocol == Protocol::Icmp;
    until("pings arrive", SOON, || Ok(arriving.packets().iter().filter(pings).count() > 5))?;

    let revoked = SystemTime::now();
    caux.referent.revoke("Alvimare", "poste volé")?;
    let sending = alvimare.node.capture("beffroi")?;
    let later = revoked + Duration::from_secs(3);
    until("it has tried for three seconds", SOON, || {
        Ok(sending.packets().iter().any(|packet| addresses.contains(&packet.from) && packet.at > later))
    })?;

    // Nor does it come back by starting again, or by the code that brought it in.
    alvimare.kill()?;
    alvimare.start()?;
    assert!(alvimare.home().is_err(), "the intranet still opens");
    arriving.nothing_passed(|packet| {
        addresses.contains(&packet.from) && packet.at > revoked + Duration::from_secs(1)
    })?;
    assert_eq!(bennetot.home()?.status, 200, "the other town hall is not concerned");
    Ok(())
}

#[test]
fn a_machine_that_uses_another_s_tunnel_address_is_dropped() -> Result<()> {
    let mut caux = Community::of(["Alvimare", "Bennetot"])?;
    let [alvimare, bennetot] = &mut caux.town_halls;
    let stolen = bennetot.tunnel_addresses()?[0];
    bennetot.kill()?;
    let arriving = caux.gateway.node.capture("beffroi")?;
    let sent = alvimare.node.capture("beffroi")?;
    alvimare.node.ip(&format!("address add {stolen}/32 dev beffroi"))?;
    let own = alvimare.tunnel_addresses()?[0].to_string();
    let ping = |from: &str| alvimare.node.attempt(["ping", "-c3", "-i0.2", "-W1", "-I", from, INSIDE]);
    assert!(!ping(&stolen.to_string())?.succeeded());
    assert!(sent.packets().iter().any(|packet| packet.from == stolen), "nothing was even sent");
    assert!(ping(&own)?.succeeded(), "its own address still serves");
    arriving.nothing_passed(|packet| packet.from == stolen)
}

#[test]
fn the_admin_page_opens_on_a_referent_s_machine_only() -> Result<()> {
    let caux = Community::of(["Alvimare"])?;
    let [alvimare] = &caux.town_halls;
    let there = Referent::at_a_machine(&alvimare.node, DOMAIN)?;
    let refused = there.visit("/").expect_err("the machine is a town hall's");
    assert!(refused.to_string().contains("403"), "{refused}");
    assert!(refused.to_string().contains("n’est pas celui d’un référent"), "{refused}");
    assert!(there.sign_in().is_err(), "nor does the password help");

    caux.referent.trust_with_the_admin_page("Alvimare")?;
    let overview = there.sign_in()?;
    assert!(overview.text().contains("Alvimare"), "{}", overview.text());
    Ok(())
}
