//! Everybody at once. There are a few hundred people, so that what is asked of them is asked in memory.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::{Person, PersonId, PersonName};
use crate::directory::CommuneId;

/// Everybody, in alphabetical order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Register(Vec<Person>);

impl Register {
    pub fn new(mut people: Vec<Person>) -> Self {
        people.sort_by_cached_key(|person| (person.details.name.folded(), person.id));
        Self(people)
    }

    pub fn people(&self) -> &[Person] {
        &self.0
    }

    pub fn person(&self, id: PersonId) -> Option<&Person> {
        self.0.iter().find(|person| person.id == id)
    }

    /// Those who go by this name, in whatever case and with or without its accents.
    pub fn named(&self, name: &PersonName) -> impl Iterator<Item = &Person> {
        let folded = name.folded();
        self.0.iter().filter(move |person| person.details.name.folded() == folded)
    }

    /// Whether anybody holds, or has held, something in that commune.
    pub fn knows_commune(&self, commune: CommuneId) -> bool {
        self.0.iter().any(|person| person.is_known_in(commune))
    }

    /// Those of whom it is true.
    pub fn choose(&self, mut is_chosen: impl FnMut(&Person) -> bool) -> Vec<&Person> {
        self.0.iter().filter(|person| is_chosen(person)).collect()
    }

    /// Those of these who hold something that day.
    pub fn in_office(&self, ids: &BTreeSet<PersonId>, today: Date) -> Vec<&Person> {
        self.choose(|person| ids.contains(&person.id) && person.mandates_on(today).next().is_some())
    }
}
