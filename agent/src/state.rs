//! The state file: how far this machine has come in joining, and everything that it needs afterwards.
//!
//! It is written before the act that it announces: the new key before anything is sent, the welcome
//! before the own key is used. So a machine that is switched off at any moment finds its way.
//! It does not know how to join.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use beffroi_protocol::code::{Code, Endpoint};
use beffroi_protocol::enrolment::Welcome;
use beffroi_protocol::words::words;
use beffroi_protocol::{PresharedKey, PrivateKey, PublicKey};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize, de};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::replace;
use crate::texts::{reason, t_with};

/// Name of the state file in its folder.
pub(crate) const FILE: &str = "state.json";
/// Name of the lock file: who holds it owns the interface.
pub(crate) const LOCK: &str = "lock";
const VERSION: u32 = 2;
/// From this one on a state carries a check of itself: a flipped bit makes another key of a key, and a link that is
/// silent for ever.
const CHECKED: u32 = 2;
const CHECK: &str = "check";

#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// The temporary public key of the invitation that brought the machine in: the same code again
    /// is told from another one, and the secret is not kept.
    pub(crate) invitation: PublicKey,
    pub(crate) welcome: Welcome,
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

/// What is on disk.
#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    #[serde(flatten)]
    stage: Stage,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
enum Stage {
    Joining(Joining),
    Joined(Box<Joined>),
    Leaving(Leaving),
}

/// Why bytes are no state.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    #[error("it is damaged")]
    Damaged(#[source] serde_json::Error),
    #[error("it is of version {0}, this program knows {VERSION}")]
    Newer(u32),
}

/// The state in the bytes of its file.
///
/// # Errors
/// When they are not a whole state that this program knows.
pub fn parse(bytes: &[u8]) -> Result<State, Unusable> {
    let mut file: Map<String, Value> = serde_json::from_slice(bytes).map_err(Unusable::Damaged)?;
    let version = file.get("version").cloned().unwrap_or_default();
    let version: u32 = serde_json::from_value(version).map_err(Unusable::Damaged)?;
    if version > VERSION {
        return Err(Unusable::Newer(version));
    }
    let found = file.shift_remove(CHECK);
    if version >= CHECKED && found != Some(check(&file)) {
        return Err(Unusable::Damaged(de::Error::custom("it is not what was written")));
    }
    let stored: Stored = serde_json::from_value(Value::Object(file)).map_err(Unusable::Damaged)?;
    Ok(match stored.stage {
        Stage::Joining(joining) => State::Joining(joining),
        Stage::Joined(joined) => State::Joined(joined),
        Stage::Leaving(leaving) => State::Leaving(leaving),
    })
}

/// The bytes of the file of a state.
pub fn encode(state: State) -> Vec<u8> {
    let stage = match state {
        State::Joining(joining) => Stage::Joining(joining),
        State::Joined(joined) => Stage::Joined(joined),
        State::Leaving(leaving) => Stage::Leaving(leaving),
    };
    let plain = serde_json::to_vec(&Stored { version: VERSION, stage }).expect("plain data");
    let mut file: Map<String, Value> = serde_json::from_slice(&plain).expect("a struct is an object");
    file.insert(CHECK.to_owned(), check(&file));
    serde_json::to_vec_pretty(&file).expect("plain data")
}

/// Over what is said, however it is laid out.
fn check(file: &Map<String, Value>) -> Value {
    let digest = Sha256::digest(serde_json::to_vec(file).expect("plain data"));
    Value::String(HEXLOWER.encode(&digest))
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

mod key_text {
    use beffroi_protocol::PrivateKey;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(key: &PrivateKey, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&key.to_base64())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<PrivateKey, D::Error> {
        PrivateKey::from_base64(&String::deserialize(input)?).map_err(de::Error::custom)
    }
}

mod optional_key_text {
    use beffroi_protocol::PrivateKey;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    pub(super) fn serialize<S: Serializer>(key: &Option<PrivateKey>, out: S) -> Result<S::Ok, S::Error> {
        key.as_ref().map(PrivateKey::to_base64).serialize(out)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Option<PrivateKey>, D::Error> {
        let text = Option::<String>::deserialize(input)?;
        text.map(|text| PrivateKey::from_base64(&text).map_err(de::Error::custom)).transpose()
    }
}

mod code_text {
    use beffroi_protocol::code::Code;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(code: &Code, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&code.text())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Code, D::Error> {
        Code::parse(&String::deserialize(input)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::os::unix::fs::MetadataExt;

    use beffroi_protocol::enrolment::Name;
    use beffroi_protocol::temporary::Secret;

    use super::*;

    pub(crate) fn joining() -> Joining {
        let code = Code {
            gateway: "gateway.example.fr:51820".parse().expect("an endpoint"),
            key: PublicKey::from_bytes([1; 32]),
            secret: Secret::from_bytes([2; 16]),
        };
        Joining { key: PrivateKey::from_bytes([3; 32]), code }
    }

    pub(crate) fn joined() -> Joined {
        let Joining { key, code } = joining();
        let gateway = ["10.66.0.1", "fd00::1"].map(|ip| ip.parse().expect("an address")).to_vec();
        Joined {
            key,
            next: None,
            preshared: Some(code.secret.preshared()),
            gateway: code.key,
            next_gateway: None,
            endpoint: code.gateway,
            invitation: code.secret.key().public(),
            welcome: Welcome {
                community: "Communauté de communes de la Côte d'Albâtre".into(),
                commune: "Alvimare".into(),
                addresses: ["10.66.1.0/32", "fd00::100/128"].map(|net| net.parse().expect("a net")).to_vec(),
                probe: gateway.iter().map(|&ip| (ip, 4711).into()).collect(),
                gateway: gateway.clone(),
                mtu: 1280,
                keepalive: 25,
                names: vec![Name { name: "intranet.example.fr".into(), addresses: gateway }],
                authority: "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n".into(),
                preshared: true,
            },
        }
    }

    #[test]
    fn each_stage_comes_back_and_only_root_reads_it() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let dir = dir.path().join("state");
        assert_eq!(load(&dir).expect("no file is a state"), None);
        let leaving = State::Leaving(Leaving { keys: State::Joining(joining()).keys() });
        let exchanging = Joined {
            next: Some(PrivateKey::from_bytes([4; 32])),
            next_gateway: Some(PublicKey::from_bytes([5; 32])),
            ..joined()
        };
        let members = [joined(), exchanging].map(|joined| State::Joined(Box::new(joined)));
        for state in [State::Joining(joining()), leaving].into_iter().chain(members) {
            store(&dir, state.clone()).expect("a writable folder");
            assert_eq!(load(&dir).expect("it was just written"), Some(state));
            assert_eq!(fs::metadata(dir.join(FILE)).expect("it is there").mode() & 0o777, 0o600);
        }
        remove(&dir).expect("a writable folder");
        remove(&dir).expect("nothing to remove");
        assert_eq!(load(&dir).expect("no file is a state"), None);
    }

    #[test]
    fn a_state_that_someone_else_has_changed_is_not_exchanged() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (before, after) = (State::Joined(Box::new(joined())), State::Joining(joining()));
        store(dir.path(), before.clone()).expect("a writable folder");
        assert!(exchange(dir.path(), &before, after.clone()).expect("a writable folder"));
        assert!(!exchange(dir.path(), &before, before.clone()).expect("a readable folder"));
        assert_eq!(load(dir.path()).expect("it is there"), Some(after));
    }

    #[test]
    fn a_machine_that_has_left_keeps_nothing() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let dir = dir.path().join("state");
        store(&dir, State::Joined(Box::new(joined()))).expect("a writable folder");
        // As a power cut leaves it, with the private key.
        fs::copy(dir.join(FILE), dir.join(".state.json.beffroi")).expect("a writable folder");
        let lock = Lock::take(&dir).expect("a writable folder").expect("nobody has it");
        remove_folder(&dir, lock).expect("a writable folder");
        assert!(!dir.exists());
    }

    #[test]
    fn files_of_others_stay() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let lock = Lock::take(dir.path()).expect("a writable folder").expect("nobody has it");
        fs::write(dir.path().join("notes"), "").expect("a writable folder");
        remove_folder(dir.path(), lock).expect("a writable folder");
        assert_eq!(fs::read_dir(dir.path()).expect("it is there").count(), 1);
    }

    #[test]
    fn the_secret_is_not_kept() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        store(dir.path(), State::Joined(Box::new(joined()))).expect("a writable folder");
        let text = fs::read_to_string(dir.path().join(FILE)).expect("it is there");
        assert!(!text.contains(&joining().code.text()));
    }

    #[test]
    fn a_file_cut_anywhere_is_damaged_and_left_as_it_is() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join(FILE);
        store(dir.path(), State::Joined(Box::new(joined()))).expect("a writable folder");
        let whole = fs::read(&path).expect("it is there");
        for cut in [0, 1, 10, whole.len() / 2, whole.len() - 1] {
            fs::write(&path, &whole[..cut]).expect("a writable folder");
            assert!(matches!(load(dir.path()), Err(Error::Damaged { .. })), "cut at {cut}");
            assert_eq!(fs::read(&path).expect("it is there"), whole[..cut]);
        }
    }

    #[test]
    fn a_flipped_bit_is_found_or_changes_nothing() {
        let state = State::Joined(Box::new(joined()));
        let whole = encode(state.clone());
        for place in 0..whole.len() * 8 {
            let mut flipped = whole.clone();
            flipped[place / 8] ^= 1 << (place % 8);
            if let Ok(found) = parse(&flipped) {
                assert_eq!(found, state, "bit {} of byte {}", place % 8, place / 8);
            }
        }
    }

    #[test]
    fn a_check_is_expected_since_version_2() {
        let stage = r#""stage": "leaving", "keys": []"#;
        assert!(parse(format!(r#"{{"version": 1, {stage}}}"#).as_bytes()).is_ok());
        assert!(parse(format!(r#"{{"version": 2, {stage}}}"#).as_bytes()).is_err());
    }

    #[test]
    fn a_file_from_before_there_were_preshared_keys_serves() {
        let mut old: Value =
            serde_json::from_slice(&encode(State::Joined(Box::new(joined())))).expect("it was just made");
        let file = old.as_object_mut().expect("a state is an object");
        file.remove(CHECK);
        file.remove("preshared");
        file["welcome"].as_object_mut().expect("a welcome is one").remove("preshared");
        file.insert("version".to_owned(), 1.into());
        let Ok(State::Joined(read)) = parse(old.to_string().as_bytes()) else {
            panic!("it is a membership");
        };
        assert_eq!((&read.preshared, read.welcome.preshared), (&None, false));
        assert_eq!(read.key, joined().key);
    }

    #[test]
    fn a_file_of_a_later_program_is_named_so() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        fs::write(dir.path().join(FILE), r#"{"version": 3, "stage": "elsewhere"}"#).expect("a folder");
        assert!(matches!(load(dir.path()), Err(Error::Newer { found: 3, .. })));
    }

    #[test]
    fn one_process_has_the_interface_at_a_time() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let held = Lock::take(dir.path()).expect("a writable folder").expect("nobody has it");
        assert!(Lock::take(dir.path()).expect("a writable folder").is_none());
        drop(held);
        assert!(Lock::take(dir.path()).expect("a writable folder").is_some());
    }
}
