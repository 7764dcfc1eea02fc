//! Tells the gateway how it stands with letting others in: once, and again when it stands otherwise.

use std::time::Instant;

use beffroi_protocol::serving::{PATH, Told};

use crate::channel::{Channels, RETRY};
use crate::under_way::UnderWay;

#[derive(Debug, Default)]
pub(super) struct Telling {
    /// What the gateway has said that it knows.
    known: Option<Told>,
    under_way: UnderWay<Option<Told>>,
    next: Option<Instant>,
}

impl Telling {
    /// The gateway wants something else, and has forgotten what it was told.
    pub(super) fn begin(&mut self) {
        self.under_way.give_up();
        (self.known, self.next) = (None, None);
    }

    /// The gateway answers: what it does not know yet is told by these.
    pub(super) async fn go_on(&mut self, told: &Told, channels: impl FnOnce() -> Channels, now: Instant) {
        if let Some(Some(known)) = self.under_way.outcome().await {
            (self.known, self.next) = (Some(known), None);
        }
        let is_due = self.next.is_none_or(|next| next <= now);
        if self.under_way.is_any() || self.known.as_ref() == Some(told) || !is_due {
            return;
        }
        self.next = Some(now + RETRY);
        let (channels, told) = (channels(), told.clone());
        self.under_way.begin(async move { channels.tell(PATH, &told).await.then_some(told) });
    }
}
