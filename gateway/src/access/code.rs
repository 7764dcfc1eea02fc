//! The code that makes the first account: printed in the journal at the first start, typed once.

use std::fmt;

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

/// Without I, L, O and U, which are read as something else.
const SYMBOLS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 16;

/// Four groups of four: 80 bits.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetUpCode(String);

impl SetUpCode {
    pub fn random() -> SetUpCode {
        let mut bytes = [0; LENGTH];
        getrandom::fill(&mut bytes).expect("the kernel gives random bytes once the machine has started");
        SetUpCode(bytes.iter().map(|byte| char::from(SYMBOLS[usize::from(byte % 32)])).collect())
    }

    /// Whether that is what was typed, in whatever case, with or without hyphens.
    pub(super) fn is(&self, typed: &str) -> bool {
        self.0.as_bytes().ct_eq(normal(typed).as_bytes()).into()
    }
}

fn normal(typed: &str) -> String {
    let letters = typed.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase());
    letters
        .map(|letter| match letter {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect()
}

impl fmt::Display for SetUpCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let groups: Vec<&str> = (0..LENGTH).step_by(4).map(|start| &self.0[start..start + 4]).collect();
        f.write_str(&groups.join("-"))
    }
}

/// A secret: it is shown where that is meant, and nowhere by accident.
impl fmt::Debug for SetUpCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SetUpCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_typed_as_people_type() {
        let code = SetUpCode("7KQ201BCDEFGHJKM".to_owned());
        assert_eq!(code.to_string(), "7KQ2-01BC-DEFG-HJKM");
        let check = |typed: &str, expected: bool| assert_eq!(code.is(typed), expected, "{typed:?}");
        check("7KQ2-01BC-DEFG-HJKM", true);
        check(" 7kq2 o1bc defg hjkm", true);
        check("7kq2olbcdefghjkm", true);
        check("7KQ2-01BC-DEFG-HJKN", false);
        check("7KQ2-01BC-DEFG", false);
        check("", false);
    }

    #[test]
    fn two_codes_differ() {
        assert_ne!(SetUpCode::random(), SetUpCode::random());
    }
}
