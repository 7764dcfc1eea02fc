//! Groups of people. Those that follow from mandates ([`Circle`]) are computed on the day and stored nowhere; only
//! those that somebody puts together ([`Group`]) are kept, so that nobody is ever listed by hand twice.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::store::{GROUPS, GroupRecord};
use super::{Function, Person, PersonId, Register};
use crate::directory::name::{clean, fold};
use crate::directory::{CommuneId, Error, InvalidName};
use crate::store::{Read, Write};

/// The longest name, in characters.
const NAME_MAX: usize = 80;

/// A group whose members follow from what they hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Circle {
    /// The communauté's assembly: its delegates, and who presides over them.
    Council,
    /// The president and the vice-presidents.
    Bureau,
    /// Everyone who holds that function: "all mayors".
    Everyone(Function),
    /// The same in one commune: "the delegates of Alvimare".
    Of(Function, CommuneId),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no group is called so")]
pub struct NoSuchCircle;

impl Circle {
    /// Those of the whole communauté.
    pub fn all() -> impl Iterator<Item = Self> {
        let everyone = Function::ALL.into_iter().map(Self::Everyone);
        [Self::Council, Self::Bureau].into_iter().chain(everyone)
    }

    /// Those of one commune.
    pub fn of(commune: CommuneId) -> impl Iterator<Item = Self> {
        let functions = Function::ALL.into_iter().filter(|function| function.needs_commune());
        functions.map(move |function| Self::Of(function, commune))
    }

    pub fn members(self, register: &Register, today: Date) -> Vec<&Person> {
        register.choose(|person| self.has(person, today))
    }

    pub fn has(self, person: &Person, today: Date) -> bool {
        let holds = |function| person.holds(function, None, today);
        match self {
            Self::Council => holds(Function::Delegate) || Self::Bureau.has(person, today),
            Self::Bureau => holds(Function::President) || holds(Function::VicePresident),
            Self::Everyone(function) => holds(function),
            Self::Of(function, commune) => person.holds(function, Some(commune), today),
        }
    }
}

/// As an address of a page carries it: "conseil", "maire", "delegue-12".
impl fmt::Display for Circle {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Council => out.write_str("conseil"),
            Self::Bureau => out.write_str("bureau"),
            Self::Everyone(function) => out.write_str(function.word()),
            Self::Of(function, commune) => write!(out, "{}-{commune}", function.word()),
        }
    }
}

impl FromStr for Circle {
    type Err = NoSuchCircle;

    fn from_str(text: &str) -> Result<Self, NoSuchCircle> {
        let of_commune = || {
            let (word, commune) = text.rsplit_once('-')?;
            Some(Self::Of(Function::of_word(word)?, commune.parse().ok()?))
        };
        match text {
            "conseil" => Ok(Self::Council),
            "bureau" => Ok(Self::Bureau),
            word => Function::of_word(word).map(Self::Everyone).or_else(of_commune).ok_or(NoSuchCircle),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GroupId(pub(super) u32);

/// A group that somebody put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub id: GroupId,
    pub name: GroupName,
    pub kind: GroupKind,
    /// Whoever was put in, whether or not they hold anything any more.
    pub listed: BTreeSet<PersonId>,
}

/// The order of the variants is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum GroupKind {
    Commission,
    SteeringCommittee,
    /// Of inhabitants, who need no mandate.
    AdvisoryCouncil,
}

impl GroupKind {
    pub const ALL: [Self; 3] = [Self::Commission, Self::SteeringCommittee, Self::AdvisoryCouncil];

    /// The name of the text that names it.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Commission => "directory-group-commission",
            Self::SteeringCommittee => "directory-group-steering-committee",
            Self::AdvisoryCouncil => "directory-group-advisory-council",
        }
    }

    /// As a form carries it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Commission => "commission",
            Self::SteeringCommittee => "pilotage",
            Self::AdvisoryCouncil => "consultatif",
        }
    }

    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Whether one has to hold something to sit in it: a mandate that ends takes its holder out that day.
    pub const fn needs_mandate(self) -> bool {
        matches!(self, Self::Commission | Self::SteeringCommittee)
    }
}

impl Group {
    pub fn members<'a>(&self, register: &'a Register, today: Date) -> Vec<&'a Person> {
        if self.kind.needs_mandate() {
            register.in_office(&self.listed, today)
        } else {
            register.choose(|person| self.listed.contains(&person.id))
        }
    }

    /// Those who were put in and are not members that day, since they hold nothing.
    pub fn out_of_office<'a>(&self, register: &'a Register, today: Date) -> Vec<&'a Person> {
        let members = self.members(register, today);
        register.choose(|person| self.listed.contains(&person.id) && !members.contains(&person))
    }
}

/// What a group is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupName(String);

impl GroupName {
    /// # Errors
    /// When nothing is left, when it is too long, or when it cannot be printed.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        clean(text, NAME_MAX).map(Self)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for GroupName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl fmt::Display for GroupId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl FromStr for GroupId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// In alphabetical order.
pub async fn groups(tx: &impl Read) -> Result<Vec<Group>, Error> {
    let rows = tx.all(&GROUPS).await?.into_iter();
    let mut groups = rows.map(|(id, record)| record.group(id)).collect::<Result<Vec<_>, _>>()?;
    groups.sort_by_cached_key(|group| fold(group.name.as_str()));
    Ok(groups)
}

pub async fn group(tx: &impl Read, id: GroupId) -> Result<Option<Group>, Error> {
    tx.get(&GROUPS, &id).await?.map(|record| record.group(id)).transpose()
}

/// # Errors
/// [`Error::GroupNameTaken`].
pub async fn add_group(tx: &mut impl Write, name: &GroupName, kind: GroupKind) -> Result<Group, Error> {
    claim_name(tx, name, None).await?;
    let id = GroupId(tx.next_id(&GROUPS).await?);
    let group = Group { id, name: name.clone(), kind, listed: BTreeSet::new() };
    tx.put(&GROUPS, &id, &GroupRecord::from(&group)).await?;
    Ok(group)
}

/// # Errors
/// [`Error::GroupNameTaken`], [`Error::NoSuchGroup`].
pub async fn rename_group(tx: &mut impl Write, id: GroupId, name: &GroupName) -> Result<Group, Error> {
    claim_name(tx, name, Some(id)).await?;
    let group = Group { name: name.clone(), ..existing(tx, id).await? };
    tx.put(&GROUPS, &id, &GroupRecord::from(&group)).await?;
    Ok(group)
}

/// Says whether that changed anything.
///
/// # Errors
/// [`Error::NoSuchGroup`], [`Error::NoSuchPerson`].
pub async fn add_member(tx: &mut impl Write, id: GroupId, person: PersonId) -> Result<bool, Error> {
    let mut group = existing(tx, id).await?;
    super::person(tx, person).await?.ok_or(Error::NoSuchPerson(person))?;
    let is_new = group.listed.insert(person);
    if is_new {
        tx.put(&GROUPS, &id, &GroupRecord::from(&group)).await?;
    }
    Ok(is_new)
}

/// Says whether that changed anything.
///
/// # Errors
/// [`Error::NoSuchGroup`].
pub async fn remove_member(tx: &mut impl Write, id: GroupId, person: PersonId) -> Result<bool, Error> {
    let mut group = existing(tx, id).await?;
    let was_in = group.listed.remove(&person);
    if was_in {
        tx.put(&GROUPS, &id, &GroupRecord::from(&group)).await?;
    }
    Ok(was_in)
}

/// # Errors
/// [`Error::NoSuchGroup`].
pub async fn remove_group(tx: &mut impl Write, id: GroupId) -> Result<Group, Error> {
    let group = existing(tx, id).await?;
    tx.remove(&GROUPS, &id).await?;
    Ok(group)
}

async fn existing(tx: &impl Read, id: GroupId) -> Result<Group, Error> {
    group(tx, id).await?.ok_or(Error::NoSuchGroup(id))
}

async fn claim_name(tx: &impl Read, name: &GroupName, own: Option<GroupId>) -> Result<(), Error> {
    let folded = fold(name.as_str());
    let mut others = groups(tx).await?.into_iter().filter(|group| Some(group.id) != own);
    match others.any(|group| fold(group.name.as_str()) == folded) {
        true => Err(Error::GroupNameTaken(name.clone())),
        false => Ok(()),
    }
}
