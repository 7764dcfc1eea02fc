//! How good a line is, in one word, from what the probes have seen: the same word at both ends.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// From so much loss on, in percent, pages come in jerks.
const LOSSY: u8 = 10;
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
    /// The worst that holds; `None` before anything was measured. `loss` is in percent.
    pub fn of(round_trip: Option<Duration>, jitter: Option<Duration>, loss: Option<u8>) -> Option<Self> {
        let round_trip = round_trip?;
        Some(if loss.is_some_and(|loss| loss >= LOSSY) {
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
        fn check(round_trip: Option<u64>, jitter: Option<u64>, loss: Option<u8>, expected: Option<Quality>) {
            let [round_trip, jitter] = [round_trip, jitter].map(|time| time.map(Duration::from_millis));
            assert_eq!(Quality::of(round_trip, jitter, loss), expected, "{round_trip:?} {jitter:?} {loss:?}");
        }
        check(None, None, None, None);
        check(Some(45), None, Some(0), Some(Quality::Good));
        check(Some(249), Some(149), Some(9), Some(Quality::Good));
        check(Some(250), Some(20), Some(9), Some(Quality::Slow));
        check(Some(620), Some(150), Some(2), Some(Quality::Unsteady));
        check(Some(620), Some(300), Some(10), Some(Quality::Lossy));
    }
}
