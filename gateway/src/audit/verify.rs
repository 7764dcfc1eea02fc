//! Whether the chain holds from its first entry to its last, and where it does not.
//!
//! Whoever can write the database can write a whole new chain. What they cannot change is a fingerprint that was
//! noted elsewhere: it is in the journal every day, on the page, and in every table that was saved.

use std::ops::Bound;

use serde::{Deserialize, Serialize};

use super::Error;
use super::chain::{Fingerprint, Noted};
use super::store::{ANCHOR, CHAIN, ENTRIES, HEAD, Link};
use crate::store::Read;
use crate::web::t_with;

/// Entries looked at at once.
const PAGE: usize = 500;
/// Faults that are told apart; beyond, they are counted.
const TOLD: usize = 20;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub entries: u32,
    /// The first entry that is kept.
    pub first: Option<u32>,
    /// The last one, and its fingerprint: what to note elsewhere.
    pub last: Option<(u32, Fingerprint)>,
    /// Where the chain is broken, the first ones.
    pub faults: Vec<Fault>,
    pub fault_count: u32,
    /// The number of the entry whose fingerprint was noted.
    pub noted: Option<u32>,
}

/// A place where the chain is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fault {
    /// From the first of these numbers to the last, there is nothing.
    Missing(u32, u32),
    /// The entry is not the one that was written, or those before it are not.
    Altered(u32),
}

/// Looks at every entry, and for a fingerprint that somebody noted.
///
/// # Errors
/// Those of the store. A broken chain is none.
pub async fn verify(tx: &impl Read, noted: Option<&Noted>) -> Result<Report, Error> {
    let anchor = tx.get(&ANCHOR, &()).await?.unwrap_or(Link::BEGINNING);
    let mut report = Report::default();
    let mut before = Some(anchor.fingerprint);
    let mut last = anchor.number;
    let mut start = Bound::Unbounded;
    report.look(anchor.number, anchor.fingerprint, noted);
    loop {
        let page = tx.page(&ENTRIES, (start, Bound::Unbounded), PAGE).await?;
        for (number, entry) in page.rows {
            if number > last + 1 {
                report.fault(Fault::Missing(last + 1, number - 1));
                before = tx.get(&CHAIN, &(number - 1)).await?;
            }
            let kept = tx.get(&CHAIN, &number).await?;
            let expected = before.map(|before| Fingerprint::of(before, number, &entry));
            if kept.is_none() || expected.is_some() && kept != expected {
                report.fault(Fault::Altered(number));
            }
            report.entries += 1;
            report.first.get_or_insert(number);
            if let Some(kept) = kept {
                report.look(number, kept, noted);
            }
            (last, before) = (number, kept);
        }
        let Some(next) = page.next else { break };
        start = Bound::Included(next);
    }
    let head = tx.get(&HEAD, &()).await?.unwrap_or(Link::BEGINNING);
    if head.number > last {
        report.fault(Fault::Missing(last + 1, head.number));
    } else if head.number < last || before != Some(head.fingerprint) {
        report.fault(Fault::Altered(last));
    }
    if head.number > 0 {
        report.last = Some((head.number, head.fingerprint));
    }
    Ok(report)
}

impl Fault {
    /// In words.
    pub fn explain(&self) -> String {
        match self {
            Fault::Missing(from, to) => {
                let count = to - from + 1;
                t_with("audit-fault-missing", &[("count", &count), ("from", from), ("to", to)])
            }
            Fault::Altered(number) => t_with("audit-fault-altered", &[("number", number)]),
        }
    }
}

impl Report {
    fn fault(&mut self, fault: Fault) {
        self.fault_count += 1;
        if self.faults.len() < TOLD {
            self.faults.push(fault);
        }
    }

    fn look(&mut self, number: u32, fingerprint: Fingerprint, noted: Option<&Noted>) {
        if number > 0 && noted.is_some_and(|noted| noted.is(fingerprint)) {
            self.noted = Some(number);
        }
    }
}
