//! Secrets just made, kept in memory so that the one who made them can print them, reload the page, or save a
//! file. Never on disk; gone after half an hour, or with the process.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::AccountId;

/// How long a secret can be shown.
const KEPT: Duration = Duration::from_secs(30 * 60);
/// How often those whose time is over are looked for.
const SWEPT_EVERY: Duration = Duration::from_secs(60);

/// A handle to the one tray of its kind: for each `I`, an `S` that is shown to one person. Cheap to clone.
pub struct Tray<I, S>(Arc<Mutex<HashMap<I, Kept<S>>>>);

struct Kept<S> {
    secret: S,
    owner: AccountId,
    since: Instant,
}

impl<I: Copy + Eq + Hash, S: Clone> Tray<I, S> {
    pub fn put(&self, id: I, secret: S, owner: AccountId, now: Instant) {
        self.kept().insert(id, Kept { secret, owner, since: now });
    }

    /// The secret, for the one who made it, as long as it is kept.
    pub fn shown(&self, id: I, asked_by: AccountId, now: Instant) -> Option<S> {
        let kept = self.kept();
        let found = kept.get(&id).filter(|kept| kept.owner == asked_by && kept.is_kept(now));
        found.map(|kept| kept.secret.clone())
    }

    /// What was taken back needs not be shown.
    pub fn remove(&self, id: I) {
        self.kept().remove(&id);
    }

    /// Forgets secrets in time, whether or not anyone asks; for ever.
    pub async fn tend(self) {
        let mut tick = tokio::time::interval(SWEPT_EVERY);
        loop {
            tick.tick().await;
            self.sweep(Instant::now());
        }
    }

    fn sweep(&self, now: Instant) {
        self.kept().retain(|_, kept| kept.is_kept(now));
    }

    /// Every entry is whole whenever the lock is free.
    fn kept(&self) -> MutexGuard<'_, HashMap<I, Kept<S>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> Kept<S> {
    fn is_kept(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) < KEPT
    }
}

impl<I, S> Clone for Tray<I, S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<I, S> Default for Tray<I, S> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

/// What is in it is secret.
impl<I, S> fmt::Debug for Tray<I, S> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Tray")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_shown_to_who_made_it_for_half_an_hour() {
        let (tray, start) = (Tray::default(), Instant::now());
        let (mine, other) = (AccountId(1), AccountId(2));
        tray.put(1, "secret", mine, start);
        let later = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(tray.shown(1, mine, later(1799)), Some("secret"));
        assert_eq!(tray.shown(1, mine, later(1800)), None);
        assert_eq!(tray.shown(1, other, start), None);
        assert_eq!(tray.shown(2, mine, start), None);

        tray.sweep(later(1799));
        assert_eq!(tray.kept().len(), 1);
        tray.sweep(later(1800));
        assert_eq!(tray.kept().len(), 0);

        tray.put(1, "secret", mine, start);
        tray.remove(1);
        assert_eq!(tray.shown(1, mine, start), None);
    }
}
