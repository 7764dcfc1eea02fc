//! Codes just made, kept in memory so that the one who made them can print them, reload the page, or save a
//! file. Never on disk; gone after half an hour, or with the process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use beffroi_protocol::code::Code;

use super::InvitationId;
use crate::access::PersonId;

/// How long a code can be shown.
const KEPT: Duration = Duration::from_secs(30 * 60);
/// How often those whose time is over are looked for.
const SWEPT_EVERY: Duration = Duration::from_secs(60);

/// A handle to the one tray. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Tray(Arc<Mutex<HashMap<InvitationId, Kept>>>);

#[derive(Debug)]
struct Kept {
    code: Code,
    owner: PersonId,
    since: Instant,
}

impl Tray {
    pub fn put(&self, invitation: InvitationId, code: Code, owner: PersonId, now: Instant) {
        self.kept().insert(invitation, Kept { code, owner, since: now });
    }

    /// The code, for the one who made it, as long as it is kept.
    pub fn code(&self, invitation: InvitationId, asked_by: PersonId, now: Instant) -> Option<Code> {
        let kept = self.kept();
        let found = kept.get(&invitation).filter(|kept| kept.owner == asked_by && kept.is_kept(now));
        found.map(|kept| kept.code.clone())
    }

    /// An invitation that was cancelled needs no sheet.
    pub fn remove(&self, invitation: InvitationId) {
        self.kept().remove(&invitation);
    }

    /// Forgets codes in time, whether or not anyone asks; for ever.
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
    fn kept(&self) -> MutexGuard<'_, HashMap<InvitationId, Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn is_kept(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) < KEPT
    }
}

#[cfg(test)]
mod tests {
    use beffroi_protocol::PublicKey;
    use beffroi_protocol::temporary::Secret;

    use super::*;

    fn person(number: u32) -> PersonId {
        serde_json::from_value(number.into()).expect("a number")
    }

    #[test]
    fn a_code_is_shown_to_who_made_it_for_half_an_hour() {
        let (tray, start) = (Tray::default(), Instant::now());
        let (invitation, other) = (InvitationId(1), InvitationId(2));
        let code = Code {
            gateway: "192.0.2.1:51820".parse().expect("an endpoint"),
            key: PublicKey::from_bytes([1; 32]),
            secret: Secret::from_bytes([2; 16]),
        };
        tray.put(invitation, code.clone(), person(1), start);
        let later = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(tray.code(invitation, person(1), later(1799)), Some(code.clone()));
        assert_eq!(tray.code(invitation, person(1), later(1800)), None);
        assert_eq!(tray.code(invitation, person(2), start), None);
        assert_eq!(tray.code(other, person(1), start), None);

        tray.sweep(later(1799));
        assert_eq!(tray.kept().len(), 1);
        tray.sweep(later(1800));
        assert_eq!(tray.kept().len(), 0);

        tray.put(invitation, code, person(1), start);
        tray.remove(invitation);
        assert_eq!(tray.code(invitation, person(1), start), None);
    }
}
