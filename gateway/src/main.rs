//! `beffroi-gateway`: arguments, journal, configuration, sockets, privileges, run, exit code.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use beffroi_gateway::command::{self, Arguments, Command, EX_CONFIG, EX_USAGE, complain, say};
use beffroi_gateway::config::Config;
use beffroi_gateway::directory::Network;
use beffroi_gateway::listeners::Sockets;
use beffroi_gateway::web::t;
use beffroi_gateway::{journal, privileges};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// For what blocks a thread, when the process is asked to stop.
const FAREWELL: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args_os().skip(1)) {
        Ok(arguments) => arguments,
        Err(usage) => return complain(&usage.explain(), EX_USAGE),
    };
    match arguments.command {
        Command::Help => say(&t("command-usage")),
        Command::Version => say(concat!("beffroi-gateway ", env!("CARGO_PKG_VERSION"))),
        command => return with_config(&arguments.config, command),
    }
    ExitCode::SUCCESS
}

fn with_config(path: &std::path::Path, command: Command) -> ExitCode {
    if let Err(error) = journal::start("beffroi-gateway") {
        return complain(&format!("{error:#}"), 1);
    }
    let config = match Config::load(path) {
        Ok(config) => config,
        Err(error) => return complain(&error.explain(), EX_CONFIG),
    };
    let outcome = match command {
        Command::Run => serve(config),
        command => return command::run(&config, &command, &beffroi_gateway::tables()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log::error!("{error:#}");
            match error.downcast_ref() {
                // What a person has to put right is said in their words too.
                Some(beffroi_gateway::Error::Store(store)) => {
                    complain(&command::explain(store), command::exit_code(store))
                }
                _ => ExitCode::FAILURE,
            }
        }
    }
}

/// Sockets first, then privileges are given up, while there is one thread: the runtime's come after.
fn serve(config: Config) -> anyhow::Result<()> {
    let network = Network::new(config.network.ipv4, config.network.ipv6);
    let sockets = Sockets::open(&config, &network.gateway())?;
    privileges::keep_only(&[])?;
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    let outcome = runtime.block_on(async {
        let (stop, stopped) = watch::channel(false);
        let (mut terminate, mut interrupt) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            stop.send_replace(true);
        });
        Ok(beffroi_gateway::run(config, sockets.listen()?, stopped).await?)
    });
    // A backup under way on its own thread would otherwise hold the process until systemd kills it.
    runtime.shutdown_timeout(FAREWELL);
    outcome
}
