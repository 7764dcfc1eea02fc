//! Guessing is slowed down, for each origin and for each account, and nobody is locked out.
//!
//! An origin that guesses is told to wait. An account that is guessed at answers everyone later, by a few
//! seconds at most: whoever attacks it cannot keep its owner away. Pure: the time is an argument.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Mistakes that cost nothing.
const FREE: u32 = 5;
/// Tries of one origin that are under way at once: somebody presses a button twice.
const UNDER_WAY: u32 = 2;
const LONGEST_WAIT: Duration = Duration::from_secs(60);
const LONGEST_DELAY: Duration = Duration::from_secs(4);
/// After this long without a mistake, all are forgotten.
const FORGOTTEN: Duration = Duration::from_secs(15 * 60);
/// What is remembered at most; beyond, the oldest goes.
const REMEMBERED: usize = 10_000;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Who {
    Origin(IpAddr),
    Account(String),
}

#[derive(Debug, Clone, Copy)]
struct Mistakes {
    count: u32,
    last: Instant,
}

/// The mistakes of the last minutes, and the tries that are under way.
#[derive(Debug, Default)]
pub(super) struct Slowdown {
    mistakes: HashMap<Who, Mistakes>,
    under_way: HashMap<IpAddr, u32>,
}

/// What happens to a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is looked at after that long, and counts as a mistake until it has [succeeded](Slowdown::succeeded).
    Looked(Duration),
    /// It is not looked at; the origin may try again after that long.
    Refused(Duration),
}

impl Slowdown {
    /// Asked before a password is looked at. What is looked at is counted here and now, so that a thousand
    /// tries at once are a thousand mistakes; [`Slowdown::ended`] follows it in any case.
    pub(super) fn begin(&mut self, origin: IpAddr, account: &str, now: Instant) -> Verdict {
        if self.under_way.get(&origin).is_some_and(|count| *count >= UNDER_WAY) {
            return Verdict::Refused(Duration::from_secs(1));
        }
        if let Some((count, since)) = self.known(&Who::Origin(origin), now) {
            let wait = doubling(count, LONGEST_WAIT);
            if since < wait {
                return Verdict::Refused(wait - since);
            }
        }
        let delay = match self.known(&Who::Account(account.to_owned()), now) {
            Some((count, since)) if since < FORGOTTEN => doubling(count, LONGEST_DELAY),
            _ => Duration::ZERO,
        };
        self.make_room(now);
        for who in [Who::Origin(origin), Who::Account(account.to_owned())] {
            let mistakes = self.mistakes.entry(who).or_insert(Mistakes { count: 0, last: now });
            *mistakes = Mistakes { count: mistakes.count.saturating_add(1), last: now };
        }
        *self.under_way.entry(origin).or_default() += 1;
        Verdict::Looked(delay)
    }

    /// It was a mistake, and known to be one now: whoever waits, waits from now on.
    pub(super) fn failed(&mut self, origin: IpAddr, account: &str, now: Instant) {
        for who in [Who::Origin(origin), Who::Account(account.to_owned())] {
            // Another try that succeeded meanwhile has had them forgotten.
            self.mistakes.entry(who).or_insert(Mistakes { count: 1, last: now }).last = now;
        }
    }

    pub(super) fn succeeded(&mut self, origin: IpAddr, account: &str) {
        self.mistakes.remove(&Who::Origin(origin));
        self.mistakes.remove(&Who::Account(account.to_owned()));
    }

    /// A try is under way no more, whatever came of it.
    pub(super) fn ended(&mut self, origin: IpAddr) {
        if let Some(count) = self.under_way.get_mut(&origin) {
            *count -= 1;
            if *count == 0 {
                self.under_way.remove(&origin);
            }
        }
    }

    /// How many mistakes, and how long ago the last one was.
    fn known(&self, who: &Who, now: Instant) -> Option<(u32, Duration)> {
        self.mistakes.get(who).map(|known| (known.count, now.saturating_duration_since(known.last)))
    }

    fn make_room(&mut self, now: Instant) {
        self.mistakes.retain(|_, known| now.saturating_duration_since(known.last) < FORGOTTEN);
        if self.mistakes.len() >= REMEMBERED
            && let Some(oldest) =
                self.mistakes.iter().min_by_key(|(_, known)| known.last).map(|(who, _)| who.clone())
        {
            self.mistakes.remove(&oldest);
        }
    }
}

/// Nothing for the first mistakes, then a second, two, four...
fn doubling(count: u32, longest: Duration) -> Duration {
    match count.checked_sub(FREE) {
        None => Duration::ZERO,
        Some(beyond) => Duration::from_secs(1 << beyond.min(16)).min(longest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ATTACKER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 66, 1, 7));
    const OWNER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 66, 1, 8));

    /// After so many mistakes, one after the other, each as soon as it was allowed; and when that was.
    fn after(mistakes: u32, start: Instant) -> (Slowdown, Instant) {
        let mut slowdown = Slowdown::default();
        let mut now = start;
        for _ in 0..mistakes {
            if let Verdict::Refused(wait) = slowdown.begin(ATTACKER, "jeanne", now) {
                now += wait;
                assert_ne!(slowdown.begin(ATTACKER, "jeanne", now), Verdict::Refused(wait));
            }
            slowdown.failed(ATTACKER, "jeanne", now);
            slowdown.ended(ATTACKER);
        }
        (slowdown, now)
    }

    #[test]
    fn who_guesses_waits_longer_and_longer() {
        let check = |mistakes, expected| {
            let (mut slowdown, now) = after(mistakes, Instant::now());
            assert_eq!(slowdown.begin(ATTACKER, "other", now), expected, "{mistakes} mistakes");
        };
        check(4, Verdict::Looked(Duration::ZERO));
        check(5, Verdict::Refused(Duration::from_secs(1)));
        check(8, Verdict::Refused(Duration::from_secs(8)));
        check(100, Verdict::Refused(LONGEST_WAIT));
    }

    #[test]
    fn a_try_is_counted_before_it_is_looked_at() {
        let now = Instant::now();
        let mut slowdown = Slowdown::default();
        for _ in 0..FREE {
            assert_eq!(slowdown.begin(ATTACKER, "jeanne", now), Verdict::Looked(Duration::ZERO));
            slowdown.ended(ATTACKER);
        }
        assert_eq!(slowdown.begin(ATTACKER, "jeanne", now), Verdict::Refused(Duration::from_secs(1)));
    }

    #[test]
    fn two_tries_of_an_origin_are_looked_at_at_once() {
        let now = Instant::now();
        let mut slowdown = Slowdown::default();
        for _ in 0..UNDER_WAY {
            assert_eq!(slowdown.begin(ATTACKER, "jeanne", now), Verdict::Looked(Duration::ZERO));
        }
        assert_eq!(slowdown.begin(ATTACKER, "jeanne", now), Verdict::Refused(Duration::from_secs(1)));
        assert_eq!(slowdown.begin(OWNER, "jeanne", now), Verdict::Looked(Duration::ZERO));
        slowdown.ended(ATTACKER);
        assert_eq!(slowdown.begin(ATTACKER, "jeanne", now), Verdict::Looked(Duration::ZERO));
    }

    #[test]
    fn the_wait_begins_when_the_mistake_is_known() {
        let begun = Instant::now();
        let known = begun + Duration::from_secs(30);
        let (mut slowdown, now) = after(FREE, begun);
        assert_eq!(now, begun);
        slowdown.failed(ATTACKER, "jeanne", known);
        assert_eq!(slowdown.begin(ATTACKER, "jeanne", known), Verdict::Refused(Duration::from_secs(1)));
    }

    #[test]
    fn the_owner_of_an_account_is_never_kept_out() {
        let (mut slowdown, now) = after(100, Instant::now());
        assert_eq!(slowdown.begin(OWNER, "jeanne", now), Verdict::Looked(LONGEST_DELAY));
        assert_eq!(slowdown.begin(OWNER, "other", now), Verdict::Looked(Duration::ZERO));
    }

    #[test]
    fn mistakes_are_forgotten() {
        let (mut slowdown, now) = after(100, Instant::now());
        assert_eq!(slowdown.begin(ATTACKER, "jeanne", now + FORGOTTEN), Verdict::Looked(Duration::ZERO));
        let (mut slowdown, now) = after(6, Instant::now());
        slowdown.succeeded(ATTACKER, "jeanne");
        assert_eq!(slowdown.begin(ATTACKER, "jeanne", now), Verdict::Looked(Duration::ZERO));
    }

    #[test]
    fn memory_is_bounded() {
        let now = Instant::now();
        let mut slowdown = Slowdown::default();
        for number in 0..u32::try_from(REMEMBERED).expect("fits") + 100 {
            let origin = IpAddr::V4(number.into());
            slowdown.begin(origin, "jeanne", now);
            slowdown.ended(origin);
        }
        assert!(slowdown.mistakes.len() <= REMEMBERED + 1);
        assert!(slowdown.under_way.is_empty());
    }
}
