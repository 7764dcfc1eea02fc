//! The last 90 days of a commune, as its page shows them: a row of bars, and the same in words.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::bars::Bars;
use super::calendar::{Day, Hour};
use super::store::{Parts, hours};
use super::tally::Tally;
use crate::directory::CommuneId;
use crate::links::{Error, words};
use crate::store::Read;
use crate::web::{Text, dates};

const DAYS: i32 = 90;
/// Days with time down that are told one by one, the latest first.
const TOLD: usize = 10;

pub(in crate::links) struct NinetyDays {
    pub(in crate::links) bars: Bars,
    pub(in crate::links) first: Text,
    pub(in crate::links) share: Text,
    pub(in crate::links) down: Text,
    /// On average.
    pub(in crate::links) round_trip: Option<Text>,
    pub(in crate::links) days: Vec<Text>,
    /// Days with time down that are not told.
    pub(in crate::links) more: usize,
}

impl NinetyDays {
    /// `None` while nothing is known of the commune.
    pub(in crate::links) async fn of(
        tx: &impl Read,
        commune: CommuneId,
        now: Timestamp,
        zone: &TimeZone,
    ) -> Result<Option<Self>, Error> {
        let last = Hour::at(now, zone).day;
        let first = last.before(DAYS - 1);
        Ok(Self::from(&hours(tx, commune, first, last).await?, first, zone))
    }

    fn from(rows: &BTreeMap<Day, Parts>, first: Day, zone: &TimeZone) -> Option<Self> {
        let days: BTreeMap<Day, Tally> = rows.iter().map(|(day, row)| (*day, row.sum())).collect();
        let whole = days.values().fold(Tally::default(), |mut whole, day| {
            whole.add(day);
            whole
        });
        let share = Text::new("links-history-share").with("percent", &words::percent(whole.permille()?));
        let mut told: Vec<Text> = rows.iter().rev().filter_map(|(day, row)| told(*day, row, zone)).collect();
        let more = told.len().saturating_sub(TOLD);
        let down = match told.len() {
            0 => Text::new("links-history-never-down"),
            count => Text::new("links-history-down")
                .with("count", &count)
                .with("duration", &words::duration(whole.down())),
        };
        let round_trip = whole
            .mean_round_trip()
            .map(|mean| Text::new("links-history-round-trip").with("duration", &words::round_trip(mean)));
        told.truncate(TOLD);
        let each = (0..DAYS).map(|number| days.get(&first.before(-number)).copied());
        let (bars, first) = (Bars::of(each), dates::date(first.0));
        Some(Self { bars, first, share, down, round_trip, days: told, more })
    }
}

/// "12 novembre 2026 : 2 h 10, entre 9 h et 12 h"; `None` of a day without time down.
fn told(day: Day, row: &Parts, zone: &TimeZone) -> Option<Text> {
    let down = row.sum().down();
    let mut hours = row.iter().filter(|(_, tally)| tally.down() > Duration::ZERO).map(|(number, _)| *number);
    let first = hours.next()?;
    let last = hours.last().unwrap_or(first);
    let wall = |number| i32::from(Hour { day, number }.on_the_wall(zone));
    let text = Text::new("links-history-day")
        .with("day", &dates::date(day.0))
        .with("duration", &words::duration(down))
        .with("from", &wall(first))
        .with("to", &(wall(last) + 1));
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::links::state::Seen;

    #[test]
    fn days_with_time_down_are_told_in_words() {
        let zone = TimeZone::get("Europe/Paris").expect("the zone is known");
        let day = |text: &str| Day(text.parse().expect("a date"));
        let first = day("2026-08-27");
        assert!(NinetyDays::from(&BTreeMap::new(), first, &zone).is_none());

        let up = Tally::of(Seen::Up, Duration::from_secs(3600));
        let down = Tally::of(Seen::Down, Duration::from_secs(1200));
        let good: Parts = [(9, up), (10, up)].into_iter().collect();
        let bad: Parts = [(9, down), (10, up), (11, down)].into_iter().collect();
        let rows = BTreeMap::from([(day("2026-11-23"), good), (day("2026-11-24"), bad)]);
        let shown = NinetyDays::from(&rows, first, &zone).expect("there is something to show");
        let days: Vec<String> = shown.days.iter().map(Text::to_string).collect();
        assert_eq!(days, ["24 novembre 2026\u{a0}: hors ligne 40\u{a0}min, entre 9\u{a0}h et 12\u{a0}h"]);
        assert_eq!(shown.share.to_string(), "En ligne 81,8\u{a0}% du temps observé.");
        assert_eq!(shown.down.to_string(), "Un jour avec coupure, 40\u{a0}min en tout.");
        assert_eq!(shown.first.to_string(), "27 août 2026");
        assert_eq!((shown.more, shown.bars.to_string().matches('M').count()), (0, 90 + 1));
    }
}
