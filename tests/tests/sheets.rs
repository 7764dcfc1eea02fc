//! All sheets at once, from a list on the server.
//!
//! ```text
//!   passerelle (netd, gateway)      yebleron (agent)
//!        | 192.0.2.10                   | 192.0.2.11
//!   ─────┴──────────────────────────────┴─────
//! ```

use std::time::Duration;

use anyhow::{Context, Result};
use beffroi_tests::{DOMAIN, World, until};

const SOON: Duration = Duration::from_secs(30);

#[test]
fn a_town_hall_joins_from_the_printed_sheet() -> Result<()> {
    let world = World::new()?;
    let mut gateway = world.gateway(DOMAIN)?;
    gateway.start()?;
    let node = &gateway.node;
    node.write("/etc/beffroi/communes.csv", "nom;siege\nYébleron;\nFauville-en-Caux;oui\n")?;
    let invite = [
        "beffroi-gateway",
        "invite",
        "--csv",
        "/etc/beffroi/communes.csv",
        "--print",
        "/etc/beffroi/bons.pdf",
    ];
    let mut told = String::new();
    until("the gateway knows its key", SOON, || {
        let outcome = node.attempt(invite)?;
        told = outcome.stdout.clone();
        Ok(outcome.succeeded())
    })?;
    assert!(told.contains("2 bons sont créés"), "{told}");
    assert!(!told.contains("Mairie"), "codes that are on paper are not on the terminal: {told}");
    assert_eq!(node.run(["stat", "-c", "%a", "/etc/beffroi/bons.pdf"])?.trim(), "600");

    let again = node.attempt(invite)?;
    assert_eq!(again.code, Some(1));
    assert!(again.stderr.contains("/etc/beffroi/bons.pdf existe déjà"), "{}", again.stderr);

    let sheet = node.run(["pdftotext", "-layout", "-f", "1", "-l", "1", "/etc/beffroi/bons.pdf", "-"])?;
    assert!(sheet.contains("Mairie d’Yébleron"), "{sheet}");
    let groups = sheet.split_once("Le code").and_then(|(_, rest)| rest.split_once("Les quatre mots"));
    let (groups, _) = groups.context("the sheet has no code")?;
    // Each group follows its number.
    let code: Vec<&str> = groups.split_whitespace().skip(1).step_by(2).collect();
    let mut yebleron = world.town_hall("Yébleron")?;
    yebleron.join(&code.join(" "))?;
    yebleron.start()?;
    Ok(())
}
