//! Finds the longest packet that passes on the way to the gateway and back: some lines silently drop long ones, and
//! pages then never end.
//!
//! Pure: lengths and the time go in, packets come out. A search begins with the tunnel's own length, which passes
//! almost everywhere; only where it does not, it goes on between that and what every line carries.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use beffroi_protocol::probe::Carrier;

/// What every line carries, in bytes (RFC 791).
const LEAST: u16 = 576;
/// WireGuard fills packets up to a multiple of this.
const STEP: u16 = 16;
/// A length that was not answered so often does not pass: lines lose short packets too.
const TRIES: u8 = 3;
/// How long an answer is awaited: four round trips of a short packet within these bounds.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(10));
/// A network that changes changes more than once.
const SETTLE: Duration = Duration::from_secs(1);
/// Lines change without a word.
const AGAIN: Duration = Duration::from_secs(60 * 60);

/// A packet to be sent inside the tunnel, `length` bytes with its headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Packet {
    pub(crate) number: u32,
    pub(crate) length: u16,
}

/// What carries the tunnel, and where to.
pub(crate) type Way = (Carrier, Option<SocketAddr>);

#[derive(Debug)]
pub(crate) struct Width {
    /// The tunnel's own length.
    full: u16,
    /// As far as it is known.
    longest: u16,
    /// On which the gateway answers.
    way: Option<Way>,
    search: Option<Search>,
    number: u32,
    /// When the next search begins; never while there is no link.
    next: Option<Instant>,
}

#[derive(Debug)]
struct Search {
    /// The number of its first packet: what is older says nothing of this line.
    first: u32,
    /// The longest that is known to pass.
    passes: Option<u16>,
    /// The shortest that is known not to.
    fails: Option<u16>,
    trying: u16,
    tries: u8,
    until: Instant,
}

impl Width {
    pub(crate) fn new(full: u16) -> Self {
        Self { full, longest: full, way: None, search: None, number: 0, next: None }
    }

    /// The longest packet that passes, in bytes; `None` where the tunnel's own do.
    pub(crate) fn longest(&self) -> Option<u16> {
        (self.longest < self.full).then_some(self.longest)
    }

    /// The tunnel's own length is another.
    pub(crate) fn follow(&mut self, full: u16, now: Instant) {
        if full != self.full {
            (self.full, self.longest) = (full, full);
            self.begin(now);
        }
    }

    /// The gateway answers on this way; on none, nothing can be found out. What was found on another stays until
    /// more is known.
    pub(crate) fn on(&mut self, way: Option<Way>, now: Instant) {
        if self.way != way {
            self.way = way;
            self.begin(now);
        }
    }

    /// The same way may lead over other lines now.
    pub(crate) fn begin(&mut self, now: Instant) {
        self.search = None;
        self.next = self.way.map(|_| now + SETTLE);
    }

    /// When [`Width::woken`] is due.
    pub(crate) fn wake(&self) -> Option<Instant> {
        self.search.as_ref().map(|search| search.until).or(self.next)
    }

    /// What to send now. `round_trip` is that of a short packet.
    pub(crate) fn woken(&mut self, round_trip: Option<Duration>, now: Instant) -> Option<Packet> {
        if self.wake().is_none_or(|wake| wake > now) {
            return None;
        }
        match self.search.as_mut() {
            Some(search) if search.passes >= Some(search.trying) => self.go_on(now),
            None => self.search = Some(Search::new(self.full, self.number, now)),
            Some(search) if search.tries < TRIES => {}
            Some(search) => {
                search.fails = Some(search.trying);
                self.go_on(now);
            }
        }
        self.send(round_trip, now)
    }

    /// The gateway has sent this one back.
    pub(crate) fn heard(&mut self, packet: Packet, now: Instant) {
        let Some(search) = self.search.as_mut() else { return };
        let is_ours = (search.first..self.number).contains(&packet.number);
        if !is_ours || search.passes >= Some(packet.length) {
            return;
        }
        search.passes = Some(packet.length);
        // A late answer to a longer one: the line is slow, not narrow.
        search.fails = search.fails.filter(|fails| *fails > packet.length);
        search.trying = search.trying.min(packet.length);
        search.until = now;
    }

    /// Chooses the next length, or ends the search.
    fn go_on(&mut self, now: Instant) {
        let Some(search) = self.search.as_mut() else { return };
        match search.next(self.full) {
            Some(length) => (search.trying, search.tries) = (length, 0),
            None => {
                // Where not even the shortest passes, the line is cut, or nobody there sends such packets back.
                if let Some(passes) = search.passes {
                    self.longest = passes;
                }
                self.search = None;
                self.next = Some(now + AGAIN);
            }
        }
    }

    fn send(&mut self, round_trip: Option<Duration>, now: Instant) -> Option<Packet> {
        let search = self.search.as_mut()?;
        search.tries += 1;
        search.until = now + (round_trip.unwrap_or_default() * 4).clamp(PATIENCE.0, PATIENCE.1);
        let packet = Packet { number: self.number, length: search.trying };
        self.number = self.number.wrapping_add(1);
        Some(packet)
    }
}

impl Search {
    fn new(full: u16, first: u32, now: Instant) -> Self {
        Self { first, passes: None, fails: None, trying: full, tries: 0, until: now }
    }

    /// Halves what is left between what passes and what does not.
    fn next(&self, full: u16) -> Option<u16> {
        match (self.passes, self.fails) {
            (None, Some(fails)) => (fails > LEAST).then_some(LEAST),
            (passes, None) => (passes != Some(full)).then_some(full),
            (Some(passes), Some(fails)) => {
                let middle = passes.midpoint(fails) / STEP * STEP;
                let between = if middle > passes { middle } else { (passes / STEP + 1) * STEP };
                (between < fails).then_some(between)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUND_TRIP: Duration = Duration::from_millis(40);

    fn way(last: u8) -> Option<Way> {
        Some((Carrier::Udp, Some(([192, 0, 2, last], 51820).into())))
    }

    /// On a way since then.
    fn width(full: u16, start: Instant) -> Width {
        let mut width = Width::new(full);
        width.on(way(1), start);
        width
    }

    /// Runs one search over a line that carries so much, and loses the packets of these numbers. Gives how many
    /// packets there were, and how long it took.
    fn search(width: &mut Width, carries: u16, lost: &[u32], start: Instant) -> (usize, Duration) {
        let (mut now, mut sent) = (start, 0);
        while let Some(wake) = width.wake().filter(|wake| *wake < start + AGAIN) {
            now = now.max(wake);
            let Some(packet) = width.woken(Some(ROUND_TRIP), now) else { continue };
            sent += 1;
            if packet.length <= carries && !lost.contains(&packet.number) {
                now += ROUND_TRIP;
                width.heard(packet, now);
            }
        }
        (sent, now - start)
    }

    fn found(full: u16, carries: u16) -> Width {
        let start = Instant::now();
        let mut width = width(full, start);
        search(&mut width, carries, &[], start);
        width
    }

    #[test]
    fn the_longest_that_passes_is_found() {
        fn check(full: u16, carries: u16, expected: Option<u16>) {
            assert_eq!(found(full, carries).longest(), expected, "{carries} of {full}");
        }
        check(1280, 1280, None);
        check(1280, 1279, Some(1264));
        check(1280, 1240, Some(1232));
        check(1280, 1232, Some(1232));
        check(1280, 600, Some(592));
        check(1280, 576, Some(576));
        check(1420, 1419, Some(1408));
        check(1420, 1420, None);
    }

    #[test]
    fn every_length_is_found_with_a_few_dozen_packets() {
        for carries in 576..1420 {
            let start = Instant::now();
            let mut width = width(1420, start);
            let (sent, lasted) = search(&mut width, carries, &[], start);
            let longest = width.longest().expect("less than the tunnel's own");
            assert!(longest <= carries && carries - longest < STEP, "{longest} of {carries}");
            assert!(sent <= 30 && lasted < Duration::from_secs(30), "{carries}: {sent} in {lasted:?}");
        }
    }

    #[test]
    fn a_good_line_costs_one_packet() {
        let start = Instant::now();
        let mut width = width(1280, start);
        assert_eq!(search(&mut width, 1280, &[], start), (1, SETTLE + ROUND_TRIP));
        assert_eq!(width.wake(), Some(start + SETTLE + ROUND_TRIP + AGAIN));
    }

    #[test]
    fn a_line_that_loses_some_is_not_taken_for_narrow() {
        let start = Instant::now();
        let mut width = width(1280, start);
        search(&mut width, 1280, &[0, 1], start);
        assert_eq!(width.longest(), None);
    }

    #[test]
    fn a_late_answer_counts() {
        let start = Instant::now();
        let mut width = width(1280, start);
        let second = |count| start + count * Duration::from_secs(1);
        let late = width.woken(None, second(1)).expect("a search begins");
        let shorter = (2..=4).filter_map(|count| width.woken(None, second(count))).last();
        assert_eq!(shorter.map(|packet| packet.length), Some(LEAST));
        width.heard(late, second(5));
        assert_eq!(width.woken(None, second(5)), None);
        assert_eq!((width.longest(), width.wake()), (None, Some(second(5) + AGAIN)));
    }

    #[test]
    fn what_was_found_stays_while_nothing_more_is_known() {
        let (mut width, start) = (found(1280, 1240), Instant::now());
        width.on(way(2), start);
        assert_eq!(width.longest(), Some(1232));
        search(&mut width, 0, &[], start);
        assert_eq!(width.longest(), Some(1232), "the line is cut");
        width.begin(start);
        search(&mut width, 1280, &[], start);
        assert_eq!(width.longest(), None, "it is another line");
    }

    #[test]
    fn answers_to_an_earlier_search_say_nothing() {
        let start = Instant::now();
        let mut width = width(1280, start);
        let early = width.woken(None, start + SETTLE).expect("a search begins");
        width.begin(start);
        let packet = width.woken(None, start + SETTLE).expect("another search begins");
        width.heard(early, start + SETTLE);
        width.heard(Packet { number: 99, ..packet }, start + SETTLE);
        assert_eq!(width.wake(), Some(start + SETTLE + PATIENCE.0), "the answer is still awaited");
    }

    #[test]
    fn nothing_is_sent_without_a_way() {
        let start = Instant::now();
        let mut width = width(1280, start);
        width.on(None, start);
        width.begin(start);
        assert_eq!((width.wake(), width.woken(None, start + AGAIN)), (None, None));
    }

    #[test]
    fn another_length_of_the_tunnel_is_tried() {
        let (mut width, now) = (found(1280, 1240), Instant::now());
        width.follow(1280, now);
        assert_eq!(width.longest(), Some(1232));
        width.follow(1420, now);
        assert_eq!((width.longest(), width.wake()), (None, Some(now + SETTLE)));
    }
}
