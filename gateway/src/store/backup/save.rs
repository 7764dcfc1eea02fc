//! Putting a backup into a directory: whole, tried out, and under its name only then.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use tempfile::NamedTempFile;

use super::super::open::sync_directory;
use super::super::{AnyTable, Report};
use super::restore::unpack;
use super::{BackupError, EXTRA, Identity, Manifest, Recipient, RestoreError, seal};

const PREFIX: &str = "beffroi-";
const CLEAR: &str = ".tar";
const SEALED: &str = ".tar.age";
/// Before these, in the name of a backup that is better than none.
const FLAWED: &str = "-avec-defauts";

/// Where a backup goes.
pub struct Target<'a> {
    pub directory: &'a Path,
    /// To whom it is sealed; in clear without one.
    pub recipient: Option<&'a Recipient>,
    /// Where it is restored for trial. Needs room for all that the store keeps, in clear; nothing stays.
    pub scratch: &'a Path,
    /// An addition without which it is flawed, as it is with problems in the database.
    pub needs: Option<&'a str>,
}

/// A backup that was written and restored for trial.
#[derive(Debug)]
pub struct Saved {
    pub path: PathBuf,
    /// In bytes.
    pub length: u64,
    pub manifest: Manifest,
    /// What the trial found. Problems are those of the database that was backed up.
    pub report: Report,
}

/// Saves what `archive` writes. The file has its name only when it was flushed, restored and checked.
pub fn save(
    target: &Target<'_>,
    made: Timestamp,
    tables: &[&dyn AnyTable],
    archive: impl FnOnce(&mut dyn Write) -> Result<(), BackupError>,
) -> Result<Saved, BackupError> {
    let unusable = |source| BackupError::Keep { path: target.directory.into(), source };
    fs::create_dir_all(target.directory).map_err(unusable)?;
    let unfinished =
        tempfile::Builder::new().prefix(".beffroi-").tempfile_in(target.directory).map_err(unusable)?;
    // This key is known nowhere else and is forgotten at the end; with it the file that was sealed can be
    // opened once more, although the recipient's own key is not here.
    let trial = target.recipient.map(|_| Identity::generate());
    fill(&unfinished, target.recipient, trial.as_ref(), archive, unusable)?;
    let (manifest, report) = try_out(unfinished.path(), target.scratch, trial.as_ref(), tables)?;

    let lacks = target.needs.is_some_and(|name| !manifest.members.contains_key(&format!("{EXTRA}{name}")));
    let flaw = if lacks || !report.problems.is_empty() { FLAWED } else { "" };
    let ending = if target.recipient.is_some() { SEALED } else { CLEAR };
    let name = format!("{PREFIX}{}{flaw}{ending}", made.strftime("%Y-%m-%dT%H%M%SZ"));
    let path = target.directory.join(name);
    let file = unfinished.persist_noclobber(&path).map_err(|error| unusable(error.error))?;
    sync_directory(target.directory).map_err(unusable)?;
    let length = file.metadata().map_err(unusable)?.len();
    Ok(Saved { path, length, manifest, report })
}

fn fill(
    unfinished: &NamedTempFile,
    recipient: Option<&Recipient>,
    trial: Option<&Identity>,
    archive: impl FnOnce(&mut dyn Write) -> Result<(), BackupError>,
    unusable: impl Fn(io::Error) -> BackupError,
) -> Result<(), BackupError> {
    let mut out = BufWriter::new(unfinished.as_file());
    match recipient.zip(trial) {
        None => archive(&mut out)?,
        Some((recipient, trial)) => {
            let mut sealed = seal::writer(&mut out, &[recipient, &trial.recipient()]).map_err(&unusable)?;
            archive(&mut sealed)?;
            sealed.finish().map_err(&unusable)?;
        }
    }
    let file: &File = out.into_inner().map_err(|error| unusable(error.into_error()))?;
    file.sync_all().map_err(unusable)
}

fn try_out(
    file: &Path,
    scratch: &Path,
    trial: Option<&Identity>,
    tables: &[&dyn AnyTable],
) -> Result<(Manifest, Report), BackupError> {
    let no_room = |source| BackupError::Verify(RestoreError::Write { path: scratch.into(), source });
    let directory = tempfile::Builder::new().prefix("beffroi-trial-").tempdir_in(scratch).map_err(no_room)?;
    let restored = unpack(file, directory.path(), trial, tables).map_err(BackupError::Verify)?;
    directory.close().map_err(no_room)?;
    Ok(restored)
}

/// Removes all backups but the `keep` latest ones, and gives those that it removed. Flawed ones are counted among
/// themselves, so that they push no sound one out. The one that was just made stays, though its name be older than all:
/// the clock may be behind. So do other files.
pub fn prune(directory: &Path, keep: usize, just_made: &Path) -> io::Result<Vec<PathBuf>> {
    let (mut sound, mut flawed) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let Some(name) = name.strip_suffix(CLEAR).or_else(|| name.strip_suffix(SEALED)) else { continue };
        match name.strip_prefix(PREFIX) {
            Some(moment) if moment.ends_with(FLAWED) => flawed.push(path),
            Some(_) => sound.push(path),
            None => {}
        }
    }
    for backups in [&mut sound, &mut flawed] {
        // A name is a moment in UTC, so that the order of the names is that of the moments.
        backups.sort();
        backups.truncate(backups.len().saturating_sub(keep));
        backups.retain(|path| path != just_made);
    }
    sound.append(&mut flawed);
    sound.iter().try_for_each(fs::remove_file)?;
    Ok(sound)
}
