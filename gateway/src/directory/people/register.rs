//! Everybody at once. There are a few hundred people, so that what is asked of them is asked in memory.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::{Person, PersonId, PersonName};
use crate::directory::CommuneId;

/// Everybody, in alphabetical order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Register {
    people: Vec<Person>,
    /// Their names, by which they are sorted.
    folded: Vec<String>,
}

impl Register {
    pub fn new(people: Vec<Person>) -> Self {
        let mut sorted: Vec<_> =
            people.into_iter().map(|person| (person.details.name.folded(), person)).collect();
        sorted.sort_by(|(name, person), (other, another)| (name, person.id).cmp(&(other, another.id)));
        let (folded, people) = sorted.into_iter().unzip();
        Self { people, folded }
    }

    pub fn people(&self) -> &[Person] {
        &self.people
    }

    pub fn person(&self, id: PersonId) -> Option<&Person> {
        self.people.iter().find(|person| person.id == id)
    }

    /// Those who go by this name, in whatever case and with or without its accents.
    pub fn named(&self, name: &PersonName) -> &[Person] {
        let name = name.folded();
        let first = self.folded.partition_point(|folded| *folded < name);
        let count = self.folded[first..].partition_point(|folded| *folded == name);
        &self.people[first..first + count]
    }

    /// Whether anybody holds, or has held, something in that commune.
    pub fn knows_commune(&self, commune: CommuneId) -> bool {
        self.people.iter().any(|person| person.is_known_in(commune))
    }

    /// Those of whom it is true.
    pub fn choose(&self, mut is_chosen: impl FnMut(&Person) -> bool) -> Vec<&Person> {
        self.people.iter().filter(|person| is_chosen(person)).collect()
    }

    /// Those of these who hold something that day.
    pub fn in_office(&self, ids: &BTreeSet<PersonId>, today: Date) -> Vec<&Person> {
        self.choose(|person| ids.contains(&person.id) && person.mandates_on(today).next().is_some())
    }
}
