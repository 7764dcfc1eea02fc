//! A device without the agent: WireGuard's own programs, and a configuration from the admin page.
//!
//! ```text
//!   passerelle (netd, gateway)      telephone (wireguard-go, wg)
//!        | 192.0.2.10                   | 192.0.2.11
//!   ─────┴──────────────────────────────┴─────
//! ```

use std::time::Duration;

use anyhow::{Context, Result};
use beffroi_tests::{DOMAIN, INSIDE, Node, World, until};

const SOON: Duration = Duration::from_secs(30);

/// What wg-quick(8) does with a file, less its own start of the device, which would outlive the test.
fn bring_up(device: &Node, configuration: &str) -> Result<()> {
    device.write("/etc/wireguard/beffroi.conf", configuration)?;
    until("the device is there", SOON, || Ok(device.attempt(["wg", "show", "beffroi"])?.succeeded()))?;
    let stripped = device.run(["wg-quick", "strip", "beffroi"])?;
    device.write("/etc/wireguard/stripped", &stripped)?;
    device.run(["wg", "setconf", "beffroi", "/etc/wireguard/stripped"])?;
    let values = |key: &str| -> Result<Vec<String>> {
        let line = configuration.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
        let line = line.with_context(|| format!("no {key}:\n{configuration}"))?;
        Ok(line.split(", ").map(str::to_owned).collect())
    };
    for address in values("Address")? {
        device.ip(&format!("address add {address} dev beffroi"))?;
    }
    device.ip(&format!("link set beffroi up mtu {}", values("MTU")?.concat()))?;
    for network in values("AllowedIPs")? {
        device.ip(&format!("route add {network} dev beffroi"))?;
    }
    Ok(())
}

#[test]
fn a_device_without_the_agent_opens_the_intranet_until_it_is_revoked() -> Result<()> {
    let world = World::new()?;
    let mut gateway = world.gateway(DOMAIN)?;
    gateway.start()?;
    let referent = gateway.referent()?;
    referent.add_communes(&["Alvimare"])?;
    let device = world.node("telephone")?;
    let _wireguard = device.spawn("wireguard-go", ["wireguard-go", "-f", "beffroi"])?;

    let commune = referent.visit("/bons/nouveaux")?;
    let number = commune.all_between("name=\"commune-", "\"").next().context("Alvimare is known")?.to_owned();
    let mut page = None;
    until("the gateway knows its key", SOON, || {
        page = Some(referent.send(&format!("/communes/{number}/appareil"), &[("name", "téléphone")])?);
        Ok(true)
    })?;
    let page = page.context("the device was added")?;
    let path = page.all_between("href=\"/appareils/", "/configuration\"").next();
    let id = path.context("a file is offered")?.to_owned();
    let configuration = referent.visit(&format!("/appareils/{id}/configuration"))?.html;
    let certificate = referent.visit("/appareils/autorite")?.html;
    bring_up(&device, &configuration)?;
    device.write("/etc/beffroi.crt", &certificate)?;

    // Without any name of ours: what the device asks of names goes where it always went.
    let home = ["curl", "-sfm3", "--cacert", "/etc/beffroi.crt", &format!("https://{INSIDE}/")];
    until("the intranet opens", SOON, || {
        let outcome = device.attempt(home)?;
        Ok(outcome.succeeded() && outcome.stdout.contains("Mairie d’Alvimare"))
    })?;
    until("the overview shows it on line", SOON, || Ok(referent.machine("Alvimare")?.state == "online"))?;
    assert!(referent.overview()?.text().contains("téléphone (sans agent)"));

    referent.revoke("Alvimare", "perdu")?;
    assert!(!device.attempt(home)?.succeeded(), "a revoked device still opens the intranet");
    Ok(())
}
