//! A state as the bytes of its file. Pure.

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize, de};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::State;

pub(super) const VERSION: u32 = 2;
/// From this one on a state carries a check of itself: a flipped bit makes another key of a key, and a link that is
/// silent for ever.
const CHECKED: u32 = 2;
pub(super) const CHECK: &str = "check";

/// What is on disk.
#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    #[serde(flatten)]
    state: State,
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
    Ok(stored.state)
}

/// The bytes of the file of a state.
pub fn encode(state: State) -> Vec<u8> {
    let plain = serde_json::to_vec(&Stored { version: VERSION, state }).expect("plain data");
    let mut file: Map<String, Value> = serde_json::from_slice(&plain).expect("a struct is an object");
    file.insert(CHECK.to_owned(), check(&file));
    serde_json::to_vec_pretty(&file).expect("plain data")
}

/// Over what is said, however it is laid out.
fn check(file: &Map<String, Value>) -> Value {
    let digest = Sha256::digest(serde_json::to_vec(file).expect("plain data"));
    Value::String(HEXLOWER.encode(&digest))
}
