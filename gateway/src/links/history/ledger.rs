//! Takes looks at the links, and adds them up until they are written down. Pure: the clocks are read elsewhere.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::calendar::Hour;
use super::tally::{HOUR, Tally};
use crate::directory::{CommuneId, MachineId};
use crate::links::board::{Carried, Reading};
use crate::links::state::{State, seen};

/// Time between two looks that is longer than this was not observed: the process was held up.
const LONGEST: Duration = Duration::from_secs(60);

/// What is to be written, in the order of the rows.
pub(super) type Unwritten = BTreeMap<(CommuneId, Hour), Tally>;

#[derive(Debug, Default)]
pub(super) struct Ledger {
    last: Option<Instant>,
    carried: BTreeMap<MachineId, Carried>,
    unwritten: Unwritten,
}

impl Ledger {
    /// One look at all links. The time since the last one is taken to have been like this.
    pub(super) fn look(&mut self, readings: &[Reading], now: Instant, wall: Timestamp, zone: &TimeZone) {
        let elapsed = self.last.replace(now).map(|last| now.saturating_duration_since(last));
        let elapsed = elapsed.filter(|elapsed| *elapsed <= LONGEST).unwrap_or_default();
        let hour = Hour::at(wall, zone);
        let mut communes: BTreeMap<CommuneId, Vec<&Reading>> = BTreeMap::new();
        for reading in readings {
            communes.entry(reading.commune).or_default().push(reading);
        }
        for (commune, readings) in communes {
            let sight = seen(readings.iter().map(|reading| (reading.link.state, reading.link.age)));
            let mut tally = sight.map_or_else(Tally::default, |seen| Tally::of(seen, elapsed));
            for reading in readings {
                let grown = self.grown(reading);
                tally.carry(grown.received, grown.sent);
                if let (State::Online, Some(round_trip)) = (reading.link.state, reading.link.round_trip) {
                    tally.report(round_trip);
                }
            }
            if tally != Tally::default() {
                self.unwritten.entry((commune, hour)).or_default().add_within(&tally, HOUR);
            }
        }
        self.carried = readings.iter().map(|reading| (reading.machine, reading.carried)).collect();
    }

    /// What has to be added to the rows. Nothing of it is here afterwards.
    pub(super) fn take(&mut self) -> Unwritten {
        std::mem::take(&mut self.unwritten)
    }

    /// A count below the last one is that of another computer in the same place.
    fn grown(&self, reading: &Reading) -> Carried {
        let before = self.carried.get(&reading.machine).copied().unwrap_or_default();
        let grown = |now: u64, before: u64| now.checked_sub(before).unwrap_or(now);
        Carried {
            received: grown(reading.carried.received, before.received),
            sent: grown(reading.carried.sent, before.sent),
        }
    }
}
