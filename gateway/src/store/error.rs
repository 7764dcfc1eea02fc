//! What can go wrong with the store: [`OpenError`] before there is one, [`Error`] afterwards.

use std::path::PathBuf;
use std::sync::Arc;

/// Why the database can no longer be written, shared by all whom it concerns.
pub type Failure = Arc<dyn std::error::Error + Send + Sync>;

/// A closure's reads and writes, or the commit. None of these is a person's to repair; a feature passes
/// them on as broken.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("a key of {table} has {length} bytes, more than {}", super::KEY_MAX)]
    KeyTooLong { table: &'static str, length: usize },
    #[error("a value of {table} has {length} bytes, more than {}", super::VALUE_MAX)]
    ValueTooLong { table: &'static str, length: usize },
    #[error("the transaction writes more than {} bytes", super::TRANSACTION_MAX)]
    TransactionTooLong,
    #[error("the numbers of {table} are used up")]
    SequenceEnded { table: &'static str },
    #[error("a value of {table} cannot be written as bytes")]
    Encode { table: &'static str, source: postcard::Error },
    #[error("a key of {table} cannot be read")]
    Key { table: &'static str },
    #[error("a value of {table} is empty")]
    Empty { table: &'static str },
    #[error("a value of {table} has version {found}, expected {known}")]
    Version { table: &'static str, found: u8, known: u8 },
    #[error("a value of {table} cannot be read")]
    Decode { table: &'static str, source: postcard::Error },
    #[error("a transaction waited for something else than the store")]
    Waited,
    #[error("the database cannot be read or written")]
    Database { source: Box<redb::Error> },
    #[error("the store has stopped because the database could not be written")]
    Failed(#[source] Failure),
    #[error("the store is closed")]
    Closed,
}

impl Error {
    pub(super) fn database(error: impl Into<redb::Error>) -> Error {
        Error::Database { source: Box::new(error.into()) }
    }
}

/// The database of a state directory cannot be opened. In no case was the file changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the state directory {} cannot be used", path.display())]
    Directory { path: PathBuf, source: std::io::Error },
    #[error("there is no database {}", path.display())]
    Absent { path: PathBuf },
    #[error("the database {} is gone, but what belongs to it is still there", path.display())]
    Missing { path: PathBuf },
    #[error("a backup was not restored to its end in {}", path.display())]
    HalfRestored { path: PathBuf },
    #[error("the database {} is in use by another process", path.display())]
    InUse { path: PathBuf },
    #[error("the database {} cannot be read", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("the database {} is damaged: {reason}", path.display())]
    Damaged { path: PathBuf, reason: String },
    #[error("the file {} is a database, but not one of Beffroi's", path.display())]
    Foreign { path: PathBuf },
    #[error("the database has layout {found}, made by a newer release; this one knows layouts up to {known}")]
    Newer { found: u32, known: u32 },
    #[error("the database cannot be brought from layout {from} to layout {to}")]
    Migration { from: u32, to: u32, source: Error },
    #[error("the thread that writes cannot be started")]
    Thread { source: std::io::Error },
}
