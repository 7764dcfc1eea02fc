//! A member's link while it is kept: the tunnel, the probes, and everything that is done to them. When to do
//! what is decided in [`crate::keep`].

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Instant;

use beffroi_protocol::membership::Membership as Wishes;
use beffroi_protocol::probe::Probe;
use beffroi_tunnel::Tunnel;
use tokio::task::JoinHandle;

use super::{Error, tell};
use crate::carrier::{Carrier, Gateway};
use crate::config::Config;
use crate::diagnosis::{Examination, Inside, Question, Service};
use crate::identity::{Identity, Turns};
use crate::jitter::Jitter;
use crate::journal::journal_text;
use crate::keep::{Action, Event, Keeper};
use crate::lookup::{self, Found};
use crate::membership::{self, Inquiry, Said};
use crate::network::Network;
use crate::probe::{Heard, Probes};
use crate::serve::Serving;
use crate::sleep::Sleep;
use crate::state::{self, Joined, Lock, State};
use crate::throughput::Orders;
use crate::update::Updates;
use crate::width::Width;
use crate::{VERSION, hosts, link, trust};

/// What a member's link is made of while it is kept.
pub(super) struct Membership {
    pub(super) joined: Joined,
    pub(super) tunnel: Tunnel,
    pub(super) probes: Probes,
    pub(super) network: Network,
    pub(super) sleep: Sleep,
    pub(super) keeper: Keeper,
    pub(super) width: Width,
    pub(super) turns: Turns,
    pub(super) examination: Examination,
    pub(super) inquiry: Inquiry,
    /// Bytes that had come through the tunnel when the gateway last did not answer.
    received: Option<u64>,
    pub(super) lookup: Option<JoinHandle<Found>>,
    /// Where the gateway's present endpoint led last.
    present: Vec<SocketAddr>,
    pub(super) carrier: Option<Carrier>,
    pub(super) serving: Serving,
    updates: Updates,
    orders: Orders,
    names: Names,
    /// Whoever holds it owns the interface.
    _lock: Lock,
}

/// How the intranet's names were found when they were last looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Names {
    Unseen,
    Kept,
    /// Which was said once, and is not said every minute.
    NotKept,
}

impl Membership {
    pub(super) async fn open(config: &Config, joined: Joined, lock: Lock) -> Result<Self, Error> {
        let mut tunnel = Tunnel::open(&config.interface, &joined.key, &joined.keys()).await?;
        tunnel.reconcile(&link::own(&joined, joined.gateway, None, None)).await?;
        let services = joined.welcome.probe.clone();
        let mut membership = Self {
            tunnel,
            probes: Probes::open(&config.interface, services.clone()).map_err(Error::Probes)?,
            network: Network::watch(&config.interface).map_err(Error::Network)?,
            sleep: Sleep::watch().map_err(Error::Sleep)?,
            keeper: Keeper::new(services, greeting(&joined)?, Jitter::from_system()?, Instant::now()),
            width: Width::new(joined.welcome.mtu),
            examination: Examination::new(config.state.clone()),
            inquiry: Inquiry::new(&config.interface, Jitter::from_system()?, Instant::now()),
            received: None,
            lookup: None,
            present: Vec::new(),
            carrier: None,
            serving: Serving::new(&config.interface),
            updates: Updates::default(),
            orders: Orders::default(),
            names: Names::Unseen,
            turns: Turns::new(&joined),
            joined,
            _lock: lock,
        };
        membership.keep_names(config)?;
        membership.serve().await;
        Ok(membership)
    }

    pub(super) fn is_still(&self, state: Option<&State>) -> bool {
        matches!(state, Some(State::Joined(joined)) if **joined == self.joined)
    }

    /// # Errors
    /// When the system has no randomness to give.
    pub(super) fn obey(&mut self, config: &Config, said: Said) -> Result<(), Error> {
        match said {
            Said::Wanted(wanted) => self.follow(config, *wanted),
            Said::Agreed => {
                self.turns.agreed(Instant::now());
                Ok(())
            }
            Said::Noted => Ok(()),
        }
    }

    /// Writes down what the gateway wants now; it is made so at once, and the link stays.
    fn follow(&mut self, config: &Config, told: Wishes) -> Result<(), Error> {
        let (release, measure, rotate) = (told.release.clone(), told.measure, told.rotate);
        let followed = membership::followed(&self.joined, told)?;
        if followed != self.joined {
            let before = self.joined.clone();
            if !self.adopt(config, followed) {
                return Ok(());
            }
            let welcome = &self.joined.welcome;
            log::info!(COMMUNE = welcome.commune; "the gateway's wishes have changed, and are followed");
            self.probes.follow(welcome.probe.clone());
            self.width.follow(welcome.mtu, Instant::now());
            let mtu = self.width.longest().unwrap_or(welcome.mtu);
            self.keeper.follow(welcome.probe.clone(), mtu, Instant::now());
            if welcome.authority != before.welcome.authority {
                trust_anew(welcome.authority.clone());
            }
            if self.joined.endpoint != before.endpoint {
                (self.lookup, self.present) = (None, Vec::new());
                self.look_up();
            }
        }
        let channels = membership::channels(&config.interface, &self.joined);
        self.updates.follow(config, channels.clone(), release);
        self.orders.follow(measure, channels);
        if let Some(key) = self.joined.next_gateway {
            self.inquiry.confirm(key, &self.joined);
        }
        if let Some(next) = self.joined.next.as_ref().filter(|_| rotate) {
            self.inquiry.offer(next.public(), &self.joined);
        }
        Ok(())
    }

    /// The gateway has answered: whoever it knows this machine as is written down.
    fn settle(&mut self, config: &Config, sequence: u32) {
        let settled = self.turns.answered(sequence).map(|identity| identity.settled(&self.joined));
        if settled.is_some_and(|settled| self.adopt(config, settled)) {
            let key = self.joined.key.public();
            let gateway = self.joined.gateway;
            log::info!(
                COMMUNE = self.joined.welcome.commune;
                "keys were changed: this machine is {key}, the gateway {gateway}"
            );
        }
    }

    /// The gateway has answered where its present endpoint leads: the former one is over.
    fn settle_endpoint(&mut self, config: &Config) {
        let is_proven = self.keeper.proven().is_some_and(|place| self.present.contains(&place));
        if is_proven && self.joined.former.is_some() {
            self.adopt(config, Joined { former: None, ..self.joined.clone() });
        }
    }

    /// Durable on return; `false` when it could not be written, or someone leaves, of which the folder tells.
    fn adopt(&mut self, config: &Config, joined: Joined) -> bool {
        let [before, after] = [&self.joined, &joined].map(|joined| State::Joined(Box::new(joined.clone())));
        match state::exchange(&config.state, &before, after) {
            Ok(true) => {
                self.joined = joined;
                self.turns.follow(&self.joined);
                if let Some(carrier) = &self.carrier {
                    carrier.follow(Gateway::of(&self.joined));
                }
                true
            }
            Ok(false) => false,
            Err(error) => {
                log::error!("what has changed cannot be written down: {}", journal_text(&error));
                self.inquiry.failed(Instant::now());
                false
            }
        }
    }

    /// Gives the tunnel other keys when it is time to.
    pub(super) async fn change_keys(&mut self) -> Result<Option<Event>, beffroi_tunnel::Error> {
        if !self.turns.change(Instant::now(), self.keeper.sequence()) {
            return Ok(None);
        }
        let Identity { key, gateway } = self.turns.current();
        log::debug!("calling {gateway} as {}", key.public());
        self.tunnel.set_key(key).await?;
        let endpoint = self.keeper.seen().endpoint;
        self.tunnel.reconcile(&link::own(&self.joined, *gateway, endpoint, self.width.longest())).await?;
        Ok(Some(Event::KeysChanged))
    }

    pub(super) async fn hear(&mut self, config: &Config, heard: Heard) -> Option<Event> {
        let now = Instant::now();
        let was_dismissed = self.examination.is_dismissed();
        let event = match heard {
            Heard::Answer(answer) => {
                self.settle(config, answer.sequence);
                self.examination.answered(&answer, &config.interface, now).await;
                let channels = || membership::channels(&config.interface, &self.joined);
                self.examination.tell(channels, now).await;
                self.tell_serving(&config.interface, now).await;
                self.inquiry.heard(answer.revision, &self.joined, now);
                Some(Event::Answered(answer.sequence))
            }
            Heard::Returned(trial) => {
                self.width.heard(trial, now);
                None
            }
            Heard::Farewell => {
                log::warn!(COMMUNE = self.joined.welcome.commune; "the gateway lets this machine in no more");
                self.examination.dismissed();
                None
            }
            Heard::Changing => {
                self.turns.gateway_changes(now);
                None
            }
        };
        self.serve_again(was_dismissed).await;
        event
    }

    pub(super) async fn handle(&mut self, config: &Config, event: Event) -> Result<(), Error> {
        let is_elsewhere = matches!(event, Event::NetworkChanged | Event::Awake(_));
        if is_elsewhere {
            self.width.begin(Instant::now());
            self.turns.network_changed();
        }
        let is_answer = matches!(event, Event::Answered(_));
        match event {
            Event::Woken if self.keeper.is_missing(Instant::now()) => self.listen().await?,
            Event::Answered(_) => self.received = None,
            _ => {}
        }
        let mut actions = VecDeque::from(self.keeper.handle(event, Instant::now()));
        while let Some(action) = actions.pop_front() {
            if let Some(event) = self.act(config, action).await? {
                actions.extend(self.keeper.handle(event, Instant::now()));
            }
        }
        self.follow_way();
        if is_answer {
            self.settle_endpoint(config);
        }
        if is_elsewhere {
            self.serve().await;
        }
        Ok(())
    }

    /// The gateway does not answer: has it been heard since that was noticed last?
    async fn listen(&mut self) -> Result<(), Error> {
        let present = self.tunnel.present().await?;
        let received = present.peers.get(&self.turns.current().gateway).map(|peer| peer.received);
        let before = std::mem::replace(&mut self.received, received);
        self.keeper.hears(before.is_some() && before < received);
        Ok(())
    }

    /// Gives the event that this was the cause of.
    async fn act(&mut self, config: &Config, action: Action) -> Result<Option<Event>, Error> {
        match action {
            Action::Lookup => self.look_up(),
            Action::Renew(endpoint) => self.call(endpoint).await,
            Action::OpenCarrier => self.open_carrier().await,
            Action::CloseCarrier => self.carrier = None,
            Action::Ride => self.ride().await,
            Action::Try(endpoint) => self.try_udp(endpoint).await,
            Action::Return => self.return_to_carrier().await,
            Action::Probe(probe, to) => {
                if let Err(error) = self.probes.send(&probe, to).await {
                    log::debug!("a probe to {to} cannot be sent: {error}");
                    return Ok(Some(Event::Unsent(probe.sequence)));
                }
            }
            Action::Reconcile => {
                for change in self.tunnel.reconcile(&self.wanted()).await? {
                    log::info!(COMMUNE = self.joined.welcome.commune; "the interface differed: {change:?}");
                }
                self.keep_names(config)?;
                self.serve().await;
            }
            Action::Examine => {
                let present = self.tunnel.present().await?;
                let peer = present.peers.get(&self.turns.current().gateway);
                let handshake = peer.and_then(|peer| peer.handshake_age);
                self.examination.look(self.question(config), handshake, Instant::now()).await;
            }
            Action::Tell(link) => tell(&self.joined, link),
        }
        Ok(None)
    }

    /// One at a time.
    fn look_up(&mut self) {
        if self.lookup.is_some() {
            return;
        }
        let endpoints = self.joined.endpoints();
        self.lookup = Some(tokio::spawn(async move { lookup::find(&endpoints).await }));
    }

    pub(super) fn found(&mut self, found: Found) -> Event {
        self.present = found.present;
        Event::Found(found.all)
    }

    fn question(&self, config: &Config) -> Question {
        let seen = self.keeper.seen();
        let inside = Inside {
            last_answer: seen.last_answer.map(|at| at.elapsed()),
            is_heard: seen.is_heard,
            addresses: self.joined.welcome.addresses.clone(),
            gateway: self.joined.welcome.gateway.clone(),
            endpoint: self.joined.endpoint.to_string(),
            ..Inside::default()
        };
        Question {
            service: Service::Running,
            inside,
            endpoint: self.joined.endpoint.clone(),
            tunnel: config.interface.clone(),
            check: config.check.clone(),
            web: None,
        }
    }

    /// # Errors
    /// When the service manager must give the file anew.
    fn keep_names(&mut self, config: &Config) -> Result<(), Error> {
        match hosts::keep(&config.hosts, &self.joined.welcome.names) {
            Ok(wrote) => {
                if wrote {
                    log::info!("the intranet's names are in {} again", config.hosts.display());
                }
                self.names = Names::Kept;
            }
            Err(source) if needs_new_start(self.names, &source) => {
                return Err(Error::Hosts { path: config.hosts.clone(), source });
            }
            Err(error) => {
                if self.names != Names::NotKept {
                    log::warn!("the intranet's names cannot be kept in {}: {error}", config.hosts.display());
                }
                self.names = Names::NotKept;
            }
        }
        Ok(())
    }
}

/// Where the unit forbids the daemon to write, `join` does it.
fn trust_anew(authority: String) {
    tokio::task::spawn_blocking(move || {
        for problem in trust::install(Path::new("/"), &authority) {
            log::warn!(
                "the communauté has another authority, which is not trusted yet: {}",
                journal_text(&problem)
            );
        }
    });
}

/// What every probe says of this program and its tunnel.
fn greeting(joined: &Joined) -> Result<Probe, getrandom::Error> {
    let instance = getrandom::u32()?;
    Ok(Probe { instance, mtu: joined.welcome.mtu, version: VERSION.to_owned(), ..Probe::default() })
}

/// In the unit the file alone is writable, as a mount of its own. Who renames another file over it
/// ends that mount, and what is seen then is the new file in a read-only folder. A file that was read-only
/// from the start is not helped by starting again.
fn needs_new_start(names: Names, error: &io::Error) -> bool {
    names == Names::Kept && error.kind() == io::ErrorKind::ReadOnlyFilesystem
}

/// The end of a lookup that is under way; for ever when none is.
pub(super) async fn ended(lookup: &mut Option<JoinHandle<Found>>) -> Found {
    let Some(handle) = lookup else {
        return std::future::pending().await;
    };
    let found = handle.await.unwrap_or_default();
    *lookup = None;
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_file_that_could_be_written_is_given_anew() {
        fn check(names: Names, kind: io::ErrorKind, expected: bool) {
            assert_eq!(needs_new_start(names, &kind.into()), expected, "{names:?} {kind}");
        }
        check(Names::Kept, io::ErrorKind::ReadOnlyFilesystem, true);
        check(Names::Kept, io::ErrorKind::PermissionDenied, false);
        check(Names::Unseen, io::ErrorKind::ReadOnlyFilesystem, false);
        check(Names::NotKept, io::ErrorKind::ReadOnlyFilesystem, false);
    }
}
