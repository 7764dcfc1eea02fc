//! Tells the gateway what was wrong, once it is reached again: the last thing only, and not for ever.

use std::time::{Duration, Instant};

use beffroi_protocol::diagnosis::{Cause, PATH, Told};

use crate::channel::{Channels, RETRY};
use crate::under_way::UnderWay;

/// A gateway that does not want to know is left in peace.
const ATTEMPTS: u32 = 5;

#[derive(Debug, Default)]
pub(super) struct Telling {
    pending: Option<Pending>,
    under_way: UnderWay<bool>,
}

#[derive(Debug, Clone, Copy)]
struct Pending {
    cause: Cause,
    lasted: Duration,
    over: Instant,
    attempts: u32,
    next: Instant,
}

impl Telling {
    /// Over `now`.
    pub(super) fn note(&mut self, cause: Cause, lasted: Duration, now: Instant) {
        self.under_way.give_up();
        self.pending = Some(Pending { cause, lasted, over: now, attempts: 0, next: now });
    }

    /// The gateway answers: what is to be told is told by these.
    pub(super) async fn go_on(&mut self, channels: impl FnOnce() -> Channels, now: Instant) {
        if self.under_way.outcome().await == Some(true) {
            self.pending = None;
        }
        let Some(pending) = self.pending.as_mut().filter(|pending| pending.next <= now) else { return };
        if self.under_way.is_any() {
            return;
        }
        if pending.attempts == ATTEMPTS {
            self.pending = None;
            return;
        }
        pending.attempts += 1;
        pending.next = now + RETRY;
        let Pending { cause, lasted, over, .. } = *pending;
        let ago = now.saturating_duration_since(over).as_secs();
        let told = Told { cause, lasted: lasted.as_secs(), ago };
        let channels = channels();
        self.under_way.begin(async move { channels.tell(PATH, &told).await });
    }
}
