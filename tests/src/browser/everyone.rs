//! Whether a page keeps anybody out: wide and narrow, whether or not one sees, without a complaint on the console.

use anyhow::{Result, ensure};

use super::Browser;

/// A desk, and a telephone.
const WIDTHS: [u32; 2] = [1280, 390];

/// No table must be moved sideways in its box.
const FITS: &str =
    "[...document.querySelectorAll('.scroll')].every(box => box.scrollWidth <= box.clientWidth)";

impl Browser {
    /// The page, wide and narrow, keeps nobody out; a picture of it is kept.
    pub fn is_for_everyone(&self, url: &str, name: &str) -> Result<()> {
        for width in WIDTHS {
            self.width(width)?;
            self.visit(url)?;
            self.keeps_nobody_out(&format!("{name}-{width}"))?;
        }
        Ok(())
    }

    /// The same of the page that is open already, in the state that it is in.
    pub fn is_for_everyone_as_it_is(&self, name: &str) -> Result<()> {
        for width in WIDTHS {
            self.width(width)?;
            self.keeps_nobody_out(&format!("{name}-{width}"))?;
        }
        Ok(())
    }

    fn keeps_nobody_out(&self, name: &str) -> Result<()> {
        self.picture(name)?;
        ensure!(!self.title()?.is_empty(), "{name} has no title");
        ensure!(!self.is_too_wide()?, "{name} must be moved sideways");
        ensure!(self.evaluate(FITS)? == true, "the table of {name} must be moved sideways");
        let obstacles = self.obstacles()?;
        ensure!(obstacles.is_empty(), "{name} keeps people out:\n{}", obstacles.join("\n"));
        let console = self.console()?;
        ensure!(console.is_empty(), "the console complained about {name}:\n{}", console.join("\n"));
        Ok(())
    }
}
