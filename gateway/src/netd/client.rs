//! The gateway's end of the socket. It reconnects by itself; every request can be sent again
//! without harm, because each carries the whole desired state.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use data_encoding::BASE64;
use prometheus::core::Collector;
use tokio::net::UnixStream;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::figures::Figures;
use super::message::{self, Malformed, ReceiveError, Reply, Request};
use super::{Present, Wanted};

/// Writing 2,000 peers takes well under a second; beyond this, netd is stuck.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot reach beffroi-netd at {path}")]
    Unreachable {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("beffroi-netd closed the connection: this process may not be allowed to speak to it")]
    Closed,
    #[error("the connection to beffroi-netd broke")]
    Broken(#[source] io::Error),
    #[error("beffroi-netd did not answer within {} s", PATIENCE.as_secs())]
    Silent,
    #[error("the desired state is too large for one message ({0} bytes)")]
    TooLarge(usize),
    #[error("beffroi-netd speaks another version of the protocol: {0}")]
    Unintelligible(String),
    #[error("beffroi-netd: {0}")]
    Failed(String),
}

/// Speaks with netd over one connection, one request at a time.
#[derive(Debug)]
pub struct Client {
    socket: PathBuf,
    /// Taken out during a request, so that an abandoned request takes its connection with it.
    connection: Mutex<Option<UnixStream>>,
    figures: Figures,
}

impl Client {
    /// Connects at the first request.
    pub fn new(socket: PathBuf) -> Self {
        Self { socket, connection: Mutex::new(None), figures: Figures::default() }
    }

    /// Makes it so, and tells how it is then.
    ///
    /// # Errors
    /// When netd cannot be reached, does not answer, or could not do it.
    pub async fn want(&self, wanted: &Wanted) -> Result<Present, Error> {
        let asked = self.request(&Request::Want(Box::new(wanted.clone()))).await.and_then(present);
        self.figures.wanted(&asked);
        asked
    }

    /// Tells how it is.
    ///
    /// # Errors
    /// When netd cannot be reached, does not answer, or could not read the interface.
    pub async fn present(&self) -> Result<Present, Error> {
        present(self.request(&Request::Present).await?)
    }

    /// The gateway's private keys as an age file, sealed to the backup's recipient that netd has read
    /// in its own configuration.
    ///
    /// # Errors
    /// When netd cannot be reached, does not answer, or has no recipient in its configuration.
    pub async fn seal(&self) -> Result<Vec<u8>, Error> {
        let Reply::Sealed(text) = self.request(&Request::Seal).await? else {
            return Err(Error::Unintelligible("an answer to another question".to_owned()));
        };
        BASE64.decode(text.as_bytes()).map_err(|error| Error::Unintelligible(error.to_string()))
    }

    /// What netd was asked, to be counted.
    pub fn figures(&self) -> Vec<Box<dyn Collector>> {
        self.figures.collectors()
    }

    async fn request(&self, request: &Request) -> Result<Reply, Error> {
        let bytes = message::encode(request).map_err(|error| match error {
            Malformed::Oversized(length) => Error::TooLarge(length),
            other => Error::Unintelligible(other.to_string()),
        })?;
        let mut connection = self.connection.lock().await;
        let answer = match connection.take() {
            // A connection of before netd's restart is found dead only now.
            Some(old) => match exchange(old, &bytes).await {
                Err(Error::Closed | Error::Broken(_)) => exchange(connect(&self.socket).await?, &bytes).await,
                answer => answer,
            },
            None => exchange(connect(&self.socket).await?, &bytes).await,
        };
        let (reply, usable) = answer?;
        *connection = Some(usable);
        match reply {
            Reply::Failed(why) => Err(Error::Failed(why)),
            reply => Ok(reply),
        }
    }
}

fn present(reply: Reply) -> Result<Present, Error> {
    match reply {
        Reply::Present(present) => Ok(*present),
        _ => Err(Error::Unintelligible("an answer to another question".to_owned())),
    }
}

async fn connect(path: &Path) -> Result<UnixStream, Error> {
    UnixStream::connect(path).await.map_err(|source| Error::Unreachable { path: path.to_owned(), source })
}

/// One request and its reply; gives the connection back for the next one.
async fn exchange(mut stream: UnixStream, request: &[u8]) -> Result<(Reply, UnixStream), Error> {
    let reply = timeout(PATIENCE, async {
        message::send(&mut stream, request).await.map_err(Error::Broken)?;
        match message::receive(&mut stream).await {
            Ok(Some(reply)) => Ok(reply),
            Ok(None) | Err(ReceiveError::Cut) => Err(Error::Closed),
            Err(ReceiveError::Io(source)) => Err(Error::Broken(source)),
            Err(ReceiveError::Malformed(error)) => Err(Error::Unintelligible(error.to_string())),
        }
    })
    .await
    .map_err(|_| Error::Silent)??;
    Ok((reply, stream))
}
