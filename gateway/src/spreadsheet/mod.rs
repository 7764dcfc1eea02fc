//! Tables as spreadsheets keep them: read from a text whose cells are separated (CSV) or from a workbook (ODS, XLSX),
//! written as CSV.
//!
//! It knows rows and cells, and not what stands in them. What comes from elsewhere can be anything: nothing here
//! grows beyond what its caller allows.

mod ods;
mod text;
mod workbook;
mod write;
mod xlsx;

pub use text::{read_text, sheet_of};
pub use write::{Writer, plain};

/// Cells of a row that are read; no list of ours has as many.
const CELLS_MAX: usize = 64;
/// Bytes of a cell that are read.
const CELL_MAX: usize = 4096;

/// What is in a file: a first row of titles, and the rows below it. Blank rows are passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    pub titles: Row,
    pub rows: Vec<Row>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// Counted from 1, as an editor or a spreadsheet does.
    pub line: u64,
    /// Without the spaces around them.
    pub cells: Vec<String>,
}

/// Why a file cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("there is nothing in it")]
    Empty,
    #[error("it has more than {0} rows")]
    TooLong(usize),
    #[error("it is another kind of file")]
    OtherKind,
    #[error("the workbook is damaged")]
    Damaged,
}

impl Row {
    /// Empty when the row ends before it.
    pub fn cell(&self, place: usize) -> &str {
        self.cells.get(place).map_or("", String::as_str)
    }

    fn is_blank(&self) -> bool {
        self.cells.iter().all(String::is_empty)
    }
}

impl Sheet {
    /// The first row that is not blank is that of the titles.
    fn of(mut rows: impl Iterator<Item = Row>) -> Option<Self> {
        let titles = rows.by_ref().find(|row| !row.is_blank())?;
        Some(Self { titles, rows: rows.filter(|row| !row.is_blank()).collect() })
    }
}

/// Reads a file of at most so many rows, whatever kind of table it is. Of a workbook, the first sheet that is not
/// empty.
///
/// # Errors
/// When it is no table, or a longer one.
pub fn read(bytes: &[u8], most: usize) -> Result<Sheet, Unreadable> {
    let sheet = match bytes {
        [b'P', b'K', 3, 4, ..] => workbook::read(bytes, most)?,
        // What Excel wrote before 2007, and a PDF.
        [0xd0, 0xcf, 0x11, 0xe0, ..] | [b'%', b'P', b'D', b'F', ..] => return Err(Unreadable::OtherKind),
        _ => read_text(bytes),
    };
    let sheet = sheet.ok_or(Unreadable::Empty)?;
    if sheet.rows.len() > most { Err(Unreadable::TooLong(most)) } else { Ok(sheet) }
}
