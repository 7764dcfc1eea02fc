//! Hours in words: "lun-ven 9h-12h et 14h-17h30, sam 9h-12h". What is printed can be typed back.

use std::fmt;

use super::{Hours, Opening};

/// As they are printed.
pub(super) const DAYS: [&str; 7] = ["lun", "mar", "mer", "jeu", "ven", "sam", "dim"];

impl fmt::Display for Hours {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut day = 0;
        let mut separator = "";
        while day < DAYS.len() {
            let alike = self.0[day..].iter().take_while(|openings| **openings == self.0[day]).count();
            if !self.0[day].is_empty() {
                write!(out, "{separator}{}", DAYS[day])?;
                if alike > 1 {
                    write!(out, "-{}", DAYS[day + alike - 1])?;
                }
                write_openings(out, &self.0[day])?;
                separator = ", ";
            }
            day += alike;
        }
        Ok(())
    }
}

fn write_openings(out: &mut fmt::Formatter<'_>, openings: &[Opening]) -> fmt::Result {
    let mut separator = " ";
    for Opening { from, to } in openings {
        out.write_str(separator)?;
        write_time(out, *from)?;
        out.write_str("-")?;
        write_time(out, *to)?;
        separator = " et ";
    }
    Ok(())
}

fn write_time(out: &mut fmt::Formatter<'_>, minute: u16) -> fmt::Result {
    match (minute / 60, minute % 60) {
        (hour, 0) => write!(out, "{hour}h"),
        (hour, minute) => write!(out, "{hour}h{minute:02}"),
    }
}
