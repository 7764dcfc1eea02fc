//! The line of one machine: what its probes and the readings of the device have told of it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use beffroi_protocol::PublicKey;
use beffroi_protocol::probe::{Carrier, Probe};
use beffroi_protocol::quality::Quality;
use beffroi_tunnel::PresentPeer;

use super::{Carried, Link, Loss, Reading};
use crate::directory::{CommuneId, Machine, MachineId};
use crate::links::holders::Holders;
use crate::links::state::{Past, state};

/// The longest version of an agent that is shown, in characters.
const VERSION_MAX: usize = 20;
/// WireGuard agrees on keys at most every five seconds (REKEY_TIMEOUT of its paper).
const HANDSHAKE_APART: Duration = Duration::from_secs(3);

#[derive(Debug)]
pub(super) struct Line {
    commune: CommuneId,
    pub(super) key: PublicKey,
    pub(super) seen: bool,
    pub(super) proof: Option<Instant>,
    round_trip: Option<Duration>,
    jitter: Option<Duration>,
    loss: Option<Loss>,
    probe: Option<Instant>,
    /// Where the agent asks from, inside the tunnel.
    pub(super) asker: Option<SocketAddr>,
    version: Option<String>,
    carrier: Carrier,
    pub(super) mtu: Option<u16>,
    pub(super) endpoint: Option<SocketAddr>,
    holders: Holders,
    received: Counter,
    sent: Counter,
    /// The last one, and how many.
    handshake: Option<Instant>,
    handshakes: u64,
}

/// A count that goes on when the device's own starts over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counter {
    first: Option<u64>,
    last: Option<u64>,
    total: u64,
}

impl Line {
    pub(super) fn of(machine: &Machine) -> Self {
        Self {
            commune: machine.commune,
            key: machine.key,
            seen: false,
            proof: None,
            round_trip: None,
            jitter: None,
            loss: None,
            probe: None,
            asker: None,
            version: None,
            carrier: Carrier::Udp,
            mtu: None,
            endpoint: None,
            holders: Holders::default(),
            received: Counter::default(),
            sent: Counter::default(),
            handshake: None,
            handshakes: 0,
        }
    }

    /// Whether this is the line of the machine as it is now. One that was seen has changed its key by itself, and
    /// is the same; who has taken its place was not seen yet.
    pub(super) fn is_of(&self, machine: &Machine) -> bool {
        self.key == machine.key || machine.seen
    }

    /// The same under the key that the machine has now.
    pub(super) fn under(self, machine: &Machine) -> Self {
        if self.key == machine.key {
            return self;
        }
        let fresh = Self::of(machine);
        let counted = |counter: Counter| Counter { last: None, ..counter };
        Self {
            key: machine.key,
            endpoint: fresh.endpoint,
            holders: fresh.holders,
            handshake: fresh.handshake,
            received: counted(self.received),
            sent: counted(self.sent),
            ..self
        }
    }

    /// A probe came from this machine's address.
    pub(super) fn heard(&mut self, probe: &Probe, now: Instant) {
        self.holders.heard(probe.instance, now);
        self.proof = Some(now);
        let time = |micros: u32| Duration::from_micros(micros.into());
        self.probe = Some(now);
        self.round_trip = probe.round_trip.map(time);
        self.jitter = probe.jitter.map(time);
        self.loss = Some(Loss { sent: probe.sent, answered: probe.answered });
        self.carrier = probe.carrier;
        self.mtu = Some(probe.mtu);
        let version: String =
            probe.version.chars().filter(|letter| !letter.is_control()).take(VERSION_MAX).collect();
        self.version = Some(version).filter(|version| !version.is_empty());
    }

    /// What has come in since the last reading was sent by the machine: WireGuard lets nothing else in. The
    /// handshake's age counts at the first reading only, because some devices take it from a wall clock that
    /// may step.
    pub(super) fn read(&mut self, peer: &PresentPeer, now: Instant) {
        let first = self.received.last.is_none();
        let growth = self.received.advance(peer.received);
        self.sent.advance(peer.sent);
        self.endpoint = peer.endpoint.or(self.endpoint);
        self.shook_hands(peer.handshake_age.and_then(|age| now.checked_sub(age)), first);
        let proof = match peer.handshake_age {
            Some(age) if first => now.checked_sub(age),
            _ => (growth > 0 && !first).then_some(now),
        };
        self.proof = self.proof.max(proof);
    }

    /// A handshake is another one when it is later than the last by more than readings differ, which are made of
    /// whole seconds.
    fn shook_hands(&mut self, at: Option<Instant>, first: bool) {
        let Some(at) = at else { return };
        let is_another =
            self.handshake.is_none_or(|last| at.saturating_duration_since(last) > HANDSHAKE_APART);
        if is_another {
            self.handshake = Some(at);
            self.handshakes += u64::from(!first);
        }
    }

    pub(super) fn reading(&self, machine: MachineId, now: Instant, listening: Duration) -> Reading {
        Reading {
            machine,
            commune: self.commune,
            link: self.link(now, listening),
            carried: Carried { received: self.received.since_first(), sent: self.sent.since_first() },
            handshake_age: self.handshake.map(|at| now.saturating_duration_since(at)),
            handshakes: self.handshakes,
        }
    }

    pub(super) fn link(&self, now: Instant, listening: Duration) -> Link {
        let age = self.proof.map(|proof| now.saturating_duration_since(proof));
        let past = if self.seen { Past::Heard { listening } } else { Past::Unheard };
        Link {
            state: state(age, past),
            age,
            round_trip: self.round_trip,
            jitter: self.jitter,
            loss: self.loss,
            quality: self
                .loss
                .and_then(|loss| Quality::of(self.round_trip, self.jitter, loss.sent, loss.answered)),
            probe_age: self.probe.map(|at| now.saturating_duration_since(at)),
            received: self.received.total,
            sent: self.sent.total,
            endpoint: self.endpoint,
            version: self.version.clone(),
            two_holders: self.holders.are_two(now),
            carrier: self.carrier,
            mtu: self.mtu,
        }
    }
}

impl Counter {
    /// Takes a reading, and gives by how much the count has grown. A reading below the last one is that of a
    /// counter that has started over.
    fn advance(&mut self, reading: u64) -> u64 {
        let growth = match self.last {
            Some(last) if reading >= last => reading - last,
            Some(_) | None => reading,
        };
        self.first.get_or_insert(reading);
        self.last = Some(reading);
        self.total += growth;
        growth
    }

    fn since_first(self) -> u64 {
        self.total - self.first.unwrap_or_default()
    }
}
