//! What a link's figures mean to somebody who waits for a page.

use std::time::Duration;

use crate::links::{Link, State};

/// Beyond this, every page is felt to take its time.
const SLOW: Duration = Duration::from_millis(250);
/// Beyond this, what is lost is felt too.
const LOSSY_PERCENT: u8 = 4;

/// In one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quality {
    Good,
    Slow,
    Lossy,
    /// The page came through, and yet the machine has not been heard for a while.
    Uncertain,
    /// It is up; nothing was measured yet.
    Unmeasured,
}

impl Quality {
    pub(super) fn of(link: &Link) -> Quality {
        if matches!(link.state, State::Doubtful | State::Offline) {
            return Quality::Uncertain;
        }
        if link.loss.is_some_and(|loss| loss.percent() > LOSSY_PERCENT) {
            return Quality::Lossy;
        }
        match link.round_trip {
            None => Quality::Unmeasured,
            Some(round_trip) if round_trip > SLOW => Quality::Slow,
            Some(_) => Quality::Good,
        }
    }

    /// The look of the word, as the stylesheet names it.
    pub(super) fn class(self) -> &'static str {
        match self {
            Quality::Good | Quality::Unmeasured => "online",
            Quality::Slow | Quality::Lossy | Quality::Uncertain => "doubtful",
        }
    }

    /// The name of the text for the word.
    pub(super) fn word(self) -> &'static str {
        match self {
            Quality::Good => "portal-link-good",
            Quality::Slow => "portal-link-slow",
            Quality::Lossy => "portal-link-lossy",
            Quality::Uncertain => "portal-link-uncertain",
            Quality::Unmeasured => "portal-link-unmeasured",
        }
    }

    /// The name of the text that says what it means.
    pub(super) fn meaning(self) -> &'static str {
        match self {
            Quality::Good => "portal-link-good-means",
            Quality::Slow => "portal-link-slow-means",
            Quality::Lossy => "portal-link-lossy-means",
            Quality::Uncertain => "portal-link-uncertain-means",
            Quality::Unmeasured => "portal-link-unmeasured-means",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::links::Loss;

    #[test]
    fn figures_become_a_word() {
        let check = |state, millis: Option<u64>, answered: Option<u8>, expected| {
            let link = Link {
                state,
                age: None,
                round_trip: millis.map(Duration::from_millis),
                loss: answered.map(|answered| Loss { sent: 100, answered }),
                received: 0,
                sent: 0,
                endpoint: None,
                version: None,
            };
            assert_eq!(Quality::of(&link), expected, "{link:?}");
        };
        check(State::Online, Some(40), Some(100), Quality::Good);
        check(State::Online, Some(40), None, Quality::Good);
        check(State::Online, Some(600), Some(99), Quality::Slow);
        check(State::Online, Some(600), Some(80), Quality::Lossy);
        check(State::Online, None, None, Quality::Unmeasured);
        check(State::Never, None, None, Quality::Unmeasured);
        check(State::Doubtful, Some(40), Some(100), Quality::Uncertain);
    }
}
