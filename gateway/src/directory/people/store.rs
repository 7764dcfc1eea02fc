//! The tables of people and groups, and what lies in their rows. A person's mandates lie in the person's own row:
//! they are read together, and one of them is never without its holder.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    Civility, Details, Email, Function, Group, GroupId, GroupKind, GroupName, Mandate, MandateId, Person,
    PersonId, PersonName, Phone, Post, Term,
};
use crate::directory::{CommuneId, Error};
use crate::store::{Key, Record, Table};

pub(in crate::directory) const PEOPLE: Table<PersonId, PersonRecord> = Table::new("directory.people");
pub(in crate::directory) const GROUPS: Table<GroupId, GroupRecord> = Table::new("directory.groups");

#[derive(Serialize, Deserialize)]
pub(in crate::directory) struct PersonRecord {
    civility: Option<Civility>,
    family: String,
    given: String,
    phone: Option<String>,
    email: Option<String>,
    mandates: Vec<MandateRecord>,
    /// How many mandates there ever were: a number is not given again.
    pub(super) counted: u16,
}

#[derive(Serialize, Deserialize)]
struct MandateRecord {
    id: u16,
    function: String,
    commune: Option<u32>,
    from: Date,
    until: Option<Date>,
}

#[derive(Serialize, Deserialize)]
pub(in crate::directory) struct GroupRecord {
    name: String,
    kind: GroupKind,
    listed: Vec<u32>,
}

impl Record for PersonRecord {
    const VERSION: u8 = 1;
}

impl Record for GroupRecord {
    const VERSION: u8 = 1;
}

impl Key for PersonId {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }

    fn read(input: &mut &[u8]) -> Option<Self> {
        u32::read(input).map(Self)
    }
}

impl Key for GroupId {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }

    fn read(input: &mut &[u8]) -> Option<Self> {
        u32::read(input).map(Self)
    }
}

impl PersonRecord {
    pub(super) fn new(person: &Person, counted: u16) -> Self {
        let Details { civility, name, phone, email } = &person.details;
        Self {
            civility: *civility,
            family: name.family().to_owned(),
            given: name.given().to_owned(),
            phone: phone.as_ref().map(|phone| phone.international().to_owned()),
            email: email.as_ref().map(|email| email.as_str().to_owned()),
            mandates: person.mandates.iter().map(MandateRecord::from).collect(),
            counted,
        }
    }

    pub(super) fn person(self, id: PersonId) -> Result<Person, Error> {
        self.read(id).ok_or_else(|| Error::Damaged(format!("person {id}")))
    }

    fn read(self, id: PersonId) -> Option<Person> {
        let phone = self.phone.map(|phone| Phone::parse(&phone)).transpose();
        let email = self.email.map(|email| Email::parse(&email)).transpose();
        let mut mandates =
            self.mandates.into_iter().map(MandateRecord::mandate).collect::<Option<Vec<Mandate>>>()?;
        mandates.sort_by_key(|mandate| std::cmp::Reverse((mandate.term.from(), mandate.id)));
        Some(Person {
            id,
            details: Details {
                civility: self.civility,
                name: PersonName::parse(&self.family, &self.given).ok()?,
                phone: phone.ok()?,
                email: email.ok()?,
            },
            mandates,
        })
    }
}

impl From<&Mandate> for MandateRecord {
    fn from(mandate: &Mandate) -> Self {
        Self {
            id: mandate.id.0,
            function: mandate.post.function().word().to_owned(),
            commune: mandate.post.commune().map(|commune| commune.0),
            from: mandate.term.from(),
            until: mandate.term.until(),
        }
    }
}

impl MandateRecord {
    fn mandate(self) -> Option<Mandate> {
        Some(Mandate {
            id: MandateId(self.id),
            post: Post::new(Function::of_word(&self.function)?, self.commune.map(CommuneId)).ok()?,
            term: Term::new(self.from, self.until).ok()?,
        })
    }
}

impl From<&Group> for GroupRecord {
    fn from(group: &Group) -> Self {
        Self {
            name: group.name.as_str().to_owned(),
            kind: group.kind,
            listed: group.listed.iter().map(|person| person.0).collect(),
        }
    }
}

impl GroupRecord {
    pub(super) fn group(self, id: GroupId) -> Result<Group, Error> {
        let name = GroupName::parse(&self.name).map_err(|_| Error::Damaged(format!("group {id}")))?;
        Ok(Group { id, name, kind: self.kind, listed: self.listed.into_iter().map(PersonId).collect() })
    }
}
