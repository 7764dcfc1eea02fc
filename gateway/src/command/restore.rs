//! `beffroi-gateway restore`: a state directory, and netd's key, from a backup.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use super::{Told, backup, check, say};
use crate::config::Config;
use crate::journal::chain;
use crate::netd;
use crate::store::AnyTable;
use crate::store::backup::{Identity, RestoreError, Restored, restore};
use crate::web::{t, t_with};

pub(super) fn run(
    config: &Config,
    file: &Path,
    identity: Option<&Path>,
    tables: &[&dyn AnyTable],
) -> Result<(), Told> {
    let identity = identity.map(read_identity).transpose()?;
    let restored = restore(file, &config.storage.directory, identity.as_ref(), tables)
        .map_err(|error| explain(&error))?;
    say(&t_with("command-restore-done", &[("path", &config.storage.directory.display().to_string())]));
    check::tell(&restored.report);
    restore_key(config, &restored, identity.as_ref())
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
fn restore_key(config: &Config, restored: &Restored, identity: Option<&Identity>) -> Result<(), Told> {
    let sealed = restored.extra.iter().find(|path| path.ends_with(backup::KEY));
    let (Some(sealed), Some(identity)) = (sealed, identity) else {
        say(&t("command-restore-without-key"));
        return Ok(());
    };
    let key = netd::key_path(&config.netd.directory);
    let told = |cause: &str| {
        t_with("command-restore-key-failed", &[("path", &key.display().to_string()), ("cause", &cause)])
    };
    let bytes = fs::read(sealed).map_err(|error| told(&error.to_string()))?;
    let clear = identity.unseal(&bytes).map_err(|error| told(&chain(&error)))?;
    put(&config.netd.directory, &key, &clear).map_err(|error| told(&error.to_string()))?;
    say(&t_with("command-restore-key-done", &[("path", &key.display().to_string())]));
    Ok(())
}

/// A key that is there already is another gateway's, and stays.
fn put(directory: &Path, path: &Path, key: &[u8]) -> std::io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(key)?;
    file.sync_all()?;
    fs::File::open(directory)?.sync_all()
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
