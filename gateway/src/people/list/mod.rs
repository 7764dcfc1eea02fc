//! Everybody at once, from a list, as after an election: read, compared with the directory, shown, and only then
//! applied.
//!
//! What a list says is kept until all of it is applied: a line that is wrong is explained, put right, and takes its
//! place in the list again.

mod apply;
mod columns;
mod entry;
mod kept;
mod plan;
#[cfg(test)]
mod tests;

pub(super) use apply::{Applied, Current, apply, current, stamp};
pub(super) use columns::{CORRECTED, Column, corrections};
pub use columns::{Line, Listing, Unfit, read};
use entry::{Entry, Mistake, entries};
pub use kept::TABLES;
pub(super) use kept::{Kept, ListId, answer, correct, forget, forget_person, keep, kept, lists};
pub(super) use plan::{Answer, Candidate, Scope};
use plan::{Differences, plan};
