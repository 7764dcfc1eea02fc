//! `link.badline`: TCP from the gateway to a town hall on a telephone line, through the tunnel; and the same over the
//! bare line.
//!
//! ```text
//!   alvimare (agent) ──── 56 kbit/s, 150 ms each way, 2 % lost ──── passerelle (netd, gateway)
//! ```

use std::time::Duration;

use anyhow::Result;
use beffroi_tests::{Community, Quality, until};

use crate::report::Figure;
use crate::throughput::Path;

/// Odd, so that one is in the middle.
const RUNS: usize = 5;
/// Of one run: some two hundred packets, of which four are lost.
const SECONDS: &str = "40";

pub(crate) fn measure() -> Result<Vec<Figure>> {
    let caux = Community::of([])?;
    let (mut alvimare, _line, code) = caux.invited_on_a_line("Alvimare", Quality::MODEM)?;
    alvimare.join(&code)?;
    alvimare.start()?;
    until("the link is online", Duration::from_secs(60), || {
        Ok(alvimare.status()?["line"]["state"] == "online")
    })?;

    let node = &caux.gateway.node;
    let through = Path::open(node, &alvimare.node, alvimare.tunnel_addresses()?[0])?;
    // The same listener hears both.
    let bare = through.by(alvimare.node.address());
    let (mut our_runs, mut bare_runs) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        our_runs.push(through.run(SECONDS)? * 1000.0);
        bare_runs.push(bare.run(SECONDS)? * 1000.0);
    }
    Ok(vec![Figure::new("link.badline", "kbit/s", our_runs).against("the bare line", bare_runs)])
}
