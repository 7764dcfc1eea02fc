//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::prelude::{Long, Short, Value};

use crate::texts::{t, t_with};

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Arguments {
    pub(crate) config: Option<PathBuf>,
    pub(crate) command: Command,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// A code, or the file that holds it.
    Join(String),
    Run,
    Status {
        output: Output,
    },
    /// What is wrong, and what to do.
    Doctor {
        output: Output,
        measure: Measure,
    },
    /// Installs what the daemon has ordered: the service manager calls it.
    Update,
    Leave,
    Help,
    Version,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    Text,
    Json,
}

/// What is measured beside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measure {
    Nothing,
    /// How much the line carries, which keeps it busy.
    Throughput,
}

impl Arguments {
    /// Without the program's name.
    ///
    /// # Errors
    /// One sentence for the person who typed.
    pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, String> {
        let mut parser = lexopt::Parser::from_args(arguments);
        let mut config = None;
        let mut output = Output::Text;
        let mut measure = Measure::Nothing;
        let mut words = Vec::new();
        while let Some(argument) = parser.next().map_err(unexpected)? {
            match argument {
                Long("config") => config = Some(parser.value().map_err(|_| t("usage-config"))?.into()),
                Long("json") => output = Output::Json,
                Long("throughput") => measure = Measure::Throughput,
                Short('h') | Long("help") => return Ok(Self { config, command: Command::Help }),
                Short('V') | Long("version") => return Ok(Self { config, command: Command::Version }),
                Value(word) => words.push(word.to_string_lossy().into_owned()),
                other => return Err(unexpected(other.unexpected())),
            }
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let command = match &words[..] {
            [] => return Err(t("usage-command")),
            ["join"] => return Err(t("usage-join")),
            // A code that was typed with spaces between its groups is several words.
            ["join", code @ ..] => Command::Join(code.join(" ")),
            ["run"] => Command::Run,
            ["status"] => Command::Status { output },
            ["doctor"] => Command::Doctor { output, measure },
            ["update"] => Command::Update,
            ["leave"] => Command::Leave,
            ["help"] => Command::Help,
            [word, ..] => return Err(t_with("usage-unknown", &[("word", (*word).into())])),
        };
        if output == Output::Json && !matches!(command, Command::Status { .. } | Command::Doctor { .. }) {
            return Err(t_with("usage-unknown", &[("word", "--json".into())]));
        }
        if measure == Measure::Throughput && !matches!(command, Command::Doctor { .. }) {
            return Err(t_with("usage-unknown", &[("word", "--throughput".into())]));
        }
        Ok(Self { config, command })
    }
}

fn unexpected(error: lexopt::Error) -> String {
    let word = match error {
        lexopt::Error::UnexpectedOption(option) => option,
        lexopt::Error::UnexpectedArgument(word) => word.to_string_lossy().into_owned(),
        other => other.to_string(),
    };
    t_with("usage-unknown", &[("word", word.into())])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, String> {
        Arguments::parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn every_command_is_read() {
        fn check(line: &str, config: Option<&str>, command: Command) {
            assert_eq!(parse(line), Ok(Arguments { config: config.map(PathBuf::from), command }), "{line}");
        }
        check("join bon.beffroi", None, Command::Join("bon.beffroi".into()));
        check("join ABCDEF GHJKMN", None, Command::Join("ABCDEF GHJKMN".into()));
        check("run", None, Command::Run);
        check("--config /tmp/a.toml run", Some("/tmp/a.toml"), Command::Run);
        check("run --config=/tmp/a.toml", Some("/tmp/a.toml"), Command::Run);
        check("status", None, Command::Status { output: Output::Text });
        check("status --json", None, Command::Status { output: Output::Json });
        let doctor = |output, measure| Command::Doctor { output, measure };
        check("doctor", None, doctor(Output::Text, Measure::Nothing));
        check("--json doctor", None, doctor(Output::Json, Measure::Nothing));
        check("doctor --throughput", None, doctor(Output::Text, Measure::Throughput));
        check("update", None, Command::Update);
        check("leave", None, Command::Leave);
        check("--help", None, Command::Help);
        check("-V", None, Command::Version);
    }

    #[test]
    fn what_is_not_a_command_is_told() {
        fn check(line: &str, told: &str) {
            let error = parse(line).expect_err("no command");
            assert!(error.contains(told), "{line}: {error}");
        }
        check("", "join");
        check("join", "bon");
        check("jion ABCDEF", "jion");
        check("run now", "run");
        check("run --fast", "--fast");
        check("run --json", "--json");
        check("status --throughput", "--throughput");
        check("run --config", "--config");
    }
}
