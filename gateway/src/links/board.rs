//! How each line is doing now: in memory, fed by probes and by what netd reads from the device.
//!
//! Every age is counted on the monotonic clock, which the callers read. Nothing here is written down: after
//! a restart, the first reading of the device tells almost all of it again.

mod line;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use beffroi_protocol::PublicKey;
use beffroi_protocol::probe::{Carrier, Probe};
use beffroi_protocol::quality::Quality;

use self::line::Line;
use super::state::State;
use crate::directory::{CommuneId, Machine, MachineId};
use crate::netd::Present;

/// A handle to the one board. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Board(Arc<Mutex<Lines>>);

/// A link as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub state: State,
    /// Since the last proof of life.
    pub age: Option<Duration>,
    pub round_trip: Option<Duration>,
    pub jitter: Option<Duration>,
    pub loss: Option<Loss>,
    pub quality: Option<Quality>,
    /// Since the agent last asked whether the gateway is there.
    pub probe_age: Option<Duration>,
    /// Bytes since the gateway started.
    pub received: u64,
    pub sent: u64,
    pub endpoint: Option<SocketAddr>,
    /// Of the agent's program.
    pub version: Option<String>,
    /// Whether two computers hold the machine's key.
    pub two_holders: bool,
    /// How the agent last came.
    pub carrier: Carrier,
    /// The longest packet on this line, in bytes, as the agent has found it.
    pub mtu: Option<u16>,
}

/// The line of one machine as history, alerts and figures take it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    pub machine: MachineId,
    pub commune: CommuneId,
    pub link: Link,
    /// Bytes since this process first read the device, which may have counted long before.
    pub carried: Carried,
    /// Since WireGuard last agreed on keys.
    pub handshake_age: Option<Duration>,
    /// Since this process first read the device.
    pub handshakes: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Carried {
    pub received: u64,
    pub sent: u64,
}

/// What the agent has seen of its last probes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loss {
    pub sent: u8,
    pub answered: u8,
}

impl Loss {
    pub fn percent(self) -> u8 {
        let lost = u16::from(self.sent.saturating_sub(self.answered));
        let percent = (100 * lost).checked_div(self.sent.into()).unwrap_or_default();
        u8::try_from(percent).unwrap_or(100)
    }
}

/// Whether netd does what it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Not asked yet.
    Unknown,
    Answers,
    Silent {
        since: Instant,
    },
}

#[derive(Debug)]
struct Lines {
    started: Instant,
    service: Service,
    gateway_key: Option<PublicKey>,
    /// Once it was told which machines there are.
    knows_machines: bool,
    machines: BTreeMap<MachineId, Line>,
    /// Those that do not probe.
    without_agent: BTreeSet<MachineId>,
}

impl Board {
    pub fn new(now: Instant) -> Self {
        Self(Arc::new(Mutex::new(Lines {
            started: now,
            service: Service::Unknown,
            gateway_key: None,
            knows_machines: false,
            machines: BTreeMap::new(),
            without_agent: BTreeSet::new(),
        })))
    }

    /// These are the machines there are. What is known of others, or under another key, is forgotten. Gives
    /// where the forgotten ones listen, inside the tunnel.
    pub fn expect<'a>(&self, machines: impl IntoIterator<Item = &'a Machine>) -> Vec<SocketAddr> {
        let mut lines = self.lines();
        lines.knows_machines = true;
        let mut before = std::mem::take(&mut lines.machines);
        for machine in machines.into_iter().filter(|machine| machine.is_active()) {
            let is_known = before.get(&machine.id).is_some_and(|line| line.is_of(machine));
            let line = is_known.then(|| before.remove(&machine.id)).flatten().map(|line| line.under(machine));
            let mut line = line.unwrap_or_else(|| Line::of(machine));
            line.seen = machine.seen;
            lines.machines.insert(machine.id, line);
        }
        before.into_values().filter_map(|line| line.asker).collect()
    }

    /// Whether it was told which machines there are.
    pub(super) fn knows_machines(&self) -> bool {
        self.lines().knows_machines
    }

    pub fn is_expected(&self, machine: MachineId) -> bool {
        self.lines().machines.contains_key(&machine)
    }

    /// The probes of this machine come from there.
    pub fn asks_from(&self, machine: MachineId, asker: SocketAddr) {
        if let Some(line) = self.lines().machines.get_mut(&machine) {
            line.asker = Some(asker);
        }
    }

    /// Where machines listen, inside the tunnel: those that have asked since the start.
    pub(super) fn askers(&self) -> Vec<SocketAddr> {
        self.lines().machines.values().filter_map(|line| line.asker).collect()
    }

    /// These are the machines that have no agent.
    pub fn expect_no_probes(&self, machines: BTreeSet<MachineId>) {
        self.lines().without_agent = machines;
    }

    /// A probe came from this machine's address. `false` when no such machine is expected: the probe is not
    /// to be answered.
    pub fn heard(&self, machine: MachineId, probe: &Probe, now: Instant) -> bool {
        let mut lines = self.lines();
        let Some(line) = lines.machines.get_mut(&machine) else {
            return false;
        };
        line.heard(probe, now);
        true
    }

    /// netd has done what it was asked. That it reads the device says nothing of that.
    pub fn obeyed(&self) {
        self.lines().service = Service::Answers;
    }

    /// netd has read the device.
    pub fn read(&self, present: &Present, now: Instant) {
        let mut lines = self.lines();
        lines.gateway_key = present.tunnel.key.or(lines.gateway_key);
        for line in lines.machines.values_mut() {
            if let Some(peer) = present.tunnel.peers.get(&line.key) {
                line.read(peer, now);
            }
        }
    }

    /// netd did not do it, or did not answer.
    pub fn unread(&self, now: Instant) {
        let mut lines = self.lines();
        if !matches!(lines.service, Service::Silent { .. }) {
            lines.service = Service::Silent { since: now };
        }
    }

    pub fn service(&self) -> Service {
        self.lines().service
    }

    /// The gateway's public key, once netd has told it.
    pub fn gateway_key(&self) -> Option<PublicKey> {
        self.lines().gateway_key
    }

    /// The link of a machine; `None` for one that is not expected, such as a revoked one.
    pub fn link(&self, machine: MachineId, now: Instant) -> Option<Link> {
        let lines = self.lines();
        let line = lines.machines.get(&machine)?;
        let link = line.link(now, now.saturating_duration_since(lines.started));
        let state =
            if lines.without_agent.contains(&machine) { link.state.without_agent() } else { link.state };
        Some(Link { state, ..link })
    }

    /// Every link that is expected, in the order of the machines. Those without an agent tell nothing of a town
    /// hall's line: they are carried about.
    pub fn readings(&self, now: Instant) -> Vec<Reading> {
        let lines = self.lines();
        let listening = now.saturating_duration_since(lines.started);
        let with_agent = lines.machines.iter().filter(|(machine, _)| !lines.without_agent.contains(machine));
        with_agent.map(|(machine, line)| line.reading(*machine, now, listening)).collect()
    }

    /// Machines that have shown life with a key of which this is not written down yet.
    pub(super) fn newly_seen(&self) -> Vec<(MachineId, PublicKey)> {
        let lines = self.lines();
        let unwritten = lines.machines.iter().filter(|(_, line)| line.proof.is_some() && !line.seen);
        unwritten.map(|(machine, line)| (*machine, line.key)).collect()
    }

    /// Where each machine was last heard from. One that comes by the carrier is behind a connection of its own
    /// making, and cannot be called there.
    pub(super) fn endpoints(&self) -> BTreeMap<MachineId, SocketAddr> {
        let lines = self.lines();
        lines
            .machines
            .iter()
            .filter_map(|(machine, line)| {
                Some((*machine, line.endpoint.filter(|at| !at.ip().is_loopback())?))
            })
            .collect()
    }

    /// The longest packet on the line of each machine that has told it, in bytes.
    pub(super) fn lengths(&self) -> BTreeMap<MachineId, u16> {
        let lines = self.lines();
        lines.machines.iter().filter_map(|(machine, line)| Some((*machine, line.mtu?))).collect()
    }

    /// A panic elsewhere while the board was held leaves it readable: every field stands for itself.
    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
