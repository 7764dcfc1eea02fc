//! People and their mandates, as they are read and changed.

use super::store::{PEOPLE, PersonRecord};
use super::{Details, Mandate, MandateId, Person, PersonId, Post, Register, Term, groups, remove_member};
use crate::directory::{Error, commune};
use crate::store::{Read, Write};

/// Everybody.
pub async fn register(tx: &impl Read) -> Result<Register, Error> {
    let rows = tx.all(&PEOPLE).await?.into_iter();
    Ok(Register::new(rows.map(|(id, record)| record.person(id)).collect::<Result<_, _>>()?))
}

pub async fn person(tx: &impl Read, id: PersonId) -> Result<Option<Person>, Error> {
    tx.get(&PEOPLE, &id).await?.map(|record| record.person(id)).transpose()
}

/// Adds somebody, whether or not there is somebody of the same name.
pub async fn add_person(tx: &mut impl Write, details: &Details) -> Result<Person, Error> {
    let id = PersonId(tx.next_id(&PEOPLE).await?);
    let person = Person { id, details: details.clone(), mandates: Vec::new() };
    tx.put(&PEOPLE, &id, &PersonRecord::new(&person, 0)).await?;
    Ok(person)
}

/// # Errors
/// [`Error::NoSuchPerson`].
pub async fn change_person(tx: &mut impl Write, id: PersonId, details: &Details) -> Result<Person, Error> {
    let (person, counted) = existing(tx, id).await?;
    let person = Person { details: details.clone(), ..person };
    tx.put(&PEOPLE, &id, &PersonRecord::new(&person, counted)).await?;
    Ok(person)
}

/// Forgets somebody, in every group too.
///
/// # Errors
/// [`Error::NoSuchPerson`].
pub async fn remove_person(tx: &mut impl Write, id: PersonId) -> Result<Person, Error> {
    let (person, _) = existing(tx, id).await?;
    for group in groups(tx).await?.into_iter().filter(|group| group.listed.contains(&id)) {
        remove_member(tx, group.id, id).await?;
    }
    tx.remove(&PEOPLE, &id).await?;
    Ok(person)
}

/// # Errors
/// [`Error::NoSuchPerson`], [`Error::NoSuchCommune`]; [`Error::AlreadyHeld`] when they hold the same during that time.
pub async fn give_mandate(
    tx: &mut impl Write,
    id: PersonId,
    post: Post,
    term: Term,
) -> Result<Mandate, Error> {
    let (mut person, counted) = existing(tx, id).await?;
    allow(tx, &person, post, term, None).await?;
    let counted = counted.checked_add(1).ok_or(Error::TooManyMandates(id))?;
    let mandate = Mandate { id: MandateId(counted), post, term };
    person.mandates.push(mandate.clone());
    tx.put(&PEOPLE, &id, &PersonRecord::new(&person, counted)).await?;
    Ok(mandate)
}

/// Corrects a mandate, or ends it.
///
/// # Errors
/// As [`give_mandate`], and [`Error::NoSuchMandate`].
pub async fn change_mandate(
    tx: &mut impl Write,
    id: PersonId,
    mandate: MandateId,
    post: Post,
    term: Term,
) -> Result<(), Error> {
    let (mut person, counted) = existing(tx, id).await?;
    allow(tx, &person, post, term, Some(mandate)).await?;
    let held = person.mandates.iter_mut().find(|held| held.id == mandate);
    *held.ok_or(Error::NoSuchMandate(id))? = Mandate { id: mandate, post, term };
    tx.put(&PEOPLE, &id, &PersonRecord::new(&person, counted)).await?;
    Ok(())
}

/// Forgets a mandate that never was. One that is over is ended, not forgotten.
///
/// # Errors
/// [`Error::NoSuchPerson`], [`Error::NoSuchMandate`].
pub async fn remove_mandate(tx: &mut impl Write, id: PersonId, mandate: MandateId) -> Result<(), Error> {
    let (mut person, counted) = existing(tx, id).await?;
    person.mandate(mandate).ok_or(Error::NoSuchMandate(id))?;
    person.mandates.retain(|held| held.id != mandate);
    tx.put(&PEOPLE, &id, &PersonRecord::new(&person, counted)).await?;
    Ok(())
}

async fn existing(tx: &impl Read, id: PersonId) -> Result<(Person, u16), Error> {
    let record = tx.get(&PEOPLE, &id).await?.ok_or(Error::NoSuchPerson(id))?;
    let counted = record.counted;
    Ok((record.person(id)?, counted))
}

async fn allow(
    tx: &impl Read,
    person: &Person,
    post: Post,
    term: Term,
    but: Option<MandateId>,
) -> Result<(), Error> {
    if let Some(id) = post.commune() {
        commune(tx, id).await?.ok_or(Error::NoSuchCommune(id))?;
    }
    let mut others = person.mandates.iter().filter(|held| Some(held.id) != but);
    match others.any(|held| held.post == post && held.term.overlaps(term)) {
        true => Err(Error::AlreadyHeld(person.id)),
        false => Ok(()),
    }
}
