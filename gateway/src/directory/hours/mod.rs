//! When a town hall is open: some hours of some days of the week.
//!
//! It does not know which commune's they are, nor what depends on them.

mod holidays;
mod parse;
mod print;

use std::collections::BTreeMap;

use jiff::civil::{DateTime, Weekday};
use serde::{Deserialize, Serialize};

use super::store::HOURS;
use super::{CommuneId, Error, commune};
use crate::store::{Read, Write};

pub use parse::WrongHours;

/// By day of the week, Monday first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hours([Vec<Opening>; 7]);

/// Minutes since midnight, the last one not included. Those of a day are in order and do not touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Opening {
    from: u16,
    to: u16,
}

impl Hours {
    /// Of a town hall that has not said: Monday to Friday, 9 to 17.
    pub fn usual() -> Self {
        let day = || vec![Opening { from: 9 * 60, to: 17 * 60 }];
        Self([day(), day(), day(), day(), day(), Vec::new(), Vec::new()])
    }

    /// Takes what a secretary would write: "lun 9h-12h, mar 14h-17h30", "du lundi au vendredi de 9 h à midi".
    /// Nothing at all is no opening at all.
    ///
    /// # Errors
    /// With the first thing that cannot be understood.
    pub fn parse(text: &str) -> Result<Self, WrongHours> {
        parse::parse(text)
    }

    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Vec::is_empty)
    }

    /// Whether the town hall is open at that moment of its own clock. On a public holiday it is not.
    pub fn is_open(&self, at: DateTime) -> bool {
        let minute = u16::try_from(i32::from(at.hour()) * 60 + i32::from(at.minute())).unwrap_or_default();
        let mut openings = self.0[place(at.weekday())].iter();
        openings.any(|opening| (opening.from..opening.to).contains(&minute))
            && !holidays::is_holiday(at.date())
    }

    /// Adds an opening; one that touches another is one with it.
    fn open(&mut self, day: usize, opening: Opening) {
        let day = &mut self.0[day];
        day.push(opening);
        day.sort_unstable();
        day.dedup_by(|later, earlier| {
            let touches = later.from <= earlier.to;
            if touches {
                earlier.to = earlier.to.max(later.to);
            }
            touches
        });
    }

    fn overlaps(&self, day: usize, opening: Opening) -> bool {
        self.0[day].iter().any(|other| opening.from < other.to && other.from < opening.to)
    }

    /// Day of the week, first minute, minute after the last: as they are stored.
    pub(super) fn openings(&self) -> Vec<(u8, u16, u16)> {
        let days = (0..).zip(&self.0);
        days.flat_map(|(day, openings)| openings.iter().map(move |opening| (day, opening.from, opening.to)))
            .collect()
    }

    /// `None` for what could not have been written.
    pub(super) fn of_openings(openings: &[(u8, u16, u16)]) -> Option<Self> {
        let mut hours = Self::default();
        for &(day, from, to) in openings {
            let opening = Opening { from, to };
            let is_right = day < 7 && from < to && to <= 24 * 60 && !hours.overlaps(day.into(), opening);
            is_right.then(|| hours.open(day.into(), opening))?;
        }
        Some(hours)
    }
}

/// What a town hall has said; `None` when it has not.
pub async fn hours(tx: &impl Read, id: CommuneId) -> Result<Option<Hours>, Error> {
    tx.get(&HOURS, &id).await?.map(|record| record.hours(id)).transpose()
}

/// Those of every town hall that has said.
pub async fn all_hours(tx: &impl Read) -> Result<BTreeMap<CommuneId, Hours>, Error> {
    let records = tx.all(&HOURS).await?;
    records.into_iter().map(|(id, record)| Ok((id, record.hours(id)?))).collect()
}

/// Hours that are empty are none: the usual ones hold again.
///
/// # Errors
/// [`Error::NoSuchCommune`].
pub async fn set_hours(tx: &mut impl Write, id: CommuneId, hours: &Hours) -> Result<(), Error> {
    commune(tx, id).await?.ok_or(Error::NoSuchCommune(id))?;
    if hours.is_empty() {
        tx.remove(&HOURS, &id).await?;
    } else {
        tx.put(&HOURS, &id, &hours.into()).await?;
    }
    Ok(())
}

fn place(day: Weekday) -> usize {
    usize::try_from(day.to_monday_zero_offset()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::tz::TimeZone;

    use super::*;

    #[test]
    fn a_town_hall_is_open_by_its_own_clock() {
        let zone = TimeZone::get("Europe/Paris").expect("the zone is known");
        let hours = Hours::parse("lun 9h-12h, dim 2h30-3h30").expect("hours");
        let check = |moment: &str, expected: bool| {
            let moment: Timestamp = moment.parse().expect("a timestamp");
            let local = moment.to_zoned_datetime(zone.clone()).datetime();
            assert_eq!(hours.is_open(local), expected, "{moment}");
        };
        // Monday, in winter and in summer.
        check("2026-11-23T07:59:59Z", false);
        check("2026-11-23T08:00:00Z", true);
        check("2026-11-23T10:59:59Z", true);
        check("2026-11-23T11:00:00Z", false);
        check("2026-07-20T07:00:00Z", true);
        check("2026-07-20T10:00:00Z", false);
        check("2026-11-24T08:00:00Z", false);
        // When the clocks go back, half past two comes twice; when they go forward, it does not come.
        check("2026-10-25T00:30:00Z", true);
        check("2026-10-25T01:30:00Z", true);
        check("2026-03-29T00:59:59Z", false);
        check("2026-03-29T01:00:00Z", true);
        // Easter Monday.
        check("2026-04-06T07:00:00Z", false);
    }

    #[test]
    fn what_is_stored_is_what_was_said() {
        let hours = Hours::parse("lun-ven 9h-12h et 14h-17h30, sam 9h-24h").expect("hours");
        assert_eq!(Hours::of_openings(&hours.openings()), Some(hours));
        for wrong in [(7, 0, 1), (0, 60, 60), (0, 0, 1441)] {
            assert_eq!(Hours::of_openings(&[wrong]), None, "{wrong:?}");
        }
        assert_eq!(Hours::of_openings(&[(0, 0, 60), (0, 30, 90)]), None);
    }
}
