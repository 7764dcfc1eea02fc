//! Who did what as a table for a spreadsheet.

use std::ops::Bound;

use jiff::tz::TimeZone;

use super::Error;
use super::store::{CHAIN, ENTRIES};
use crate::spreadsheet::Writer;
use crate::store::Read;
use crate::web::t;

/// Entries looked at at once.
const PAGE: usize = 500;

/// Every entry, the first one first, with its fingerprint; times as on the clocks of `zone`.
///
/// # Errors
/// Those of the store, and an entry whose time does not exist.
pub async fn table(tx: &impl Read, zone: &TimeZone) -> Result<Vec<u8>, Error> {
    let mut out = Writer::default();
    out.row(columns());
    let mut start = Bound::Unbounded;
    loop {
        let page = tx.page(&ENTRIES, (start, Bound::Unbounded), PAGE).await?;
        for (number, record) in page.rows {
            let fingerprint = tx.get(&CHAIN, &number).await?.map(|it| it.to_string());
            let entry = record.entry(number)?;
            let at = entry.at.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string();
            let about = entry.about;
            out.row([
                number.to_string(),
                at,
                entry.who,
                t(entry.act.message()),
                about.commune.unwrap_or_default(),
                about.machine.unwrap_or_default(),
                about.detail.unwrap_or_default(),
                fingerprint.unwrap_or_default(),
            ]);
        }
        let Some(next) = page.next else { break };
        start = Bound::Included(next);
    }
    Ok(out.finish())
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
