//! A release of the agent's program, offered by the gateway through the tunnel. Who carries it is not trusted: it
//! is believed because of its signature, with a key that the machine has had since it was installed.
//!
//! A release is a file: the line [`MAGIC`], the statement, its signature in base64, each on a line, then the
//! program, gzipped. The statement is one line of JSON, a [`Release`], and is what is signed (Ed25519, RFC 8032). It
//! names the size and the hash of what follows, so that a machine knows what it is going to fetch before it does.
//!
//! `GET /v1/release` with a `Range` answers 206 with that part of the gzipped program, `POST /v1/release` takes a
//! [`Progress`]: both at the port of [`crate::membership`].

use std::fmt;
use std::str::FromStr;

use data_encoding::{BASE64, HEXLOWER};
use ring::digest;
use ring::signature::{ED25519, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

pub const PATH: &str = "/v1/release";
/// First line of a release.
pub const MAGIC: &str = "beffroi-agent release 1";
/// No release is longer, in bytes.
pub const MAX: u64 = 64 * 1024 * 1024;
/// Neither are its first three lines.
pub const HEAD_MAX: usize = 4096;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("this is not a release of the agent")]
    NotARelease,
    #[error("the signature is not of the release key")]
    Forged,
    #[error("the statement is not understood")]
    Statement,
    #[error("the release is longer than {MAX} bytes")]
    TooLong,
    #[error("not an Ed25519 key (base64 of 32 bytes)")]
    Key,
    #[error("not a version (three numbers with dots)")]
    Version,
    #[error("not a SHA-256 (64 hexadecimal digits)")]
    Hash,
}

/// What is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    pub version: Version,
    /// As Rust names it: "x86_64", "aarch64".
    pub architecture: String,
    /// Of the gzipped program, in bytes.
    pub size: u64,
    /// Of the same.
    pub hash: Hash,
}

/// A statement and its signature, as they are carried. What they say is known after [`Offer::verified`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    pub statement: String,
    /// Base64.
    pub signature: String,
}

/// What a machine tells of the release that it was offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    pub version: Version,
    pub stage: Stage,
}

/// How far a machine has come with a release. The order of the variants is stored by gateways: new ones go to the
/// end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    Fetching,
    /// It is there, whole, and waits for a quiet hour.
    Ready,
    Installing,
    /// The link came back with it.
    Kept,
    /// The link did not come back with it: the version before runs again.
    RolledBack,
    /// Not the release key's signature, or bytes that are not what was signed.
    Refused,
    /// It is for computers of another architecture.
    Unfit,
}

/// `MAJOR.MINOR.PATCH`, as Cargo has it; no more than that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version(u16, u16, u16);

/// SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hash([u8; 32]);

/// A [`Hash`] in the making, for what does not lie in memory.
pub struct Hashing(digest::Context);

/// The public half of the key that signs releases (Ed25519), written as base64 of 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReleaseKey([u8; 32]);

impl Offer {
    /// What is offered, if the key has signed it.
    ///
    /// # Errors
    /// [`Error::Forged`], and what is wrong with a statement that was signed all the same.
    pub fn verified(&self, key: &ReleaseKey) -> Result<Release, Error> {
        let signature = BASE64.decode(self.signature.as_bytes()).map_err(|_| Error::Forged)?;
        let signed = UnparsedPublicKey::new(&ED25519, key.0);
        signed.verify(self.statement.as_bytes(), &signature).map_err(|_| Error::Forged)?;
        let release: Release = serde_json::from_str(&self.statement).map_err(|_| Error::Statement)?;
        if release.size > MAX { Err(Error::TooLong) } else { Ok(release) }
    }

    /// The offer at the beginning of a release, and where its program begins. [`HEAD_MAX`] bytes of the file are
    /// enough.
    ///
    /// # Errors
    /// [`Error::NotARelease`]. The signature is not looked at.
    pub fn read(file: &[u8]) -> Result<(Offer, usize), Error> {
        let mut begin = 0;
        let mut line = || {
            let rest = file.get(begin..)?;
            let length = rest.iter().take(HEAD_MAX).position(|&byte| byte == b'\n')?;
            begin += length + 1;
            str::from_utf8(&rest[..length]).ok()
        };
        let lines = (line(), line(), line());
        let (Some(MAGIC), Some(statement), Some(signature)) = lines else {
            return Err(Error::NotARelease);
        };
        let offer = Offer { statement: statement.to_owned(), signature: signature.to_owned() };
        Ok((offer, begin))
    }
}

impl Hash {
    pub fn of(bytes: &[u8]) -> Self {
        let mut hashing = Hashing::default();
        hashing.update(bytes);
        hashing.finish()
    }
}

impl Default for Hashing {
    fn default() -> Self {
        Self(digest::Context::new(&digest::SHA256))
    }
}

impl Hashing {
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub fn finish(self) -> Hash {
        Hash(self.0.finish().as_ref().try_into().expect("a SHA-256 has 32 bytes"))
    }
}

impl Version {
    /// The version of a program that is built by Cargo.
    ///
    /// # Errors
    /// When it has a suffix, which releases have not.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut numbers = text.split('.').map(str::parse);
        let mut next = || numbers.next().and_then(Result::ok).ok_or(Error::Version);
        let version = Self(next()?, next()?, next()?);
        if numbers.next().is_none() { Ok(version) } else { Err(Error::Version) }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{}.{}", self.0, self.1, self.2)
    }
}

impl TryFrom<String> for Version {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        Self::parse(&text)
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.to_string()
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl TryFrom<String> for Hash {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        let bytes = HEXLOWER.decode(text.as_bytes()).map_err(|_| Error::Hash)?;
        bytes.try_into().map(Self).map_err(|_| Error::Hash)
    }
}

impl From<Hash> for String {
    fn from(hash: Hash) -> Self {
        hash.to_string()
    }
}

impl FromStr for ReleaseKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bytes = BASE64.decode(text.as_bytes()).map_err(|_| Error::Key)?;
        bytes.try_into().map(Self).map_err(|_| Error::Key)
    }
}

impl fmt::Display for ReleaseKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&BASE64.encode(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use ring::signature::{Ed25519KeyPair, KeyPair};

    use super::*;

    const PROGRAM: &[u8] = b"not gzip, but who looks";

    fn pair() -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("32 bytes")
    }

    fn key() -> ReleaseKey {
        ReleaseKey(pair().public_key().as_ref().try_into().expect("32 bytes"))
    }

    fn file(statement: &str) -> Vec<u8> {
        let signature = BASE64.encode(pair().sign(statement.as_bytes()).as_ref());
        [format!("{MAGIC}\n{statement}\n{signature}\n").as_bytes(), PROGRAM].concat()
    }

    fn statement(size: u64) -> String {
        let hash = Hash::of(PROGRAM);
        format!(r#"{{"version":"0.2.0","architecture":"x86_64","size":{size},"hash":"{hash}"}}"#)
    }

    #[test]
    fn a_signed_release_is_read() {
        let file = file(&statement(23));
        let (offer, begin) = Offer::read(&file).expect("a release");
        assert_eq!(&file[begin..], PROGRAM);
        let release = offer.verified(&key()).expect("it is signed");
        assert_eq!(release.version, Version(0, 2, 0));
        assert_eq!((release.size, release.hash), (23, Hash::of(PROGRAM)));
    }

    #[test]
    fn what_the_key_has_not_signed_is_forged() {
        let (offer, _) = Offer::read(&file(&statement(23))).expect("a release");
        let check = |offer: Offer, key: ReleaseKey| assert_eq!(offer.verified(&key), Err(Error::Forged));
        check(Offer { statement: offer.statement.replace("0.2.0", "0.3.0"), ..offer.clone() }, key());
        check(Offer { signature: "AAAA".into(), ..offer.clone() }, key());
        check(Offer { signature: "é".into(), ..offer.clone() }, key());
        check(offer, ReleaseKey([9; 32]));
    }

    #[test]
    fn what_is_signed_and_senseless_is_refused() {
        let check = |statement: &str, expected| {
            let (offer, _) = Offer::read(&file(statement)).expect("a release");
            assert_eq!(offer.verified(&key()), Err(expected), "{statement}");
        };
        check("{}", Error::Statement);
        check(&statement(MAX + 1), Error::TooLong);
        check(&statement(23).replace("0.2.0", "0.2"), Error::Statement);
    }

    #[test]
    fn other_files_are_no_releases() {
        let check = |file: &[u8]| assert_eq!(Offer::read(file).map(|_| ()), Err(Error::NotARelease));
        check(b"");
        check(b"\x7fELF");
        check(format!("{MAGIC}\n{{}}\n").as_bytes());
        check(&[MAGIC.as_bytes(), b"\n", &[b'x'; HEAD_MAX], b"\n\n"].concat());
        check(format!("{MAGIC}2\n{{}}\nAAAA\n").as_bytes());
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        let version = |text| Version::parse(text).expect("a version");
        assert!(version("0.10.0") > version("0.9.12"));
        for text in ["", "1", "1.2", "1.2.3.4", "1.2.x", "1.2.3-rc", "1.2.99999"] {
            assert_eq!(Version::parse(text), Err(Error::Version), "{text}");
        }
    }
}
