//! The last few measures of each machine.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Measure;
use crate::directory::MachineId;
use crate::links::Error;
use crate::store::{Read, Record, Table, Write};

pub(in crate::links) const MEASURES: Table<MachineId, MeasuresRecord> = Table::new("links.throughput");

/// Of each machine.
const KEPT: usize = 5;

/// The newest first.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(in crate::links) struct MeasuresRecord(Vec<MeasureRecord>);

#[derive(Debug, Serialize, Deserialize)]
struct MeasureRecord {
    at: Timestamp,
    by: Option<String>,
    received: u64,
    sent: u64,
}

impl Record for MeasuresRecord {
    const VERSION: u8 = 1;
}

/// Writes down what was measured.
///
/// # Errors
/// When the store fails.
pub async fn note(tx: &mut impl Write, machine: MachineId, measure: Measure) -> Result<(), Error> {
    let mut row = tx.get(&MEASURES, &machine).await?.unwrap_or_default();
    let Measure { at, by, received, sent } = measure;
    row.0.insert(0, MeasureRecord { at, by, received, sent });
    row.0.truncate(KEPT);
    Ok(tx.put(&MEASURES, &machine, &row).await?)
}

/// The newest first.
///
/// # Errors
/// When the store fails.
pub async fn measures(tx: &impl Read, machine: MachineId) -> Result<Vec<Measure>, Error> {
    let row = tx.get(&MEASURES, &machine).await?.unwrap_or_default();
    let measure = |MeasureRecord { at, by, received, sent }| Measure { at, by, received, sent };
    Ok(row.0.into_iter().map(measure).collect())
}
