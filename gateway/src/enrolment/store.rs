//! The tables of invitations, and what lies in their rows.

use beffroi_protocol::{PresharedKey, PublicKey};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Error, Invitation, InvitationId, Purpose, State};
use crate::directory::{CommuneId, MachineId};
use crate::store::{AnyTable, Key, Read, Record, Table, Write};

const INVITATIONS: Table<InvitationId, InvitationRecord> = Table::new("enrolment.invitations");
/// The latest invitation of each temporary address.
const ADDRESSES: Table<[u8; 4], InvitationRef> = Table::new("enrolment.addresses");

/// Of the invitations whose machine may have one: it follows from the secret, which does not follow from it.
const PRESHARED: Table<InvitationId, PresharedRecord> = Table::new("enrolment.preshared");

/// Of the invitations that replace a revoked machine: the revocation that the referent knew of.
const REVOCATIONS: Table<InvitationId, RevocationRecord> = Table::new("enrolment.revocations");

/// For the check of a database, which reads every row as its owner would.
pub const TABLES: &[&dyn AnyTable] = &[&INVITATIONS, &ADDRESSES, &PRESHARED, &REVOCATIONS];

pub async fn invitation(tx: &impl Read, id: InvitationId) -> Result<Option<Invitation>, Error> {
    tx.get(&INVITATIONS, &id).await?.map(|record| record.invitation(id)).transpose()
}

/// The latest invitations, latest first.
pub async fn invitations(tx: &impl Read, limit: usize) -> Result<Vec<Invitation>, Error> {
    let page = tx.page_back(&INVITATIONS, .., limit).await?;
    page.rows.into_iter().map(|(id, record)| record.invitation(id)).collect()
}

/// The invitations with these numbers, at most a thousand.
pub async fn invitations_between(
    tx: &impl Read,
    first: InvitationId,
    last: InvitationId,
) -> Result<Vec<Invitation>, Error> {
    let page = tx.page(&INVITATIONS, first..=last, 1000).await?;
    page.rows.into_iter().map(|(id, record)| record.invitation(id)).collect()
}

pub(super) async fn all(tx: &impl Read) -> Result<Vec<Invitation>, Error> {
    tx.all(&INVITATIONS).await?.into_iter().map(|(id, record)| record.invitation(id)).collect()
}

pub(super) async fn by_address(tx: &impl Read, address: [u8; 4]) -> Result<Option<Invitation>, Error> {
    match tx.get(&ADDRESSES, &address).await? {
        Some(InvitationRef(id)) => invitation(tx, id).await,
        None => Ok(None),
    }
}

pub(super) async fn next_id(tx: &mut impl Write) -> Result<InvitationId, Error> {
    Ok(InvitationId(tx.next_id(&INVITATIONS).await?))
}

/// A new invitation takes over its temporary address from whoever had it before.
pub(super) async fn add(tx: &mut impl Write, invitation: &Invitation) -> Result<(), Error> {
    tx.put(&ADDRESSES, &invitation.address().octets(), &InvitationRef(invitation.id)).await?;
    update(tx, invitation).await
}

pub(super) async fn update(tx: &mut impl Write, invitation: &Invitation) -> Result<(), Error> {
    Ok(tx.put(&INVITATIONS, &invitation.id, &InvitationRecord::from(invitation)).await?)
}

pub(super) async fn keep_preshared(
    tx: &mut impl Write,
    id: InvitationId,
    preshared: &PresharedKey,
) -> Result<(), Error> {
    Ok(tx.put(&PRESHARED, &id, &PresharedRecord { key: *preshared.as_bytes() }).await?)
}

/// Gives it, once: it goes with the machine, or is over.
pub(super) async fn take_preshared(
    tx: &mut impl Write,
    id: InvitationId,
) -> Result<Option<PresharedKey>, Error> {
    let kept = tx.get(&PRESHARED, &id).await?;
    tx.remove(&PRESHARED, &id).await?;
    Ok(kept.map(|record| PresharedKey::from_bytes(record.key)))
}

pub(super) async fn keep_revocation(
    tx: &mut impl Write,
    id: InvitationId,
    revoked: Timestamp,
) -> Result<(), Error> {
    Ok(tx.put(&REVOCATIONS, &id, &RevocationRecord { at: revoked.as_millisecond() }).await?)
}

/// When the machine had been revoked that the invitation replaces.
pub(super) async fn known_revocation(tx: &impl Read, id: InvitationId) -> Result<Option<Timestamp>, Error> {
    let known = tx.get(&REVOCATIONS, &id).await?;
    known.map(|known| Timestamp::from_millisecond(known.at).map_err(|_| Error::Damaged(id))).transpose()
}

impl Key for InvitationId {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }

    fn read(input: &mut &[u8]) -> Option<Self> {
        u32::read(input).map(Self)
    }
}

#[derive(Serialize, Deserialize)]
struct InvitationRef(InvitationId);

#[derive(Serialize, Deserialize)]
struct PresharedRecord {
    key: [u8; 32],
}

/// In milliseconds since 1970.
#[derive(Serialize, Deserialize)]
struct RevocationRecord {
    at: i64,
}

/// Times are in milliseconds since 1970.
#[derive(Serialize, Deserialize)]
struct InvitationRecord {
    commune: CommuneId,
    replaces: Option<MachineId>,
    key: [u8; 32],
    created: i64,
    by: String,
    expires: i64,
    state: StateRecord,
}

#[derive(Serialize, Deserialize)]
enum StateRecord {
    Open,
    Used { machine: MachineId, key: [u8; 32], at: i64 },
    Cancelled { at: i64, by: String },
}

impl Record for PresharedRecord {
    const VERSION: u8 = 1;
}

impl Record for RevocationRecord {
    const VERSION: u8 = 1;
}

impl Record for InvitationRef {
    const VERSION: u8 = 1;
}

impl Record for InvitationRecord {
    const VERSION: u8 = 1;
}

impl InvitationRecord {
    fn invitation(self, id: InvitationId) -> Result<Invitation, Error> {
        let time = |milliseconds| Timestamp::from_millisecond(milliseconds).map_err(|_| Error::Damaged(id));
        Ok(Invitation {
            id,
            commune: self.commune,
            purpose: match self.replaces {
                None => Purpose::New,
                Some(machine) => Purpose::Replace(machine),
            },
            key: PublicKey::from_bytes(self.key),
            created: time(self.created)?,
            by: self.by,
            expires: time(self.expires)?,
            state: match self.state {
                StateRecord::Open => State::Open,
                StateRecord::Used { machine, key, at } => {
                    State::Used { machine, key: PublicKey::from_bytes(key), at: time(at)? }
                }
                StateRecord::Cancelled { at, by } => State::Cancelled { at: time(at)?, by },
            },
        })
    }
}

impl From<&Invitation> for InvitationRecord {
    fn from(invitation: &Invitation) -> Self {
        Self {
            commune: invitation.commune,
            replaces: match invitation.purpose {
                Purpose::New => None,
                Purpose::Replace(machine) => Some(machine),
            },
            key: *invitation.key.as_bytes(),
            created: invitation.created.as_millisecond(),
            by: invitation.by.clone(),
            expires: invitation.expires.as_millisecond(),
            state: match &invitation.state {
                State::Open => StateRecord::Open,
                State::Used { machine, key, at } => {
                    StateRecord::Used { machine: *machine, key: *key.as_bytes(), at: at.as_millisecond() }
                }
                State::Cancelled { at, by } => {
                    StateRecord::Cancelled { at: at.as_millisecond(), by: by.clone() }
                }
            },
        }
    }
}
