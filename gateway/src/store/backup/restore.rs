//! Making a state directory of a backup.
//!
//! Everything is compared with its hash while it is written, in a directory within the target, and the
//! result is checked as a whole before it is moved to its place. Only names that a backup can have are
//! written, so that a file from elsewhere can put nothing anywhere else.

use std::cell::Cell;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use serde::Deserialize;

use super::super::open::{RESTORING, sync_directory};
use super::super::{AnyTable, BlobId, Report, blobs, check, layout};
use super::{
    BLOBS, DATABASE, EXTRA, FORMAT, Identity, MANIFEST, MANIFEST_HASH, MANIFEST_MAX, Manifest, RestoreError,
    is_file_name, seal,
};

/// What was restored.
#[derive(Debug)]
pub struct Restored {
    pub manifest: Manifest,
    /// What is in the database now. Its problems are those that the backed-up database had.
    pub report: Report,
    /// What was added to the backup, as files under `extra` in the directory.
    pub extra: Vec<PathBuf>,
}

/// Restores a backup into a directory that is empty or not there yet.
pub fn restore(
    file: &Path,
    directory: &Path,
    identity: Option<&Identity>,
    tables: &[&dyn AnyTable],
) -> Result<Restored, RestoreError> {
    let unusable = |source| RestoreError::Write { path: directory.into(), source };
    make(directory).map_err(unusable)?;
    let restoring = directory.join(RESTORING);
    if restoring.exists() {
        clear(&restoring, directory).map_err(unusable)?;
    }
    if fs::read_dir(directory).map_err(unusable)?.next().is_some() {
        return Err(RestoreError::NotEmpty { path: directory.into() });
    }
    make(&restoring).map_err(unusable)?;
    let restored = unpack(file, &restoring, identity, tables).and_then(|(manifest, report)| {
        let extra = settle(&restoring, directory).map_err(unusable)?;
        Ok(Restored { manifest, report, extra })
    });
    // After a failure nothing of the backup stays; after a success there is nothing left in it.
    let cleared = fs::remove_dir_all(&restoring).map_err(unusable);
    restored.and_then(|restored| cleared.map(|()| restored))
}

/// What is left of a restoration that was killed is of no use to anyone. As long as the database, which comes last, is
/// not in its place, what else is there is of the same restoration: it began in an empty directory.
fn clear(restoring: &Path, directory: &Path) -> io::Result<()> {
    if !directory.join(DATABASE).exists() {
        for folder in [blobs::folder(directory), directory.join("extra")] {
            if folder.exists() {
                fs::remove_dir_all(folder)?;
            }
        }
    }
    fs::remove_dir_all(restoring)
}

/// Writes a backup's content into an empty directory and looks through it.
pub(super) fn unpack(
    file: &Path,
    directory: &Path,
    identity: Option<&Identity>,
    tables: &[&dyn AnyTable],
) -> Result<(Manifest, Report), RestoreError> {
    let unreadable = |source| RestoreError::Open { path: file.into(), source };
    let mut opened = BufReader::new(File::open(file).map_err(unreadable)?);
    let sealed = opened.fill_buf().map_err(unreadable)?.starts_with(seal::MARK);
    let manifest = match (sealed, identity) {
        (false, _) => unpack_archive(opened, directory)?,
        (true, Some(identity)) => unpack_archive(seal::reader(opened, identity)?, directory)?,
        (true, None) => return Err(RestoreError::Sealed),
    };
    let report = check(directory, tables).map_err(RestoreError::Database)?;
    Ok((manifest, report))
}

fn unpack_archive(archive: impl Read, directory: &Path) -> Result<Manifest, RestoreError> {
    let ended = Rc::new(Cell::new(false));
    let mut archive = tar::Archive::new(Watched { reader: archive, ended: ended.clone() });
    let mut members = Members { entries: archive.entries().map_err(RestoreError::Unreadable)?, ended };
    let manifest = read_manifest(&mut members)?;
    let (mut expected, mut blobs) = (manifest.members.clone(), 0);
    while let Some((name, content)) = members.next()? {
        let damaged = || RestoreError::Damaged { member: name.clone() };
        let found = if let Some(member) = expected.remove(&name) {
            let hash = member.blake3.parse().map_err(|_| damaged())?;
            let path = place(directory, &name).ok_or_else(damaged)?;
            (hash, members.keep(content, &path)?)
        } else {
            let id = blob(&name).ok_or_else(damaged)?;
            blobs += 1;
            (id, members.keep(content, &id.path(directory))?)
        };
        if found.0 != found.1 {
            return Err(damaged());
        }
    }
    match expected.is_empty() && blobs == manifest.blobs {
        true => Ok(manifest),
        false => Err(RestoreError::CutShort),
    }
}

fn read_manifest<R: Read>(members: &mut Members<'_, R>) -> Result<Manifest, RestoreError> {
    /// The part that every format has.
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }

    let damaged = |_| RestoreError::Damaged { member: MANIFEST.to_owned() };
    // What is not even an archive at its start is something else, not a backup that was damaged. `tar` says
    // so with the kind `Other`; what is damaged under a seal has another kind.
    let text = members.read(MANIFEST).map_err(|error| match error {
        RestoreError::Unreadable(error) if error.kind() == io::ErrorKind::Other => RestoreError::NotABackup,
        error => error,
    })?;
    let hash = members.read(MANIFEST_HASH)?;
    if hash.trim_ascii() != BlobId::of(&text).to_string().as_bytes() {
        return Err(RestoreError::Damaged { member: MANIFEST.to_owned() });
    }
    let Format { format } = serde_json::from_slice(&text).map_err(damaged)?;
    if format > FORMAT {
        return Err(RestoreError::NewerFormat { found: format, known: FORMAT });
    }
    let manifest: Manifest = serde_json::from_slice(&text).map_err(damaged)?;
    let known = layout();
    if manifest.layout > known {
        return Err(RestoreError::NewerLayout { found: manifest.layout, known });
    }
    Ok(manifest)
}

/// Says when the archive is at its end, for `tar` does not.
struct Watched<R> {
    reader: R,
    ended: Rc<Cell<bool>>,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        if read == 0 && !buffer.is_empty() {
            self.ended.set(true);
        }
        Ok(read)
    }
}

type Content<'a, R> = tar::Entry<'a, Watched<R>>;

/// The members of an archive, one after the other.
struct Members<'a, R: Read> {
    entries: tar::Entries<'a, Watched<R>>,
    ended: Rc<Cell<bool>>,
}

impl<'a, R: Read> Members<'a, R> {
    fn next(&mut self) -> Result<Option<(String, Content<'a, R>)>, RestoreError> {
        let Some(entry) = self.entries.next() else { return Ok(None) };
        let entry = entry.map_err(|error| self.broken(error))?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        Ok(Some((name, entry)))
    }

    /// The content of the next member, which must have this name and be short.
    fn read(&mut self, name: &str) -> Result<Vec<u8>, RestoreError> {
        let (found, mut content) = self.next()?.ok_or(RestoreError::CutShort)?;
        let length = content.size();
        if found != name || length > MANIFEST_MAX {
            return Err(RestoreError::NotABackup);
        }
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes).map_err(|error| self.broken(error))?;
        if bytes.len() as u64 == length { Ok(bytes) } else { Err(RestoreError::CutShort) }
    }

    /// Writes a member into a new file and gives the hash of what was written.
    fn keep(&self, mut content: Content<'_, R>, path: &Path) -> Result<BlobId, RestoreError> {
        let unusable = |source| RestoreError::Write { path: path.into(), source };
        make(path.parent().unwrap_or(Path::new("."))).map_err(unusable)?;
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(unusable)?;
        let (mut hasher, mut buffer, mut left) = (blake3::Hasher::new(), vec![0; 64 * 1024], content.size());
        while left > 0 {
            let read = content.read(&mut buffer).map_err(|error| self.broken(error))?;
            if read == 0 {
                return Err(RestoreError::CutShort);
            }
            hasher.update(&buffer[..read]);
            file.write_all(&buffer[..read]).map_err(unusable)?;
            left -= read as u64;
        }
        Ok(hasher.finalize().into())
    }

    fn broken(&self, error: io::Error) -> RestoreError {
        match self.ended.get() || error.kind() == io::ErrorKind::UnexpectedEof {
            true => RestoreError::CutShort,
            false => RestoreError::Unreadable(error),
        }
    }
}

/// Where a member that is no blob belongs.
fn place(directory: &Path, name: &str) -> Option<PathBuf> {
    let plain = name == DATABASE || name.strip_prefix(EXTRA).is_some_and(is_file_name);
    plain.then(|| directory.join(name))
}

fn blob(name: &str) -> Option<BlobId> {
    let (folder, hash) = name.strip_prefix(BLOBS)?.split_once('/')?;
    hash.parse().ok().filter(|_| hash.get(..2) == Some(folder))
}

/// Moves what was restored to its place, on the disk before and after. The database comes last: without it
/// the directory is no store. Gives the additions.
fn settle(restoring: &Path, directory: &Path) -> io::Result<Vec<PathBuf>> {
    nix::unistd::syncfs(File::open(restoring)?)?;
    let additions = directory.join("extra");
    for folder in [blobs::folder(directory), additions.clone()] {
        let from = restoring.join(folder.file_name().ok_or(io::ErrorKind::InvalidInput)?);
        if from.exists() {
            fs::rename(from, folder)?;
        }
    }
    sync_directory(directory)?;
    fs::rename(restoring.join(DATABASE), directory.join(DATABASE))?;
    sync_directory(directory)?;
    match fs::read_dir(additions) {
        Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn make(directory: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)
}
