//! Dates and times as people read them, in the communauté's own time zone.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::texts::Text;

/// "24 novembre 2026"
pub fn day(at: Timestamp, zone: &TimeZone) -> Text {
    date(at.to_zoned_datetime(zone.clone()).date())
}

/// The same of a day that is known as such.
pub fn date(date: Date) -> Text {
    Text::new("web-day")
        .with("day", &i32::from(date.day()))
        .with("month", &i32::from(date.month()))
        .with("year", &i32::from(date.year()))
}

/// "24 novembre 2026 à 8 h 05"
pub fn moment(at: Timestamp, zone: &TimeZone) -> Text {
    let local = at.to_zoned_datetime(zone.clone());
    Text::new("web-moment")
        .with("day", &day(at, zone))
        .with("hour", &i32::from(local.hour()))
        .with("minute", &format!("{:02}", local.minute()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_french_and_local() {
        let zone = TimeZone::get("Europe/Paris").expect("the zone is known");
        let check = |at: &str, expected: &str| {
            let at = at.parse().expect("a timestamp");
            assert_eq!(moment(at, &zone).to_string(), expected);
        };
        check("2026-11-24T07:05:00Z", "24 novembre 2026 à 8\u{a0}h\u{a0}05");
        check("2026-07-31T22:00:00Z", "1er août 2026 à 0\u{a0}h\u{a0}00");
    }
}
