//! The answer to a machine that holds an invitation: checked, consumed and recorded in one transaction, so
//! that whatever is repeated, crossed or cut short, there is one machine or none.

use std::net::Ipv4Addr;

use beffroi_protocol::enrolment::{Reason, Request};
use jiff::Timestamp;

use super::store::{by_address, take_preshared, update};
use super::{Error, Invitation, Purpose, Standing, State, standing};
use crate::audit::{self, About, Act, Entry};
use crate::directory::{self, Commune, Machine, MachineName, Network, NewMachine};
use crate::store::{Read, Write};

/// A machine that is a member now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub machine: Machine,
    pub commune: Commune,
    /// Whether its link has a preshared key.
    pub preshared: bool,
    /// Whether this answer recorded it, or an earlier one did.
    pub first: bool,
}

/// Why a machine is not let in.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("no invitation goes with the temporary address")]
    Unknown,
    #[error("the invitation has expired")]
    Expired,
    #[error("the invitation has brought in another machine")]
    Used,
    #[error("the machine that the invitation brought in has been revoked")]
    Revoked,
    #[error("the invitation was cancelled")]
    Cancelled,
    #[error("the name of the machine is not one")]
    Name(#[source] directory::InvalidName),
    #[error("the key is not the machine's own")]
    Key,
    #[error("the tunnel network has no address left")]
    NetworkFull,
    #[error(transparent)]
    Broken(#[from] Error),
}

impl Refused {
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Unknown => Reason::Unknown,
            Self::Expired => Reason::Expired,
            Self::Used => Reason::Used,
            Self::Revoked | Self::Cancelled => Reason::Cancelled,
            Self::Name(_) | Self::Key => Reason::Malformed,
            Self::NetworkFull | Self::Broken(_) => Reason::Broken,
        }
    }

    /// Identifier of the sentence for the person at the machine.
    pub const fn message(&self) -> &'static str {
        match self {
            Self::Unknown => "enrolment-refused-unknown",
            Self::Expired => "enrolment-refused-expired",
            Self::Used => "enrolment-refused-used",
            Self::Revoked => "enrolment-refused-revoked",
            Self::Cancelled => "enrolment-refused-cancelled",
            Self::Name(_) => "enrolment-refused-name",
            Self::Key => "enrolment-refused-key",
            Self::NetworkFull => "enrolment-refused-full",
            Self::Broken(_) => "enrolment-refused-broken",
        }
    }
}

/// Lets in the machine that asks from `address`, whose holder has proved to have the secret.
///
/// # Errors
/// [`Refused`]; nothing is written then.
pub async fn answer(
    tx: &mut impl Write,
    network: &Network,
    address: Ipv4Addr,
    request: &Request,
    now: Timestamp,
) -> Result<Outcome, Refused> {
    let invitation = by_address(tx, address.octets()).await?.ok_or(Refused::Unknown)?;
    match standing(tx, &invitation, now).await? {
        Standing::Open => {}
        Standing::Expired => return Err(Refused::Expired),
        Standing::Cancelled => return Err(Refused::Cancelled),
        Standing::Used => return again(tx, &invitation, request).await,
    }
    let name = MachineName::parse(&request.name).map_err(Refused::Name)?;
    let (machine, act) = match invitation.purpose {
        Purpose::New => {
            let new = NewMachine { commune: invitation.commune, name, key: request.key, at: now };
            (directory::add_machine(tx, network, new).await, Act::MachineEnrolled)
        }
        Purpose::Replace(id) => {
            (directory::replace_key(tx, id, request.key, now).await, Act::MachineReplaced)
        }
    };
    let machine = machine.map_err(|error| match error {
        directory::Error::KeyTaken(_) | directory::Error::KeyReserved => Refused::Key,
        directory::Error::NetworkFull => Refused::NetworkFull,
        other => Refused::Broken(other.into()),
    })?;
    let preshared = take_preshared(tx, invitation.id).await?.filter(|_| request.preshared);
    directory::set_preshared(tx, machine.id, preshared.as_ref()).await.map_err(Error::from)?;
    let commune = commune_of(tx, &machine).await?;
    let used = State::Used { machine: machine.id, key: request.key, at: now };
    update(tx, &Invitation { state: used, ..invitation }).await?;
    let about = About::machine(Some(commune.name.to_string()), machine.name.to_string(), machine.id.number());
    let entry = Entry { at: now, who: commune.name.town_hall(), act, about };
    audit::record(tx, entry).await.map_err(Error::from)?;
    Ok(Outcome { machine, commune, preshared: preshared.is_some(), first: true })
}

/// The invitation has been answered: the machine that did it gets the same answer, any other none.
async fn again(tx: &impl Read, invitation: &Invitation, request: &Request) -> Result<Outcome, Refused> {
    let State::Used { machine: id, key, .. } = invitation.state else {
        return Err(Refused::Used);
    };
    let machine = directory::machine(tx, id).await.map_err(Error::from)?.ok_or(Refused::Used)?;
    if key != request.key || machine.key != key {
        return Err(Refused::Used);
    }
    if !machine.is_active() {
        return Err(Refused::Revoked);
    }
    let commune = commune_of(tx, &machine).await?;
    let preshared = directory::has_preshared(tx, id).await.map_err(Error::from)?;
    Ok(Outcome { machine, commune, preshared, first: false })
}

async fn commune_of(tx: &impl Read, machine: &Machine) -> Result<Commune, Error> {
    directory::commune(tx, machine.commune).await?.ok_or(Error::NoSuchCommune(machine.commune))
}

impl From<crate::store::Error> for Refused {
    fn from(error: crate::store::Error) -> Self {
        Self::Broken(error.into())
    }
}
