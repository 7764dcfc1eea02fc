//! The public holidays of mainland France (article L3133-1 of the labour code).

use jiff::ToSpan;
use jiff::civil::{Date, date};

pub(super) fn is_holiday(day: Date) -> bool {
    let fixed = [(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)];
    fixed.contains(&(day.month(), day.day()))
        || easter(day.year()).is_some_and(|easter| {
            // Easter Monday, Ascension Day, Whit Monday.
            [1, 39, 50].into_iter().any(|days| easter.saturating_add(days.days()) == day)
        })
}

/// Easter Sunday of the Gregorian calendar: the anonymous algorithm, as Meeus gives it.
fn easter(year: i16) -> Option<Date> {
    if year < 1583 {
        return None;
    }
    let year_number = i32::from(year);
    let (golden, century, rest) = (year_number % 19, year_number / 100, year_number % 100);
    let epact = (19 * golden + century - century / 4 - (century - (century + 8) / 25 + 1) / 3 + 15) % 30;
    let weekday = (32 + 2 * (century % 4) + 2 * (rest / 4) - epact - rest % 4) % 7;
    let correction = (golden + 11 * epact + 22 * weekday) / 451;
    let sum = epact + weekday - 7 * correction + 114;
    let month = i8::try_from(sum / 31).ok()?;
    let day = i8::try_from(sum % 31 + 1).ok()?;
    Some(date(year, month, day))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn easter_is_where_the_almanac_has_it() {
        let check = |year, month, day| assert_eq!(easter(year), Some(date(year, month, day)));
        check(2000, 4, 23);
        check(2008, 3, 23);
        check(2024, 3, 31);
        check(2026, 4, 5);
        check(2027, 3, 28);
        check(2038, 4, 25);
        assert_eq!(easter(1500), None);
    }

    #[test]
    fn holidays_are_those_of_the_law() {
        let days: Vec<String> = (0..365)
            .map(|number: i32| date(2026, 1, 1).saturating_add(number.days()))
            .filter(|day| is_holiday(*day))
            .map(|day| day.to_string())
            .collect();
        assert_eq!(
            days,
            [
                "2026-01-01",
                "2026-04-06",
                "2026-05-01",
                "2026-05-08",
                "2026-05-14",
                "2026-05-25",
                "2026-07-14",
                "2026-08-15",
                "2026-11-01",
                "2026-11-11",
                "2026-12-25",
            ]
        );
    }
}
