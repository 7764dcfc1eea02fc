//! What somebody should be told without having to look: a town hall without its link while it is open, the
//! gateway's own line, netd.
//!
//! One sentence for one cause. What is told is on the overview and in the journal; another channel follows
//! [`Alerts::subscribe`]. A restart of the gateway ends none and tells none again: what stands is written down when
//! it changes, and how long a town hall was down while it was open every five minutes and at an orderly stop.

mod lookout;
mod memory;
#[cfg(test)]
mod tests;
mod watch;

use std::mem::discriminant;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::broadcast;

use crate::directory::CommuneId;

pub use lookout::Lookout;
pub(super) use memory::{TROUBLES, WHOLE};

/// Events that a slow listener may leave unheard before it is told that it has missed some.
const BACKLOG: usize = 64;

/// What is the matter, in the order in which it wants attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Alert {
    /// beffroi-netd does not do what it is asked.
    Netd,
    /// Town halls went down together: it is the gateway's own line.
    GatewayLine {
        /// How many are down of those that went down, out of how many there are.
        down: usize,
        of: usize,
    },
    /// A town hall has been without its link for too long while it was open.
    TownHall(CommuneId),
}

impl Alert {
    /// It may stand and say something else than before.
    fn is_about_the_same(self, other: Self) -> bool {
        match (self, other) {
            (Self::TownHall(one), Self::TownHall(other)) => one == other,
            _ => discriminant(&self) == discriminant(&other),
        }
    }
}

/// An alert that stands, and since when it is so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub alert: Alert,
    pub since: Instant,
}

/// For the channels by which people are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    Raised(Standing),
    Cleared(Standing),
}

/// The alerts that stand now. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Alerts {
    standing: Arc<Mutex<Vec<Standing>>>,
    events: broadcast::Sender<Event>,
}

impl Default for Alerts {
    fn default() -> Self {
        Self { standing: Arc::default(), events: broadcast::Sender::new(BACKLOG) }
    }
}

impl Alerts {
    /// In the order in which they want attention.
    pub fn standing(&self) -> Vec<Standing> {
        self.lock().clone()
    }

    /// What is raised and cleared from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// What stands after a look, and what the look has changed.
    pub fn put(&self, standing: Vec<Standing>, events: &[Event]) {
        *self.lock() = standing;
        for event in events {
            // That nobody listens is no failure: the overview shows what stands.
            let _ = self.events.send(*event);
        }
    }

    /// The list is replaced whole: it is never half of one.
    fn lock(&self) -> MutexGuard<'_, Vec<Standing>> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
