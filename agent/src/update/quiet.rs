//! The hours in which nobody misses the link for a minute. Pure: who asks says what time it is.

use std::ops::Range;

/// Minutes of a day.
const DAY: u16 = 24 * 60;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Quiet {
    Always,
    /// Minutes of the day in local time. None of them: nothing is installed by itself.
    Hours(Vec<Range<u16>>),
}

impl Quiet {
    /// When a town hall is at lunch, closed or asleep.
    pub(crate) fn usual() -> Self {
        Self::Hours(vec![12 * 60 + 30..13 * 60 + 30, 20 * 60..DAY, 0..7 * 60])
    }

    /// `HH:MM-HH:MM`, several with commas; over midnight too. "always", or "" for never.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.trim() {
            "always" => return Some(Self::Always),
            "" => return Some(Self::Hours(Vec::new())),
            _ => {}
        }
        let mut hours = Vec::new();
        for span in text.split(',') {
            let (from, to) = span.split_once('-')?;
            match (minute(from)?, minute(to)?) {
                (from, to) if from < to => hours.push(from..to),
                (from, to) => hours.extend([from..DAY, 0..to]),
            }
        }
        Some(Self::Hours(hours))
    }

    /// `minute` counts from midnight.
    pub(crate) fn has(&self, minute: u16) -> bool {
        match self {
            Self::Always => true,
            Self::Hours(hours) => hours.iter().any(|span| span.contains(&minute)),
        }
    }
}

fn minute(text: &str) -> Option<u16> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    let minute = hours.checked_mul(60)?.checked_add(minutes)?;
    (minutes < 60 && minute <= DAY).then_some(minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_hours_can_be_written() {
        assert_eq!(Quiet::parse("12:30-13:30, 20:00-7:00"), Some(Quiet::usual()));
        assert_eq!(Quiet::parse(" "), Some(Quiet::Hours(Vec::new())));
        for text in ["12:30", "12-13", "25:00-26:00", "12:60-13:00", "12:00-13:00,", "99999:00-1:00"] {
            assert_eq!(Quiet::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_night_goes_over_midnight() {
        let check = |text: &str, hour: u16, expected| {
            let quiet = Quiet::parse(text).expect("hours");
            assert_eq!(quiet.has(hour * 60), expected, "{text} at {hour}");
        };
        check("20:00-7:00", 23, true);
        check("20:00-7:00", 0, true);
        check("20:00-7:00", 7, false);
        check("20:00-7:00", 12, false);
        check("0:00-24:00", 23, true);
        check("", 3, false);
        check("always", 12, true);
    }
}
