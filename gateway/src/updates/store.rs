//! The tables: the release of the day, and what each machine is offered and has told.

use beffroi_protocol::release::{Offer, Progress, Stage, Version};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Rollout, Stopped, Wave};
use crate::directory::MachineId;
use crate::store::{AnyTable, Error, Read, Record, Table, Write};

/// One row at most.
const ROLLOUT: Table<u32, StoredRollout> = Table::new("updates.rollout");
const THE_ONE: u32 = 0;
const MACHINES: Table<MachineId, StoredMachine> = Table::new("updates.machines");

/// A table of its own, so that the machines' rows stay readable as they are. Written together with them.
const HEARD: Table<MachineId, Heard> = Table::new("updates.heard");

/// For the check of a database, which reads every row as its owner would.
pub const TABLES: &[&dyn AnyTable] = &[&ROLLOUT, &MACHINES, &HEARD];

#[derive(Serialize, Deserialize)]
struct StoredRollout {
    offer: Offer,
    version: Version,
    started: Timestamp,
    wave: Wave,
    since: Timestamp,
    stopped: Option<Stopped>,
}

impl Record for StoredRollout {
    const VERSION: u8 = 1;
}

/// What is known of a machine and releases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredMachine {
    /// The version that it may have.
    pub(super) offered: Option<Version>,
    pub(super) told: Option<(Version, Stage, Timestamp)>,
}

impl Record for StoredMachine {
    const VERSION: u8 = 1;
}

/// How what a machine told counts for the offer of the day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Heard {
    /// It was told before the release was offered, or offered again. Not a matter of times: a clock may be set back.
    pub(super) is_past: bool,
    /// An outcome is written down: one for each offer, whatever a machine tells afterwards.
    pub(super) is_written_down: bool,
}

impl Record for Heard {
    const VERSION: u8 = 1;
}

pub(super) async fn rollout(tx: &impl Read) -> Result<Option<Rollout>, Error> {
    let stored = tx.get(&ROLLOUT, &THE_ONE).await?;
    Ok(stored.map(|StoredRollout { offer, version, started, wave, since, stopped }| Rollout {
        offer,
        version,
        started,
        wave,
        since,
        stopped,
    }))
}

pub(super) async fn put_rollout(tx: &mut impl Write, rollout: Rollout) -> Result<(), Error> {
    let Rollout { offer, version, started, wave, since, stopped } = rollout;
    tx.put(&ROLLOUT, &THE_ONE, &StoredRollout { offer, version, started, wave, since, stopped }).await
}

pub(super) async fn machines(tx: &impl Read) -> Result<Vec<(MachineId, StoredMachine)>, Error> {
    tx.all(&MACHINES).await
}

pub(super) async fn machine(tx: &impl Read, id: MachineId) -> Result<StoredMachine, Error> {
    Ok(tx.get(&MACHINES, &id).await?.unwrap_or_default())
}

pub(super) async fn offer(tx: &mut impl Write, id: MachineId, version: Version) -> Result<(), Error> {
    let known = machine(tx, id).await?;
    tx.put(&MACHINES, &id, &StoredMachine { offered: Some(version), ..known }).await
}

/// Says whether it is news.
pub(super) async fn note(
    tx: &mut impl Write,
    id: MachineId,
    told: Progress,
    now: Timestamp,
) -> Result<bool, Error> {
    let known = machine(tx, id).await?;
    if known.told.is_some_and(|(version, stage, _)| Progress { version, stage } == told) {
        return Ok(false);
    }
    let told = Some((told.version, told.stage, now));
    tx.put(&MACHINES, &id, &StoredMachine { told, ..known }).await?;
    let heard = heard(tx, id).await?;
    tx.put(&HEARD, &id, &Heard { is_past: false, ..heard }).await?;
    Ok(true)
}

pub(super) async fn all_heard(tx: &impl Read) -> Result<Vec<(MachineId, Heard)>, Error> {
    tx.all(&HEARD).await
}

async fn heard(tx: &impl Read, id: MachineId) -> Result<Heard, Error> {
    Ok(tx.get(&HEARD, &id).await?.unwrap_or_default())
}

/// Says whether this outcome is to be written down.
pub(super) async fn is_first_outcome(tx: &mut impl Write, id: MachineId) -> Result<bool, Error> {
    let heard = heard(tx, id).await?;
    tx.put(&HEARD, &id, &Heard { is_written_down: true, ..heard }).await?;
    Ok(!heard.is_written_down)
}

/// A release is offered, or offered again: what was told so far does not count.
pub(super) async fn start_over(tx: &mut impl Write) -> Result<(), Error> {
    for (id, _) in machines(tx).await? {
        tx.put(&HEARD, &id, &Heard { is_past: true, is_written_down: false }).await?;
    }
    Ok(())
}
