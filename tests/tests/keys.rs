//! Keys change while the links are in use, and a key that two computers hold is found out.
//!
//! ```text
//!   passerelle (netd, gateway, referent)     alvimare (agent)     copie (agent, with the state of alvimare)
//!        | 192.0.2.10                            | 192.0.2.11          | 192.0.2.12
//!   ─────┴───────────────────────────────────────┴─────────────────────┴─────
//! ```

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use beffroi_tests::{Community, Gateway, INSIDE, Node, TownHall, until};

const SOON: Duration = Duration::from_secs(90);
const STATE: &str = "/var/lib/beffroi-agent/state.json";

#[test]
fn a_machine_changes_its_key_while_the_link_is_in_use() -> Result<()> {
    let caux = Community::of(["Alvimare"])?;
    let [alvimare] = &caux.town_halls;
    let shared = |node: &Node| node.run(["wg", "show", "beffroi", "preshared-keys"]);
    let secret = |text: String| text.split_whitespace().last().map(str::to_owned);
    let ours = secret(shared(&alvimare.node)?).context("there is a peer")?;
    assert_ne!(ours, "(none)");
    assert!(shared(&caux.gateway.node)?.contains(&ours), "both ends derive the same");

    let before = key(alvimare)?;
    let mut ping = alvimare.node.spawn("ping", ["ping", "-i", "0.1", "-c", "400", INSIDE])?;
    ask(&caux)?;
    until("the key is another", SOON, || Ok(is_settled(alvimare)? && key(alvimare)? != before))?;
    ping.ended(SOON)?;
    let log = ping.log()?;
    let received = log.split(" received").next().and_then(|text| text.rsplit(' ').next());
    let received: u32 = received.context("ping counts")?.parse()?;
    ensure!(received >= 370, "more than three seconds were lost:\n{log}");

    assert!(!caux.gateway.node.run(["wg", "show", "beffroi", "peers"])?.contains(&before));
    assert!(shared(&caux.gateway.node)?.contains(&ours), "the preshared key stays");
    let page = caux.referent.commune("Alvimare")?;
    assert!(page.text().contains(&key(alvimare)?), "{}", page.text());
    Ok(())
}

/// What can be seen while a key changes, in the order in which it happens.
#[derive(Debug, Clone, Copy)]
enum Moment {
    NextOnDisk,
    RecordedByGateway,
    KeyInUse,
    Settled,
}

const MOMENTS: [Moment; 4] =
    [Moment::NextOnDisk, Moment::RecordedByGateway, Moment::KeyInUse, Moment::Settled];

/// Strikes at each moment of a change; each time the link comes back, and the key is another in the end.
fn at_every_step(strike: fn(&mut Gateway, &mut TownHall) -> Result<()>) -> Result<()> {
    let mut caux = Community::of(["Alvimare"])?;
    for moment in MOMENTS {
        let before = key(&caux.town_halls[0])?;
        let recorded = count(&mut caux.gateway)?;
        ask(&caux)?;
        until(&format!("{moment:?} comes"), SOON, || {
            let alvimare = &caux.town_halls[0];
            Ok(match moment {
                Moment::NextOnDisk => !is_settled(alvimare)?,
                Moment::RecordedByGateway => count(&mut caux.gateway)? > recorded,
                Moment::KeyInUse => key(alvimare)? != before,
                Moment::Settled => key(alvimare)? != before && is_settled(alvimare)?,
            })
        })?;
        let [alvimare] = &mut caux.town_halls;
        strike(&mut caux.gateway, alvimare)?;
        until(&format!("the link comes back after {moment:?}"), SOON, || {
            Ok(alvimare.home().is_ok_and(|page| page.status == 200))
        })?;
        until(&format!("the change ends after {moment:?}"), SOON, || {
            Ok(is_settled(alvimare)? && key(alvimare)? != before)
        })?;
    }
    Ok(())
}

#[test]
fn the_agent_is_killed_at_every_step_of_a_change() -> Result<()> {
    at_every_step(|_, alvimare| {
        alvimare.kill()?;
        alvimare.start()
    })
}

#[test]
fn the_power_fails_at_the_gateway_at_every_step_of_a_change() -> Result<()> {
    at_every_step(|gateway, _| {
        gateway.kill_gateway()?;
        gateway.kill_netd()?;
        gateway.start()
    })
}

#[test]
fn a_machine_that_was_copied_is_named() -> Result<()> {
    let mut caux = Community::of(["Alvimare", "Bennetot"])?;
    let overview = caux.referent.overview()?;
    assert!(!overview.text().contains("Deux ordinateurs"), "{}", overview.text());
    let [alvimare, _] = &mut caux.town_halls;
    let mut copy = caux.world.town_hall("Copie")?;
    copy.node.write(STATE, &alvimare.node.read(STATE)?)?;
    // A machine that starts again is no second one.
    alvimare.kill()?;
    alvimare.start()?;
    copy.start()?;
    let said = |page: &str| page.contains("Deux ordinateurs, une clé");
    until("the overview says so", 2 * SOON, || Ok(said(&caux.referent.overview()?.text())))?;
    let page = caux.referent.commune("Alvimare")?;
    assert!(page.text().contains("Remplacez ce poste"), "{}", page.text());
    assert!(!caux.referent.commune("Bennetot")?.text().contains("Deux ordinateurs"));
    until("the journal says so", SOON, || {
        Ok(caux.gateway.program()?.log()?.contains("two computers hold the key"))
    })?;
    Ok(())
}

fn ask<const N: usize>(caux: &Community<N>) -> Result<()> {
    let machine = caux.referent.machine("Alvimare")?;
    caux.referent.send(&format!("/postes/{}/cle", machine.id), &[])?;
    Ok(())
}

/// The public key that the tunnel has.
fn key(town_hall: &TownHall) -> Result<String> {
    Ok(town_hall.node.attempt(["wg", "show", "beffroi", "public-key"])?.stdout.trim().to_owned())
}

/// Whether no key is to come.
fn is_settled(town_hall: &TownHall) -> Result<bool> {
    Ok(!town_hall.node.read(STATE)?.contains("\"next\""))
}

fn count(gateway: &mut Gateway) -> Result<usize> {
    Ok(gateway.program()?.log()?.matches("has made itself a new key").count())
}
