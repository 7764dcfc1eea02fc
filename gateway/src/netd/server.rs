//! netd's end of the socket: who may speak, and how long a message may take. It passes requests on and
//! carries replies back; what they mean is the keeper's business.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::net as blocking;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use nix::unistd::{Uid, User};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::message::{self, ReceiveError, Reply, Request};
use crate::journal::chain;
use crate::local_socket;

/// From the first byte of a message to its last.
const SLOWEST: Duration = Duration::from_secs(5);
/// The gateway keeps one connection; its commands may open others for a moment.
const CONNECTIONS: usize = 16;
const ROOT: u32 = 0;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("beffroi-netd is running already: {0} answers")]
    Running(PathBuf),
    #[error("cannot listen on {path}")]
    Listen { path: PathBuf, source: io::Error },
    #[error("cannot look up user {user}")]
    User { user: String, source: nix::Error },
}

/// One request, and where its reply goes.
pub(crate) struct Asked {
    pub(crate) request: Request,
    pub(crate) reply: oneshot::Sender<Reply>,
}

/// The bound socket and who may speak on it.
#[derive(Debug)]
pub(crate) struct Door {
    listener: blocking::UnixListener,
    allowed: BTreeSet<u32>,
    path: SocketPath,
}

/// The socket in the file system, until we leave.
#[derive(Debug)]
struct SocketPath(PathBuf);

impl Drop for SocketPath {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.0) {
            log::debug!("{} was gone already: {error}", self.0.display());
        }
    }
}

impl Door {
    /// Binds the socket for root, ourselves and `user`. To be called while the process may still give
    /// the socket to that user's group.
    pub(crate) fn open(path: &Path, user: &str) -> Result<Self, Error> {
        let listener = local_socket::bind(path, 0o660).map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => Error::Running(path.to_owned()),
            _ => Error::Listen { path: path.to_owned(), source },
        })?;
        let mut allowed = BTreeSet::from([ROOT, Uid::effective().as_raw()]);
        match User::from_name(user).map_err(|source| Error::User { user: user.to_owned(), source })? {
            Some(user) => {
                allowed.insert(user.uid.as_raw());
                if let Err(error) = std::os::unix::fs::chown(path, None, Some(user.gid.as_raw())) {
                    log::warn!(
                        "user {} cannot open the socket: its group cannot be given: {error}",
                        user.name
                    );
                }
            }
            None => log::info!("there is no user {user}: root alone may speak to netd"),
        }
        Ok(Self { listener, allowed, path: SocketPath(path.to_owned()) })
    }

    /// Serves for ever.
    ///
    /// # Errors
    /// When the socket cannot be listened on.
    pub(crate) async fn serve(self, keeper: mpsc::Sender<Asked>) -> io::Result<()> {
        let Self { listener, allowed, path: _path } = self;
        listener.set_nonblocking(true)?;
        let listener = UnixListener::from_std(listener)?;
        let room = Arc::new(Semaphore::new(CONNECTIONS));
        let mut connections = JoinSet::new();
        loop {
            while connections.try_join_next().is_some() {}
            let stream = match listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    log::warn!("cannot take a connection: {error}");
                    sleep(Duration::from_secs(1)).await;
                    continue;
                }
            };
            if let Err(why) = admit(&stream, &allowed) {
                log::warn!("refused a connection: {why}");
                continue;
            }
            let Ok(place) = Arc::clone(&room).try_acquire_owned() else {
                log::warn!("refused a connection: {CONNECTIONS} are open already");
                continue;
            };
            let keeper = keeper.clone();
            connections.spawn(async move {
                converse(stream, &keeper).await;
                drop(place);
            });
        }
    }
}

fn admit(stream: &UnixStream, allowed: &BTreeSet<u32>) -> Result<(), String> {
    let uid = stream.peer_cred().map_err(|error| error.to_string())?.uid();
    if allowed.contains(&uid) { Ok(()) } else { Err(format!("user {uid} may not speak to netd")) }
}

/// Until the other side leaves, or says something that is no message.
async fn converse(mut stream: UnixStream, keeper: &mpsc::Sender<Asked>) {
    loop {
        let request = match next(&mut stream).await {
            Ok(Some(request)) => request,
            Ok(None) => return,
            Err(why) => {
                log::warn!("closed a connection: {why}");
                return;
            }
        };
        let (reply, answer) = oneshot::channel();
        if keeper.send(Asked { request, reply }).await.is_err() {
            return;
        }
        let Ok(answer) = answer.await else { return };
        if let Err(why) = give(&mut stream, &answer).await {
            log::warn!("closed a connection: {why}");
            return;
        }
    }
}

/// A connection may rest between messages, not within one.
async fn next(stream: &mut UnixStream) -> Result<Option<Request>, String> {
    stream.readable().await.map_err(|error| error.to_string())?;
    match timeout(SLOWEST, message::receive(stream)).await {
        Err(_) => Err(format!("a message took more than {} s", SLOWEST.as_secs())),
        // The gateway ended, or was killed: nothing is wrong here.
        Ok(Err(ReceiveError::Io(error))) if error.kind() == io::ErrorKind::ConnectionReset => Ok(None),
        Ok(received) => received.map_err(|error| chain(&error)),
    }
}

async fn give(stream: &mut UnixStream, reply: &Reply) -> Result<(), String> {
    let bytes = message::encode(reply).map_err(|error| chain(&error))?;
    match timeout(SLOWEST, message::send(stream, &bytes)).await {
        Err(_) => Err(format!("a reply was not taken within {} s", SLOWEST.as_secs())),
        Ok(sent) => sent.map_err(|error| error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::task::JoinHandle;

    use super::*;
    use crate::netd::{Client, Error as ClientError};

    /// A door whose keeper knows only that it was asked.
    async fn door() -> (tempfile::TempDir, PathBuf, mpsc::UnboundedReceiver<Request>) {
        let directory = tempfile::tempdir().expect("a place for a socket");
        let path = directory.path().join("netd.sock");
        let (_, heard) = serving(&path);
        (directory, path, heard)
    }

    fn serving(path: &Path) -> (JoinHandle<io::Result<()>>, mpsc::UnboundedReceiver<Request>) {
        let door = Door::open(path, "no-such-user").expect("a free place");
        let (asked, mut asking) = mpsc::channel::<Asked>(1);
        let (heard, hearing) = mpsc::unbounded_channel();
        let serving = tokio::spawn(door.serve(asked));
        tokio::spawn(async move {
            while let Some(Asked { request, reply }) = asking.recv().await {
                heard.send(request).expect("the test is listening");
                drop(reply.send(Reply::Sealed("c2VhbGVk".to_owned())));
            }
        });
        (serving, hearing)
    }

    #[tokio::test]
    async fn a_request_is_answered_and_the_connection_serves_again() {
        let (_directory, path, mut heard) = door().await;
        let client = Client::new(path);
        for _ in 0..3 {
            assert_eq!(client.seal().await.expect("an answer"), b"sealed");
            assert_eq!(heard.recv().await, Some(Request::Seal));
        }
        assert!(matches!(client.present().await, Err(ClientError::Unintelligible(_))));
    }

    #[tokio::test]
    async fn what_is_no_message_closes_the_connection_and_is_passed_to_nobody() {
        let (_directory, path, mut heard) = door().await;
        let long = u32::MAX.to_be_bytes();
        let garbage = [&6u32.to_be_bytes()[..], b"\"sea!\""].concat();
        let two = [&6u32.to_be_bytes()[..], b"\"seal\"", b"more"].concat();
        for bytes in [&long[..], &garbage, &two, b"GET / HTTP/1.1\r\n\r\n"] {
            let mut stream = UnixStream::connect(&path).await.expect("a door");
            stream.write_all(bytes).await.expect("an open connection");
            let mut answer = Vec::new();
            drop(stream.read_to_end(&mut answer).await);
            assert!(answer.is_empty(), "{answer:?}");
        }
        assert!(heard.try_recv().is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_message_closes_the_connection() {
        let (_directory, path, mut heard) = door().await;
        let mut stream = UnixStream::connect(&path).await.expect("a door");
        stream.write_all(&[0, 0, 0, 6, b'"']).await.expect("an open connection");
        assert_eq!(stream.read(&mut [0]).await.expect("closed in order"), 0);
        assert!(heard.try_recv().is_err());
    }

    #[tokio::test]
    async fn a_client_finds_a_door_that_opened_again() {
        let directory = tempfile::tempdir().expect("a place for a socket");
        let path = directory.path().join("run/netd.sock");
        let (first, mut heard) = serving(&path);
        let client = Client::new(path.clone());
        client.seal().await.expect("an answer");
        heard.recv().await.expect("the request");
        assert!(matches!(Door::open(&path, "no-such-user"), Err(Error::Running(_))));

        // With its connections, as when the process ends.
        first.abort();
        assert!(first.await.is_err_and(|error| error.is_cancelled()));
        let (_second, mut heard) = serving(&path);
        assert_eq!(client.seal().await.expect("an answer of the new door"), b"sealed");
        assert_eq!(heard.recv().await, Some(Request::Seal));
    }

    #[tokio::test]
    async fn a_door_that_is_not_there_is_said_to_be_unreachable() {
        let directory = tempfile::tempdir().expect("a place for a socket");
        let nowhere = directory.path().join("other.sock");
        assert!(matches!(Client::new(nowhere).seal().await, Err(ClientError::Unreachable { .. })));
    }

    #[test]
    fn the_socket_is_for_root_ourselves_and_the_user() {
        let directory = tempfile::tempdir().expect("a place for a socket");
        let path = directory.path().join("run/netd.sock");
        let door = Door::open(&path, "root").expect("a free place");
        assert_eq!(door.allowed, BTreeSet::from([0, Uid::effective().as_raw()]));
        assert_eq!(fs::metadata(&path).expect("bound").permissions().mode() & 0o777, 0o660);
        drop(door);
        assert!(!path.exists());
        drop(blocking::UnixListener::bind(&path).expect("a free place"));
        Door::open(&path, "root").expect("the socket of a killed netd is replaced");
    }
}
