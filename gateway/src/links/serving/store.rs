//! The tables: what is wanted of a machine, and what it has said since.

use std::net::Ipv4Addr;

use beffroi_protocol::serving::{Hosts, Span, Told};
use serde::{Deserialize, Serialize};

use crate::directory::MachineId;
use crate::links::Error;
use crate::links::diagnosis::{cause, word};
use crate::store::{Read, Record, Table, Write, WriteTx};

/// Of the machines that let others in.
pub(in crate::links) const WANTED: Table<MachineId, WantedRecord> = Table::new("links.serving");
/// Of those of them that have said how it stands.
pub(in crate::links) const TOLD: Table<MachineId, ToldRecord> = Table::new("links.serving_told");

/// A machine says more addresses and problems than this only by mistake.
const AT_MOST: usize = 16;

pub(super) async fn wanted(tx: &impl Read, machine: MachineId) -> Result<Option<Hosts>, Error> {
    Ok(tx.get(&WANTED, &machine).await?.map(Hosts::from))
}

pub(super) async fn told(tx: &impl Read, machine: MachineId) -> Result<Option<Told>, Error> {
    Ok(tx.get(&TOLD, &machine).await?.map(Told::from))
}

/// What the machine has said before was about something else.
pub(super) async fn put(tx: &mut impl Write, machine: MachineId, hosts: &Hosts) -> Result<(), Error> {
    forget(tx, machine).await?;
    if !hosts.is_empty() {
        tx.put(&WANTED, &machine, &WantedRecord::from(hosts)).await?;
    }
    Ok(())
}

/// From now on it lets nobody in.
pub(in crate::links) async fn forget(tx: &mut impl Write, machine: MachineId) -> Result<(), Error> {
    tx.remove(&WANTED, &machine).await?;
    tx.remove(&TOLD, &machine).await?;
    Ok(())
}

/// Writes down how it stands at the town hall, as the machine says. It says nothing of what is wanted no more.
///
/// # Errors
/// When the store fails.
pub async fn note_serving(tx: &mut WriteTx, machine: MachineId, told: Told) -> Result<(), Error> {
    if wanted(tx, machine).await?.is_some() {
        tx.put(&TOLD, &machine, &ToldRecord::from(told)).await?;
    }
    Ok(())
}

#[derive(Debug, Serialize, Deserialize)]
pub(in crate::links) struct WantedRecord {
    all: bool,
    /// First and last address.
    spans: Vec<([u8; 4], [u8; 4])>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(in crate::links) struct ToldRecord {
    addresses: Vec<[u8; 4]>,
    /// By their names, as in [`crate::links::diagnosis`].
    problems: Vec<String>,
}

impl Record for WantedRecord {
    const VERSION: u8 = 1;
}

impl Record for ToldRecord {
    const VERSION: u8 = 1;
}

impl From<WantedRecord> for Hosts {
    fn from(row: WantedRecord) -> Self {
        let span = |(first, last): ([u8; 4], [u8; 4])| Span { first: first.into(), last: last.into() };
        if row.all { Self::All } else { Self::Chosen(row.spans.into_iter().map(span).collect()) }
    }
}

impl From<&Hosts> for WantedRecord {
    fn from(hosts: &Hosts) -> Self {
        match hosts {
            Hosts::All => Self { all: true, spans: Vec::new() },
            Hosts::Chosen(spans) => {
                let spans = spans.iter().map(|span| (span.first.octets(), span.last.octets())).collect();
                Self { all: false, spans }
            }
        }
    }
}

impl From<ToldRecord> for Told {
    fn from(row: ToldRecord) -> Self {
        let addresses = row.addresses.into_iter().map(Ipv4Addr::from).collect();
        Self { addresses, problems: row.problems.iter().map(|problem| cause(problem)).collect() }
    }
}

impl From<Told> for ToldRecord {
    fn from(told: Told) -> Self {
        Self {
            addresses: told.addresses.iter().take(AT_MOST).map(Ipv4Addr::octets).collect(),
            problems: told.problems.into_iter().take(AT_MOST).map(word).collect(),
        }
    }
}
