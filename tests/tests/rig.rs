//! The rig itself does what it promises, before any scenario trusts it.
//!
//! ```text
//!   alvimare        bennetot        foucart
//!      |               |               :  a line of 64 kbit/s, 100 ms each way
//!  ────┴───────────────┴────────────── router
//! ```

use std::net::IpAddr;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use beffroi_tests::{Browser, Quality, World, until};

const SOON: Duration = Duration::from_secs(10);

#[test]
fn hosts_reach_each_other_and_a_capture_sees_it() -> Result<()> {
    let world = World::new()?;
    let alvimare = world.node("alvimare")?;
    let bennetot = world.node("bennetot")?;
    let foucart = world.node("foucart")?;
    let (seen, unseen) = (bennetot.capture("eth0")?, foucart.capture("eth0")?);

    let (from, to) = (alvimare.addresses(), bennetot.addresses());
    alvimare.run(["ping", "-c2", "-i0.2", "-W5", &to.v4.to_string()])?;
    alvimare.run(["ping", "-c2", "-i0.2", "-W5", &to.v6.to_string()])?;

    let packets = seen.end()?;
    let count =
        |one: IpAddr, other: IpAddr| packets.iter().filter(|packet| packet.is_between(one, other)).count();
    assert_eq!(count(from.v4.into(), to.v4.into()), 4, "two pings and their answers");
    assert!(count(from.v6.into(), to.v6.into()) >= 4, "two pings and their answers, and neighbours found");
    unseen.nothing_passed(|packet| packet.from == alvimare.address())
}

#[test]
fn names_are_known_to_every_host_and_can_change() -> Result<()> {
    let world = World::new()?;
    let alvimare = world.node("alvimare")?;
    let bennetot = world.node("bennetot")?;
    for address in [bennetot.address(), alvimare.address()] {
        world.name("passerelle.caux.test", &[address])?;
        until("the name has its address", SOON, || {
            Ok(alvimare
                .attempt(["getent", "ahostsv4", "passerelle.caux.test"])?
                .stdout
                .contains(&address.to_string()))
        })?;
    }
    Ok(())
}

#[test]
fn what_a_host_writes_stays_on_it() -> Result<()> {
    let world = World::new()?;
    let alvimare = world.node("alvimare")?;
    let bennetot = world.node("bennetot")?;
    alvimare.run([
        "sh",
        "-c",
        "echo 10.66.0.1 intranet >> /etc/hosts; echo x > /var/lib/x; echo x > /run/x; hostname > /var/log/x",
    ])?;
    assert!(alvimare.read("/etc/hosts")?.contains("intranet"));
    assert_eq!(alvimare.read("/var/log/x")?, "alvimare\n");
    assert!(!bennetot.read("/etc/hosts")?.contains("intranet"));
    for path in ["/var/lib/x", "/run/x", "/var/log/x"] {
        assert!(!bennetot.attempt(["test", "-e", path])?.succeeded(), "{path} is on the other host");
        assert!(!std::path::Path::new(path).exists(), "{path} is on this machine");
    }
    Ok(())
}

#[test]
fn a_background_program_is_heard_killed_and_not_left_behind() -> Result<()> {
    let world = World::new()?;
    let alvimare = world.node("alvimare")?;
    let bennetot = world.node("bennetot")?;
    let mut server = alvimare.spawn("server", ["python3", "-um", "http.server", "80"])?;
    server.says("Serving HTTP", SOON)?;
    let url = format!("http://{}/", alvimare.address());
    bennetot.run(["curl", "-sf", &url])?;
    server.kill()?;
    assert!(!bennetot.attempt(["curl", "-sf", "-m5", &url])?.succeeded());
    Ok(())
}

#[test]
fn a_bad_line_has_its_rate_and_its_delay_and_can_be_cut() -> Result<()> {
    let world = World::new()?;
    let quality = Quality { rate: 64_000, delay: Duration::from_millis(100), loss: 0.0, queue: 64 * 1024 };
    let server = world.node("gateway")?;
    let (foucart, line) = world.node_on_a_line("foucart", quality)?;
    server.run(["sh", "-c", "head -c 16000 /dev/zero > page"])?;
    let mut http = server.spawn("server", ["python3", "-um", "http.server", "80"])?;
    http.says("Serving HTTP", SOON)?;

    let start = Instant::now();
    foucart.run(["curl", "-sf", "-o", "page", &format!("http://{}/page", server.address())])?;
    // Two round trips, and 16,000 bytes with their headers at 8,000 a second.
    let took = start.elapsed();
    ensure!(took >= Duration::from_millis(2_400), "too fast: {took:?}");
    ensure!(took <= Duration::from_millis(4_000), "too slow: {took:?}");

    line.becomes(Quality::CUT);
    assert!(!foucart.attempt(["ping", "-c1", "-W1", &server.address().to_string()])?.succeeded());
    line.becomes(quality);
    foucart.run(["ping", "-c1", "-W5", &server.address().to_string()])?;
    Ok(())
}

#[test]
fn a_host_can_move_elsewhere() -> Result<()> {
    let world = World::new()?;
    let alvimare = world.node("alvimare")?;
    let bennetot = world.node("bennetot")?;
    let before = alvimare.address();
    world.move_elsewhere(&alvimare)?;
    assert_ne!(alvimare.address(), before);
    bennetot.run(["ping", "-c1", "-W5", &alvimare.address().to_string()])?;
    assert!(!bennetot.attempt(["ping", "-c1", "-W1", &before.to_string()])?.succeeded());
    Ok(())
}

#[test]
fn a_browser_shows_pages_and_tells_what_is_wrong_with_them() -> Result<()> {
    let world = World::new()?;
    let alvimare = world.node("alvimare")?;
    let page = "<!doctype html><html lang=fr><meta charset=utf-8><title>Accueil</title><meta name=viewport content='width=device-width'>\
        <main><h1>Bonjour</h1><form action=merci.html><label>Nom <input name=nom></label><button>Envoyer</button></form></main>";
    let wrong = "<html><meta name=viewport content='width=device-width'><title>Merci</title><img src=absente.png><div style='width:500px'>Merci</div><script>nothing()</script>";
    alvimare.run([
        "sh",
        "-c",
        "mkdir site; printf '%s' \"$1\" > site/index.html; printf '%s' \"$2\" > site/merci.html",
        "sh",
        page,
        wrong,
    ])?;
    let mut server = alvimare.spawn("server", ["python3", "-um", "http.server", "-d", "site", "80"])?;
    server.says("Serving HTTP", SOON)?;

    let browser = Browser::open(&alvimare)?;
    browser.width(390)?;
    browser.visit("http://127.0.0.1/")?;
    assert_eq!(browser.title()?, "Accueil");
    assert!(browser.text()?.contains("Bonjour"));
    assert_eq!(browser.evaluate("innerWidth")?, 390);
    assert_eq!(browser.obstacles()?, Vec::<String>::new());
    browser.console()?;

    browser.fill("nom", "Éloïse")?;
    browser.press("Envoyer")?;
    assert!(browser.address()?.ends_with("merci.html?nom=%C3%89lo%C3%AFse"));
    assert!(browser.is_too_wide()?);
    let obstacles = browser.obstacles()?.join("\n");
    assert!(obstacles.contains("alternative text"), "{obstacles}");
    let console = browser.console()?.join("\n");
    assert!(console.contains("absente.png") && console.contains("nothing is not defined"), "{console}");
    assert!(std::fs::metadata(browser.picture("merci")?)?.len() > 1_000);
    Ok(())
}
