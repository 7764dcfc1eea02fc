//! Passwords: what is asked of them, and how they are kept (argon2id, RFC 9106).

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use serde::{Deserialize, Serialize};

use super::name::{PersonName, folded};

/// Characters at least: length is what keeps a password from being guessed.
pub(super) const SHORTEST: usize = 12;
const LONGEST: usize = 200;
/// Characters that must remain when the words that everybody tries are taken out.
const OF_ONES_OWN: usize = 6;

/// Folded, longest first where one begins another.
const WORDS: &[&str] = &[
    "communautedecommunes",
    "motdepasse",
    "qwertyuiop",
    "azertyuiop",
    "communaute",
    "qsdfghjklm",
    "asdfghjkl",
    "0123456789",
    "1234567890",
    "0987654321",
    "9876543210",
    "123456789",
    "password",
    "bienvenue",
    "normandie",
    "normandy",
    "beffroi",
    "bonjour",
    "commune",
    "chocolat",
    "doudou",
    "football",
    "loulou",
    "marseille",
    "secretaire",
    "administrateur",
    "referent",
    "azerty",
    "qwerty",
    "iloveyou",
    "jetaime",
    "welcome",
    "letmein",
    "intranet",
    "princesse",
    "soleil",
    "mairie",
    "abcdefgh",
    "admin",
    "abcdef",
    "123456",
    "654321",
    "wxcvbn",
    "00000",
    "11111",
    "12345",
    "1234",
    "123",
    "mdp",
    "le",
    "la",
    "de",
];

/// A password that may be used. Never shown, never journaled.
pub struct Password(String);

/// Why a password is not good enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    #[error("the password has less than {SHORTEST} characters")]
    TooShort,
    #[error("the password has more than {LONGEST} characters")]
    TooLong,
    #[error("the password is among the first that are tried")]
    Common,
}

impl Password {
    /// Judges a new password. `name` is whose it will be.
    pub fn parse(typed: &str, name: &PersonName) -> Result<Password, WeakPassword> {
        let length = typed.chars().count();
        if length < SHORTEST {
            return Err(WeakPassword::TooShort);
        }
        if length > LONGEST {
            return Err(WeakPassword::TooLong);
        }
        if own(typed, name) < OF_ONES_OWN {
            return Err(WeakPassword::Common);
        }
        Ok(Password(typed.to_owned()))
    }

    /// Takes some hundredths of a second of processor time.
    pub fn hash(&self) -> Hash {
        let hash = Argon2::default().hash_password(self.0.as_bytes());
        Hash(hash.expect("the parameters are argon2's own and the length is bounded").to_string())
    }
}

/// A password as it is kept, with its parameters and its salt: a PHC string.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hash(String);

impl Hash {
    /// Takes as long as [`Password::hash`].
    pub(super) fn is_of(&self, typed: &str) -> bool {
        let hash = PasswordHash::new(&self.0);
        hash.is_ok_and(|hash| Argon2::default().verify_password(typed.as_bytes(), &hash).is_ok())
    }
}

/// How many different characters remain without the common words, the bearer's own names, and repetitions.
fn own(typed: &str, name: &PersonName) -> usize {
    let mut rest = folded(typed);
    let names = name.as_str().split([' ', '-']).map(folded).filter(|part| part.len() > 2);
    for word in names.chain(WORDS.iter().map(|word| (*word).to_owned())) {
        rest = rest.replace(&word, "");
    }
    let mut letters: Vec<char> = rest.chars().collect();
    letters.sort_unstable();
    letters.dedup();
    // Signs count where they are not all the same: "!!!!" is one.
    let mut signs: Vec<char> = typed.chars().filter(|sign| !sign.is_alphanumeric() && *sign != ' ').collect();
    signs.sort_unstable();
    signs.dedup();
    letters.len() + signs.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_judged() {
        let check = |typed: &str, expected: Result<(), WeakPassword>| {
            let name = PersonName::parse("Jeanne Lefèvre").expect("a name");
            assert_eq!(Password::parse(typed, &name).map(|_| ()), expected, "{typed:?}");
        };
        check("trois vaches au pré", Ok(()));
        check("la brume du mardi", Ok(()));
        check("xK9!fw2@Lq7#", Ok(()));
        check("une vache", Err(WeakPassword::TooShort));
        check(&"ab".repeat(101), Err(WeakPassword::TooLong));
        check("motdepasse123", Err(WeakPassword::Common));
        check("Mot de passe 2024!", Err(WeakPassword::Common));
        check("azertyuiop123456", Err(WeakPassword::Common));
        check("aaaaaaaaaaaaaaaa", Err(WeakPassword::Common));
        check("jeannelefevre76", Err(WeakPassword::Common));
        check("Beffroi-Mairie-2026", Err(WeakPassword::Common));
    }

    #[test]
    fn a_hash_knows_its_password_alone() {
        let name = PersonName::parse("Jeanne Lefèvre").expect("a name");
        let hash = Password::parse("trois vaches au pré", &name).expect("long enough").hash();
        assert!(hash.is_of("trois vaches au pré"));
        assert!(!hash.is_of("trois vaches au pre"));
        assert!(!hash.is_of(""));
        assert!(hash.0.starts_with("$argon2id$"));
    }
}
