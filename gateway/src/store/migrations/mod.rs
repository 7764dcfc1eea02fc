//! From the layout a database was written with to the layout of this release.
//!
//! A layout is a number, kept in the database. A release that changes what lies in the rows adds a step
//! `vN.rs` that rewrites the rows of layout N-1. A step reads and writes with its own frozen copies of the
//! types, never with those of the features, because those go on changing and the step must not. All steps
//! that are needed run in one transaction: a database is either wholly at the old layout or at the new one.
//! The database of each past release is kept in `fixtures`, and a test opens it.

mod v1;

#[cfg(test)]
mod tests;

use std::path::Path;

use redb::{
    Database, Durability, ReadTransaction, ReadableDatabase, ReadableTable, TableError, WriteTransaction,
};
use serde::{Deserialize, Serialize};

use super::read::{Bytes, Row};
use super::{Error, Key, OpenError, Record, Table};

/// One step: from the layout before it to `layout`.
pub(super) struct Step {
    pub(super) layout: u32,
    pub(super) run: fn(&Rows<'_>) -> Result<(), Error>,
}

/// Every step of every release, the first layout first.
pub(super) const STEPS: &[Step] = &[Step { layout: 1, run: v1::run }];

/// The number of the layout, in a table of one row.
pub(super) const LAYOUT: Table<(), Layout> = Table::new("store.layout");

#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) struct Layout(u32);

impl Record for Layout {
    const VERSION: u8 = 1;
}

/// Gives an empty database the layout of this release.
pub(super) fn initialise(database: &Database, steps: &[Step]) -> Result<(), OpenError> {
    run(database, steps, 0)
}

/// The layout of a database that this release can work with.
pub(super) fn accept(database: &Database, path: &Path, steps: &[Step]) -> Result<u32, OpenError> {
    let known = newest(steps);
    let damaged = |error: Error| OpenError::Damaged { path: path.into(), reason: error.to_string() };
    let found = layout(database).map_err(damaged)?.ok_or_else(|| OpenError::Foreign { path: path.into() })?;
    if found > known { Err(OpenError::Newer { found, known }) } else { Ok(found) }
}

/// Runs the steps that the database has not had yet.
pub(super) fn bring_up(database: &Database, path: &Path, steps: &[Step]) -> Result<(), OpenError> {
    let found = accept(database, path, steps)?;
    if found == newest(steps) { Ok(()) } else { run(database, steps, found) }
}

pub(super) fn newest(steps: &[Step]) -> u32 {
    steps.last().map_or(0, |step| step.layout)
}

/// The layout of a database; `None` when it was not made by Beffroi.
pub(super) fn layout(database: &Database) -> Result<Option<u32>, Error> {
    layout_of(&database.begin_read().map_err(Error::database)?)
}

pub(super) fn layout_of(snapshot: &ReadTransaction) -> Result<Option<u32>, Error> {
    let table = match snapshot.open_table(Bytes::new(LAYOUT.name())) {
        Ok(table) => table,
        Err(TableError::Storage(error)) => return Err(Error::database(error)),
        Err(_) => return Ok(None),
    };
    let row = table.get(().to_bytes().as_slice()).map_err(Error::database)?;
    row.map(|value| LAYOUT.decode(value.value()).map(|Layout(number)| number)).transpose()
}

fn run(database: &Database, steps: &[Step], from: u32) -> Result<(), OpenError> {
    let to = newest(steps);
    let run = || {
        let mut transaction = database.begin_write().map_err(Error::database)?;
        transaction.set_durability(Durability::Immediate).map_err(Error::database)?;
        transaction.set_quick_repair(true);
        let rows = Rows { transaction: &transaction };
        for step in steps.iter().filter(|step| step.layout > from) {
            (step.run)(&rows)?;
        }
        rows.put(LAYOUT.name(), &().to_bytes(), &LAYOUT.encode(&Layout(to))?)?;
        transaction.commit().map_err(Error::database)
    };
    run().map_err(|source| OpenError::Migration { from, to, source })
}

/// What a step has to work with: rows in bytes, in one transaction.
pub(super) struct Rows<'a> {
    transaction: &'a WriteTransaction,
}

impl Rows<'_> {
    /// Rewrites every value of a table from the old frozen type to the new one.
    #[cfg_attr(not(test), expect(dead_code, reason = "the step to the second layout is its first caller"))]
    pub(super) fn rewrite<Old: Record, New: Record>(
        &self,
        table: &'static str,
        mut change: impl FnMut(&[u8], Old) -> New,
    ) -> Result<(), Error> {
        // A step knows keys as bytes only; the key type of these two is never asked.
        let (old, new) = (Table::<(), Old>::new(table), Table::<(), New>::new(table));
        let mut after = None;
        loop {
            let rows = self.after(table, after.as_deref())?;
            for (key, value) in &rows {
                let value = change(key, old.decode(value)?);
                self.put(table, key, &new.encode(&value)?)?;
            }
            let Some((last, _)) = rows.into_iter().next_back() else { return Ok(()) };
            after = Some(last);
        }
    }

    pub(super) fn put(&self, table: &'static str, key: &[u8], value: &[u8]) -> Result<(), Error> {
        let mut table = self.transaction.open_table(Bytes::new(table)).map_err(Error::database)?;
        table.insert(key, value).map_err(Error::database)?;
        Ok(())
    }

    /// A thousand rows behind a key, so that a large table is not held in memory.
    fn after(&self, table: &'static str, key: Option<&[u8]>) -> Result<Vec<Row>, Error> {
        use std::ops::Bound::{Excluded, Unbounded};
        let table = self.transaction.open_table(Bytes::new(table)).map_err(Error::database)?;
        let start = key.map_or(Unbounded, Excluded);
        let rows = table.range::<&[u8]>((start, Unbounded)).map_err(Error::database)?;
        rows.take(1000)
            .map(|row| {
                let (key, value) = row.map_err(Error::database)?;
                Ok((key.value().to_vec(), value.value().to_vec()))
            })
            .collect()
    }
}
