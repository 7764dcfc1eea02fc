//! What a command asks: a name, as a line, and with all but a backup some bytes after their length. Pure.

/// Bytes of a question at most: a list of some 20,000 communes.
pub const REST_MAX: usize = 1024 * 1024;

const BACKUP: &[u8] = b"backup\n";

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    Backup,
    Ask(Question),
}

/// What is answered with one answer, in bytes that whoever asks can read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub subject: Subject,
    /// As the command wrote it.
    pub rest: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The communes of a list are to be invited.
    Invite,
    /// A referent needs a code, or the names of all are wanted.
    Account,
    /// Is who did what as it was written?
    Audit,
    /// The same as a table.
    AuditTable,
}

impl Subject {
    const ALL: [Subject; 4] = [Subject::Invite, Subject::Account, Subject::Audit, Subject::AuditTable];

    /// Four bytes follow, big-endian: the length of the rest, and then the rest.
    const fn line(self) -> &'static [u8] {
        match self {
            Subject::Invite => b"invite\n",
            Subject::Account => b"account\n",
            Subject::Audit => b"audit\n",
            Subject::AuditTable => b"audit-table\n",
        }
    }
}

/// These bytes are no request, whatever follows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("it asks for nothing that is known")]
    Unknown,
    #[error("{0} bytes are announced, at most {REST_MAX} are taken")]
    Oversized(usize),
    #[error("{0} bytes follow the end of the request")]
    Trailing(usize),
}

/// The request in everything received so far; `None` while it is not all there.
///
/// # Errors
/// As soon as it is seen that no request can come of it.
pub fn parse(received: &[u8]) -> Result<Option<Request>, Malformed> {
    if let Some(after) = received.strip_prefix(BACKUP) {
        return ended(Request::Backup, after);
    }
    let named = |subject: &Subject| Some((*subject, received.strip_prefix(subject.line())?));
    let Some((subject, after)) = Subject::ALL.iter().find_map(named) else {
        let mut lines = Subject::ALL.iter().map(|subject| subject.line()).chain([BACKUP]);
        return if lines.any(|line| line.starts_with(received)) { Ok(None) } else { Err(Malformed::Unknown) };
    };
    let Some((length, after)) = after.split_first_chunk() else { return Ok(None) };
    let length = u32::from_be_bytes(*length) as usize;
    if length > REST_MAX {
        return Err(Malformed::Oversized(length));
    }
    let Some((rest, after)) = after.split_at_checked(length) else { return Ok(None) };
    ended(Request::Ask(Question { subject, rest: rest.to_vec() }), after)
}

fn ended(request: Request, after: &[u8]) -> Result<Option<Request>, Malformed> {
    if after.is_empty() { Ok(Some(request)) } else { Err(Malformed::Trailing(after.len())) }
}

impl Request {
    /// As it is sent.
    ///
    /// # Errors
    /// When the rest is longer than [`REST_MAX`].
    pub fn encode(&self) -> Result<Vec<u8>, Malformed> {
        match self {
            Self::Backup => Ok(BACKUP.to_vec()),
            Self::Ask(Question { subject, rest }) => {
                let length = u32::try_from(rest.len()).ok().filter(|_| rest.len() <= REST_MAX);
                let length = length.ok_or(Malformed::Oversized(rest.len()))?.to_be_bytes();
                Ok([subject.line(), &length, rest].concat())
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
        let ask =
            |subject| [&b""[..], b"nom\nFoucart\n"].map(|rest| Question { subject, rest: rest.to_vec() });
        let questions = Subject::ALL.into_iter().flat_map(ask).map(Request::Ask);
        for request in questions.chain([Request::Backup]) {
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
        check(b"invite\n\0\x10\0\x01", &Err(Malformed::Oversized(REST_MAX + 1)));
        check(b"invite\n\xff\xff\xff\xff", &Err(Malformed::Oversized(u32::MAX as usize)));
        let long = Request::Ask(Question { subject: Subject::Invite, rest: vec![b' '; REST_MAX + 1] });
        assert_eq!(long.encode(), Err(Malformed::Oversized(REST_MAX + 1)));
    }
}
