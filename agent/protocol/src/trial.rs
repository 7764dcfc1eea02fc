//! The datagram with which the agent finds out how long a packet may be on its way to the gateway: as long as the
//! packet in question, and sent back byte for byte, to enrolled machines only.
//!
//! At the probe port. Byte 0 is 2, which no [`probe`](crate::probe) begins with, then a number in big-endian order,
//! then zeros up to the length.

use std::net::IpAddr;

/// No datagram is longer, in bytes: that of a tunnel with an MTU of 1420.
pub const MAX: usize = 1420 - 28;
const VERSION: u8 = 2;
const HEAD: usize = 5;

/// In front of a datagram inside the tunnel, in bytes: IP and UDP.
pub const fn overhead(peer: IpAddr) -> u16 {
    match peer {
        IpAddr::V4(_) => 20 + 8,
        IpAddr::V6(_) => 40 + 8,
    }
}

/// A datagram of that number and of `length` bytes, within what there is.
pub fn encode(number: u32, length: usize) -> Vec<u8> {
    let mut bytes = vec![VERSION];
    bytes.extend(number.to_be_bytes());
    bytes.resize(length.clamp(HEAD, MAX), 0);
    bytes
}

/// The number of a whole datagram of this kind; `None` for anything else.
pub fn decode(bytes: &[u8]) -> Option<u32> {
    let (head, rest) = bytes.split_first_chunk::<HEAD>()?;
    let [VERSION, number @ ..] = *head else { return None };
    let is_whole = bytes.len() <= MAX && rest.iter().all(|byte| *byte == 0);
    is_whole.then(|| u32::from_be_bytes(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Agents and gateways of different ages talk to each other: these bytes never change.
    #[test]
    fn the_bytes_are_frozen() {
        assert_eq!(encode(258, 7), b"\x02\x00\x00\x01\x02\x00\x00");
    }

    #[test]
    fn what_is_encoded_is_read_and_nothing_else() {
        fn check(bytes: &[u8], expected: Option<u32>) {
            assert_eq!(decode(bytes), expected, "{bytes:?}");
        }
        check(&encode(7, 0), Some(7));
        check(&encode(u32::MAX, MAX), Some(u32::MAX));
        check(&encode(7, MAX + 1), Some(7));
        check(&[encode(7, MAX), vec![0]].concat(), None);
        check(b"\x02\x00\x00\x00\x07\x01", None);
        check(b"\x02\x00\x00\x00", None);
        check(b"\x01\x00\x00\x00\x07", None);
        check(b"", None);
    }
}
