//! Spreads the agents' timers, so that 22 town halls that lost the gateway together do not come back
//! in step. No secret depends on it.

use std::time::Duration;

/// A xorshift generator (Marsaglia, "Xorshift RNGs", 2003): the same seed gives the same times.
#[derive(Debug, Clone)]
pub(crate) struct Jitter(u64);

impl Jitter {
    pub(crate) fn new(seed: u64) -> Self {
        // Zero is the one state that the generator never leaves.
        Self(seed | 1)
    }

    /// # Errors
    /// When the system has no randomness to give.
    pub(crate) fn from_system() -> Result<Self, getrandom::Error> {
        let mut seed = [0; 8];
        getrandom::fill(&mut seed)?;
        Ok(Self::new(u64::from_le_bytes(seed)))
    }

    /// Evenly spread over `from` up to `to`.
    pub(crate) fn between(&mut self, from: Duration, to: Duration) -> Duration {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let share = (self.0 >> 32) as u32;
        from + to.saturating_sub(from).mul_f64(f64::from(share) / f64::from(u32::MAX))
    }

    /// Within a quarter of `time`, more or less.
    pub(crate) fn around(&mut self, time: Duration) -> Duration {
        self.between(time.mul_f64(0.75), time.mul_f64(1.25))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_spread_within_their_bounds() {
        let (from, to) = (Duration::from_secs(10), Duration::from_secs(15));
        let mut jitter = Jitter::new(0);
        let times: Vec<Duration> = (0..100).map(|_| jitter.between(from, to)).collect();
        assert!(times.iter().all(|time| (from..=to).contains(time)));
        assert!(times.iter().any(|time| *time < Duration::from_secs(11)));
        assert!(times.iter().any(|time| *time > Duration::from_secs(14)));
    }
}
