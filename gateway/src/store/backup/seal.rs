//! The keys to which backups are sealed: X25519, as `age-keygen` writes them.

use std::fmt;
use std::io::{self, Read, Write};
use std::str::FromStr;

use age::secrecy::ExposeSecret;
use age::{DecryptError, Decryptor, Encryptor, x25519};

use super::RestoreError;

/// To whom a backup is sealed: `age1...`. Who has it can seal and not open.
#[derive(Clone)]
pub struct Recipient(x25519::Recipient);

/// The key that opens what is sealed to its recipient: `AGE-SECRET-KEY-1...`.
pub struct Identity(x25519::Identity);

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a key as age writes them")]
pub struct NotAKey;

impl FromStr for Recipient {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Recipient, NotAKey> {
        text.trim().parse().map(Recipient).map_err(|_| NotAKey)
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Identity {
    pub fn generate() -> Identity {
        Identity(x25519::Identity::generate())
    }

    pub fn recipient(&self) -> Recipient {
        Recipient(self.0.to_public())
    }

    /// The secret itself, to be printed or written to a file that only its owner reads.
    pub fn secret(&self) -> String {
        self.0.to_string().expose_secret().to_owned()
    }

    /// Opens what was sealed as a whole, such as an addition to a backup.
    pub fn unseal(&self, sealed: &[u8]) -> Result<Vec<u8>, RestoreError> {
        let mut clear = Vec::new();
        reader(sealed, self)?.read_to_end(&mut clear).map_err(RestoreError::Unreadable)?;
        Ok(clear)
    }
}

/// A key file as `age-keygen` writes it: lines that begin with `#` say what it is.
impl FromStr for Identity {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Identity, NotAKey> {
        let mut keys = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let key = keys.next().ok_or(NotAKey)?;
        match keys.next() {
            None => key.parse().map(Identity).map_err(|_| NotAKey),
            Some(_) => Err(NotAKey),
        }
    }
}

/// Seals what is written, to any of the recipients. The caller must finish it.
pub(super) fn writer<W: Write>(
    out: W,
    recipients: &[&Recipient],
) -> io::Result<age::stream::StreamWriter<W>> {
    let recipients = recipients.iter().map(|Recipient(recipient)| recipient as &dyn age::Recipient);
    Encryptor::with_recipients(recipients).map_err(io::Error::other)?.wrap_output(out)
}

/// How a sealed file begins.
pub(super) const MARK: &[u8] = b"age-encryption.org/";

pub(super) fn reader<R: Read>(
    sealed: R,
    Identity(identity): &Identity,
) -> Result<age::stream::StreamReader<R>, RestoreError> {
    let opened =
        Decryptor::new(sealed).and_then(|decryptor| decryptor.decrypt(std::iter::once(identity as _)));
    opened.map_err(|error| match error {
        DecryptError::NoMatchingKeys => RestoreError::WrongKey,
        DecryptError::Io(source) if source.kind() == io::ErrorKind::UnexpectedEof => RestoreError::CutShort,
        DecryptError::Io(source) => RestoreError::Unreadable(source),
        error => RestoreError::Unreadable(io::Error::new(io::ErrorKind::InvalidData, error.to_string())),
    })
}
