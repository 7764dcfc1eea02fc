//! The gateway's own public key and its change: which key takes its place, which machines know that, and when it did.
//!
//! `beffroi-netd` makes the keys and tells their public halves; how it is asked to is the business of `links`.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use beffroi_protocol::PublicKey;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::store::{GATEWAY, GatewayRecord};
use super::{Error, Machine, MachineId, machines, without_agent};
use crate::store::{Read, Record, Table, Write};

/// One row, from the first change on.
pub(super) const CHANGE: Table<(), ChangeRecord> = Table::new("directory.gateway_change");
/// The machines that have the next key on their disks.
pub(super) const AWARE: Table<MachineId, AwareRecord> = Table::new("directory.gateway_aware");

/// How far the change of the gateway's key has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyChange {
    pub stage: Stage,
    /// When it was asked for, or ordered.
    pub since: Timestamp,
    /// Name of the referent who did.
    pub by: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// A key is announced to the machines, as soon as netd has made it.
    Prepared(Option<PublicKey>),
    /// The gateway is to have this key now.
    Ordered(PublicKey),
    /// It has it.
    Done(PublicKey),
}

/// What netd told that is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// The gateway's key, for the first time.
    First,
    /// The next key is made.
    Prepared(PublicKey),
    /// The change that was ordered is done.
    Changed,
    /// The key that was to be is gone: the change has to begin again.
    Lost,
    /// The gateway has another key, and nobody had asked for it.
    Another,
}

impl KeyChange {
    /// The key that the gateway will have.
    pub fn next(&self) -> Option<PublicKey> {
        match self.stage {
            Stage::Prepared(next) => next,
            Stage::Ordered(next) => Some(next),
            Stage::Done(_) => None,
        }
    }

    pub fn is_under_way(&self) -> bool {
        !matches!(self.stage, Stage::Done(_))
    }
}

/// The gateway's public key, once `beffroi-netd` has told it.
pub async fn gateway_key(tx: &impl Read) -> Result<Option<PublicKey>, Error> {
    Ok(tx.get(&GATEWAY, &()).await?.map(|record| PublicKey::from_bytes(record.key)))
}

/// The same, and the one that takes its place.
pub async fn gateway_keys(tx: &impl Read) -> Result<Vec<PublicKey>, Error> {
    Ok(gateway_key(tx).await?.into_iter().chain(next_gateway_key(tx).await?).collect())
}

/// By which those will know the gateway who join from now on.
pub async fn coming_gateway_key(tx: &impl Read) -> Result<Option<PublicKey>, Error> {
    match key_change(tx).await?.map(|change| change.stage) {
        Some(Stage::Ordered(next)) => Ok(Some(next)),
        _ => gateway_key(tx).await,
    }
}

pub async fn next_gateway_key(tx: &impl Read) -> Result<Option<PublicKey>, Error> {
    Ok(key_change(tx).await?.and_then(|change| change.next()))
}

/// The change that is under way, or the last one.
pub async fn key_change(tx: &impl Read) -> Result<Option<KeyChange>, Error> {
    tx.get(&CHANGE, &()).await?.map(ChangeRecord::change).transpose()
}

/// `false` when a change is under way already.
pub async fn prepare_key_change(tx: &mut impl Write, by: &str, now: Timestamp) -> Result<bool, Error> {
    if key_change(tx).await?.is_some_and(|change| change.is_under_way()) {
        return Ok(false);
    }
    forget_aware(tx).await?;
    put(tx, &KeyChange { stage: Stage::Prepared(None), since: now, by: by.to_owned() }).await?;
    Ok(true)
}

/// `false` when there is none to give up.
///
/// # Errors
/// [`Error::KeyChangeOrdered`]: machines follow it already.
pub async fn give_up_key_change(tx: &mut impl Write) -> Result<bool, Error> {
    match key_change(tx).await?.map(|change| change.stage) {
        Some(Stage::Ordered(_)) => Err(Error::KeyChangeOrdered),
        Some(Stage::Prepared(_)) => {
            forget_aware(tx).await?;
            tx.remove(&CHANGE, &()).await?;
            Ok(true)
        }
        Some(Stage::Done(_)) | None => Ok(false),
    }
}

/// This key, which the referent has seen to be the next one, is to be the gateway's. At most `behind` machines that do
/// not know it are left behind. `false` when that was ordered before.
///
/// # Errors
/// [`Error::NoNextKey`]; [`Error::Unaware`] with the number of those that would be left behind.
pub async fn order_key_change(
    tx: &mut impl Write,
    next: &PublicKey,
    behind: usize,
    by: &str,
    now: Timestamp,
) -> Result<bool, Error> {
    match key_change(tx).await?.map(|change| change.stage) {
        Some(Stage::Ordered(key) | Stage::Done(key)) if key == *next => return Ok(false),
        Some(Stage::Prepared(Some(key))) if key == *next => {}
        _ => return Err(Error::NoNextKey),
    }
    let unaware = unaware(tx, next).await?;
    if unaware > behind {
        return Err(Error::Unaware(unaware));
    }
    put(tx, &KeyChange { stage: Stage::Ordered(*next), since: now, by: by.to_owned() }).await?;
    Ok(true)
}

/// How many machines do not know this key of the gateway.
pub async fn unaware(tx: &impl Read, key: &PublicKey) -> Result<usize, Error> {
    Ok(awareness(tx, key).await?.values().filter(|is_aware| !**is_aware).count())
}

/// Whether each machine knows this key of the gateway. Those without an agent never do, and are not told of.
pub async fn awareness(tx: &impl Read, key: &PublicKey) -> Result<BTreeMap<MachineId, bool>, Error> {
    let aware: BTreeMap<_, _> = tx.all(&AWARE).await?.into_iter().collect();
    let without_agent = without_agent(tx).await?;
    let machines = machines(tx).await?.into_iter().filter(Machine::is_active).map(|machine| machine.id);
    let machines = machines.filter(|machine| !without_agent.contains(machine));
    let is_aware = |id: &MachineId| aware.get(id).is_some_and(|record| record.key == *key.as_bytes());
    Ok(machines.map(|machine| (machine, is_aware(&machine))).collect())
}

/// The machine has the next key on its disk.
///
/// # Errors
/// [`Error::NoNextKey`] when that is not the next key, or is not any more.
pub async fn note_aware(tx: &mut impl Write, machine: MachineId, key: &PublicKey) -> Result<(), Error> {
    if next_gateway_key(tx).await? != Some(*key) {
        return Err(Error::NoNextKey);
    }
    let record = AwareRecord { key: *key.as_bytes() };
    if tx.get(&AWARE, &machine).await?.is_none_or(|known| known.key != record.key) {
        tx.put(&AWARE, &machine, &record).await?;
    }
    Ok(())
}

/// Another computer is there: what the one before it knew is nothing to it.
pub(super) async fn forget_awareness(tx: &mut impl Write, machine: MachineId) -> Result<(), Error> {
    tx.remove(&AWARE, &machine).await?;
    Ok(())
}

/// What netd has told: the key in use, and the one that it has made to take its place.
pub async fn note_gateway_keys(
    tx: &mut impl Write,
    key: &PublicKey,
    next: Option<PublicKey>,
) -> Result<Option<News>, Error> {
    let before = gateway_key(tx).await?;
    if before != Some(*key) {
        tx.put(&GATEWAY, &(), &GatewayRecord { key: *key.as_bytes() }).await?;
    }
    let Some(change) = key_change(tx).await? else { return Ok(news_of(before, key)) };
    let (stage, news) = match change.stage {
        Stage::Ordered(wanted) | Stage::Prepared(Some(wanted)) if wanted == *key => {
            (Stage::Done(wanted), Some(News::Changed))
        }
        Stage::Ordered(wanted) if next != Some(wanted) => {
            tx.remove(&CHANGE, &()).await?;
            return Ok(Some(News::Lost));
        }
        Stage::Prepared(known) if known != next => (Stage::Prepared(next), next.map(News::Prepared)),
        _ => return Ok(news_of(before, key)),
    };
    put(tx, &KeyChange { stage, ..change }).await?;
    Ok(news)
}

fn news_of(before: Option<PublicKey>, key: &PublicKey) -> Option<News> {
    match before {
        None => Some(News::First),
        Some(before) => (before != *key).then_some(News::Another),
    }
}

async fn put(tx: &mut impl Write, change: &KeyChange) -> Result<(), Error> {
    Ok(tx.put(&CHANGE, &(), &ChangeRecord::from(change)).await?)
}

async fn forget_aware(tx: &mut impl Write) -> Result<(), Error> {
    for (machine, _) in tx.all(&AWARE).await? {
        tx.remove(&AWARE, &machine).await?;
    }
    Ok(())
}

#[derive(Serialize, Deserialize)]
pub(super) struct ChangeRecord {
    stage: StageRecord,
    /// In milliseconds since 1970.
    since: i64,
    by: String,
}

#[derive(Serialize, Deserialize)]
enum StageRecord {
    Prepared(Option<[u8; 32]>),
    Ordered([u8; 32]),
    Done([u8; 32]),
}

#[derive(Serialize, Deserialize)]
pub(super) struct AwareRecord {
    /// Which key it knows: one that was announced and given up is another.
    key: [u8; 32],
}

impl Record for ChangeRecord {
    const VERSION: u8 = 1;
}

impl Record for AwareRecord {
    const VERSION: u8 = 1;
}

impl ChangeRecord {
    fn change(self) -> Result<KeyChange, Error> {
        let since = Timestamp::from_millisecond(self.since);
        let since = since.map_err(|_| Error::Damaged("the change of the gateway's key".to_owned()))?;
        let stage = match self.stage {
            StageRecord::Prepared(next) => Stage::Prepared(next.map(PublicKey::from_bytes)),
            StageRecord::Ordered(next) => Stage::Ordered(PublicKey::from_bytes(next)),
            StageRecord::Done(key) => Stage::Done(PublicKey::from_bytes(key)),
        };
        Ok(KeyChange { stage, since, by: self.by })
    }
}

impl From<&KeyChange> for ChangeRecord {
    fn from(change: &KeyChange) -> Self {
        let stage = match change.stage {
            Stage::Prepared(next) => StageRecord::Prepared(next.map(|key| *key.as_bytes())),
            Stage::Ordered(next) => StageRecord::Ordered(*next.as_bytes()),
            Stage::Done(key) => StageRecord::Done(*key.as_bytes()),
        };
        Self { stage, since: change.since.as_millisecond(), by: change.by.clone() }
    }
}
