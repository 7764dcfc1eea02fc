//! `beffroi-gateway restore`: a state directory, and netd's keys, from a backup.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use tokio::runtime::Builder;

use super::{Told, backup, check, say};
use crate::audit::{self, About, Act, Entry};
use crate::config::Config;
use crate::journal::chain;
use crate::netd;
use crate::store::backup::{Identity, RestoreError, restore};
use crate::store::{AnyTable, Store};
use crate::web::{t, t_with};
use crate::whole_file;

pub(super) fn run(
    config: &Config,
    file: &Path,
    identity: Option<&Path>,
    tables: &[&dyn AnyTable],
) -> Result<(), Told> {
    let identity = identity.map(read_identity).transpose()?;
    let directory = &config.storage.directory;
    match restore(file, directory, identity.as_ref(), tables) {
        Ok(restored) => {
            write_down(directory)?;
            hand_over(directory).map_err(|error| failed(directory, &error))?;
            say(&t_with("command-restore-done", &[("path", &directory.display().to_string())]));
            check::tell(&restored.report);
        }
        // All but the key was put back by an earlier try, which may have been cut short before it gave it away.
        Err(RestoreError::NotEmpty { .. }) if sealed_key(config).exists() && !key(config).exists() => {
            hand_over(directory).map_err(|error| failed(directory, &error))?;
        }
        Err(error) => return Err(explain(&error)),
    }
    restore_key(config, identity.as_ref())
}

/// That a backup was put back is told in what was put back.
fn write_down(directory: &Path) -> Result<(), Told> {
    let store = Store::open(directory).map_err(|error| super::explain(&error))?;
    let runtime = Builder::new_current_thread().build().map_err(|error| failed(directory, &error))?;
    let entry = Entry {
        at: Timestamp::now(),
        who: t("command-by"),
        act: Act::BackupRestored,
        about: About::default(),
    };
    let written = runtime.block_on(store.write(async move |tx| audit::record(tx, entry.clone()).await));
    written.map_err(|error| t_with("command-restore-failed", &[("cause", &chain(&error))]))
}

/// Where a backup's sealed key is, once restored.
fn sealed_key(config: &Config) -> PathBuf {
    config.storage.directory.join("extra").join(backup::KEY)
}

fn key(config: &Config) -> PathBuf {
    netd::key_path(&config.netd.directory)
}

fn read_identity(path: &Path) -> Result<Identity, Told> {
    let unfit = |cause: &str| {
        t_with("command-identity-unfit", &[("path", &path.display().to_string()), ("cause", &cause)])
    };
    let text = fs::read_to_string(path).map_err(|error| unfit(&error.to_string()))?;
    // As `age-keygen` writes it: comments, then the key.
    let key = text.lines().find(|line| !line.starts_with('#') && !line.trim().is_empty()).unwrap_or_default();
    key.parse().map_err(|error: crate::store::backup::NotAKey| unfit(&error.to_string()))
}

/// Without its key the gateway is another one to every machine, and each would have to enrol again.
fn restore_key(config: &Config, identity: Option<&Identity>) -> Result<(), Told> {
    let (sealed, key) = (sealed_key(config), key(config));
    let Some(identity) = identity.filter(|_| sealed.exists()) else {
        say(&t("command-restore-without-key"));
        return Ok(());
    };
    let told = |cause: &str| {
        t_with("command-restore-key-failed", &[("path", &key.display().to_string()), ("cause", &cause)])
    };
    let bytes = fs::read(&sealed).map_err(|error| told(&error.to_string()))?;
    let clear = identity.unseal(&bytes).map_err(|error| told(&chain(&error)))?;
    put(&config.netd.directory, &key, &clear).map_err(|error| told(&error.to_string()))?;
    say(&t_with("command-restore-key-done", &[("path", &key.display().to_string())]));
    Ok(())
}

/// A key that is there already is another gateway's, and stays. The one in use is the first line and put there last:
/// it says that all is there.
fn put(directory: &Path, path: &Path, keys: &[u8]) -> io::Result<()> {
    if path.exists() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let next = netd::next_key_path(directory);
    let lines = keys.split_inclusive(|byte| *byte == b'\n');
    let files: Vec<_> = lines.zip([path, next.as_path()]).collect();
    for (line, path) in files.into_iter().rev() {
        whole_file::replace(path, line)?;
    }
    hand_over(directory)
}

/// Gives everything in a directory to the directory's owner: the command runs as root, the service does
/// not.
fn hand_over(directory: &Path) -> io::Result<()> {
    let owner = fs::metadata(directory)?;
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        std::os::unix::fs::lchown(&path, Some(owner.uid()), Some(owner.gid()))?;
        if path.is_dir() && !path.is_symlink() {
            hand_over(&path)?;
        }
    }
    Ok(())
}

fn failed(path: &Path, error: &io::Error) -> Told {
    t_with("command-restore-failed", &[("cause", &format!("{}: {error}", path.display()))])
}

fn explain(error: &RestoreError) -> Told {
    let cause = match error {
        RestoreError::NotEmpty { path } => path.display().to_string(),
        _ => chain(error),
    };
    let text = match error {
        RestoreError::NotEmpty { .. } => "command-restore-not-empty",
        RestoreError::Sealed | RestoreError::WrongKey => "command-restore-sealed",
        RestoreError::NotABackup => "command-restore-not-a-backup",
        RestoreError::NewerFormat { .. } | RestoreError::NewerLayout { .. } => "command-restore-newer",
        RestoreError::CutShort | RestoreError::Damaged { .. } | RestoreError::Unreadable(_) => {
            "command-restore-damaged"
        }
        _ => "command-restore-failed",
    };
    t_with(text, &[("cause", &cause)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(keys: &str, in_use: &str, next: Option<&str>) {
        let place = tempfile::tempdir().expect("a directory for the test");
        let directory = place.path().join("netd");
        let path = netd::key_path(&directory);
        put(&directory, &path, keys.as_bytes()).expect("there was nothing");
        assert_eq!(fs::read_to_string(&path).expect("it is there"), in_use);
        assert_eq!(fs::read_to_string(netd::next_key_path(&directory)).ok().as_deref(), next);
        let again = put(&directory, &path, b"another\n").expect_err("a key stays");
        assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).expect("it is there"), in_use);
    }

    #[test]
    fn a_gateway_between_two_keys_has_both_again() {
        check("one\n", "one\n", None);
        check("one\ntwo\n", "one\n", Some("two\n"));
    }
}
