//! What passes over the socket: a length of 4 bytes, big-endian, then as many bytes of JSON. One
//! request, one reply; the next request only after the reply. Pure, but for [`receive`] and [`send`].

use std::io;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::{Present, Wanted};

/// The longest body, in bytes: some 15,000 peers.
pub const MAX: usize = 4 * 1024 * 1024;
const HEADER: usize = 4;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Make it so. Answered by [`Reply::Present`].
    Want(Box<Wanted>),
    /// Tell how it is, and change nothing. Answered by [`Reply::Present`].
    Present,
    /// Give the private keys, sealed to the backup's recipient. Answered by [`Reply::Sealed`].
    Seal,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    Present(Box<Present>),
    /// Base64 of an age file.
    Sealed(String),
    /// It could not be done; the sentence is for the journal.
    Failed(String),
}

/// These bytes are no message, and nothing that follows can be one.
#[derive(Debug, thiserror::Error)]
pub enum Malformed {
    #[error("a message of {0} bytes announced, at most {MAX} are taken")]
    Oversized(usize),
    #[error("{0} bytes after the end of the message")]
    Trailing(usize),
    #[error("not a message of this protocol")]
    Json(#[source] serde_json::Error),
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ReceiveError {
    #[error(transparent)]
    Malformed(#[from] Malformed),
    #[error("connection lost in the middle of a message")]
    Cut,
    #[error("reading failed")]
    Io(#[source] io::Error),
}

/// The message in everything received since the last one; `None` while it is not all there.
///
/// # Errors
/// As soon as it is seen that no message can come of it.
pub fn parse<T: DeserializeOwned>(received: &[u8]) -> Result<Option<T>, Malformed> {
    let Some((header, body)) = received.split_first_chunk::<HEADER>() else {
        return Ok(None);
    };
    let length = u32::from_be_bytes(*header) as usize;
    if length > MAX {
        return Err(Malformed::Oversized(length));
    }
    if body.len() < length {
        return Ok(None);
    }
    if body.len() > length {
        return Err(Malformed::Trailing(body.len() - length));
    }
    serde_json::from_slice(body).map(Some).map_err(Malformed::Json)
}

/// The bytes of a message, header and body.
///
/// # Errors
/// When it is too large.
pub fn encode<T: Serialize>(message: &T) -> Result<Vec<u8>, Malformed> {
    let mut bytes = vec![0; HEADER];
    serde_json::to_writer(&mut bytes, message).map_err(Malformed::Json)?;
    let length = bytes.len() - HEADER;
    if length > MAX {
        return Err(Malformed::Oversized(length));
    }
    let header = u32::try_from(length).expect("MAX is far below 4 GiB").to_be_bytes();
    bytes[..HEADER].copy_from_slice(&header);
    Ok(bytes)
}

/// The next message, or `None` when the other side closed the connection between two messages.
pub(crate) async fn receive<T: DeserializeOwned>(
    from: &mut (impl AsyncRead + Unpin),
) -> Result<Option<T>, ReceiveError> {
    let mut received = Vec::new();
    loop {
        if from.read_buf(&mut received).await.map_err(ReceiveError::Io)? == 0 {
            return if received.is_empty() { Ok(None) } else { Err(ReceiveError::Cut) };
        }
        if let Some(message) = parse(&received)? {
            return Ok(Some(message));
        }
    }
}

pub(crate) async fn send(to: &mut (impl AsyncWrite + Unpin), message: &[u8]) -> io::Result<()> {
    to.write_all(message).await?;
    to.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(length: u32, body: &[u8]) -> Vec<u8> {
        [&length.to_be_bytes(), body].concat()
    }

    fn check(received: &[u8], expected: Result<Option<Request>, &str>) {
        let found = parse::<Request>(received).map_err(|error| error.to_string());
        assert_eq!(found, expected.map_err(str::to_owned), "{received:?}");
    }

    #[test]
    fn a_message_is_read_when_it_is_all_there() {
        check(b"", Ok(None));
        check(&[0, 0, 0], Ok(None));
        check(&frame(9, b""), Ok(None));
        check(&frame(9, b"\"present"), Ok(None));
        check(&frame(9, b"\"present\""), Ok(Some(Request::Present)));
        check(&frame(6, b"\"seal\""), Ok(Some(Request::Seal)));
    }

    #[test]
    fn what_is_no_message_is_refused_as_soon_as_it_is_seen() {
        check(
            &frame(4 * 1024 * 1024 + 1, b""),
            Err("a message of 4194305 bytes announced, at most 4194304 are taken"),
        );
        check(
            &frame(u32::MAX, b"x"),
            Err("a message of 4294967295 bytes announced, at most 4194304 are taken"),
        );
        check(&frame(6, b"\"seal\" "), Err("1 bytes after the end of the message"));
        check(&frame(0, b""), Err("not a message of this protocol"));
        check(&frame(4, b"seal"), Err("not a message of this protocol"));
        check(&frame(8, b"\"format\""), Err("not a message of this protocol"));
        check(&frame(4, &[0xff; 4]), Err("not a message of this protocol"));
    }

    #[test]
    fn every_prefix_of_a_message_waits_for_the_rest() {
        let bytes = encode(&Request::Present).expect("a short message");
        for end in 0..bytes.len() {
            check(&bytes[..end], Ok(None));
        }
        check(&bytes, Ok(Some(Request::Present)));
    }
}
