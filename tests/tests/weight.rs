//! What the home page of the intranet weighs on the line of a town hall: what TCP carries inside the tunnel, in both
//! directions, for the page and all that it needs, TLS and the browser's own habits included. What is sent twice because
//! the machine under test is busy counts once.
//!
//! ```text
//!   alvimare (agent, Chromium) ══ tunnel, captured here ══ passerelle (netd, gateway)
//! ```

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use anyhow::{Result, ensure};
use beffroi_tests::{Browser, Capture, Community, DOMAIN, Packet, Protocol, until};

/// In bytes: ten segments of 1,460, which a server may send before it hears from the other end (RFC 6928).
const COLD: usize = 14_600;
/// In bytes.
const WARM: usize = 2_000;

/// What one visit costs, in bytes.
struct Weight {
    carried: usize,
    /// The same with the headers of TCP and IP.
    packets: usize,
}

#[test]
fn the_home_page_is_light() -> Result<()> {
    let caux = Community::of(["Alvimare"])?;
    let [alvimare] = &caux.town_halls;
    let url = format!("https://intranet.{DOMAIN}/");
    let browser = Browser::open(&alvimare.node)?;
    let visit = || -> Result<Weight> {
        browser.visit("about:blank")?;
        let capture = alvimare.node.capture("beffroi")?;
        browser.visit(&url)?;
        ensure!(browser.text()?.contains("Mairie d’Alvimare"), "{}", browser.text()?);
        quiet(&capture)?;
        let passed: Vec<Packet> = capture.end()?.into_iter().filter(is_web).collect();
        let full = passed.iter().filter(|packet| packet.payload > 0);
        let carried: BTreeMap<_, usize> =
            full.map(|packet| ((ports(packet), packet.sequence), packet.payload)).collect();
        Ok(Weight {
            carried: carried.values().sum(),
            packets: passed.iter().map(|packet| packet.length).sum(),
        })
    };
    for (name, most) in [("page.home.cold", COLD), ("page.home.warm", WARM)] {
        let Weight { carried, packets } = visit()?;
        #[expect(clippy::print_stderr, reason = "a measure is there to be read")]
        {
            eprintln!("{name}: {carried} bytes, at most {most}; with the headers of every packet {packets}");
        }
        ensure!(carried > 0 && carried <= most, "{name} is {carried} bytes");
    }
    Ok(())
}

fn is_web(packet: &Packet) -> bool {
    ports(packet).is_some_and(|(from, to)| from == 443 || to == 443)
}

/// From, and to.
fn ports(packet: &Packet) -> Option<(u16, u16)> {
    match packet.protocol {
        Protocol::Tcp { from, to } => Some((from, to)),
        _ => None,
    }
}

/// Waits until the page has been fetched: its last packet is a second old.
fn quiet(capture: &Capture) -> Result<()> {
    until("the line is quiet", Duration::from_secs(20), || {
        let packets = capture.packets();
        let last = packets.iter().rev().find(|packet| is_web(packet)).map(|packet| packet.at);
        let age = last.and_then(|at| SystemTime::now().duration_since(at).ok());
        Ok(age.is_some_and(|age| age >= Duration::from_secs(1)))
    })?;
    Ok(())
}
