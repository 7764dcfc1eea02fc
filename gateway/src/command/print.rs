//! A file for its owner alone, whole or not at all, and never over another one.

use std::io;
use std::path::{Path, PathBuf};

use super::Told;
use crate::web::t_with;
use crate::whole_file::Unfinished;

/// A place that was seen to take a file, before there is anything to put into it: what cannot be asked for twice
/// is not asked for before that.
#[derive(Debug)]
pub(super) struct Print {
    path: PathBuf,
    unfinished: Unfinished,
}

impl Print {
    pub(super) fn begin(path: &Path) -> Result<Self, Told> {
        if path.symlink_metadata().is_ok() {
            return Err(t_with("command-print-exists", &[("path", &path.display().to_string())]));
        }
        let unfinished = Unfinished::beside(path).map_err(|error| unwritable(path, &error))?;
        Ok(Self { path: path.to_owned(), unfinished })
    }

    /// On disk under its name when this returns.
    pub(super) fn finish(self, content: &[u8]) -> Result<(), Told> {
        let Self { path, unfinished } = self;
        unfinished.create(content).map_err(|error| unwritable(&path, &error))
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Told {
    t_with(
        "command-print-unwritable",
        &[("path", &path.display().to_string()), ("cause", &error.to_string())],
    )
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_is_there_whole_for_its_owner_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("bons.pdf");
        let print = Print::begin(&path).expect("the place is free");
        assert!(!path.exists());
        print.finish(b"%PDF").expect("the folder takes it");
        assert_eq!(fs::read(&path).expect("it is there"), b"%PDF");
        assert_eq!(fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o600);
        drop(Print::begin(&folder.path().join("other.pdf")).expect("the place is free"));
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing unfinished is left");
    }

    #[test]
    fn another_file_is_left_as_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("bons.pdf");
        let late = Print::begin(&path).expect("the place is free");
        fs::write(&path, "another").expect("the folder takes it");
        let told = Print::begin(&path).expect_err("the place is taken");
        assert!(told.contains("existe déjà"), "{told}");
        late.finish(b"%PDF").expect_err("the place was taken meanwhile");
        assert_eq!(fs::read(&path).expect("it is there"), b"another");
    }

    #[test]
    fn a_folder_that_is_missing_is_named() {
        let told = Print::begin(Path::new("/nowhere/bons.pdf")).expect_err("there is no such folder");
        assert!(told.contains("/nowhere/bons.pdf"), "{told}");
    }
}
