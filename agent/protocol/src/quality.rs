//! How good a line is, in one word, from what the probes have seen: the same word at both ends.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// From so much loss on, in percent, pages come in jerks.
const LOSSY: u32 = 10;
/// Of fewer probes, one that is lost says nothing.
const ENOUGH: u8 = 10;
/// From this round trip on, each click is felt: a modem has 300 ms, a satellite 600.
const SLOW: Duration = Duration::from_millis(250);
/// From so much variation on, a line is full, or its radio is at the edge of a cell.
const UNSTEADY: Duration = Duration::from_millis(150);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quality {
    Good,
    Slow,
    /// The answers come now soon, now late.
    Unsteady,
    Lossy,
}

impl Quality {
    /// The worst that holds; `None` before anything was measured. Of the last probes, so many were `sent`, so
    /// many `answered`.
    pub fn of(
        round_trip: Option<Duration>,
        jitter: Option<Duration>,
        sent: u8,
        answered: u8,
    ) -> Option<Self> {
        let round_trip = round_trip?;
        let lost = u32::from(sent.saturating_sub(answered));
        Some(if sent >= ENOUGH && lost * 100 >= u32::from(sent) * LOSSY {
            Self::Lossy
        } else if jitter.is_some_and(|jitter| jitter >= UNSTEADY) {
            Self::Unsteady
        } else if round_trip >= SLOW {
            Self::Slow
        } else {
            Self::Good
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_called_by_the_worst_that_it_does() {
        fn check(round_trip: Option<u64>, jitter: Option<u64>, lost: u8, expected: Option<Quality>) {
            let [round_trip, jitter] = [round_trip, jitter].map(|time| time.map(Duration::from_millis));
            let quality = Quality::of(round_trip, jitter, 30, 30 - lost);
            assert_eq!(quality, expected, "{round_trip:?} {jitter:?} {lost}");
        }
        check(None, None, 0, None);
        check(Some(45), None, 0, Some(Quality::Good));
        check(Some(249), Some(149), 2, Some(Quality::Good));
        check(Some(250), Some(20), 2, Some(Quality::Slow));
        check(Some(620), Some(150), 2, Some(Quality::Unsteady));
        check(Some(620), Some(300), 3, Some(Quality::Lossy));
        assert_eq!(Quality::of(Some(Duration::ZERO), None, 9, 0), Some(Quality::Good), "too few to tell");
    }
}
