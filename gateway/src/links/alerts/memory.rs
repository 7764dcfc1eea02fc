//! What the watch knows, as it survives a restart of the gateway: moments by the wall clock, in rows.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::directory::CommuneId;
use crate::links::Error;
use crate::store::{Read, Record, Table, Write};

pub(in crate::links) const TROUBLES: Table<CommuneId, Trouble> = Table::new("links.alerts.troubles");
/// One row.
pub(in crate::links) const WHOLE: Table<(), Whole> = Table::new("links.alerts.whole");

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Memory {
    pub(super) troubles: BTreeMap<CommuneId, Trouble>,
    pub(super) whole: Whole,
}

/// A commune that is down, or has not been up for long enough.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::links) struct Trouble {
    pub(super) since: Timestamp,
    /// How long it was down while it was open.
    pub(super) open: Duration,
    pub(super) back: Option<Timestamp>,
    pub(super) is_told: bool,
    /// Its cause is the gateway's line.
    pub(super) of_the_line: bool,
}

/// What concerns all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::links) struct Whole {
    pub(super) line: Option<Line>,
    pub(super) netd: Option<Timestamp>,
}

/// So many communes went down together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::links) struct Line {
    pub(super) down: u32,
    pub(super) of: u32,
    pub(super) since: Timestamp,
}

impl Record for Trouble {
    const VERSION: u8 = 1;
}

impl Record for Whole {
    const VERSION: u8 = 1;
}

/// Both clocks at one moment, to say one's moments in the words of the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clocks {
    pub(super) now: Instant,
    pub(super) wall: Timestamp,
}

impl Clocks {
    pub(super) fn timestamp(self, at: Instant) -> Timestamp {
        let ago = SignedDuration::try_from(self.now.saturating_duration_since(at)).unwrap_or_default();
        self.wall.checked_sub(ago).unwrap_or(self.wall)
    }

    /// What a clock that was put back has in its future is now.
    pub(super) fn instant(self, at: Timestamp) -> Instant {
        let ago = Duration::try_from(self.wall.duration_since(at)).unwrap_or_default();
        self.now.checked_sub(ago).unwrap_or(self.now)
    }
}

impl Memory {
    /// Whether something has changed that a restart must not forget. That time has passed is not that.
    pub(super) fn differs(&self, other: &Self) -> bool {
        let shape = |memory: &Self| {
            let troubles = memory.troubles.iter().map(|(commune, trouble)| {
                (*commune, trouble.back.is_some(), trouble.is_told, trouble.of_the_line)
            });
            let line = memory.whole.line.as_ref().map(|line| (line.down, line.of));
            (troubles.collect::<Vec<_>>(), line, memory.whole.netd.is_some())
        };
        shape(self) != shape(other)
    }
}

pub(super) async fn recall(tx: &impl Read) -> Result<Memory, Error> {
    let troubles = tx.all(&TROUBLES).await?.into_iter().collect();
    let whole = tx.get(&WHOLE, &()).await?.unwrap_or_default();
    Ok(Memory { troubles, whole })
}

/// Writes what differs from what was there `before`.
pub(super) async fn keep(tx: &mut impl Write, before: &Memory, now: &Memory) -> Result<(), Error> {
    for (commune, trouble) in &now.troubles {
        if before.troubles.get(commune) != Some(trouble) {
            tx.put(&TROUBLES, commune, trouble).await?;
        }
    }
    for commune in before.troubles.keys().filter(|commune| !now.troubles.contains_key(commune)) {
        tx.remove(&TROUBLES, commune).await?;
    }
    if before.whole != now.whole {
        tx.put(&WHOLE, &(), &now.whole).await?;
    }
    Ok(())
}
