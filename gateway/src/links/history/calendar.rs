//! Days and months as keys of rows, and the hours of a day, in the communauté's own time zone.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::store::Key;

/// Sorts as dates do; written as the number 20261124.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::links) struct Day(pub(in crate::links) Date);

/// Written as the number 202611.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::links) struct Month {
    pub(in crate::links) year: i16,
    pub(in crate::links) month: i8,
}

/// An hour of a day: the how-manieth since midnight, so that the day with 25 hours has 25 and the one with 23 has
/// no hole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hour {
    pub(super) day: Day,
    pub(super) number: u8,
}

impl Hour {
    pub(super) fn at(moment: Timestamp, zone: &TimeZone) -> Self {
        let local = moment.to_zoned_datetime(zone.clone());
        let midnight = local.start_of_day().map_or(moment, |midnight| midnight.timestamp());
        let number = (moment.as_second() - midnight.as_second()) / 3600;
        Self { day: Day(local.date()), number: u8::try_from(number).unwrap_or_default() }
    }

    /// What a clock on the wall shows when it begins: from 0 to 23.
    pub(super) fn on_the_wall(self, zone: &TimeZone) -> i8 {
        let midnight = self.day.0.to_zoned_datetime(zone.clone());
        let begins = midnight.map(|midnight| midnight.saturating_add(jiff::Span::new().hours(self.number)));
        begins.map_or(0, |begins| begins.hour())
    }
}

impl Day {
    pub(super) fn month(self) -> Month {
        Month { year: self.0.year(), month: self.0.month() }
    }

    /// The day so many days before.
    pub(super) fn before(self, days: i32) -> Self {
        Self(self.0.saturating_sub(jiff::Span::new().days(days)))
    }
}

impl Month {
    pub(super) fn day(self, day: u8) -> Option<Day> {
        Date::new(self.year, self.month, i8::try_from(day).ok()?).ok().map(Day)
    }

    /// The month so many months before.
    pub(super) fn before(self, months: i32) -> Self {
        let count = i32::from(self.year) * 12 + i32::from(self.month) - 1 - months;
        let (year, month) = (count.div_euclid(12), count.rem_euclid(12) + 1);
        Self {
            year: i16::try_from(year).unwrap_or(i16::MIN),
            month: i8::try_from(month).expect("a month is between 1 and 12"),
        }
    }
}

/// No clock that a gateway has is before the year 0.
impl Key for Day {
    fn write(&self, out: &mut Vec<u8>) {
        let month =
            u32::try_from(i32::from(self.0.year()) * 100 + i32::from(self.0.month())).unwrap_or_default();
        (month * 100 + u32::from(self.0.day().unsigned_abs())).write(out);
    }

    fn read(input: &mut &[u8]) -> Option<Self> {
        let number = u32::read(input)?;
        let day = u8::try_from(number % 100).ok()?;
        Month::parse(&(number / 100).to_be_bytes())?.day(day)
    }
}

impl Key for Month {
    fn write(&self, out: &mut Vec<u8>) {
        u32::try_from(i32::from(self.year) * 100 + i32::from(self.month)).unwrap_or_default().write(out);
    }

    fn read(input: &mut &[u8]) -> Option<Self> {
        let number = u32::read(input)?;
        let month = i8::try_from(number % 100).ok().filter(|month| (1..=12).contains(month))?;
        Some(Self { year: i16::try_from(number / 100).ok()?, month })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_counted_from_midnight_of_the_town_hall() {
        let zone = TimeZone::get("Europe/Paris").expect("the zone is known");
        let check = |moment: &str, day: &str, number: u8, wall: i8| {
            let hour = Hour::at(moment.parse().expect("a timestamp"), &zone);
            assert_eq!((hour.day.0.to_string(), hour.number), (day.to_owned(), number), "{moment}");
            assert_eq!(hour.on_the_wall(&zone), wall, "{moment}");
        };
        check("2026-11-24T22:59:59Z", "2026-11-24", 23, 23);
        check("2026-11-24T23:00:00Z", "2026-11-25", 0, 0);
        check("2026-07-31T22:00:00Z", "2026-08-01", 0, 0);
        // 25 October 2026 has 25 hours, 29 March 2026 has 23.
        check("2026-10-25T00:30:00Z", "2026-10-25", 2, 2);
        check("2026-10-25T01:30:00Z", "2026-10-25", 3, 2);
        check("2026-10-25T22:59:59Z", "2026-10-25", 24, 23);
        check("2026-03-29T21:59:59Z", "2026-03-29", 22, 23);
    }

    #[test]
    fn keys_read_back_and_sort() {
        let days = ["1970-01-01", "2025-12-31", "2026-01-01", "2026-11-24"]
            .map(|text| Day(text.parse().expect("a date")));
        for pair in days.windows(2) {
            assert!(pair[0].to_bytes() < pair[1].to_bytes());
            assert!(pair[0].month().to_bytes() <= pair[1].month().to_bytes());
        }
        for day in days {
            assert_eq!(Day::parse(&day.to_bytes()), Some(day));
            assert_eq!(Month::parse(&day.month().to_bytes()), Some(day.month()));
        }
        assert_eq!(Day::parse(&20_260_231u32.to_be_bytes()), None);
        assert_eq!(Month::parse(&202_613u32.to_be_bytes()), None);
    }

    #[test]
    fn months_are_counted_backwards() {
        let check = |back, year, month| {
            assert_eq!(Month { year: 2026, month: 2 }.before(back), Month { year, month });
        };
        check(0, 2026, 2);
        check(1, 2026, 1);
        check(2, 2025, 12);
        check(23, 2024, 3);
    }
}
