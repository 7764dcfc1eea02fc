//! How much the lines carry, measured when a referent or a town hall asks, and never by itself: whose turn it is
//! ([`Measuring`]), what was found, and whether that can be true.
//!
//! Whose turn it is is in memory: an order that the gateway's restart has lost is given again by whoever misses
//! it. How the bytes travel is not known here.

mod measuring;
mod store;

use std::time::Duration;

use beffroi_protocol::throughput::Count;
use jiff::Timestamp;

pub(super) use measuring::Standing;
pub use measuring::{Measuring, Turn};
pub(super) use store::MEASURES;
pub use store::{measures, note};

/// What is counted is the second half of the time, or all of it, less a round trip: at least so large a part…
const PART: u32 = 4;
/// … of what is longer than a busy machine may take to look.
const BUSY: Duration = Duration::from_millis(500);

/// What a line carried once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    pub at: Timestamp,
    /// Name of the referent who asked; `None` when it was the town hall.
    pub by: Option<String>,
    /// To the machine, in bits per second.
    pub received: u64,
    /// From it.
    pub sent: u64,
}

/// What was sent to a machine, and how long it took until the last byte was acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handed {
    pub bytes: u64,
    pub lasted: Duration,
}

impl Handed {
    /// The rate that the machine tells, in bits per second, when it can be true.
    pub fn explains(self, told: Count) -> Option<u64> {
        let counted = Duration::from_micros(told.micros);
        let least = self.lasted.saturating_sub(BUSY) / PART;
        let is_within = (least..=self.lasted).contains(&counted) && told.bytes <= self.bytes;
        told.bits_per_second().filter(|_| is_within)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_believed_within_what_it_was_sent() {
        let handed = Handed { bytes: 1_000_000, lasted: Duration::from_secs(8) };
        let check = |bytes, micros, expected| {
            assert_eq!(handed.explains(Count { bytes, micros }), expected, "{bytes} in {micros}");
        };
        check(500_000, 4_000_000, Some(1_000_000));
        check(1_000_000, 4_000_000, Some(2_000_000));
        check(10_000, 4_000_000, Some(20_000));
        check(1_000_001, 8_000_000, None);
        check(500_000, 8_000_001, None);
        check(500_000, 1_800_000, None);
        check(500_000, 0, None);
        let nothing = Handed { bytes: 0, lasted: Duration::ZERO };
        assert_eq!(nothing.explains(Count { bytes: 0, micros: 0 }), None);
    }
}
