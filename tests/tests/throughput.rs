//! How much a line carries is measured when somebody asks, and the line is left in peace otherwise.
//!
//! ```text
//!   passerelle (netd, gateway, referent)
//!        | 192.0.2.10
//!   ─────┴───────── router ──── a line of known rate ──── alvimare (agent)
//!                                                         198.51.100.11
//! ```

use std::slice::from_mut;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use beffroi_tests::{Community, Quality, TownHall, join_all, until};
use serde_json::Value;

const SOON: Duration = Duration::from_secs(60);
/// One ISDN channel, far away, with a queue of two seconds.
const SLOW: Quality =
    Quality { rate: 64_000, delay: Duration::from_millis(150), loss: 0.0, queue: 16 * 1024 };
const ADSL: Quality =
    Quality { rate: 512_000, delay: Duration::from_millis(20), loss: 0.0, queue: 64 * 1024 };

/// Bytes received and sent by the machine's own line.
fn carried(town_hall: &TownHall) -> Result<[u64; 2]> {
    let count = |which: &str| -> Result<u64> {
        let path = format!("/sys/class/net/eth0/statistics/{which}_bytes");
        Ok(town_hall.node.run(["cat", &path])?.trim().parse()?)
    };
    Ok([count("rx")?, count("tx")?])
}

fn is_within_a_quarter(found: u64, rate: u64) -> bool {
    (rate * 3 / 4..=rate).contains(&found)
}

#[test]
fn a_slow_line_is_measured_where_the_town_hall_asks_and_the_link_stays() -> Result<()> {
    let caux = Community::of([])?;
    let (mut alvimare, _line, code) = caux.invited_on_a_line("Alvimare", SLOW)?;
    join_all(from_mut(&mut alvimare), &[code])?;
    let before = carried(&alvimare)?;
    let begun = Instant::now();
    let doctor = alvimare.node.attempt(["beffroi-agent", "doctor", "--throughput", "--json"])?;
    let lasted = begun.elapsed();
    let opinion: Value = serde_json::from_str(&doctor.stdout).with_context(|| format!("{doctor:?}"))?;
    let found = &opinion["throughput"]["bits_per_second"];
    for direction in ["received", "sent"] {
        let rate = found[direction].as_u64().with_context(|| format!("no {direction}: {opinion}"))?;
        assert!(is_within_a_quarter(rate, SLOW.rate), "{direction} {rate} bit/s of {}", SLOW.rate);
    }
    // Twice eight seconds, what is under way then, and the doctor's other questions.
    assert!(lasted < Duration::from_secs(30), "{lasted:?}");
    let after = carried(&alvimare)?;
    for (before, after) in before.into_iter().zip(after) {
        assert!(after - before < SLOW.rate / 8 * 20, "{} bytes in {lasted:?}", after - before);
    }
    let status = alvimare.status()?;
    let journal = alvimare.agent()?.log()?;
    assert!(!journal.contains("link doubtful"), "{journal}");
    assert_eq!((&status["line"]["is_answering"], &status["line"]["loss_percent"]), (&true.into(), &0.into()));

    let again = alvimare.node.attempt(["beffroi-agent", "doctor", "--throughput"])?;
    assert!(again.stdout.contains("il l’a déjà été il y a quelques minutes"), "{again:?}");
    assert_eq!(again.code, Some(1));
    let page = caux.referent.commune("Alvimare")?.text();
    assert!(page.contains("à la demande de la mairie") && page.contains("kbit/s"), "{page}");
    Ok(())
}

#[test]
fn a_referent_asks_for_a_measure_and_reads_it_on_the_page() -> Result<()> {
    let caux = Community::of([])?;
    let (mut alvimare, _line, code) = caux.invited_on_a_line("Alvimare", ADSL)?;
    join_all(from_mut(&mut alvimare), &[code])?;
    until("the link is online", SOON, || Ok(caux.referent.machine("Alvimare")?.state == "online"))?;
    assert!(caux.referent.commune("Alvimare")?.text().contains("jamais mesuré"));
    let machine = caux.referent.machine("Alvimare")?;
    let asked = caux.referent.send(&format!("/postes/{}/debit", machine.id), &[])?;
    assert!(asked.text().contains("Mesure demandée"), "{}", asked.text());
    let is_shown = || Ok(caux.referent.commune("Alvimare")?.text().contains("Réception "));
    until("the figures are on the page", SOON, is_shown)?;
    let page = caux.referent.commune("Alvimare")?.text();
    for word in ["Réception ", "envoi "] {
        let rest = page.split_once(word).context("it is shown")?.1;
        let kilobits: u64 = rest.split('\u{a0}').next().context("a figure")?.parse()?;
        assert!(is_within_a_quarter(kilobits * 1000, ADSL.rate), "{word}{kilobits} kbit/s");
    }
    assert!(page.contains("Suffisant pour lire et pour déposer des documents"), "{page}");
    let acts = caux.referent.visit("/qui-a-fait-quoi")?.text();
    assert!(acts.contains("a demandé une mesure du débit d’un poste"), "{acts}");
    Ok(())
}
