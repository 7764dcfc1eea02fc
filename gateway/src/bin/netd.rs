//! `beffroi-netd`: arguments, journal, configuration, privileges, run, exit code.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use beffroi_gateway::config::{Config, DEFAULT_PATH};
use beffroi_gateway::web::{t, t_with};
use beffroi_gateway::{journal, netd};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// EX_USAGE and EX_CONFIG of sysexits.h(3head).
const USAGE: u8 = 64;
const CONFIGURATION: u8 = 78;

enum Command {
    Run { config: PathBuf },
    Help,
    Version,
}

fn main() -> ExitCode {
    match parse() {
        Ok(Command::Run { config }) => start(&config),
        Ok(Command::Help) => print(&t("netd-usage")),
        Ok(Command::Version) => print(concat!("beffroi-netd ", env!("CARGO_PKG_VERSION"))),
        Err(error) => {
            let wrong = t_with("netd-usage-wrong", &[("error", &error.to_string())]);
            complain(&format!("{wrong}\n{}", t("netd-usage")), USAGE)
        }
    }
}

fn parse() -> Result<Command, lexopt::Error> {
    use lexopt::prelude::{Long, Short, ValueExt};

    let mut config = PathBuf::from(DEFAULT_PATH);
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("config") => config = arguments.value()?.parse()?,
            Long("help") | Short('h') => return Ok(Command::Help),
            Long("version") => return Ok(Command::Version),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Command::Run { config })
}

fn start(config: &Path) -> ExitCode {
    if let Err(error) = journal::start("beffroi-netd") {
        return complain(&format!("beffroi-netd: {error:#}"), 1);
    }
    let config = match Config::load(config) {
        Ok(config) => config,
        Err(error) => return complain(&error.explain(), CONFIGURATION),
    };
    match keep_links(config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log::error!("{}", journal::chain(&*error));
            ExitCode::FAILURE
        }
    }
}

/// Privileges are given up while there is one thread: the runtime's come after.
fn keep_links(config: Config) -> Result<(), Box<dyn Error>> {
    let prepared = netd::prepare(config)?;
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let (terminate, interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        netd::run(prepared, stop(terminate, interrupt)).await?;
        Ok(())
    })
}

async fn stop(mut terminate: Signal, mut interrupt: Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

#[expect(clippy::print_stdout, reason = "the answer of a command")]
fn print(text: &str) -> ExitCode {
    println!("{text}");
    ExitCode::SUCCESS
}

#[expect(clippy::print_stderr, reason = "the answer of a command")]
fn complain(text: &str, code: u8) -> ExitCode {
    eprintln!("{text}");
    ExitCode::from(code)
}
