//! `page.home.cold`, `page.home.warm`: the bytes of a visit of the intranet's home page.
//! `page.home.time`: how long a first visit takes on a slow line, until the page is usable.
//!
//! ```text
//!   alvimare (agent, Chromium) ──── bare, or 64 kbit/s and 150 ms each way ──── passerelle (netd, gateway)
//! ```

use std::time::Duration;

use anyhow::{Context, Result};
use beffroi_tests::{Browser, Community, DOMAIN, Quality, until, weigh};

use crate::report::Figure;

/// Odd, so that one is in the middle. Each with a browser that has never been anywhere.
const RUNS: usize = 5;

/// With nothing lost: what is measured is the page, not the luck of its packets.
const SLOW: Quality =
    Quality { rate: 64_000, delay: Duration::from_millis(150), loss: 0.0, queue: 64 * 1024 };

fn home() -> String {
    format!("https://intranet.{DOMAIN}/")
}

pub(crate) fn weight() -> Result<Vec<Figure>> {
    let caux = Community::of(["Alvimare"])?;
    let [alvimare] = &caux.town_halls;
    let (mut cold, mut warm) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let browser = Browser::open(&alvimare.node)?;
        cold.push(weigh(&alvimare.node, &browser, &home())?.carried as f64);
        warm.push(weigh(&alvimare.node, &browser, &home())?.carried as f64);
    }
    Ok(vec![Figure::new("page.home.cold", "bytes", cold), Figure::new("page.home.warm", "bytes", warm)])
}

pub(crate) fn time() -> Result<Vec<Figure>> {
    let caux = Community::of([])?;
    let (mut alvimare, _line, code) = caux.invited_on_a_line("Alvimare", SLOW)?;
    alvimare.join(&code)?;
    alvimare.start()?;
    until("the link is online", Duration::from_secs(60), || {
        Ok(alvimare.status()?["line"]["state"] == "online")
    })?;
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        let browser = Browser::open(&alvimare.node)?;
        browser.visit(&home())?;
        // Usable is when the page and what it is drawn with have been read.
        let took = browser.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")?;
        runs.push(took.as_f64().context("milliseconds")? / 1000.0);
    }
    Ok(vec![Figure::new("page.home.time", "s", runs)])
}
