//! The programs that updates brought: each in a folder of its version, and a link that says which of them runs.
//! The program of the package is not among them: it is what there is when the link is missing, and it starts the
//! others.
//!
//! The daemon may read here, and not write: what it fetched becomes a program by the hand of another process,
//! [`super::install`].

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use beffroi_protocol::release::Version;
use serde::{Deserialize, Serialize};

use crate::{VERSION, replace};

const PROGRAM: &str = "beffroi-agent";
const CURRENT: &str = "current";
const TRIAL: &str = "trial.json";

#[derive(Debug, Clone)]
pub(crate) struct Programs(PathBuf);

/// A program that has not shown yet that the link comes back with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Trial {
    /// What ran before; `None` for the package's own.
    pub(crate) from: Option<Version>,
    pub(crate) to: Version,
}

impl Programs {
    /// The folder may be reached by a link; a running program's own path is never one.
    pub(crate) fn new(folder: &Path) -> Self {
        Self(fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned()))
    }

    /// The version that the link names.
    pub(crate) fn current(&self) -> Option<Version> {
        let name = fs::read_link(self.0.join(CURRENT)).ok()?;
        Version::parse(name.to_str()?).ok()
    }

    /// The latest version on this machine, the package's own included.
    pub(crate) fn latest(&self) -> Option<Version> {
        self.current().max(Version::parse(VERSION).ok())
    }

    pub(crate) fn path(&self, version: Version) -> PathBuf {
        self.0.join(version.to_string()).join(PROGRAM)
    }

    /// What is to run in the place of the program `own`: nothing, when that is one of these, or a package that
    /// has overtaken them.
    pub(crate) fn successor(&self, own: &Path) -> Option<PathBuf> {
        if own.starts_with(&self.0) {
            return None;
        }
        let current = self.current()?;
        (Some(current) > Version::parse(VERSION).ok()).then(|| self.path(current))
    }

    /// # Errors
    /// When the folder cannot be written, or the disk is full.
    pub(crate) fn put(&self, version: Version, program: &[u8]) -> io::Result<()> {
        let path = self.path(version);
        fs::create_dir_all(path.parent().expect("a program stands in a folder"))?;
        replace::replace(&path, program, 0o755)
    }

    /// # Errors
    /// When there is one and it cannot be read.
    pub(crate) fn trial(&self) -> io::Result<Option<Trial>> {
        match fs::read(self.0.join(TRIAL)) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// From now on the new program runs, and after a crash it is known what it is to be replaced by.
    ///
    /// # Errors
    /// When the folder cannot be written. What ran before still does.
    pub(crate) fn begin(&self, trial: &Trial) -> io::Result<()> {
        let bytes = serde_json::to_vec(trial).expect("plain data");
        let noted = self.0.join(TRIAL);
        replace::replace(&noted, &bytes, 0o600)?;
        self.switch(Some(trial.to)).inspect_err(|_| {
            // Nothing is being tried out; the error that matters is the first.
            let _ = replace::remove(&noted);
        })
    }

    /// The new program has shown what it can; all but it and the one before are removed.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub(crate) fn keep(&self, trial: &Trial) -> io::Result<()> {
        replace::remove(&self.0.join(TRIAL))?;
        for entry in fs::read_dir(&self.0)? {
            let entry = entry?;
            let version = entry.file_name().to_str().and_then(|name| Version::parse(name).ok());
            if version.is_some_and(|version| version != trial.to && Some(version) != trial.from) {
                fs::remove_dir_all(entry.path())?;
            }
        }
        Ok(())
    }

    /// The version before runs again. A power cut may have interrupted this already.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub(crate) fn roll_back(&self, trial: &Trial) -> io::Result<()> {
        self.switch(trial.from)?;
        match fs::remove_dir_all(self.0.join(trial.to.to_string())) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        replace::remove(&self.0.join(TRIAL))
    }

    /// What has not shown yet what it can is taken back, if there is something; nobody judges it any more.
    ///
    /// # Errors
    /// When the folder cannot be read or written.
    pub(crate) fn give_up(&self) -> io::Result<()> {
        self.trial()?.map_or(Ok(()), |trial| self.roll_back(&trial))
    }

    /// A link is exchanged in one step: after a power cut it is the old one or the new one.
    fn switch(&self, to: Option<Version>) -> io::Result<()> {
        let (link, next) = (self.0.join(CURRENT), self.0.join(".current.new"));
        replace::remove_if_there(&next)?;
        match to {
            Some(version) => {
                symlink(version.to_string(), &next)?;
                fs::rename(&next, &link)?;
            }
            None => drop(replace::remove_if_there(&link)?),
        }
        File::open(&self.0)?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        Version::parse(text).expect("a version")
    }

    #[test]
    fn a_newer_program_takes_over_and_gives_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let programs = Programs::new(folder.path());
        let package = Path::new("/usr/bin/beffroi-agent");
        assert_eq!(programs.successor(package), None);

        let [first, second] = ["900.0.0", "900.1.0"].map(version);
        for (from, to) in [(None, first), (Some(first), second)] {
            programs.put(to, b"#!/bin/sh\n").expect("it is written");
            programs.begin(&Trial { from, to }).expect("it is linked");
            assert_eq!(programs.trial().expect("it is read"), Some(Trial { from, to }));
        }
        assert_eq!(programs.successor(package), Some(programs.path(second)));
        assert_eq!(programs.successor(&programs.path(second)), None, "it does not start itself");

        programs.roll_back(&Trial { from: Some(first), to: second }).expect("it is linked");
        assert_eq!(programs.successor(package), Some(programs.path(first)));
        assert!(!programs.path(second).exists());
        assert_eq!(programs.trial().expect("there is none"), None);
        programs.begin(&Trial { from: None, to: first }).expect("it is linked");
        programs.roll_back(&Trial { from: None, to: first }).expect("it is unlinked");
        assert_eq!(programs.successor(package), None);
    }

    #[test]
    fn a_roll_back_that_was_interrupted_is_finished() {
        let folder = tempfile::tempdir().expect("a folder");
        let programs = Programs::new(folder.path());
        let trial = Trial { from: None, to: version("900.0.0") };
        programs.put(trial.to, b"").expect("it is written");
        programs.begin(&trial).expect("it is linked");
        // The power was cut after the program was removed.
        fs::remove_dir_all(folder.path().join("900.0.0")).expect("it is there");
        programs.roll_back(&trial).expect("what is gone is gone");
        assert_eq!((programs.current(), programs.trial().expect("it is read")), (None, None));
    }

    #[test]
    fn programs_that_are_reached_by_a_link_know_themselves() {
        let folder = tempfile::tempdir().expect("a folder");
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::create_dir(&real).expect("a folder");
        symlink(&real, &link).expect("a folder");
        let (programs, to) = (Programs::new(&link), version("900.0.0"));
        programs.put(to, b"").expect("it is written");
        programs.begin(&Trial { from: None, to }).expect("it is linked");
        let own = fs::canonicalize(link.join("900.0.0/beffroi-agent")).expect("it is there");
        assert_eq!((programs.path(to), programs.successor(&own)), (own.clone(), None));
    }

    #[test]
    fn a_newer_package_overtakes_an_update() {
        let folder = tempfile::tempdir().expect("a folder");
        let programs = Programs::new(folder.path());
        let old = version("0.0.1");
        programs.put(old, b"").expect("it is written");
        programs.begin(&Trial { from: None, to: old }).expect("it is linked");
        assert_eq!(programs.successor(Path::new("/usr/bin/beffroi-agent")), None);
        assert_eq!(programs.latest(), Version::parse(VERSION).ok());
    }

    #[test]
    fn two_programs_are_kept_and_no_more() {
        let folder = tempfile::tempdir().expect("a folder");
        let programs = Programs::new(folder.path());
        let [first, second, third] = ["1.0.0", "1.1.0", "1.2.0"].map(version);
        for (from, to) in [(None, first), (Some(first), second), (Some(second), third)] {
            programs.put(to, b"").expect("it is written");
            programs.begin(&Trial { from, to }).expect("it is linked");
            programs.keep(&Trial { from, to }).expect("it is kept");
        }
        let there = [first, second, third].map(|version| programs.path(version).exists());
        assert_eq!(there, [false, true, true]);
    }
}
