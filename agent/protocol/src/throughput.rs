//! How much a line carries, measured when somebody asks for it and at no other time: gateway and agent send each
//! other bytes inside the tunnel, first down, then up, and each counts what arrives.
//!
//! `GET /v1/throughput` at the members' port asks for [`UPGRADE`] (RFC 9110, section 7.8), with `?order=NUMBER`
//! when the gateway has ordered it in the [membership](crate::membership); it is answered 101, or 409 with a
//! [`Refused`]. Then the gateway sends frames, each a length and as many bytes ([`Sending`]), up to one that is
//! empty; for each, the agent sends back how much has come in all ([`Receiving`]). Then the other way round. At
//! last the agent tells its [`Count`], and the gateway its own, which it has written down with the other.
//!
//! Bounds, in each direction: [`LONGEST`] and [`MOST`], and no more under way than makes the line's queue half a
//! second longer. Whoever else is on the line waits that much, and nothing is left of it when the time is over.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

pub const PATH: &str = "/v1/throughput";
/// The protocol that the connection is upgraded to.
pub const UPGRADE: &str = "throughput";
/// Nothing is sent later, in each direction.
pub const LONGEST: Duration = Duration::from_secs(8);
/// Nor more bytes.
pub const MOST: u64 = 8 << 20;
/// For all of it, on a line that stands still for seconds.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Bytes under way at the start, and at least: less than what TCP sends at once, so that what is waited for is the
/// line and not TCP.
const LEAST: u64 = 8 << 10;
/// How much longer an answer may take than the quickest one.
const QUEUE: Duration = Duration::from_millis(500);
/// A frame is an eighth of what is under way, in bytes within these bounds: few answers on a fast line, and a fine
/// measure on a slow one.
const FRAME: (u64, u64) = (1 << 10, 32 << 10);
/// What took no longer is counted whole: on a line that is so fast, half of it is over before a busy machine has
/// looked twice.
const SHORT: Duration = Duration::from_millis(500);
/// The length in front of each frame.
const HEADER: u64 = 2;

/// What came in, and how long it took: bytes at the program (no headers, and nothing twice), in the second half of
/// the time. A connection needs the first half to get up to speed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    pub bytes: u64,
    pub micros: u64,
}

/// What a line is good for: the same words at both ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enough {
    /// Pages and mail.
    Reading,
    /// And documents, given some time.
    Documents,
    /// And several people at once.
    Everyone,
}

/// Why nothing is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    pub reason: Reason,
    /// Seconds after which it may be asked again.
    pub wait: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The gateway measures another line, or this one.
    UnderWay,
    /// This line was measured a moment ago.
    TooSoon,
    /// The order does not stand any more.
    Lapsed,
    /// The gateway could not look.
    Broken,
    /// Something that a later version knows.
    #[serde(other)]
    Other,
}

/// The other side does not speak this protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("{0} bytes are said to have come, which were not sent")]
    Answer(u64),
    #[error("a frame of {0} bytes, which is too short")]
    Frame(u16),
    #[error("more than {MOST} bytes come")]
    TooMuch,
}

/// What the sender is to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Send a frame of so many bytes.
    Send(u16),
    /// Wait for the next answer.
    Listen,
    /// All has arrived: send the empty frame.
    End,
}

/// Who sends. As much is under way as the line carries without a queue of its own, which the answers tell by
/// being late.
#[derive(Debug)]
pub struct Sending {
    start: Instant,
    sent: u64,
    answered: u64,
    window: u64,
    /// What had been sent with each frame under way, and when that was.
    flying: VecDeque<(u64, Instant)>,
    quickest: Option<Duration>,
}

/// Who counts.
#[derive(Debug, Default)]
pub struct Receiving {
    /// What had come, and when.
    arrivals: Vec<(u64, Instant)>,
}

impl Count {
    pub const LENGTH: usize = 16;

    /// `None` when it took no time.
    pub fn bits_per_second(self) -> Option<u64> {
        let bits = u128::from(self.bytes) * 8 * 1_000_000;
        u64::try_from(bits.checked_div(self.micros.into())?).ok()
    }

    pub fn to_bytes(self) -> [u8; Self::LENGTH] {
        let mut bytes = [0; Self::LENGTH];
        bytes[..8].copy_from_slice(&self.bytes.to_be_bytes());
        bytes[8..].copy_from_slice(&self.micros.to_be_bytes());
        bytes
    }

    pub fn from_bytes(bytes: [u8; Self::LENGTH]) -> Self {
        let number = u128::from_be_bytes(bytes);
        Self { bytes: (number >> 64) as u64, micros: number as u64 }
    }
}

impl Enough {
    /// Bits per second. A page of the intranet has a few kilobytes, a scanned report some two megabytes: on a
    /// line that is good for documents it comes within 40 s, and is sent within 80.
    pub fn of(received: u64, sent: u64) -> Self {
        match (received, sent) {
            (4_000_000.., 1_000_000..) => Self::Everyone,
            (400_000.., 200_000..) => Self::Documents,
            _ => Self::Reading,
        }
    }
}

impl Sending {
    pub fn new(now: Instant) -> Self {
        Self { start: now, sent: 0, answered: 0, window: LEAST, flying: VecDeque::new(), quickest: None }
    }

    /// A frame that is to be sent counts as sent.
    pub fn step(&mut self, now: Instant) -> Step {
        let frame = (self.window / 8).clamp(FRAME.0, FRAME.1);
        let is_over = now.saturating_duration_since(self.start) >= LONGEST || self.sent + frame > MOST;
        let under_way = self.sent - self.answered;
        if is_over && under_way == 0 {
            Step::End
        } else if is_over || under_way + frame > self.window {
            Step::Listen
        } else {
            self.sent += frame;
            self.flying.push_back((self.sent, now));
            Step::Send((frame - HEADER) as u16)
        }
    }

    /// So much has arrived, in bytes.
    ///
    /// # Errors
    /// When that cannot be.
    pub fn heard(&mut self, total: u64, now: Instant) -> Result<(), Unfit> {
        let mut sent = None;
        while let Some((_, at)) = self.flying.pop_front_if(|(until, _)| *until <= total) {
            sent = Some(at);
        }
        let Some(sent) = sent.filter(|_| total <= self.sent) else { return Err(Unfit::Answer(total)) };
        let fresh = total - self.answered;
        self.answered = total;
        let took = now.saturating_duration_since(sent);
        let quickest = *self.quickest.insert(self.quickest.map_or(took, |quickest| quickest.min(took)));
        if took < quickest + QUEUE {
            self.window += fresh;
        } else {
            self.window = self.window.saturating_sub(fresh / 2).max(LEAST);
        }
        Ok(())
    }

    /// In bytes.
    pub fn sent(&self) -> u64 {
        self.sent
    }
}

impl Receiving {
    /// A frame of so many bytes is here. Gives the answer to it.
    ///
    /// # Errors
    /// When it is too much, or too little to be worth an answer.
    pub fn arrived(&mut self, length: u16, now: Instant) -> Result<u64, Unfit> {
        let before = self.arrivals.last().map_or(0, |(total, _)| *total);
        let frame = u64::from(length) + HEADER;
        let total = before + frame;
        if frame < FRAME.0 {
            return Err(Unfit::Frame(length));
        }
        if total > MOST {
            return Err(Unfit::TooMuch);
        }
        self.arrivals.push((total, now));
        Ok(total)
    }

    /// `None` when too little has come to tell.
    pub fn count(&self) -> Option<Count> {
        let ((_, first), (total, last)) = (self.arrivals.first()?, self.arrivals.last()?);
        let lasted = last.saturating_duration_since(*first);
        let middle = *first + if lasted > SHORT { lasted / 2 } else { Duration::ZERO };
        let counted = self.arrivals.partition_point(|(_, at)| *at <= middle).checked_sub(1)?;
        let (before, since) = self.arrivals[counted];
        let micros = u64::try_from(last.saturating_duration_since(since).as_micros()).unwrap_or(u64::MAX);
        (micros > 0).then_some(Count { bytes: total - before, micros })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line of so many bits per second, with a round trip of so long, and a queue that loses nothing.
    #[derive(Debug, Clone, Copy)]
    struct Line {
        rate: u64,
        round_trip: Duration,
    }

    #[derive(Debug)]
    struct Seen {
        count: Count,
        /// The longest that a frame took, there and back.
        slowest: Duration,
        lasted: Duration,
        sent: u64,
    }

    /// Sends over a line on which time passes as told.
    fn measure(line: Line) -> Seen {
        let start = Instant::now();
        let (mut sending, mut receiving) = (Sending::new(start), Receiving::default());
        let (mut now, mut free, mut slowest) = (start, start, Duration::ZERO);
        let mut answers: VecDeque<(Instant, u64)> = VecDeque::new();
        loop {
            match sending.step(now) {
                Step::Send(length) => {
                    let bits = (u64::from(length) + HEADER) * 8;
                    free = free.max(now) + Duration::from_secs_f64(bits as f64 / line.rate as f64);
                    let total = receiving.arrived(length, free + line.round_trip / 2).expect("not too much");
                    answers.push_back((free + line.round_trip, total));
                    slowest = slowest.max(free + line.round_trip - now);
                }
                Step::Listen => {
                    let (at, total) = answers.pop_front().expect("something is under way");
                    now = now.max(at);
                    sending.heard(total, now).expect("it was sent");
                }
                Step::End => break,
            }
        }
        let count = receiving.count().expect("enough has come");
        Seen { count, slowest, lasted: now - start, sent: sending.sent() }
    }

    #[test]
    fn what_a_line_carries_is_found_within_the_bounds() {
        fn check(rate: u64, round_trip: u64) {
            let line = Line { rate, round_trip: Duration::from_millis(round_trip) };
            let seen = measure(line);
            let found = seen.count.bits_per_second().expect("it took time");
            let share = found as f64 / rate as f64;
            assert!((0.9..1.05).contains(&share), "{line:?}: {found} bit/s, {seen:?}");
            assert!(
                seen.sent <= MOST && seen.lasted < LONGEST + Duration::from_secs(2),
                "{line:?}: {seen:?}"
            );
            assert!(seen.slowest < line.round_trip + Duration::from_millis(1500), "{line:?}: {seen:?}");
        }
        check(56_000, 300);
        check(64_000, 300);
        check(512_000, 40);
        check(512_000, 300);
        check(4_000_000, 60);
        check(20_000_000, 40);
        check(100_000_000, 20);
    }

    #[test]
    fn a_satellite_is_not_taken_for_a_slow_line() {
        let found = measure(Line { rate: 20_000_000, round_trip: Duration::from_millis(600) }).count;
        assert!(found.bits_per_second() > Some(15_000_000), "{found:?}");
    }

    #[test]
    fn the_second_half_of_the_time_is_counted() {
        fn check(arrivals: &[(u64, u16)], expected: Option<(u64, u64)>) {
            let (start, mut receiving) = (Instant::now(), Receiving::default());
            for (millis, bytes) in arrivals {
                let at = start + Duration::from_millis(*millis);
                receiving.arrived(bytes - HEADER as u16, at).expect("not too much");
            }
            let count = receiving.count().map(|count| (count.bytes, count.micros / 1000));
            assert_eq!(count, expected, "{arrivals:?}");
        }
        check(&[], None);
        check(&[(0, 2000)], None);
        check(&[(0, 2000), (0, 2000)], None);
        check(&[(0, 2000), (100, 2000)], Some((2000, 100)));
        check(&[(0, 2000), (1000, 2000), (1500, 1100), (2000, 1300)], Some((2400, 1000)));
        check(&[(0, 2000), (100, 2000), (2000, 1300)], Some((1300, 1900)));
        check(&[(0, 2000), (400, 2000), (500, 1300)], Some((3300, 500)));
    }

    #[test]
    fn who_answers_nonsense_is_found_out() {
        fn check(total: u64, expected: Result<(), Unfit>) {
            let now = Instant::now();
            let mut sending = Sending::new(now);
            assert_eq!([sending.step(now), sending.step(now)], [Step::Send(1022), Step::Send(1022)]);
            assert_eq!(sending.heard(total, now), expected, "{total}");
        }
        check(0, Err(Unfit::Answer(0)));
        check(1024, Ok(()));
        check(2048, Ok(()));
        check(4096, Err(Unfit::Answer(4096)));
    }

    #[test]
    fn no_more_is_taken_than_may_be_sent() {
        let (now, mut receiving) = (Instant::now(), Receiving::default());
        for _ in 0..MOST / (32 << 10) {
            receiving.arrived((32 << 10) - 2, now).expect("not too much");
        }
        assert_eq!(receiving.arrived(1022, now), Err(Unfit::TooMuch));
        assert_eq!(receiving.arrived(1021, now), Err(Unfit::Frame(1021)));
    }

    #[test]
    fn a_line_is_good_for_what_both_directions_carry() {
        let check = |received, sent, expected| assert_eq!(Enough::of(received, sent), expected);
        check(56_000, 33_000, Enough::Reading);
        check(399_000, 20_000_000, Enough::Reading);
        check(20_000_000, 199_000, Enough::Reading);
        check(462_000, 230_000, Enough::Documents);
        check(20_000_000, 900_000, Enough::Documents);
        check(8_000_000, 1_000_000, Enough::Everyone);
    }

    #[test]
    fn a_count_travels() {
        let count = Count { bytes: 1 << 40, micros: 12_345 };
        assert_eq!(Count::from_bytes(count.to_bytes()), count);
        assert_eq!(Count { bytes: 1_000_000, micros: 2_000_000 }.bits_per_second(), Some(4_000_000));
        assert_eq!(Count { bytes: 1, micros: 0 }.bits_per_second(), None);
    }
}
