//! How WireGuard's datagrams travel where a network lets nothing but web sites through: in one TLS connection
//! to TCP port 443 of the gateway, one after the other, each behind its length.
//!
//! The connection begins as HTTP/1.1: a request for [`path`], to be upgraded to [`UPGRADE`] (RFC 9110, section
//! 7.8). Who does not know the gateway's public key does not find that path. TLS is a coat and no lock:
//! WireGuard inside it says who is who at both ends.

use data_encoding::HEXLOWER;
use hkdf::Hkdf;
use sha2::Sha256;

use crate::PublicKey;

/// TCP port of the gateway.
pub const PORT: u16 = 443;
/// The protocol that the connection is upgraded to.
pub const UPGRADE: &str = "datagrams";
/// No datagram is longer, in bytes: an MTU of 1420 inside the tunnel, and what WireGuard adds.
pub const MAX: usize = 1536;
/// A length, big-endian.
const HEADER: usize = 2;

/// Where the gateway of this public key takes datagrams: 128 bits that strangers cannot guess.
pub fn path(gateway: &PublicKey) -> String {
    let mut token = [0; 16];
    Hkdf::<Sha256>::new(Some(b"beffroi/carrier/1"), gateway.as_bytes())
        .expand(b"path", &mut token)
        .expect("16 bytes are within what HKDF-SHA256 can give (8160)");
    format!("/{}", HEXLOWER.encode(&token))
}

/// What is sent for one datagram; `None` for one that is empty or too long.
pub fn frame(datagram: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(datagram.len()).ok().filter(|_| (1..=MAX).contains(&datagram.len()))?;
    Some([&length.to_be_bytes(), datagram].concat())
}

/// Cuts what is received into datagrams again.
#[derive(Debug, Default)]
pub struct Frames {
    received: Vec<u8>,
    /// How much of it has been given out.
    read: usize,
}

/// The other side does not speak this protocol.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a datagram of {0} bytes announced, of 1 to {MAX}")]
pub struct Unfit(usize);

impl Frames {
    /// Where the next bytes are to be appended. What was given out is forgotten here.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        self.received.drain(..self.read);
        self.read = 0;
        &mut self.received
    }

    /// The next datagram; `None` while it is not all there.
    ///
    /// # Errors
    /// Nothing that follows can be understood.
    pub fn take(&mut self) -> Result<Option<&[u8]>, Unfit> {
        let Some((header, rest)) = self.received[self.read..].split_first_chunk::<HEADER>() else {
            return Ok(None);
        };
        let length = usize::from(u16::from_be_bytes(*header));
        if !(1..=MAX).contains(&length) {
            return Err(Unfit(length));
        }
        if rest.len() < length {
            return Ok(None);
        }
        let start = self.read + HEADER;
        self.read = start + length;
        Ok(Some(&self.received[start..start + length]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All datagrams in what is received in these pieces.
    fn cut<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<Vec<u8>>, Unfit> {
        let (mut frames, mut found) = (Frames::default(), Vec::new());
        for piece in pieces {
            frames.buffer().extend(piece);
            while let Some(datagram) = frames.take()? {
                found.push(datagram.to_vec());
            }
        }
        Ok(found)
    }

    #[test]
    fn datagrams_arrive_as_they_were_sent_however_they_are_cut() {
        let datagrams = [vec![1], vec![2; 148], vec![3; MAX], vec![4; 92]];
        let bytes: Vec<u8> = datagrams.iter().flat_map(|one| frame(one).expect("it is fit")).collect();
        for size in [1, 2, 3, 100, 1_000, bytes.len()] {
            assert_eq!(cut(bytes.chunks(size)), Ok(datagrams.to_vec()), "in pieces of {size}");
        }
    }

    #[test]
    fn what_is_no_datagram_ends_it() {
        assert_eq!(frame(&[]), None);
        assert_eq!(frame(&[0; MAX + 1]), None);
        assert_eq!(cut([&[0, 0][..]]), Err(Unfit(0)));
        assert_eq!(cut([&[6, 1][..]]), Err(Unfit(1537)));
        assert_eq!(cut([&b"GET / HTTP/1.1"[..]]), Err(Unfit(18245)));
    }

    /// Both ends derive it: these bytes never change.
    #[test]
    fn the_path_is_frozen() {
        assert_eq!(path(&PublicKey::from_bytes([1; 32])), "/88b5e9c25bff8ae4624f8d3d53b8730c");
        assert_ne!(path(&PublicKey::from_bytes([1; 32])), path(&PublicKey::from_bytes([2; 32])));
    }
}
