//! The communes, by number and by name.

use super::details::DETAILS;
use super::store::{COMMUNES, CommuneRecord, CommuneRef, HOURS, NAMES};
use super::{Commune, CommuneId, CommuneName, Error};
use crate::store::{Read, Write};

/// All communes, in alphabetical order.
pub async fn communes(tx: &impl Read) -> Result<Vec<Commune>, Error> {
    let mut communes = Vec::new();
    for (id, record) in tx.all(&COMMUNES).await? {
        communes.push(record.commune(id)?);
    }
    communes.sort_by_cached_key(|commune| commune.name.folded());
    Ok(communes)
}

pub async fn commune(tx: &impl Read, id: CommuneId) -> Result<Option<Commune>, Error> {
    tx.get(&COMMUNES, &id).await?.map(|record| record.commune(id)).transpose()
}

/// The commune that goes by this name, in whatever case and with or without its accents.
pub async fn commune_by_name(tx: &impl Read, name: &CommuneName) -> Result<Option<Commune>, Error> {
    match tx.get(&NAMES, &name.folded()).await? {
        Some(CommuneRef(id)) => commune(tx, CommuneId(id)).await,
        None => Ok(None),
    }
}

/// # Errors
/// [`Error::CommuneNameTaken`] when the name is that of another one.
pub async fn add_commune(tx: &mut impl Write, name: &CommuneName, seat: bool) -> Result<Commune, Error> {
    claim_name(tx, name, None).await?;
    let id = CommuneId(tx.next_id(&COMMUNES).await?);
    tx.put(&NAMES, &name.folded(), &CommuneRef(id.0)).await?;
    tx.put(&COMMUNES, &id, &CommuneRecord { name: name.as_str().to_owned(), seat }).await?;
    Ok(Commune { id, name: name.clone(), seat })
}

/// # Errors
/// [`Error::CommuneNameTaken`], [`Error::NoSuchCommune`].
pub async fn rename_commune(tx: &mut impl Write, id: CommuneId, name: &CommuneName) -> Result<(), Error> {
    let old = commune(tx, id).await?.ok_or(Error::NoSuchCommune(id))?;
    claim_name(tx, name, Some(id)).await?;
    tx.remove(&NAMES, &old.name.folded()).await?;
    tx.put(&NAMES, &name.folded(), &CommuneRef(id.0)).await?;
    tx.put(&COMMUNES, &id, &CommuneRecord { name: name.as_str().to_owned(), seat: old.seat }).await?;
    Ok(())
}

/// Forgets a commune; whether nothing is told of it any more is the caller's to know.
///
/// # Errors
/// [`Error::NoSuchCommune`].
pub async fn remove_commune(tx: &mut impl Write, id: CommuneId) -> Result<(), Error> {
    let commune = commune(tx, id).await?.ok_or(Error::NoSuchCommune(id))?;
    tx.remove(&NAMES, &commune.name.folded()).await?;
    tx.remove(&HOURS, &id).await?;
    tx.remove(&DETAILS, &id).await?;
    tx.remove(&COMMUNES, &id).await?;
    Ok(())
}

async fn claim_name(tx: &impl Read, name: &CommuneName, own: Option<CommuneId>) -> Result<(), Error> {
    match tx.get(&NAMES, &name.folded()).await? {
        Some(CommuneRef(holder)) if Some(CommuneId(holder)) != own => {
            Err(Error::CommuneNameTaken(name.clone()))
        }
        Some(_) | None => Ok(()),
    }
}
