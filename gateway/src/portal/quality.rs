//! What a link's figures mean to somebody who waits for a page.

use beffroi_protocol::quality;

use crate::links::{Link, State};

/// In one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quality {
    Good,
    Slow,
    Unsteady,
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
        match link.quality {
            None => Quality::Unmeasured,
            Some(quality::Quality::Good) => Quality::Good,
            Some(quality::Quality::Slow) => Quality::Slow,
            Some(quality::Quality::Unsteady) => Quality::Unsteady,
            Some(quality::Quality::Lossy) => Quality::Lossy,
        }
    }

    /// The look of the word, as the stylesheet names it.
    pub(super) fn class(self) -> &'static str {
        match self {
            Quality::Good | Quality::Unmeasured => "online",
            Quality::Slow | Quality::Unsteady | Quality::Lossy | Quality::Uncertain => "doubtful",
        }
    }

    /// The name of the text for the word.
    pub(super) fn word(self) -> &'static str {
        match self {
            Quality::Good => "portal-link-good",
            Quality::Slow => "portal-link-slow",
            Quality::Unsteady => "portal-link-unsteady",
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
            Quality::Unsteady => "portal-link-unsteady-means",
            Quality::Lossy => "portal-link-lossy-means",
            Quality::Uncertain => "portal-link-uncertain-means",
            Quality::Unmeasured => "portal-link-unmeasured-means",
        }
    }
}

#[cfg(test)]
mod tests {
    use beffroi_protocol::probe::Carrier;

    use super::*;

    #[test]
    fn figures_become_a_word() {
        let check = |state, quality, expected| {
            let link = Link {
                state,
                age: None,
                round_trip: None,
                jitter: None,
                loss: None,
                quality,
                probe_age: None,
                received: 0,
                sent: 0,
                endpoint: None,
                version: None,
                two_holders: false,
                mtu: None,
                carrier: Carrier::Udp,
            };
            assert_eq!(Quality::of(&link), expected, "{link:?}");
        };
        check(State::Online, Some(quality::Quality::Good), Quality::Good);
        check(State::Online, Some(quality::Quality::Slow), Quality::Slow);
        check(State::Online, Some(quality::Quality::Unsteady), Quality::Unsteady);
        check(State::Online, Some(quality::Quality::Lossy), Quality::Lossy);
        check(State::Online, None, Quality::Unmeasured);
        check(State::Never, None, Quality::Unmeasured);
        check(State::Doubtful, Some(quality::Quality::Good), Quality::Uncertain);
    }
}
