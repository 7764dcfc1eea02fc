//! What was said about whom in the last minute, so that nobody fills the journal. Pure: the time is an argument.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use log::Level;

const MINUTE: Duration = Duration::from_secs(60);
/// What is remembered at most; beyond, everything more is a detail.
const REMEMBERED: usize = 1000;

#[derive(Debug, Default)]
pub(super) struct Said(HashMap<(&'static str, IpAddr), Instant>);

impl Said {
    /// A warning the first time in a minute, a detail after that.
    pub(super) fn level(&mut self, what: &'static str, origin: IpAddr, now: Instant) -> Level {
        self.0.retain(|_, at| now.saturating_duration_since(*at) < MINUTE);
        if self.0.contains_key(&(what, origin)) || self.0.len() >= REMEMBERED {
            return Level::Debug;
        }
        self.0.insert((what, origin), now);
        Level::Warn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_named_once_a_minute() {
        let mut said = Said::default();
        let start = Instant::now();
        let mut check = |what, last, seconds, expected| {
            let origin = IpAddr::from([10, 66, 1, last]);
            let found = said.level(what, origin, start + Duration::from_secs(seconds));
            assert_eq!(found, expected, "{what} of {origin} after {seconds} s");
        };
        check("guess", 7, 0, Level::Warn);
        check("guess", 7, 59, Level::Debug);
        check("guess", 8, 59, Level::Warn);
        check("admin", 7, 59, Level::Warn);
        check("guess", 7, 60, Level::Warn);
    }

    #[test]
    fn many_origins_do_not_fill_the_journal() {
        let mut said = Said::default();
        let now = Instant::now();
        let warned = (0..5000_u32)
            .filter(|number| said.level("guess", IpAddr::from(number.to_be_bytes()), now) == Level::Warn);
        assert_eq!(warned.count(), REMEMBERED);
    }
}
