//! Workbooks: a ZIP archive in which a spreadsheet keeps its sheets.

use std::io::{self, Cursor, Read};

use zip::ZipArchive;

use super::{Sheet, Unreadable, ods, xlsx};

/// Bytes of an archive when it is unpacked, all its parts together. A list of 2,000 people takes about 2 MB.
const UNPACKED_MAX: u64 = 32 * 1024 * 1024;

pub(super) type Archive<'a> = ZipArchive<Cursor<&'a [u8]>>;

pub(super) fn read(bytes: &[u8], most: usize) -> Result<Option<Sheet>, Unreadable> {
    let mut archive = Archive::new(Cursor::new(bytes)).map_err(|_| Unreadable::Damaged)?;
    measure(&mut archive)?;
    let has = |name: &str| archive.index_for_name(name).is_some();
    match (has("content.xml"), has("xl/workbook.xml")) {
        (true, _) => ods::read(&mut archive, most),
        (false, true) => xlsx::read(bytes, most),
        (false, false) => Err(Unreadable::OtherKind),
    }
}

/// Unpacks everything into nothing: what an archive says of its own size is not believed.
fn measure(archive: &mut Archive<'_>) -> Result<(), Unreadable> {
    let mut left = UNPACKED_MAX;
    for place in 0..archive.len() {
        let part = archive.by_index(place).map_err(|_| Unreadable::Damaged)?;
        let unpacked = io::copy(&mut part.take(left), &mut io::sink()).map_err(|_| Unreadable::Damaged)?;
        left -= unpacked;
        if left == 0 {
            return Err(Unreadable::Damaged);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;
    use crate::spreadsheet::read;

    fn archive(parts: &[(&str, &str)]) -> Vec<u8> {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in parts {
            archive.start_file(*name, SimpleFileOptions::default()).expect("memory takes it");
            archive.write_all(text.as_bytes()).expect("memory takes it");
        }
        archive.finish().expect("memory takes it").into_inner()
    }

    fn ods(rows: &str) -> Vec<u8> {
        let content = format!(
            "<office:document-content xmlns:office=\"o\" xmlns:table=\"t\" xmlns:text=\"x\"><office:body>\
             <office:spreadsheet><table:table table:name=\"vide\"/><table:table table:name=\"élus\">{rows}\
             </table:table></office:spreadsheet></office:body></office:document-content>"
        );
        archive(&[("mimetype", "application/vnd.oasis.opendocument.spreadsheet"), ("content.xml", &content)])
    }

    fn xlsx(rows: &str) -> Vec<u8> {
        archive(&[
            (
                "[Content_Types].xml",
                "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>",
            ),
            (
                "_rels/.rels",
                "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship \
                 Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" \
                 Target=\"xl/workbook.xml\"/></Relationships>",
            ),
            (
                "xl/workbook.xml",
                "<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"http://schemas.\
                 openxmlformats.org/officeDocument/2006/relationships\"><sheets><sheet name=\"Élus\" sheetId=\"1\" \
                 r:id=\"rId1\"/></sheets></workbook>",
            ),
            (
                "xl/_rels/workbook.xml.rels",
                "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship \
                 Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" \
                 Target=\"worksheets/sheet1.xml\"/></Relationships>",
            ),
            (
                "xl/styles.xml",
                "<styleSheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><cellXfs count=\"2\">\
                 <xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs></styleSheet>",
            ),
            (
                "xl/worksheets/sheet1.xml",
                &format!(
                    "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>{rows}\
                     </sheetData></worksheet>"
                ),
            ),
        ])
    }

    fn check(bytes: &[u8], expected: Result<&[(u64, &[&str])], Unreadable>) {
        let sheet = read(bytes, 10);
        let found = sheet.as_ref().map(|sheet| {
            let rows = std::iter::once(&sheet.titles).chain(&sheet.rows);
            rows.map(|row| (row.line, row.cells.iter().map(String::as_str).collect::<Vec<_>>()))
                .collect::<Vec<_>>()
        });
        let expected =
            expected.map(|rows| rows.iter().map(|(line, cells)| (*line, cells.to_vec())).collect::<Vec<_>>());
        assert_eq!(found.map_err(|error| *error), expected);
    }

    #[test]
    fn an_open_document_is_read() {
        let rows = "<table:table-row table:number-rows-repeated=\"2\"><table:table-cell/></table:table-row>\
             <table:table-row><table:table-cell><text:p>Nom</text:p></table:table-cell>\
             <table:table-cell><text:p>Début</text:p></table:table-cell></table:table-row>\
             <table:table-row><table:table-cell><office:annotation><text:p>à vérifier</text:p></office:annotation>\
             <text:p>Maire<text:s/>d&apos;Alvimare</text:p></table:table-cell>\
             <table:table-cell office:value-type=\"date\" office:date-value=\"2026-03-22\"><text:p>22/03/26</text:p>\
             </table:table-cell><table:table-cell table:number-columns-repeated=\"16380\"/></table:table-row>\
             <table:table-row table:number-rows-repeated=\"1048570\"><table:table-cell/></table:table-row>";
        let sheet = read(&ods(rows), 10).expect("a table");
        assert_eq!((sheet.titles.line, sheet.titles.cells), (3, vec!["Nom".to_owned(), "Début".to_owned()]));
        assert_eq!(sheet.rows.len(), 1);
        assert_eq!(sheet.rows[0].line, 4);
        assert_eq!(sheet.rows[0].cells[..2], ["Maire d'Alvimare", "2026-03-22"]);
    }

    #[test]
    fn a_workbook_of_excel_is_read() {
        let rows = "<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>Nom</t></is></c>\
             <c r=\"C1\" t=\"inlineStr\"><is><t>Début</t></is></c></row>\
             <row r=\"3\"><c r=\"A3\" t=\"inlineStr\"><is><t> Maire d’Alvimare </t></is></c><c r=\"B3\"><v>235000000</v>\
             </c><c r=\"C3\" s=\"1\"><v>46103</v></c><c r=\"XFD3\"><v>1</v></c></row>\
             <row r=\"1048576\"><c r=\"A1048576\"><v>1.5</v></c></row>";
        check(
            &xlsx(rows),
            Ok(&[
                (1, &["Nom", "", "Début"]),
                (3, &["Maire d’Alvimare", "235000000", "2026-03-22"]),
                (1_048_576, &["1.5"]),
            ]),
        );
    }

    #[test]
    fn what_is_no_table_is_said_to_be_none() {
        check(b"", Err(Unreadable::Empty));
        check(b"\n;;\n", Err(Unreadable::Empty));
        check(b"%PDF-1.7", Err(Unreadable::OtherKind));
        check(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Err(Unreadable::OtherKind));
        check(b"PK\x03\x04 and nothing more", Err(Unreadable::Damaged));
        check(&archive(&[("word/document.xml", "<w/>")]), Err(Unreadable::OtherKind));
        check(&archive(&[("content.xml", "<a><b></a>")]), Err(Unreadable::Damaged));
        check(&ods(""), Err(Unreadable::Empty));
        check(&xlsx("<row><c t=\"s\"><v>7</v></c></row>"), Err(Unreadable::Damaged));
        check("nom\n".repeat(12).as_bytes(), Err(Unreadable::TooLong(10)));
    }

    #[test]
    fn what_unpacks_to_more_than_there_is_room_for_is_refused() {
        let blank = " ".repeat(40 * 1024 * 1024);
        check(&archive(&[("content.xml", &blank)]), Err(Unreadable::Damaged));
        let row = "<table:table-row table:number-rows-repeated=\"1048576\"><table:table-cell \
             table:number-columns-repeated=\"16384\"><text:p>x</text:p></table:table-cell></table:table-row>";
        check(&ods(row), Err(Unreadable::TooLong(10)));
    }
}
