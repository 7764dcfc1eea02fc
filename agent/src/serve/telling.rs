//! Tells the gateway how it stands with letting others in: once, and again when it stands otherwise.

use std::time::{Duration, Instant};

use beffroi_protocol::serving::{PATH, Told};
use hyper::StatusCode;
use tokio::task::JoinHandle;

use crate::channel::Channels;
use crate::journal::journal_text;

/// For a connection through a tunnel that is up.
const PATIENCE: Duration = Duration::from_secs(10);
const RETRY: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(super) struct Telling {
    /// What the gateway has said that it knows.
    known: Option<Told>,
    under_way: Option<JoinHandle<Option<Told>>>,
    next: Option<Instant>,
}

impl Telling {
    /// The gateway wants something else, and has forgotten what it was told.
    pub(super) fn begin(&mut self) {
        self.give_up();
        (self.known, self.next) = (None, None);
    }

    /// The gateway answers: what it does not know yet is told by these.
    pub(super) async fn go_on(&mut self, told: &Told, channels: impl FnOnce() -> Channels, now: Instant) {
        if self.under_way.as_ref().is_some_and(JoinHandle::is_finished)
            && let Some(under_way) = self.under_way.take()
            && let Ok(Some(known)) = under_way.await
        {
            (self.known, self.next) = (Some(known), None);
        }
        let is_due = self.next.is_none_or(|next| next <= now);
        if self.under_way.is_some() || self.known.as_ref() == Some(told) || !is_due {
            return;
        }
        self.next = Some(now + RETRY);
        let (channels, told) = (channels(), told.clone());
        self.under_way = Some(tokio::spawn(async move { tell(&channels, &told).await.then_some(told) }));
    }

    fn give_up(&mut self) {
        if let Some(under_way) = self.under_way.take() {
            under_way.abort();
        }
    }
}

impl Drop for Telling {
    fn drop(&mut self) {
        self.give_up();
    }
}

async fn tell(channels: &Channels, told: &Told) -> bool {
    match channels.post(PATH, told, PATIENCE).await {
        Ok((StatusCode::NO_CONTENT, _)) => return true,
        Ok((status, _)) => log::debug!("the gateway does not take who is let in: {status}"),
        Err(error) => log::debug!("who is let in cannot be told: {}", journal_text(&error)),
    }
    false
}
