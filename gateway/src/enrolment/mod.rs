//! How a machine comes in: a referent makes an invitation, a sheet of paper carries its secret to the town
//! hall, and the machine that answers it is recorded, once.
//!
//! The secret is never stored. The temporary public key that both sides derive from it is, and is admitted
//! to the tunnel as a guest of the `directory`. This feature does not know how the tunnel is made (`links`)
//! nor how the machine's question arrives (`agents`).

mod answer;
mod batch;
mod invite;
mod list;
mod pages;
mod paper;
mod removal;
mod store;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::Ipv4Addr;
use std::num::ParseIntError;
use std::str::FromStr;

use beffroi_protocol::code::Code;
use beffroi_protocol::{PublicKey, temporary};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::access;
use crate::directory::{self, CommuneId, CommuneName, MachineId};
use crate::store::Read;

pub use answer::{Outcome, Refused, answer};
pub use batch::{Batch, Sheet, invite_list};
pub use invite::{Ordered, Wish, cancel, cancel_all, invited, order, without};
pub use list::{Line, Listing, Mistake, Wrong, import, read_list, read_typed};
pub use pages::{Desk, PATH, routes};
pub use paper::{Letterhead, PaperSheet, paper};
pub use removal::{removal, remove_commune};
pub use store::{TABLES, invitation, invitations, invitations_between};

/// How long an invitation may be answered.
pub const LIFETIME: SignedDuration = SignedDuration::from_hours(14 * 24);
/// How long the holder of a sheet is still told that it has expired, or was cancelled, instead of meeting
/// silence. During this time the temporary key reaches the enrolment port, and is refused there.
pub const FAREWELL: SignedDuration = SignedDuration::from_hours(7 * 24);
const _: () = assert!(LIFETIME.as_secs() + FAREWELL.as_secs() <= directory::LONGEST_STAY.as_secs());

/// The codes just made.
pub type Tray = access::Tray<InvitationId, Code>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InvitationId(u32);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    pub id: InvitationId,
    pub commune: CommuneId,
    pub purpose: Purpose,
    /// The temporary public key. Its private half follows from the secret on the sheet.
    pub key: PublicKey,
    pub created: Timestamp,
    /// Name of the referent.
    pub by: String,
    /// From then on it is not answered any more.
    pub expires: Timestamp,
    pub state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// One machine more for the town hall.
    New,
    /// Another computer takes the place of this machine.
    Replace(MachineId),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    Open,
    /// Answered by the machine that holds this key.
    Used {
        machine: MachineId,
        key: PublicKey,
        at: Timestamp,
    },
    Cancelled {
        at: Timestamp,
        by: String,
    },
}

/// What can be expected of an invitation at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Open,
    Expired,
    Used,
    Cancelled,
}

impl Invitation {
    /// Where its holder is seen inside the tunnel.
    pub fn address(&self) -> Ipv4Addr {
        temporary::address(&self.key)
    }

    /// Neither answered nor cancelled, and not expired: it may be answered now, or once the clock is right.
    fn is_pending(&self, now: Timestamp) -> bool {
        self.state == State::Open && now < self.expires
    }

    /// As far as its own record tells; [`standing`] knows more. One that has longer to live than any was made while
    /// the clock was ahead.
    fn recorded_standing(&self, now: Timestamp) -> Standing {
        match self.state {
            State::Open if self.is_pending(now) && self.expires.duration_since(now) <= LIFETIME => {
                Standing::Open
            }
            State::Open => Standing::Expired,
            State::Used { .. } => Standing::Used,
            State::Cancelled { .. } => Standing::Cancelled,
        }
    }
}

/// What can be expected of an invitation, given what has become of the machine that it is to replace: one that
/// was revoked afterwards stays out, until a referent wants its place taken again.
///
/// # Errors
/// Those of the store.
pub async fn standing(tx: &impl Read, invitation: &Invitation, now: Timestamp) -> Result<Standing, Error> {
    let standing = invitation.recorded_standing(now);
    let Purpose::Replace(id) = invitation.purpose else {
        return Ok(standing);
    };
    let revoked = directory::machine(tx, id).await?.and_then(|machine| machine.revoked);
    // Which revocation it is, and not whether it came before: a clock may be set back.
    let stays_out = match revoked {
        Some(revocation) => store::known_revocation(tx, invitation.id).await? != Some(revocation.at),
        None => false,
    };
    Ok(if standing == Standing::Open && stays_out { Standing::Cancelled } else { standing })
}

/// Whether a commune can be taken off the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    Possible,
    /// It has, or had, a machine or an invitation.
    HasHistory,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no commune {0}")]
    NoSuchCommune(CommuneId),
    #[error("there is no machine {0}")]
    NoSuchMachine(MachineId),
    #[error("there is no invitation {0}")]
    NoSuchInvitation(InvitationId),
    #[error("{0} has, or had, a machine or an invitation")]
    HasHistory(CommuneName),
    #[error("invitation {0} is not open")]
    NotOpen(InvitationId),
    #[error("nothing was chosen")]
    NothingChosen,
    #[error("beffroi-netd has not told the gateway's public key yet")]
    NoGatewayKey,
    #[error("the system has no randomness to give")]
    NoRandomness(#[source] getrandom::Error),
    #[error("the record of invitation {0} is not one that this program writes")]
    Damaged(InvitationId),
    #[error(transparent)]
    Directory(#[from] directory::Error),
    #[error(transparent)]
    Audit(#[from] crate::audit::Error),
    #[error(transparent)]
    Store(#[from] crate::store::Error),
}

impl fmt::Display for InvitationId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl FromStr for InvitationId {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        text.parse().map(Self)
    }
}
