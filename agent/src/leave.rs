//! Undoes everything that `join` did, however far it came. Each step may find its work done already:
//! the command can be given again at any time.

use std::path::{Path, PathBuf};
use std::time::Duration;

use beffroi_protocol::PublicKey;
use beffroi_tunnel::Tunnel;
use tokio::time::{Instant, sleep};

use crate::config::Config;
use crate::diagnosis::memory::Memory;
use crate::journal::journal_text;
use crate::state::{self, Leaving, Lock, State};
use crate::texts::{reason, t, t_with, tunnel_reason};
use crate::update::programs::Programs;
use crate::{hosts, serve, service, status, trust, update};

/// How long the daemon may take to let go of the interface.
const LET_GO: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(100);

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the state cannot be removed")]
    State(#[from] state::Error),
    #[error("another beffroi-agent holds the interface")]
    Busy,
}

/// What was found and could not be undone.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Leftover {
    #[error("the interface is still there")]
    Interface(#[source] beffroi_tunnel::Error),
    #[error("the names are still in {}", path.display())]
    Hosts { path: PathBuf, source: std::io::Error },
    #[error("other computers are still let in")]
    Serving(#[source] serve::Error),
    #[error("the authority is still trusted somewhere")]
    Trust(#[from] trust::Error),
    #[error("a program that was being tried out still runs in the place of the package's")]
    Trial(#[source] std::io::Error),
    #[error("the service still runs")]
    Service(#[source] service::Error),
    #[error("what was noted of the link is still in {}", path.display())]
    Notes { path: PathBuf, source: std::io::Error },
}

/// What there was to undo.
#[derive(Debug)]
pub(crate) struct Left {
    pub(crate) departure: Departure,
    /// Firefox has imported the authority into its profiles, where no policy takes it out again.
    pub(crate) firefox: bool,
    pub(crate) leftovers: Vec<Leftover>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Departure {
    /// This machine had not joined, and nothing of a joining was there.
    None,
    Undone,
}

/// Undoes what can be undone.
///
/// # Errors
/// When nothing was undone, because another command is at work or the state cannot be written.
pub(crate) async fn leave(config: &Config) -> Result<Left, Error> {
    let found = state::load(&config.state);
    if matches!(found, Ok(None)) && !config.state.exists() {
        return Ok(undo(config, Departure::None, &[]).await);
    }
    // The daemon watches the state: no member any more, it closes the tunnel and lets go.
    let (departure, keys) = match found {
        Ok(None) => (Departure::None, Vec::new()),
        Ok(Some(state)) => (Departure::Undone, state.keys()),
        // Which keys were this machine's is not known any more.
        Err(_) => (Departure::Undone, Vec::new()),
    };
    if departure == Departure::Undone {
        state::store(&config.state, State::Leaving(Leaving { keys: keys.clone() }))?;
    }
    let lock = take_over(config).await?;
    let mut left = undo(config, departure, &keys).await;
    left.leftovers.extend(forget(&config.state).err());
    if !left.leftovers.is_empty() {
        return Ok(left);
    }
    match status::ask(&config.socket).await {
        Ok(None) => state::remove_folder(&config.state, lock)?,
        Ok(Some(_)) | Err(_) => state::remove(&config.state)?,
    }
    Ok(left)
}

async fn undo(config: &Config, mut departure: Departure, keys: &[PublicKey]) -> Left {
    let mut leftovers = Vec::new();
    if departure == Departure::Undone
        && let Err(error) = Tunnel::remove(&config.interface, keys).await
        && !is_not_ours(&error, keys)
    {
        leftovers.push(Leftover::Interface(error));
    }
    if let Err(error) = serve::clean(&config.interface).await {
        leftovers.push(Leftover::Serving(error));
    }
    match hosts::clear(&config.hosts) {
        Ok(true) => departure = Departure::Undone,
        Ok(false) => {}
        Err(source) => leftovers.push(Leftover::Hosts { path: config.hosts.clone(), source }),
    }
    let trust::Removal { problems, firefox } = trust::remove(Path::new("/"));
    leftovers.extend(problems.into_iter().map(Leftover::from));
    // Nobody is left to judge it.
    leftovers.extend(Programs::new(&config.update.programs).give_up().map_err(Leftover::Trial).err());
    Left { departure, firefox, leftovers }
}

/// What the daemon noted beside the state.
fn forget(state: &Path) -> Result<(), Leftover> {
    let forgotten = Memory::remove(state).and_then(|()| update::remove(state));
    forgotten.map_err(|source| Leftover::Notes { path: state.to_owned(), source })
}

/// Someone else's interface is none of our leftovers. Of a damaged state no key is known: then the
/// person must see for themselves whose it is.
fn is_not_ours(error: &beffroi_tunnel::Error, keys: &[PublicKey]) -> bool {
    use beffroi_tunnel::Error::{Foreign, InUse, Taken};
    matches!(error, Foreign(_) | InUse(_) | Taken(_)) && !keys.is_empty()
}

async fn take_over(config: &Config) -> Result<Lock, Error> {
    let deadline = Instant::now() + LET_GO;
    loop {
        if let Some(lock) = Lock::take(&config.state)? {
            return Ok(lock);
        }
        if Instant::now() >= deadline {
            return Err(Error::Busy);
        }
        sleep(LOOK_EVERY).await;
    }
}

impl Error {
    /// What the person at the terminal reads.
    pub(crate) fn message(&self) -> String {
        match self {
            Self::State(error) => error.message(),
            Self::Busy => t("busy"),
        }
    }
}

impl Leftover {
    /// What the person at the terminal reads.
    pub(crate) fn message(&self) -> String {
        match self {
            Self::Interface(error) => t_with("leave-interface", &[("reason", tunnel_reason(error).into())]),
            Self::Serving(error) => t_with("leave-serving", &[("reason", journal_text(error).into())]),
            Self::Hosts { path, source } => t_with(
                "leave-hosts",
                &[("path", path.display().to_string().into()), ("reason", reason(source).into())],
            ),
            Self::Trust(error) => error.message(),
            Self::Service(service::Error(reason)) => {
                t_with("leave-service", &[("reason", reason.as_str().into())])
            }
            Self::Notes { path, source } => t_with(
                "leave-notes",
                &[("path", path.display().to_string().into()), ("reason", reason(source).into())],
            ),
            Self::Trial(error) => t_with("leave-trial", &[("reason", reason(error).into())]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_that_stay_are_told() {
        let state = tempfile::tempdir().expect("a temporary folder");
        assert!(forget(state.path()).is_ok());
        // A file in the place of the folder: this refuses root as well.
        std::fs::write(state.path().join("update"), "").expect("a writable folder");
        let leftover = forget(state.path()).expect_err("it is no folder");
        assert!(leftover.message().contains(&state.path().display().to_string()), "{leftover:?}");
    }

    #[test]
    fn an_interface_of_someone_else_is_no_leftover_while_our_keys_are_known() {
        use beffroi_tunnel::Error::{Foreign, Vanished};
        let key = PublicKey::from_bytes([1; 32]);
        let check = |error: beffroi_tunnel::Error, keys: &[PublicKey], expected| {
            assert_eq!(is_not_ours(&error, keys), expected, "{error}");
        };
        check(Foreign("beffroi".into()), &[key], true);
        check(Foreign("beffroi".into()), &[], false);
        check(Vanished("beffroi".into()), &[key], false);
    }
}
