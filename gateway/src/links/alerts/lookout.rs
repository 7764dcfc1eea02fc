//! The task that looks, and tells the journal.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::time::{MissedTickBehavior, interval};

use super::memory::{Clocks, Memory, keep, recall};
use super::watch::{Look, Sight, Watch};
use super::{Alert, Alerts, Event};
use crate::directory::{self, CommuneId, CommuneName, Hours};
use crate::links::board::Reading;
use crate::links::state::seen;
use crate::links::{Board, Error};
use crate::store::{ReadTx, Store, WriteTx};

const LOOK_EVERY: Duration = Duration::from_secs(10);
/// What grows with the time only. A kill delays an alert by at most that much.
const WRITE_EVERY: Duration = Duration::from_secs(300);

pub struct Lookout {
    store: Store,
    board: Board,
    zone: TimeZone,
    alerts: Alerts,
    watch: Watch,
    after: Duration,
    /// As it is written, and when that was; `None` until what an earlier process has left is read.
    written: Option<(Memory, Instant)>,
}

/// What the database says of the town halls.
struct Known {
    names: BTreeMap<CommuneId, CommuneName>,
    hours: BTreeMap<CommuneId, Hours>,
}

impl Lookout {
    /// A town hall is told of when it was down for `after` while it was open.
    pub fn new(store: Store, board: Board, zone: TimeZone, alerts: Alerts, after: Duration) -> Self {
        Self { store, board, zone, alerts, watch: Watch::new(after), after, written: None }
    }

    /// Until it is stopped, and then writes down what it knows.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn run(mut self, stop: impl Future<Output = ()>) -> Result<(), Error> {
        let mut look = interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        tokio::pin!(stop);
        loop {
            tokio::select! {
                _ = look.tick() => self.look(clocks()).await?,
                () = &mut stop => return self.write(clocks()).await,
            }
        }
    }

    pub(super) async fn look(&mut self, clocks: Clocks) -> Result<(), Error> {
        // Before the machines are known, every commune looks as if it had none.
        if !self.board.knows_machines() {
            return Ok(());
        }
        if self.written.is_none() {
            let memory = self.store.read(async |tx: &ReadTx| recall(tx).await).await?;
            self.watch = Watch::recalling(self.after, &memory, clocks);
            self.written = Some((memory, clocks.now));
        }
        let Clocks { now, wall } = clocks;
        let known = self.store.read(async |tx: &ReadTx| known(tx).await).await?;
        let communes = sights(&self.board.readings(now), &known.hours, wall, &self.zone);
        let events = self.watch.look(&Look { now, netd: self.board.service(), communes });
        for event in &events {
            tell(event, &known.names, now);
        }
        self.alerts.put(self.watch.standing(), &events);
        let memory = self.watch.memory(clocks);
        let is_due = |(written, at): &(Memory, Instant)| {
            written.differs(&memory) || now.saturating_duration_since(*at) >= WRITE_EVERY
        };
        if self.written.as_ref().is_some_and(is_due) { self.write(clocks).await } else { Ok(()) }
    }

    /// Nothing, as long as what an earlier process has left was not read.
    pub(super) async fn write(&mut self, clocks: Clocks) -> Result<(), Error> {
        let Some((before, _)) = self.written.take() else { return Ok(()) };
        let memory = self.watch.memory(clocks);
        let kept = memory.clone();
        self.store.write(async move |tx: &mut WriteTx| keep(tx, &before, &kept).await).await?;
        self.written = Some((memory, clocks.now));
        Ok(())
    }
}

fn clocks() -> Clocks {
    Clocks { now: Instant::now(), wall: Timestamp::now() }
}

async fn known(tx: &ReadTx) -> Result<Known, Error> {
    let communes = directory::communes(tx).await?;
    Ok(Known {
        names: communes.into_iter().map(|commune| (commune.id, commune.name)).collect(),
        hours: directory::all_hours(tx).await?,
    })
}

fn sights(
    readings: &[Reading],
    hours: &BTreeMap<CommuneId, Hours>,
    wall: Timestamp,
    zone: &TimeZone,
) -> BTreeMap<CommuneId, Sight> {
    let local = wall.to_zoned_datetime(zone.clone()).datetime();
    let usual = Hours::usual();
    let mut communes: BTreeMap<CommuneId, Vec<&Reading>> = BTreeMap::new();
    for reading in readings {
        communes.entry(reading.commune).or_default().push(reading);
    }
    let sight = |(commune, readings): (CommuneId, Vec<&Reading>)| {
        let links = || readings.iter().map(|reading| &reading.link);
        let sight = Sight {
            seen: seen(links().map(|link| (link.state, link.age))),
            age: links().filter_map(|link| link.age).min(),
            is_open: hours.get(&commune).unwrap_or(&usual).is_open(local),
        };
        (commune, sight)
    };
    communes.into_iter().map(sight).collect()
}

fn tell(event: &Event, names: &BTreeMap<CommuneId, CommuneName>, now: Instant) {
    let (Event::Raised(standing) | Event::Cleared(standing)) = event;
    let minutes = now.saturating_duration_since(standing.since).as_secs() / 60;
    match (event, standing.alert) {
        (Event::Raised(_), Alert::Netd) => {
            log::warn!("alert: beffroi-netd has not done what it is asked for {minutes} min");
        }
        (Event::Raised(_), Alert::GatewayLine { down, of }) => {
            log::warn!(
                "alert: {down} of {of} town halls went down together {minutes} min ago: the gateway's line"
            );
        }
        (Event::Raised(_), Alert::TownHall(commune)) => {
            let name = names.get(&commune).map_or("?", CommuneName::as_str);
            log::warn!(COMMUNE = name; "alert: open, and down for {minutes} min: {name}");
        }
        (Event::Cleared(_), Alert::Netd) => {
            log::info!("alert over after {minutes} min: beffroi-netd does what it is asked");
        }
        (Event::Cleared(_), Alert::GatewayLine { .. }) => {
            log::info!("alert over after {minutes} min: the town halls that went down together are back");
        }
        (Event::Cleared(_), Alert::TownHall(commune)) => {
            let name = names.get(&commune).map_or("?", CommuneName::as_str);
            log::info!(COMMUNE = name; "alert over after {minutes} min: {name}");
        }
    }
}
