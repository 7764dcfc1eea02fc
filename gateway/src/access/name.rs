//! What people are called, and when two names are the same.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A first name and a name, as their bearer writes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonName(String);

/// Why it is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    #[error("the name is empty")]
    Empty,
    #[error("the name is longer than {} characters", PersonName::MAX)]
    TooLong,
}

impl PersonName {
    const MAX: usize = 80;

    pub fn parse(text: &str) -> Result<PersonName, InvalidName> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let name: String = words.join(" ").nfc().filter(|letter| !letter.is_control()).collect();
        if folded(&name).is_empty() {
            return Err(InvalidName::Empty);
        }
        if name.chars().count() > PersonName::MAX {
            return Err(InvalidName::TooLong);
        }
        Ok(PersonName(name))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is another way to write the same name.
    pub fn is(&self, other: &PersonName) -> bool {
        self.folded() == other.folded()
    }

    pub(super) fn folded(&self) -> String {
        folded(&self.0)
    }
}

/// Letters and digits alone, small and without accents: "Jeanne Lefèvre" signs in as "jeanne.lefevre" too.
pub(super) fn folded(text: &str) -> String {
    let letters = text.nfkd().filter(|letter| !is_combining_mark(*letter));
    letters.flat_map(char::to_lowercase).filter(|letter| letter.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_forgiving() {
        let check = |typed: &str, expected: Result<&str, InvalidName>| {
            let name = PersonName::parse(typed);
            assert_eq!(name.as_ref().map(PersonName::as_str).map_err(|error| *error), expected, "{typed:?}");
        };
        check("  Jeanne   Lefèvre ", Ok("Jeanne Lefèvre"));
        check("Jeanne Lefe\u{300}vre", Ok("Jeanne Lefèvre"));
        check("", Err(InvalidName::Empty));
        check(" - ' ", Err(InvalidName::Empty));
        check(&"a".repeat(81), Err(InvalidName::TooLong));
    }

    #[test]
    fn the_same_name_is_written_in_many_ways() {
        for written in ["Jeanne Lefèvre", "jeanne.lefevre", "JEANNE LEFÈVRE", "Jeanne Lefe\u{300}vre"] {
            assert_eq!(folded(written), "jeannelefevre", "{written}");
        }
        assert_ne!(folded("Jean Lefèvre"), folded("Jeanne Lefèvre"));
    }
}
