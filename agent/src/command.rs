//! What a person types, from the command line to the exit code.
//!
//! Exit codes: 0 done, 1 failed, 64 not a command (EX_USAGE), 78 a wrong configuration or a damaged
//! state file (EX_CONFIG).

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::{self, ExitCode};

use log::LevelFilter;
use tokio::signal::unix::{SignalKind, signal};

use crate::arguments::{Arguments, Command, Measure, Output};
use crate::config::Config;
use crate::join::Confirmation;
use crate::journal::journal_text;
use crate::leave::{Departure, Leftover};
use crate::service::Handover;
use crate::state::Joined;
use crate::status::Report;
use crate::terminal::{complain, say};
use crate::texts::{t, t_with, tunnel_reason};
use crate::update::install;
use crate::update::programs::Programs;
use crate::{VERSION, doctor, join, journal, leave, privileges, run, service, state, status};

/// Why a command did not do its work: for the person, and for who started it.
struct Failure {
    /// Empty when all has been said.
    message: String,
    exit: u8,
}

const FAILED: u8 = 1;
const USAGE: u8 = 64;
const CONFIGURATION: u8 = 78;

/// `arguments` without the program's name.
pub fn execute(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let done = Arguments::parse(arguments)
        .map_err(|message| Failure { message: message + "\n\n" + &t("usage"), exit: USAGE })
        .and_then(obey);
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !failure.message.is_empty() {
                complain(&failure.message);
            }
            ExitCode::from(failure.exit)
        }
    }
}

fn obey(arguments: Arguments) -> Result<(), Failure> {
    let level = if matches!(arguments.command, Command::Run | Command::Update) {
        LevelFilter::Info
    } else {
        LevelFilter::Error
    };
    journal::start(level).map_err(|error| broken(&format!("{error:#}")))?;
    let config = || {
        let loaded = Config::load(arguments.config.as_deref());
        loaded.map_err(|error| Failure { message: error.message(), exit: CONFIGURATION })
    };
    match arguments.command {
        Command::Help => say(&t("usage")),
        Command::Version => say(&format!("beffroi-agent {VERSION}")),
        Command::Run => {
            let config = config()?;
            give_way(&config);
            daemon(config)?;
        }
        Command::Update => {
            only_root("update")?;
            let config = config()?;
            wait_for(async {
                install::install(&config).await.map_err(|error| broken(&journal_text(&error)))
            })?;
        }
        Command::Doctor { output, measure } => wait_for(tell_opinion(&config()?, output, measure))?,
        Command::Status { output } => wait_for(tell_status(&config()?, output))?,
        Command::Join(code) => {
            only_root("join")?;
            // The service reads the usual configuration: another one is its owner's business.
            let is_usual = arguments.config.is_none();
            wait_for(take_in(&config()?, &code, is_usual && service::has_systemd()))?;
        }
        Command::Leave => {
            only_root("leave")?;
            let is_usual = arguments.config.is_none();
            wait_for(let_go(&config()?, is_usual && service::has_systemd()))?;
        }
    }
    Ok(())
}

/// To the program of an update, if one has taken this one's place: then it does not return.
fn give_way(config: &Config) {
    let own = std::env::current_exe().unwrap_or_default();
    let Some(program) = Programs::new(&config.update.programs).successor(&own) else { return };
    let error = process::Command::new(&program).args(std::env::args_os().skip(1)).exec();
    // What judges it sees that it does not run.
    log::error!("{} cannot be run, and the package's program is: {error}", program.display());
}

fn daemon(config: Config) -> Result<(), Failure> {
    // Before the runtime: threads inherit what this one has left.
    privileges::drop().map_err(|error| {
        log::error!("{}", journal_text(&error));
        Failure { message: t("run-privileges"), exit: FAILED }
    })?;
    wait_for(async {
        let shutdown = shutdown().map_err(|error| broken(&error.to_string()))?;
        run::run(config, shutdown).await.map_err(|error| {
            log::error!("{}", journal_text(&error));
            run_failure(&error)
        })
    })
}

/// Ends when the service manager or the person at the terminal asks for it.
fn shutdown() -> std::io::Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

fn run_failure(error: &run::Error) -> Failure {
    match error {
        run::Error::State(error) => state_failure(error),
        run::Error::Tunnel(error) => broken(&tunnel_reason(error)),
        run::Error::Running(_) => Failure { message: t("run-running"), exit: FAILED },
        other => broken(&journal_text(other)),
    }
}

async fn take_in(config: &Config, code: &str, with_service: bool) -> Result<(), Failure> {
    let (joined, confirmation) = join::join(config, code).await.map_err(|error| match error {
        join::Error::State(error) => state_failure(&error),
        other => Failure { message: other.message(), exit: FAILED },
    })?;
    // Also while the gateway is silent: the daemon goes on calling it.
    let started = with_service.then(service::enable);
    say(&welcome(&joined));
    match handed_over(confirmation, service::handover(config).await, started) {
        Ok(text) => say(&text),
        Err(message) => return Err(Failure { message, exit: FAILED }),
    }
    Ok(())
}

/// What the person reads at the end: an error when there is no link yet, or nobody who keeps it. `started` is how the
/// service manager took the daemon, where there is one.
fn handed_over(
    confirmation: Confirmation,
    handover: Handover,
    started: Option<Result<(), service::Error>>,
) -> Result<String, String> {
    let text = match (handover, started) {
        (Handover::Online, _) => return Ok(t("join-online")),
        (Handover::Waiting, _) => t("join-waiting"),
        (Handover::Stopped, None) => t("join-no-service"),
        (Handover::Stopped, Some(Ok(()))) => return Err(t("join-service-stopped")),
        (Handover::Stopped, Some(Err(service::Error(reason)))) => {
            let answer = t_with("service-answer", &[("reason", reason.into())]);
            return Err(t("join-service-stopped") + "\n" + &answer);
        }
    };
    match confirmation {
        Confirmation::Answered => Ok(text),
        Confirmation::Awaited => Err(text + "\n" + &t("join-unconfirmed")),
    }
}

fn welcome(joined: &Joined) -> String {
    let site = joined.welcome.names.first().map(|name| name.name.as_str()).unwrap_or_default();
    t_with(
        "join-welcome",
        &[
            ("commune", joined.welcome.commune.as_str().into()),
            ("community", joined.welcome.community.as_str().into()),
            ("words", joined.words().join("   ").into()),
            ("site", site.into()),
        ],
    )
}

async fn let_go(config: &Config, with_service: bool) -> Result<(), Failure> {
    let disabled = if with_service { service::disable() } else { Ok(()) };
    let left = leave::leave(config).await;
    let mut left = left.map_err(|error| Failure { message: error.message(), exit: FAILED })?;
    left.leftovers.extend(disabled.map_err(Leftover::Service).err());
    if left.firefox {
        say(&t("leave-firefox"));
    }
    if left.leftovers.is_empty() {
        say(&t(match left.departure {
            Departure::None => "leave-alone",
            Departure::Undone => "leave-done",
        }));
        return Ok(());
    }
    let list: Vec<String> =
        left.leftovers.iter().map(|leftover| format!("- {}", leftover.message())).collect();
    Err(Failure { message: t("leave-leftovers") + "\n" + &list.join("\n"), exit: FAILED })
}

async fn tell_status(config: &Config, output: Output) -> Result<(), Failure> {
    let answer = status::ask(&config.socket).await;
    let report = match answer.map_err(|error| broken(&format!("{}: {error}", config.socket.display())))? {
        Some(report) => report,
        None => Report::of_state(state::load(&config.state).map_err(|error| state_failure(&error))?.as_ref()),
    };
    match output {
        Output::Json => say(&serde_json::to_string_pretty(&report).expect("plain data")),
        Output::Text => say(&report.text()),
    }
    if report.running {
        return Ok(());
    }
    Err(Failure { message: t("status-not-running"), exit: FAILED })
}

/// Fails when something was found, so that a script can tell.
async fn tell_opinion(config: &Config, output: Output, measure: Measure) -> Result<(), Failure> {
    if output == Output::Text {
        complain(&t(match measure {
            Measure::Nothing => "doctor-looking",
            Measure::Throughput => "doctor-measuring",
        }));
    }
    let opinion = doctor::examine(config, measure).await.map_err(|error| match error {
        doctor::Error::State(error) => state_failure(&error),
        other => broken(&journal_text(&other)),
    })?;
    let text = match output {
        Output::Json => serde_json::to_string_pretty(&opinion).expect("plain data"),
        Output::Text => opinion.text(),
    };
    say(&text);
    if opinion.is_fine() {
        return Ok(());
    }
    Err(Failure { message: String::new(), exit: FAILED })
}

fn only_root(command: &str) -> Result<(), Failure> {
    if nix::unistd::geteuid().is_root() {
        return Ok(());
    }
    Err(Failure { message: t_with("only-root", &[("command", command.into())]), exit: FAILED })
}

fn wait_for(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| broken(&error.to_string()))?;
    let done = runtime.block_on(work);
    // A resolver that hangs would hold the process for a minute.
    runtime.shutdown_background();
    done
}

fn state_failure(error: &state::Error) -> Failure {
    let exit = match error {
        state::Error::Damaged { .. } | state::Error::Newer { .. } => CONFIGURATION,
        state::Error::Unreadable { .. } | state::Error::Unwritable { .. } => FAILED,
    };
    Failure { message: error.message(), exit }
}

fn broken(reason: &str) -> Failure {
    Failure { message: t_with("broken", &[("reason", reason.into())]), exit: FAILED }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joining_ends_with_the_advice_that_helps() {
        type Started = Option<Result<(), service::Error>>;
        fn check(
            confirmation: Confirmation,
            handover: Handover,
            started: Started,
            expected: Result<&str, &str>,
        ) {
            let case = format!("{confirmation:?} {handover:?} {started:?}");
            let read = handed_over(confirmation, handover, started);
            assert_eq!(read.is_ok(), expected.is_ok(), "{case}: {read:?}");
            let (Ok(text) | Err(text)) = read;
            let (Ok(part) | Err(part)) = expected;
            assert!(text.contains(part), "{case}: {text}");
        }
        use Confirmation::{Answered, Awaited};
        use Handover::{Online, Stopped, Waiting};
        let refused = || Some(Err(service::Error("Unit beffroi-agent.service is masked.".to_owned())));
        check(Awaited, Online, Some(Ok(())), Ok("en service"));
        check(Answered, Waiting, Some(Ok(())), Ok("ne lui a pas encore répondu"));
        check(Awaited, Waiting, Some(Ok(())), Err("beffroi-agent status"));
        check(Answered, Stopped, None, Ok("beffroi-agent run"));
        check(Awaited, Stopped, None, Err("beffroi-agent run"));
        check(Answered, Stopped, Some(Ok(())), Err("systemctl status beffroi-agent"));
        check(Answered, Stopped, refused(), Err("is masked"));
    }
}
