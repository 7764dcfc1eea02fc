//! Looking through a database that no process has open: every page, every row, every blob. Nothing is
//! changed; what is wrong is told.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use redb::{Database, ReadTransaction, ReadableDatabase, ReadableTable, TableHandle};

use super::blobs::{self, BLOBS, BlobId, Place};
use super::read::Bytes;
use super::untouched::{self, Look};
use super::{AnyTable, Error, KEY_MAX, OpenError, VALUE_MAX, layout, migrations, write};
use crate::journal::chain;

/// What was found. Everything is well when there are no problems.
#[derive(Debug, Default)]
pub struct Report {
    pub layout: u32,
    pub tables: BTreeMap<String, Count>,
    pub blobs: Count,
    pub problems: Vec<Problem>,
    /// Tables that belong to no part of this release. Their rows were looked at from outside only.
    pub unknown: Vec<String>,
    /// Files among the blobs that nothing refers to; a process that was killed leaves such.
    pub leftovers: Vec<PathBuf>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    pub number: u64,
    pub bytes: u64,
}

impl Count {
    pub(super) fn add(&mut self, bytes: usize) {
        self.number += 1;
        self.bytes += bytes as u64;
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Problem {
    #[error("pages of the database are damaged: {reason}")]
    Pages { reason: String },
    #[error("the table {table} cannot be read to its end: {reason}")]
    Table { table: String, reason: String },
    #[error("the row {key} of {table} is wrong: {reason}")]
    Row { table: String, key: String, reason: String },
    #[error("the blob {id} is missing")]
    BlobMissing { id: BlobId },
    #[error("the blob {id} is not what was kept")]
    BlobDamaged { id: BlobId },
    #[error("the blob {id} cannot be read")]
    BlobUnreadable { id: BlobId, source: io::Error },
    #[error("the blobs cannot be listed")]
    BlobsUnreadable { source: io::Error },
}

/// Checks a state directory. `tables` are those of every module.
pub fn check(directory: &Path, tables: &[&dyn AnyTable]) -> Result<Report, OpenError> {
    let mut database = untouched::open(directory, Look::AtEveryPage)?;
    let mut report = Report::default();
    // redb may panic on a file that was damaged from outside.
    let looked = catch_unwind(AssertUnwindSafe(|| look(&mut database, directory, tables, &mut report)));
    match looked {
        Ok(Ok(())) => {}
        Ok(Err(error)) => report.problems.push(Problem::Pages { reason: chain(&error) }),
        Err(_) => {
            let reason = "they contradict each other".to_owned();
            report.problems.push(Problem::Pages { reason });
        }
    }
    Ok(report)
}

fn look(
    database: &mut Database,
    directory: &Path,
    tables: &[&dyn AnyTable],
    report: &mut Report,
) -> Result<(), Error> {
    if !database.check_integrity().map_err(Error::database)? {
        let reason = "they could be read only after a repair".to_owned();
        report.problems.push(Problem::Pages { reason });
    }
    report.layout = migrations::layout(database)?.unwrap_or_default();
    let snapshot = database.begin_read().map_err(Error::database)?;
    for handle in snapshot.list_tables().map_err(Error::database)? {
        look_at_table(&snapshot, handle.name(), tables, report)?;
    }
    look_at_blobs(&snapshot, directory, report)
}

fn look_at_table(
    snapshot: &ReadTransaction,
    name: &str,
    tables: &[&dyn AnyTable],
    report: &mut Report,
) -> Result<(), Error> {
    let own: [&dyn AnyTable; 3] = [&BLOBS, &migrations::LAYOUT, &write::SEQUENCES];
    // The rows of an older layout are not yet what the types of this release expect.
    let current = report.layout == layout();
    let known = own.iter().chain(tables).find(|table| current && table.name() == name);
    if current && known.is_none() {
        report.unknown.push(name.to_owned());
    }
    let mut count = Count::default();
    let table = match snapshot.open_table(Bytes::new(name)) {
        Ok(table) => table,
        Err(error) => {
            report.problems.push(Problem::Table { table: name.to_owned(), reason: error.to_string() });
            return Ok(());
        }
    };
    for row in table.iter().map_err(Error::database)? {
        let (key, value) = row.map_err(Error::database)?;
        let (key, value) = (key.value(), value.value());
        count.add(key.len() + value.len());
        if let Err(error) = try_row(known.copied(), key, value) {
            let (table, key) = (name.to_owned(), data_encoding::HEXLOWER.encode(key));
            report.problems.push(Problem::Row { table, key, reason: chain(&error) });
        }
    }
    report.tables.insert(name.to_owned(), count);
    Ok(())
}

/// With its owner unknown, a row can at least have a key and a value of the right lengths.
fn try_row(table: Option<&dyn AnyTable>, key: &[u8], value: &[u8]) -> Result<(), Error> {
    let name = table.map_or("this table", AnyTable::name);
    if key.len() > KEY_MAX {
        return Err(Error::KeyTooLong { table: name, length: key.len() });
    }
    if value.len() > VALUE_MAX {
        return Err(Error::ValueTooLong { table: name, length: value.len() });
    }
    match table {
        Some(table) => table.try_row(key, value),
        None if value.is_empty() => Err(Error::Empty { table: name }),
        None => Ok(()),
    }
}

fn look_at_blobs(snapshot: &ReadTransaction, directory: &Path, report: &mut Report) -> Result<(), Error> {
    let mut in_files = BTreeMap::new();
    for blob in blobs::list(snapshot)? {
        // A row that cannot be read was told with its table.
        let Ok((id, place)) = blob else { continue };
        match place {
            Place::Inline(bytes) => {
                report.blobs.add(bytes.len());
                if BlobId::of(&bytes) != id {
                    report.problems.push(Problem::BlobDamaged { id });
                }
            }
            Place::File { length } => {
                in_files.insert(id.path(directory), id);
                report.blobs.number += 1;
                report.blobs.bytes += length;
                report.problems.extend(look_at_file(directory, id).err());
            }
        }
    }
    match blobs::files(directory) {
        Ok(files) => report.leftovers.extend(files.into_iter().filter(|path| !in_files.contains_key(path))),
        Err(source) => report.problems.push(Problem::BlobsUnreadable { source }),
    }
    Ok(())
}

fn look_at_file(directory: &Path, id: BlobId) -> Result<(), Problem> {
    match File::open(id.path(directory)).and_then(BlobId::of_reader) {
        Ok(found) if found == id => Ok(()),
        Ok(_) => Err(Problem::BlobDamaged { id }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Problem::BlobMissing { id }),
        Err(source) => Err(Problem::BlobUnreadable { id, source }),
    }
}
