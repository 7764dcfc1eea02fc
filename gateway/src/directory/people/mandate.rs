//! A function that somebody holds somewhere, from one day to another.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Function;
use crate::directory::CommuneId;

/// Names a mandate among those of one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MandateId(pub(super) u16);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mandate {
    pub id: MandateId,
    pub post: Post,
    pub term: Term,
}

/// A function and where it is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Post {
    function: Function,
    commune: Option<CommuneId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the function is held in a commune, and none is named")]
pub struct NoCommune;

impl Post {
    /// # Errors
    /// When a function that is held in a commune has none.
    pub fn new(function: Function, commune: Option<CommuneId>) -> Result<Self, NoCommune> {
        if function.needs_commune() && commune.is_none() {
            return Err(NoCommune);
        }
        Ok(Self { function, commune })
    }

    pub const fn function(self) -> Function {
        self.function
    }

    pub const fn commune(self) -> Option<CommuneId> {
        self.commune
    }
}

/// From one day to another, both included; without a last day as long as none is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Term {
    from: Date,
    until: Option<Date>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the last day is before the first")]
pub struct Backwards;

impl Term {
    /// # Errors
    /// When the last day is before the first.
    pub fn new(from: Date, until: Option<Date>) -> Result<Self, Backwards> {
        if until.is_some_and(|until| until < from) {
            return Err(Backwards);
        }
        Ok(Self { from, until })
    }

    pub const fn from(self) -> Date {
        self.from
    }

    pub const fn until(self) -> Option<Date> {
        self.until
    }

    pub fn holds_on(self, day: Date) -> bool {
        self.from <= day && !self.is_over(day)
    }

    pub fn is_over(self, day: Date) -> bool {
        self.until.is_some_and(|until| until < day)
    }

    pub fn overlaps(self, other: Self) -> bool {
        !self.is_over(other.from) && !other.is_over(self.from)
    }
}

impl fmt::Display for MandateId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl FromStr for MandateId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_mandate_that_ended_yesterday_gives_nothing_today() {
        let today = date(2026, 11, 24);
        let check = |from: Date, until: Option<Date>, expected: bool| {
            let term = Term::new(from, until).expect("in order");
            assert_eq!(term.holds_on(today), expected, "{term:?}");
        };
        check(date(2020, 5, 25), None, true);
        check(date(2020, 5, 25), Some(date(2026, 11, 23)), false);
        check(date(2020, 5, 25), Some(today), true);
        check(today, None, true);
        check(today, Some(today), true);
        check(date(2026, 11, 25), None, false);
        assert_eq!(Term::new(today, Some(date(2026, 11, 23))), Err(Backwards));
    }

    #[test]
    fn two_terms_meet_or_do_not() {
        let term = |from, until| Term::new(from, until).expect("in order");
        let check = |one: Term, other: Term, expected: bool| {
            assert_eq!(one.overlaps(other), expected, "{one:?} {other:?}");
            assert_eq!(other.overlaps(one), expected, "{other:?} {one:?}");
        };
        let first = term(date(2014, 4, 1), Some(date(2020, 5, 24)));
        check(first, term(date(2020, 5, 25), None), false);
        check(first, term(date(2020, 5, 24), None), true);
        check(first, term(date(2001, 1, 1), None), true);
        check(term(date(2014, 4, 1), None), term(date(2030, 1, 1), None), true);
    }
}
