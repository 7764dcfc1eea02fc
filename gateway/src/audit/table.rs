//! Who did what as a table that a French spreadsheet opens: semicolons, a byte order mark, and no cell that it would
//! take for a formula.

use std::ops::Bound;

use csv::{QuoteStyle, Terminator, WriterBuilder};
use jiff::tz::TimeZone;

use super::Error;
use super::store::{CHAIN, ENTRIES};
use crate::store::Read;
use crate::web::t;

const BYTE_ORDER_MARK: &str = "\u{feff}";
/// Entries looked at at once.
const PAGE: usize = 500;

/// Every entry, the first one first, with its fingerprint; times as on the clocks of `zone`.
///
/// # Errors
/// Those of the store, and an entry whose time does not exist.
pub async fn table(tx: &impl Read, zone: &TimeZone) -> Result<Vec<u8>, Error> {
    let mut out = WriterBuilder::new()
        .delimiter(b';')
        .quote_style(QuoteStyle::Necessary)
        .terminator(Terminator::CRLF)
        .from_writer(BYTE_ORDER_MARK.as_bytes().to_vec());
    write(&mut out, columns());
    let mut start = Bound::Unbounded;
    loop {
        let page = tx.page(&ENTRIES, (start, Bound::Unbounded), PAGE).await?;
        for (number, record) in page.rows {
            let fingerprint = tx.get(&CHAIN, &number).await?.map(|it| it.to_string());
            let entry = record.entry(number)?;
            let at = entry.at.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string();
            let about = entry.about;
            write(
                &mut out,
                [
                    number.to_string(),
                    at,
                    entry.who,
                    t(entry.act.message()),
                    about.commune.unwrap_or_default(),
                    about.machine.unwrap_or_default(),
                    about.detail.unwrap_or_default(),
                    fingerprint.unwrap_or_default(),
                ],
            );
        }
        let Some(next) = page.next else { break };
        start = Bound::Included(next);
    }
    Ok(out.into_inner().expect("memory takes it"))
}

fn columns() -> [String; 8] {
    [
        t("audit-column-number"),
        t("audit-column-when"),
        t("audit-column-who"),
        t("audit-column-what"),
        t("audit-column-commune"),
        t("audit-column-machine"),
        t("audit-column-detail"),
        t("audit-column-fingerprint"),
    ]
}

fn write(out: &mut csv::Writer<Vec<u8>>, cells: [String; 8]) {
    out.write_record(cells.map(harmless)).expect("memory takes it, and every line has as many cells");
}

/// What a spreadsheet would take for a formula is a text with an apostrophe before it (OWASP, CSV injection).
fn harmless(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        let check = |cell: &str, expected: &str| assert_eq!(harmless(cell.to_owned()), expected, "{cell:?}");
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
