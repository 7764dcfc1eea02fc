//! The gateway changes its own key while the links are in use, and nobody goes anywhere.
//!
//! ```text
//!   passerelle (netd, gateway, referent)   alvimare   bennetot   cleuville (agents)
//!        | 192.0.2.10                        | .11      | .12      | .13
//!   ─────┴───────────────────────────────────┴──────────┴──────────┴─────
//! ```

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use beffroi_tests::{
    Community, Gateway, INSIDE, Node, Packet, Page, Protocol, Quality, Referent, TownHall, until,
};

/// Bytes of the message that begins a handshake of WireGuard; its answer and what follows have others.
const INITIATION: usize = 148;
const SOON: Duration = Duration::from_secs(60);
/// What a change may take: one to three, seen on two processors that had other work.
const SECONDS: Duration = Duration::from_secs(15);
const KEYS: &str = "/var/lib/beffroi-netd";
const STATE: &str = "/var/lib/beffroi-agent/state.json";
const CONFIG: &str = "/etc/beffroi/gateway.toml";
const PAGE: &str = "/reglages/cle";

#[test]
fn the_gateway_changes_its_key_and_a_town_hall_that_is_off_comes_back_by_itself() -> Result<()> {
    let mut caux = Community::of(["Alvimare", "Bennetot", "Cléville"])?;
    let before = key(&caux.gateway.node)?;
    prepare(&caux.referent)?;
    until("all know the next key", SOON, || {
        Ok(caux.referent.visit(PAGE)?.text().contains("3 postes sur 3 la connaissent"))
    })?;
    assert_eq!(key(&caux.gateway.node)?, before, "it is only announced");
    let mode = caux.gateway.node.run(["stat", "-c", "%a", &format!("{KEYS}/next.key")])?;
    assert_eq!(mode.trim(), "600");
    let [alvimare, bennetot, off] = &mut caux.town_halls;
    off.kill()?;

    let mut ping = alvimare.node.spawn("ping", ["ping", "-i", "0.1", "-c", "300", INSIDE])?;
    change(&caux.referent)?;
    let after = key(&caux.gateway.node)?;
    ensure!(after != before, "the key is still {before}");
    for town_hall in [&*alvimare, &*bennetot] {
        until("the home page opens", SECONDS, || Ok(opens(town_hall)))?;
        until("its key of the gateway is the new one", SOON, || knows_only(town_hall, &after))?;
    }
    ping.ended(SOON)?;
    let log = ping.log()?;
    let received = log.split(" received").next().and_then(|text| text.rsplit(' ').next());
    let received: u32 = received.context("ping counts")?.parse()?;
    ensure!(received >= 260, "more than four seconds were lost:\n{log}");

    off.start()?;
    until("the one that was off is back", SECONDS, || Ok(opens(off)))?;
    until("the page says so", SOON, || {
        Ok(caux.referent.visit(PAGE)?.text().contains("3 postes sur 3 sont revenus"))
    })?;
    assert!(caux.gateway.node.read(&format!("{KEYS}/next.key")).is_err(), "there is one key again");
    let log = caux.gateway.program()?.log()? + &caux.gateway.netd()?.log()?;
    let secret = caux.gateway.node.read(&format!("{KEYS}/private.key"))?;
    assert!(!log.contains(secret.trim()));
    Ok(())
}

#[test]
fn the_former_key_is_not_answered_and_who_was_not_told_needs_a_sheet() -> Result<()> {
    let mut caux = Community::of(["Alvimare", "Bennetot"])?;
    let (mut late, code) = caux.invited("Cléville")?;
    let [_, off] = &mut caux.town_halls;
    off.kill()?;
    prepare(&caux.referent)?;
    until("one of two knows it", SOON, || {
        Ok(caux.referent.visit(PAGE)?.text().contains("Un poste sur 2 la connaît"))
    })?;
    let refused = send_change(&caux.referent, &[]);
    ensure!(refused.is_err(), "it is not done behind the back of a town hall that is off");
    let page = caux.referent.visit(PAGE)?.text();
    assert!(page.contains("Cléville") && page.contains("Ces bons portent la clé actuelle"), "{page}");
    send_change(&caux.referent, &[("quand_meme", "1")])?;
    until("Alvimare is back", SOON, || Ok(opens(&caux.town_halls[0])))?;

    // Who calls the former key, by its state or by a sheet, calls nobody.
    let [_, off] = &mut caux.town_halls;
    let captures = [off.node.capture("eth0")?, late.node.capture("eth0")?];
    off.start()?;
    let joining = late.node.spawn("join", ["beffroi-agent", "join", &code])?;
    for capture in captures {
        let called = |packet: &Packet| matches!(packet.protocol, Protocol::Udp { to: 51820, .. });
        until("it calls several times", SOON, || {
            Ok(capture.packets().iter().filter(|packet| called(packet)).count() >= 3)
        })?;
        // The gateway may call by its own key, as it calls every town hall that it does not hear.
        let is_answer = |packet: &Packet| {
            matches!(packet.protocol, Protocol::Udp { from: 51820, .. }) && packet.payload != INITIATION
        };
        capture.nothing_passed(is_answer)?;
    }
    joining.kill()?;

    let page = caux.referent.visit(PAGE)?.text();
    assert!(page.contains("Faire un bon de remplacement") && page.contains("jetez les feuilles"), "{page}");
    let code = caux.referent.replace("Bennetot")?;
    let [_, off] = &mut caux.town_halls;
    off.kill()?;
    off.node.run(["beffroi-agent", "leave"])?;
    off.join(&code)?;
    off.start()?;
    until("it is back", SOON, || Ok(opens(off)))?;
    let code = caux.referent.invite(&["Cléville"])?.concat();
    late.join(&code)?;
    late.start()?;
    until("the new sheet leads here", SOON, || Ok(opens(&late)))?;
    Ok(())
}

/// The backup was made between the preparation and the change; the server was lost after it.
#[test]
fn a_blank_machine_restored_between_two_keys_goes_on_where_it_was() -> Result<()> {
    let mut caux = Community::of(["Alvimare"])?;
    let node = caux.gateway.node.clone();
    node.run(["beffroi-gateway", "key", "/var/lib/cle"])?;
    let identity = node.read("/var/lib/cle")?;
    let recipient = identity.split_whitespace().find(|word| word.starts_with("age1"));
    let recipient = recipient.context("the file names its public half")?;
    let config = node.read(CONFIG)?;
    node.write(CONFIG, &format!("{config}\n[backup]\nrecipient = \"{recipient}\"\n"))?;
    restart(&mut caux.gateway, |_| Ok(()))?;
    prepare(&caux.referent)?;
    all_know(&caux.referent)?;
    node.run(["beffroi-gateway", "backup", "/var/lib/sauvegardes"])?;
    let before = key(&node)?;
    change(&caux.referent)?;
    let [alvimare] = &caux.town_halls;
    until("the link is back", SOON, || Ok(opens(alvimare)))?;
    let after = key(&node)?;
    until("the former key is forgotten", SOON, || knows_only(alvimare, &after))?;

    restart(&mut caux.gateway, |node| {
        node.run(["rm", "-r", "/var/lib/beffroi", KEYS])?;
        let restore = "beffroi-gateway restore --identity /var/lib/cle /var/lib/sauvegardes/*";
        node.run(["sh", "-c", restore]).map(drop)
    })?;
    until("the tunnel is up", SOON, || Ok(key(&node)? == before))?;
    assert!(node.read(&format!("{KEYS}/next.key")).is_ok(), "it has both keys again");
    ensure!(!opens(alvimare), "the town hall knows the later key only");
    change(&caux.referent)?;
    until("the link is back without a visit", SOON, || Ok(opens(alvimare)))?;
    assert_eq!(key(&node)?, after);
    Ok(())
}

/// A network that lets only web sites through: the carrier answers by either key, and the agent asks by either.
#[test]
fn a_town_hall_that_comes_by_port_443_changes_too() -> Result<()> {
    let caux = Community::of([])?;
    caux.referent.open_the_carrier()?;
    let (mut alvimare, _line, code) = caux.invited_on_a_line("Alvimare", Quality::FAST)?;
    caux.world.router_drops(&["udp dport 51820", "udp sport 51820"])?;
    alvimare.join(&code)?;
    alvimare.start()?;
    until("the intranet opens", SOON, || Ok(opens(&alvimare)))?;
    prepare(&caux.referent)?;
    all_know(&caux.referent)?;
    change(&caux.referent)?;
    until("the intranet opens again", SECONDS, || Ok(opens(&alvimare)))?;
    let after = key(&caux.gateway.node)?;
    until("its key of the gateway is the new one", SOON, || knows_only(&alvimare, &after))?;

    // One that is off when the key changes asks by the former key first, which the gateway does not know any more.
    prepare(&caux.referent)?;
    all_know(&caux.referent)?;
    alvimare.kill()?;
    change(&caux.referent)?;
    alvimare.start()?;
    until("it is back", SOON, || Ok(opens(&alvimare)))?;
    assert_eq!(alvimare.status()?["line"]["carrier"], "tls");
    Ok(())
}

/// What can be seen while the key changes, in the order in which it happens.
#[derive(Debug, Clone, Copy)]
enum Moment {
    Prepared,
    Known,
    OnDisk,
    InUse,
}

/// Strikes at each moment of a change; each time the link comes back, and the key is another in the end.
fn at_every_step(strike: fn(&mut Gateway, &mut TownHall) -> Result<()>) -> Result<()> {
    let mut caux = Community::of(["Alvimare"])?;
    for moment in [Moment::Prepared, Moment::Known, Moment::OnDisk, Moment::InUse] {
        let (before, on_disk) = (key(&caux.gateway.node)?, secret(&caux.gateway.node)?);
        prepare(&caux.referent)?;
        if matches!(moment, Moment::Prepared) {
            strike(&mut caux.gateway, &mut caux.town_halls[0])?;
        }
        all_know(&caux.referent)?;
        if matches!(moment, Moment::Known) {
            strike(&mut caux.gateway, &mut caux.town_halls[0])?;
        }
        change(&caux.referent)?;
        match moment {
            Moment::Prepared | Moment::Known => {}
            Moment::OnDisk => {
                until("the disk has it", SOON, || Ok(secret(&caux.gateway.node)? != on_disk))?;
                strike(&mut caux.gateway, &mut caux.town_halls[0])?;
            }
            Moment::InUse => {
                until("the device has it", SOON, || Ok(key(&caux.gateway.node)? != before))?;
                strike(&mut caux.gateway, &mut caux.town_halls[0])?;
            }
        }
        let [alvimare] = &caux.town_halls;
        until(&format!("the link comes back after {moment:?}"), SOON, || Ok(opens(alvimare)))?;
        until(&format!("the change ends after {moment:?}"), SOON, || {
            let after = key(&caux.gateway.node)?;
            Ok(after != before
                && knows_only(alvimare, &after)?
                && caux.referent.visit(PAGE)?.text().contains("La clé a été changée"))
        })?;
    }
    Ok(())
}

#[test]
fn the_power_fails_at_the_gateway_at_every_step_of_a_change_of_its_key() -> Result<()> {
    at_every_step(|gateway, _| restart(gateway, |_| Ok(())))
}

#[test]
fn netd_is_killed_at_every_step_of_a_change_of_its_key() -> Result<()> {
    at_every_step(|gateway, _| {
        gateway.kill_netd()?;
        gateway.start_netd()
    })
}

#[test]
fn the_agent_is_killed_at_every_step_of_a_change_of_the_gateway_s_key() -> Result<()> {
    at_every_step(|_, alvimare| {
        alvimare.kill()?;
        alvimare.start()
    })
}

/// Both programs end, and start again after that.
fn restart(gateway: &mut Gateway, between: impl FnOnce(&Node) -> Result<()>) -> Result<()> {
    gateway.kill_gateway()?;
    gateway.kill_netd()?;
    between(&gateway.node)?;
    gateway.start()
}

/// The only town hall that there is.
fn all_know(referent: &Referent) -> Result<()> {
    until("the town hall knows the next key", SOON, || {
        Ok(referent.visit(PAGE)?.text().contains("Le poste raccordé la connaît"))
    })?;
    Ok(())
}

fn prepare(referent: &Referent) -> Result<Page> {
    referent.send("/reglages/cle/preparer", &[])
}

/// As the page offers it when all know the next key.
fn change(referent: &Referent) -> Result<Page> {
    send_change(referent, &[])
}

fn send_change(referent: &Referent, more: &[(&str, &str)]) -> Result<Page> {
    let page = referent.visit(PAGE)?;
    let next = page.all_between("name=\"cle\" value=\"", "\"").next().context("the page has a next key")?;
    // Entities of HTML: the last character of a key is an equals sign.
    let next = next.replace("&#61;", "=").replace("&#43;", "+").replace("&#47;", "/");
    referent.send("/reglages/cle/changer", &[&[("cle", next.as_str())], more].concat())
}

fn opens(town_hall: &TownHall) -> bool {
    town_hall.home().is_ok_and(|page| page.status == 200)
}

/// The public key of the device.
fn key(node: &Node) -> Result<String> {
    Ok(node.attempt(["wg", "show", "beffroi", "public-key"])?.stdout.trim().to_owned())
}

/// What netd has on its disk.
fn secret(gateway: &Node) -> Result<String> {
    gateway.read(&format!("{KEYS}/private.key"))
}

fn knows_only(town_hall: &TownHall, key: &str) -> Result<bool> {
    let state = town_hall.node.read(STATE)?;
    Ok(state.contains(key) && !state.contains("next_gateway"))
}
