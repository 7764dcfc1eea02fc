//! What is said to machines unasked, while the tunnel still carries it: the last word to those that are let in no
//! more, so that they do not take it for a fault, and that the gateway is about to have its next key. One that is
//! switched off then does not hear it.

use std::net::SocketAddr;
use std::time::Duration;

use beffroi_protocol::probe::{CHANGING, FAREWELL};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::sleep;

/// For a datagram to go through the tunnel's queue before the tunnel is changed.
const UNDER_WAY: Duration = Duration::from_millis(100);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    Farewell,
    Changing,
}

impl Word {
    pub const fn bytes(self) -> &'static [u8] {
        match self {
            Self::Farewell => FAREWELL,
            Self::Changing => CHANGING,
        }
    }
}

/// Says it. The other end is [`Leaving`].
#[derive(Debug, Clone)]
pub struct Farewells(UnboundedSender<(Word, SocketAddr)>);

/// What is to be said, and to whom.
pub type Leaving = UnboundedReceiver<(Word, SocketAddr)>;

pub fn farewells() -> (Farewells, Leaving) {
    let (say, leaving) = unbounded_channel();
    (Farewells(say), leaving)
}

impl Farewells {
    pub async fn say(&self, word: Word, machines: Vec<SocketAddr>) {
        if machines.is_empty() {
            return;
        }
        for machine in machines {
            if self.0.send((word, machine)).is_err() {
                return log::debug!("nobody is there to say {word:?}");
            }
        }
        sleep(UNDER_WAY).await;
    }
}
