//! Opening and making the database file.
//!
//! A file that cannot be opened is left as it is. A new one is made under another name and renamed when it
//! is whole, so that an empty or half-written `beffroi.redb` is always damage and never a first start.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::ops::{Deref, DerefMut};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use redb::{Builder, Database, DatabaseError, StorageError};

use super::untouched::{self, Look};
use super::{OpenError, blobs, migrations};

const DATABASE: &str = "beffroi.redb";
const UNFINISHED: &str = "beffroi.redb.new";
/// Where a backup is being restored.
pub(super) const RESTORING: &str = ".restoring";

/// Memory for pages of the database; redb's own default is 1 GiB.
const CACHE: usize = 64 * 1024 * 1024;

pub(super) fn open(directory: &Path) -> Result<Opened, OpenError> {
    let path = database_path(directory);
    let unusable = |source| OpenError::Directory { path: directory.into(), source };
    make_directory(directory).map_err(unusable)?;
    guard(&path, || {
        if !path.exists() {
            if directory.join(RESTORING).exists() {
                return Err(OpenError::HalfRestored { path: directory.into() });
            }
            if holds_anything(&blobs::folder(directory)) {
                return Err(OpenError::Missing { path: path.clone() });
            }
            create(directory, &path)?;
        }
        // Tried in memory first: redb would begin to repair a file that then turns out to be beyond repair, or
        // of a newer release.
        migrations::accept(&*untouched::open(directory, Look::Quickly)?, &path, migrations::STEPS)?;
        let database = opened(&path, builder().open(&path))?;
        migrations::bring_up(&database, &path, migrations::STEPS)?;
        blobs::remove_unfinished(directory).map_err(unusable)?;
        Ok(database)
    })
}

pub(super) fn database_path(directory: &Path) -> PathBuf {
    directory.join(DATABASE)
}

pub(super) fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE);
    builder
}

fn make_directory(directory: &Path) -> Result<(), io::Error> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

fn holds_anything(directory: &Path) -> bool {
    fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_some())
}

fn create(directory: &Path, path: &Path) -> Result<(), OpenError> {
    let unfinished = directory.join(UNFINISHED);
    let failed = |source| OpenError::Directory { path: directory.into(), source };
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished).map_err(failed)?;
    let database = opened(&unfinished, builder().create(&unfinished))?;
    migrations::initialise(&database, migrations::STEPS)?;
    drop(database);
    fs::rename(&unfinished, path).map_err(failed)?;
    sync_directory(directory).map_err(failed)
}

/// A renamed file is sure to be found under its new name only when its directory is on the disk too.
pub(super) fn sync_directory(directory: &Path) -> Result<(), io::Error> {
    File::open(directory)?.sync_all()
}

/// A database that panics nowhere when it is closed, which redb may do when its file was damaged from outside.
pub(super) struct Opened {
    database: Option<Database>,
}

impl Deref for Opened {
    type Target = Database;

    fn deref(&self) -> &Database {
        self.database.as_ref().expect("taken only when it is dropped")
    }
}

impl DerefMut for Opened {
    fn deref_mut(&mut self) -> &mut Database {
        self.database.as_mut().expect("taken only when it is dropped")
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        if catch_unwind(AssertUnwindSafe(|| drop(self.database.take()))).is_err() {
            log::error!("the database could not be closed in order; run `beffroi-gateway check`");
        }
    }
}

/// What redb opened, or in our words what is wrong.
pub(super) fn opened(path: &Path, database: Result<Database, DatabaseError>) -> Result<Opened, OpenError> {
    match database {
        Ok(database) => Ok(Opened { database: Some(database) }),
        Err(error) => Err(explain(path.to_owned(), error)),
    }
}

/// Runs what opens a database. redb may panic on a file that was damaged from outside.
pub(super) fn guard<T>(path: &Path, open: impl FnOnce() -> Result<T, OpenError>) -> Result<T, OpenError> {
    catch_unwind(AssertUnwindSafe(open)).unwrap_or_else(|_| {
        Err(OpenError::Damaged {
            path: path.to_owned(),
            reason: "its pages contradict each other".to_owned(),
        })
    })
}

fn explain(path: PathBuf, error: DatabaseError) -> OpenError {
    match error {
        DatabaseError::DatabaseAlreadyOpen => OpenError::InUse { path },
        DatabaseError::Storage(StorageError::Io(source)) => match source.kind() {
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof => {
                OpenError::Damaged { path, reason: source.to_string() }
            }
            _ => OpenError::Unreadable { path, source },
        },
        error => OpenError::Damaged { path, reason: error.to_string() },
    }
}
