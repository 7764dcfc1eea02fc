//! The home page of the intranet is light: most lines are slow, and some are paid by the byte.
//!
//! ```text
//!   alvimare (agent, Chromium) ══ tunnel, captured here ══ passerelle (netd, gateway)
//! ```

use anyhow::{Result, ensure};
use beffroi_tests::{Browser, Community, DOMAIN, Weight, weigh};

/// In bytes: ten segments of 1,460, which a server may send before it hears from the other end (RFC 6928).
const COLD: usize = 14_600;
/// In bytes.
const WARM: usize = 2_000;

#[test]
fn the_home_page_is_light() -> Result<()> {
    let caux = Community::of(["Alvimare"])?;
    let [alvimare] = &caux.town_halls;
    let browser = Browser::open(&alvimare.node)?;
    for (name, most) in [("page.home.cold", COLD), ("page.home.warm", WARM)] {
        let Weight { carried, packets } =
            weigh(&alvimare.node, &browser, &format!("https://intranet.{DOMAIN}/"))?;
        ensure!(browser.text()?.contains("Mairie d’Alvimare"), "{}", browser.text()?);
        #[expect(clippy::print_stderr, reason = "a measure is there to be read")]
        {
            eprintln!("{name}: {carried} bytes, at most {most}; with the headers of every packet {packets}");
        }
        ensure!(carried > 0 && carried <= most, "{name} is {carried} bytes");
    }
    Ok(())
}
