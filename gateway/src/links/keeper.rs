//! The one task that carries the database's wishes to netd, and netd's readings to the board.

pub(super) mod key;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use beffroi_protocol::PresharedKey;
use jiff::Timestamp;
use tokio::time::{MissedTickBehavior, interval};

use super::farewell::Word;
use super::state::State;
use super::store::{Endpoints, endpoints, moved, put_endpoints};
use super::wanted::Ground;
use super::{Board, Error, Farewells, Service};
use crate::config::Config;
use crate::directory::{self, CommuneId, CommuneName, Follower, Guest, KeyChange, Machine, MachineId};
use crate::journal::chain;
use crate::netd::{Client, Present, Wanted};
use crate::openings::{self, Opening};
use crate::store::{ReadTx, Store, WriteTx};

/// Even when nothing changed: what was meddled with from outside is put right, and guests whose time is over
/// leave.
const RECONCILE_EVERY: Duration = Duration::from_secs(60);
/// The board is at most that old.
const READ_EVERY: Duration = Duration::from_secs(5);
/// Endpoints are written at most that often: a machine on the move is not worth a write each time.
const ENDPOINTS_EVERY: Duration = Duration::from_secs(60);
/// After netd failed to do it.
const RETRY_AFTER: Duration = Duration::from_secs(1);

#[derive(Debug)]
enum Event {
    /// Someone changed machines or guests and may be waiting.
    Changed,
    /// It is time to look whether all is as it should be.
    Reconcile,
    /// It is time to read the device.
    Read,
}

pub struct Keeper {
    store: Store,
    netd: Arc<Client>,
    board: Board,
    farewells: Farewells,
    follower: Follower,
    ground: Ground,
    machines: Vec<Machine>,
    communes: BTreeMap<CommuneId, CommuneName>,
    endpoints: Endpoints,
    endpoints_written: Option<Instant>,
    /// Machines on narrow lines, as netd was last told.
    narrow: BTreeMap<MachineId, u16>,
    /// What netd told of the gateway's keys, and is written down.
    told_keys: Option<key::Told>,
    /// What the journal has said of each link.
    told: BTreeMap<MachineId, State>,
    /// Machines of which it has said that two computers hold their key.
    told_twofold: BTreeSet<MachineId>,
}

/// What the database says, at one moment.
struct Wish {
    machines: Vec<Machine>,
    without_agent: BTreeSet<MachineId>,
    guests: Vec<Guest>,
    communes: BTreeMap<CommuneId, CommuneName>,
    endpoints: Endpoints,
    preshared: BTreeMap<MachineId, PresharedKey>,
    open: BTreeSet<Opening>,
    change: Option<KeyChange>,
}

impl Keeper {
    pub fn new(
        config: &Config,
        store: Store,
        netd: Arc<Client>,
        board: Board,
        farewells: Farewells,
        follower: Follower,
    ) -> Self {
        Self {
            store,
            netd,
            board,
            farewells,
            follower,
            ground: Ground::of(config),
            machines: Vec::new(),
            communes: BTreeMap::new(),
            endpoints: Endpoints::new(),
            endpoints_written: None,
            narrow: BTreeMap::new(),
            told_keys: None,
            told: BTreeMap::new(),
            told_twofold: BTreeSet::new(),
        }
    }

    /// Runs for as long as the database can be read. That netd does not answer is said once, and tried
    /// again.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn run(mut self) -> Result<(), Error> {
        let mut reconcile = interval(RECONCILE_EVERY);
        let mut read = interval(READ_EVERY);
        reconcile.set_missed_tick_behavior(MissedTickBehavior::Delay);
        read.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let event = tokio::select! {
                biased;
                () = self.follower.changed() => Event::Changed,
                _ = reconcile.tick() => Event::Reconcile,
                _ = read.tick() => Event::Read,
            };
            let done = match event {
                Event::Changed | Event::Reconcile => self.reconcile().await?,
                Event::Read => self.read().await?,
            };
            if !done {
                reconcile.reset_after(RETRY_AFTER);
            }
        }
    }

    /// Makes the links as the database says. `false` when netd could not do it.
    async fn reconcile(&mut self) -> Result<bool, Error> {
        let announced = self.follower.pending();
        let now = Timestamp::now();
        let wish = self.store.read(async move |tx: &ReadTx| wish(tx, now).await).await?;
        let (endpoints, preshared) = (&wish.endpoints, &wish.preshared);
        self.narrow = self.ground.narrow(self.board.lengths());
        let (open, narrow) = (&wish.open, &self.narrow);
        let wanted = self.ground.wanted(&wish.machines, &wish.guests, endpoints, preshared, open, narrow);
        let wanted = Wanted { key: key::wish(wish.change.as_ref()), ..wanted };
        let forgotten = self.board.expect(&wish.machines);
        self.board.expect_no_probes(wish.without_agent);
        self.farewells.say(Word::Farewell, forgotten).await;
        self.warn_of_change(wanted.key).await;
        (self.machines, self.communes, self.endpoints) = (wish.machines, wish.communes, wish.endpoints);
        let Some(present) = self.want(&wanted).await else {
            return Ok(false);
        };
        if !self.answers() {
            log::info!("beffroi-netd answers");
        }
        self.board.obeyed();
        if wish.change.is_some_and(|change| change.is_under_way()) {
            // What was decided may be younger than what was told.
            self.told_keys = None;
        }
        self.note_keys(&present).await?;
        self.follower.done(announced);
        if present.changes > 0 {
            log::info!(CHANGES = present.changes; "the links follow the database");
        }
        self.take(&present).await?;
        Ok(true)
    }

    async fn read(&mut self) -> Result<bool, Error> {
        match self.netd.present().await {
            Ok(present) => {
                self.take(&present).await?;
                // A netd that was away may have come back without what it was told.
                let is_narrow = self.ground.narrow(self.board.lengths());
                Ok(self.answers() && self.has_every_machine(&present) && is_narrow == self.narrow)
            }
            Err(error) => {
                self.fell_silent(&error);
                Ok(false)
            }
        }
    }

    async fn want(&self, wanted: &Wanted) -> Option<Present> {
        match self.netd.want(wanted).await {
            Ok(present) => Some(present),
            Err(error) => {
                self.fell_silent(&error);
                None
            }
        }
    }

    /// Puts a reading on the board, and writes down what is worth it.
    async fn take(&mut self, present: &Present) -> Result<(), Error> {
        let now = Instant::now();
        self.board.read(present, now);
        self.note_keys(present).await?;
        self.note_seen().await?;
        self.note_endpoints(now).await?;
        self.tell(now);
        Ok(())
    }

    fn has_every_machine(&self, present: &Present) -> bool {
        let mut active = self.machines.iter().filter(|machine| machine.is_active());
        active.all(|machine| present.tunnel.peers.contains_key(&machine.key))
    }

    fn answers(&self) -> bool {
        self.board.service() == Service::Answers
    }

    fn fell_silent(&self, error: &crate::netd::Error) {
        if !matches!(self.board.service(), Service::Silent { .. }) {
            log::warn!("beffroi-netd does not do what it is asked: {}", chain(error));
        }
        self.board.unread(Instant::now());
    }

    async fn note_seen(&mut self) -> Result<(), Error> {
        let seen = self.board.newly_seen();
        if seen.is_empty() {
            return Ok(());
        }
        for machine in &mut self.machines {
            machine.seen |= seen.contains(&(machine.id, machine.key));
        }
        self.store
            .write(async move |tx: &mut WriteTx| {
                for (machine, key) in &seen {
                    directory::mark_seen(tx, *machine, key).await?;
                }
                Ok::<_, directory::Error>(())
            })
            .await?;
        self.board.expect(&self.machines);
        Ok(())
    }

    async fn note_endpoints(&mut self, now: Instant) -> Result<(), Error> {
        let due = |written| now.saturating_duration_since(written) >= ENDPOINTS_EVERY;
        if !self.endpoints_written.is_none_or(due) {
            return Ok(());
        }
        let moved = moved(&self.endpoints, &self.board.endpoints(), &self.machines);
        if moved.is_empty() {
            return Ok(());
        }
        self.endpoints.extend(moved.clone());
        self.endpoints_written = Some(now);
        self.store.write(async move |tx: &mut WriteTx| put_endpoints(tx, &moved).await).await
    }

    /// Says in the journal which links have gone up or down.
    fn tell(&mut self, now: Instant) {
        let mut told = BTreeMap::new();
        for machine in &self.machines {
            let Some(link) = self.board.link(machine.id, now) else {
                continue;
            };
            let before = self.told.get(&machine.id).copied();
            told.insert(machine.id, link.state);
            let commune = self.communes.get(&machine.commune).map_or("?", CommuneName::as_str);
            if !link.two_holders {
                self.told_twofold.remove(&machine.id);
            } else if self.told_twofold.insert(machine.id) {
                log::warn!(COMMUNE = commune; "two computers hold the key of {}: replace the machine", machine.name);
            }
            match (before, link.state) {
                (Some(before), after) if before == after => {}
                (_, State::Online) => log::info!(COMMUNE = commune; "link up: {}", machine.name),
                (Some(State::Online | State::Doubtful), State::Offline) => {
                    log::info!(COMMUNE = commune; "link down: {}", machine.name);
                }
                _ => {}
            }
        }
        self.told = told;
    }
}

async fn wish(tx: &ReadTx, now: Timestamp) -> Result<Wish, Error> {
    let communes = directory::communes(tx).await?;
    let mut open = BTreeSet::new();
    for opening in Opening::ALL {
        if openings::switch(tx, opening).await?.is_some_and(|switch| switch.is_on) {
            open.insert(opening);
        }
    }
    Ok(Wish {
        machines: directory::machines(tx).await?,
        without_agent: directory::without_agent(tx).await?,
        guests: directory::guests(tx, now).await?,
        communes: communes.into_iter().map(|commune| (commune.id, commune.name)).collect(),
        endpoints: endpoints(tx).await?,
        preshared: directory::preshared_keys(tx).await?,
        open,
        change: directory::key_change(tx).await?,
    })
}
