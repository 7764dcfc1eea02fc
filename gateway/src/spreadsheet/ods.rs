//! LibreOffice's workbooks (OpenDocument 1.3, part 3, section 9). Repeated rows and cells, of which a sheet of a few
//! hundred bytes can have billions, are read once or as often as there is room for.

use std::io::{BufReader, Read};

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::workbook::Archive;
use super::{CELL_MAX, CELLS_MAX, Row, Sheet, Unreadable};

pub(super) fn read(archive: &mut Archive<'_>, most: usize) -> Result<Option<Sheet>, Unreadable> {
    let content = archive.by_name("content.xml").map_err(|_| Unreadable::Damaged)?;
    let mut table = Table::new(most);
    table.read(content)?;
    Ok(Sheet::of(table.rows.into_iter()))
}

/// The first sheet that is not empty, as far as it is read.
struct Table {
    rows: Vec<Row>,
    row: Row,
    /// How often the row that is read stands there.
    row_repeated: u64,
    /// The cell that is read, and how often it stands there.
    cell: Option<(String, usize)>,
    /// What the cell says beside its text: a date.
    value: Option<String>,
    /// How deep inside of a remark, whose text is no cell's.
    remark: usize,
    most: usize,
}

impl Table {
    fn new(most: usize) -> Self {
        Self {
            rows: Vec::new(),
            row: Row { line: 1, cells: Vec::new() },
            row_repeated: 1,
            cell: None,
            value: None,
            remark: 0,
            most,
        }
    }

    fn read(&mut self, content: impl Read) -> Result<(), Unreadable> {
        let mut reader = Reader::from_reader(BufReader::new(content));
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            match reader.read_event_into(&mut buffer).map_err(|_| Unreadable::Damaged)? {
                Event::Eof => return Ok(()),
                Event::Start(tag) => self.open(&tag)?,
                Event::Empty(tag) => {
                    self.open(&tag)?;
                    if self.close(tag.local_name().as_ref()) {
                        return Ok(());
                    }
                }
                Event::End(tag) if self.close(tag.local_name().as_ref()) => return Ok(()),
                Event::Text(text) => self.say(&text.xml10_content()),
                Event::GeneralRef(reference) => self.say(&letter(&reference)),
                _ => {}
            }
        }
    }

    fn open(&mut self, tag: &BytesStart<'_>) -> Result<(), Unreadable> {
        match tag.local_name().as_ref() {
            "table-row" => self.row_repeated = repeated(tag, "table:number-rows-repeated")?,
            "table-cell" | "covered-table-cell" => {
                let count = repeated(tag, "table:number-columns-repeated")?;
                self.value = attribute(tag, "office:date-value")?;
                self.cell = Some((String::new(), usize::try_from(count).unwrap_or(usize::MAX)));
            }
            "annotation" => self.remark += 1,
            // A paragraph more in the same cell.
            "p" if self.cell.as_ref().is_some_and(|(text, _)| !text.is_empty()) => self.say("\n"),
            "s" | "tab" => self.say(" "),
            "line-break" => self.say("\n"),
            _ => {}
        }
        Ok(())
    }

    /// Says whether what is wanted has been read.
    fn close(&mut self, name: &str) -> bool {
        match name {
            "annotation" => self.remark = self.remark.saturating_sub(1),
            "table-cell" | "covered-table-cell" => {
                let Some((text, count)) = self.cell.take() else { return false };
                // "2026-03-22" or "2026-03-22T00:00:00".
                let date =
                    self.value.take().map(|value| value.split('T').next().unwrap_or_default().to_owned());
                let text = date.unwrap_or_else(|| text.trim().to_owned());
                let room = CELLS_MAX.saturating_sub(self.row.cells.len());
                self.row.cells.extend(std::iter::repeat_n(text, count.min(room)));
            }
            "table-row" => {
                let line = self.row.line;
                let row = std::mem::take(&mut self.row);
                self.row.line = line.saturating_add(self.row_repeated);
                if !row.is_blank() {
                    let room = (self.most + 2).saturating_sub(self.rows.len()) as u64;
                    let count = self.row_repeated.min(room);
                    let same = (line..line.saturating_add(count)).map(|line| Row { line, ..row.clone() });
                    self.rows.extend(same);
                }
                // The titles, and one more than may be, which says that it is too long.
                return self.rows.len() > self.most + 1;
            }
            "table" => {
                self.row.line = 1;
                return !self.rows.is_empty();
            }
            _ => {}
        }
        false
    }

    fn say(&mut self, said: &str) {
        if let Some((text, _)) = &mut self.cell
            && self.remark == 0
            && text.len() < CELL_MAX
        {
            text.push_str(said);
        }
    }
}

fn repeated(tag: &BytesStart<'_>, name: &str) -> Result<u64, Unreadable> {
    match attribute(tag, name)? {
        Some(count) => count.parse().map_err(|_| Unreadable::Damaged),
        None => Ok(1),
    }
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Result<Option<String>, Unreadable> {
    let attribute = tag.try_get_attribute(name).map_err(|_| Unreadable::Damaged)?;
    let value = attribute.map(|attribute| attribute.normalized_value(XmlVersion::Implicit1_0));
    Ok(value.transpose().map_err(|_| Unreadable::Damaged)?.map(std::borrow::Cow::into_owned))
}

/// What stands for "&eacute;"-like signs in XML: the five that it knows, and numbers.
fn letter(reference: &quick_xml::events::BytesRef<'_>) -> String {
    if let Ok(Some(letter)) = reference.resolve_char_ref() {
        return letter.to_string();
    }
    let name = reference.xml10_content();
    quick_xml::escape::resolve_predefined_entity(&name).unwrap_or_default().to_owned()
}
