//! The end of the socket that is in the gateway.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::os::unix::net as blocking;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use tokio::io::AsyncReadExt;
use tokio::net::{UnixListener, UnixStream};
use tokio::time::{sleep, timeout};

use super::stream::Sender;
use super::{Question, Request};
use crate::journal::chain;
use crate::local_socket;
use crate::store::Store;
use crate::store::backup::{self, Extra};

/// Who connects has to ask within this time.
const SLOWEST_REQUEST: Duration = Duration::from_secs(10);

/// Who asked has to take the next chunk within this time; a snapshot is held open meanwhile.
const SLOWEST_CHUNK: Duration = Duration::from_secs(60);

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("another gateway listens on {}", path.display())]
    InUse { path: PathBuf },
    #[error("cannot listen on {}", path.display())]
    Listen { path: PathBuf, source: io::Error },
}

/// The socket, which nobody serves yet.
pub struct Door {
    listener: UnixListener,
    allowed: BTreeSet<u32>,
}

impl Door {
    /// Makes the socket, in the place of one that a killed gateway left.
    pub fn open(path: &Path) -> Result<Door, OpenError> {
        let failed = |source| OpenError::Listen { path: path.to_owned(), source };
        let listener = local_socket::bind(path, 0o600).map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => OpenError::InUse { path: path.to_owned() },
            _ => failed(source),
        })?;
        listener.set_nonblocking(true).map_err(failed)?;
        let listener = UnixListener::from_std(listener).map_err(failed)?;
        Ok(Door { listener, allowed: BTreeSet::from([0, nix::unistd::geteuid().as_raw()]) })
    }

    /// Serves until it is dropped. `extra` gives what belongs to a backup and is not in the store; `answer`
    /// gives the answer for the command that asks, or the sentence that says why there is none.
    pub async fn serve<E, A>(self, store: Store, extra: impl Fn() -> E, answer: impl Fn(Question) -> A)
    where
        E: Future<Output = Vec<Extra>>,
        A: Future<Output = Result<Vec<u8>, String>>,
    {
        loop {
            let mut stream = match self.listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    log::warn!("control: cannot take a connection: {error}");
                    sleep(Duration::from_secs(1)).await;
                    continue;
                }
            };
            let served = match self.admit(&mut stream).await {
                Ok(Request::Backup) => hand_over(stream, store.clone(), extra().await).await,
                Ok(Request::Ask(question)) => give(stream, answer(question).await).await,
                Err(why) => Err(why),
            };
            if let Err(why) = served {
                log::warn!("control: {why}");
            }
        }
    }

    async fn admit(&self, stream: &mut UnixStream) -> Result<Request, String> {
        let user = stream.peer_cred().map_err(|error| error.to_string())?.uid();
        if !self.allowed.contains(&user) {
            return Err(format!("user {user} may not ask anything"));
        }
        match timeout(SLOWEST_REQUEST, request(stream)).await {
            Ok(asked) => asked.map_err(|why| format!("closed a connection: {why}")),
            Err(_) => Err("a connection did not ask in time".to_owned()),
        }
    }
}

/// The whole request of who has connected.
async fn request(stream: &mut UnixStream) -> Result<Request, String> {
    let mut received = Vec::new();
    loop {
        if stream.read_buf(&mut received).await.map_err(|error| error.to_string())? == 0 {
            return Err("it left before it had asked".to_owned());
        }
        if let Some(request) = super::parse(&received).map_err(|malformed| malformed.to_string())? {
            return Ok(request);
        }
    }
}

async fn give(stream: UnixStream, answer: Result<Vec<u8>, String>) -> Result<(), String> {
    let stream = stream.into_std().map_err(|error| error.to_string())?;
    let sent = tokio::task::spawn_blocking(move || {
        stream.set_nonblocking(false)?;
        stream.set_write_timeout(Some(SLOWEST_CHUNK))?;
        let mut sender = Sender::new(&stream);
        match answer {
            Ok(answer) => {
                sender.write_all(&answer)?;
                sender.end()
            }
            Err(why) => sender.fail(&why),
        }
    })
    .await;
    let sent = sent.map_err(|error| error.to_string())?;
    sent.map_err(|error| format!("the one who asked went away: {error}"))
}

async fn hand_over(stream: UnixStream, store: Store, extra: Vec<Extra>) -> Result<(), String> {
    let stream = stream.into_std().map_err(|error| error.to_string())?;
    let written = tokio::task::spawn_blocking(move || write(&stream, &store, &extra)).await;
    written.map_err(|error| error.to_string()).flatten()
}

fn write(stream: &blocking::UnixStream, store: &Store, extra: &[Extra]) -> Result<(), String> {
    let lost = |error: io::Error| format!("the one who asked for a backup went away: {error}");
    stream.set_nonblocking(false).map_err(lost)?;
    stream.set_write_timeout(Some(SLOWEST_CHUNK)).map_err(lost)?;
    let mut sender = Sender::new(stream);
    match backup::write(store, Timestamp::now(), extra, &mut sender) {
        Ok(manifest) => {
            sender.end().map_err(lost)?;
            log::info!("handed over a backup of {} tables", manifest.tables.len());
            Ok(())
        }
        Err(error) => {
            let why = chain(&error);
            // The command that asked is told, when it is still there; the journal is told in any case.
            let _ = sender.fail(&why);
            Err(format!("a backup could not be written: {why}"))
        }
    }
}
