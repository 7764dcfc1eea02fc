//! Names as people write them: of communes, with the French that goes around them, and of machines.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The longest name of a commune, in characters. The longest one in France has 45.
const COMMUNE_NAME_MAX: usize = 80;
/// The longest name of a machine, in characters.
const MACHINE_NAME_MAX: usize = beffroi_protocol::enrolment::NAME_MAX;

/// What a name cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    #[error("the name is empty")]
    Empty,
    #[error("the name is longer than {0} characters")]
    TooLong(usize),
    #[error("the name has a character that cannot be printed")]
    Unprintable,
}

/// The name of a commune, as the commune writes it: accents, apostrophes and hyphens are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommuneName(String);

impl CommuneName {
    /// Takes the name as typed, without the spaces around it, in Unicode's composed form (NFC).
    ///
    /// # Errors
    /// When nothing is left, when it is too long, or when it has control characters.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        clean(text, COMMUNE_NAME_MAX).map(Self)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name after "de": "d’Alvimare", "de Foucart", "du Havre", "des Loges", "de La Haye".
    ///
    /// A vowel elides, y among them ("d’Yébleron"), and so does h: whether an h is aspirated cannot be
    /// seen from the spelling, and "d’Hattenville" is read as a habit where "de Héricourt" is read as
    /// a mistake.
    pub fn of(&self) -> String {
        if let Some(rest) = self.0.strip_prefix("Le ") {
            return format!("du {rest}");
        }
        if let Some(rest) = self.0.strip_prefix("Les ") {
            return format!("des {rest}");
        }
        let elides = fold(&self.0).starts_with(['a', 'e', 'i', 'o', 'u', 'y', 'h']);
        if elides { format!("d’{}", self.0) } else { format!("de {}", self.0) }
    }

    /// "Mairie d’Alvimare".
    pub fn town_hall(&self) -> String {
        format!("Mairie {}", self.of())
    }

    /// By what two spellings of one name are recognised, and by what names are sorted: lower case,
    /// without accents, hyphens and apostrophes as spaces.
    pub fn folded(&self) -> String {
        fold(&self.0)
    }

    /// The name in a file name, in plain ASCII: "saint-pierre-lavis", "yebleron".
    pub fn slug(&self) -> String {
        let slug: String = fold(&self.0)
            .chars()
            .map(|letter| if letter == ' ' { '-' } else { letter })
            .filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-')
            .collect();
        if slug.is_empty() { "commune".to_owned() } else { slug }
    }

    /// Whether someone who was asked to type this name did: case, accents, hyphens and spaces are
    /// forgiven, since what counts is that the right commune was meant.
    pub fn is_meant_by(&self, typed: &str) -> bool {
        self.folded() == fold(typed)
    }
}

impl fmt::Display for CommuneName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// What a machine is called among those of its town hall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineName(String);

impl MachineName {
    /// # Errors
    /// As for [`CommuneName::parse`].
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        clean(text, MACHINE_NAME_MAX).map(Self)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn folded(&self) -> String {
        fold(&self.0)
    }

    /// The same name with a number: "accueil (2)", shortened where it would be too long.
    pub fn numbered(&self, number: usize) -> Self {
        let suffix = format!(" ({number})");
        let kept = MACHINE_NAME_MAX - suffix.len();
        let name: String = self.0.chars().take(kept).collect();
        Self(format!("{}{suffix}", name.trim_end()))
    }
}

impl fmt::Display for MachineName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

pub(super) fn clean(text: &str, longest: usize) -> Result<String, InvalidName> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text: String = text.nfc().collect();
    if text.is_empty() {
        return Err(InvalidName::Empty);
    }
    if text.chars().any(is_unprintable) {
        return Err(InvalidName::Unprintable);
    }
    if text.chars().count() > longest {
        return Err(InvalidName::TooLong(longest));
    }
    Ok(text)
}

/// Control characters, and those that change the direction of the text around them or have no width:
/// they would let one name pass for another on screen. And what stands for a letter that was lost on the way.
fn is_unprintable(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fffd}')
}

/// Lower case, without accents, whatever is no letter and no digit as a space: by what spellings are compared, and
/// what is searched is found.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for character in text.nfkd().filter(|character| !is_combining_mark(*character)) {
        match character {
            'œ' | 'Œ' => folded.push_str("oe"),
            'æ' | 'Æ' => folded.push_str("ae"),
            letter if letter.is_alphanumeric() => folded.extend(letter.to_lowercase()),
            _ => folded.push(' '),
        }
    }
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn french_goes_around_the_name() {
        fn check(name: &str, of: &str) {
            let name = CommuneName::parse(name).expect("a name");
            assert_eq!(name.of(), of);
            assert_eq!(name.town_hall(), format!("Mairie {of}"));
        }
        check("Alvimare", "d’Alvimare");
        check("Foucart", "de Foucart");
        check("Yébleron", "d’Yébleron");
        check("Étretat", "d’Étretat");
        check("Œuilly", "d’Œuilly");
        check("Hattenville", "d’Hattenville");
        check("Le Havre", "du Havre");
        check("Les Loges", "des Loges");
        check("La Cerlangue", "de La Cerlangue");
        check("L’Étang-la-Ville", "de L’Étang-la-Ville");
        check("Lesparre", "de Lesparre");
        check("Ancourteville-sur-Héricourt", "d’Ancourteville-sur-Héricourt");
    }

    #[test]
    fn names_are_kept_as_they_are_written() {
        fn check(text: &str, expected: Result<&str, InvalidName>) {
            assert_eq!(
                CommuneName::parse(text).as_ref().map(CommuneName::as_str),
                expected.as_ref().copied()
            );
        }
        check("  Saint-Pierre-Lavis ", Ok("Saint-Pierre-Lavis"));
        check("L'Isle-d'Abeau", Ok("L'Isle-d'Abeau"));
        check("Ye\u{301}bleron", Ok("Yébleron"));
        check("Le\u{a0}Havre", Ok("Le Havre"));
        check(" \t\n", Err(InvalidName::Empty));
        check(&"é".repeat(80), Ok(&"é".repeat(80)));
        check(&"é".repeat(81), Err(InvalidName::TooLong(80)));
        check("Alvi\u{0}mare", Err(InvalidName::Unprintable));
        check("Alvi\u{202e}mare", Err(InvalidName::Unprintable));
        check("Alvi\u{fffd}mare", Err(InvalidName::Unprintable));
    }

    #[test]
    fn spellings_of_one_name_are_recognised() {
        fn check(name: &str, typed: &str, expected: bool) {
            let name = CommuneName::parse(name).expect("a name");
            assert_eq!(name.is_meant_by(typed), expected, "{typed}");
        }
        check("Yébleron", "yebleron", true);
        check("Saint-Pierre-Lavis", "saint pierre lavis ", true);
        check("L’Étang", "l'etang", true);
        check("Sainte-Marguerite-sur-Fauville", "Sainte-Marguerite", false);
        check("Cléville", "Cleuville", false);
        check("Œuilly", "oeuilly", true);
    }

    #[test]
    fn a_slug_is_plain_ascii_for_every_commune() {
        fn check(name: &str, expected: &str) {
            assert_eq!(CommuneName::parse(name).expect("a name").slug(), expected);
        }
        check("Yébleron", "yebleron");
        check("Ancourteville-sur-Héricourt", "ancourteville-sur-hericourt");
        check("L’Haÿ-les-Roses", "l-hay-les-roses");
    }

    #[test]
    fn a_numbered_machine_name_is_never_too_long() {
        let name = MachineName::parse(&"a".repeat(64)).expect("a name").numbered(12);
        assert_eq!(name.as_str().chars().count(), 64);
        assert!(name.as_str().ends_with(" (12)"));
    }
}
