//! The machines that have WireGuard's own program and not our agent: nobody probes from there, and nothing can be
//! told to them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Error, MachineId};
use crate::store::{Read, Record, Table, Write};

/// A row for each.
pub(super) const WITHOUT_AGENT: Table<MachineId, Marked> = Table::new("directory.without_agent");

#[derive(Serialize, Deserialize)]
pub(super) struct Marked;

impl Record for Marked {
    const VERSION: u8 = 1;
}

/// Of all that were ever recorded, the revoked ones too.
pub async fn without_agent(tx: &impl Read) -> Result<BTreeSet<MachineId>, Error> {
    Ok(tx.all(&WITHOUT_AGENT).await?.into_iter().map(|(id, _)| id).collect())
}

pub async fn is_without_agent(tx: &impl Read, id: MachineId) -> Result<bool, Error> {
    Ok(tx.get(&WITHOUT_AGENT, &id).await?.is_some())
}

pub async fn mark_without_agent(tx: &mut impl Write, id: MachineId) -> Result<(), Error> {
    Ok(tx.put(&WITHOUT_AGENT, &id, &Marked).await?)
}

/// It has an agent from now on.
pub(super) async fn unmark(tx: &mut impl Write, id: MachineId) -> Result<(), Error> {
    if is_without_agent(tx, id).await? {
        tx.remove(&WITHOUT_AGENT, &id).await?;
    }
    Ok(())
}
