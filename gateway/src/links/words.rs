//! Ages, durations, bytes and rates in the words in which a person would say them.

use std::time::Duration;

use crate::web::Text;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// "à l’instant", "il y a 3 min": as exact as it matters.
pub fn age(age: Duration) -> Text {
    let (text, count) = match age.as_secs() {
        seconds @ ..MINUTE => ("links-age-seconds", seconds),
        seconds @ MINUTE..HOUR => ("links-age-minutes", seconds / MINUTE),
        seconds @ HOUR..DAY => ("links-age-hours", seconds / HOUR),
        seconds => ("links-age-days", seconds / DAY),
    };
    Text::new(text).with("count", &count)
}

/// "12 min", "2 h 05", "3 j 4 h": how long something took.
pub(super) fn duration(duration: Duration) -> Text {
    let (days, hours, minutes) =
        (duration.as_secs() / DAY, duration.as_secs() % DAY / HOUR, duration.as_secs() % HOUR / MINUTE);
    match (days, hours) {
        (0, 0) => Text::new("links-lasting-minutes").with("minutes", &minutes.max(1)),
        (0, hours) => {
            Text::new("links-lasting-hours").with("hours", &hours).with("minutes", &format!("{minutes:02}"))
        }
        (days, hours) => Text::new("links-lasting-days").with("days", &days).with("hours", &hours),
    }
}

/// Thousandths as "99,2" or "100".
pub(super) fn percent(permille: u16) -> String {
    match (permille / 10, permille % 10) {
        (whole, 0) => whole.to_string(),
        (whole, tenth) => format!("{whole},{tenth}"),
    }
}

/// "45 ms", "1,2 s"
pub(super) fn round_trip(duration: Duration) -> Text {
    match duration.as_millis() {
        millis @ ..1000 => Text::new("links-milliseconds").with("count", &millis.to_string()),
        millis => {
            Text::new("links-seconds").with("count", &decimal(millis.try_into().unwrap_or(u64::MAX), 1000))
        }
    }
}

/// Decimal multiples (IEC 80000-13), with a decimal where it says something: "512 octets", "1,2 Mo", "34 Go".
pub(super) fn bytes(bytes: u64) -> Text {
    const UNITS: [(u64, &str); 3] =
        [(1_000_000_000, "links-gigabytes"), (1_000_000, "links-megabytes"), (1_000, "links-kilobytes")];
    match UNITS.into_iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, text)) => Text::new(text).with("count", &decimal(bytes, unit)),
        None => Text::new("links-bytes").with("count", &bytes),
    }
}

/// "64 kbit/s", "4,2 Mbit/s".
pub(super) fn rate(bits_per_second: u64) -> Text {
    match bits_per_second {
        slow @ ..1_000_000 => Text::new("links-kilobits").with("count", &decimal(slow, 1_000)),
        fast => Text::new("links-megabits").with("count", &decimal(fast, 1_000_000)),
    }
}

/// One decimal below ten, none above; with a comma.
fn decimal(value: u64, unit: u64) -> String {
    let tenths = value / (unit / 10);
    match (tenths / 10, tenths % 10) {
        (whole @ 0..10, tenth @ 1..) => format!("{whole},{tenth}"),
        (whole, _) => whole.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_as_exact_as_it_matters() {
        let check = |seconds: u64, expected: &str| {
            assert_eq!(age(Duration::from_secs(seconds)).to_string(), expected);
        };
        check(0, "il y a 0\u{a0}s");
        check(59, "il y a 59\u{a0}s");
        check(60, "il y a 1\u{a0}min");
        check(3599, "il y a 59\u{a0}min");
        check(3600, "il y a 1\u{a0}h");
        check(86_399, "il y a 23\u{a0}h");
        check(86_400, "il y a 1\u{a0}jour");
        check(200_000, "il y a 2\u{a0}jours");
    }

    #[test]
    fn what_lasted_is_as_exact_as_it_matters() {
        let check = |seconds: u64, expected: &str| {
            assert_eq!(duration(Duration::from_secs(seconds)).to_string(), expected);
        };
        check(10, "1\u{a0}min");
        check(3599, "59\u{a0}min");
        check(7500, "2\u{a0}h\u{a0}05");
        check(100_000, "1\u{a0}j 3\u{a0}h");
    }

    #[test]
    fn shares_have_a_decimal_where_it_says_something() {
        let check = |permille: u16, expected: &str| assert_eq!(percent(permille), expected);
        check(0, "0");
        check(5, "0,5");
        check(992, "99,2");
        check(1000, "100");
    }

    #[test]
    fn round_trips_are_in_milliseconds_until_they_are_long() {
        let check = |millis: u64, expected: &str| {
            assert_eq!(round_trip(Duration::from_millis(millis)).to_string(), expected);
        };
        check(45, "45\u{a0}ms");
        check(999, "999\u{a0}ms");
        check(1000, "1\u{a0}s");
        check(1290, "1,2\u{a0}s");
        check(12_900, "12\u{a0}s");
    }

    #[test]
    fn rates_are_in_the_unit_that_people_know_from_their_contract() {
        let check = |bits: u64, expected: &str| assert_eq!(rate(bits).to_string(), expected);
        check(900, "0,9\u{a0}kbit/s");
        check(56_400, "56\u{a0}kbit/s");
        check(999_999, "999\u{a0}kbit/s");
        check(4_250_000, "4,2\u{a0}Mbit/s");
        check(94_000_000, "94\u{a0}Mbit/s");
    }

    #[test]
    fn bytes_have_one_decimal_where_it_says_something() {
        let check = |count: u64, expected: &str| assert_eq!(bytes(count).to_string(), expected);
        check(0, "0\u{a0}octet");
        check(999, "999\u{a0}octets");
        check(1000, "1\u{a0}ko");
        check(1_250_000, "1,2\u{a0}Mo");
        check(12_900_000, "12\u{a0}Mo");
        check(3_400_000_000, "3,4\u{a0}Go");
        check(u64::MAX, "18446744073\u{a0}Go");
    }
}
