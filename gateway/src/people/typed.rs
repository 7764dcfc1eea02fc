//! What people type about people, in a form or in a list, and what is wrong with it.

use jiff::civil::Date;

use crate::directory::{Civility, Details, Email, InvalidName, PersonName, Phone};
use crate::web::{t, t_with};

/// What cannot be understood, and is for its writer to put right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wrong {
    NoName,
    LongName,
    UnprintableName,
    Civility(String),
    Phone(String),
    Email(String),
    NoFunction,
    Function(String),
    NoCommune,
    Commune(String),
    Date(String),
    Backwards,
    /// Somebody else has this identifier.
    Identifier(String),
    /// The same person with the same function stands on this line already.
    Repeated(u64),
    /// That line says something else of the same person.
    Contradicts(u64),
    /// They hold the same during a part of that time.
    Overlaps,
}

impl Wrong {
    /// The sentence that says what to do.
    pub(super) fn explain(&self) -> String {
        let said = |id, said: &String| t_with(id, &[("said", said)]);
        match self {
            Self::NoName => t("people-wrong-no-name"),
            Self::LongName => t("people-wrong-long-name"),
            Self::UnprintableName => t("people-wrong-unprintable"),
            Self::Civility(text) => said("people-wrong-civility", text),
            Self::Phone(text) => said("people-wrong-phone", text),
            Self::Email(text) => said("people-wrong-email", text),
            Self::NoFunction => t("people-wrong-no-function"),
            Self::Function(text) => said("people-wrong-function", text),
            Self::NoCommune => t("people-wrong-no-commune"),
            Self::Commune(text) => said("people-wrong-commune", text),
            Self::Date(text) => said("people-wrong-date", text),
            Self::Backwards => t("people-wrong-backwards"),
            Self::Identifier(text) => said("people-wrong-identifier", text),
            Self::Repeated(line) => t_with("people-wrong-repeated", &[("line", line)]),
            Self::Overlaps => t("people-wrong-overlaps"),
            Self::Contradicts(line) => t_with("people-wrong-contradicts", &[("line", line)]),
        }
    }
}

/// The details of somebody as they are typed; empty where nothing is known.
pub(super) struct TypedDetails<'a> {
    pub(super) civility: &'a str,
    pub(super) family: &'a str,
    pub(super) given: &'a str,
    pub(super) phone: &'a str,
    pub(super) email: &'a str,
}

impl TypedDetails<'_> {
    pub(super) fn parse(&self) -> Result<Details, Wrong> {
        Ok(Details {
            name: PersonName::parse(self.family, self.given).map_err(|error| match error {
                InvalidName::Empty => Wrong::NoName,
                InvalidName::TooLong(_) => Wrong::LongName,
                InvalidName::Unprintable => Wrong::UnprintableName,
            })?,
            civility: known(self.civility, |text| {
                Civility::parse(text).ok_or_else(|| Wrong::Civility(text.to_owned()))
            })?,
            phone: known(self.phone, |text| Phone::parse(text).map_err(|_| Wrong::Phone(text.to_owned())))?,
            email: known(self.email, |text| Email::parse(text).map_err(|_| Wrong::Email(text.to_owned())))?,
        })
    }
}

/// What is left empty is not known.
pub(super) fn known<T>(text: &str, parse: impl FnOnce(&str) -> Result<T, Wrong>) -> Result<Option<T>, Wrong> {
    let text = text.trim();
    if text.is_empty() { Ok(None) } else { parse(text).map(Some) }
}

/// A day: "22/03/2026", "22.3.26", or "2026-03-22", as browsers send it.
pub(super) fn date(text: &str) -> Result<Date, Wrong> {
    let wrong = || Wrong::Date(text.to_owned());
    let numbers: Vec<&str> = text.split(['/', '.', '-', ' ']).collect();
    let &[first, month, last] = numbers.as_slice() else { return Err(wrong()) };
    let (day, year) = if first.len() == 4 { (last, first) } else { (first, last) };
    let number = |text: &str| text.parse::<i16>().map_err(|_| wrong());
    let year = match year.len() {
        4 => number(year)?,
        2 => 2000 + number(year)?,
        _ => return Err(wrong()),
    };
    let small = |text: &str| i8::try_from(number(text)?).map_err(|_| wrong());
    Date::new(year, small(month)?, small(day)?).map_err(|_| wrong())
}

/// As a form and a list have it.
pub(super) fn written(date: Date) -> String {
    date.strftime("%d/%m/%Y").to_string()
}

#[cfg(test)]
mod tests {
    use jiff::civil;

    use super::*;

    #[test]
    fn days_are_read_as_people_write_them() {
        fn check(text: &str, expected: Option<Date>) {
            assert_eq!(date(text).ok(), expected, "{text}");
        }
        let elected = Some(civil::date(2026, 3, 22));
        check("22/03/2026", elected);
        check("22/3/26", elected);
        check("22.03.2026", elected);
        check("22-03-2026", elected);
        check("2026-03-22", elected);
        check("31/02/2026", None);
        check("03/22/2026", None);
        check("22/03", None);
        check("22/03/126", None);
        check("hier", None);
        check("", None);
        assert_eq!(date(&written(civil::date(2026, 3, 2))), Ok(civil::date(2026, 3, 2)));
    }
}
