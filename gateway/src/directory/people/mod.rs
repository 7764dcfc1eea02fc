//! The people of the communes and of the communauté, what each is elected or employed to do, from when to when, and
//! the groups that follow from it.
//!
//! Two people of one name are two people. Every rule takes the day it is asked for: a mandate that ended yesterday
//! gives nothing today. This room does not know who may change what, nor who signs in.

mod change;
mod contact;
mod function;
mod groups;
mod mandate;
mod name;
mod register;
pub(super) mod store;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::CommuneId;

pub use change::{
    add_person, change_mandate, change_person, give_mandate, person, register, remove_mandate, remove_person,
};
pub use contact::{Email, InvalidEmail, InvalidPhone, Phone};
pub use function::Function;
pub use groups::{
    Circle, Group, GroupId, GroupKind, GroupName, NoSuchCircle, add_group, add_member, group, groups,
    remove_group, remove_member, rename_group,
};
pub use mandate::{Backwards, Mandate, MandateId, NoCommune, Post, Term};
pub use name::PersonName;
pub use register::Register;

/// Names a person for ever, and is never given again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PersonId(u32);

/// Somebody, with every mandate that is known of them: past, present, to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub id: PersonId,
    pub details: Details,
    /// Latest first.
    pub mandates: Vec<Mandate>,
}

/// What is known of somebody beside their mandates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Details {
    pub civility: Option<Civility>,
    pub name: PersonName,
    pub phone: Option<Phone>,
    pub email: Option<Email>,
}

/// How somebody is addressed. The order of the variants is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Civility {
    Madame,
    Monsieur,
}

impl Civility {
    pub const ALL: [Self; 2] = [Self::Madame, Self::Monsieur];

    /// "Mme", "M.", or however people shorten it.
    pub fn parse(text: &str) -> Option<Self> {
        match super::name::fold(text).as_str() {
            "mme" | "madame" | "mlle" | "mademoiselle" | "melle" => Some(Self::Madame),
            "m" | "mr" | "monsieur" => Some(Self::Monsieur),
            _ => None,
        }
    }

    /// As it is written before a name.
    pub const fn short(self) -> &'static str {
        match self {
            Self::Madame => "Mme",
            Self::Monsieur => "M.",
        }
    }
}

impl Person {
    /// What they hold that day.
    pub fn mandates_on(&self, today: Date) -> impl Iterator<Item = &Mandate> {
        self.mandates.iter().filter(move |mandate| mandate.term.holds_on(today))
    }

    /// Whether they hold that function that day, in that commune or, where none is given, anywhere.
    pub fn holds(&self, function: Function, commune: Option<CommuneId>, today: Date) -> bool {
        self.mandates_on(today).any(|mandate| {
            mandate.post.function() == function && (commune.is_none() || mandate.post.commune() == commune)
        })
    }

    /// Whether they have, or have ever had, something to do with that commune.
    pub fn is_known_in(&self, commune: CommuneId) -> bool {
        self.mandates.iter().any(|mandate| mandate.post.commune() == Some(commune))
    }

    pub fn mandate(&self, id: MandateId) -> Option<&Mandate> {
        self.mandates.iter().find(|mandate| mandate.id == id)
    }
}

impl PersonId {
    pub const fn number(self) -> u32 {
        self.0
    }
}

impl fmt::Display for PersonId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl FromStr for PersonId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}
