//! The list of communes, as it comes out of a spreadsheet or is typed: read whole, every line that is wrong
//! explained, none lost.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Error;
use crate::audit::{self, About, Act, Entry};
use crate::directory::{self, Commune, CommuneName, InvalidName};
use crate::spreadsheet::{self, Row, Sheet};
use crate::store::Write;
use crate::web::{t, t_with};

/// How much of a wrong line is shown, in characters.
const SHOWN: usize = 120;

/// What a list says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    pub lines: Vec<Line>,
    pub mistakes: Vec<Mistake>,
}

/// A commune to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub name: CommuneName,
    pub seat: bool,
}

/// A line that says nothing of use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mistake {
    /// Counted from 1, as an editor does.
    pub line: u64,
    /// What stands there.
    pub text: String,
    pub wrong: Wrong,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wrong {
    /// The first line names no column "nom".
    NoNameColumn,
    NoName,
    NameTooLong,
    Unprintable,
    /// A quotation mark that is not closed swallowed the line end.
    OverSeveralLines,
    /// The seat column says neither yes nor no.
    Seat,
    /// A typed line that holds more than a name: part of a table whose first line names no columns.
    NotAName,
    /// The commune stands on this line already.
    Repeated(u64),
}

impl Mistake {
    fn of(row: &Row, wrong: Wrong) -> Self {
        let text = row.cells.join(" ; ").replace(['\n', '\r'], " ");
        Self { line: row.line, text: text.chars().take(SHOWN).collect(), wrong }
    }
}

impl Wrong {
    /// The sentence that says what to do.
    pub fn explain(self) -> String {
        match self {
            Self::NoNameColumn => t("enrolment-list-no-name-column"),
            Self::NoName => t("enrolment-list-no-name"),
            Self::NameTooLong => t("enrolment-list-too-long"),
            Self::Unprintable => t("enrolment-list-unprintable"),
            Self::OverSeveralLines => t("enrolment-list-several-lines"),
            Self::NotAName => t("enrolment-list-not-a-name"),
            Self::Seat => t("enrolment-list-seat"),
            Self::Repeated(line) => t_with("enrolment-list-repeated", &[("line", &line)]),
        }
    }
}

/// Reads a list with a first line that names its columns: `nom`, and `siege` if need be; others are passed
/// over. Columns are separated by commas, semicolons or tabs. The text is UTF-8 or, as older spreadsheets
/// write it, Windows-1252 or UTF-16.
pub fn read_list(bytes: &[u8]) -> Listing {
    spreadsheet::read_text(bytes).map(|sheet| listing(&sheet)).unwrap_or_default()
}

/// Reads a list as it is typed: a name on each line, or a pasted table with its first line.
pub fn read_typed(text: &str) -> Listing {
    let table = spreadsheet::sheet_of(text).map(|sheet| listing(&sheet)).unwrap_or_default();
    if !matches!(table.mistakes.as_slice(), [Mistake { wrong: Wrong::NoNameColumn, .. }]) {
        return table;
    }
    let mut listing = Listing::default();
    let mut seen = BTreeMap::new();
    for (text, line) in text.lines().zip(1..).filter(|(text, _)| !text.trim().is_empty()) {
        // No commune of France has one of these in its name.
        let read = if text.trim().contains(|letter: char| matches!(letter, '\t' | ';' | ',' | '0'..='9')) {
            Err(Wrong::NotAName)
        } else {
            read_row(&Row { line, cells: vec![text.trim().to_owned()] }, 0, None, &mut seen)
        };
        match read {
            Ok(commune) => listing.lines.push(commune),
            Err(wrong) => {
                let text = text.chars().take(SHOWN).collect();
                listing.mistakes.push(Mistake { line, text, wrong });
            }
        }
    }
    listing
}

/// Adds the communes that are not there yet; gives all of them, in the order of the list, and whether they
/// are new.
///
/// # Errors
/// Those of the store; nothing is added then.
pub async fn import(
    tx: &mut impl Write,
    lines: &[Line],
    by: &str,
    now: Timestamp,
) -> Result<Vec<(Commune, bool)>, Error> {
    let mut communes = Vec::new();
    for line in lines {
        if let Some(known) = directory::commune_by_name(tx, &line.name).await? {
            communes.push((known, false));
            continue;
        }
        let commune = directory::add_commune(tx, &line.name, line.seat).await?;
        let about = About { commune: Some(commune.name.to_string()), ..About::default() };
        audit::record(tx, Entry { at: now, who: by.to_owned(), act: Act::CommuneAdded, about }).await?;
        communes.push((commune, true));
    }
    Ok(communes)
}

fn listing(sheet: &Sheet) -> Listing {
    let column = |names: &[&str]| {
        sheet.titles.cells.iter().position(|title| names.contains(&title.to_lowercase().as_str()))
    };
    let Some(name_column) = column(&["nom", "commune", "name"]) else {
        return Listing {
            lines: Vec::new(),
            mistakes: vec![Mistake::of(&sheet.titles, Wrong::NoNameColumn)],
        };
    };
    let seat_column = column(&["siege", "siège", "seat"]);
    let mut listing = Listing::default();
    let mut seen = BTreeMap::new();
    for row in &sheet.rows {
        match read_row(row, name_column, seat_column, &mut seen) {
            Ok(commune) => listing.lines.push(commune),
            Err(wrong) => listing.mistakes.push(Mistake::of(row, wrong)),
        }
    }
    listing
}

fn read_row(
    row: &Row,
    name_column: usize,
    seat_column: Option<usize>,
    seen: &mut BTreeMap<String, u64>,
) -> Result<Line, Wrong> {
    if row.cells.iter().any(|cell| cell.contains(['\n', '\r'])) {
        return Err(Wrong::OverSeveralLines);
    }
    let name = CommuneName::parse(row.cell(name_column)).map_err(|error| match error {
        InvalidName::Empty => Wrong::NoName,
        InvalidName::TooLong(_) => Wrong::NameTooLong,
        InvalidName::Unprintable => Wrong::Unprintable,
    })?;
    let seat = seat_column.map_or("", |column| row.cell(column));
    let seat = match seat.to_lowercase().as_str() {
        "" | "non" | "no" | "0" | "n" => false,
        "oui" | "yes" | "1" | "o" | "x" => true,
        _ => return Err(Wrong::Seat),
    };
    match seen.insert(name.folded(), row.line) {
        Some(earlier) => {
            seen.insert(name.folded(), earlier);
            Err(Wrong::Repeated(earlier))
        }
        None => Ok(Line { name, seat }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], lines: &[(&str, bool)], mistakes: &[(u64, Wrong)]) {
        let listing = read_list(bytes);
        let found: Vec<_> = listing.lines.iter().map(|line| (line.name.as_str(), line.seat)).collect();
        assert_eq!(found, lines, "{}", String::from_utf8_lossy(bytes));
        let found: Vec<_> = listing.mistakes.iter().map(|mistake| (mistake.line, mistake.wrong)).collect();
        assert_eq!(found, mistakes, "{}", String::from_utf8_lossy(bytes));
    }

    #[test]
    fn lists_are_read_as_spreadsheets_write_them() {
        let expected = [("Alvimare", false), ("Yébleron", true)];
        check("nom,siege\nAlvimare,\nYébleron,oui\n".as_bytes(), &expected, &[]);
        check("\u{feff}Nom;Siège\r\nAlvimare;non\r\nYébleron;OUI\r\n".as_bytes(), &expected, &[]);
        check("insee\tcommune\tsiege\n76016\tAlvimare\t0\n76752\tYébleron\t1".as_bytes(), &expected, &[]);
        check(b"nom;siege\nAlvimare;\nY\xe9bleron;x\n", &expected, &[]);
        let utf16: Vec<u8> = "\u{feff}nom\tsiege\nAlvimare\t\nYébleron\toui\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        check(&utf16, &expected, &[]);
        check("\n\nnom\n\nAlvimare\n\n".as_bytes(), &[("Alvimare", false)], &[]);
        check(b"", &[], &[]);
    }

    #[test]
    fn names_keep_their_marks() {
        let expected = [("L’Étang", false), ("Saint-Pierre, le Vieux", false), ("Œuilly", false)];
        check("nom\nL’Étang\n\"Saint-Pierre, le Vieux\"\nŒuilly".as_bytes(), &expected, &[]);
        check(b"nom\nL\x92\xc9tang\n\"Saint-Pierre, le Vieux\"\n\x8cuilly", &expected, &[]);
    }

    #[test]
    fn every_wrong_line_is_explained_and_the_others_are_kept() {
        let long = "x".repeat(81);
        let text =
            format!("nom,siege\n,oui\nAlvimare,peut-être\n{long},\nFoucart,\nalvi\u{7}mare\nFOUCART,non\n");
        check(
            text.as_bytes(),
            &[("Foucart", false)],
            &[
                (2, Wrong::NoName),
                (3, Wrong::Seat),
                (4, Wrong::NameTooLong),
                (6, Wrong::Unprintable),
                (7, Wrong::Repeated(5)),
            ],
        );
        check(
            "nom\r\n\r\nFoucart\r\nfoucart\r\n".as_bytes(),
            &[("Foucart", false)],
            &[(4, Wrong::Repeated(3))],
        );
        check("commune de,habitants\nAlvimare,600\n".as_bytes(), &[], &[(1, Wrong::NoNameColumn)]);
        check(
            "nom\nAlvimare\n\"Foucart\nYébleron\n".as_bytes(),
            &[("Alvimare", false)],
            &[(3, Wrong::OverSeveralLines)],
        );
    }

    #[test]
    fn a_typed_list_has_a_name_on_each_line() {
        fn check(text: &str, lines: &[&str], mistakes: &[(u64, Wrong)]) {
            let listing = read_typed(text);
            let found: Vec<_> = listing.lines.iter().map(|line| line.name.as_str()).collect();
            assert_eq!(found, lines, "{text}");
            let found: Vec<_> =
                listing.mistakes.iter().map(|mistake| (mistake.line, mistake.wrong)).collect();
            assert_eq!(found, mistakes, "{text}");
        }
        check("Alvimare\r\n\r\n Yébleron \r\n", &["Alvimare", "Yébleron"], &[]);
        check("Alvimare\nAlvimare", &["Alvimare"], &[(2, Wrong::Repeated(1))]);
        check("nom;siege\nAlvimare;oui", &["Alvimare"], &[]);
        check(" \tAlvimare\t", &["Alvimare"], &[]);
        check("Alvimare\t612\nFoucart", &["Foucart"], &[(1, Wrong::NotAName)]);
        check("Alvimare;oui\nFoucart;non", &[], &[(1, Wrong::NotAName), (2, Wrong::NotAName)]);
        check("Alvimare, Foucart\n76016 Alvimare", &[], &[(1, Wrong::NotAName), (2, Wrong::NotAName)]);
        check("  ", &[], &[]);
    }
}
