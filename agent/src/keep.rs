//! Decides when to ask the gateway whether it is there, and what to do when it does not answer.
//!
//! A pure state machine: events and the time go in, actions come out. It knows no clock, no socket
//! and no tunnel; [`crate::run`] has those. The probe is the only proof of life: a WireGuard peer
//! that nobody speaks to does not notice that the other end has restarted.

mod recovery;
mod seen;
#[cfg(test)]
mod tests;
mod ways;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use beffroi_protocol::probe::{Carrier, Probe};

use crate::jitter::Jitter;
use crate::line::Line;
use ways::Ways;

use seen::{DOUBTFUL, ONLINE};
pub(crate) use seen::{Link, Seen};

/// Between two answered probes.
const PROBE_EVERY: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(15));
/// How long an answer is awaited: three median round trips within these bounds.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(10));
/// The same when the network has just changed, and only a quick answer says that all is well: two
/// median round trips, and at least this.
const SHORT_PATIENCE: Duration = Duration::from_secs(1);
/// A trial of UDP holds everything else up, and lasts no longer.
const TRIAL: Duration = Duration::from_secs(3);
/// The network is left in peace until it has been quiet for the first, at most for the second.
const SETTLE: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(1));
const RECONCILE_EVERY: Duration = Duration::from_secs(60);
/// A line that was silent for so long was cut, which is not to lose.
const CUT: Duration = Duration::from_secs(20);
/// Who is woken so much too late was stopped, or its machine was.
const OVERSLEPT: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// The time that [`Keeper::wake`] gave has come.
    Woken,
    /// The gateway answered the probe of this number.
    Answered(u32),
    /// The probe of this number could not even be sent: this machine has no way to that address.
    Unsent(u32),
    /// A lookup ended; empty when the name leads nowhere.
    Found(Vec<SocketAddr>),
    /// Addresses, links or routes of this machine changed.
    NetworkChanged,
    /// The machine has slept for so long; zero when its clock was set.
    Awake(Duration),
    /// The tunnel has other keys now: it has no session.
    KeysChanged,
    /// The carrier's connection to the gateway stands, or has broken.
    Connected(bool),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    /// Ask the resolver for the gateway's addresses; its end is [`Event::Found`].
    Lookup,
    /// Forget the session and shake hands with this address now.
    Renew(SocketAddr),
    /// The same through the carrier.
    Ride,
    /// Make a connection of the carrier, and again whenever it breaks; its end is [`Event::Connected`].
    OpenCarrier,
    CloseCarrier,
    /// The session goes on, by UDP to this address; what the carrier brings waits.
    Try(SocketAddr),
    /// The session goes on in the carrier, as before.
    Return,
    /// Send this probe through the tunnel.
    Probe(Probe, SocketAddr),
    /// Compare the interface and the names with what is wanted.
    Reconcile,
    /// Find out why the gateway does not answer.
    Examine,
    /// The link came to this state.
    Tell(Link),
}

#[derive(Debug)]
pub(crate) struct Keeper {
    /// What every probe says of this program and its tunnel.
    greeting: Probe,
    jitter: Jitter,
    /// The gateway's probe service, one address per family.
    services: Vec<SocketAddr>,
    /// Which of them is asked: it stays while it answers.
    service: usize,
    line: Line,
    sequence: u32,
    flying: Option<Flying>,
    next_probe: Instant,
    misses: u32,
    /// Something came through the tunnel while probes were missed: the session lives, and what does not answer is
    /// the program behind it.
    is_heard: bool,
    recovery: Option<Recovery>,
    /// Where the gateway may be, in the order of trying, and where it was tried last.
    endpoints: Vec<SocketAddr>,
    endpoint: Option<SocketAddr>,
    /// Where it answered last: tried whatever the resolver says, which may be that of a portal.
    proven: Option<SocketAddr>,
    ways: Ways,
    settling: Option<Settling>,
    next_reconcile: Instant,
    start: Instant,
    last_answer: Option<Instant>,
    told: Link,
}

#[derive(Debug)]
struct Flying {
    sequence: u32,
    sent: Instant,
    until: Instant,
    patience: Patience,
    /// How many services are still to be tried, should this probe turn out unsent.
    others: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Patience {
    Usual,
    Short,
    /// Whether UDP works again: a miss says nothing of the link.
    Trial,
}

#[derive(Debug)]
struct Recovery {
    attempt: u32,
    /// How many of the attempts called the gateway.
    calls: u32,
    next: Instant,
}

#[derive(Debug)]
struct Settling {
    since: Instant,
    until: Instant,
}

impl Keeper {
    /// A link that has never been is recovered like one that was lost. `services` are the gateway's
    /// probe addresses inside the tunnel, `greeting` what does not change from probe to probe.
    pub(crate) fn new(services: Vec<SocketAddr>, greeting: Probe, jitter: Jitter, now: Instant) -> Self {
        Self {
            greeting,
            jitter,
            services,
            service: 0,
            line: Line::default(),
            sequence: 0,
            flying: None,
            next_probe: now + PATIENCE.0,
            misses: 0,
            is_heard: false,
            recovery: Some(Recovery { attempt: 0, calls: 0, next: now }),
            endpoints: Vec::new(),
            endpoint: None,
            proven: None,
            ways: Ways::new(),
            settling: None,
            next_reconcile: now + RECONCILE_EVERY,
            start: now,
            last_answer: None,
            told: Link::Never,
        }
    }

    /// From now on the gateway's probe addresses and the tunnel's MTU are these, and more may differ.
    pub(crate) fn follow(&mut self, services: Vec<SocketAddr>, mtu: u16, now: Instant) {
        self.services = services;
        self.greeting.mtu = mtu;
        self.next_reconcile = now;
    }

    /// The tunnel carries packets of this length from now on, which the gateway hears at once.
    pub(crate) fn use_mtu(&mut self, mtu: u16, now: Instant) {
        if self.greeting.mtu != mtu {
            self.greeting.mtu = mtu;
            self.next_probe = now;
        }
    }

    /// Whether [`Event::Woken`] finds the gateway silent now; [`Self::hears`] is then to be said first.
    pub(crate) fn is_missing(&self, now: Instant) -> bool {
        let is_missed = self.flying.as_ref().is_some_and(|flying| flying.until <= now);
        is_missed || self.recovery.as_ref().is_some_and(|recovery| recovery.next <= now)
    }

    /// Whether anything came through the tunnel since it was asked last.
    pub(crate) fn hears(&mut self, is_heard: bool) {
        self.is_heard = is_heard;
    }

    /// When [`Event::Woken`] is due.
    pub(crate) fn wake(&self) -> Instant {
        let probe = self.flying.as_ref().map_or(self.next_probe, |flying| flying.until);
        let ages = [ONLINE, DOUBTFUL].map(|age| age + Duration::from_millis(1));
        // One thing at a time: a probe in flight comes first, and a recovery tries every way by itself.
        let is_free = self.flying.is_none() && self.recovery.is_none();
        let changes = self.last_answer.into_iter().flat_map(|at| ages.map(|age| at + age));
        [
            Some(probe),
            Some(self.next_reconcile),
            self.ways.trial().filter(|_| is_free),
            self.recovery.as_ref().map(|recovery| recovery.next),
            self.settling.as_ref().map(|settling| settling.until),
            changes
                .zip([Link::Online, Link::Doubtful])
                .find(|(_, link)| *link == self.told)
                .map(|(at, _)| at),
        ]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or(probe)
    }

    /// Where the gateway answered last.
    pub(crate) const fn proven(&self) -> Option<SocketAddr> {
        self.proven
    }

    /// The number of the next probe.
    pub(crate) const fn sequence(&self) -> u32 {
        self.sequence
    }

    pub(crate) fn seen(&self) -> Seen {
        Seen {
            last_answer: self.last_answer,
            round_trip: self.line.round_trip(),
            loss: self.line.loss(),
            jitter: self.line.jitter(),
            quality: self.line.quality(),
            endpoint: self.endpoint,
            carrier: self.ways.used(),
            is_answering: self.last_answer.is_some() && self.recovery.is_none(),
            is_heard: self.recovery.is_some() && self.is_heard,
        }
    }

    pub(crate) fn handle(&mut self, event: Event, now: Instant) -> Vec<Action> {
        let mut actions = Vec::new();
        match event {
            Event::Woken => self.woken(now, &mut actions),
            Event::Answered(sequence) => self.answered(sequence, now, &mut actions),
            Event::Unsent(sequence) => self.unsent(sequence, now, &mut actions),
            Event::Found(endpoints) => self.found(endpoints, now, &mut actions),
            Event::NetworkChanged => self.network_changed(now),
            Event::Awake(slept) => self.awake(slept, now, &mut actions),
            Event::KeysChanged => self.keys_changed(now, &mut actions),
            Event::Connected(is_ready) => self.connected(is_ready, now, &mut actions),
        }
        let link = Link::of_age(self.last_answer.map(|at| now.saturating_duration_since(at)));
        if link != self.told {
            self.told = link;
            actions.push(Action::Tell(link));
        }
        actions
    }

    fn woken(&mut self, now: Instant, actions: &mut Vec<Action>) {
        if now.saturating_duration_since(self.wake()) >= OVERSLEPT {
            return self.awake(Duration::ZERO, now, actions);
        }
        if self.settling.as_ref().is_some_and(|settling| settling.until <= now) {
            self.settled(now, actions);
        }
        if let Some(flying) = self.flying.take_if(|flying| flying.until <= now) {
            self.missed(&flying, now, actions);
        }
        if let Some(recovery) = self.recovery.take_if(|recovery| recovery.next <= now) {
            self.attempt(recovery.attempt, recovery.calls, now, actions);
        }
        let is_free = self.flying.is_none() && self.recovery.is_none();
        if is_free && self.ways.trial().is_some_and(|trial| trial <= now) {
            self.try_udp(now, actions);
        }
        if self.flying.is_none() && self.next_probe <= now {
            self.probe(Patience::Usual, now, actions);
        }
        if self.next_reconcile <= now {
            self.next_reconcile = now + RECONCILE_EVERY;
            actions.push(Action::Reconcile);
        }
    }

    fn answered(&mut self, sequence: u32, now: Instant, actions: &mut Vec<Action>) {
        if !self.line.answered(sequence, now) {
            return;
        }
        let before = self.last_answer.replace(now);
        let is_cut = before.is_none_or(|before| now.saturating_duration_since(before) >= CUT);
        if self.recovery.take().is_some() && is_cut {
            self.line.forgive(before);
        }
        self.misses = 0;
        if let Some(flying) = self.flying.take_if(|flying| flying.sequence == sequence) {
            self.next_probe = now + self.jitter.between(PROBE_EVERY.0, PROBE_EVERY.1);
            if flying.patience == Patience::Trial {
                self.ways.use_udp();
            }
            if self.ways.used() == Carrier::Udp {
                self.proven = self.endpoint;
            }
        }
        if self.ways.used() == Carrier::Udp && self.ways.give_up_carrier() {
            actions.push(Action::CloseCarrier);
        }
    }

    /// No fault of the line, so the other service is asked at once. When no service can be asked at all,
    /// the last probe stays in flight: that the gateway is not heard is true.
    fn unsent(&mut self, sequence: u32, now: Instant, actions: &mut Vec<Action>) {
        self.line.forget(sequence);
        let unsent = self.flying.take_if(|flying| flying.sequence == sequence && flying.others > 0);
        if let Some(Flying { patience, others, .. }) = unsent {
            self.service += 1;
            self.ask(patience, others - 1, now, actions);
        }
    }

    /// A link that lives is not called elsewhere, whatever is found.
    fn found(&mut self, mut endpoints: Vec<SocketAddr>, now: Instant, actions: &mut Vec<Action>) {
        let Some(&first) = endpoints.first() else {
            return;
        };
        let is_elsewhere = self.endpoint.is_none_or(|endpoint| !endpoints.contains(&endpoint));
        let is_new = !self.endpoints.contains(&first);
        endpoints.extend(self.proven.filter(|proven| !endpoints.contains(proven)));
        self.endpoints = endpoints;
        let is_wanted = self.recovery.is_some() && !self.is_heard && self.ways.used() == Carrier::Udp;
        if is_wanted && is_elsewhere && (is_new || self.endpoint != self.proven) {
            self.renew(first, now, actions);
        }
    }

    fn network_changed(&mut self, now: Instant) {
        let since = self.settling.as_ref().map_or(now, |settling| settling.since);
        let until = (now + SETTLE.0).min(since + SETTLE.1);
        self.settling = Some(Settling { since, until });
    }

    /// While the machine slept, the monotonic clock stood still: answers are as much older. Nothing that is in
    /// flight says anything of the line.
    fn awake(&mut self, slept: Duration, now: Instant, actions: &mut Vec<Action>) {
        self.last_answer = self.last_answer.map(|at| at.checked_sub(slept).unwrap_or(at));
        if let Some(flying) = self.flying.take() {
            self.line.forget(flying.sequence);
        }
        self.misses = 0;
        // What is overdue is due now: who is late for it has not overslept once more.
        self.next_probe = self.next_probe.max(now);
        self.next_reconcile = self.next_reconcile.max(now);
        self.settled(now, actions);
    }

    fn keys_changed(&mut self, now: Instant, actions: &mut Vec<Action>) {
        match (self.ways.used(), self.endpoint) {
            (Carrier::Tls, _) => self.ride(now, actions),
            (Carrier::Udp, Some(endpoint)) => self.renew(endpoint, now, actions),
            (Carrier::Udp, None) => {}
        }
    }

    /// A session outlives a new address of this machine, for the gateway answers to wherever the last
    /// good packet came from. So one probe is tried before the session is given up.
    fn settled(&mut self, now: Instant, actions: &mut Vec<Action>) {
        self.settling = None;
        self.is_heard = false;
        if self.recovery.is_some() {
            self.attempt(0, 0, now, actions);
            return;
        }
        match self.ways.used() {
            Carrier::Udp => self.probe(Patience::Short, now, actions),
            // Another network may well let UDP through.
            Carrier::Tls => self.ways.try_soon(now),
        }
    }

    fn probe(&mut self, patience: Patience, now: Instant, actions: &mut Vec<Action>) {
        if let Some(flying) = self.flying.take() {
            self.line.lost(flying.sequence);
        }
        self.ask(patience, self.services.len().saturating_sub(1), now, actions);
    }

    fn ask(&mut self, patience: Patience, others: usize, now: Instant, actions: &mut Vec<Action>) {
        let Some(&service) = self.services.get(self.service % self.services.len().max(1)) else {
            return;
        };
        let wait = match (patience, self.line.round_trip()) {
            (Patience::Trial, time) => (time.unwrap_or_default() * 2).clamp(SHORT_PATIENCE, TRIAL),
            (Patience::Short, Some(time)) => (time * 2).clamp(SHORT_PATIENCE, PATIENCE.1),
            (Patience::Short, None) => SHORT_PATIENCE,
            (Patience::Usual, Some(time)) => (time * 3).clamp(PATIENCE.0, PATIENCE.1),
            (Patience::Usual, None) => PATIENCE.0,
        };
        let (sent, answered) = self.line.count();
        let micros = |time: Duration| u32::try_from(time.as_micros()).unwrap_or(u32::MAX);
        let probe = Probe {
            sequence: self.sequence,
            round_trip: self.line.round_trip().map(micros),
            sent,
            answered,
            jitter: self.line.jitter().map(micros),
            carrier: self.ways.used(),
            ..self.greeting.clone()
        };
        self.line.sent(self.sequence, now);
        let until = now + wait;
        self.flying = Some(Flying { sequence: self.sequence, sent: now, until, patience, others });
        self.sequence = self.sequence.wrapping_add(1);
        actions.push(Action::Probe(probe, service));
    }
}
