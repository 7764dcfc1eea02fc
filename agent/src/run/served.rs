//! The other computers of the town hall, while the link is kept: whoever is let in is what the gateway wants
//! now, and nobody once it has said farewell.

use std::time::Instant;

use super::kept::Membership;
use crate::membership;

impl Membership {
    /// Lets in whom the gateway wants let in now.
    pub(super) async fn serve(&mut self) {
        self.serving.settle(&self.joined, self.examination.is_dismissed()).await;
    }

    /// The same if it may be otherwise than a moment ago.
    pub(super) async fn serve_again(&mut self, was_dismissed: bool) {
        if self.examination.is_dismissed() != was_dismissed {
            self.serve().await;
        }
    }

    /// The gateway answers: tells it how it stands.
    pub(super) async fn tell_serving(&mut self, interface: &str, now: Instant) {
        self.serving.tell(|| membership::channels(interface, &self.joined), now).await;
    }
}
