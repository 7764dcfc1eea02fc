//! A file that is there whole or not at all, after a crash or a power cut too, for its owner alone (mode 0600). It does
//! not know what is in it.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A place that was seen to take a file, before there is anything to put into it. What is unfinished is gone with this
/// value.
#[derive(Debug)]
pub(crate) struct Unfinished {
    path: PathBuf,
    /// Beside `path`, so that it can be renamed.
    file: NamedTempFile,
}

impl Unfinished {
    /// # Errors
    /// When the folder is not there or cannot be written.
    pub(crate) fn beside(path: &Path) -> io::Result<Self> {
        remove_if_there(&unfinished(path)?)?;
        let name = unfinished(path)?.file_name().map(OsString::from).unwrap_or_default();
        let file = tempfile::Builder::new().prefix(&name).rand_bytes(0).tempfile_in(folder(path))?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// In the place of what is there, a link included; on disk when this returns.
    ///
    /// # Errors
    /// When it cannot be written. What was there is untouched.
    pub(crate) fn replace(mut self, content: &[u8]) -> io::Result<()> {
        self.fill(content)?;
        self.file.persist(&self.path).map_err(|error| error.error)?;
        sync_folder(&self.path)
    }

    /// The same where there is nothing yet.
    ///
    /// # Errors
    /// When it cannot be written, or [`io::ErrorKind::AlreadyExists`]. What was there is untouched.
    pub(crate) fn create(mut self, content: &[u8]) -> io::Result<()> {
        self.fill(content)?;
        self.file.persist_noclobber(&self.path).map_err(|error| error.error)?;
        sync_folder(&self.path)
    }

    fn fill(&mut self, content: &[u8]) -> io::Result<()> {
        self.file.write_all(content)?;
        self.file.as_file().sync_all()
    }
}

/// Puts a file in the place of what is there.
///
/// # Errors
/// Those of [`Unfinished`].
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    Unfinished::beside(path)?.replace(content)
}

/// Removes a file, and what a power cut left of an attempt to write it. That it is not there is fine.
///
/// # Errors
/// When the folder cannot be written.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    remove_if_there(path)?;
    remove_if_there(&unfinished(path)?)
}

/// One fixed name, so that attempts that a power cut ended never pile up.
fn unfinished(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut unfinished = OsString::from(".");
    unfinished.push(name);
    unfinished.push(".beffroi");
    Ok(path.with_file_name(unfinished))
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder(path))?.sync_all()
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).expect("it is there").permissions().mode()
    }

    #[test]
    fn what_everyone_could_read_is_for_its_owner_alone() {
        let place = tempfile::tempdir().expect("a folder");
        let (path, elsewhere) = (place.path().join("codes"), place.path().join("elsewhere"));
        fs::write(&path, "old").expect("the folder takes it");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("it is ours");
        replace(&path, b"new").expect("the folder takes it");
        assert_eq!((mode(&path) & 0o777, fs::read(&path).expect("it is there")), (0o600, b"new".to_vec()));

        fs::remove_file(&path).expect("it is there");
        fs::write(&elsewhere, "another's").expect("the folder takes it");
        symlink(&elsewhere, &path).expect("the folder takes it");
        replace(&path, b"new").expect("the folder takes it");
        assert_eq!(
            fs::read(&elsewhere).expect("it is there"),
            b"another's",
            "a link is replaced, not followed"
        );
        assert_eq!(fs::read_dir(place.path()).expect("a folder").count(), 2, "nothing unfinished is left");
    }

    #[test]
    fn what_is_there_is_left_alone_when_a_file_is_to_be_new() {
        let place = tempfile::tempdir().expect("a folder");
        let path = place.path().join("private.key");
        Unfinished::beside(&path).and_then(|new| new.create(b"one")).expect("there is nothing");
        let refused = Unfinished::beside(&path).and_then(|new| new.create(b"two")).expect_err("it is there");
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).expect("it is there"), b"one");
    }

    #[test]
    fn what_a_power_cut_left_does_not_disturb_and_goes() {
        let place = tempfile::tempdir().expect("a folder");
        let path = place.path().join("wanted.json");
        let half = || fs::write(place.path().join(".wanted.json.beffroi"), "half").expect("a folder");
        half();
        replace(&path, b"whole").expect("the folder takes it");
        assert_eq!(fs::read(&path).expect("it is there"), b"whole");
        half();
        for _twice in 0..2 {
            remove(&path).expect("the folder is ours");
        }
        assert_eq!(fs::read_dir(place.path()).expect("a folder").count(), 0);
    }
}
