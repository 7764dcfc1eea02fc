//! The agents' own program is exchanged through the tunnel: fetched, tried out, kept or rolled back.
//!
//! ```text
//!   passerelle (netd, gateway, referent, releases)     alvimare (agent)
//!        | 192.0.2.10                                      | 192.0.2.11
//!   ─────┴─────────────────────────────────────────────────┴─────
//! ```
//!
//! There is no systemd in a scenario: a loop starts the agent whenever it ends, `systemctl` ends it, and the test
//! calls what the path unit would. Under systemd it is `make test-deb`.

use std::fs;
use std::time::Duration;

use anyhow::Result;
use beffroi_tests::{Community, Node, Process, Signer, until};

const SOON: Duration = Duration::from_secs(60);
const ORDER: &str = "/var/lib/beffroi-agent/update/order.json";
/// What a service manager does for the agent, as far as it is needed.
const SERVICE: &str = "#!/bin/sh\nwhile :; do beffroi-agent run & echo $! > /run/agent.pid; wait; done\n";
const SYSTEMCTL: &str = "#!/bin/sh\n[ \"$*\" = \"restart --no-block beffroi-agent.service\" ] && kill \"$(cat /run/agent.pid)\"\n";

/// A machine that follows this key, at any hour, and is started again when it ends.
fn machine(node: &Node, key: &str, rate: u32) -> Result<Process> {
    let settings = format!(
        "update_key = \"{key}\"\nupdate_hours = \"always\"\nupdate_rate = \"{rate}\"\nupdate_trial = \"20\"\n"
    );
    node.write("/etc/beffroi/agent.toml", &settings)?;
    for (name, script) in [("service", SERVICE), ("systemctl", SYSTEMCTL)] {
        node.write(&format!("/var/lib/bin/{name}"), script)?;
        node.run(["chmod", "+x", &format!("/var/lib/bin/{name}")])?;
    }
    let path = node.run(["sh", "-c", "echo $PATH"])?;
    node.export("PATH", &format!("/var/lib/bin:{path}"));
    node.spawn("service", ["service"])
}

/// What the path unit does: the order is there, and is carried out.
fn install(node: &Node) -> Result<()> {
    until("an order is there", Duration::from_secs(150), || Ok(node.file(ORDER)?.exists()))?;
    node.run(["beffroi-agent", "update"])?;
    Ok(())
}

fn fetched(node: &Node) -> Result<u64> {
    let Ok(entries) = fs::read_dir(node.file("/var/lib/beffroi-agent/update")?) else { return Ok(0) };
    let parts = entries.flatten().filter(|entry| entry.path().extension().is_some_and(|end| end == "gz"));
    Ok(parts.filter_map(|entry| entry.metadata().ok()).map(|part| part.len()).sum())
}

#[test]
fn a_release_is_fetched_through_ten_cuts_and_kept() -> Result<()> {
    let mut caux = Community::of(["Alvimare"])?;
    let node = caux.town_halls[0].node.clone();
    caux.town_halls[0].kill()?;
    let folder = node.file("/var/lib")?;
    let signer = Signer::new(&folder, "release.pem")?;
    let program = folder.join("new-agent");
    let own = node.run(["sh", "-c", "command -v beffroi-agent"])?;
    node.run(["strip", "-o", &program.display().to_string(), &own])?;
    let file = folder.join("new.release");
    signer.sign(&program, &file)?;
    caux.gateway.follow(&signer.public)?;
    let service = machine(&node, &signer.public, 400_000)?;
    caux.referent.upload("/mises-a-jour/deposer", "release", &file)?;
    caux.referent.send("/mises-a-jour/proposer", &[("version", "900.0.0")])?;

    for cut in 0..10 {
        let before = fetched(&node)?;
        until("more is fetched", SOON, || Ok(fetched(&node)? > before + 100_000))?;
        if cut % 2 == 0 {
            node.run(["sh", "-c", "kill -9 $(cat /run/agent.pid)"])?;
        } else {
            caux.gateway.kill_gateway()?;
            caux.gateway.start_gateway()?;
        }
        assert!(fetched(&node)? >= before, "nothing is lost");
    }
    install(&node)?;
    let status = caux.town_halls[0].status()?;
    assert_eq!(status["program"], "/var/lib/beffroi-update/900.0.0/beffroi-agent");
    until("the page says so", SOON, || {
        Ok(caux.referent.visit("/mises-a-jour")?.text().contains("Un poste l’a"))
    })?;
    assert_eq!(caux.town_halls[0].home()?.status, 200);
    let resumed = service.log()?.matches("is fetched from byte").count();
    assert!(resumed >= 5, "resumed {resumed} times");
    Ok(())
}

#[test]
fn a_release_that_breaks_the_link_is_rolled_back_and_stops_the_rest() -> Result<()> {
    // The machine that enrolled first is the first to be updated.
    let mut caux = Community::of(["Alvimare"])?;
    let (mut bennetot, code) = caux.invited("Bennetot")?;
    bennetot.join(&code)?;
    bennetot.start()?;
    let node = caux.town_halls[0].node.clone();
    caux.town_halls[0].kill()?;
    let folder = node.file("/var/lib")?;
    let signer = Signer::new(&folder, "release.pem")?;
    let program = folder.join("new-agent");
    fs::write(&program, "#!/bin/sh\nexec sleep 1000\n")?;
    signer.sign(&program, &caux.gateway.node.file("/var/lib/releases/agent.release")?)?;
    caux.gateway.follow(&signer.public)?;
    let _service = machine(&node, &signer.public, 400_000)?;
    caux.referent.send("/mises-a-jour/proposer", &[("version", "900.0.0")])?;

    install(&node)?;
    until("the intranet opens again", SOON, || {
        Ok(caux.town_halls[0].home().is_ok_and(|page| page.status == 200))
    })?;
    until("the page says so", SOON, || {
        Ok(caux.referent.visit("/mises-a-jour")?.text().contains("version d’avant reprise"))
    })?;
    assert!(caux.referent.visit("/mises-a-jour")?.text().contains("La mise à jour est arrêtée"));
    assert!(!node.file("/var/lib/beffroi-update/900.0.0")?.exists());
    Ok(())
}

#[test]
fn a_release_of_another_key_is_refused() -> Result<()> {
    let mut caux = Community::of(["Alvimare"])?;
    let node = caux.town_halls[0].node.clone();
    caux.town_halls[0].kill()?;
    let folder = node.file("/var/lib")?;
    let (signer, forger) = (Signer::new(&folder, "release.pem")?, Signer::new(&folder, "forger.pem")?);
    let program = folder.join("new-agent");
    fs::write(&program, "#!/bin/sh\nexec sleep 1000\n")?;
    forger.sign(&program, &caux.gateway.node.file("/var/lib/releases/agent.release")?)?;
    caux.gateway.follow(&forger.public)?;
    let mut service = machine(&node, &signer.public, 400_000)?;
    caux.referent.send("/mises-a-jour/proposer", &[("version", "900.0.0")])?;
    service.says("an update that is refused: the signature is not of the release key", SOON)?;
    assert_eq!(fetched(&node)?, 0);
    assert!(!node.file(ORDER)?.exists());
    Ok(())
}
