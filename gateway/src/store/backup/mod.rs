//! Backup: everything the store keeps, in one file that can be looked into with `tar` and `age`.
//!
//! The file is a tar archive. Its members, in this order:
//!
//! | member | content |
//! |---|---|
//! | `manifest.json` | [`Manifest`]: what else is in the file, with lengths and BLAKE3 hashes |
//! | `manifest.blake3` | the hash of the manifest, in hexadecimal |
//! | `beffroi.redb` | the database, its rows written anew into a file without gaps |
//! | `extra/NAME` | what the caller adds, such as netd's private key, sealed by netd itself |
//! | `blobs/XX/HASH` | the long blobs, named by their BLAKE3 hash |
//!
//! With a [`Recipient`] the archive is sealed with age (<https://age-encryption.org/v1>). [`write`] makes the
//! archive of a running store from one snapshot, [`write_offline`] that of a directory no process has open;
//! [`save`] makes a file of it and restores that file to be sure; [`restore`] makes a state directory of it.

mod archive;
mod restore;
mod save;
mod seal;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use archive::{write, write_offline};
pub use restore::{Restored, restore};
pub use save::{Saved, Target, prune, save};
pub use seal::{Identity, NotAKey, Recipient};

use super::{BlobId, Error, OpenError};

/// The arrangement of members described above. A later release that changes it raises the number.
const FORMAT: u32 = 1;

const MANIFEST: &str = "manifest.json";
const MANIFEST_HASH: &str = "manifest.blake3";
const DATABASE: &str = "beffroi.redb";
const EXTRA: &str = "extra/";
const BLOBS: &str = "blobs/";

/// Bytes of a manifest at most; it grows with the number of tables only.
const MANIFEST_MAX: u64 = 1024 * 1024;

/// What is in a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    /// The moment of which it shows the state.
    pub made: Timestamp,
    /// The layout of the database; a release that knows it, or a later one, can open it.
    pub layout: u32,
    /// Rows of each table.
    pub tables: BTreeMap<String, u64>,
    /// Long blobs, which are members of their own; the short ones are rows.
    pub blobs: u64,
    /// Long blobs that the database refers to and the disk had lost. One that is lost does not keep the
    /// others from being saved.
    pub lost: Vec<BlobId>,
    /// The database and what the caller added.
    pub members: BTreeMap<String, Member>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// In bytes.
    pub length: u64,
    pub blake3: String,
}

/// Something that belongs to a backup and is not in the store.
#[derive(Clone, Debug)]
pub struct Extra {
    /// A file name of small letters, digits, hyphens and dots.
    pub name: String,
    pub bytes: Vec<u8>,
}

/// Why there is no backup. What was there before, earlier backups among it, is untouched.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("the database cannot be opened")]
    Open(#[source] OpenError),
    #[error("the database cannot be read")]
    Read(#[source] Error),
    #[error("the blob {id} cannot be read")]
    Blob { id: BlobId, source: io::Error },
    #[error("the copy of the database cannot be written under {}", path.display())]
    Copy { path: PathBuf, source: Box<redb::Error> },
    #[error("{name:?} is no name for an addition to a backup")]
    ExtraName { name: String },
    #[error("the archive cannot be passed on")]
    Write(#[source] io::Error),
    #[error("the running gateway did not hand over all of it")]
    HandedOver(#[source] io::Error),
    #[error("the backup cannot be written under {}", path.display())]
    Keep { path: PathBuf, source: io::Error },
    #[error("the backup was written, but cannot be restored")]
    Verify(#[source] RestoreError),
}

/// Why nothing was restored. The backup is untouched, and the directory is as empty as it was.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    #[error("the directory {} is not empty", path.display())]
    NotEmpty { path: PathBuf },
    #[error("the backup {} cannot be opened", path.display())]
    Open { path: PathBuf, source: io::Error },
    #[error("the backup is sealed, and no key was given")]
    Sealed,
    #[error("the backup is sealed to another key")]
    WrongKey,
    #[error("the file is no backup of Beffroi")]
    NotABackup,
    #[error("the backup has format {found}, made by a newer release; this one knows format {known}")]
    NewerFormat { found: u32, known: u32 },
    #[error(
        "the backup has a database of layout {found}, made by a newer release; this one knows layout {known}"
    )]
    NewerLayout { found: u32, known: u32 },
    #[error("the backup ends too early")]
    CutShort,
    #[error("the backup is damaged: {member} is not what was written")]
    Damaged { member: String },
    #[error("the backup is damaged or ends too early")]
    Unreadable(#[source] io::Error),
    #[error("{} cannot be written", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("the restored database cannot be opened")]
    Database(#[source] OpenError),
}

/// A name that is a file in every directory and leads out of none.
fn is_file_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._".contains(&byte);
    (1..=100).contains(&name.len()) && !name.starts_with('.') && name.bytes().all(plain)
}
