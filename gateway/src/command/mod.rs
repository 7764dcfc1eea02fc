//! The door of the terminal: what `beffroi-gateway` does for the person who types it, beside serving.

mod arguments;

use std::process::ExitCode;

pub use arguments::{Arguments, Command, Usage};

use crate::web::{t, t_with};

/// EX_USAGE and EX_CONFIG of sysexits.h(3head).
pub const EX_USAGE: u8 = 64;
pub const EX_CONFIG: u8 = 78;

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

/// Carries out a command that is not serving.
pub fn run(_: &crate::config::Config, command: &Command) -> ExitCode {
    complain(&t_with("command-absent", &[("word", &format!("{command:?}"))]), EX_USAGE)
}
