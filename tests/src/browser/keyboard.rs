//! Going through a page with the keyboard alone, as somebody who looks where it is.

use std::time::Duration;

use anyhow::{Result, bail, ensure};

use super::{Browser, keys};
use crate::wait::until;

const SOON: Duration = Duration::from_secs(30);

/// Where the keyboard is, and whether one sees it.
const FOCUS: &str = "(() => {
    const at = document.activeElement, style = getComputedStyle(at), box = at.getBoundingClientRect();
    return at != document.body && style.outlineStyle != 'none' && parseFloat(style.outlineWidth) >= 2 && box.width > 1
        && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
})()";

impl Browser {
    /// Goes on from element to element until the one that matches; every stop on the way is seen.
    pub fn tab_to(&self, condition: &str) -> Result<()> {
        for _ in 0..60 {
            self.type_keys(keys::TAB)?;
            let at = self.evaluate("document.activeElement.outerHTML.slice(0, 200)")?;
            ensure!(self.evaluate(FOCUS)? == true, "one does not see that the keyboard is at {at}");
            if self.evaluate(&format!("(at => {condition})(document.activeElement)"))? == true {
                return Ok(());
            }
        }
        bail!("the keyboard does not reach {condition} on {}", self.address()?)
    }

    /// Presses Enter, and waits for the page that follows.
    pub fn enter(&self, expected: &str) -> Result<()> {
        self.type_keys(keys::ENTER)?;
        until("the next page is there", SOON, || Ok(self.text()?.contains(expected)))?;
        Ok(())
    }
}
