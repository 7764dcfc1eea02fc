//! The command line of `beffroi-gateway`, read into one value before anything is touched.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::prelude::{Long, Short, Value};

use crate::config;

#[derive(Debug, PartialEq, Eq)]
pub struct Arguments {
    pub config: PathBuf,
    pub command: Command,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// No command: serve until told to stop.
    Run,
    /// Write a backup, by default to the directory of the configuration.
    Backup {
        directory: Option<PathBuf>,
    },
    /// Make the storage directory anew from a backup.
    Restore {
        file: PathBuf,
        identity: Option<PathBuf>,
    },
    /// Invite the communes of a list, through the running gateway.
    Invite {
        list: PathBuf,
        /// Where the files with the codes go.
        directory: Option<PathBuf>,
        /// All sheets as one PDF. With neither, the codes are shown on the terminal.
        print: Option<PathBuf>,
    },
    /// Make the pair of keys that seals backups and opens them.
    Key {
        file: PathBuf,
    },
    /// Look at the database and the blobs of a gateway that is stopped.
    Check,
    /// Give a code with which a referent sets a password; without a name, tell which accounts there are.
    Account {
        name: String,
    },
    /// Verify who did what, look for a fingerprint, and save all of it as a table.
    Audit {
        table: Option<PathBuf>,
        noted: Option<String>,
    },
    Help,
    Version,
}

/// What is wrong with a command line.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Usage {
    #[error("unknown command: {0}")]
    UnknownCommand(String),
    #[error("unexpected argument: {0}")]
    Unexpected(String),
    #[error("argument missing: {0}")]
    Missing(&'static str),
}

impl Arguments {
    /// `arguments` are those after the program's name.
    ///
    /// # Errors
    /// Names the first argument that is wrong or missing.
    pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, Usage> {
        let mut parser = lexopt::Parser::from_args(arguments);
        let mut config = None;
        let mut word = None;
        let mut operands = Vec::new();
        let mut identity = None;
        let mut list = None;
        let mut print = None;
        let mut asked = None;
        while let Some(argument) = parser.next().map_err(|error| Usage::Unexpected(error.to_string()))? {
            match argument {
                Long("config") => config = Some(path(&mut parser, "--config FILE")?),
                Long("csv") => list = Some(path(&mut parser, "--csv FILE")?),
                Long("print") => print = Some(path(&mut parser, "--print FILE")?),
                Long("identity") => identity = Some(path(&mut parser, "--identity FILE")?),
                Short('h') | Long("help") => asked = Some(Command::Help),
                Short('V') | Long("version") => asked = Some(Command::Version),
                Value(value) if word.is_none() => word = Some(value.to_string_lossy().into_owned()),
                Value(value) => operands.push(PathBuf::from(value)),
                Short(letter) => return Err(Usage::Unexpected(format!("-{letter}"))),
                Long(name) => return Err(Usage::Unexpected(format!("--{name}"))),
            }
        }
        let config = config.unwrap_or_else(|| config::DEFAULT_PATH.into());
        if let Some(command) = asked {
            return Ok(Self { config, command });
        }
        let mut operands = operands.into_iter();
        let command = match word.as_deref() {
            None => Command::Run,
            Some("backup") => Command::Backup { directory: operands.next() },
            Some("restore") => Command::Restore {
                file: operands.next().ok_or(Usage::Missing("FILE"))?,
                identity: identity.take(),
            },
            Some("key") => Command::Key { file: operands.next().ok_or(Usage::Missing("FILE"))? },
            Some("check") => Command::Check,
            Some("invite") => Command::Invite {
                list: list.take().ok_or(Usage::Missing("--csv FILE"))?,
                directory: operands.next(),
                print: print.take(),
            },
            Some("account") => {
                let words: Vec<_> = operands.by_ref().map(|word| word.display().to_string()).collect();
                Command::Account { name: words.join(" ") }
            }
            Some("audit") => {
                let noted = operands.next().map(|noted| noted.display().to_string());
                Command::Audit { table: list.take(), noted }
            }
            Some("help") => Command::Help,
            Some(other) => return Err(Usage::UnknownCommand(other.to_owned())),
        };
        let left = operands.next().or(identity).or(list).or(print);
        match left {
            Some(path) => Err(Usage::Unexpected(path.display().to_string())),
            None => Ok(Self { config, command }),
        }
    }
}

fn path(parser: &mut lexopt::Parser, missing: &'static str) -> Result<PathBuf, Usage> {
    parser.value().map(PathBuf::from).map_err(|_| Usage::Missing(missing))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, Usage> {
        Arguments::parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn commands_are_read() {
        fn check(line: &str, expected: Command) {
            assert_eq!(parse(line).map(|arguments| arguments.command), Ok(expected), "{line}");
        }
        check("", Command::Run);
        check("backup", Command::Backup { directory: None });
        check("backup /mnt/usb", Command::Backup { directory: Some("/mnt/usb".into()) });
        check("restore a.tar", Command::Restore { file: "a.tar".into(), identity: None });
        check(
            "restore --identity key a.tar",
            Command::Restore { file: "a.tar".into(), identity: Some("key".into()) },
        );
        check("key /mnt/usb/key", Command::Key { file: "/mnt/usb/key".into() });
        check("check", Command::Check);
        let (list, directory) = (PathBuf::from("communes.csv"), Some("bons".into()));
        let invite = |directory, print| Command::Invite { list: list.clone(), directory, print };
        check("invite --csv communes.csv", invite(None, None));
        check("invite bons --csv communes.csv", invite(directory, None));
        check("invite --csv communes.csv --print bons.pdf", invite(None, Some("bons.pdf".into())));
        check("account", Command::Account { name: String::new() });
        check("account Marie Dupont", Command::Account { name: "Marie Dupont".into() });
        check("audit", Command::Audit { table: None, noted: None });
        check(
            "audit --csv a.csv a1b2-c3d4",
            Command::Audit { table: Some("a.csv".into()), noted: Some("a1b2-c3d4".into()) },
        );
        check("--help backup", Command::Help);
        check("-V", Command::Version);
    }

    #[test]
    fn the_configuration_is_elsewhere_when_said() {
        assert_eq!(parse("").map(|found| found.config), Ok(config::DEFAULT_PATH.into()));
        assert_eq!(parse("check --config /tmp/g.toml").map(|found| found.config), Ok("/tmp/g.toml".into()));
    }

    #[test]
    fn mistakes_are_named() {
        fn check(line: &str, expected: Usage) {
            assert_eq!(parse(line), Err(expected), "{line}");
        }
        check("bakcup", Usage::UnknownCommand("bakcup".into()));
        check("restore", Usage::Missing("FILE"));
        check("invite", Usage::Missing("--csv FILE"));
        check("check --csv communes.csv", Usage::Unexpected("communes.csv".into()));
        check("check --print bons.pdf", Usage::Unexpected("bons.pdf".into()));
        check("check now", Usage::Unexpected("now".into()));
        check("check --identity key", Usage::Unexpected("key".into()));
        check("--verbose", Usage::Unexpected("--verbose".into()));
        check("--config", Usage::Missing("--config FILE"));
    }
}
