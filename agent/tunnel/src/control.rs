//! The socket through which `wg show` sees an embedded device, at the place where wg(8) looks.
//!
//! Made here rather than by `gotatun`, which binds with the umask of the process and takes over the
//! socket of another program without asking. The socket is one per file system, not per network
//! namespace.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use gotatun::device::uapi::{UapiClient, UapiServer};
use nix::sys::stat::{Mode, umask};
use tokio::net::UnixListener;
use tokio::task::JoinHandle;

use crate::Error;

const DIRECTORY: &str = "/var/run/wireguard";

/// Answers as long as it lives.
pub(crate) struct ControlSocket {
    path: PathBuf,
    accepting: JoinHandle<()>,
}

/// What is found where the socket of an interface should be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Nothing,
    /// Left behind by a program that was killed.
    Stale,
    /// A running program answers.
    Alive,
}

pub(crate) fn look(name: &str) -> Result<Found, Error> {
    let path = path(name);
    match UnixStream::connect(&path) {
        Ok(_) => Ok(Found::Alive),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Found::Nothing),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(Found::Stale),
        Err(source) => Err(failed(&path)(source)),
    }
}

/// Removes the socket of a program that was killed; a living one stays.
pub(crate) fn clean(name: &str) -> Result<(), Error> {
    let path = path(name);
    match look(name)? {
        Found::Stale => fs::remove_file(&path).map_err(failed(&path)),
        Found::Nothing | Found::Alive => Ok(()),
    }
}

impl ControlSocket {
    /// Binds the socket for root alone, in place of a stale one, and gives the end for the device.
    pub(crate) fn bind(name: &str) -> Result<(Self, UapiServer), Error> {
        let path = path(name);
        clean(name)?;
        let listener = bind_private(&path).map_err(failed(&path))?;
        let (client, server) = UapiServer::new();
        let accepting = tokio::spawn(accept(listener, client));
        Ok((Self { path, accepting }, server))
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        self.accepting.abort();
        if let Err(error) = fs::remove_file(&self.path) {
            log::debug!("control socket {} was gone already: {error}", self.path.display());
        }
    }
}

fn path(name: &str) -> PathBuf {
    Path::new(DIRECTORY).join(format!("{name}.sock"))
}

/// The umask is the whole process's: for this instant, what other threads create is private too.
fn bind_private(path: &Path) -> io::Result<UnixListener> {
    DirBuilder::new().recursive(true).mode(0o700).create(DIRECTORY)?;
    let before = umask(Mode::from_bits_truncate(0o077));
    let listener = UnixListener::bind(path);
    umask(before);
    listener
}

async fn accept(listener: UnixListener, device: UapiClient) {
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream.into_std(),
            Err(error) => {
                log::warn!("wg(8) cannot reach the embedded device any more: {error}");
                return;
            }
        };
        // `gotatun` serves each connection from a thread of its own, with blocking reads.
        match stream.and_then(|stream| stream.set_nonblocking(false).map(|()| stream)) {
            Ok(stream) => device.clone().wrap_read_write(stream),
            Err(error) => log::debug!("a connection to the control socket broke: {error}"),
        }
    }
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::Socket { path: path.display().to_string(), source }
}
