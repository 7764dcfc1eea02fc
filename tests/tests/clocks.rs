//! Clocks are years off, at one end of the link or the other, before it is made and while it is kept.
//!
//! ```text
//!   passerelle (netd, gateway, referent)      alvimare, bennetot (agents)
//!        | 192.0.2.10                             |
//!   ─────┴────────────────────────────────────────┴─────
//! ```

use std::time::Duration;

use anyhow::Result;
use beffroi_tests::{Community, TownHall, until};

const SOON: Duration = Duration::from_secs(60);
/// Certificates are looked at once a minute.
const LATER: Duration = Duration::from_secs(100);
/// Three minutes of silence, a look each minute, an attempt each minute.
const FORGOTTEN: Duration = Duration::from_secs(330);

fn is_online(town_hall: &TownHall) -> Result<()> {
    until("the link is online", SOON, || Ok(town_hall.status()?["line"]["state"] == "online"))?;
    Ok(())
}

#[test]
fn a_machine_joins_whatever_its_clock_says() -> Result<()> {
    let caux = Community::of([])?;
    for (commune, clock) in [("Alvimare", "-15y"), ("Bennetot", "+15y")] {
        let (mut town_hall, code) = caux.invited(commune)?;
        town_hall.node.set_clock(clock);
        town_hall.join(&code)?;
        town_hall.start()?;
        is_online(&town_hall)?;
        until("the referent sees it", SOON, || Ok(caux.referent.machine(commune)?.state == "online"))?;
    }
    Ok(())
}

#[test]
fn a_clock_that_jumps_while_the_link_is_kept_cuts_nothing() -> Result<()> {
    let mut caux = Community::of(["Alvimare"])?;
    let [alvimare] = &mut caux.town_halls;
    alvimare.kill()?;
    let clock = "/run/tmp/clock";
    let set = |time: &str| alvimare.node.run(["sh", "-c", "echo \"$1\" > $2", "sh", time, clock]);
    set("+0")?;
    let settings = [
        ("LD_PRELOAD", "/usr/$LIB/faketime/libfaketime.so.1"),
        ("FAKETIME_TIMESTAMP_FILE", clock),
        ("FAKETIME_NO_CACHE", "1"),
        // As on a real machine, where only the time of day is set.
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ];
    for (name, value) in settings {
        alvimare.node.export(name, value);
    }
    let node = std::sync::Arc::clone(&alvimare.node);
    alvimare.start()?;
    is_online(alvimare)?;
    for time in ["+15y", "-15y", "+0"] {
        node.run(["sh", "-c", "echo \"$1\" > $2", "sh", time, clock])?;
        let answered =
            || -> Result<Option<u64>> { Ok(alvimare.status()?["line"]["last_answer_seconds"].as_u64()) };
        // A probe is answered every 10 to 15 s.
        until("some time passes", SOON, || Ok(answered()?.is_some_and(|age| age >= 5)))?;
        until("a probe is answered", SOON, || Ok(answered()?.is_some_and(|age| age < 5)))?;
        is_online(alvimare)?;
    }
    let journal = alvimare.agent()?.log()?;
    assert!(!journal.contains("link doubtful") && !journal.contains("link offline"), "{journal}");
    Ok(())
}

/// A handshake is refused that says an earlier time than the last one, until the gateway has forgotten that one.
#[test]
fn a_clock_that_was_ahead_and_is_put_right_costs_minutes_and_not_the_link() -> Result<()> {
    let mut caux = Community::of(["Alvimare"])?;
    let [alvimare] = &mut caux.town_halls;
    for clock in ["+1d", "+0"] {
        alvimare.kill()?;
        alvimare.node.set_clock(clock);
        alvimare.start()?;
        until("the link is online", FORGOTTEN, || Ok(alvimare.status()?["line"]["state"] == "online"))?;
    }
    assert_eq!(alvimare.home()?.status, 200);
    Ok(())
}

#[test]
fn a_gateway_whose_clock_was_years_off_serves_when_it_is_right_again() -> Result<()> {
    let mut caux = Community::of(["Alvimare"])?;
    for clock in ["+15y", "-15y"] {
        caux.gateway.kill_gateway()?;
        caux.gateway.node.set_clock(clock);
        caux.gateway.start_gateway()?;
        is_online(&caux.town_halls[0])?;
    }
    caux.gateway.kill_gateway()?;
    caux.gateway.node.set_clock("+0");
    caux.gateway.start_gateway()?;
    let [alvimare] = &caux.town_halls;
    until("the intranet opens", LATER, || Ok(alvimare.home()?.status == 200))?;
    caux.referent.sign_in()?;
    let (mut bennetot, code) = caux.invited("Bennetot")?;
    bennetot.join(&code)?;
    bennetot.start()?;
    until("the intranet opens", SOON, || Ok(bennetot.home()?.status == 200))?;
    Ok(())
}
