//! What is done to the directory's people, each with its entry in "who did what", in the same transaction.

use jiff::Timestamp;

use super::Error;
use crate::access::Referent;
use crate::audit::{self, About, Act, Entry};
use crate::directory::{
    self, CommuneDetails, CommuneId, Details, Group, GroupId, GroupKind, GroupName, MandateId, PersonId,
    Post, Term,
};
use crate::store::{Read, Write};
use crate::web::t;

/// Who does it, and when.
#[derive(Debug, Clone)]
pub(super) struct By {
    pub(super) who: String,
    pub(super) at: Timestamp,
}

impl By {
    pub(super) fn new(who: &Referent, at: Timestamp) -> Self {
        Self { who: who.name().to_owned(), at }
    }

    pub(super) async fn record(
        &self,
        tx: &mut impl Write,
        act: Act,
        commune: Option<String>,
        detail: String,
    ) -> Result<(), Error> {
        let about = About { commune, detail: Some(detail), ..About::default() };
        Ok(audit::record(tx, Entry { at: self.at, who: self.who.clone(), act, about }).await?)
    }
}

pub(super) async fn add_person(tx: &mut impl Write, details: &Details, by: &By) -> Result<PersonId, Error> {
    let person = directory::add_person(tx, details).await?;
    by.record(tx, Act::PersonAdded, None, details.name.to_string()).await?;
    Ok(person.id)
}

/// What is the same already is no act.
pub(super) async fn change_person(
    tx: &mut impl Write,
    id: PersonId,
    details: &Details,
    by: &By,
) -> Result<(), Error> {
    let before = directory::person(tx, id).await?.ok_or(Error::NoSuchPerson(id))?.details;
    if before == *details {
        return Ok(());
    }
    directory::change_person(tx, id, details).await?;
    let (before, after) = (before.name.to_string(), details.name.to_string());
    let detail = if before == after { after } else { format!("{before} → {after}") };
    by.record(tx, Act::PersonChanged, None, detail).await
}

/// The entry does not say the name: it stays longer than the person.
pub(super) async fn erase_person(tx: &mut impl Write, id: PersonId, by: &By) -> Result<(), Error> {
    directory::remove_person(tx, id).await?;
    by.record(tx, Act::PersonErased, None, format!("nº {id}")).await
}

pub(super) async fn give_mandate(
    tx: &mut impl Write,
    id: PersonId,
    post: Post,
    term: Term,
    by: &By,
) -> Result<(), Error> {
    directory::give_mandate(tx, id, post, term).await?;
    record_mandate(tx, Act::MandateGiven, id, post, by).await
}

pub(super) async fn change_mandate(
    tx: &mut impl Write,
    id: PersonId,
    mandate: MandateId,
    post: Post,
    term: Term,
    by: &By,
) -> Result<(), Error> {
    let person = directory::person(tx, id).await?.ok_or(Error::NoSuchPerson(id))?;
    if person.mandate(mandate).is_some_and(|held| (held.post, held.term) == (post, term)) {
        return Ok(());
    }
    directory::change_mandate(tx, id, mandate, post, term).await?;
    record_mandate(tx, Act::MandateChanged, id, post, by).await
}

pub(super) async fn remove_mandate(
    tx: &mut impl Write,
    id: PersonId,
    mandate: MandateId,
    by: &By,
) -> Result<(), Error> {
    let person = directory::person(tx, id).await?.ok_or(Error::NoSuchPerson(id))?;
    let Some(held) = person.mandate(mandate) else { return Ok(()) };
    directory::remove_mandate(tx, id, mandate).await?;
    record_mandate(tx, Act::MandateRemoved, id, held.post, by).await
}

async fn record_mandate(
    tx: &mut impl Write,
    act: Act,
    id: PersonId,
    post: Post,
    by: &By,
) -> Result<(), Error> {
    let person = directory::person(tx, id).await?.ok_or(Error::NoSuchPerson(id))?;
    let commune = match post.commune() {
        Some(commune) => directory::commune(tx, commune).await?.map(|commune| commune.name.to_string()),
        None => None,
    };
    let detail = format!("{}, {}", person.details.name, t(post.function().text()));
    by.record(tx, act, commune, detail).await
}

pub(super) async fn add_group(
    tx: &mut impl Write,
    name: &GroupName,
    kind: GroupKind,
    by: &By,
) -> Result<GroupId, Error> {
    let group = directory::add_group(tx, name, kind).await?;
    by.record(tx, Act::GroupAdded, None, name.to_string()).await?;
    Ok(group.id)
}

pub(super) async fn rename_group(
    tx: &mut impl Write,
    id: GroupId,
    name: &GroupName,
    by: &By,
) -> Result<(), Error> {
    let before = existing(tx, id).await?.name;
    if before == *name {
        return Ok(());
    }
    directory::rename_group(tx, id, name).await?;
    by.record(tx, Act::GroupChanged, None, format!("{before} → {name}")).await
}

/// What becomes of somebody's seat in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seat {
    Taken,
    Left,
}

pub(super) async fn set_seat(
    tx: &mut impl Write,
    id: GroupId,
    person: PersonId,
    seat: Seat,
    by: &By,
) -> Result<(), Error> {
    let name = directory::person(tx, person).await?.ok_or(Error::NoSuchPerson(person))?.details.name;
    let (has_changed, sign) = match seat {
        Seat::Taken => (directory::add_member(tx, id, person).await?, '+'),
        Seat::Left => (directory::remove_member(tx, id, person).await?, '−'),
    };
    if !has_changed {
        return Ok(());
    }
    let group = existing(tx, id).await?.name;
    by.record(tx, Act::GroupChanged, None, format!("{group} {sign} {name}")).await
}

pub(super) async fn remove_group(tx: &mut impl Write, id: GroupId, by: &By) -> Result<(), Error> {
    let group = directory::remove_group(tx, id).await?;
    by.record(tx, Act::GroupRemoved, None, group.name.to_string()).await
}

pub(super) async fn set_details(
    tx: &mut impl Write,
    id: CommuneId,
    details: &CommuneDetails,
    by: &By,
) -> Result<(), Error> {
    let commune = directory::commune(tx, id).await?.ok_or(Error::NoSuchCommune(id))?;
    if directory::details(tx, id).await? == *details {
        return Ok(());
    }
    directory::set_details(tx, id, details).await?;
    let about = About { commune: Some(commune.name.to_string()), ..About::default() };
    let entry = Entry { at: by.at, who: by.who.clone(), act: Act::DetailsChanged, about };
    Ok(audit::record(tx, entry).await?)
}

async fn existing(tx: &impl Read, id: GroupId) -> Result<Group, Error> {
    directory::group(tx, id).await?.ok_or(Error::NoSuchGroup(id))
}
