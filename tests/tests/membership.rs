//! What the gateway wants of a machine changes, and the machine follows without being visited.
//!
//! ```text
//!   passerelle (netd, gateway, referent)      alvimare (agent)
//!        | 192.0.2.10                             | 192.0.2.11
//!   ─────┴────────────────────────────────────────┴─────
//! ```

use std::time::Duration;

use anyhow::Result;
use beffroi_tests::{Community, DOMAIN, INSIDE, until};

const SOON: Duration = Duration::from_secs(60);

#[test]
fn a_town_hall_follows_the_gateway_s_configuration() -> Result<()> {
    let mut caux = Community::of(["Alvimare"])?;
    let path = "/etc/beffroi/gateway.toml";
    let config = caux.gateway.node.read(path)?.replace("Cœur de Caux", "Caux vallée de Seine");
    let elsewhere = format!("gateway.{DOMAIN}");
    caux.world.name(&elsewhere, &[caux.gateway.node.address()])?;
    let network = format!("[network]\nendpoint = \"{elsewhere}\"\nmtu = 1300\n");
    caux.gateway.node.write(path, &format!("{config}\n{network}"))?;
    caux.gateway.kill_gateway()?;
    caux.gateway.start_gateway()?;

    let [alvimare] = &caux.town_halls;
    until("the state follows", SOON, || {
        Ok(alvimare.status()?["member"]["community"] == "Caux vallée de Seine")
    })?;
    assert_eq!(alvimare.status()?["member"]["gateway"], format!("{elsewhere}:51820"));
    until("the interface follows", SOON, || Ok(alvimare.node.ip("link show beffroi")?.contains("mtu 1300")))?;
    assert_eq!(alvimare.home()?.status, 200);

    // The old name leads nowhere any more when the power comes back at the town hall.
    caux.world.name(&format!("passerelle.{DOMAIN}"), &[])?;
    let [alvimare] = &mut caux.town_halls;
    alvimare.kill()?;
    alvimare.start()?;
    until("the link comes back", SOON, || Ok(alvimare.home().is_ok_and(|page| page.status == 200)))?;
    Ok(())
}

#[test]
fn a_mistyped_name_of_the_gateway_costs_no_visit() -> Result<()> {
    let mut caux = Community::of(["Alvimare"])?;
    let path = "/etc/beffroi/gateway.toml";
    let config = caux.gateway.node.read(path)?;
    let mistyped = format!("paserelle.{DOMAIN}");
    caux.gateway.node.write(path, &format!("{config}\n[network]\nendpoint = \"{mistyped}\"\n"))?;
    caux.gateway.kill_gateway()?;
    caux.gateway.start_gateway()?;
    let [alvimare] = &mut caux.town_halls;
    until("the state follows", SOON, || {
        Ok(alvimare.status()?["member"]["gateway"] == format!("{mistyped}:51820"))
    })?;

    // The power comes back at the town hall before somebody has seen it.
    alvimare.kill()?;
    alvimare.start()?;
    until("the link comes back", SOON, || Ok(alvimare.home().is_ok_and(|page| page.status == 200)))?;
    Ok(())
}

#[test]
fn a_commune_that_is_renamed_keeps_its_link() -> Result<()> {
    let caux = Community::of(["Alvimare"])?;
    let [alvimare] = &caux.town_halls;
    let mut ping = alvimare.node.spawn("ping", ["ping", "-i", "0.2", "-c", "100", INSIDE])?;
    caux.referent.send("/communes/1/nom", &[("name", "Alvimare-en-Caux")])?;
    until("the state follows", SOON, || Ok(alvimare.status()?["member"]["commune"] == "Alvimare-en-Caux"))?;
    ping.ended(SOON)?;
    assert!(ping.log()?.contains(" 0% packet loss"), "{}", ping.log()?);
    Ok(())
}
