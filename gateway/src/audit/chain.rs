//! The chain: each entry has a fingerprint made of itself and of the fingerprint before it, so that none can be
//! changed, removed, added or moved without every later fingerprint being another one. Pure.

use std::fmt;
use std::str::FromStr;

use blake3::Hasher;
use serde::{Deserialize, Serialize};

use super::store::EntryRecord;

/// BLAKE3's own way to keep one use of a hash apart from all others. It is part of what is kept: another context,
/// or another order of the fields, is another chain.
const CONTEXT: &str = "Beffroi 2026-11-24 who did what, one entry";
/// For a text that is not there; no text is as long.
const ABSENT: u32 = u32::MAX;
/// Of the 64 hexadecimal digits, those that are shown: 128 bits.
const SHOWN: usize = 32;
const GROUP: usize = 4;

/// What ties an entry to all entries before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Before the first entry.
    pub(super) const BEGINNING: Fingerprint = Fingerprint([0; 32]);

    /// The fingerprint of an entry, from the one before it.
    pub(super) fn of(previous: Fingerprint, number: u32, entry: &EntryRecord) -> Fingerprint {
        let mut hasher = Hasher::new_derive_key(CONTEXT);
        hasher.update(&previous.0);
        hasher.update(&number.to_be_bytes());
        hasher.update(&entry.at.to_be_bytes());
        text(&mut hasher, Some(&entry.who));
        hasher.update(&(entry.act as u32).to_be_bytes());
        text(&mut hasher, entry.commune.as_deref());
        text(&mut hasher, entry.machine.as_deref());
        hasher.update(&entry.machine_number.unwrap_or(ABSENT).to_be_bytes());
        text(&mut hasher, entry.detail.as_deref());
        Fingerprint(*hasher.finalize().as_bytes())
    }
}

/// Its length first: two texts side by side are not one.
fn text(hasher: &mut Hasher, text: Option<&str>) {
    let length = text.map_or(ABSENT, |text| u32::try_from(text.len()).unwrap_or(ABSENT));
    hasher.update(&length.to_be_bytes());
    hasher.update(text.unwrap_or_default().as_bytes());
}

/// As people note it: eight groups of four digits.
impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = data_encoding::HEXLOWER.encode(&self.0);
        let groups: Vec<&str> =
            (0..SHOWN).step_by(GROUP).map(|start| &digits[start..start + GROUP]).collect();
        f.write_str(&groups.join("-"))
    }
}

/// A fingerprint as somebody noted it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint has {SHOWN} hexadecimal digits")]
pub struct NotAFingerprint;

impl Noted {
    pub(super) fn is(&self, fingerprint: Fingerprint) -> bool {
        data_encoding::HEXLOWER.encode(&fingerprint.0).starts_with(&self.0)
    }
}

impl FromStr for Noted {
    type Err = NotAFingerprint;

    /// In whatever case, with or without hyphens and spaces.
    fn from_str(typed: &str) -> Result<Noted, NotAFingerprint> {
        let signs = typed.chars().filter(|sign| !matches!(sign, '-' | ' '));
        let digits: String = signs.map(|sign| sign.to_ascii_lowercase()).collect();
        let is_one = digits.len() == SHOWN && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        if is_one { Ok(Noted(digits)) } else { Err(NotAFingerprint) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Act;

    fn entry() -> EntryRecord {
        EntryRecord {
            at: 1_795_507_500_000,
            who: "Le référent".to_owned(),
            act: Act::MachineRevoked,
            commune: Some("Alvimare".to_owned()),
            machine: None,
            machine_number: Some(256),
            detail: None,
        }
    }

    /// Another figure here is another chain: what is kept would no longer verify.
    #[test]
    fn the_fingerprint_of_an_entry_never_changes() {
        let fingerprint = Fingerprint::of(Fingerprint::BEGINNING, 1, &entry());
        assert_eq!(fingerprint.to_string(), "aed9-9108-47f4-8482-62e1-a2c4-4827-1ca8");
    }

    #[test]
    fn whatever_changes_shows() {
        let previous = Fingerprint([7; 32]);
        let original = Fingerprint::of(previous, 1, &entry());
        fn check(original: Fingerprint, changed: Fingerprint) {
            assert_ne!(original, changed);
        }
        check(original, Fingerprint::of(Fingerprint::BEGINNING, 1, &entry()));
        check(original, Fingerprint::of(previous, 2, &entry()));
        let with = |change: fn(&mut EntryRecord)| {
            let mut changed = entry();
            change(&mut changed);
            Fingerprint::of(previous, 1, &changed)
        };
        check(original, with(|entry| entry.at += 1));
        check(original, with(|entry| entry.who = "Un autre".to_owned()));
        check(original, with(|entry| entry.act = Act::MachineRenamed));
        check(original, with(|entry| entry.commune = None));
        check(original, with(|entry| entry.machine = entry.commune.take()));
        check(original, with(|entry| entry.machine_number = None));
        check(original, with(|entry| entry.detail = Some(String::new())));
    }

    #[test]
    fn a_fingerprint_is_noted_as_people_note() {
        let fingerprint = Fingerprint([0xa1; 32]);
        assert_eq!(fingerprint.to_string(), "a1a1-a1a1-a1a1-a1a1-a1a1-a1a1-a1a1-a1a1");
        fn check(typed: &str, expected: Result<bool, NotAFingerprint>) {
            let noted = typed.parse::<Noted>();
            assert_eq!(noted.map(|noted| noted.is(Fingerprint([0xa1; 32]))), expected, "{typed:?}");
        }
        check(&fingerprint.to_string(), Ok(true));
        check("A1A1 A1A1 A1A1 A1A1 A1A1 A1A1 A1A1 A1A1", Ok(true));
        check("a1a1-a1a1-a1a1-a1a1-a1a1-a1a1-a1a1-a1a2", Ok(false));
        check("a1a1", Err(NotAFingerprint));
        check("", Err(NotAFingerprint));
        check("z1a1-a1a1-a1a1-a1a1-a1a1-a1a1-a1a1-a1a1", Err(NotAFingerprint));
    }
}
