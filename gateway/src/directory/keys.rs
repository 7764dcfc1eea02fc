//! What goes with the key of a machine: the preshared key of its link, and the wish that it make itself a new one.
//!
//! The gateway knows one key of a machine at a time. It is the machine that tries both while it changes.

use std::collections::BTreeMap;

use beffroi_protocol::{PresharedKey, PublicKey};
use jiff::{SignedDuration, Timestamp};

use super::machines::{claim_key, put};
use super::store::{PRESHARED, PresharedRecord, ROTATIONS, RotationRecord};
use super::{Error, Machine, MachineId, machine};
use crate::store::{Read, Write};

/// Age at which a key is changed although nobody asks for it.
const LIFETIME: SignedDuration = SignedDuration::from_hours(365 * 24);
/// Machines that came in on one day do not change on one day.
const SPREAD_DAYS: i64 = 30;

/// The preshared keys of all machines that have one.
pub async fn preshared_keys(tx: &impl Read) -> Result<BTreeMap<MachineId, PresharedKey>, Error> {
    let rows = tx.all(&PRESHARED).await?;
    Ok(rows.into_iter().map(|(id, row)| (id, PresharedKey::from_bytes(row.key))).collect())
}

pub async fn has_preshared(tx: &impl Read, id: MachineId) -> Result<bool, Error> {
    Ok(tx.get(&PRESHARED, &id).await?.is_some())
}

/// `None` for a machine whose link has none.
pub async fn set_preshared(
    tx: &mut impl Write,
    id: MachineId,
    preshared: Option<&PresharedKey>,
) -> Result<(), Error> {
    match preshared {
        Some(preshared) => {
            tx.put(&PRESHARED, &id, &PresharedRecord { key: *preshared.as_bytes() }).await?;
        }
        None => {
            tx.remove(&PRESHARED, &id).await?;
        }
    }
    Ok(())
}

/// Asks a machine to make itself a new key. Asking twice is asking once.
///
/// # Errors
/// [`Error::NoSuchMachine`]; [`Error::Revoked`]: a machine that is nobody has no key.
pub async fn ask_rotation(tx: &mut impl Write, id: MachineId, at: Timestamp) -> Result<Machine, Error> {
    let machine = machine(tx, id).await?.ok_or(Error::NoSuchMachine(id))?;
    if !machine.is_active() {
        return Err(Error::Revoked(id));
    }
    tx.put(&ROTATIONS, &id, &RotationRecord { asked: at.as_millisecond() }).await?;
    Ok(machine)
}

/// Whether a machine is to make itself a new key: a referent asks for it, or the key is old.
pub async fn is_to_rotate(tx: &impl Read, machine: &Machine, now: Timestamp) -> Result<bool, Error> {
    let is_asked = tx.get(&ROTATIONS, &machine.id).await?.is_some();
    Ok(machine.is_active() && (is_asked || is_old(machine, now)))
}

/// The key that a machine has made itself takes the place of the one it asks with. The same again is the same.
///
/// # Errors
/// [`Error::NotToRotate`], [`Error::KeyTaken`] when the key is or was another machine's, [`Error::KeyReserved`].
pub async fn rotate_key(
    tx: &mut impl Write,
    id: MachineId,
    key: PublicKey,
    now: Timestamp,
) -> Result<Machine, Error> {
    let old = machine(tx, id).await?.ok_or(Error::NoSuchMachine(id))?;
    if old.key == key {
        return Ok(old);
    }
    if !is_to_rotate(tx, &old, now).await? {
        return Err(Error::NotToRotate(id));
    }
    claim_key(tx, &key, id, now).await?;
    tx.remove(&ROTATIONS, &id).await?;
    let machine = Machine { key, enrolled: now, ..old };
    put(tx, &machine).await?;
    Ok(machine)
}

/// The wish goes with the key that it was about.
pub(super) async fn forget(tx: &mut impl Write, id: MachineId) -> Result<(), Error> {
    tx.remove(&ROTATIONS, &id).await?;
    tx.remove(&PRESHARED, &id).await?;
    Ok(())
}

fn is_old(machine: &Machine, now: Timestamp) -> bool {
    let spread = SignedDuration::from_hours(24 * (i64::from(machine.id.number()) * 7 % SPREAD_DAYS));
    now.duration_since(machine.enrolled) >= LIFETIME + spread
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::{MachineName, MachineRole};

    #[test]
    fn keys_grow_old_after_a_year_and_not_all_on_one_day() {
        let machine = |number: u32| Machine {
            id: MachineId(number),
            commune: "1".parse().expect("a number"),
            name: MachineName::parse("accueil").expect("a name"),
            key: PublicKey::from_bytes([1; 32]),
            role: MachineRole::TownHall,
            enrolled: Timestamp::UNIX_EPOCH,
            revoked: None,
            seen: true,
        };
        let old_on = |number, day: i64| {
            is_old(&machine(number), Timestamp::from_second(day * 86_400).expect("within range"))
        };
        let first: Vec<i64> = (256..278)
            .map(|number| (0..500).find(|day| old_on(number, *day)).expect("one day it is"))
            .collect();
        assert!(first.iter().all(|day| (365..395).contains(day)), "{first:?}");
        let mut days = first.clone();
        days.sort_unstable();
        days.dedup();
        assert!(days.len() > 15, "{first:?}");
    }
}
