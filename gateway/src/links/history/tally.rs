//! What was seen of a link in a stretch of time.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::links::state::Seen;

/// Milliseconds of an hour, which hold in 32 bits as those of a day do.
pub(super) const HOUR: u32 = 3_600_000;

/// Adds up: hours to days, days to months, machines' bytes to a commune's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::links) struct Tally {
    /// Milliseconds in which someone looked, and in which the link was up.
    observed: u64,
    online: u64,
    /// Bytes.
    pub(in crate::links) received: u64,
    pub(in crate::links) sent: u64,
    round_trips: RoundTrips,
}

/// As the agents reported them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct RoundTrips {
    count: u32,
    /// Milliseconds.
    sum: u64,
    worst: u32,
}

impl Tally {
    pub(super) fn of(seen: Seen, elapsed: Duration) -> Self {
        let observed = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        let online = if seen == Seen::Up { observed } else { 0 };
        Self { observed, online, ..Self::default() }
    }

    pub(super) fn carry(&mut self, received: u64, sent: u64) {
        self.received = self.received.saturating_add(received);
        self.sent = self.sent.saturating_add(sent);
    }

    pub(super) fn report(&mut self, round_trip: Duration) {
        let millis = u32::try_from(round_trip.as_millis()).unwrap_or(u32::MAX);
        self.add(&Self {
            round_trips: RoundTrips { count: 1, sum: millis.into(), worst: millis },
            ..Self::default()
        });
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.observed = self.observed.saturating_add(other.observed);
        self.online = self.online.saturating_add(other.online);
        self.carry(other.received, other.sent);
        let (mine, theirs) = (&mut self.round_trips, other.round_trips);
        mine.count = mine.count.saturating_add(theirs.count);
        mine.sum = mine.sum.saturating_add(theirs.sum);
        mine.worst = mine.worst.max(theirs.worst);
    }

    /// The same, within so many milliseconds in all: a wall clock that was put back shows one hour twice. What is
    /// too much is left out, with its share of the time online.
    pub(super) fn add_within(&mut self, other: &Self, room: u32) {
        let room = u64::from(room).saturating_sub(self.observed);
        let mut other = *other;
        if other.observed > room {
            other.online = other.online.min(room.saturating_mul(other.online) / other.observed);
            other.observed = room;
        }
        self.add(&other);
    }

    pub(in crate::links) fn is_observed(&self) -> bool {
        self.observed > 0
    }

    #[cfg(test)]
    pub(super) fn observed(&self) -> Duration {
        Duration::from_millis(self.observed)
    }

    /// Time in which someone looked and the link was not up.
    pub(in crate::links) fn down(&self) -> Duration {
        Duration::from_millis(self.observed.saturating_sub(self.online))
    }

    /// The part of the observed time in which the link was up, in thousandths, rounded down: only what was never
    /// down is whole.
    pub(in crate::links) fn permille(&self) -> Option<u16> {
        let permille = self.online.saturating_mul(1000).checked_div(self.observed)?;
        u16::try_from(permille.min(1000)).ok()
    }

    pub(in crate::links) fn mean_round_trip(&self) -> Option<Duration> {
        self.round_trips.sum.checked_div(self.round_trips.count.into()).map(Duration::from_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn tally(up: u32, down: u32) -> Tally {
        let mut tally = Tally::of(Seen::Up, up * MINUTE);
        tally.add(&Tally::of(Seen::Down, down * MINUTE));
        tally
    }

    #[test]
    fn only_what_was_never_down_is_whole() {
        let check = |up, down, expected: Option<u16>| assert_eq!(tally(up, down).permille(), expected);
        check(0, 0, None);
        check(60, 0, Some(1000));
        check(100_000, 1, Some(999));
        check(1, 1, Some(500));
        check(0, 1, Some(0));
    }

    #[test]
    fn an_hour_never_holds_more_than_an_hour() {
        let check = |before: Tally, more: Tally, observed: u32, down: u32| {
            let mut hour = before;
            hour.add_within(&more, HOUR);
            assert_eq!((hour.observed(), hour.down()), (observed * MINUTE, down * MINUTE));
        };
        check(tally(30, 0), tally(10, 5), 45, 5);
        check(tally(60, 0), tally(0, 60), 60, 0);
        check(tally(50, 0), tally(10, 10), 60, 5);
        check(tally(0, 0), tally(90, 0), 60, 0);
    }

    #[test]
    fn round_trips_have_a_mean() {
        let mut tally = Tally::default();
        assert_eq!(tally.mean_round_trip(), None);
        tally.report(Duration::from_millis(40));
        tally.report(Duration::from_millis(60));
        assert_eq!(tally.mean_round_trip(), Some(Duration::from_millis(50)));
    }
}
