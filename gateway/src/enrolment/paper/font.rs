//! Helvetica and Courier, which every reader of PDF has: what of a text they can write (WinAnsi, ISO 32000-1
//! annex D) and how wide it is (Adobe's metrics of the core 14 fonts).
//!
//! All of French is in them, œ and ’ included.

use pdf_writer::Name;
use unicode_normalization::UnicodeNormalization;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Font {
    Plain,
    Bold,
    /// For what is typed letter by letter.
    Typed,
}

/// From the space to the tilde, in thousandths of the size.
#[rustfmt::skip]
const PLAIN: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
    333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];
#[rustfmt::skip]
const BOLD: [u16; 95] = [
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611,
    975, 722, 722, 722, 722, 667, 611, 778, 722, 278, 556, 722, 611, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584, 556,
    333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611,
    611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584,
];
const TYPED: u16 = 600;
/// The widest letter of French, œ and Œ aside: nothing that is not in a table is wider.
const WIDEST: u16 = 1000;

impl Font {
    pub(super) const ALL: [Font; 3] = [Font::Plain, Font::Bold, Font::Typed];

    /// What it is called in the file.
    pub(super) const fn name(self) -> Name<'static> {
        match self {
            Font::Plain => Name(b"F1"),
            Font::Bold => Name(b"F2"),
            Font::Typed => Name(b"F3"),
        }
    }

    /// What readers know it by.
    pub(super) const fn base(self) -> Name<'static> {
        match self {
            Font::Plain => Name(b"Helvetica"),
            Font::Bold => Name(b"Helvetica-Bold"),
            Font::Typed => Name(b"Courier-Bold"),
        }
    }

    /// Of a text in this size, in points.
    pub(super) fn width(self, text: &str, size: f32) -> f32 {
        let thousandths: u32 = text.chars().map(|letter| u32::from(self.letter(letter))).sum();
        #[expect(clippy::cast_precision_loss, reason = "a line has a few thousand thousandths")]
        let width = thousandths as f32;
        width * size / 1000.0
    }

    /// An accent does not widen its letter.
    fn letter(self, letter: char) -> u16 {
        if self == Font::Typed {
            return TYPED;
        }
        let table = if self == Font::Bold { &BOLD } else { &PLAIN };
        let base = match letter {
            '\u{a0}' | '\u{202f}' => ' ',
            '’' | '‘' | '·' => ',',
            '«' | '»' | '–' => '0',
            'º' | '°' => 'r',
            letter => std::iter::once(letter).nfd().next().unwrap_or(letter),
        };
        let place = usize::try_from(u32::from(base)).ok().and_then(|code| code.checked_sub(0x20));
        place.and_then(|place| table.get(place)).copied().unwrap_or(WIDEST)
    }

    /// The lines into which a text falls at this width: at spaces and after hyphens, and anywhere in a word that
    /// is longer than a line.
    pub(super) fn lines(self, text: &str, size: f32, width: f32) -> Vec<String> {
        let fits = |text: &str| self.width(text.trim_end(), size) <= width;
        let mut lines: Vec<String> = Vec::new();
        for piece in text.split_inclusive([' ', '\n', '-']) {
            match lines.last_mut().filter(|line| fits(&format!("{line}{piece}"))) {
                Some(line) => line.push_str(piece),
                None if fits(piece) => lines.push(piece.to_owned()),
                None => {
                    for letter in piece.chars() {
                        match lines.last_mut().filter(|line| fits(&format!("{line}{letter}"))) {
                            Some(line) => line.push(letter),
                            None => lines.push(letter.to_string()),
                        }
                    }
                }
            }
        }
        lines.into_iter().map(|line| line.trim_end().to_owned()).collect()
    }
}

/// A text in the encoding of these fonts. A letter that they do not have loses its accents, and is a question
/// mark if that does not help.
pub(super) fn encode(text: &str) -> Vec<u8> {
    text.chars().map(|letter| byte(letter).or_else(|| plainer(letter)).unwrap_or(b'?')).collect()
}

fn plainer(letter: char) -> Option<u8> {
    std::iter::once(letter).nfkd().next().and_then(byte)
}

fn byte(letter: char) -> Option<u8> {
    match letter {
        ' '..='~' | '\u{a0}'..='\u{ff}' => u8::try_from(u32::from(letter)).ok(),
        '€' => Some(0x80),
        '…' => Some(0x85),
        'Œ' => Some(0x8c),
        '‘' => Some(0x91),
        '’' => Some(0x92),
        '“' => Some(0x93),
        '”' => Some(0x94),
        '•' => Some(0x95),
        '–' => Some(0x96),
        '—' => Some(0x97),
        'œ' => Some(0x9c),
        'Ÿ' => Some(0x9f),
        '\u{202f}' => Some(0xa0),
        '‐' | '‑' => Some(b'-'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_french_is_written() {
        fn check(text: &str, expected: &[u8]) {
            assert_eq!(encode(text), expected, "{text}");
        }
        check("Mairie d’Yébleron", b"Mairie d\x92Y\xe9bleron");
        check("Cœur de Caux", b"C\x9cur de Caux");
        check("Œ Ÿ É ç « nº\u{202f}3 »", b"\x8c \x9f \xc9 \xe7 \xab n\xba\xa03 \xbb");
        for letter in "àâæçéèêëîïôœùûüÿÀÂÆÇÉÈÊËÎÏÔŒÙÛÜŸ’«»–…€º°".chars()
        {
            assert!(byte(letter).is_some(), "{letter}");
        }
        // Names of elsewhere.
        check("Łódź Ploumañac’h ẞ 中", b"?\xf3dz Plouma\xf1ac\x92h ? ?");
    }

    #[test]
    fn widths_are_those_of_the_font() {
        fn check(font: Font, text: &str, expected: f32) {
            assert!((font.width(text, 10.0) - expected).abs() < 0.01, "{text}: {}", font.width(text, 10.0));
        }
        check(Font::Plain, "Mairie", 8.33 + 5.56 + 2.22 + 3.33 + 2.22 + 5.56);
        check(Font::Plain, "é\u{a0}É", 5.56 + 2.78 + 6.67);
        check(Font::Bold, "Ag~", 7.22 + 6.11 + 5.84);
        check(Font::Typed, "B1A2", 24.0);
    }

    #[test]
    fn a_text_falls_into_lines_at_its_spaces() {
        fn check(text: &str, width: f32, expected: &[&str]) {
            assert_eq!(Font::Typed.lines(text, 10.0, width), expected, "{text}");
        }
        check("un deux trois", 42.0, &["un deux", "trois"]);
        check("un deux trois", 1000.0, &["un deux trois"]);
        check("un\u{a0}deux trois", 48.0, &["un\u{a0}deux", "trois"]);
        check("Saint-Pierre-Lavis", 84.0, &["Saint-Pierre-", "Lavis"]);
        check("un anticonstitution", 42.0, &["un anti", "constit", "ution"]);
        check("", 24.0, &[]);
    }
}
