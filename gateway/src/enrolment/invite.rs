//! Making invitations and taking them back.

use std::collections::BTreeSet;

use beffroi_protocol::PublicKey;
use beffroi_protocol::code::{Code, Endpoint};
use beffroi_protocol::temporary::Secret;
use jiff::Timestamp;

use super::store::{self, all, next_id};
use super::{Error, FAREWELL, Invitation, InvitationId, LIFETIME, Purpose, Standing, State, standing};
use crate::audit::{self, About, Act, Entry};
use crate::directory::{self, Commune, CommuneId, Machine, MachineId};
use crate::store::{Read, Write};

/// For whom invitations are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// One machine more for each of these.
    Communes(Vec<CommuneId>),
    /// A first machine for each commune that has none, and no open invitation either.
    Without,
    /// Another computer in the place of this machine.
    Replace(MachineId),
}

/// An invitation just made, with the secret that is not kept.
#[derive(Debug, Clone)]
pub struct Ordered {
    pub invitation: Invitation,
    pub commune: Commune,
    pub code: Code,
    /// Those that it took back.
    pub instead_of: Vec<InvitationId>,
}

/// Makes invitations, all or none. Their numbers follow one another.
///
/// # Errors
/// [`Error::NothingChosen`], [`Error::NoGatewayKey`], and what the wish names and is not there.
pub async fn order(
    tx: &mut impl Write,
    wish: &Wish,
    endpoint: &Endpoint,
    by: &str,
    now: Timestamp,
) -> Result<Vec<Ordered>, Error> {
    let gateway = directory::coming_gateway_key(tx).await?.ok_or(Error::NoGatewayKey)?;
    directory::sweep_guests(tx, now).await?;
    let mut made = Vec::new();
    for (commune, replaced) in wanted(tx, wish, now).await? {
        let purpose = match &replaced {
            None => Purpose::New,
            Some(machine) => Purpose::Replace(machine.id),
        };
        let instead_of = cancel_others_in(tx, purpose, by, now).await?;
        let (invitation, secret) = draw(tx, commune.id, purpose, by, now).await?;
        if let Some(revocation) = replaced.as_ref().and_then(|machine| machine.revoked.as_ref()) {
            store::keep_revocation(tx, invitation.id, revocation.at).await?;
        }
        let code = Code { gateway: endpoint.clone(), key: gateway, secret };
        note(tx, Act::InvitationCreated, &commune, replaced.as_ref(), by, now).await?;
        made.push(Ordered { invitation, commune, code, instead_of });
    }
    if made.is_empty() {
        return Err(Error::NothingChosen);
    }
    Ok(made)
}

/// Takes an open invitation back. Its holder is told so for a while. Asking twice is asking once.
///
/// # Errors
/// [`Error::NoSuchInvitation`]; [`Error::NotOpen`] when it was used or has expired.
pub async fn cancel(tx: &mut impl Write, id: InvitationId, by: &str, now: Timestamp) -> Result<(), Error> {
    let invitation = store::invitation(tx, id).await?.ok_or(Error::NoSuchInvitation(id))?;
    match invitation.state {
        State::Cancelled { .. } => return Ok(()),
        State::Open if invitation.is_pending(now) => {}
        State::Open | State::Used { .. } => return Err(Error::NotOpen(id)),
    }
    let commune = commune(tx, invitation.commune).await?;
    let replaced = match invitation.purpose {
        Purpose::New => None,
        Purpose::Replace(machine) => directory::machine(tx, machine).await?,
    };
    store::take_preshared(tx, id).await?;
    note(tx, Act::InvitationCancelled, &commune, replaced.as_ref(), by, now).await?;
    directory::admit(tx, &invitation.key, now + FAREWELL, now).await?;
    store::update(tx, &Invitation { state: State::Cancelled { at: now, by: by.to_owned() }, ..invitation })
        .await
}

/// The same for every open invitation: the gateway is to have another key than that on the sheets.
pub async fn cancel_all(tx: &mut impl Write, by: &str, now: Timestamp) -> Result<Vec<InvitationId>, Error> {
    let open: Vec<_> = all(tx)
        .await?
        .into_iter()
        .filter(|invitation| invitation.recorded_standing(now) == Standing::Open)
        .map(|invitation| invitation.id)
        .collect();
    for id in &open {
        cancel(tx, *id, by, now).await?;
    }
    Ok(open)
}

/// The communes that have an open invitation.
pub async fn invited(tx: &impl Read, now: Timestamp) -> Result<BTreeSet<CommuneId>, Error> {
    let mut invited = BTreeSet::new();
    for invitation in all(tx).await? {
        if standing(tx, &invitation, now).await? == Standing::Open {
            invited.insert(invitation.commune);
        }
    }
    Ok(invited)
}

/// The communes that have no machine and no open invitation.
pub async fn without(tx: &impl Read, now: Timestamp) -> Result<Vec<Commune>, Error> {
    let machines = directory::machines(tx).await?.into_iter().filter(Machine::is_active);
    let mut served: BTreeSet<CommuneId> = machines.map(|machine| machine.commune).collect();
    served.append(&mut invited(tx, now).await?);
    let mut communes = directory::communes(tx).await?;
    communes.retain(|commune| !served.contains(&commune.id));
    Ok(communes)
}

/// The communes to invite, with the machine that is to be replaced.
async fn wanted(
    tx: &impl Read,
    wish: &Wish,
    now: Timestamp,
) -> Result<Vec<(Commune, Option<Machine>)>, Error> {
    match wish {
        Wish::Communes(ids) => {
            let mut communes = Vec::new();
            for id in ids {
                communes.push((commune(tx, *id).await?, None));
            }
            Ok(communes)
        }
        Wish::Without => Ok(without(tx, now).await?.into_iter().map(|commune| (commune, None)).collect()),
        Wish::Replace(id) => {
            let machine = directory::machine(tx, *id).await?.ok_or(Error::NoSuchMachine(*id))?;
            Ok(vec![(commune(tx, machine.commune).await?, Some(machine))])
        }
    }
}

/// A machine is replaced once: a new invitation to do so takes the earlier ones back, and those too that its
/// revocation had put out of use, which would come back to life with it.
async fn cancel_others_in(
    tx: &mut impl Write,
    purpose: Purpose,
    by: &str,
    now: Timestamp,
) -> Result<Vec<InvitationId>, Error> {
    let mut cancelled = Vec::new();
    if purpose == Purpose::New {
        return Ok(cancelled);
    }
    for other in all(tx).await? {
        if other.purpose == purpose && other.is_pending(now) {
            cancel(tx, other.id, by, now).await?;
            cancelled.push(other.id);
        }
    }
    Ok(cancelled)
}

/// Draws secrets until one gives a temporary address that is nobody's.
async fn draw(
    tx: &mut impl Write,
    commune: CommuneId,
    purpose: Purpose,
    by: &str,
    now: Timestamp,
) -> Result<(Invitation, Secret), Error> {
    let expires = now + LIFETIME;
    loop {
        let secret = Secret::generate().map_err(Error::NoRandomness)?;
        let key: PublicKey = secret.key().public();
        match directory::admit(tx, &key, expires + FAREWELL, now).await {
            Err(directory::Error::AddressTaken(_)) => continue,
            admitted => admitted?,
        };
        let id = next_id(tx).await?;
        let by = by.to_owned();
        let invitation =
            Invitation { id, commune, purpose, key, created: now, by, expires, state: State::Open };
        store::add(tx, &invitation).await?;
        store::keep_preshared(tx, id, &secret.preshared()).await?;
        return Ok((invitation, secret));
    }
}

async fn commune(tx: &impl Read, id: CommuneId) -> Result<Commune, Error> {
    directory::commune(tx, id).await?.ok_or(Error::NoSuchCommune(id))
}

async fn note(
    tx: &mut impl Write,
    act: Act,
    commune: &Commune,
    machine: Option<&Machine>,
    who: &str,
    at: Timestamp,
) -> Result<(), Error> {
    let about = About {
        commune: Some(commune.name.to_string()),
        machine: machine.map(|machine| machine.name.to_string()),
        machine_number: machine.map(|machine| machine.id.number()),
        detail: None,
    };
    Ok(audit::record(tx, Entry { at, who: who.to_owned(), act, about }).await?)
}
