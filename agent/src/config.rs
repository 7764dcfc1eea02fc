//! `/etc/beffroi/agent.toml`. Every key has a default; a wrong one is explained with its value and
//! the remedy. It does not know where the gateway is: the code on the paper says that.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use beffroi_protocol::release::ReleaseKey;
use toml::{Table, Value};

use crate::diagnosis::check::Check;
use crate::texts::{reason, t, t_with};
use crate::update::Update;
use crate::update::quiet::Quiet;

/// Read when no `--config` is given; it need not exist.
pub(crate) const PATH: &str = "/etc/beffroi/agent.toml";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Config {
    /// Name of the tunnel's interface.
    pub(crate) interface: String,
    /// Folder of the state file.
    pub(crate) state: PathBuf,
    /// The socket that answers `beffroi-agent status`.
    pub(crate) socket: PathBuf,
    /// Where the intranet's names are kept.
    pub(crate) hosts: PathBuf,
    /// Asked when the gateway does not answer, at most once per change of the network; `None` for never.
    pub(crate) check: Option<Check>,
    pub(crate) update: Update,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            interface: "beffroi".into(),
            state: "/var/lib/beffroi-agent".into(),
            socket: "/run/beffroi-agent/agent.sock".into(),
            hosts: "/etc/hosts".into(),
            check: Some(Check::usual()),
            update: Update::default(),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{} cannot be read", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{} is wrong", path.display())]
    Mistake { path: PathBuf, source: Mistake },
}

/// What is wrong in the text.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Mistake {
    #[error("line {number} is not TOML: {line}")]
    Syntax { number: usize, line: String },
    #[error("key {key} does not exist")]
    UnknownKey { key: String },
    #[error("key {key} = {value} is not a text")]
    NotText { key: &'static str, value: String },
    #[error("key {key} = {value} is not an absolute path")]
    NotAbsolute { key: &'static str, value: String },
    #[error("key {key} = {value} is not an interface name")]
    NotInterface { key: &'static str, value: String },
    #[error("key {key} = {value} is not an http address")]
    NotCheck { key: &'static str, value: String },
    #[error("key {key} = {value} is not a release key")]
    NotReleaseKey { key: &'static str, value: String },
    #[error("key {key} = {value} is not hours of the day")]
    NotHours { key: &'static str, value: String },
    #[error("key {key} = {value} is not a number from 1")]
    NotNumber { key: &'static str, value: String },
}

impl Config {
    /// Reads `path`, or [`PATH`] if that exists.
    ///
    /// # Errors
    /// Names the first mistake.
    pub(crate) fn load(path: Option<&Path>) -> Result<Self, Error> {
        let given = path.unwrap_or(Path::new(PATH));
        match fs::read_to_string(given) {
            Ok(text) => {
                Self::parse(&text).map_err(|source| Error::Mistake { path: given.to_owned(), source })
            }
            Err(error) if path.is_none() && error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(Error::Unreadable { path: given.to_owned(), source }),
        }
    }

    fn parse(text: &str) -> Result<Self, Mistake> {
        let mut table: Table = text.parse().map_err(|error: toml::de::Error| syntax(text, &error))?;
        let default = Self::default();
        let config = Self {
            interface: take(&mut table, "interface", interface)?.unwrap_or(default.interface),
            state: take(&mut table, "state", absolute)?.unwrap_or(default.state),
            socket: take(&mut table, "socket", absolute)?.unwrap_or(default.socket),
            hosts: take(&mut table, "hosts", absolute)?.unwrap_or(default.hosts),
            check: take(&mut table, "check", check)?.unwrap_or(default.check),
            update: update(&mut table)?,
        };
        match table.into_iter().next() {
            Some((key, _)) => Err(Mistake::UnknownKey { key }),
            None => Ok(config),
        }
    }
}

impl Error {
    /// What the person at the terminal reads.
    pub(crate) fn message(&self) -> String {
        match self {
            Self::Unreadable { path, source } => t_with(
                "config-unreadable",
                &[("path", path.display().to_string().into()), ("reason", reason(source).into())],
            ),
            Self::Mistake { path, source } => {
                t_with("config-wrong", &[("path", path.display().to_string().into())])
                    + "\n"
                    + &source.message()
            }
        }
    }
}

impl Mistake {
    fn message(&self) -> String {
        let about = |key: &str, value: &str, remedy: &str| {
            let values = [("key", key.into()), ("value", value.into()), ("remedy", t(remedy).into())];
            t_with("config-key", &values)
        };
        match self {
            Self::Syntax { number, line } => {
                t_with("config-syntax", &[("number", (*number).into()), ("line", line.as_str().into())])
            }
            Self::UnknownKey { key } => t_with("config-unknown-key", &[("key", key.as_str().into())]),
            Self::NotText { key, value } => about(key, value, "config-remedy-text"),
            Self::NotAbsolute { key, value } => about(key, value, "config-remedy-path"),
            Self::NotInterface { key, value } => about(key, value, "config-remedy-interface"),
            Self::NotCheck { key, value } => about(key, value, "config-remedy-check"),
            Self::NotReleaseKey { key, value } => about(key, value, "config-remedy-release-key"),
            Self::NotHours { key, value } => about(key, value, "config-remedy-hours"),
            Self::NotNumber { key, value } => about(key, value, "config-remedy-number"),
        }
    }
}

fn syntax(text: &str, error: &toml::de::Error) -> Mistake {
    let at = error.span().map_or(0, |span| span.start).min(text.len());
    let index = text.bytes().take(at).filter(|&byte| byte == b'\n').count();
    let line = text.lines().nth(index).unwrap_or_default().trim().to_owned();
    Mistake::Syntax { number: index + 1, line }
}

fn take<T>(
    table: &mut Table,
    key: &'static str,
    read: fn(&'static str, String) -> Result<T, Mistake>,
) -> Result<Option<T>, Mistake> {
    match table.remove(key) {
        None => Ok(None),
        Some(Value::String(value)) => read(key, value).map(Some),
        Some(other) => Err(Mistake::NotText { key, value: other.to_string() }),
    }
}

fn absolute(key: &'static str, value: String) -> Result<PathBuf, Mistake> {
    if value.starts_with('/') {
        Ok(value.into())
    } else {
        Err(Mistake::NotAbsolute { key, value: format!("{value:?}") })
    }
}

/// 1 to 15 bytes, as the kernel has it (`dev_valid_name`), and readable.
fn interface(key: &'static str, value: String) -> Result<String, Mistake> {
    let readable = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let dots = value.bytes().all(|byte| byte == b'.');
    if (1..=15).contains(&value.len()) && value.bytes().all(readable) && !dots {
        Ok(value)
    } else {
        Err(Mistake::NotInterface { key, value: format!("{value:?}") })
    }
}

/// Empty for none.
#[expect(clippy::needless_pass_by_value, reason = "it is one of the readers that `take` is given")]
fn check(key: &'static str, value: String) -> Result<Option<Check>, Mistake> {
    if value.is_empty() {
        return Ok(None);
    }
    match Check::parse(&value) {
        Some(check) => Ok(Some(check)),
        None => Err(Mistake::NotCheck { key, value: format!("{value:?}") }),
    }
}

fn update(table: &mut Table) -> Result<Update, Mistake> {
    let default = Update::default();
    let seconds = take(table, "update_trial", number)?.map(Duration::from_secs);
    Ok(Update {
        key: take(table, "update_key", release_key)?.unwrap_or(default.key),
        programs: take(table, "update_programs", absolute)?.unwrap_or(default.programs),
        quiet: take(table, "update_hours", hours)?.unwrap_or(default.quiet),
        rate: take(table, "update_rate", number)?.unwrap_or(default.rate),
        trial: seconds.unwrap_or(default.trial),
    })
}

/// Empty for none.
#[expect(clippy::needless_pass_by_value, reason = "it is one of the readers that `take` is given")]
fn release_key(key: &'static str, value: String) -> Result<Option<ReleaseKey>, Mistake> {
    if value.is_empty() {
        return Ok(None);
    }
    value.parse().map(Some).map_err(|_| Mistake::NotReleaseKey { key, value: format!("{value:?}") })
}

#[expect(clippy::needless_pass_by_value, reason = "it is one of the readers that `take` is given")]
fn hours(key: &'static str, value: String) -> Result<Quiet, Mistake> {
    Quiet::parse(&value).ok_or_else(|| Mistake::NotHours { key, value: format!("{value:?}") })
}

#[expect(clippy::needless_pass_by_value, reason = "it is one of the readers that `take` is given")]
fn number(key: &'static str, value: String) -> Result<u64, Mistake> {
    let number = value.parse().ok().filter(|&number| number > 0);
    number.ok_or_else(|| Mistake::NotNumber { key, value: format!("{value:?}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
    }

    #[test]
    fn the_example_says_the_defaults() {
        let example = folder("agent.example.toml");
        assert_eq!(Config::load(Some(&example)).expect("a right example"), Config::default());
        let keys: Table =
            fs::read_to_string(example).expect("it is there").parse().expect("it was just read");
        assert_eq!(keys.len(), 10, "the example has every key");
    }

    #[test]
    fn every_mistake_is_explained() {
        for mistake in fs::read_dir(folder("src/fixtures/config")).expect("the fixtures") {
            let mistake = mistake.expect("a fixture").path();
            let error = Config::load(Some(&mistake.join("agent.toml"))).expect_err("a mistake");
            let message = error.message().replace(&format!("{}/", mistake.display()), "");
            let expected = fs::read_to_string(mistake.join("expected.txt")).unwrap_or_default();
            assert_eq!(message.trim(), expected.trim(), "{}", mistake.display());
        }
    }

    #[test]
    fn only_a_file_that_was_asked_for_must_exist() {
        assert!(matches!(
            Config::load(Some(Path::new("/nowhere/agent.toml"))),
            Err(Error::Unreadable { .. })
        ));
    }
}
