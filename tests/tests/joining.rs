//! A town hall's machine joins with the sheet of paper, and leaves.
//!
//! ```text
//!   passerelle (netd, gateway, referent)      alvimare (agent)
//!        | 192.0.2.10                             | 192.0.2.11
//!   ─────┴────────────────────────────────────────┴─────
//! ```

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Result;
use beffroi_tests::{Community, DOMAIN, INSIDE, Protocol, until};

const SOON: Duration = Duration::from_secs(30);

#[test]
fn a_town_hall_joins() -> Result<()> {
    let caux = Community::of([])?;
    let (mut alvimare, code) = caux.invited("Alvimare")?;
    let routes = alvimare.node.ip("route show table main")?;

    let told = alvimare.join(&code)?;
    let machine = caux.referent.machine("Alvimare")?;
    let words = machine.words.expect("they are shown until the link has proved itself");
    assert!(spaced(&told).contains(&spaced(&words)), "{told} has not the words {words}");

    alvimare.start()?;
    until("the link is online", SOON, || Ok(alvimare.status()?["line"]["state"] == "online"))?;
    let home = alvimare.home()?.shown()?;
    assert!(home.text().contains("Mairie d’Alvimare"), "{}", home.text());
    until("the referent sees it", SOON, || Ok(caux.referent.machine("Alvimare")?.state == "online"))?;

    let hosts = alvimare.node.read("/etc/hosts")?;
    assert!(hosts.starts_with("127.0.0.1 localhost\n"), "{hosts}");
    assert!(hosts.contains(&format!("{INSIDE} intranet.{DOMAIN}")), "{hosts}");
    let after = alvimare.node.ip("route show table main")?;
    assert!(routes.lines().all(|route| after.contains(route)), "before:\n{routes}\nafter:\n{after}");
    Ok(())
}

#[test]
fn a_town_hall_joins_by_file() -> Result<()> {
    let caux = Community::of([])?;
    let (alvimare, code) = caux.invited("Alvimare")?;
    alvimare.node.write("/var/lib/bon.beffroi", &code)?;
    alvimare.node.run(["beffroi-agent", "join", "/var/lib/bon.beffroi"])?;
    caux.referent.machine("Alvimare")?;
    Ok(())
}

#[test]
fn a_mistyped_code_is_told_before_anything_is_sent() -> Result<()> {
    let caux = Community::of([])?;
    let (alvimare, code) = caux.invited("Alvimare")?;
    let capture = alvimare.node.capture("eth0")?;
    let mut groups: Vec<String> = code.split('-').map(str::to_owned).collect();
    let wrong = if groups[2].starts_with('A') { "B" } else { "A" };
    groups[2].replace_range(..1, wrong);

    let outcome = alvimare.try_to_join(&groups.join("-"))?;
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.stderr.contains("groupe n° 3"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("Rien n’a été envoyé"), "{}", outcome.stderr);
    capture.nothing_passed(|packet| {
        matches!(packet.protocol, Protocol::Udp { .. }) || packet.to == caux.gateway.node.address()
    })
}

#[test]
fn a_code_serves_once() -> Result<()> {
    let caux = Community::of([])?;
    let (alvimare, code) = caux.invited("Alvimare")?;
    alvimare.join(&code)?;
    let thief = caux.world.town_hall("Bennetot")?;
    let outcome = thief.try_to_join(&code)?;
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(!thief.node.read("/etc/hosts")?.contains(DOMAIN));
    assert_eq!(caux.referent.machines("Alvimare")?.len(), 1);
    Ok(())
}

#[test]
fn a_machine_that_leaves_is_as_it_was() -> Result<()> {
    let caux = Community::of([])?;
    let (mut alvimare, code) = caux.invited("Alvimare")?;
    let node = &alvimare.node.clone();
    // Every file with its size and where it points; the two that are shared by many, by their content.
    let files = "find /etc /usr/local/share/ca-certificates -not -type d -printf '%p %s %l\\n' | sort;
        md5sum /etc/hosts /etc/ssl/certs/ca-certificates.crt;
        ip -4 address; ip -6 address show scope global; ip route; ip -6 route";
    let look = || -> Result<BTreeSet<String>> {
        Ok(node.run(["sh", "-c", files])?.lines().map(str::to_owned).collect())
    };
    node.run(["update-ca-certificates"])?;
    let before = look()?;
    alvimare.join(&code)?;
    alvimare.start()?;
    until("the intranet opens", SOON, || Ok(alvimare.home()?.status == 200))?;
    assert_ne!(look()?, before);

    node.run(["beffroi-agent", "leave"])?;
    let after = look()?;
    assert_eq!(before.symmetric_difference(&after).collect::<Vec<_>>(), Vec::<&String>::new());
    assert_eq!(alvimare.status()?["stage"], "alone");
    assert!(!node.attempt(["test", "-e", "/var/lib/beffroi-agent/state.json"])?.succeeded());
    Ok(())
}

/// Words are set apart by more than one space on a screen.
fn spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
