//! The machines of the town halls: who may use which address with which key.

use std::collections::BTreeSet;
use std::net::IpAddr;

use beffroi_protocol::PublicKey;
use jiff::Timestamp;

use super::store::{KEYS, MACHINES, MachineRecord, MachineRef};
use super::without_agent::unmark;
use super::{
    CommuneId, Error, Machine, MachineId, MachineName, MachineRole, Network, Revocation, commune, gateway,
    guests, keys,
};
use crate::store::{Read, Write};

/// What is known of a machine when it comes in.
#[derive(Debug, Clone)]
pub struct NewMachine {
    pub commune: CommuneId,
    /// What it calls itself; numbered if its town hall has one of that name.
    pub name: MachineName,
    pub key: PublicKey,
    pub at: Timestamp,
}

/// All machines that were ever recorded, the revoked ones too, in the order of their identifiers.
pub async fn machines(tx: &impl Read) -> Result<Vec<Machine>, Error> {
    let records = tx.all(&MACHINES).await?;
    records.into_iter().map(|(id, record)| record.machine(id)).collect()
}

/// The machines of one town hall, the revoked ones too.
pub async fn machines_of(tx: &impl Read, commune: CommuneId) -> Result<Vec<Machine>, Error> {
    let mut machines = machines(tx).await?;
    machines.retain(|machine| machine.commune == commune);
    Ok(machines)
}

pub async fn machine(tx: &impl Read, id: MachineId) -> Result<Option<Machine>, Error> {
    tx.get(&MACHINES, &id).await?.map(|record| record.machine(id)).transpose()
}

/// The machine that may use this tunnel address now: a revoked one may not.
pub async fn machine_by_address(
    tx: &impl Read,
    network: &Network,
    address: IpAddr,
) -> Result<Option<Machine>, Error> {
    let Some(id) = network.machine_at(address) else {
        return Ok(None);
    };
    Ok(machine(tx, id).await?.filter(Machine::is_active))
}

/// Records a machine of a town hall, with a place in the network of its own.
///
/// # Errors
/// [`Error::NoSuchCommune`], [`Error::KeyTaken`], [`Error::KeyReserved`], [`Error::NetworkFull`].
pub async fn add_machine(tx: &mut impl Write, network: &Network, new: NewMachine) -> Result<Machine, Error> {
    if commune(tx, new.commune).await?.is_none() {
        return Err(Error::NoSuchCommune(new.commune));
    }
    let id = MachineId(MachineId::FIRST - 1 + tx.next_id(&MACHINES).await?);
    if !network.has_room_for(id) {
        return Err(Error::NetworkFull);
    }
    claim_key(tx, &new.key, id, new.at).await?;
    let machine = Machine {
        id,
        commune: new.commune,
        name: free_name(tx, new.commune, new.name).await?,
        key: new.key,
        role: MachineRole::TownHall,
        enrolled: new.at,
        revoked: None,
        seen: false,
    };
    put(tx, &machine).await?;
    Ok(machine)
}

/// Another computer takes a machine's place: same town hall, same name, same addresses, new key. A
/// machine that was revoked comes back to life, its name numbered if it is another's by now, and one without an
/// agent has one.
///
/// # Errors
/// [`Error::NoSuchMachine`], [`Error::KeyTaken`] when the key is or was another machine's, [`Error::KeyReserved`].
pub async fn replace_key(
    tx: &mut impl Write,
    id: MachineId,
    key: PublicKey,
    at: Timestamp,
) -> Result<Machine, Error> {
    let old = machine(tx, id).await?.ok_or(Error::NoSuchMachine(id))?;
    claim_key(tx, &key, id, at).await?;
    keys::forget(tx, id).await?;
    gateway::forget_awareness(tx, id).await?;
    let name = if old.is_active() { old.name } else { free_name(tx, old.commune, old.name).await? };
    let machine = Machine { name, key, enrolled: at, revoked: None, seen: false, ..old };
    unmark(tx, id).await?;
    put(tx, &machine).await?;
    Ok(machine)
}

/// # Errors
/// [`Error::NoSuchMachine`]; [`Error::MachineNameTaken`] when its town hall has another of that name.
pub async fn rename_machine(tx: &mut impl Write, id: MachineId, name: MachineName) -> Result<(), Error> {
    let machine = machine(tx, id).await?.ok_or(Error::NoSuchMachine(id))?;
    let others = machines_of(tx, machine.commune).await?;
    if others.iter().any(|other| other.id != id && other.is_active() && other.name.folded() == name.folded())
    {
        return Err(Error::MachineNameTaken(name));
    }
    put(tx, &Machine { name, ..machine }).await
}

/// From now on the machine is nobody. Asking twice keeps the first reason.
///
/// # Errors
/// [`Error::NoSuchMachine`].
pub async fn revoke(tx: &mut impl Write, id: MachineId, revocation: Revocation) -> Result<Machine, Error> {
    let machine = machine(tx, id).await?.ok_or(Error::NoSuchMachine(id))?;
    if !machine.is_active() {
        return Ok(machine);
    }
    let machine = Machine { revoked: Some(revocation), role: MachineRole::TownHall, ..machine };
    put(tx, &machine).await?;
    Ok(machine)
}

/// # Errors
/// [`Error::NoSuchMachine`]; [`Error::Revoked`]: a machine that is nobody has no role.
pub async fn set_role(tx: &mut impl Write, id: MachineId, role: MachineRole) -> Result<Machine, Error> {
    let machine = machine(tx, id).await?.ok_or(Error::NoSuchMachine(id))?;
    if !machine.is_active() {
        return Err(Error::Revoked(id));
    }
    let machine = Machine { role, ..machine };
    put(tx, &machine).await?;
    Ok(machine)
}

/// The machine has shown life with this key. Says nothing of a machine whose key has changed since.
pub async fn mark_seen(tx: &mut impl Write, id: MachineId, key: &PublicKey) -> Result<(), Error> {
    match machine(tx, id).await? {
        Some(machine) if machine.key == *key && !machine.seen => {
            put(tx, &Machine { seen: true, ..machine }).await
        }
        Some(_) | None => Ok(()),
    }
}

/// A key is that of one machine for ever, and a peer has one entry in the tunnel: neither a key of the gateway's nor a
/// temporary one is a machine's.
pub(super) async fn claim_key(
    tx: &mut impl Write,
    key: &PublicKey,
    own: MachineId,
    now: Timestamp,
) -> Result<(), Error> {
    if gateway::gateway_keys(tx).await?.contains(key) || guests::is_guest(tx, key, now).await? {
        return Err(Error::KeyReserved);
    }
    match tx.get(&KEYS, key.as_bytes()).await? {
        Some(MachineRef(holder)) if MachineId(holder) != own => Err(Error::KeyTaken(MachineId(holder))),
        Some(_) => Ok(()),
        None => Ok(tx.put(&KEYS, key.as_bytes(), &MachineRef(own.0)).await?),
    }
}

/// The name, or the first numbered form of it that no active machine of the town hall has.
async fn free_name(tx: &impl Read, commune: CommuneId, wanted: MachineName) -> Result<MachineName, Error> {
    let machines = machines_of(tx, commune).await?;
    let taken: BTreeSet<String> =
        machines.iter().filter(|machine| machine.is_active()).map(|machine| machine.name.folded()).collect();
    let mut name = wanted.clone();
    let mut number = 1;
    while taken.contains(&name.folded()) {
        number += 1;
        name = wanted.numbered(number);
    }
    Ok(name)
}

pub(super) async fn put(tx: &mut impl Write, machine: &Machine) -> Result<(), Error> {
    Ok(tx.put(&MACHINES, &machine.id, &MachineRecord::from(machine)).await?)
}
