//! What agent and gateway say to each other.

use beffroi_protocol::code::Code;
use beffroi_protocol::diagnosis::Told;
use beffroi_protocol::enrolment::{Refused, Request, Welcome};
use beffroi_protocol::membership::Membership;
use beffroi_protocol::probe::{self, Answer, Probe};
use beffroi_protocol::trial;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The code on the paper, typed by hand or read from a file.
pub fn code(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    if let Ok(code) = Code::parse(text) {
        assert_eq!(Code::parse(&code.text()).as_ref(), Ok(&code));
        assert_eq!(Code::parse(&code.file("Bon de raccordement")), Ok(code));
    }
}

/// What is said over the temporary tunnel, in both directions.
pub fn enrolment(bytes: &[u8]) {
    json::<Request>(bytes);
    json::<Welcome>(bytes);
    json::<Refused>(bytes);
}

/// What is said through a member's own tunnel, in both directions.
pub fn membership(bytes: &[u8]) {
    json::<Membership>(bytes);
    json::<Told>(bytes);
}

/// The datagram of every few seconds, in both directions.
pub fn probe(bytes: &[u8]) {
    if let Some(probe) = probe::decode::<Probe>(bytes) {
        assert_eq!(probe::decode(&probe::encode(&probe)), Some(probe));
    }
    if let Some(answer) = probe::decode::<Answer>(bytes) {
        assert_eq!(probe::decode(&probe::encode(&answer)), Some(answer));
    }
    if let Some(number) = trial::decode(bytes) {
        assert_eq!(trial::encode(number, bytes.len()), bytes);
    }
}

fn json<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(bytes: &[u8]) {
    if let Ok(value) = serde_json::from_slice::<T>(bytes) {
        let text = serde_json::to_vec(&value).expect("plain data");
        assert_eq!(serde_json::from_slice::<T>(&text).expect("what was just written"), value);
    }
}
