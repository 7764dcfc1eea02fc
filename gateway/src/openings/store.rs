//! The table of switches. One that was never set is off.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Opening, Switch};
use crate::store::{AnyTable, Read, Record, Table, Write};

const SWITCHES: Table<u8, StoredSwitch> = Table::new("openings.switches");

/// For the check of a database, which reads every row as its owner would.
pub const TABLES: &[&dyn AnyTable] = &[&SWITCHES];

pub use crate::store::Error;

#[derive(Serialize, Deserialize)]
struct StoredSwitch {
    is_on: bool,
    since: Timestamp,
    by: String,
}

impl Record for StoredSwitch {
    const VERSION: u8 = 1;
}

/// `None` when it was never set, and so is off.
pub async fn switch(tx: &impl Read, opening: Opening) -> Result<Option<Switch>, Error> {
    let stored = tx.get(&SWITCHES, &opening.number()).await?;
    Ok(stored.map(|StoredSwitch { is_on, since, by }| Switch { is_on, since, by }))
}

/// `false` when it stood like this already: nothing was done.
pub async fn set(
    tx: &mut impl Write,
    opening: Opening,
    is_on: bool,
    by: &str,
    now: Timestamp,
) -> Result<bool, Error> {
    if switch(tx, opening).await?.is_some_and(|switch| switch.is_on) == is_on {
        return Ok(false);
    }
    let stored = StoredSwitch { is_on, since: now, by: by.to_owned() };
    tx.put(&SWITCHES, &opening.number(), &stored).await?;
    Ok(true)
}
