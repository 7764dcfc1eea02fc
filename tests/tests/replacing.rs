//! Another computer takes the place of a town hall's machine.
//!
//! ```text
//!   passerelle (netd, gateway, referent)     alvimare (agent)     alvimare-bis (agent, later)
//!        | 192.0.2.10                            | 192.0.2.11          | 192.0.2.12
//!   ─────┴───────────────────────────────────────┴─────────────────────┴─────
//! ```

use std::time::Duration;

use anyhow::Result;
use beffroi_tests::{Community, until};

const SOON: Duration = Duration::from_secs(60);

#[test]
fn a_machine_is_replaced_in_place() -> Result<()> {
    let caux = Community::of(["Alvimare"])?;
    let [old] = &caux.town_halls;
    let before = caux.referent.machine("Alvimare")?;
    let addresses = old.tunnel_addresses()?;

    let code = caux.referent.replace("Alvimare")?;
    assert_eq!(old.home()?.status, 200, "until then the old one stays");
    let mut new = caux.world.town_hall("Alvimare bis")?;
    new.join(&code)?;
    assert!(old.home().is_err(), "its key is nobody's from the moment the new one is let in");
    new.start()?;
    until("the intranet opens", SOON, || Ok(new.home()?.status == 200))?;

    assert_eq!(new.tunnel_addresses()?, addresses);
    let after = caux.referent.machine("Alvimare")?;
    assert_eq!((&after.id, &after.name), (&before.id, &before.name));
    assert_ne!(after.words, before.words, "the words follow the key");
    assert!(old.home().is_err());
    assert_eq!(new.home()?.status, 200, "the old one, which still calls, is in nobody's way");
    Ok(())
}
