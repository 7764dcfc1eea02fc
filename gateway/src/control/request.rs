//! What a command asks: a name, as a line, and for invitations a list after its length. Pure.

/// Bytes of a list at most: some 20,000 communes.
pub const LIST_MAX: usize = 1024 * 1024;

const BACKUP: &[u8] = b"backup\n";
/// Four bytes follow, big-endian: the length of the list, and then the list.
const INVITE: &[u8] = b"invite\n";

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    Backup,
    /// With the list, as it was read from its file.
    Invite(Vec<u8>),
}

/// These bytes are no request, whatever follows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("it asks for nothing that is known")]
    Unknown,
    #[error("a list of {0} bytes is announced, at most {LIST_MAX} are taken")]
    Oversized(usize),
    #[error("{0} bytes follow the end of the request")]
    Trailing(usize),
}

/// The request in everything received so far; `None` while it is not all there.
///
/// # Errors
/// As soon as it is seen that no request can come of it.
pub fn parse(received: &[u8]) -> Result<Option<Request>, Malformed> {
    let (request, rest) = if let Some(rest) = received.strip_prefix(BACKUP) {
        (Request::Backup, rest)
    } else if let Some(rest) = received.strip_prefix(INVITE) {
        let Some((length, rest)) = rest.split_first_chunk() else { return Ok(None) };
        let length = u32::from_be_bytes(*length) as usize;
        if length > LIST_MAX {
            return Err(Malformed::Oversized(length));
        }
        let Some((list, rest)) = rest.split_at_checked(length) else { return Ok(None) };
        (Request::Invite(list.to_vec()), rest)
    } else if BACKUP.starts_with(received) || INVITE.starts_with(received) {
        return Ok(None);
    } else {
        return Err(Malformed::Unknown);
    };
    if rest.is_empty() { Ok(Some(request)) } else { Err(Malformed::Trailing(rest.len())) }
}

impl Request {
    /// As it is sent.
    ///
    /// # Errors
    /// When the list is longer than [`LIST_MAX`].
    pub fn encode(&self) -> Result<Vec<u8>, Malformed> {
        match self {
            Self::Backup => Ok(BACKUP.to_vec()),
            Self::Invite(list) => {
                let length = u32::try_from(list.len()).ok().filter(|_| list.len() <= LIST_MAX);
                let length = length.ok_or(Malformed::Oversized(list.len()))?.to_be_bytes();
                Ok([INVITE, &length, list].concat())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(received: &[u8], expected: &Result<Option<Request>, Malformed>) {
        assert_eq!(parse(received), *expected, "{received:?}");
    }

    #[test]
    fn a_request_is_read_when_it_is_all_there() {
        for request in
            [Request::Backup, Request::Invite(Vec::new()), Request::Invite(b"nom\nFoucart\n".to_vec())]
        {
            let bytes = request.encode().expect("a short list");
            for end in 0..bytes.len() {
                check(&bytes[..end], &Ok(None));
            }
            check(&bytes, &Ok(Some(request)));
        }
    }

    #[test]
    fn what_is_no_request_is_refused_as_soon_as_it_is_seen() {
        check(b"e", &Err(Malformed::Unknown));
        check(b"backups", &Err(Malformed::Unknown));
        check(b"backup\r\n", &Err(Malformed::Unknown));
        check(b"backup\n\n", &Err(Malformed::Trailing(1)));
        check(b"invite\n\0\0\0\x03noms", &Err(Malformed::Trailing(1)));
        check(b"invite\n\0\x10\0\x01", &Err(Malformed::Oversized(LIST_MAX + 1)));
        check(b"invite\n\xff\xff\xff\xff", &Err(Malformed::Oversized(u32::MAX as usize)));
        let long = Request::Invite(vec![b' '; LIST_MAX + 1]);
        assert_eq!(long.encode(), Err(Malformed::Oversized(LIST_MAX + 1)));
    }
}
