//! The door of the terminal: what `beffroi-gateway` does for the person who types it, beside serving.
//! It does not know which tables there are; it is told.

mod account;
mod arguments;
mod audit;
mod backup;
mod check;
mod invite;
mod key;
mod print;
mod restore;

use std::process::ExitCode;

use jiff::Timestamp;

pub use arguments::{Arguments, Command, Usage};
pub use backup::extra;

use crate::config::Config;
use crate::control::{self, AskError, Question, Subject};
use crate::enrolment;
use crate::journal::chain;
use crate::store::{AnyTable, OpenError, Store};
use crate::web::{t, t_with};

/// EX_USAGE and EX_CONFIG of sysexits.h(3head).
pub const EX_USAGE: u8 = 64;
pub const EX_CONFIG: u8 = 78;

/// What a command could not do, in the words of the catalogue.
type Told = String;

/// Carries out a command that is not serving. `tables` are those of every room.
pub fn run(config: &Config, command: &Command, tables: &[&dyn AnyTable]) -> ExitCode {
    let outcome = match command {
        Command::Backup { directory } => backup::run(config, directory.as_deref(), tables),
        Command::Restore { file, identity } => restore::run(config, file, identity.as_deref(), tables),
        Command::Key { file } => key::run(file),
        Command::Check => check::run(config, tables),
        Command::Account { name } => account::run(config, name),
        Command::Audit { table, noted } => audit::run(config, table.as_deref(), noted.as_deref()),
        Command::Invite { list, directory, print } => {
            let places = invite::Places { directory: directory.as_deref(), print: print.as_deref() };
            invite::run(config, list, places)
        }
        Command::Run | Command::Help | Command::Version => Ok(()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(told) => complain(&told, 1),
    }
}

/// In the running gateway: what a command asks for.
///
/// # Errors
/// One sentence for the person at the terminal; a failure of ours is in the journal.
pub async fn answer(
    store: &Store,
    invitations: &enrolment::Desk,
    question: Question,
) -> Result<Vec<u8>, Told> {
    let Question { subject, rest } = question;
    match subject {
        Subject::Invite => invite::answer(store, invitations, rest).await,
        Subject::Account => account::answer(store, &rest, Timestamp::now()).await,
        Subject::Audit => audit::verified(store, &rest).await,
        Subject::AuditTable => audit::table(store, &rest).await,
    }
}

/// Asks the running gateway.
fn ask(config: &Config, subject: Subject, rest: &[u8]) -> Result<Vec<u8>, Told> {
    let failed = |error: &dyn std::error::Error| t_with("command-failed", &[("cause", &chain(error))]);
    let running = control::connect(&config.storage.socket).map_err(|error| failed(&error))?;
    running.ok_or_else(|| t("command-stopped"))?.ask(subject, rest).map_err(|error| match error {
        AskError::Refused(sentence) => sentence,
        AskError::TooLong(_) | AskError::Unanswered(_) => failed(&error),
    })
}

/// Why a database cannot be opened, with what to do.
pub fn explain(error: &OpenError) -> String {
    let cause = chain(error);
    let text = match error {
        OpenError::Newer { .. } => "command-database-newer",
        OpenError::InUse { .. } => "command-database-in-use",
        OpenError::Damaged { .. } | OpenError::Foreign { .. } => "command-database-damaged",
        OpenError::Missing { .. } | OpenError::HalfRestored { .. } => "command-database-missing",
        OpenError::Absent { .. } => "command-database-absent",
        _ => "command-database-unusable",
    };
    t_with(text, &[("cause", &cause)])
}

/// EX_CONFIG, on which systemd does not start the gateway again, where only a person can help; another
/// process that holds the database ends by itself.
pub fn exit_code(error: &OpenError) -> u8 {
    match error {
        OpenError::Newer { .. }
        | OpenError::Damaged { .. }
        | OpenError::Foreign { .. }
        | OpenError::Missing { .. } => EX_CONFIG,
        _ => 1,
    }
}

impl Usage {
    /// The same for the person at the terminal, with the usage.
    pub fn explain(&self) -> String {
        let wrong = match self {
            Self::UnknownCommand(word) => t_with("command-unknown", &[("word", word)]),
            Self::Unexpected(word) => t_with("command-unexpected", &[("word", word)]),
            Self::Missing(what) => t_with("command-missing", &[("what", what)]),
        };
        format!("{wrong}\n\n{}", t("command-usage"))
    }
}

/// The answer of a command.
#[expect(clippy::print_stdout, reason = "the answer of a command is what its caller reads")]
pub fn say(text: &str) {
    println!("{text}");
}

/// What a command could not do, and the exit code that says so to a script.
#[expect(clippy::print_stderr, reason = "the answer of a command is what its caller reads")]
pub fn complain(text: &str, code: u8) -> ExitCode {
    eprintln!("{text}");
    ExitCode::from(code)
}
