//! How somebody is reached: telephone and e-mail, as people write them.

use std::fmt;

use serde::Serialize;

/// Digits after the "+" of an international number (E.164).
const INTERNATIONAL: std::ops::RangeInclusive<usize> = 9..=15;
/// Digits of a French number without its first 0.
const FRENCH: usize = 9;
/// Bytes of an address (RFC 5321, section 4.5.3.1.3, less the angle brackets).
const EMAIL_MAX: usize = 254;

/// A telephone number in its international form: "+33235000000".
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Phone(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is no telephone number")]
pub struct InvalidPhone;

impl Phone {
    /// Takes "02 35 00 00 00", "02.35.00.00.00", "+33 (0)2 35 00 00 00", and "235000000", which a spreadsheet makes of
    /// a number that begins with 0.
    ///
    /// # Errors
    /// When it is no number, or more than one.
    pub fn parse(text: &str) -> Result<Self, InvalidPhone> {
        let marks = |letter: char| letter.is_whitespace() || matches!(letter, '.' | '-' | '(' | ')');
        let text: String = text.chars().filter(|letter| !marks(*letter)).collect();
        let text = text.strip_prefix("00").map_or_else(|| text.clone(), |rest| format!("+{rest}"));
        let digits = text.strip_prefix('+').unwrap_or(&text);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(InvalidPhone);
        }
        let national = match text.strip_prefix('+') {
            Some(digits) => match digits.strip_prefix("33") {
                Some(national) => national.strip_prefix('0').unwrap_or(national),
                None if INTERNATIONAL.contains(&digits.len()) => return Ok(Self(text)),
                None => return Err(InvalidPhone),
            },
            None if text.len() == FRENCH => text.as_str(),
            None => text.strip_prefix('0').ok_or(InvalidPhone)?,
        };
        if national.len() != FRENCH || national.starts_with('0') {
            return Err(InvalidPhone);
        }
        Ok(Self(format!("+33{national}")))
    }

    /// As a telephone dials it.
    pub fn international(&self) -> &str {
        &self.0
    }
}

/// In pairs, as the French read numbers: "02 35 00 00 00"; a foreign one as it is.
impl fmt::Display for Phone {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(national) = self.0.strip_prefix("+33") else { return out.write_str(&self.0) };
        out.write_str("0")?;
        for (place, digit) in national.chars().enumerate() {
            if place % 2 == 1 {
                out.write_str("\u{a0}")?;
            }
            write!(out, "{digit}")?;
        }
        Ok(())
    }
}

/// An address to which a letter can be sent; whether somebody reads it is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Email(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is no e-mail address")]
pub struct InvalidEmail;

impl Email {
    /// # Errors
    /// When it has not the form of one address.
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        let text = text.trim();
        let (local, domain) = text.split_once('@').ok_or(InvalidEmail)?;
        let is_local = !local.is_empty()
            && local
                .chars()
                .all(|letter| letter.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(letter));
        let mut labels = domain.split('.');
        let is_domain = domain.contains('.')
            && labels.all(|label| {
                !label.is_empty() && label.chars().all(|letter| letter.is_alphanumeric() || letter == '-')
            });
        if !is_local || !is_domain || text.len() > EMAIL_MAX {
            return Err(InvalidEmail);
        }
        Ok(Self(format!("{local}@{}", domain.to_lowercase())))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telephone_numbers_are_read_as_people_write_them() {
        fn check(text: &str, expected: Option<&str>) {
            let phone = Phone::parse(text).ok();
            assert_eq!(phone.as_ref().map(Phone::to_string).as_deref(), expected, "{text}");
        }
        let french = Some("02\u{a0}35\u{a0}00\u{a0}00\u{a0}00");
        check("02 35 00 00 00", french);
        check("02.35.00.00.00", french);
        check("0235000000", french);
        check("235000000", french);
        check("+33 (0)2 35 00 00 00", french);
        check("0033 2 35 00 00 00", french);
        check("02\u{a0}35\u{202f}00-00-00", french);
        check("+32 2 555 12 12", Some("+3225551212"));
        check("", None);
        check("+", None);
        check("02 35 00 00", None);
        check("00 35 00 00 00", None);
        check("02 35 00 00 00 / 06 00 00 00 00", None);
        check("le matin", None);
        check("02 35 00 00 0\u{660}", None);
    }

    #[test]
    fn addresses_have_the_form_of_one() {
        fn check(text: &str, expected: Option<&str>) {
            let email = Email::parse(text).ok();
            assert_eq!(email.as_ref().map(Email::as_str), expected, "{text}");
        }
        check(" Mairie@Alvimare.FR ", Some("Mairie@alvimare.fr"));
        check("secretariat.mairie+actes@coeur-de-caux.fr", Some("secretariat.mairie+actes@coeur-de-caux.fr"));
        check("", None);
        check("mairie", None);
        check("@alvimare.fr", None);
        check("mairie@alvimare", None);
        check("mairie@alvimare..fr", None);
        check("mairie@alvimare.fr, maire@alvimare.fr", None);
        check("mairie @alvimare.fr", None);
        check("Mairie <mairie@alvimare.fr>", None);
        check(&format!("{}@alvimare.fr", "a".repeat(250)), None);
    }
}
