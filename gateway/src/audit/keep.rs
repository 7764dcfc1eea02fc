//! What happens every day: what is older than twelve months goes, the chain is verified, and its last fingerprint is
//! written to the journal, where whoever changes the database does not reach it.

use std::convert::Infallible;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::{Error, Report, forget, verify};
use crate::store::{ReadTx, Store, WriteTx};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long entries are kept.
const KEPT_MONTHS: i64 = 12;

/// Once at the start and once a day, for ever.
///
/// # Errors
/// Those of the store.
pub async fn keep(store: Store, now: fn() -> Timestamp) -> Result<Infallible, Error> {
    loop {
        day(&store, now()).await?;
        tokio::time::sleep(DAY).await;
    }
}

async fn day(store: &Store, now: Timestamp) -> Result<(), Error> {
    let oldest = oldest(now);
    let forgotten = store.write(async move |tx: &mut WriteTx| forget(tx, oldest, now).await).await?;
    if forgotten > 0 {
        log::info!("who did what: {forgotten} entries of more than {KEPT_MONTHS} months are gone");
    }
    let report = store.read(async |tx: &ReadTx| verify(tx, None).await).await?;
    tell(&report);
    Ok(())
}

fn tell(report: &Report) {
    if let Some((number, fingerprint)) = report.last {
        log::info!("who did what: the last entry is number {number}, its fingerprint {fingerprint}");
    }
    for fault in &report.faults {
        log::error!("who did what: somebody has changed what was written: {fault:?}");
    }
}

/// What was done before is not kept.
fn oldest(now: Timestamp) -> Timestamp {
    let now = now.to_zoned_datetime(TimeZone::UTC);
    now.checked_sub(KEPT_MONTHS.months()).map_or(Timestamp::MIN, |oldest| oldest.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_kept_for_twelve_months() {
        let check = |now: &str, expected: &str| {
            let time = |text: &str| text.parse::<Timestamp>().expect("a timestamp");
            assert_eq!(oldest(time(now)), time(expected));
        };
        check("2026-11-24T08:00:00Z", "2025-11-24T08:00:00Z");
        check("2028-02-29T08:00:00Z", "2027-02-28T08:00:00Z");
    }
}
