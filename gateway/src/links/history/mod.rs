//! How each commune's link did: by the hour for 90 days, by the day for 24 months.
//!
//! What is kept is the commune's, not a machine's: a machine that is revoked or replaced does not end it, and a
//! commune is online while one of its machines is. Time in which nobody looked, because the gateway was off, is
//! neither online nor down. Durations are counted on the monotonic clock; the wall clock only says in which hour
//! they are written, and an hour never holds more than an hour.

mod bars;
mod calendar;
mod ledger;
mod months;
mod ninety_days;
mod recorder;
mod store;
mod tally;
#[cfg(test)]
mod tests;

pub(super) use months::page;
pub(super) use ninety_days::NinetyDays;
pub use recorder::Recorder;
pub(super) use store::{DAYS, HOURS};
