//! The end of the socket that is in a command.

use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::BACKUP;
use super::stream::receive;
use crate::store::backup::BackupError;

/// The gateway has to send the next chunk within this time. Before the first it copies its database.
const SLOWEST: Duration = Duration::from_secs(600);

#[derive(Debug, thiserror::Error)]
#[error("the running gateway cannot be reached on {}", path.display())]
pub struct ConnectError {
    pub path: PathBuf,
    pub source: io::Error,
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
            self.stream.write_all(BACKUP.as_bytes())?;
            receive(&self.stream, out)
        })();
        received.map_err(BackupError::HandedOver)
    }
}
