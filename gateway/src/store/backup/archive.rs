//! Writing the archive from one snapshot. The store goes on meanwhile.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Seek, Write};
use std::path::Path;

use jiff::Timestamp;
use redb::backends::FileBackend;
use redb::{Builder, Durability, ReadTransaction, ReadableDatabase, ReadableTable, TableHandle};

use super::super::blobs::{self, BlobId, Place};
use super::super::open::database_path;
use super::super::read::Bytes;
use super::super::untouched::{self, Look};
use super::super::{Error, Store, migrations};
use super::{
    BLOBS, BackupError, DATABASE, EXTRA, Extra, FORMAT, MANIFEST, MANIFEST_HASH, Manifest, Member,
    is_file_name,
};

/// Memory for the copy of the database while it is written.
const CACHE: usize = 16 * 1024 * 1024;

/// Writes the archive of a running store. Blocks for as long as `out` does.
pub fn write(
    store: &Store,
    made: Timestamp,
    extra: &[Extra],
    out: impl Write,
) -> Result<Manifest, BackupError> {
    let snapshot = store.inner.database.begin_read().map_err(Error::database).map_err(BackupError::Read)?;
    write_snapshot(&snapshot, &store.inner.directory, made, extra, out)
}

/// Writes the archive of a state directory that no process has open, whatever its layout.
pub fn write_offline(
    directory: &Path,
    made: Timestamp,
    extra: &[Extra],
    out: impl Write,
) -> Result<Manifest, BackupError> {
    let database = untouched::open(directory, Look::AtEveryPage).map_err(BackupError::Open)?;
    migrations::accept(&database, &database_path(directory), migrations::STEPS).map_err(BackupError::Open)?;
    let snapshot = database.begin_read().map_err(Error::database).map_err(BackupError::Read)?;
    write_snapshot(&snapshot, directory, made, extra, out)
}

fn write_snapshot(
    snapshot: &ReadTransaction,
    directory: &Path,
    made: Timestamp,
    extra: &[Extra],
    out: impl Write,
) -> Result<Manifest, BackupError> {
    let copy_failed =
        |source: redb::Error| BackupError::Copy { path: directory.into(), source: Box::new(source) };
    // Without a name: when this process is killed, the copy is gone too.
    let mut copy = tempfile::tempfile_in(directory).map_err(|error| copy_failed(error.into()))?;
    let tables = copy_database(snapshot, &copy).map_err(copy_failed)?;
    let layout = migrations::layout_of(snapshot).map_err(BackupError::Read)?.unwrap_or_default();
    let LongBlobs { files, lost } = long_blobs(snapshot, directory).map_err(BackupError::Read)?;
    let mut members = BTreeMap::from([(
        DATABASE.to_owned(),
        member(&mut copy).map_err(|error| copy_failed(error.into()))?,
    )]);
    for Extra { name, bytes } in extra {
        if !is_file_name(name) {
            return Err(BackupError::ExtraName { name: name.clone() });
        }
        let member = Member { length: bytes.len() as u64, blake3: BlobId::of(bytes).to_string() };
        members.insert(format!("{EXTRA}{name}"), member);
    }
    let manifest =
        Manifest { format: FORMAT, made, layout, tables, blobs: files.len() as u64, lost, members };

    let mut archive = Archive { tar: tar::Builder::new(out), made };
    let text = serde_json::to_vec_pretty(&manifest).map_err(|error| BackupError::Write(error.into()))?;
    let hash = format!("{}\n", BlobId::of(&text));
    archive.append(MANIFEST, text.len() as u64, text.as_slice())?;
    archive.append(MANIFEST_HASH, hash.len() as u64, hash.as_bytes())?;
    archive.append(DATABASE, manifest.members[DATABASE].length, &copy)?;
    for Extra { name, bytes } in extra {
        archive.append(&format!("{EXTRA}{name}"), bytes.len() as u64, bytes.as_slice())?;
    }
    for (id, length) in files {
        let blob = File::open(id.path(directory)).map_err(|source| BackupError::Blob { id, source })?;
        archive.append(&blob_name(id), length, Exactly { source: blob, left: length })?;
    }
    archive.tar.into_inner().and_then(|mut out| out.flush()).map_err(BackupError::Write)?;
    Ok(manifest)
}

fn blob_name(id: BlobId) -> String {
    let hash = id.to_string();
    format!("{BLOBS}{}/{hash}", &hash[..2])
}

struct Archive<W: Write> {
    tar: tar::Builder<W>,
    made: Timestamp,
}

impl<W: Write> Archive<W> {
    fn append(&mut self, name: &str, length: u64, content: impl Read) -> Result<(), BackupError> {
        let mut header = tar::Header::new_gnu();
        header.set_size(length);
        header.set_mode(0o600);
        header.set_mtime(self.made.as_second().max(0).cast_unsigned());
        self.tar.append_data(&mut header, name, content).map_err(BackupError::Write)
    }
}

/// A file that must have the length that was announced, or everything behind it in the archive is shifted.
struct Exactly {
    source: File,
    left: u64,
}

impl Read for Exactly {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = self.left.min(buffer.len() as u64) as usize;
        let read = self.source.read(&mut buffer[..most])?;
        if read == 0 && most > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= read as u64;
        Ok(read)
    }
}

/// Writes all rows in their order into an empty file, and gives their number by table.
fn copy_database(snapshot: &ReadTransaction, file: &File) -> Result<BTreeMap<String, u64>, redb::Error> {
    let mut copy =
        Builder::new().set_cache_size(CACHE).create_with_backend(FileBackend::new(file.try_clone()?)?)?;
    let mut tables = BTreeMap::new();
    let mut transaction = copy.begin_write()?;
    transaction.set_durability(Durability::Immediate)?;
    transaction.set_quick_repair(true);
    for handle in snapshot.list_tables()? {
        let from = snapshot.open_table(Bytes::new(handle.name()))?;
        let mut to = transaction.open_table(Bytes::new(handle.name()))?;
        let mut count = 0;
        for row in from.iter()? {
            let (key, value) = row?;
            to.insert(key.value(), value.value())?;
            count += 1;
        }
        tables.insert(handle.name().to_owned(), count);
    }
    transaction.commit()?;
    copy.compact()?;
    copy.close()?;
    Ok(tables)
}

fn member(file: &mut File) -> io::Result<Member> {
    file.rewind()?;
    let hash = BlobId::of_reader(&mut *file)?;
    let length = file.stream_position()?;
    file.rewind()?;
    Ok(Member { length, blake3: hash.to_string() })
}

struct LongBlobs {
    files: Vec<(BlobId, u64)>,
    lost: Vec<BlobId>,
}

/// The blobs of a snapshot that lie in files, with their lengths.
fn long_blobs(snapshot: &ReadTransaction, directory: &Path) -> Result<LongBlobs, Error> {
    let mut long = LongBlobs { files: Vec::new(), lost: Vec::new() };
    for blob in blobs::list(snapshot)? {
        let (id, Place::File { length }) = blob? else { continue };
        match fs::metadata(id.path(directory)) {
            Ok(file) if file.len() == length => long.files.push((id, length)),
            _ => long.lost.push(id),
        }
    }
    Ok(long)
}
