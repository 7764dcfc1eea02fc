//! Guessing is slowed down, for each origin and for each account, and nobody is locked out.
//!
//! An origin that guesses is told to wait. An account that is guessed at answers everyone later, by a few
//! seconds at most: whoever attacks it cannot keep its owner away. Pure: the time is an argument.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Mistakes that cost nothing.
const FREE: u32 = 5;
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

/// The mistakes of the last minutes.
#[derive(Debug, Default)]
pub(super) struct Slowdown(HashMap<Who, Mistakes>);

/// What happens to a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is looked at after that long.
    Looked(Duration),
    /// It is not looked at; the origin may try again after that long.
    Refused(Duration),
}

impl Slowdown {
    /// Asked before a password is looked at.
    pub(super) fn judge(&self, origin: IpAddr, account: &str, now: Instant) -> Verdict {
        let waited = |who: &Who| self.0.get(who).map(|m| (m.count, now.saturating_duration_since(m.last)));
        if let Some((count, since)) = waited(&Who::Origin(origin)) {
            let wait = doubling(count, LONGEST_WAIT);
            if since < wait {
                return Verdict::Refused(wait - since);
            }
        }
        match waited(&Who::Account(account.to_owned())) {
            Some((count, since)) if since < FORGOTTEN => Verdict::Looked(doubling(count, LONGEST_DELAY)),
            _ => Verdict::Looked(Duration::ZERO),
        }
    }

    pub(super) fn failed(&mut self, origin: IpAddr, account: &str, now: Instant) {
        self.0.retain(|_, mistakes| now.saturating_duration_since(mistakes.last) < FORGOTTEN);
        if self.0.len() >= REMEMBERED
            && let Some(oldest) = self.0.iter().min_by_key(|(_, m)| m.last).map(|(who, _)| who.clone())
        {
            self.0.remove(&oldest);
        }
        for who in [Who::Origin(origin), Who::Account(account.to_owned())] {
            let mistakes = self.0.entry(who).or_insert(Mistakes { count: 0, last: now });
            *mistakes = Mistakes { count: mistakes.count.saturating_add(1), last: now };
        }
    }

    pub(super) fn succeeded(&mut self, origin: IpAddr, account: &str) {
        self.0.remove(&Who::Origin(origin));
        self.0.remove(&Who::Account(account.to_owned()));
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

    fn after(mistakes: u32, now: Instant) -> Slowdown {
        let mut slowdown = Slowdown::default();
        (0..mistakes).for_each(|_| slowdown.failed(ATTACKER, "jeanne", now));
        slowdown
    }

    #[test]
    fn who_guesses_waits_longer_and_longer() {
        let now = Instant::now();
        let check = |mistakes, expected| {
            assert_eq!(after(mistakes, now).judge(ATTACKER, "other", now), expected, "{mistakes} mistakes");
        };
        check(4, Verdict::Looked(Duration::ZERO));
        check(5, Verdict::Refused(Duration::from_secs(1)));
        check(8, Verdict::Refused(Duration::from_secs(8)));
        check(1000, Verdict::Refused(LONGEST_WAIT));
    }

    #[test]
    fn the_owner_of_an_account_is_never_kept_out() {
        let now = Instant::now();
        let slowdown = after(1000, now);
        assert_eq!(slowdown.judge(OWNER, "jeanne", now), Verdict::Looked(LONGEST_DELAY));
        assert_eq!(slowdown.judge(OWNER, "other", now), Verdict::Looked(Duration::ZERO));
    }

    #[test]
    fn mistakes_are_forgotten() {
        let now = Instant::now();
        let slowdown = after(1000, now);
        assert_eq!(slowdown.judge(ATTACKER, "jeanne", now + FORGOTTEN), Verdict::Looked(Duration::ZERO));
        let mut slowdown = after(6, now);
        slowdown.succeeded(ATTACKER, "jeanne");
        assert_eq!(slowdown.judge(ATTACKER, "jeanne", now), Verdict::Looked(Duration::ZERO));
    }

    #[test]
    fn memory_is_bounded() {
        let now = Instant::now();
        let mut slowdown = Slowdown::default();
        for number in 0..u32::try_from(REMEMBERED).expect("fits") + 100 {
            slowdown.failed(IpAddr::V4(number.into()), "jeanne", now);
        }
        assert!(slowdown.0.len() <= REMEMBERED + 1);
    }
}
