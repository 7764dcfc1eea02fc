//! Keys as bytes whose order is the order of the values, so that a range of keys is a range of rows.
//!
//! Every encoding says where it ends, so that keys can be put behind one another in a tuple.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use jiff::Timestamp;

/// Something that a row is found by. An identifier of a feature passes both calls on to what it wraps.
pub trait Key: Sized {
    /// Appends the key's bytes.
    fn write(&self, out: &mut Vec<u8>);

    /// Takes a key off the front of `input`, or says that there is none.
    fn read(input: &mut &[u8]) -> Option<Self>;

    /// Reads a key that is all of `bytes`.
    fn parse(mut bytes: &[u8]) -> Option<Self> {
        let key = Self::read(&mut bytes)?;
        bytes.is_empty().then_some(key)
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }
}

impl<const N: usize> Key for [u8; N] {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }

    fn read(input: &mut &[u8]) -> Option<Self> {
        let (head, tail) = input.split_first_chunk::<N>()?;
        *input = tail;
        Some(*head)
    }
}

impl Key for () {
    fn write(&self, _: &mut Vec<u8>) {}

    fn read(_: &mut &[u8]) -> Option<Self> {
        Some(())
    }
}

impl Key for bool {
    fn write(&self, out: &mut Vec<u8>) {
        u8::from(*self).write(out);
    }

    fn read(input: &mut &[u8]) -> Option<Self> {
        match u8::read(input)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl Key for u8 {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(*self);
    }

    fn read(input: &mut &[u8]) -> Option<Self> {
        <[u8; 1]>::read(input).map(|[byte]| byte)
    }
}

impl Key for u16 {
    fn write(&self, out: &mut Vec<u8>) {
        self.to_be_bytes().write(out);
    }

    fn read(input: &mut &[u8]) -> Option<Self> {
        <[u8; 2]>::read(input).map(u16::from_be_bytes)
    }
}

impl Key for u32 {
    fn write(&self, out: &mut Vec<u8>) {
        self.to_be_bytes().write(out);
    }

    fn read(input: &mut &[u8]) -> Option<Self> {
        <[u8; 4]>::read(input).map(u32::from_be_bytes)
    }
}

impl Key for u64 {
    fn write(&self, out: &mut Vec<u8>) {
        self.to_be_bytes().write(out);
    }

    fn read(input: &mut &[u8]) -> Option<Self> {
        <[u8; 8]>::read(input).map(u64::from_be_bytes)
    }
}

/// The sign bit is turned over, so that what is before zero sorts before zero.
impl Key for i64 {
    fn write(&self, out: &mut Vec<u8>) {
        (self.cast_unsigned() ^ (1 << 63)).write(out);
    }

    fn read(input: &mut &[u8]) -> Option<Self> {
        u64::read(input).map(|bits| (bits ^ (1 << 63)).cast_signed())
    }
}

/// To the microsecond; what is finer is cut off.
impl Key for Timestamp {
    fn write(&self, out: &mut Vec<u8>) {
        self.as_microsecond().write(out);
    }

    fn read(input: &mut &[u8]) -> Option<Self> {
        Timestamp::from_microsecond(i64::read(input)?).ok()
    }
}

/// IPv4 before IPv6.
impl Key for IpAddr {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            IpAddr::V4(address) => {
                out.push(4);
                address.octets().write(out);
            }
            IpAddr::V6(address) => {
                out.push(6);
                address.octets().write(out);
            }
        }
    }

    fn read(input: &mut &[u8]) -> Option<Self> {
        match u8::read(input)? {
            4 => Some(Ipv4Addr::from(<[u8; 4]>::read(input)?).into()),
            6 => Some(Ipv6Addr::from(<[u8; 16]>::read(input)?).into()),
            _ => None,
        }
    }
}

/// Ended by 00 01. A zero within is written 00 FF, which sorts after the end and before every other byte.
impl Key for String {
    fn write(&self, out: &mut Vec<u8>) {
        for byte in self.bytes() {
            out.push(byte);
            if byte == 0 {
                out.push(0xff);
            }
        }
        out.extend_from_slice(&[0, 1]);
    }

    fn read(input: &mut &[u8]) -> Option<Self> {
        let mut text = Vec::new();
        loop {
            match u8::read(input)? {
                0 => match u8::read(input)? {
                    1 => return String::from_utf8(text).ok(),
                    0xff => text.push(0),
                    _ => return None,
                },
                byte => text.push(byte),
            }
        }
    }
}

impl<A: Key, B: Key> Key for (A, B) {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
        self.1.write(out);
    }

    fn read(input: &mut &[u8]) -> Option<Self> {
        Some((A::read(input)?, B::read(input)?))
    }
}

impl<A: Key, B: Key, C: Key> Key for (A, B, C) {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
        self.1.write(out);
        self.2.write(out);
    }

    fn read(input: &mut &[u8]) -> Option<Self> {
        Some((A::read(input)?, B::read(input)?, C::read(input)?))
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use super::*;

    /// The keys are given in their order: their bytes must have the same, and read back as they were.
    fn check<K: Key + PartialEq + Debug>(keys: &[K]) {
        for pair in keys.windows(2) {
            assert!(pair[0].to_bytes() < pair[1].to_bytes(), "{:?} before {:?}", pair[0], pair[1]);
        }
        for key in keys {
            assert_eq!(K::parse(&key.to_bytes()).as_ref(), Some(key));
            assert_eq!(K::parse(&[&key.to_bytes()[..], b"x"].concat()), None, "{key:?} and something more");
        }
    }

    #[test]
    fn bytes_sort_like_the_keys() {
        check(&[0u32, 1, 255, 256, u32::MAX]);
        check(&[0u64, 1, 1 << 40, u64::MAX]);
        check(&[i64::MIN, -1, 0, 1, i64::MAX]);
        check(&[false, true]);
        check(
            &["", "\0", "\0a", "A", "Alvimare", "Alvimare\0", "Alvimare\0b", "Alvimares", "Étretat"]
                .map(String::from),
        );
        check(&[("a".to_owned(), 2u32), ("a".to_owned(), 3), ("a\0".to_owned(), 0), ("ab".to_owned(), 1)]);
        check(&[Timestamp::MIN, Timestamp::UNIX_EPOCH, Timestamp::from_second(1).expect("within range")]);
        check(&["10.66.0.1", "10.66.1.0", "fd00::1"].map(|text| text.parse::<IpAddr>().expect("an address")));
    }

    #[test]
    fn what_is_no_key_is_said_to_be_none() {
        assert_eq!(u32::parse(&[0, 0, 1]), None);
        assert_eq!(bool::parse(&[2]), None);
        assert_eq!(String::parse(b"without an end"), None);
        assert_eq!(String::parse(&[0xff, 0, 1]), None);
        assert_eq!(String::parse(&[b'a', 0, 7]), None);
        assert_eq!(IpAddr::parse(&[5, 0, 0, 0, 0]), None);
    }
}
