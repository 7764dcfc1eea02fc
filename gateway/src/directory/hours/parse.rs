//! Hours as a secretary writes them: days, then times; the times hold for the days before them.

use super::print::DAYS;
use super::{Hours, Opening};
use crate::directory::name::fold;

/// The longest text that is read, in characters.
const LONGEST: usize = 400;
/// Words that say nothing of their own.
const FILLERS: [&str; 8] = ["le", "les", "du", "de", "des", "et", "puis", "ouvert"];

/// What cannot be understood, in the words of the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrongHours {
    #[error("the text is longer than {LONGEST} characters")]
    TooLong,
    #[error("“{0}” is neither a day nor a time")]
    Word(String),
    #[error("no day is said for {0}")]
    NoDay(String),
    #[error("no time is said for {0}")]
    NoTime(String),
    #[error("there is no end after {0}")]
    NoEnd(String),
    #[error("there is no time {0}")]
    NoSuchTime(String),
    #[error("{0} does not end after it begins")]
    Backwards(String),
    #[error("{0} says twice that it is open")]
    Overlap(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Number(String),
    /// The h between hours and minutes, or a colon.
    Hour,
    Dash,
    /// A comma, a line's end, a slash.
    Pause,
    Word(String),
}

pub(super) fn parse(text: &str) -> Result<Hours, WrongHours> {
    if text.chars().count() > LONGEST {
        return Err(WrongHours::TooLong);
    }
    let tokens = tokens(text);
    let mut reader = Reader { rest: &tokens };
    let (mut hours, mut days, mut has_times) = (Hours::default(), Vec::new(), false);
    while let Some(token) = reader.rest.first() {
        if reader.day().is_some() {
            if std::mem::take(&mut has_times) {
                days.clear();
            }
            reader.days(&mut days)?;
        } else if reader.is_time() {
            let (opening, said) = reader.opening()?;
            if days.is_empty() {
                return Err(WrongHours::NoDay(said));
            }
            for day in &days {
                if hours.overlaps(*day, opening) {
                    return Err(WrongHours::Overlap(DAYS[*day].to_owned()));
                }
                hours.open(*day, opening);
            }
            has_times = true;
        } else {
            match token {
                Token::Pause => {}
                Token::Word(word) if FILLERS.contains(&word.as_str()) => {}
                other => return Err(WrongHours::Word(other.text())),
            }
            reader.skip();
        }
    }
    match days.last() {
        Some(day) if !has_times => Err(WrongHours::NoTime(DAYS[*day].to_owned())),
        _ => Ok(hours),
    }
}

struct Reader<'a> {
    rest: &'a [Token],
}

impl Reader<'_> {
    fn skip(&mut self) {
        self.rest = self.rest.get(1..).unwrap_or_default();
    }

    /// Takes the next token if it is one of these.
    fn take(&mut self, is_one: impl Fn(&Token) -> bool) -> bool {
        let there = self.rest.first().is_some_and(is_one);
        if there {
            self.skip();
        }
        there
    }

    fn word(&self) -> Option<&str> {
        match self.rest.first() {
            Some(Token::Word(word)) => Some(word),
            _ => None,
        }
    }

    /// The day that stands next. Three letters are enough: no two days begin with the same.
    fn day(&self) -> Option<usize> {
        const WHOLE: [&str; 7] = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"];
        let word = self.word()?;
        let word = word.strip_suffix('s').unwrap_or(word);
        WHOLE.iter().position(|day| word.len() >= 3 && day.starts_with(word))
    }

    /// "lun", "lun-ven", "lundi au vendredi".
    fn days(&mut self, days: &mut Vec<usize>) -> Result<(), WrongHours> {
        let Some(first) = self.day() else { return Ok(()) };
        self.skip();
        let mut last = first;
        if self.take(|token| matches!(token, Token::Dash) || token.is_word("au") || token.is_word("a")) {
            let wrong = || WrongHours::Word(self.rest.first().map_or_else(|| "-".to_owned(), Token::text));
            last = self.day().ok_or_else(wrong)?;
            self.skip();
        }
        let count = (last + 7 - first) % 7 + 1;
        for day in (first..first + count).map(|day| day % 7) {
            if !days.contains(&day) {
                days.push(day);
            }
        }
        Ok(())
    }

    fn is_time(&self) -> bool {
        matches!(self.rest.first(), Some(Token::Number(_))) || self.word() == Some("midi")
    }

    /// "9h-12h30", and how it was said.
    fn opening(&mut self) -> Result<(Opening, String), WrongHours> {
        let (from, said_from) = self.time()?;
        if !self.take(|token| matches!(token, Token::Dash) || token.is_word("a")) || !self.is_time() {
            return Err(WrongHours::NoEnd(said_from));
        }
        let (to, said_to) = self.time()?;
        let said = format!("{said_from}-{said_to}");
        if from >= to {
            return Err(WrongHours::Backwards(said));
        }
        Ok((Opening { from, to }, said))
    }

    /// "9", "9h", "9 h 05", "9:05", "midi".
    fn time(&mut self) -> Result<(u16, String), WrongHours> {
        if self.take(|token| token.is_word("midi")) {
            return Ok((12 * 60, "midi".to_owned()));
        }
        let hour = self.number().unwrap_or_default();
        let has_minutes = |rest: &[Token]| rest.get(1) != Some(&Token::Hour);
        let minute = match self.take(|token| *token == Token::Hour) && has_minutes(self.rest) {
            true => self.number(),
            false => None,
        };
        let said = format!("{hour}h{}", minute.as_deref().unwrap_or_default());
        let read = || {
            let hour: u16 = hour.parse().ok()?;
            let minute: u16 = minute.as_deref().unwrap_or("0").parse().ok()?;
            (minute < 60 && hour * 60 + minute <= 24 * 60).then_some(hour * 60 + minute)
        };
        read().map(|time| (time, said.clone())).ok_or(WrongHours::NoSuchTime(said))
    }

    /// At most two digits make sense; others are no time.
    fn number(&mut self) -> Option<String> {
        let Some(Token::Number(digits)) = self.rest.first() else { return None };
        let number = if digits.len() <= 2 { digits.clone() } else { format!("{digits}?") };
        self.skip();
        Some(number)
    }
}

impl Token {
    fn is_word(&self, expected: &str) -> bool {
        matches!(self, Self::Word(word) if word == expected)
    }

    fn text(&self) -> String {
        match self {
            Self::Number(text) | Self::Word(text) => text.clone(),
            Self::Hour => "h".to_owned(),
            Self::Dash => "-".to_owned(),
            Self::Pause => ",".to_owned(),
        }
    }
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let alike = |matches: fn(char) -> bool| rest.find(|letter| !matches(letter)).unwrap_or(rest.len());
        let length = match first {
            '0'..='9' => alike(|letter| letter.is_ascii_digit()),
            letter if letter.is_alphabetic() => alike(char::is_alphabetic),
            other => other.len_utf8(),
        };
        let (piece, behind) = rest.split_at(length);
        rest = behind;
        match first {
            '0'..='9' => tokens.push(Token::Number(piece.to_owned())),
            letter if letter.is_alphabetic() => words(&fold(piece), &mut tokens),
            '-' | '–' | '—' | '\u{2011}' => tokens.push(Token::Dash),
            ':' if matches!(tokens.last(), Some(Token::Number(_))) => tokens.push(Token::Hour),
            ',' | ';' | '/' | '\n' | ':' | '.' | '+' | '&' | '(' | ')' => tokens.push(Token::Pause),
            space if space.is_whitespace() => {}
            other => tokens.push(Token::Word(other.to_string())),
        }
    }
    tokens
}

/// The h behind a number stands for itself, even where no space follows it.
fn words(word: &str, tokens: &mut Vec<Token>) {
    if matches!(tokens.last(), Some(Token::Number(_))) {
        if matches!(word, "h" | "heure" | "heures") {
            return tokens.push(Token::Hour);
        }
        if let Some(behind) = word.strip_prefix('h') {
            tokens.push(Token::Hour);
            return tokens.push(Token::Word(behind.to_owned()));
        }
    }
    tokens.push(Token::Word(word.to_owned()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_read_as_they_are_written() {
        let check = |text: &str, expected: &str| {
            let hours = parse(text).unwrap_or_else(|why| panic!("{text}: {why}"));
            assert_eq!(hours.to_string(), expected, "{text}");
            assert_eq!(parse(expected), Ok(hours), "what is printed can be typed back");
        };
        check("lun 9h-12h, mar 14h-17h30", "lun 9h-12h, mar 14h-17h30");
        check("Lundi : 9 h – 12 h ; Mardi : 14 h à 17 h 30", "lun 9h-12h, mar 14h-17h30");
        check("du lundi au vendredi de 9h à midi et de 13:30 à 17:00", "lun-ven 9h-12h et 13h30-17h");
        check(
            "lundi, mardi et jeudi 9h-12h, 14h-16h\nsam 10h-11h",
            "lun-mar 9h-12h et 14h-16h, jeu 9h-12h et 14h-16h, sam 10h-11h",
        );
        check("les mercredis 9-12", "mer 9h-12h");
        check("mer 9hà12h", "mer 9h-12h");
        check("jeu 14h-16h jeu 9h-12h", "jeu 9h-12h et 14h-16h");
        check("ven 9h-12h 12h-14h", "ven 9h-14h");
        check("sam-lun 0h-24h", "lun 0h-24h, sam-dim 0h-24h");
        check("MERCREDI 9 HEURES À 12 HEURES", "mer 9h-12h");
        check("", "");
        check(" \n,", "");
    }

    #[test]
    fn what_cannot_be_understood_is_named() {
        let check = |text: &str, expected: WrongHours| assert_eq!(parse(text), Err(expected), "{text}");
        let said = str::to_owned;
        check("lun 9h-12h, mardy 14h-17h", WrongHours::Word(said("mardy")));
        check("lun 9h-12h sur rendez-vous", WrongHours::Word(said("sur")));
        check("9h-12h", WrongHours::NoDay(said("9h-12h")));
        check("lun", WrongHours::NoTime(said("lun")));
        check("lun 9h-12h, mar", WrongHours::NoTime(said("mar")));
        check("lun 9h", WrongHours::NoEnd(said("9h")));
        check("lun 9h 12h", WrongHours::NoEnd(said("9h")));
        check("lun 9h-", WrongHours::NoEnd(said("9h")));
        check("lun 9h-25h", WrongHours::NoSuchTime(said("25h")));
        check("lun 9h-12h75", WrongHours::NoSuchTime(said("12h75")));
        check("lun 9h-24h01", WrongHours::NoSuchTime(said("24h01")));
        check("lun 99999999999-12", WrongHours::NoSuchTime(said("99999999999?h")));
        check("lun 14h-12h", WrongHours::Backwards(said("14h-12h")));
        check("lun 9h-12h, lun 11h-14h", WrongHours::Overlap(said("lun")));
        check("lun- 9h-12h", WrongHours::Word(said("9")));
        check("lun ☺", WrongHours::Word(said("☺")));
        check(&"lun 9h-12h, ".repeat(40), WrongHours::TooLong);
    }
}
