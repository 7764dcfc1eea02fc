//! The service manager, as the commands use it: `join` hands the link over to the daemon, `leave`
//! takes it back.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::config::Config;
use crate::keep::Link;
use crate::status;

const UNIT: &str = "beffroi-agent.service";
/// What exchanges the daemon's program, and would start it again.
const UPDATE: [&str; 2] = ["beffroi-agent-update.path", "beffroi-agent-update.service"];
/// How long the daemon may take to be online.
const START: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// In systemctl's own words.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Error(pub(crate) String);

/// What became of the daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Handover {
    /// It runs, and the gateway answers it.
    Online,
    /// It runs, and the gateway has not answered yet.
    Waiting,
    /// It does not run.
    Stopped,
}

/// Whether systemd runs this machine, `sd_booted(3)`.
pub(crate) fn has_systemd() -> bool {
    Path::new("/run/systemd/system").is_dir()
}

/// Starts the daemon now and at every start of the machine.
///
/// # Errors
/// When systemd refuses, or the daemon does not come up.
pub(crate) fn enable() -> Result<(), Error> {
    systemctl(&["enable", "--now", UNIT])
}

/// The reverse of [`enable`], an update that is under way included.
///
/// # Errors
/// When the daemon still runs, or will at the next start of the machine.
pub(crate) fn disable() -> Result<(), Error> {
    // Its trial is taken back after that, so that one that goes on all the same does no harm.
    let _ = systemctl(&["stop", UPDATE[0], UPDATE[1]]);
    systemctl(&["disable", "--now", UNIT]).or_else(|error| {
        // Of a package that is gone there is nothing to stop.
        let is_there = ["is-active", "is-enabled"].iter().any(|asked| systemctl(&[asked, UNIT]).is_ok());
        if is_there { Err(error) } else { Ok(()) }
    })
}

/// Ends the daemon if it runs, and starts it; says whether systemd will. It is not waited for: a program that is no
/// good may never say that it is ready.
pub(crate) fn restart() -> bool {
    let restarted = systemctl(&["restart", "--no-block", UNIT]);
    restarted.inspect_err(|error| log::error!("the agent is not started: {error}")).is_ok()
}

/// Waits until the daemon has taken over.
pub(crate) async fn handover(config: &Config) -> Handover {
    let deadline = Instant::now() + START;
    let mut seen = Handover::Stopped;
    while Instant::now() < deadline {
        seen = match status::ask(&config.socket).await {
            Ok(Some(report)) if report.line.as_ref().is_some_and(|line| line.state == Link::Online) => {
                return Handover::Online;
            }
            Ok(Some(_)) => Handover::Waiting,
            Ok(None) | Err(_) => return seen,
        };
        sleep(LOOK_EVERY).await;
    }
    seen
}

fn systemctl(arguments: &[&str]) -> Result<(), Error> {
    let run = Command::new("systemctl").args(arguments).stdin(Stdio::null()).output();
    match run {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(Error(String::from_utf8_lossy(&output.stderr).trim().to_owned())),
        Err(error) => Err(Error(error.to_string())),
    }
}
