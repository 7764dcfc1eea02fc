//! What people are called.

use std::fmt;

use serde::Serialize;

use crate::directory::InvalidName;
use crate::directory::name::{clean, fold};

/// The longest of either part, in characters.
const PART_MAX: usize = 80;

/// A family name and, where it is known, a given name, as their bearer writes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PersonName {
    family: String,
    given: Option<String>,
}

impl PersonName {
    /// # Errors
    /// When there is no family name, or when one of the two is too long or cannot be printed.
    pub fn parse(family: &str, given: &str) -> Result<Self, InvalidName> {
        let family = clean(family, PART_MAX)?;
        if fold(&family).is_empty() {
            return Err(InvalidName::Empty);
        }
        let given = match clean(given, PART_MAX) {
            Err(InvalidName::Empty) => None,
            other => Some(other?),
        };
        Ok(Self { family, given })
    }

    pub fn family(&self) -> &str {
        &self.family
    }

    /// Empty when it is not known.
    pub fn given(&self) -> &str {
        self.given.as_deref().unwrap_or_default()
    }

    /// By what two spellings of one name are recognised, and by what names are sorted.
    pub fn folded(&self) -> String {
        fold(&self.listed())
    }

    /// As in a list: "Lefèvre Jeanne".
    pub fn listed(&self) -> String {
        match &self.given {
            Some(given) => format!("{} {given}", self.family),
            None => self.family.clone(),
        }
    }
}

impl fmt::Display for PersonName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.given {
            Some(given) => write!(out, "{given} {}", self.family),
            None => out.write_str(&self.family),
        }
    }
}
