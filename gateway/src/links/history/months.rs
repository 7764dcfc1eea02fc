//! All communes over 24 months, on one sheet of paper for the elected.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State as Held;

use super::bars::Bars;
use super::calendar::{Day, Hour, Month};
use super::store::{COARSE, days};
use super::tally::Tally;
use crate::directory::{self, Commune};
use crate::links::{Error, words};
use crate::store::{ReadTx, Store};
use crate::web::{Frame, Now, Refusal, Reply, Text, dates, filters};

#[derive(Template)]
#[template(path = "links/history/templates/months.html")]
struct MonthsPage {
    frame: Frame,
    period: Text,
    summary: Option<Summary>,
    lines: Vec<Line>,
    /// Communes of which nothing is known.
    without: Vec<String>,
}

/// What the sheet says in a sentence.
#[derive(Debug, PartialEq, Eq)]
struct Summary {
    communes: usize,
    percent: String,
    never_down: usize,
    worst: Option<(String, String)>,
}

/// A commune.
struct Line {
    name: String,
    bars: Bars,
    whole: Tally,
    percent: String,
    down_days: usize,
    carried: Text,
}

pub(in crate::links) async fn page(
    Held(store): Held<Store>,
    Now(now): Now,
    frame: Frame,
) -> Result<Reply, Refusal> {
    let today = Hour::at(now, frame.time_zone()).day;
    let first = first_day(today);
    let communes = store
        .read(async move |tx: &ReadTx| {
            let mut communes = Vec::new();
            for commune in directory::communes(tx).await? {
                let days = days(tx, commune.id, first, today).await?;
                communes.push((commune, days));
            }
            Ok::<_, Error>(communes)
        })
        .await?;
    let (known, without): (Vec<_>, Vec<_>) =
        communes.into_iter().partition(|(_, days)| days.values().any(Tally::is_observed));
    let lines: Vec<Line> =
        known.iter().filter_map(|(commune, days)| Line::of(commune, days, today.month())).collect();
    Reply::page(&MonthsPage {
        period: Text::new("links-months-period")
            .with("first", &dates::date(first.0))
            .with("last", &dates::date(today.0)),
        summary: Summary::of(&lines),
        lines,
        without: without.into_iter().map(|(commune, _)| commune.name.to_string()).collect(),
        frame,
    })
}

/// Of the 24 months, of which the last is under way.
fn first_day(today: Day) -> Day {
    today.month().before(months() - 1).day(1).unwrap_or(today)
}

fn months() -> i32 {
    i32::try_from(COARSE - 1).expect("24 is a small number")
}

impl Line {
    fn of(commune: &Commune, days: &BTreeMap<Day, Tally>, last: Month) -> Option<Self> {
        let mut each: BTreeMap<Month, Tally> = BTreeMap::new();
        let mut whole = Tally::default();
        for (day, tally) in days {
            each.entry(day.month()).or_default().add(tally);
            whole.add(tally);
        }
        let bars = Bars::of((0..months()).rev().map(|back| each.get(&last.before(back)).copied()));
        Some(Self {
            name: commune.name.to_string(),
            bars,
            whole,
            percent: words::percent(whole.permille()?),
            down_days: days.values().filter(|tally| !tally.down().is_zero()).count(),
            carried: words::bytes(whole.received.saturating_add(whole.sent)),
        })
    }
}

impl Summary {
    /// `None` while nothing is known of anyone.
    fn of(lines: &[Line]) -> Option<Self> {
        let whole = lines.iter().fold(Tally::default(), |mut whole, line| {
            whole.add(&line.whole);
            whole
        });
        let worst = lines.iter().filter(|line| line.down_days > 0).min_by_key(|line| line.whole.permille());
        Some(Self {
            communes: lines.len(),
            percent: words::percent(whole.permille()?),
            never_down: lines.iter().filter(|line| line.down_days == 0).count(),
            worst: worst.map(|line| (line.name.clone(), line.percent.clone())),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::directory::CommuneName;
    use crate::links::state::Seen;

    #[test]
    fn the_sheet_is_summed_up_in_a_sentence() {
        let day = |text: &str| Day(text.parse().expect("a date"));
        let hours = |up: u64, down: u64| {
            let mut tally = Tally::of(Seen::Up, Duration::from_secs(3600 * up));
            tally.add(&Tally::of(Seen::Down, Duration::from_secs(3600 * down)));
            tally
        };
        let line = |name: &str, days: &[(&str, Tally)]| {
            let commune = Commune {
                id: "1".parse().expect("a number"),
                name: CommuneName::parse(name).expect("a name"),
                seat: false,
            };
            let days = days.iter().map(|(text, tally)| (day(text), *tally)).collect();
            Line::of(&commune, &days, day("2026-11-24").month()).expect("something is known")
        };
        let lines = [
            line("Alvimare", &[("2026-11-23", hours(24, 0)), ("2026-11-24", hours(8, 0))]),
            line("Foucart", &[("2024-12-01", hours(20, 4)), ("2025-01-01", hours(0, 0))]),
        ];
        assert_eq!(lines[1].down_days, 1);
        assert_eq!(lines[1].bars.to_string().matches('M').count(), 24 + 1);
        assert_eq!(
            Summary::of(&lines),
            Some(Summary {
                communes: 2,
                percent: "92,8".to_owned(),
                never_down: 1,
                worst: Some(("Foucart".to_owned(), "83,3".to_owned())),
            })
        );
        assert_eq!(Summary::of(&[]), None);
    }

    #[test]
    fn the_sheet_begins_with_a_month() {
        let day = |text: &str| Day(text.parse().expect("a date"));
        assert_eq!(first_day(day("2026-11-24")), day("2024-12-01"));
        assert_eq!(first_day(day("2026-01-31")), day("2024-02-01"));
    }
}
