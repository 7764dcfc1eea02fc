//! The small datagram that the agent sends through the tunnel every 10 to 15 s, and its answer.
//!
//! Byte 0 is the format version (1), the rest is `postcard`. What the gateway does not understand it
//! does not answer. The sender is known by its tunnel address.

use serde::{Deserialize, Serialize};

/// No probe and no answer is longer, in bytes.
pub const MAX: usize = 128;
const VERSION: u8 = 1;

/// From the agent: "are you there?", and what it has seen of the line since it started.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// Drawn at the agent's start: two that alternate are two holders of one key.
    pub instance: u32,
    /// Counts up by one from the agent's start.
    pub sequence: u32,
    /// Median round trip of the last answers, in microseconds.
    pub round_trip: Option<u32>,
    /// Of the last 32 probes: how many were sent, how many were answered.
    pub sent: u8,
    pub answered: u8,
    /// Mean difference between two round trips in a row, in microseconds (as in RFC 3550, 6.4.1, unsmoothed).
    pub jitter: Option<u32>,
    /// MTU of the tunnel as it is used now, in bytes.
    pub mtu: u16,
    pub carrier: Carrier,
    /// Version of the agent's program.
    pub version: String,
}

/// What carries the WireGuard datagrams.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Carrier {
    #[default]
    Udp,
    /// TLS on TCP 443, where a network lets nothing else through.
    Tls,
}

/// From the gateway: the same sequence number, and its own clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub sequence: u32,
    /// Milliseconds since 1970, the gateway's clock.
    pub clock: i64,
    /// Of what the gateway wants of this machine: another number than before means "ask again".
    pub revision: u32,
}

/// From the gateway, unasked, as its last word to a machine that it lets in no more. No [`Answer`] looks so.
pub const FAREWELL: &[u8] = b"\x01farewell";

/// From the gateway, unasked: it is about to have the key that it announced. No [`Answer`] looks so.
pub const CHANGING: &[u8] = b"\x01changing";

pub fn encode<T: Serialize>(message: &T) -> Vec<u8> {
    let mut bytes = vec![VERSION];
    bytes.extend(postcard::to_stdvec(message).expect("these types have no unserialisable part"));
    bytes
}

/// `None` for anything that is not exactly one message of this version.
pub fn decode<T: for<'a> Deserialize<'a>>(bytes: &[u8]) -> Option<T> {
    if bytes.len() > MAX {
        return None;
    }
    let (&version, body) = bytes.split_first()?;
    if version != VERSION {
        return None;
    }
    let (message, rest) = postcard::take_from_bytes(body).ok()?;
    rest.is_empty().then_some(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probe() -> Probe {
        Probe {
            instance: 7,
            sequence: 300,
            round_trip: Some(45_000),
            sent: 32,
            answered: 31,
            jitter: Some(900),
            mtu: 1280,
            carrier: Carrier::Tls,
            version: "0.1.0".into(),
        }
    }

    /// Agents and gateways of different ages talk to each other: these bytes never change.
    #[test]
    fn the_bytes_are_frozen() {
        let answer = Answer { sequence: 300, clock: 1_700_000_000_000, revision: 3 };
        assert_eq!(
            encode(&probe()),
            b"\x01\x07\xac\x02\x01\xc8\xdf\x02\x20\x1f\x01\x84\x07\x80\x0a\x01\x050.1.0"
        );
        assert_eq!(encode(&answer), b"\x01\xac\x02\x80\xa0\xab\xfe\xf9\x62\x03");
        assert_eq!(decode(&encode(&probe())), Some(probe()));
        assert_eq!(decode(&encode(&answer)), Some(answer));
    }

    #[test]
    fn what_is_not_one_whole_message_is_not_read() {
        let whole = encode(&probe());
        for cut in 0..whole.len() {
            assert_eq!(decode::<Probe>(&whole[..cut]), None, "cut at {cut}");
        }
        assert_eq!(decode::<Probe>(&[&whole[..], &[0]].concat()), None, "followed by more");
        assert_eq!(decode::<Probe>(&[&[2], &whole[1..]].concat()), None, "of another version");
        assert_eq!(decode::<Answer>(FAREWELL), None, "another word");
        assert_eq!(decode::<Answer>(CHANGING), None, "another word");
        let long = Probe { version: "0".repeat(MAX), ..probe() };
        assert_eq!(decode::<Probe>(&encode(&long)), None, "too long");
    }
}
