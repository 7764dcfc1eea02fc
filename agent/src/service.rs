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

/// Starts the daemon now and at every start of the machine. Says whether that worked.
pub(crate) fn enable() -> bool {
    systemctl(&["enable", "--now", UNIT])
}

/// The reverse of [`enable`], an update that is under way included.
pub(crate) fn disable() -> bool {
    systemctl(&["stop", UPDATE[0], UPDATE[1]]);
    systemctl(&["disable", "--now", UNIT])
}

/// Ends the daemon if it runs, and starts it; says whether systemd will. It is not waited for: a program that is no
/// good may never say that it is ready.
pub(crate) fn restart() -> bool {
    systemctl(&["restart", "--no-block", UNIT])
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

fn systemctl(arguments: &[&str]) -> bool {
    let run = Command::new("systemctl").args(arguments).stdin(Stdio::null()).output();
    match run {
        Ok(output) if output.status.success() => true,
        Ok(output) => {
            log::info!("systemctl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr).trim());
            false
        }
        Err(error) => {
            log::info!("systemctl {arguments:?}: {error}");
            false
        }
    }
}
