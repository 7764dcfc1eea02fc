//! What is known of the change of the gateway's key, and whom it concerns: read from one snapshot of the store.

use std::collections::BTreeMap;

use beffroi_protocol::PublicKey;
use jiff::{SignedDuration, Timestamp};

use super::Error;
use crate::directory::{self, Commune, CommuneId, KeyChange, Machine};
use crate::enrolment::{self, Invitation, Purpose, Standing, State};
use crate::paths;
use crate::store::Read;

/// Longer than an invitation is answered: all that a change may have taken back.
const INVITATIONS: usize = 1000;

pub(super) struct Seen {
    pub(super) change: Option<KeyChange>,
    /// The gateway's present key.
    pub(super) key: Option<PublicKey>,
    /// Machines with an agent that were there before the last change.
    pub(super) machines: Vec<Known>,
    /// Those without one.
    pub(super) devices: Vec<Known>,
    /// Whose sheets the change makes useless, or has made so and nobody has replaced yet.
    pub(super) sheets: Vec<Sheet>,
}

pub(super) struct Known {
    pub(super) machine: Machine,
    pub(super) commune: String,
    pub(super) commune_path: String,
    /// Whether it has the next key on its disk, or had it before the change.
    pub(super) is_aware: bool,
}

pub(super) struct Sheet {
    pub(super) commune: String,
    /// Where another one is made.
    pub(super) path: String,
}

/// How long ago something was, by the clock on the wall.
pub(super) fn since(then: Timestamp, now: Timestamp) -> std::time::Duration {
    std::time::Duration::try_from(now.duration_since(then).max(SignedDuration::ZERO)).unwrap_or_default()
}

pub(super) async fn seen(tx: &impl Read, now: Timestamp) -> Result<Seen, Error> {
    let change = directory::key_change(tx).await?;
    let key = directory::gateway_key(tx).await?;
    let communes = directory::communes(tx).await?;
    let communes: BTreeMap<_, _> = communes.into_iter().map(|commune| (commune.id, commune)).collect();
    let known = known(tx, change.as_ref(), &communes).await?;
    let without_agent = directory::without_agent(tx).await?;
    let (devices, machines) = known.into_iter().partition(|known| without_agent.contains(&known.machine.id));
    let sheets = sheets(tx, change.as_ref(), &communes, now).await?;
    Ok(Seen { change, key, machines, devices, sheets })
}

/// In the order of the communes. Who came in after the change has nothing to do with it.
async fn known(
    tx: &impl Read,
    change: Option<&KeyChange>,
    communes: &BTreeMap<CommuneId, Commune>,
) -> Result<Vec<Known>, Error> {
    let key = match change.map(|change| change.stage) {
        Some(directory::Stage::Done(key)) => Some(key),
        _ => change.and_then(KeyChange::next),
    };
    let aware = match key {
        Some(key) => directory::awareness(tx, &key).await?,
        None => BTreeMap::new(),
    };
    let is_over = change.filter(|change| !change.is_under_way());
    let is_concerned = |machine: &Machine| is_over.is_none_or(|change| machine.enrolled <= change.since);
    let machines = directory::machines(tx).await?.into_iter();
    let mut known: Vec<_> = machines
        .filter(|machine| machine.is_active() && is_concerned(machine))
        .filter_map(|machine| {
            let commune = communes.get(&machine.commune)?;
            Some(Known {
                commune: commune.name.to_string(),
                commune_path: commune.id.path(),
                is_aware: aware.get(&machine.id).copied().unwrap_or_default(),
                machine,
            })
        })
        .collect();
    known.sort_by_key(|known| (communes[&known.machine.commune].name.folded(), known.machine.id));
    Ok(known)
}

async fn sheets(
    tx: &impl Read,
    change: Option<&KeyChange>,
    communes: &BTreeMap<CommuneId, Commune>,
    now: Timestamp,
) -> Result<Vec<Sheet>, Error> {
    let Some(change) = change else { return Ok(Vec::new()) };
    let invited = enrolment::invited(tx, now).await?;
    let mut sheets = Vec::new();
    for invitation in enrolment::invitations(tx, INVITATIONS).await? {
        let standing = enrolment::standing(tx, &invitation, now).await?;
        let is_useless = match &invitation.state {
            State::Open => standing == Standing::Open && change.is_under_way(),
            State::Cancelled { at, .. } => {
                *at == change.since
                    && !invited.contains(&invitation.commune)
                    && !is_replaced(tx, &invitation).await?
            }
            State::Used { .. } => false,
        };
        if let Some(commune) = communes.get(&invitation.commune).filter(|_| is_useless) {
            let path = match invitation.purpose {
                Purpose::New => paths::invite(commune.id),
                Purpose::Replace(machine) => paths::replace_machine(machine),
            };
            sheets.push((commune.name.folded(), Sheet { commune: commune.name.to_string(), path }));
        }
    }
    sheets.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(sheets.into_iter().map(|(_, sheet)| sheet).collect())
}

/// Whether a machine has come since, with another sheet.
async fn is_replaced(tx: &impl Read, invitation: &Invitation) -> Result<bool, Error> {
    let State::Cancelled { at, .. } = invitation.state else { return Ok(false) };
    let mut machines = directory::machines_of(tx, invitation.commune).await?;
    machines.retain(|machine| machine.is_active() && machine.enrolled > at);
    Ok(!machines.is_empty())
}
