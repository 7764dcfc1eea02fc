//! Writes a file so that after a crash or a power cut it holds the old content or the new, never a
//! part. It does not know what is in the file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Replaces `path` (or what it links to) with a new file that has `contents`, durable on return. An
/// existing file keeps its owner and mode; a new one gets `mode`.
///
/// # Errors
/// When the folder cannot be written, or the disk is full. The old content is still there.
pub(crate) fn replace(path: &Path, contents: &[u8], mode: u32) -> io::Result<()> {
    // A link is followed: whoever made it wants the content there.
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let temporary = temporary(path)?;
    let written = write_new(&temporary, path, contents, mode).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // What is left of a failed attempt serves nobody; the error that matters is the first.
        let _ = fs::remove_file(&temporary);
    }
    written?;
    sync_folder(path)
}

/// Like [`replace`], and where the file cannot be exchanged (it is a mount of its own, or its folder
/// is read-only) writes into the file that is there. Only what differs is written, so that a cut
/// never harms what comes before it.
///
/// # Errors
/// When neither is possible.
pub(crate) fn replace_or_rewrite(path: &Path, contents: &[u8], mode: u32) -> io::Result<()> {
    let refused = match replace(path, contents, mode) {
        Ok(()) => return Ok(()),
        Err(refused) => refused,
    };
    let Ok(mut file) = OpenOptions::new().read(true).write(true).open(path) else {
        return Err(refused);
    };
    let mut present = Vec::new();
    file.read_to_end(&mut present)?;
    let same = present.iter().zip(contents).take_while(|(a, b)| a == b).count();
    file.seek(SeekFrom::Start(same as u64))?;
    file.write_all(&contents[same..])?;
    file.set_len(contents.len() as u64)?;
    file.sync_all()
}

/// Removes `path`, durably, and what a power cut may have left of an attempt to write it; that it is
/// not there is fine.
///
/// # Errors
/// When the folder cannot be written.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    tidy(path)?;
    if remove_if_there(path)? { sync_folder(path) } else { Ok(()) }
}

/// Removes what a power cut may have left of an attempt to write `path`.
///
/// # Errors
/// When the folder cannot be written.
pub(crate) fn tidy(path: &Path) -> io::Result<()> {
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    remove_if_there(&temporary(path)?).map(drop)
}

/// Whether it was there.
///
/// # Errors
/// When the folder cannot be written.
pub(crate) fn remove_if_there(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn write_new(temporary: &Path, path: &Path, contents: &[u8], mode: u32) -> io::Result<()> {
    remove_if_there(temporary)?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(temporary)?;
    file.write_all(contents)?;
    if let Ok(present) = fs::metadata(path) {
        std::os::unix::fs::fchown(&file, Some(present.uid()), Some(present.gid()))?;
        file.set_permissions(fs::Permissions::from_mode(present.mode() & 0o7777))?;
    } else {
        file.set_permissions(fs::Permissions::from_mode(mode))?;
    }
    file.sync_all()
}

/// One fixed name, so that attempts that a power cut ended never pile up.
fn temporary(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    Ok(path.with_file_name(format!(".{}.beffroi", name.to_string_lossy())))
}

fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_exchanged_and_keeps_its_mode() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("hosts");
        replace(&path, b"one", 0o640).expect("a writable folder");
        assert_eq!(fs::metadata(&path).expect("it was written").mode() & 0o777, 0o640);
        let first = fs::metadata(&path).expect("it was written").ino();

        replace(&path, b"two", 0o600).expect("a writable folder");
        let present = fs::metadata(&path).expect("it was written");
        assert_eq!(fs::read(&path).expect("it was written"), b"two");
        assert_eq!(present.mode() & 0o777, 0o640);
        assert_ne!(present.ino(), first);
        assert_eq!(fs::read_dir(dir.path()).expect("a folder").count(), 1, "nothing is left beside it");
    }

    #[test]
    fn what_a_power_cut_left_does_not_disturb() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        fs::write(dir.path().join(".hosts.beffroi"), "half").expect("a writable folder");
        let path = dir.path().join("hosts");
        replace(&path, b"whole", 0o644).expect("a writable folder");
        assert_eq!(fs::read(&path).expect("it was written"), b"whole");

        fs::write(dir.path().join(".hosts.beffroi"), "half").expect("a writable folder");
        for _ in 0..2 {
            remove(&path).expect("a writable folder");
            assert_eq!(fs::read_dir(dir.path()).expect("a folder").count(), 0, "nothing is left");
        }
    }

    #[test]
    fn a_link_stays_a_link() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (real, link) = (dir.path().join("real"), dir.path().join("link"));
        fs::write(&real, "one").expect("a writable folder");
        std::os::unix::fs::symlink(&real, &link).expect("a writable folder");
        replace(&link, b"two", 0o644).expect("a writable folder");
        assert!(fs::symlink_metadata(&link).expect("it is there").is_symlink());
        assert_eq!(fs::read(&real).expect("it is there"), b"two");
    }

    #[test]
    fn a_file_that_cannot_be_exchanged_is_rewritten() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("hosts");
        fs::write(&path, "127.0.0.1 localhost\nold and longer\n").expect("a writable folder");
        let inode = fs::metadata(&path).expect("it is there").ino();
        // A folder stands where the temporary file would go: this refuses root as well.
        fs::create_dir(dir.path().join(".hosts.beffroi")).expect("a writable folder");

        replace_or_rewrite(&path, b"127.0.0.1 localhost\nnew\n", 0o644).expect("the file itself is writable");
        assert_eq!(fs::read(&path).expect("it is there"), b"127.0.0.1 localhost\nnew\n");
        assert_eq!(fs::metadata(&path).expect("it is there").ino(), inode);
    }
}
