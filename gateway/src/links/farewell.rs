//! The last word to machines that are let in no more, said while the tunnel still carries it: so a machine knows
//! that it was revoked, and does not take it for a fault. One that is switched off then does not hear it.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::sleep;

/// For a datagram to go through the tunnel's queue before its peer is taken away.
const UNDER_WAY: Duration = Duration::from_millis(100);

/// Says it. The other end is [`Leaving`].
#[derive(Debug, Clone)]
pub struct Farewells(UnboundedSender<SocketAddr>);

/// To whom it is to be said.
pub type Leaving = UnboundedReceiver<SocketAddr>;

pub fn farewells() -> (Farewells, Leaving) {
    let (say, leaving) = unbounded_channel();
    (Farewells(say), leaving)
}

impl Farewells {
    pub(super) async fn say(&self, leaving: Vec<SocketAddr>) {
        for machine in leaving {
            if self.0.send(machine).is_err() {
                return log::debug!("nobody is there to say farewell");
            }
        }
        sleep(UNDER_WAY).await;
    }
}
