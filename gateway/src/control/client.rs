//! The end of the socket that is in a command.

use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::stream::receive;
use super::{Malformed, Question, Request, Subject};
use crate::store::backup::BackupError;

/// The gateway has to send the next chunk within this time. Before the first it copies its database.
const SLOWEST: Duration = Duration::from_secs(600);

#[derive(Debug, thiserror::Error)]
#[error("the running gateway cannot be reached on {}", path.display())]
pub struct ConnectError {
    pub path: PathBuf,
    pub source: io::Error,
}

/// Why the running gateway did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    #[error("the question cannot be sent")]
    TooLong(#[source] Malformed),
    /// In the words of the catalogue.
    #[error("{0}")]
    Refused(String),
    #[error("the running gateway did not answer")]
    Unanswered(#[source] io::Error),
}

/// A connection to the running gateway.
pub struct Running {
    stream: UnixStream,
}

/// `None` when no gateway is running.
pub fn connect(path: &Path) -> Result<Option<Running>, ConnectError> {
    match UnixStream::connect(path) {
        Ok(stream) => Ok(Some(Running { stream })),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
            Ok(None)
        }
        Err(source) => Err(ConnectError { path: path.to_owned(), source }),
    }
}

impl Running {
    /// Has the archive of a backup written by the gateway.
    pub fn backup(mut self, out: &mut dyn Write) -> Result<(), BackupError> {
        let received = (|| {
            self.stream.set_read_timeout(Some(SLOWEST))?;
            let request = Request::Backup.encode().expect("it has nothing that could be too long");
            self.stream.write_all(&request)?;
            receive(&self.stream, out)
        })();
        received.map_err(BackupError::HandedOver)
    }

    /// Asks a question, and gives the answer.
    pub fn ask(mut self, subject: Subject, rest: &[u8]) -> Result<Vec<u8>, AskError> {
        let question = Question { subject, rest: rest.to_vec() };
        let request = Request::Ask(question).encode().map_err(AskError::TooLong)?;
        let mut answer = Vec::new();
        let received = (|| {
            self.stream.set_read_timeout(Some(SLOWEST))?;
            self.stream.write_all(&request)?;
            receive(&self.stream, &mut answer)
        })();
        match received {
            Ok(()) => Ok(answer),
            // The stream's own way to say that the other side gave up, with its sentence.
            Err(error) if error.kind() == io::ErrorKind::Other => Err(AskError::Refused(error.to_string())),
            Err(error) => Err(AskError::Unanswered(error)),
        }
    }
}
