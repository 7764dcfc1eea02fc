//! Whether one computer holds a machine's key, or two: a disk that was copied, a stolen backup. Pure.
//!
//! Each start of an agent draws a number that its probes carry. An agent that starts again changes the number
//! once and never returns to the old one; two agents that take the link from each other alternate. Where the
//! probes come from says nothing: a machine between two lines, or two address families, moves to and fro too.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// A late datagram of an agent that has just ended makes two returns, which are none.
const RETURNS: usize = 3;
/// In which they come. Two agents take the link from each other within a minute.
const WITHIN: Duration = Duration::from_secs(10 * 60);
/// How long it is said after the last return.
const SAID_FOR: Duration = Duration::from_secs(60 * 60);
/// Starts that are remembered.
const STARTS: usize = 8;

#[derive(Debug, Clone, Default)]
pub(super) struct Holders {
    /// Latest last.
    starts: VecDeque<u32>,
    returns: VecDeque<Instant>,
    found: Option<Instant>,
}

impl Holders {
    /// A probe carries this number. Zero is that of an agent that draws none.
    pub(super) fn heard(&mut self, instance: u32, now: Instant) {
        if instance == 0 || self.starts.back() == Some(&instance) {
            return;
        }
        let before = self.starts.len();
        self.starts.retain(|start| *start != instance);
        if self.starts.len() < before {
            self.returned(now);
        }
        self.starts.push_back(instance);
        if self.starts.len() > STARTS {
            self.starts.pop_front();
        }
    }

    /// Whether there are two.
    pub(super) fn are_two(&self, now: Instant) -> bool {
        self.found.is_some_and(|found| now.saturating_duration_since(found) <= SAID_FOR)
    }

    fn returned(&mut self, now: Instant) {
        self.returns.push_back(now);
        if self.returns.len() > RETURNS {
            self.returns.pop_front();
        }
        let first = self.returns.front().filter(|_| self.returns.len() == RETURNS);
        if first.is_some_and(|first| now.saturating_duration_since(*first) <= WITHIN) {
            self.found = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    /// A probe every `pause`, from these starts; whether there are two holders after the last.
    fn check(starts: &[u32], pause: Duration, expected: bool) {
        let mut now = Instant::now();
        let mut holders = Holders::default();
        for start in starts {
            now += pause;
            holders.heard(*start, now);
        }
        assert_eq!(holders.are_two(now), expected, "{starts:?} every {pause:?}");
    }

    #[test]
    fn two_that_alternate_are_two() {
        check(&[1, 2, 1, 2, 1], MINUTE, true);
        check(&[1, 1, 1, 2, 2, 1, 1, 1, 2, 2, 1], MINUTE / 4, true);
        check(&[1, 2, 3, 1, 2, 3], MINUTE, true);
    }

    #[test]
    fn one_that_starts_again_and_again_is_one() {
        check(&[1, 1, 1], MINUTE, false);
        check(&(1..=200).collect::<Vec<_>>(), MINUTE, false);
        check(&[1, 2, 1, 2, 2, 2], MINUTE, false);
        check(&[0, 1, 0, 1, 0, 1, 0], MINUTE, false);
    }

    #[test]
    fn what_is_far_apart_is_chance_and_what_is_over_is_forgotten() {
        check(&[1, 2, 1, 2, 1], 6 * MINUTE, false);
        let now = Instant::now();
        let mut holders = Holders::default();
        [1, 2, 1, 2, 1].into_iter().for_each(|start| holders.heard(start, now));
        assert!(holders.are_two(now + 60 * MINUTE));
        assert!(!holders.are_two(now + 61 * MINUTE));
    }
}
