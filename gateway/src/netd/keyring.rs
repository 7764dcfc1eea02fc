//! The gateway's private keys: the one in use, and the one that was made to take its place. The gateway says which
//! of them it wants, by its public half, and never sees either.
//!
//! Every step is on disk before it is in use. Whatever is killed in between, the next start finds one key in use.

use beffroi_protocol::{PrivateKey, PublicKey};

use super::KeyWish;
use super::chest::{Chest, Error, key_file};
use crate::journal::chain;

#[derive(Debug)]
pub(crate) struct Keyring {
    key: PrivateKey,
    next: Option<PrivateKey>,
    /// What could not be done, so that the journal has it once.
    trouble: Option<String>,
}

impl Keyring {
    /// The first start makes the key.
    ///
    /// # Errors
    /// When the key cannot be read or made.
    pub(crate) fn open(chest: &Chest) -> Result<Self, Error> {
        Ok(Self { key: chest.key()?, next: next(chest)?, trouble: None })
    }

    pub(crate) fn key(&self) -> &PrivateKey {
        &self.key
    }

    /// The public half of the one that was made to take its place.
    pub(crate) fn next(&self) -> Option<PublicKey> {
        self.next.as_ref().map(PrivateKey::public)
    }

    /// Gives whether another key is in use than before. What cannot be done is in the journal and done later: the
    /// links have to be looked after all the same.
    pub(crate) fn follow(&mut self, wish: KeyWish, chest: &Chest) -> bool {
        let before = self.key.public();
        let trouble = self.try_to_follow(wish, chest).err().map(|error| chain(&error));
        if trouble.is_some() && trouble != self.trouble {
            log::error!("the gateway's keys are not as wanted: {}", trouble.as_deref().unwrap_or_default());
        }
        self.trouble = trouble;
        self.key.public() != before
    }

    /// Both keys as they go into a backup: a line each, the one in use first.
    pub(crate) fn lines(&self) -> String {
        std::iter::once(&self.key).chain(&self.next).map(key_file).collect()
    }

    fn try_to_follow(&mut self, wish: KeyWish, chest: &Chest) -> Result<(), Error> {
        match wish {
            KeyWish::Stay => self.forget_next(chest),
            KeyWish::Prepare if self.next.is_some() => Ok(()),
            KeyWish::Prepare => {
                self.next = Some(chest.make_next_key()?);
                log::info!("made the gateway's next key; its public key is {}", self.next_text());
                Ok(())
            }
            KeyWish::Become(key) if self.key.public() == key => self.forget_next(chest),
            KeyWish::Become(key) => self.become_next(key, chest),
        }
    }

    fn become_next(&mut self, key: PublicKey, chest: &Chest) -> Result<(), Error> {
        // As it is on disk: an earlier attempt may have got further than it could tell.
        (self.key, self.next) = (chest.key()?, next(chest)?);
        if self.next() == Some(key) {
            chest.use_next_key()?;
            (self.key, self.next) = (chest.key()?, None);
        }
        if self.key.public() == key {
            log::info!("the gateway's key is {key} now");
        } else {
            log::warn!("the gateway asks for the key {key}, which is not here");
        }
        Ok(())
    }

    fn forget_next(&mut self, chest: &Chest) -> Result<(), Error> {
        if self.next.is_some() {
            chest.forget_next_key()?;
            log::info!("the gateway's next key {} is forgotten", self.next_text());
            self.next = None;
        }
        Ok(())
    }

    fn next_text(&self) -> String {
        self.next().map(|key| key.to_string()).unwrap_or_default()
    }
}

/// One that is damaged is none: nobody has it yet.
fn next(chest: &Chest) -> Result<Option<PrivateKey>, Error> {
    match chest.next_key() {
        Err(Error::NotAKey { path }) => {
            log::warn!(
                "{} does not hold a WireGuard key: another one is made when it is wanted",
                path.display()
            );
            Ok(None)
        }
        read => read,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use super::*;
    use crate::netd::{key_path, next_key_path};

    const DEBRIS: [&str; 2] = [".private.key.beffroi", ".next.key.beffroi"];

    fn key(seed: u8) -> PrivateKey {
        PrivateKey::from_bytes([seed; 32])
    }

    /// Opens a directory with these keys in it, as a kill may leave it, follows the wish, is killed and opens again.
    fn check(held: (u8, Option<u8>), wish: KeyWish, expected: (u8, Option<u8>)) {
        let directory = tempfile::tempdir().expect("a place for files");
        let path = directory.path();
        fs::write(key_path(path), key_file(&key(held.0))).expect("a file of ours");
        if let Some(next) = held.1 {
            fs::write(next_key_path(path), key_file(&key(next))).expect("a file of ours");
        }
        for name in DEBRIS {
            fs::write(path.join(name), "half a k").expect("a file of ours");
        }
        let expected = (key(expected.0).public(), expected.1.map(|seed| key(seed).public()));
        let chest = Chest::open(path).expect("it is there");
        let mut keyring = Keyring::open(&chest).expect("a key");
        for _ in 0..2 {
            keyring.follow(wish, &chest);
            assert_eq!((keyring.key().public(), keyring.next()), expected, "{held:?} {wish:?}");
        }
        let again = Keyring::open(&chest).expect("a key");
        assert_eq!((again.key().public(), again.next()), expected, "{held:?} {wish:?}, after a kill");
    }

    #[test]
    fn whatever_a_kill_leaves_the_next_start_finds_one_key_in_use() {
        let become_key = |seed| KeyWish::Become(key(seed).public());
        check((1, None), KeyWish::Stay, (1, None));
        check((1, Some(2)), KeyWish::Stay, (1, None));
        check((1, Some(2)), KeyWish::Prepare, (1, Some(2)));
        check((1, Some(2)), become_key(2), (2, None));
        check((2, None), become_key(2), (2, None));
        check((2, Some(3)), become_key(2), (2, None));
        check((1, None), become_key(2), (1, None));
        check((1, Some(3)), become_key(2), (1, Some(3)));
    }

    #[test]
    fn the_next_key_is_made_once_and_for_its_owner_alone() {
        let directory = tempfile::tempdir().expect("a place for files");
        let chest = Chest::open(directory.path()).expect("a directory");
        let mut keyring = Keyring::open(&chest).expect("a key");
        let first = keyring.key().public();
        assert!(!keyring.follow(KeyWish::Prepare, &chest), "the key stays");
        let next = keyring.next().expect("it was made");
        assert_ne!(next, first);
        keyring.follow(KeyWish::Prepare, &chest);
        assert_eq!(keyring.next(), Some(next));
        let path = next_key_path(directory.path());
        assert_eq!(fs::metadata(path).expect("it is there").permissions().mode() & 0o777, 0o600);
        let lines = keyring.lines();
        let lines: Vec<_> = lines.lines().map(|line| PrivateKey::from_base64(line).expect("a key")).collect();
        assert_eq!(lines.iter().map(PrivateKey::public).collect::<Vec<_>>(), [first, next]);
        assert!(keyring.follow(KeyWish::Become(next), &chest));
        assert_eq!((keyring.key().public(), keyring.next()), (next, None));
        assert_eq!(keyring.lines().lines().count(), 1);
    }

    /// As when the directory is synced in vain after the step was made.
    #[test]
    fn a_step_that_got_further_than_it_could_tell_is_made_once() {
        let directory = tempfile::tempdir().expect("a place for files");
        let chest = Chest::open(directory.path()).expect("a directory");
        let mut keyring = Keyring::open(&chest).expect("a key");
        keyring.follow(KeyWish::Prepare, &chest);
        let next = keyring.next().expect("it was made");
        chest.use_next_key().expect("a writable directory");
        assert!(keyring.follow(KeyWish::Become(next), &chest));
        assert_eq!((keyring.key().public(), keyring.next()), (next, None));
    }

    #[test]
    fn a_full_disk_leaves_the_key_in_use_and_the_links_with_it() {
        let directory = tempfile::tempdir().expect("a place for files");
        let chest = Chest::open(directory.path()).expect("a directory");
        let mut keyring = Keyring::open(&chest).expect("a key");
        // Nobody can write here, root neither.
        fs::create_dir(directory.path().join(".next.key.beffroi")).expect("a writable directory");
        let before = keyring.key().public();
        assert!(!keyring.follow(KeyWish::Prepare, &chest));
        assert_eq!((keyring.key().public(), keyring.next()), (before, None));
        fs::remove_dir(directory.path().join(".next.key.beffroi")).expect("it is empty");
        keyring.follow(KeyWish::Prepare, &chest);
        assert!(keyring.next().is_some());
    }

    #[test]
    fn a_damaged_next_key_is_made_anew() {
        let directory = tempfile::tempdir().expect("a place for files");
        let chest = Chest::open(directory.path()).expect("a directory");
        write(&next_key_path(directory.path()), "cut sho");
        let mut keyring = Keyring::open(&chest).expect("a key");
        assert_eq!(keyring.next(), None);
        keyring.follow(KeyWish::Prepare, &chest);
        assert!(keyring.next().is_some());
        assert_eq!(Keyring::open(&chest).expect("a key").next(), keyring.next());
    }

    fn write(path: &Path, text: &str) {
        fs::write(path, text).expect("a writable directory");
    }
}
