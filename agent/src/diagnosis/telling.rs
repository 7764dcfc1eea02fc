//! Tells the gateway what was wrong, once it is reached again: the last thing only, and not for ever.

use std::time::{Duration, Instant};

use beffroi_protocol::diagnosis::{Cause, PATH, Told};
use hyper::StatusCode;
use tokio::task::JoinHandle;

use crate::channel::Channels;
use crate::journal::journal_text;

/// For a connection through a tunnel that is up.
const PATIENCE: Duration = Duration::from_secs(10);
const RETRY: Duration = Duration::from_secs(60);
/// A gateway that does not want to know is left in peace.
const ATTEMPTS: u32 = 5;

#[derive(Debug, Default)]
pub(super) struct Telling {
    pending: Option<Pending>,
    under_way: Option<JoinHandle<bool>>,
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
        self.give_up();
        self.pending = Some(Pending { cause, lasted, over: now, attempts: 0, next: now });
    }

    /// The gateway answers: what is to be told is told by these.
    pub(super) async fn go_on(&mut self, channels: impl FnOnce() -> Channels, now: Instant) {
        if self.under_way.as_ref().is_some_and(JoinHandle::is_finished)
            && let Some(under_way) = self.under_way.take()
            && under_way.await.unwrap_or_default()
        {
            self.pending = None;
        }
        let Some(pending) = self.pending.as_mut().filter(|pending| pending.next <= now) else { return };
        if self.under_way.is_some() {
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
        self.under_way = Some(tokio::spawn(async move { tell(&channels, &told).await }));
    }

    pub(super) fn give_up(&mut self) {
        if let Some(under_way) = self.under_way.take() {
            under_way.abort();
        }
    }
}

async fn tell(channels: &Channels, told: &Told) -> bool {
    match channels.post(PATH, told, PATIENCE).await {
        Ok((StatusCode::NO_CONTENT, _)) => return true,
        Ok((status, _)) => log::debug!("the gateway does not take what was found: {status}"),
        Err(error) => log::debug!("what was found cannot be told: {}", journal_text(&error)),
    }
    false
}
