//! Writing a table that a French spreadsheet opens: semicolons, a byte order mark, and no cell that it would take for a
//! formula.

use csv::{QuoteStyle, Terminator, WriterBuilder};

const BYTE_ORDER_MARK: &str = "\u{feff}";
/// What a spreadsheet begins a formula with (OWASP, CSV injection).
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A table that is written row by row; every row has as many cells as the first.
#[derive(Debug)]
pub struct Writer(csv::Writer<Vec<u8>>);

impl Default for Writer {
    fn default() -> Self {
        let writer = WriterBuilder::new()
            .delimiter(b';')
            .quote_style(QuoteStyle::Necessary)
            .terminator(Terminator::CRLF)
            .from_writer(BYTE_ORDER_MARK.as_bytes().to_vec());
        Self(writer)
    }
}

impl Writer {
    pub fn row<I>(&mut self, cells: I)
    where
        I: IntoIterator<Item: Into<String>>,
    {
        let cells = cells.into_iter().map(|cell| harmless(cell.into()));
        self.0.write_record(cells).expect("memory takes it, and every row has as many cells");
    }

    pub fn finish(self) -> Vec<u8> {
        self.0.into_inner().expect("memory takes it")
    }
}

/// What a spreadsheet would take for a formula is a text with an apostrophe before it.
fn harmless(cell: String) -> String {
    if cell.starts_with(FORMULA) { format!("'{cell}") } else { cell }
}

/// A cell without the apostrophe that [`Writer`] puts before a formula.
pub fn plain(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| rest.starts_with(FORMULA)).unwrap_or(cell)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        let check = |cell: &str, expected: &str| {
            assert_eq!(harmless(cell.to_owned()), expected, "{cell:?}");
            assert_eq!(plain(expected), cell, "{expected:?}");
        };
        check("Alvimare", "Alvimare");
        check("=HYPERLINK(\"http://a\")", "'=HYPERLINK(\"http://a\")");
        check("+33 2 35", "'+33 2 35");
        check("-1", "'-1");
        check("@somme", "'@somme");
        check("\t=1", "'\t=1");
        check("", "");
        check("a=b", "a=b");
    }
}
