//! Taking off the list a commune that was added by mistake. One that has had a machine, an invitation for one, or
//! somebody who held a function there stays: what was done there is told of it.

use jiff::Timestamp;

use super::store::all;
use super::{Error, Removal};
use crate::audit::{self, About, Act, Entry};
use crate::directory::{self, Commune, CommuneId};
use crate::store::{Read, Write};

/// The commune, and whether it can be removed.
///
/// # Errors
/// [`Error::NoSuchCommune`].
pub async fn removal(tx: &impl Read, id: CommuneId) -> Result<(Commune, Removal), Error> {
    let commune = directory::commune(tx, id).await?.ok_or(Error::NoSuchCommune(id))?;
    let machines = directory::machines_of(tx, id).await?;
    let invited = all(tx).await?.iter().any(|invitation| invitation.commune == id);
    let has_people = directory::register(tx).await?.knows_commune(id);
    let removal =
        if machines.is_empty() && !invited && !has_people { Removal::Possible } else { Removal::HasHistory };
    Ok((commune, removal))
}

/// # Errors
/// [`Error::NoSuchCommune`], [`Error::HasHistory`].
pub async fn remove_commune(
    tx: &mut impl Write,
    id: CommuneId,
    by: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let (commune, removal) = removal(tx, id).await?;
    if removal == Removal::HasHistory {
        return Err(Error::HasHistory(commune.name));
    }
    directory::remove_commune(tx, id).await?;
    let about = About { commune: Some(commune.name.to_string()), ..About::default() };
    audit::record(tx, Entry { at: now, who: by.to_owned(), act: Act::CommuneRemoved, about }).await?;
    Ok(())
}
