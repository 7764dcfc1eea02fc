//! The tables of the directory, and what lies in their rows.

use std::net::Ipv4Addr;

use beffroi_protocol::PublicKey;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::details::DETAILS;
use super::gateway::{AWARE, CHANGE};
use super::people::store::{GROUPS, PEOPLE};
use super::without_agent::WITHOUT_AGENT;
use super::{
    Commune, CommuneId, CommuneName, Error, Guest, Hours, Machine, MachineId, MachineName, MachineRole,
    Revocation,
};
use crate::store::{AnyTable, Key, Record, Table};

pub(super) const COMMUNES: Table<CommuneId, CommuneRecord> = Table::new("directory.communes");
/// Folded name to commune: two spellings of one name are one commune.
pub(super) const NAMES: Table<String, CommuneRef> = Table::new("directory.names");
pub(super) const MACHINES: Table<MachineId, MachineRecord> = Table::new("directory.machines");
/// Every key that a machine has had, for ever: a key that was replaced or revoked does not come back
/// as someone else.
pub(super) const KEYS: Table<[u8; 32], MachineRef> = Table::new("directory.keys");
/// By temporary address, which therefore belongs to one guest at a time.
pub(super) const GUESTS: Table<[u8; 4], GuestRecord> = Table::new("directory.guests");
/// Of the town halls that have said theirs.
pub(super) const HOURS: Table<CommuneId, HoursRecord> = Table::new("directory.hours");
/// One row: the gateway's public key.
pub(super) const GATEWAY: Table<(), GatewayRecord> = Table::new("directory.gateway");

/// Of the machines whose link has one.
pub(super) const PRESHARED: Table<MachineId, PresharedRecord> = Table::new("directory.preshared");
/// Machines that are asked to make themselves a new key.
pub(super) const ROTATIONS: Table<MachineId, RotationRecord> = Table::new("directory.rotations");

/// For the check of a database, which reads every row as its owner would.
pub const TABLES: &[&dyn AnyTable] = &[
    &COMMUNES,
    &NAMES,
    &MACHINES,
    &KEYS,
    &GUESTS,
    &HOURS,
    &GATEWAY,
    &WITHOUT_AGENT,
    &PRESHARED,
    &ROTATIONS,
    &CHANGE,
    &AWARE,
    &DETAILS,
    &PEOPLE,
    &GROUPS,
];

impl Key for CommuneId {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }

    fn read(input: &mut &[u8]) -> Option<Self> {
        u32::read(input).map(Self)
    }
}

impl Key for MachineId {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }

    fn read(input: &mut &[u8]) -> Option<Self> {
        u32::read(input).map(Self)
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct CommuneRecord {
    pub(super) name: String,
    pub(super) seat: bool,
}

#[derive(Serialize, Deserialize)]
pub(super) struct CommuneRef(pub(super) u32);

#[derive(Serialize, Deserialize)]
pub(super) struct MachineRef(pub(super) u32);

#[derive(Serialize, Deserialize)]
pub(super) struct MachineRecord {
    commune: u32,
    name: String,
    key: [u8; 32],
    role: RoleRecord,
    /// Times are in milliseconds since 1970.
    enrolled: i64,
    revoked: Option<RevocationRecord>,
    seen: bool,
}

#[derive(Serialize, Deserialize)]
enum RoleRecord {
    TownHall,
    Referent,
}

#[derive(Serialize, Deserialize)]
struct RevocationRecord {
    at: i64,
    by: String,
    reason: String,
}

#[derive(Serialize, Deserialize)]
pub(super) struct GuestRecord {
    pub(super) key: [u8; 32],
    pub(super) until: i64,
}

/// Day of the week from Monday, first minute of the day, minute after the last.
#[derive(Serialize, Deserialize)]
pub(super) struct HoursRecord(Vec<(u8, u16, u16)>);

#[derive(Serialize, Deserialize)]
pub(super) struct GatewayRecord {
    pub(super) key: [u8; 32],
}

#[derive(Serialize, Deserialize)]
pub(super) struct PresharedRecord {
    pub(super) key: [u8; 32],
}

#[derive(Serialize, Deserialize)]
pub(super) struct RotationRecord {
    /// In milliseconds since 1970.
    pub(super) asked: i64,
}

impl Record for PresharedRecord {
    const VERSION: u8 = 1;
}

impl Record for RotationRecord {
    const VERSION: u8 = 1;
}

impl Record for CommuneRecord {
    const VERSION: u8 = 1;
}

impl Record for CommuneRef {
    const VERSION: u8 = 1;
}

impl Record for MachineRef {
    const VERSION: u8 = 1;
}

impl Record for GuestRecord {
    const VERSION: u8 = 1;
}

impl Record for HoursRecord {
    const VERSION: u8 = 1;
}

impl Record for GatewayRecord {
    const VERSION: u8 = 1;
}

impl Record for MachineRecord {
    const VERSION: u8 = 1;
}

impl CommuneRecord {
    pub(super) fn commune(self, id: CommuneId) -> Result<Commune, Error> {
        let name = CommuneName::parse(&self.name).map_err(|_| Error::Damaged(format!("commune {id}")))?;
        Ok(Commune { id, name, seat: self.seat })
    }
}

impl MachineRecord {
    pub(super) fn machine(self, id: MachineId) -> Result<Machine, Error> {
        let damaged = || Error::Damaged(format!("machine {id}"));
        let time = |milliseconds| Timestamp::from_millisecond(milliseconds).map_err(|_| damaged());
        Ok(Machine {
            id,
            commune: CommuneId(self.commune),
            name: MachineName::parse(&self.name).map_err(|_| damaged())?,
            key: PublicKey::from_bytes(self.key),
            role: match self.role {
                RoleRecord::TownHall => MachineRole::TownHall,
                RoleRecord::Referent => MachineRole::Referent,
            },
            enrolled: time(self.enrolled)?,
            revoked: match self.revoked {
                Some(RevocationRecord { at, by, reason }) => Some(Revocation { at: time(at)?, by, reason }),
                None => None,
            },
            seen: self.seen,
        })
    }
}

impl From<&Machine> for MachineRecord {
    fn from(machine: &Machine) -> Self {
        Self {
            commune: machine.commune.0,
            name: machine.name.as_str().to_owned(),
            key: *machine.key.as_bytes(),
            role: match machine.role {
                MachineRole::TownHall => RoleRecord::TownHall,
                MachineRole::Referent => RoleRecord::Referent,
            },
            enrolled: machine.enrolled.as_millisecond(),
            revoked: machine.revoked.as_ref().map(|revocation| RevocationRecord {
                at: revocation.at.as_millisecond(),
                by: revocation.by.clone(),
                reason: revocation.reason.clone(),
            }),
            seen: machine.seen,
        }
    }
}

impl HoursRecord {
    pub(super) fn hours(self, id: CommuneId) -> Result<Hours, Error> {
        Hours::of_openings(&self.0).ok_or_else(|| Error::Damaged(format!("the hours of commune {id}")))
    }
}

impl From<&Hours> for HoursRecord {
    fn from(hours: &Hours) -> Self {
        Self(hours.openings())
    }
}

impl GuestRecord {
    pub(super) fn guest(self, address: [u8; 4]) -> Result<Guest, Error> {
        let address = Ipv4Addr::from(address);
        let until = Timestamp::from_millisecond(self.until)
            .map_err(|_| Error::Damaged(format!("guest {address}")))?;
        Ok(Guest { key: PublicKey::from_bytes(self.key), address, until })
    }
}
