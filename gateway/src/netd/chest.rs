//! netd's own directory: the gateway's private keys, and the last wanted state, from which the links
//! are put back after a power cut without the gateway.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use beffroi_protocol::{PrivateKey, PublicKey};

use super::Wanted;
use crate::whole_file;

const KEY: &str = "private.key";
/// Made to take its place.
const NEXT: &str = "next.key";
const PUBLIC: &str = "public.key";
const WANTED: &str = "wanted.json";

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot make directory {path}")]
    Directory { path: PathBuf, source: io::Error },
    #[error("cannot read {path}")]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot write {path}")]
    Write { path: PathBuf, source: io::Error },
    #[error(
        "{path} does not hold a WireGuard key: put it back from a backup (without it, every machine must enrol again)"
    )]
    NotAKey { path: PathBuf },
    #[error("the system has no randomness to give")]
    Random(#[source] getrandom::Error),
    #[error("cannot remove {path}")]
    Remove { path: PathBuf, source: io::Error },
}

#[derive(Debug)]
pub(crate) struct Chest {
    directory: PathBuf,
}

impl Chest {
    /// Makes the directory where there is none, for its owner alone.
    pub(crate) fn open(directory: &Path) -> Result<Self, Error> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(|source| Error::Directory { path: directory.to_owned(), source })?;
        Ok(Self { directory: directory.to_owned() })
    }

    /// The gateway's private key, made at the first start.
    pub(crate) fn key(&self) -> Result<PrivateKey, Error> {
        if let Some(key) = self.read_key(KEY)? {
            return Ok(key);
        }
        let key = self.make_key(KEY)?;
        log::info!("made the gateway's private key; its public key is {}", key.public());
        Ok(key)
    }

    /// The key that was made to take its place.
    pub(crate) fn next_key(&self) -> Result<Option<PrivateKey>, Error> {
        self.read_key(NEXT)
    }

    pub(crate) fn make_next_key(&self) -> Result<PrivateKey, Error> {
        self.make_key(NEXT)
    }

    /// The next key is the key: in one step, so that there is one of the two after a power cut.
    pub(crate) fn use_next_key(&self) -> Result<(), Error> {
        let path = self.directory.join(KEY);
        let moved = fs::rename(self.directory.join(NEXT), &path).and_then(|()| self.sync());
        moved.map_err(|source| Error::Write { path, source })
    }

    pub(crate) fn forget_next_key(&self) -> Result<(), Error> {
        let path = self.directory.join(NEXT);
        let removed = fs::remove_file(&path).and_then(|()| self.sync());
        match removed {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(Error::Remove { path, source }),
            _ => Ok(()),
        }
    }

    fn read_key(&self, name: &str) -> Result<Option<PrivateKey>, Error> {
        let path = self.directory.join(name);
        match fs::read_to_string(&path) {
            Ok(text) => PrivateKey::from_base64(&text).map(Some).map_err(|_| Error::NotAKey { path }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Error::Read { path, source }),
        }
    }

    fn make_key(&self, name: &str) -> Result<PrivateKey, Error> {
        let key = PrivateKey::generate().map_err(Error::Random)?;
        self.replace(name, key_file(&key).as_bytes())?;
        Ok(key)
    }

    /// The public key of the last start, by which an interface that outlived it is known to be netd's
    /// own, though a key has been put back from a backup since. A file cut short is as good as none.
    pub(crate) fn last_key(&self) -> Option<PublicKey> {
        let text = fs::read_to_string(self.directory.join(PUBLIC)).ok()?;
        text.trim().parse().ok()
    }

    pub(crate) fn remember_key(&self, key: &PublicKey) -> Result<(), Error> {
        if self.last_key().as_ref() == Some(key) {
            return Ok(());
        }
        self.replace(PUBLIC, format!("{key}\n").as_bytes())
    }

    /// What was last wanted; `None` at the first start. A file cut short is as good as none: the
    /// gateway will say again what it wants.
    pub(crate) fn wanted(&self) -> Result<Option<Wanted>, Error> {
        let path = self.directory.join(WANTED);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(Error::Read { path, source }),
        };
        let wanted = serde_json::from_slice(&bytes);
        if let Err(error) = &wanted {
            log::warn!("{} is unreadable: links come back when the gateway does: {error}", path.display());
        }
        Ok(wanted.ok())
    }

    pub(crate) fn remember(&self, wanted: &Wanted) -> Result<(), Error> {
        let bytes = serde_json::to_vec(wanted)
            .map_err(|error| Error::Write { path: self.directory.join(WANTED), source: error.into() })?;
        self.replace(WANTED, &bytes)
    }

    /// Has nothing remembered, nor half of it. That it was not there is fine.
    pub(crate) fn forget(&self) {
        if let Err(error) = whole_file::remove(&self.directory.join(WANTED)) {
            log::error!("{WANTED} cannot be removed, although it is out of date: {error}");
        }
    }

    /// After a power cut there is the old file or the new one, whole.
    fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let path = self.directory.join(name);
        let written = whole_file::replace(&path, bytes);
        written.map_err(|source| Error::Write { path, source })
    }

    fn sync(&self) -> io::Result<()> {
        File::open(&self.directory)?.sync_all()
    }
}

/// Where netd keeps the private key, in its directory; a restored one is put there.
pub fn key_path(directory: &Path) -> PathBuf {
    directory.join(KEY)
}

/// Where it keeps the one that was made to take its place.
pub fn next_key_path(directory: &Path) -> PathBuf {
    directory.join(NEXT)
}

/// A private key as it stands in its file: base64 and a newline, as `wg genkey` writes it.
pub(crate) fn key_file(key: &PrivateKey) -> String {
    format!("{}\n", key.to_base64())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::netd::{Firewall, KeyWish};

    fn chest() -> (tempfile::TempDir, Chest) {
        let directory = tempfile::tempdir().expect("a place for files");
        let chest = Chest::open(&directory.path().join("netd")).expect("a new directory");
        (directory, chest)
    }

    fn wanted(mtu: u16) -> Wanted {
        let tunnel = beffroi_tunnel::Wanted {
            listen_port: Some(51820),
            addresses: [].into(),
            routes: [].into(),
            mtu,
            peers: [].into(),
        };
        Wanted { tunnel, firewall: Firewall::default(), key: KeyWish::Stay }
    }

    #[test]
    fn the_key_of_the_last_start_is_known_after_another_was_put_back() {
        let (_directory, chest) = chest();
        assert_eq!(chest.last_key(), None);
        let key = chest.key().expect("a new key").public();
        chest.remember_key(&key).expect("a writable directory");
        let restored = PrivateKey::from_bytes([7; 32]);
        fs::write(key_path(&chest.directory), key_file(&restored)).expect("a writable directory");
        assert_eq!(chest.key().expect("it is there").public(), restored.public());
        assert_eq!(chest.last_key(), Some(key));
    }

    #[test]
    fn the_key_is_made_once_and_for_its_owner_alone() {
        let (_directory, chest) = chest();
        let key = chest.key().expect("a new key");
        assert_eq!(chest.key().expect("the same key"), key);
        let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
        assert_eq!(mode(&chest.directory), 0o700);
        assert_eq!(mode(&chest.directory.join(KEY)), 0o600);
        assert_eq!(fs::read_to_string(chest.directory.join(KEY)).expect("it is there"), key_file(&key));
    }

    #[test]
    fn a_key_file_that_holds_no_key_is_never_replaced() {
        let (_directory, chest) = chest();
        fs::write(chest.directory.join(KEY), "cut sho").expect("a file of ours");
        assert!(matches!(chest.key(), Err(Error::NotAKey { .. })));
        assert_eq!(fs::read_to_string(chest.directory.join(KEY)).expect("it is there"), "cut sho");
    }

    #[test]
    fn what_was_wanted_is_remembered() {
        let (_directory, chest) = chest();
        assert_eq!(chest.wanted().expect("no file"), None);
        chest.remember(&wanted(1280)).expect("a writable directory");
        chest.remember(&wanted(1420)).expect("a writable directory");
        assert_eq!(chest.wanted().expect("a file"), Some(wanted(1420)));
    }

    #[test]
    fn a_state_cut_short_is_as_good_as_none() {
        let (_directory, chest) = chest();
        chest.remember(&wanted(1280)).expect("a writable directory");
        let path = chest.directory.join(WANTED);
        let bytes = fs::read(&path).expect("it is there");
        for end in 0..bytes.len() {
            fs::write(&path, &bytes[..end]).expect("a file of ours");
            assert_eq!(chest.wanted().expect("a file"), None, "{end} bytes");
        }
    }
}
