//! How the link is, as far as its keeper has seen: by the age of the last answer, and by nothing else.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use beffroi_protocol::probe::Carrier;
use beffroi_protocol::quality::Quality;
use serde::{Deserialize, Serialize};

/// A link is online up to this age of its last proof of life…
pub(super) const ONLINE: Duration = Duration::from_secs(180);
/// … then doubtful up to this one, then offline.
pub(super) const DOUBTFUL: Duration = Duration::from_secs(300);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Link {
    /// No answer since the agent started.
    Never,
    Online,
    Doubtful,
    Offline,
}

impl Link {
    /// `age` is that of the last answer.
    pub(crate) fn of_age(age: Option<Duration>) -> Self {
        match age {
            None => Self::Never,
            Some(age) if age <= ONLINE => Self::Online,
            Some(age) if age <= DOUBTFUL => Self::Doubtful,
            Some(_) => Self::Offline,
        }
    }
}

/// What is known of the link, for whoever asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) last_answer: Option<Instant>,
    pub(crate) round_trip: Option<Duration>,
    /// Percent of the last probes.
    pub(crate) loss: Option<u8>,
    pub(crate) jitter: Option<Duration>,
    pub(crate) quality: Option<Quality>,
    pub(crate) endpoint: Option<SocketAddr>,
    pub(crate) carrier: Carrier,
    /// The gateway answers: no recovery is under way.
    pub(crate) is_answering: bool,
    /// It does not, and something comes through the tunnel all the same.
    pub(crate) is_heard: bool,
}
