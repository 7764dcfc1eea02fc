//! The quality of the line, from the last 32 probes: the median round trip, how much it varies, and what was
//! lost.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use beffroi_protocol::quality::Quality;

const WINDOW: usize = 32;
/// Of fewer answers, one that had to wait for a handshake would be all that is seen.
const STEADY: u32 = 6;

/// What is measured. Pure: who calls says what time it is.
#[derive(Debug, Default)]
pub(crate) struct Line {
    probes: VecDeque<Sent>,
}

#[derive(Debug)]
struct Sent {
    sequence: u32,
    at: Instant,
    fate: Fate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Flying,
    Answered(Duration),
    Lost,
}

impl Line {
    pub(crate) fn sent(&mut self, sequence: u32, now: Instant) {
        if self.probes.len() == WINDOW {
            self.probes.pop_front();
        }
        self.probes.push_back(Sent { sequence, at: now, fate: Fate::Flying });
    }

    /// `false` for what was never asked, was asked long ago, or was answered already. A late answer
    /// counts: the line is slow, not cut.
    pub(crate) fn answered(&mut self, sequence: u32, now: Instant) -> bool {
        match self.probes.iter_mut().find(|probe| probe.sequence == sequence) {
            Some(probe) if !matches!(probe.fate, Fate::Answered(_)) => {
                probe.fate = Fate::Answered(now.saturating_duration_since(probe.at));
                true
            }
            _ => false,
        }
    }

    pub(crate) fn lost(&mut self, sequence: u32) {
        if let Some(probe) = self.probes.iter_mut().find(|probe| probe.sequence == sequence)
            && probe.fate == Fate::Flying
        {
            probe.fate = Fate::Lost;
        }
    }

    /// For a probe that never left.
    pub(crate) fn forget(&mut self, sequence: u32) {
        self.probes.retain(|probe| probe.sequence != sequence);
    }

    /// The gateway could not be reached since this moment, or never before: what went astray is no fault of the
    /// line, and the time of an answer that had to wait for that is not its round trip.
    pub(crate) fn forgive(&mut self, since: Option<Instant>) {
        match since {
            Some(since) => self.probes.retain(|probe| probe.at <= since),
            None => self.probes.retain(|probe| probe.fate != Fate::Lost),
        }
    }

    pub(crate) fn round_trip(&self) -> Option<Duration> {
        let mut times: Vec<Duration> = self.times().collect();
        times.sort_unstable();
        times.get(times.len() / 2).copied()
    }

    pub(crate) fn quality(&self) -> Option<Quality> {
        let (sent, answered) = self.count();
        Quality::of(self.round_trip(), self.jitter(), sent, answered)
    }

    /// The mean difference between two answers in a row; `None` before there are [`STEADY`].
    pub(crate) fn jitter(&self) -> Option<Duration> {
        let differences = self.times().zip(self.times().skip(1)).map(|(one, next)| one.abs_diff(next));
        let count = u32::try_from(self.times().count()).ok().filter(|count| *count >= STEADY)?;
        differences.sum::<Duration>().checked_div(count - 1)
    }

    fn times(&self) -> impl Iterator<Item = Duration> {
        self.probes.iter().filter_map(|probe| match probe.fate {
            Fate::Answered(time) => Some(time),
            Fate::Flying | Fate::Lost => None,
        })
    }

    /// How many probes have met their fate, and how many of these were answered: each at most 32.
    pub(crate) fn count(&self) -> (u8, u8) {
        let count = |wanted: fn(Fate) -> bool| self.probes.iter().filter(|probe| wanted(probe.fate)).count();
        let done = count(|fate| fate != Fate::Flying);
        let answered = count(|fate| matches!(fate, Fate::Answered(_)));
        // The window is 32 long.
        (done as u8, answered as u8)
    }

    /// In percent, rounded; `None` before the first probe has met its fate.
    pub(crate) fn loss(&self) -> Option<u8> {
        let (done, answered) = self.count();
        let lost = u32::from(done - answered);
        (done > 0).then(|| ((lost * 100 + u32::from(done) / 2) / u32::from(done)) as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each probe's round trip in milliseconds, `None` for a lost one.
    fn line(fates: &[Option<u64>]) -> Line {
        let mut line = Line::default();
        let start = Instant::now();
        for (fate, sequence) in fates.iter().zip(0..) {
            line.sent(sequence, start);
            match fate {
                Some(time) => assert!(line.answered(sequence, start + Duration::from_millis(*time))),
                None => line.lost(sequence),
            }
        }
        line
    }

    #[test]
    fn the_median_and_the_loss() {
        fn check(fates: &[Option<u64>], round_trip: Option<u64>, loss: Option<u8>) {
            let line = line(fates);
            assert_eq!(line.round_trip(), round_trip.map(Duration::from_millis), "{fates:?}");
            assert_eq!(line.loss(), loss, "{fates:?}");
        }
        check(&[], None, None);
        check(&[None], None, Some(100));
        check(&[Some(40)], Some(40), Some(0));
        check(&[Some(900), Some(40), Some(50)], Some(50), Some(0));
        check(&[Some(40), None, Some(60), None], Some(60), Some(50));
        check(&[Some(1), None, Some(1)], Some(1), Some(33));
    }

    #[test]
    fn the_jitter_is_the_mean_difference_of_neighbours() {
        fn check(fates: &[Option<u64>], jitter: Option<u64>) {
            assert_eq!(line(fates).jitter(), jitter.map(Duration::from_millis), "{fates:?}");
        }
        check(&[], None);
        check(&[Some(300); 5], None);
        check(&[Some(300); 6], Some(0));
        check(&[Some(300), None, Some(350), Some(300), Some(300), Some(300), Some(300)], Some(20));
    }

    #[test]
    fn only_the_last_32_count() {
        let line = line(&[vec![None; 10], vec![Some(5); 31], vec![None]].concat());
        assert_eq!(line.count(), (32, 31));
        assert_eq!(line.loss(), Some(3));
    }

    #[test]
    fn what_is_forgiven_is_no_loss() {
        let mut line = line(&[None, None, Some(5)]);
        line.forgive(Some(Instant::now()));
        assert_eq!(line.count(), (3, 1), "they were lost before");
        line.forgive(None);
        assert_eq!((line.count(), line.loss()), ((1, 1), Some(0)));
        let (before, after) = (Instant::now(), Instant::now() + Duration::from_secs(60));
        line.sent(7, after);
        line.answered(7, after + Duration::from_secs(2));
        line.forgive(Some(before));
        assert_eq!(line.round_trip(), Some(Duration::from_millis(5)));
    }

    #[test]
    fn a_probe_under_way_counts_for_nothing() {
        let mut line = line(&[Some(10)]);
        line.sent(7, Instant::now());
        assert_eq!(line.count(), (1, 1));
    }

    #[test]
    fn a_late_answer_counts_once_and_a_strange_one_never() {
        let mut line = line(&[None]);
        let now = Instant::now();
        assert!(line.answered(0, now));
        assert!(!line.answered(0, now));
        assert!(!line.answered(99, now));
        assert_eq!(line.loss(), Some(0));
    }
}
