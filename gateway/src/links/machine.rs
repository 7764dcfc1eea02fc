//! A machine with its commune, as pages and what they do ask for both.

use super::Error;
use crate::directory::{self, Commune, Machine, MachineId};
use crate::store::Read;

pub(super) async fn found(tx: &impl Read, id: MachineId) -> Result<(Machine, Commune), Error> {
    let machine = directory::machine(tx, id).await?.ok_or(Error::NoSuchMachine(id))?;
    let commune = directory::commune(tx, machine.commune).await?;
    let commune = commune.ok_or(Error::NoSuchCommune(machine.commune))?;
    Ok((machine, commune))
}

/// One that is not revoked.
pub(super) async fn found_active(tx: &impl Read, id: MachineId) -> Result<(Machine, Commune), Error> {
    let (machine, commune) = found(tx, id).await?;
    if machine.is_active() { Ok((machine, commune)) } else { Err(directory::Error::Revoked(id).into()) }
}
