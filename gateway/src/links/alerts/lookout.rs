//! The task that looks, and tells the journal.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::time::{MissedTickBehavior, interval};

use super::watch::{Look, Sight, Watch};
use super::{Alert, Alerts, Event};
use crate::directory::{self, CommuneId, CommuneName, Hours};
use crate::links::board::Reading;
use crate::links::state::seen;
use crate::links::{Board, Error, Service};
use crate::store::{ReadTx, Store};

const LOOK_EVERY: Duration = Duration::from_secs(10);

pub struct Lookout {
    store: Store,
    board: Board,
    zone: TimeZone,
    alerts: Alerts,
    watch: Watch,
}

/// What the database says of the town halls.
struct Known {
    names: BTreeMap<CommuneId, CommuneName>,
    hours: BTreeMap<CommuneId, Hours>,
}

impl Lookout {
    /// A town hall is told of when it was down for `after` while it was open.
    pub fn new(store: Store, board: Board, zone: TimeZone, alerts: Alerts, after: Duration) -> Self {
        Self { store, board, zone, alerts, watch: Watch::new(after) }
    }

    /// Runs for as long as the database can be read.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn run(mut self) -> Result<(), Error> {
        let mut look = interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            look.tick().await;
            self.look(Instant::now(), Timestamp::now()).await?;
        }
    }

    async fn look(&mut self, now: Instant, wall: Timestamp) -> Result<(), Error> {
        let known = self.store.read(async |tx: &ReadTx| known(tx).await).await?;
        let netd_silent = match self.board.service() {
            Service::Silent { since } => Some(since),
            Service::Unknown | Service::Answers => None,
        };
        let communes = sights(&self.board.readings(now), &known.hours, wall, &self.zone);
        let events = self.watch.look(&Look { now, netd_silent, communes });
        for event in &events {
            tell(event, &known.names, now);
        }
        self.alerts.put(self.watch.standing(), &events);
        Ok(())
    }
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
        (Event::Cleared(_), Alert::Netd) => log::info!("alert over: beffroi-netd does what it is asked"),
        (Event::Cleared(_), Alert::GatewayLine { .. }) => {
            log::info!("alert over: the town halls that went down together are back");
        }
        (Event::Cleared(_), Alert::TownHall(commune)) => {
            let name = names.get(&commune).map_or("?", CommuneName::as_str);
            log::info!(COMMUNE = name; "alert over: {name}");
        }
    }
}
