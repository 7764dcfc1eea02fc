//! Undoes everything that `join` did, however far it came. Each step may find its work done already:
//! the command can be given again at any time.

use std::path::{Path, PathBuf};
use std::time::Duration;

use beffroi_protocol::PrivateKey;
use beffroi_tunnel::Tunnel;
use tokio::time::{Instant, sleep};

use crate::config::Config;
use crate::run::journal_text;
use crate::state::{self, Lock};
use crate::texts::{reason, t, t_with};
use crate::{hosts, trust};

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
    Interface(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the names are still in {}", path.display())]
    Hosts { path: PathBuf, source: std::io::Error },
    #[error("the authority is still trusted somewhere")]
    Trust(#[from] trust::Error),
}

/// Gives what could not be undone.
///
/// # Errors
/// When nothing was undone, because another command is at work or the state stays.
pub(crate) async fn leave(config: &Config) -> Result<Vec<Leftover>, Error> {
    // The daemon watches the state: without one, it closes the tunnel and lets go.
    state::remove(&config.state)?;
    let _lock = take_over(config).await?;
    let mut leftovers = Vec::new();
    if let Err(error) = close(&config.interface).await {
        leftovers.push(Leftover::Interface(error));
    }
    if let Err(source) = hosts::clear(&config.hosts) {
        leftovers.push(Leftover::Hosts { path: config.hosts.clone(), source });
    }
    leftovers.extend(trust::remove(Path::new("/")).into_iter().map(Leftover::from));
    Ok(leftovers)
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

/// A kernel device outlives the daemon that made it; an embedded one is gone already.
async fn close(interface: &str) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    if nix::net::if_::if_nametoindex(interface).is_err() {
        return Ok(());
    }
    // To take it over is the way to close it: any key will do.
    let tunnel = Tunnel::open(interface, &PrivateKey::generate()?).await?;
    Ok(tunnel.close().await?)
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
            Self::Interface(error) => t_with("leave-interface", &[("reason", journal_text(&**error).into())]),
            Self::Hosts { path, source } => t_with(
                "leave-hosts",
                &[("path", path.display().to_string().into()), ("reason", reason(source).into())],
            ),
            Self::Trust(error) => error.message(),
        }
    }
}
