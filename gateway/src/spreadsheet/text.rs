//! Cells separated by commas, semicolons or tabs, in the letters of whatever program wrote them.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use super::{Row, Sheet};

/// Reads a list that was saved as text; `None` when nothing is in it.
pub fn read_text(bytes: &[u8]) -> Option<Sheet> {
    sheet_of(&decode(bytes))
}

/// Reads a list that was pasted.
pub fn sheet_of(text: &str) -> Option<Sheet> {
    let text = text.replace("\r\n", "\n");
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator(&text))
        .flexible(true)
        .has_headers(false)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let mut lines = Lines { text: &text, start: 0, number: 1 };
    Sheet::of(
        reader
            .records()
            .map_while(Result::ok)
            .map(|record| Row { line: lines.of(&record), cells: record.iter().map(str::to_owned).collect() }),
    )
}

/// UTF-8 or UTF-16 where it says so, UTF-8 where it is, and otherwise what Windows wrote before it, of which Latin-1
/// is a part.
fn decode(bytes: &[u8]) -> String {
    let encoding = match Encoding::for_bom(bytes) {
        Some((encoding, _)) => encoding,
        None if str::from_utf8(bytes).is_ok() => UTF_8,
        None => WINDOWS_1252,
    };
    encoding.decode_with_bom_removal(bytes).0.into_owned()
}

/// The one of the usual separators that the first line has most of.
fn separator(text: &str) -> u8 {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let count = |separator: u8| first.bytes().filter(|byte| *byte == separator).count();
    // `max_by_key` takes the last of equals: a first line with a single column is read with commas.
    [b'\t', b';', b','].into_iter().max_by_key(|separator| count(*separator)).unwrap_or(b',')
}

/// Counts the lines of a text on the way from row to row: the reader's own count stays behind at blank ones.
struct Lines<'a> {
    text: &'a str,
    /// Where the last row began, in bytes, and on which line.
    start: usize,
    number: u64,
}

impl Lines<'_> {
    /// The line of a row that does not stand before the last one.
    fn of(&mut self, row: &csv::StringRecord) -> u64 {
        let start = row.position().map_or(0, csv::Position::byte);
        let rest = self.text.get(usize::try_from(start).unwrap_or_default()..).unwrap_or_default();
        let start = self.text.len() - rest.trim_start_matches('\n').len();
        let passed = self.text.as_bytes().get(self.start..start).unwrap_or_default();
        self.number += passed.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.start = start;
        self.number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: &[(u64, &[&str])]) {
        let sheet = read_text(bytes);
        let rows = sheet.iter().flat_map(|sheet| std::iter::once(&sheet.titles).chain(&sheet.rows));
        let found: Vec<_> =
            rows.map(|row| (row.line, row.cells.iter().map(String::as_str).collect::<Vec<_>>())).collect();
        let expected: Vec<_> = expected.iter().map(|(line, cells)| (*line, cells.to_vec())).collect();
        assert_eq!(found, expected, "{}", String::from_utf8_lossy(bytes));
    }

    #[test]
    fn lists_are_read_in_the_letters_of_every_program() {
        let expected: &[(u64, &[&str])] =
            &[(1, &["nom", "fonction"]), (2, &["Délégué d’Yébleron", "délégué"])];
        let text = "nom;fonction\r\nDélégué d’Yébleron;délégué\r\n";
        check(text.as_bytes(), expected);
        check(format!("\u{feff}{text}").as_bytes(), expected);
        check(&WINDOWS_1252.encode(text).0, expected);
        let marked = format!("\u{feff}{}", text.replace(';', "\t"));
        let utf16 = |bytes: fn(u16) -> [u8; 2]| marked.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
        check(&utf16(u16::to_le_bytes), expected);
        check(&utf16(u16::to_be_bytes), expected);
        check(text.replace(';', ",").as_bytes(), expected);
    }

    #[test]
    fn rows_know_their_line_and_cells_may_hold_line_ends() {
        check(
            "\n\na;b\n\n\"un\ndeux\"; trois \n;\nquatre\n".as_bytes(),
            &[(3, &["a", "b"]), (5, &["un\ndeux", "trois"]), (8, &["quatre"])],
        );
        check(b"\"a;b\nc", &[(1, &["a;b\nc"])]);
        check(b"", &[]);
        check(b" \n;;\n", &[]);
    }
}
