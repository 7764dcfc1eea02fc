//! `beffroi-gateway backup`: has the running gateway hand over its state, or reads the directory of a
//! stopped one, and keeps it as one file that was restored for trial.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{Told, say};
use crate::audit::{self, About, Act, Entry};
use crate::config::Config;
use crate::journal::chain;
use crate::store::backup::{self, Extra, Recipient, Target};
use crate::store::{AnyTable, Store};
use crate::web::{t, t_with};
use crate::{control, netd};

/// The member of a backup that holds the gateway's WireGuard key, sealed by netd.
pub(super) const KEY: &str = "netd.key.age";

pub(super) fn run(config: &Config, directory: Option<&Path>, tables: &[&dyn AnyTable]) -> Result<(), Told> {
    let directory = directory.unwrap_or(&config.backup.directory);
    let recipient: Option<Recipient> =
        config.backup.recipient.as_deref().and_then(|recipient| recipient.parse().ok());
    // The trial needs as much room as the store, and /tmp may be memory.
    let scratch = std::env::var_os("TMPDIR").map_or_else(|| PathBuf::from("/var/tmp"), PathBuf::from);
    let needs = recipient.is_some().then_some(KEY);
    let target = Target { directory, recipient: recipient.as_ref(), scratch: &scratch, needs };
    let made = Timestamp::now();
    let saved = match control::connect(&config.storage.socket).map_err(|error| failed(&error))? {
        Some(running) => backup::save(&target, made, tables, |out| running.backup(out)),
        None => backup::save(&target, made, tables, |out| {
            backup::write_offline(&config.storage.directory, made, &[], out).map(drop)
        }),
    }
    .map_err(|error| failed(&error))?;
    let rows: u64 = saved.manifest.tables.values().sum();
    let done = [("path", &saved.path.display().to_string() as &dyn crate::web::Argument), ("rows", &rows)];
    say(&t_with("command-backup-done", &done));
    for problem in &saved.report.problems {
        say(&t_with("command-check-problem", &[("problem", &chain(problem))]));
    }
    let keep = usize::try_from(config.backup.keep).unwrap_or(usize::MAX);
    backup::prune(directory, keep, &saved.path).map_err(|error| failed(&error))?;
    if !saved.report.problems.is_empty() {
        return Err(t("command-backup-of-a-damaged-store"));
    }
    if !saved.manifest.members.keys().any(|member| member.ends_with(KEY)) {
        if recipient.is_some() {
            return Err(t("command-backup-key-missing"));
        }
        say(&t("command-backup-without-key"));
    }
    Ok(())
}

/// What belongs to a backup of the running gateway and is not in its store: netd's private key, sealed by
/// netd itself to the recipient that netd has read. Without a recipient there is nothing to add.
///
/// That a backup is made is written down first: it is in the backup too.
pub async fn extra(store: &Store, netd: &netd::Client, sealed: bool) -> Vec<Extra> {
    let (at, who) = (Timestamp::now(), t("command-by"));
    let entry = Entry { at, who, act: Act::BackupMade, about: About::default() };
    if let Err(error) = store.write(async move |tx| audit::record(tx, entry.clone()).await).await {
        log::error!("who made a backup cannot be written down: {}", chain(&error));
    }
    if !sealed {
        return Vec::new();
    }
    match netd.seal().await {
        Ok(bytes) => vec![Extra { name: KEY.to_owned(), bytes }],
        Err(error) => {
            log::error!("the backup lacks the gateway's private key: {}", chain(&error));
            Vec::new()
        }
    }
}

fn failed(error: &dyn std::error::Error) -> Told {
    t_with("command-backup-failed", &[("cause", &chain(error))])
}
