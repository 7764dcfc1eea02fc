//! The rows: a day holds its hours for 90 days, a month holds its days for 24 months.
//!
//! A row grows old by the rows that follow it, not by the clock: a clock that is years off for an afternoon adds
//! a day that never was, and takes none away.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::calendar::{Day, Hour, Month};
use super::ledger::Unwritten;
use super::tally::{HOUR, Tally};
use crate::directory::CommuneId;
use crate::links::Error;
use crate::store::{Read, Record, Table, Write};

pub(in crate::links) const HOURS: Table<(CommuneId, Day), Parts> = Table::new("links.history.hours");
pub(in crate::links) const DAYS: Table<(CommuneId, Month), Parts> = Table::new("links.history.days");

/// Days that are kept by the hour, today's among them.
pub(super) const FINE: usize = 91;
/// Months that are kept by the day, the one that is under way among them.
pub(super) const COARSE: usize = 25;

/// The hours of a day or the days of a month, by their number; one in which nobody looked is not there.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::links) struct Parts(Vec<(u8, Tally)>);

impl Record for Parts {
    const VERSION: u8 = 1;
}

impl Parts {
    fn part(&mut self, number: u8) -> &mut Tally {
        let place = match self.0.binary_search_by_key(&number, |(number, _)| *number) {
            Ok(place) => place,
            Err(place) => {
                self.0.insert(place, (number, Tally::default()));
                place
            }
        };
        &mut self.0[place].1
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(u8, Tally)> {
        self.0.iter()
    }

    pub(super) fn sum(&self) -> Tally {
        self.0.iter().fold(Tally::default(), |mut sum, (_, tally)| {
            sum.add(tally);
            sum
        })
    }
}

#[cfg(test)]
impl FromIterator<(u8, Tally)> for Parts {
    fn from_iter<I: IntoIterator<Item = (u8, Tally)>>(parts: I) -> Self {
        Self(parts.into_iter().collect())
    }
}

/// Adds what was seen to the rows. A commune's first row of a day makes room for it.
pub(super) async fn add(tx: &mut impl Write, unwritten: &Unwritten) -> Result<(), Error> {
    let mut rows: BTreeMap<(CommuneId, Day), Vec<(u8, Tally)>> = BTreeMap::new();
    for ((commune, Hour { day, number }), tally) in unwritten {
        rows.entry((*commune, *day)).or_default().push((*number, *tally));
    }
    for (key, hours) in rows {
        let before = tx.get(&HOURS, &key).await?;
        let is_new = before.is_none();
        let mut row = before.unwrap_or_default();
        for (number, tally) in hours {
            row.part(number).add_within(&tally, HOUR);
        }
        tx.put(&HOURS, &key, &row).await?;
        if is_new {
            thin(tx, key.0).await?;
        }
    }
    Ok(())
}

/// The oldest days lose their hours, the oldest months go.
async fn thin(tx: &mut impl Write, commune: CommuneId) -> Result<(), Error> {
    let fine = tx.page_back(&HOURS, days_of(commune), FINE + 1).await?;
    for (key, row) in fine.rows.into_iter().skip(FINE) {
        let month = (commune, key.1.month());
        let mut days = tx.get(&DAYS, &month).await?.unwrap_or_default();
        days.part(key.1.0.day().unsigned_abs()).add(&row.sum());
        tx.put(&DAYS, &month, &days).await?;
        tx.remove(&HOURS, &key).await?;
    }
    let coarse = tx.page_back(&DAYS, months_of(commune), COARSE + 1).await?;
    for (key, _) in coarse.rows.into_iter().skip(COARSE) {
        tx.remove(&DAYS, &key).await?;
    }
    Ok(())
}

/// A commune's days from `first` to `last` by the hour, both included, as far as they are kept so.
pub(super) async fn hours(
    tx: &impl Read,
    commune: CommuneId,
    first: Day,
    last: Day,
) -> Result<BTreeMap<Day, Parts>, Error> {
    let rows = tx.page(&HOURS, (commune, first)..=(commune, last), FINE).await?.rows;
    Ok(rows.into_iter().map(|((_, day), row)| (day, row)).collect())
}

/// What is known of a commune's days from `first` to `last`, both included. A day that nobody looked at is not
/// among them.
pub(super) async fn days(
    tx: &impl Read,
    commune: CommuneId,
    first: Day,
    last: Day,
) -> Result<BTreeMap<Day, Tally>, Error> {
    let mut days: BTreeMap<Day, Tally> = BTreeMap::new();
    let months = (commune, first.month())..=(commune, last.month());
    for ((_, month), row) in tx.page(&DAYS, months, COARSE).await?.rows {
        let row = row.0.into_iter().filter_map(|(number, tally)| Some((month.day(number)?, tally)));
        days.extend(row);
    }
    for ((_, day), row) in tx.page(&HOURS, (commune, first)..=(commune, last), FINE).await?.rows {
        days.entry(day).or_default().add(&row.sum());
    }
    days.retain(|day, _| (first..=last).contains(day));
    Ok(days)
}

fn days_of(commune: CommuneId) -> impl std::ops::RangeBounds<(CommuneId, Day)> {
    (commune, Day(jiff::civil::Date::ZERO))..=(commune, Day(jiff::civil::Date::MAX))
}

fn months_of(commune: CommuneId) -> impl std::ops::RangeBounds<(CommuneId, Month)> {
    (commune, Month { year: 0, month: 1 })..=(commune, Month { year: i16::MAX, month: 12 })
}
