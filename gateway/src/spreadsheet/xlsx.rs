//! Excel's workbooks, cell by cell: a cell at the far end of a sheet takes no room before it.

use std::io::Cursor;

use calamine::{DataRef, Reader, Xlsx, XlsxError};

use super::{CELL_MAX, CELLS_MAX, Row, Sheet, Unreadable};

pub(super) fn read(bytes: &[u8], most: usize) -> Result<Option<Sheet>, Unreadable> {
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(damaged)?;
    for name in book.sheet_names() {
        let rows = rows(&mut book, &name, most)?;
        if let Some(sheet) = Sheet::of(rows.into_iter()) {
            return Ok(Some(sheet));
        }
    }
    Ok(None)
}

fn rows(book: &mut Xlsx<Cursor<&[u8]>>, name: &str, most: usize) -> Result<Vec<Row>, Unreadable> {
    // A sheet of another kind, such as a chart, has no cells.
    let Ok(mut cells) = book.worksheet_cells_reader(name) else { return Ok(Vec::new()) };
    let mut rows: Vec<Row> = Vec::new();
    while let Some(cell) = cells.next_cell().map_err(damaged)? {
        let (line, place) = cell.get_position();
        let (line, place) = (u64::from(line) + 1, place as usize);
        let text = text(cell.get_value());
        if text.is_empty() || place >= CELLS_MAX {
            continue;
        }
        if rows.last().is_none_or(|row| row.line != line) {
            // The titles, and one more than may be, which says that it is too long.
            if rows.len() > most + 1 {
                break;
            }
            rows.push(Row { line, cells: Vec::new() });
        }
        let Some(row) = rows.last_mut() else { continue };
        row.cells.resize(row.cells.len().max(place + 1), String::new());
        row.cells[place] = text;
    }
    Ok(rows)
}

#[expect(clippy::needless_pass_by_value, reason = "what failed hands it over")]
fn damaged(error: XlsxError) -> Unreadable {
    log::debug!("a workbook cannot be read: {error}");
    Unreadable::Damaged
}

fn text(value: &DataRef<'_>) -> String {
    let text = match value {
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string(),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::Bool(true) => "oui".to_owned(),
        DataRef::Bool(false) => "non".to_owned(),
        DataRef::DateTime(time) => {
            let (year, month, day, ..) = time.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
        DataRef::Error(_) | DataRef::Empty => String::new(),
    };
    text.trim().chars().take(CELL_MAX).collect()
}
