//! The four French words that two people compare: one reads them at the town hall, the other on the
//! admin page. The same words mean that no one stands between the two.
//!
//! 44 bits cannot be searched for: both keys are fixed before either side shows anything.

use std::sync::LazyLock;

use bip39::Language;
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

use crate::PublicKey;

/// The BIP 39 list is written decomposed (a letter, then its accent), which consoles show badly and
/// searches miss.
static LIST: LazyLock<Vec<String>> =
    LazyLock::new(|| Language::French.word_list().iter().map(|word| word.nfc().collect()).collect());

/// Four words of the French BIP 39 list: the first 44 bits of SHA-256 over both public keys.
pub fn words(gateway: &PublicKey, machine: &PublicKey) -> [&'static str; 4] {
    let digest = Sha256::new()
        .chain_update(b"beffroi/words/1")
        .chain_update(gateway.as_bytes())
        .chain_update(machine.as_bytes())
        .finalize();
    let bits = digest[..6].iter().fold(0_u64, |bits, &byte| bits << 8 | u64::from(byte)) >> 4;
    [33, 22, 11, 0].map(|shift| LIST[(bits >> shift & 0x7FF) as usize].as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u8) -> PublicKey {
        PublicKey::from_bytes([seed; 32])
    }

    /// Both sides of every version must agree for ever: these values never change.
    #[test]
    fn the_words_are_frozen() {
        assert_eq!(words(&key(1), &key(2)), ["central", "licence", "besogne", "aboyer"]);
    }

    #[test]
    fn another_key_on_either_side_gives_other_words() {
        assert_ne!(words(&key(1), &key(2)), words(&key(1), &key(3)));
        assert_ne!(words(&key(1), &key(2)), words(&key(3), &key(2)));
    }

    #[test]
    fn accents_are_composed() {
        assert_eq!(LIST.len(), 2048);
        assert!(LIST.iter().any(|word| word == "académie"));
        assert!(LIST.iter().all(|word| word.chars().all(char::is_alphabetic)));
    }
}
