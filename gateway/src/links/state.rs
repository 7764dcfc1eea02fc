//! When a link counts as up: by the age of the last proof of life, and by nothing else.

use std::time::Duration;

/// A machine that is there proves it at least every 120 s (WireGuard's handshake), usually every 15 s.
pub(super) const ONLINE_UNTIL: Duration = Duration::from_secs(180);
const DOUBTFUL_UNTIL: Duration = Duration::from_secs(300);

/// In the order in which they want attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    Offline,
    Doubtful,
    /// The machine has never shown life with its own key.
    Never,
    Online,
    /// A device without an agent that says nothing: most often it was put away, which is no fault.
    Idle,
}

impl State {
    /// The same of a machine that has no agent, and sleeps when nobody looks at it.
    pub(super) fn without_agent(self) -> State {
        match self {
            State::Offline | State::Doubtful => State::Idle,
            State::Never | State::Online | State::Idle => self,
        }
    }
}

/// What was known of a machine before this process could hear it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Past {
    /// It has never been heard with its own key.
    Unheard,
    /// It was heard by an earlier process, which is gone; this one has listened for so long.
    Heard { listening: Duration },
}

/// The state of a link whose last proof of life is so old, by a monotonic clock.
pub(super) fn state(age: Option<Duration>, past: Past) -> State {
    match (age, past) {
        (Some(age), _) if age <= ONLINE_UNTIL => State::Online,
        (Some(age), _) if age <= DOUBTFUL_UNTIL => State::Doubtful,
        (Some(_), _) => State::Offline,
        (None, Past::Unheard) => State::Never,
        (None, Past::Heard { listening }) if listening <= DOUBTFUL_UNTIL => State::Doubtful,
        (None, Past::Heard { .. }) => State::Offline,
    }
}

/// What one look says of a commune's link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    Up,
    Down,
}

/// A commune is as well off as the best of its machines, of which these are the states and ages. Of a machine that
/// was never seen, and of one that this process has not heard but may yet hear, nothing is known.
pub(super) fn seen(machines: impl IntoIterator<Item = (State, Option<Duration>)>) -> Option<Seen> {
    let each = machines.into_iter().filter_map(|machine| match machine {
        (State::Online, _) => Some(Seen::Up),
        (State::Offline, _) | (State::Doubtful, Some(_)) => Some(Seen::Down),
        (State::Doubtful, None) | (State::Never | State::Idle, _) => None,
    });
    each.min_by_key(|seen| *seen != Seen::Up)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commune_is_as_well_off_as_its_best_machine() {
        let check = |machines: &[(State, Option<u64>)], expected: Option<Seen>| {
            let machines = machines.iter().map(|(state, age)| (*state, age.map(Duration::from_secs)));
            assert_eq!(seen(machines), expected);
        };
        check(&[], None);
        check(&[(State::Never, None)], None);
        check(&[(State::Doubtful, None)], None);
        check(&[(State::Doubtful, Some(200))], Some(Seen::Down));
        check(&[(State::Never, None), (State::Offline, None)], Some(Seen::Down));
        check(&[(State::Offline, Some(400)), (State::Online, Some(5))], Some(Seen::Up));
    }

    #[test]
    fn a_device_that_says_nothing_is_put_away() {
        let check = |state: State, expected: State| assert_eq!(state.without_agent(), expected);
        check(State::Online, State::Online);
        check(State::Doubtful, State::Idle);
        check(State::Offline, State::Idle);
        check(State::Never, State::Never);
    }

    #[test]
    fn a_link_is_as_good_as_its_last_proof_is_young() {
        let check = |age: Option<u64>, past: Past, expected: State| {
            assert_eq!(state(age.map(Duration::from_secs), past), expected, "{age:?} {past:?}");
        };
        let heard = |seconds| Past::Heard { listening: Duration::from_secs(seconds) };
        for past in [Past::Unheard, heard(0), heard(10_000)] {
            check(Some(0), past, State::Online);
            check(Some(180), past, State::Online);
            check(Some(181), past, State::Doubtful);
            check(Some(300), past, State::Doubtful);
            check(Some(301), past, State::Offline);
        }
        check(None, Past::Unheard, State::Never);
        check(None, heard(0), State::Doubtful);
        check(None, heard(300), State::Doubtful);
        check(None, heard(301), State::Offline);
    }
}
