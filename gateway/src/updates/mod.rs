//! Updates of the agents: which release is offered to which machines, in waves, and what became of it.
//!
//! A release is believed because of its signature, by each machine anew; here it is only carried. How a machine asks
//! for it is not known here, nor how it installs it.

mod incoming;
mod pages;
mod plan;
mod shelf;
mod store;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use beffroi_protocol::release::{Offer, Progress, Release, Stage, Version};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::access::Referent;
use crate::audit::{self, About, Act, Entry};
use crate::directory::{self, Machine, MachineId, MachineRole};
use crate::journal::chain;
use crate::store::{self as ground, Read, Store, Write, WriteTx};
use crate::web::t;

pub use pages::{Desk, PATH, routes};
pub use shelf::Shelf;
pub use store::TABLES;

use plan::{Candidate, Step};

/// How often it is looked whether a wave is due.
const LOOK_EVERY: Duration = Duration::from_secs(10 * 60);

/// The release of the day, and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollout {
    offer: Offer,
    version: Version,
    /// When it was offered, or offered again.
    started: Timestamp,
    wave: Wave,
    /// When this wave began.
    since: Timestamp,
    stopped: Option<Stopped>,
}

/// The order of the variants is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Wave {
    First,
    Tenth,
    Rest,
}

/// Why nobody is offered the release any more. The order of the variants is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Stopped {
    /// A referent, by name.
    By(String),
    /// This machine did not come back with it.
    For(MachineId),
}

impl Wave {
    fn next(self) -> Self {
        match self {
            Self::First => Self::Tenth,
            Self::Tenth | Self::Rest => Self::Rest,
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no release to offer")]
    NoRelease,
    #[error(transparent)]
    Directory(#[from] directory::Error),
    #[error(transparent)]
    Audit(#[from] audit::Error),
    #[error(transparent)]
    Store(#[from] ground::Error),
}

/// What this machine is offered now.
pub async fn offer(tx: &impl Read, machine: MachineId) -> Result<Option<Offer>, ground::Error> {
    let Some(rollout) = store::rollout(tx).await?.filter(|rollout| rollout.stopped.is_none()) else {
        return Ok(None);
    };
    let offered = store::machine(tx, machine).await?.offered;
    Ok((offered == Some(rollout.version)).then_some(rollout.offer))
}

/// What a machine tells of the release that it was offered. Of another it has nothing to tell.
pub async fn note(
    tx: &mut impl Write,
    machine: &Machine,
    told: Progress,
    now: Timestamp,
) -> Result<(), Error> {
    let Progress { version, stage } = told;
    let is_offered = store::machine(tx, machine.id).await?.offered == Some(version);
    if !is_offered || !store::note(tx, machine.id, told, now).await? {
        return Ok(());
    }
    let act = match stage {
        Stage::Kept => Act::UpdateKept,
        Stage::RolledBack | Stage::Refused => Act::UpdateFailed,
        Stage::Unfit => return advance(tx, now).await,
        Stage::Fetching | Stage::Ready | Stage::Installing => return Ok(()),
    };
    if store::is_first_outcome(tx, machine.id).await? {
        let about = about(tx, machine, version).await?;
        audit::record(tx, Entry { at: now, who: t("updates-gateway"), act, about }).await?;
    }
    advance(tx, now).await
}

/// Looks whether the next wave is due, or all has to stop.
pub async fn advance(tx: &mut impl Write, now: Timestamp) -> Result<(), Error> {
    let Some(mut rollout) = store::rollout(tx).await? else { return Ok(()) };
    if rollout.since > now {
        // The clock was ahead when the wave began: its day is counted from now.
        rollout.since = now;
        store::put_rollout(tx, rollout.clone()).await?;
    }
    let machines = machines(tx).await?;
    match plan::step(&rollout, &candidates(tx, &rollout, &machines).await?, now) {
        Step::Wait => Ok(()),
        Step::Offer(wave, chosen) => widen(tx, rollout, wave, chosen, now).await,
        Step::Stop(failed) => {
            let Some(machine) = machines.iter().find(|machine| machine.id == failed) else { return Ok(()) };
            let about = about(tx, machine, rollout.version).await?;
            let entry = Entry { at: now, who: t("updates-gateway"), act: Act::UpdateStopped, about };
            audit::record(tx, entry).await?;
            let stopped = Some(Stopped::For(failed));
            Ok(store::put_rollout(tx, Rollout { stopped, ..rollout }).await?)
        }
    }
}

/// Offers a release to the first machine; one that was stopped goes on where it was.
///
/// # Errors
/// [`Error::NoRelease`] for one that is older than the last that was offered: no machine goes back.
async fn begin(
    tx: &mut impl Write,
    who: &Referent,
    release: &Release,
    offer: Offer,
    now: Timestamp,
) -> Result<(), Error> {
    let before = store::rollout(tx).await?;
    if before.as_ref().is_some_and(|rollout| rollout.version > release.version) {
        return Err(Error::NoRelease);
    }
    let before = before.filter(|rollout| rollout.version == release.version);
    if before.as_ref().is_some_and(|rollout| rollout.stopped.is_none()) {
        return Ok(());
    }
    record(tx, who, Act::UpdateOffered, release.version, now).await?;
    store::start_over(tx).await?;
    if let Some(before) = before {
        let rollout = Rollout { offer, started: now, since: now, stopped: None, ..before };
        return Ok(store::put_rollout(tx, rollout).await?);
    }
    let rollout = Rollout { offer, ..Rollout::new(release.version, Wave::First, now) };
    let machines = machines(tx).await?;
    let chosen = plan::chosen(Wave::First, &candidates(tx, &rollout, &machines).await?);
    widen(tx, rollout, Wave::First, chosen, now).await
}

/// Nobody is offered the release any more.
async fn stop(tx: &mut impl Write, who: &Referent, now: Timestamp) -> Result<(), Error> {
    let running = store::rollout(tx).await?.filter(|rollout| rollout.stopped.is_none());
    let Some(rollout) = running else { return Ok(()) };
    record(tx, who, Act::UpdateStopped, rollout.version, now).await?;
    let stopped = Some(Stopped::By(who.name().to_owned()));
    Ok(store::put_rollout(tx, Rollout { stopped, ..rollout }).await?)
}

/// The next wave, without waiting for its day. `seen` is the wave that the referent has seen.
async fn hurry(tx: &mut impl Write, who: &Referent, seen: Wave, now: Timestamp) -> Result<(), Error> {
    let running = store::rollout(tx).await?.filter(|rollout| rollout.stopped.is_none());
    let Some(rollout) = running.filter(|rollout| rollout.wave == seen && seen != Wave::Rest) else {
        return Ok(());
    };
    record(tx, who, Act::UpdateHurried, rollout.version, now).await?;
    let machines = machines(tx).await?;
    let wave = rollout.wave.next();
    let chosen = plan::chosen(wave, &candidates(tx, &rollout, &machines).await?);
    widen(tx, rollout, wave, chosen, now).await
}

/// Looks for ever whether a wave is due.
pub async fn keep(store: Store, now: impl Fn() -> Timestamp) {
    let mut tick = tokio::time::interval(LOOK_EVERY);
    loop {
        tick.tick().await;
        let now = now();
        if let Err(error) = store.write(async move |tx: &mut WriteTx| advance(tx, now).await).await {
            log::error!("updates of the agents cannot be looked after: {}", chain(&error));
        }
    }
}

async fn widen(
    tx: &mut impl Write,
    rollout: Rollout,
    wave: Wave,
    chosen: Vec<MachineId>,
    now: Timestamp,
) -> Result<(), Error> {
    for id in chosen {
        store::offer(tx, id, rollout.version).await?;
    }
    let since = if wave == rollout.wave && wave == Wave::Rest { rollout.since } else { now };
    Ok(store::put_rollout(tx, Rollout { wave, since, ..rollout }).await?)
}

/// The machines that have an agent.
async fn machines(tx: &impl Read) -> Result<Vec<Machine>, Error> {
    let without: BTreeSet<MachineId> = directory::without_agent(tx).await?;
    let mut machines = directory::machines(tx).await?;
    machines.retain(|machine| machine.is_active() && !without.contains(&machine.id));
    Ok(machines)
}

async fn candidates(
    tx: &impl Read,
    rollout: &Rollout,
    machines: &[Machine],
) -> Result<Vec<Candidate>, Error> {
    let known: BTreeMap<_, _> = store::machines(tx).await?.into_iter().collect();
    let heard: BTreeMap<_, _> = store::all_heard(tx).await?.into_iter().collect();
    let candidate = |machine: &Machine| {
        let known = known.get(&machine.id).copied().unwrap_or_default();
        Candidate {
            id: machine.id,
            is_referent: machine.role == MachineRole::Referent,
            is_offered: known.offered == Some(rollout.version),
            told: known.told,
            is_past: heard.get(&machine.id).is_some_and(|heard| heard.is_past),
        }
    };
    Ok(machines.iter().map(candidate).collect())
}

async fn record(
    tx: &mut impl Write,
    who: &Referent,
    act: Act,
    version: Version,
    now: Timestamp,
) -> Result<(), Error> {
    let about = About { detail: Some(version.to_string()), ..About::default() };
    Ok(audit::record(tx, Entry { at: now, who: who.name().to_owned(), act, about }).await?)
}

async fn about(tx: &impl Read, machine: &Machine, version: Version) -> Result<About, Error> {
    let commune = directory::commune(tx, machine.commune).await?;
    let commune = commune.map(|commune| commune.name.to_string());
    let about = About::machine(commune, machine.name.to_string(), machine.id.number());
    Ok(about.with_detail(version.to_string()))
}

impl Rollout {
    fn new(version: Version, wave: Wave, now: Timestamp) -> Self {
        let offer = Offer { statement: String::new(), signature: String::new() };
        Self { offer, version, started: now, wave, since: now, stopped: None }
    }
}
