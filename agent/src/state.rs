//! The state file: how far this machine has come in joining, and everything that it needs afterwards.
//!
//! It is written before the act that it announces: the new key before anything is sent, the welcome
//! before the own key is used. So a machine that is switched off at any moment finds its way.
//! It does not know how to join.

mod bytes;
#[cfg(test)]
pub(crate) mod tests;
mod text;

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use beffroi_protocol::code::{Code, Endpoint};
use beffroi_protocol::enrolment::Welcome;
use beffroi_protocol::serving::Serving;
use beffroi_protocol::words::words;
use beffroi_protocol::{PresharedKey, PrivateKey, PublicKey};
use serde::{Deserialize, Serialize};

use self::bytes::VERSION;
use self::text::{code_text, key_text, optional_key_text};
use crate::replace;
use crate::texts::{reason, t_with};

pub use bytes::{Unusable, encode, parse};

/// Name of the state file in its folder.
pub(crate) const FILE: &str = "state.json";
/// Name of the lock file: who holds it owns the interface.
pub(crate) const LOCK: &str = "lock";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum State {
    Joining(Joining),
    Joined(Box<Joined>),
    Leaving(Leaving),
}

impl State {
    /// The keys by which an interface is known to be this machine's own.
    pub(crate) fn keys(&self) -> Vec<PublicKey> {
        match self {
            Self::Joining(Joining { key, code }) => vec![key.public(), code.secret.key().public()],
            Self::Joined(joined) => joined.keys(),
            Self::Leaving(leaving) => leaving.keys.clone(),
        }
    }
}

/// The key is made; the gateway may or may not know it yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joining {
    #[serde(with = "key_text")]
    pub(crate) key: PrivateKey,
    #[serde(with = "code_text")]
    pub(crate) code: Code,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joined {
    #[serde(with = "key_text")]
    pub(crate) key: PrivateKey,
    /// Made to take the place of `key`: the gateway may or may not know it yet.
    #[serde(with = "optional_key_text", default, skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<PrivateKey>,
    /// Goes together with either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) preshared: Option<PresharedKey>,
    pub(crate) gateway: PublicKey,
    /// What the gateway will be known by one day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) next_gateway: Option<PublicKey>,
    pub(crate) endpoint: Endpoint,
    /// Where the gateway answered before it gave that address, by which it has not answered yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) former: Option<Endpoint>,
    /// The temporary public key of the invitation that brought the machine in: the same code again
    /// is told from another one, and the secret is not kept.
    pub(crate) invitation: PublicKey,
    pub(crate) welcome: Welcome,
    /// The other computers that this machine lets in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) serving: Option<Serving>,
}

/// No member any more, and not everything is undone yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaving {
    pub(crate) keys: Vec<PublicKey>,
}

impl Joined {
    /// The keys by which an interface is known to be this machine's own.
    pub(crate) fn keys(&self) -> Vec<PublicKey> {
        let next = self.next.as_ref().map(PrivateKey::public);
        [self.key.public(), self.invitation].into_iter().chain(next).collect()
    }

    /// The keys by which the gateway may be known, the present one first.
    pub(crate) fn gateways(&self) -> Vec<PublicKey> {
        std::iter::once(self.gateway).chain(self.next_gateway).collect()
    }

    /// Where the gateway may be, in the order of trying.
    pub(crate) fn endpoints(&self) -> Vec<Endpoint> {
        std::iter::once(&self.endpoint).chain(&self.former).cloned().collect()
    }

    /// What the person here and the referent compare.
    pub(crate) fn words(&self) -> [&'static str; 4] {
        words(&self.gateway, &self.key.public())
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{} cannot be read", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{} is damaged", path.display())]
    Damaged { path: PathBuf, source: serde_json::Error },
    #[error("{} is of version {found}, this program knows {VERSION}", path.display())]
    Newer { path: PathBuf, found: u32 },
    #[error("{} cannot be written", path.display())]
    Unwritable { path: PathBuf, source: io::Error },
}

impl Error {
    /// What the person at the terminal reads.
    pub(crate) fn message(&self) -> String {
        let (id, path, why) = match self {
            Self::Unreadable { path, source } => ("state-unreadable", path, reason(source)),
            Self::Damaged { path, source } => ("state-damaged", path, source.to_string()),
            Self::Newer { path, found } => ("state-newer", path, found.to_string()),
            Self::Unwritable { path, source } => ("state-unwritable", path, reason(source)),
        };
        t_with(id, &[("path", path.display().to_string().into()), ("reason", why.into())])
    }
}

/// `None` when this machine has not joined.
///
/// # Errors
/// When there is a file and it is not a whole state; the file is left as it is.
pub(crate) fn load(dir: &Path) -> Result<Option<State>, Error> {
    let path = dir.join(FILE);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(Error::Unreadable { path, source }),
    };
    parse(&bytes).map(Some).map_err(|unusable| match unusable {
        Unusable::Damaged(source) => Error::Damaged { path, source },
        Unusable::Newer(found) => Error::Newer { path, found },
    })
}

/// Durable on return.
///
/// # Errors
/// When the folder cannot be made or written; the state before is still there.
pub(crate) fn store(dir: &Path, state: State) -> Result<(), Error> {
    make_folder(dir)?;
    let _alone = alone(dir)?;
    write(dir, state)
}

/// The same if the state is still the one before: another command that has changed it goes first. Says whether
/// it was.
///
/// # Errors
/// When the state cannot be read or written; it is as it was.
pub(crate) fn exchange(dir: &Path, before: &State, state: State) -> Result<bool, Error> {
    let _alone = alone(dir)?;
    if load(dir)?.as_ref() != Some(before) {
        return Ok(false);
    }
    write(dir, state).map(|()| true)
}

/// Nobody else writes the state until it is dropped.
fn alone(dir: &Path) -> Result<File, Error> {
    let unwritable = |source| Error::Unwritable { path: dir.to_owned(), source };
    let folder = File::open(dir).map_err(unwritable)?;
    folder.lock().map_err(unwritable)?;
    Ok(folder)
}

fn write(dir: &Path, state: State) -> Result<(), Error> {
    let path = dir.join(FILE);
    let bytes = encode(state);
    replace::replace(&path, &bytes, 0o600).map_err(|source| Error::Unwritable { path, source })
}

/// Forgets everything, durably; that there is nothing is fine.
///
/// # Errors
/// When the folder cannot be written.
pub(crate) fn remove(dir: &Path) -> Result<(), Error> {
    let path = dir.join(FILE);
    replace::remove(&path).map_err(|source| Error::Unwritable { path, source })
}

/// Removes the folder too, with the lock. A daemon that waits there would not see a new folder: only
/// while none is running.
///
/// # Errors
/// When the folder around it cannot be written.
pub(crate) fn remove_folder(dir: &Path, lock: Lock) -> Result<(), Error> {
    remove(dir)?;
    let path = dir.join(LOCK);
    replace::remove(&path).map_err(|source| Error::Unwritable { path, source })?;
    drop(lock);
    match fs::remove_dir(dir) {
        Ok(()) => Ok(()),
        // Someone keeps files of their own in it.
        Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(()),
        Err(source) => Err(Error::Unwritable { path: dir.to_owned(), source }),
    }
}

/// The right to use the interface, given back when dropped or when the process ends.
#[derive(Debug)]
pub(crate) struct Lock {
    _held: File,
    /// Closed after the lock is given back, however the process ends: who watches the folder sees
    /// that, and does not see its own vain attempts, which open the file for reading only.
    _signal: File,
}

impl Lock {
    /// `None` while another process has it.
    ///
    /// # Errors
    /// When the lock file cannot be made.
    pub(crate) fn take(dir: &Path) -> Result<Option<Self>, Error> {
        make_folder(dir)?;
        let path = dir.join(LOCK);
        let unwritable = |source| Error::Unwritable { path: path.clone(), source };
        let held = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => open_for_writing(&path),
            opened => opened,
        };
        let held = held.map_err(unwritable)?;
        match held.try_lock() {
            Ok(()) => {
                let signal = open_for_writing(&path).map_err(unwritable)?;
                Ok(Some(Self { _held: held, _signal: signal }))
            }
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(unwritable(source)),
        }
    }
}

fn open_for_writing(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)
}

/// # Errors
/// When the folder cannot be made.
pub(crate) fn make_folder(dir: &Path) -> Result<(), Error> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(|source| Error::Unwritable { path: dir.to_owned(), source })
}
