//! Where each machine was last heard from, kept so that the gateway can call back after a restart.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use beffroi_protocol::PublicKey;
use serde::{Deserialize, Serialize};

use super::diagnosis::OUTAGES;
use super::throughput::MEASURES;
use super::{Error, alerts, history, serving};
use crate::directory::{Machine, MachineId};
use crate::store::{AnyTable, Read, Record, Table, Write};

const ENDPOINTS: Table<MachineId, EndpointRecord> = Table::new("links.endpoints");

/// For the check of a database, which reads every row as its owner would.
pub const TABLES: &[&dyn AnyTable] = &[
    &ENDPOINTS,
    &OUTAGES,
    &MEASURES,
    &alerts::TROUBLES,
    &alerts::WHOLE,
    &history::HOURS,
    &history::DAYS,
    &serving::WANTED,
    &serving::TOLD,
];

pub(super) type Endpoints = BTreeMap<MachineId, (PublicKey, SocketAddr)>;

pub(super) async fn endpoints(tx: &impl Read) -> Result<Endpoints, Error> {
    let rows = tx.all(&ENDPOINTS).await?;
    Ok(rows.into_iter().map(|(id, row)| (id, (PublicKey::from_bytes(row.key), row.endpoint))).collect())
}

pub(super) async fn put_endpoints(tx: &mut impl Write, endpoints: &Endpoints) -> Result<(), Error> {
    for (machine, (key, endpoint)) in endpoints {
        let row = EndpointRecord { key: *key.as_bytes(), endpoint: *endpoint };
        tx.put(&ENDPOINTS, machine, &row).await?;
    }
    Ok(())
}

/// What has to be written: where a machine was heard now, if that is not what is known. Pure.
pub(super) fn moved(
    known: &Endpoints,
    heard: &BTreeMap<MachineId, SocketAddr>,
    machines: &[Machine],
) -> Endpoints {
    let active = machines.iter().filter(|machine| machine.is_active());
    active
        .filter_map(|machine| Some((machine.id, (machine.key, *heard.get(&machine.id)?))))
        .filter(|(machine, now)| known.get(machine) != Some(now))
        .collect()
}

#[derive(Serialize, Deserialize)]
struct EndpointRecord {
    key: [u8; 32],
    endpoint: SocketAddr,
}

impl Record for EndpointRecord {
    const VERSION: u8 = 1;
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::directory::{MachineName, MachineRole, Revocation};

    #[test]
    fn only_what_has_moved_is_written() {
        let key = |seed| PublicKey::from_bytes([seed; 32]);
        let machine = |number: &str, seed, revoked| Machine {
            id: number.parse().expect("a number"),
            commune: "1".parse().expect("a number"),
            name: MachineName::parse("accueil").expect("a name"),
            key: key(seed),
            role: MachineRole::TownHall,
            enrolled: Timestamp::UNIX_EPOCH,
            revoked,
            seen: true,
        };
        let gone =
            Revocation { at: Timestamp::UNIX_EPOCH, by: "Le référent".into(), reason: "volé".into() };
        let (still, moved_away) = (machine("256", 1, None), machine("257", 2, None));
        let (replaced, revoked) = (machine("258", 3, None), machine("259", 4, Some(gone)));
        let silent = machine("260", 5, None);
        let [here, there]: [SocketAddr; 2] = [([192, 0, 2, 1], 1).into(), ([192, 0, 2, 2], 2).into()];
        let known = [
            (still.id, (key(1), here)),
            (moved_away.id, (key(2), here)),
            (replaced.id, (key(9), here)),
            (silent.id, (key(5), here)),
        ];
        let heard = [(still.id, here), (moved_away.id, there), (replaced.id, here), (revoked.id, there)];
        let expected = [(moved_away.id, (key(2), there)), (replaced.id, (key(3), here))];
        let machines = [still, moved_away, replaced, revoked, silent];
        assert_eq!(moved(&known.into(), &heard.into(), &machines), expected.into());
    }
}
