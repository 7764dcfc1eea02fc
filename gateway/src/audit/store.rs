//! The table of entries: appended to, read backwards, forgotten from its beginning.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{About, Act, DETAIL_MAX, Entry, Fingerprint};
use crate::store::{self, AnyTable, Read, Record, Table, Write};

pub(super) const ENTRIES: Table<u32, EntryRecord> = Table::new("audit.entries");
/// The fingerprint of each entry.
pub(super) const CHAIN: Table<u32, Fingerprint> = Table::new("audit.chain");
/// One row: the last entry.
pub(super) const HEAD: Table<(), Link> = Table::new("audit.head");
/// One row: the last entry that was forgotten, from which the chain goes on.
pub(super) const ANCHOR: Table<(), Link> = Table::new("audit.anchor");
/// Entries about one machine, by its number.
const BY_MACHINE: Table<(u32, u32), Mark> = Table::new("audit.by_machine");

/// For the check of a database, which reads every row as its owner would.
pub const TABLES: &[&dyn AnyTable] = &[&ENTRIES, &CHAIN, &HEAD, &ANCHOR, &BY_MACHINE];

/// Entries forgotten at once: what one transaction holds, and what one day with a wrong clock can cost.
const FORGOTTEN_AT_ONCE: usize = 1000;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("entry {0} has a time that does not exist")]
    Damaged(u32),
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Entries, latest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub entries: Vec<Entry>,
    /// What to give as `before` for the entries before these.
    pub before: Option<u32>,
}

/// Appends an entry to what the transaction does.
pub async fn record(tx: &mut impl Write, entry: Entry) -> Result<(), Error> {
    let id = tx.next_id(&ENTRIES).await?;
    if let Some(number) = entry.about.machine_number {
        tx.put(&BY_MACHINE, &(number, id), &Mark).await?;
    }
    let record = EntryRecord::from(entry);
    let head = tx.get(&HEAD, &()).await?.unwrap_or(Link::BEGINNING);
    let fingerprint = Fingerprint::of(head.fingerprint, id, &record);
    tx.put(&CHAIN, &id, &fingerprint).await?;
    tx.put(&HEAD, &(), &Link { number: id, fingerprint }).await?;
    Ok(tx.put(&ENTRIES, &id, &record).await?)
}

/// The number of the last entry, and its fingerprint.
pub async fn last(tx: &impl Read) -> Result<Option<(u32, Fingerprint)>, Error> {
    Ok(tx.get(&HEAD, &()).await?.map(|head| (head.number, head.fingerprint)))
}

/// Forgets the entries at the beginning that are older than that; the chain goes on from the last of them. One of the
/// future was written while the clock was ahead, and is as old as the next that is not. Tells how many they were.
pub async fn forget(tx: &mut impl Write, oldest: Timestamp, now: Timestamp) -> Result<usize, Error> {
    let rows = tx.page(&ENTRIES, .., FORGOTTEN_AT_ONCE).await?.rows;
    let dated = rows.iter().enumerate().filter(|(_, (_, record))| record.at <= now.as_millisecond());
    let old = dated.take_while(|(_, (_, record))| record.at < oldest.as_millisecond());
    let due = old.last().map_or(0, |(place, _)| place + 1);
    for (id, record) in rows.into_iter().take(due) {
        if let Some(number) = record.machine_number {
            tx.remove(&BY_MACHINE, &(number, id)).await?;
        }
        if let Some(fingerprint) = tx.get(&CHAIN, &id).await? {
            tx.put(&ANCHOR, &(), &Link { number: id, fingerprint }).await?;
        }
        tx.remove(&CHAIN, &id).await?;
        tx.remove(&ENTRIES, &id).await?;
    }
    Ok(due)
}

/// At most `limit` entries, latest first; those before the one numbered `before` if it is given.
pub async fn page(tx: &impl Read, before: Option<u32>, limit: usize) -> Result<Page, Error> {
    let page = tx.page_back(&ENTRIES, ..before.unwrap_or(u32::MAX), limit).await?;
    let entries = page.rows.into_iter().map(|(id, record)| record.entry(id)).collect::<Result<_, _>>()?;
    Ok(Page { entries, before: page.next.map(|next| next + 1) })
}

/// The latest entries about one machine, latest first.
pub async fn about_machine(tx: &impl Read, number: u32, limit: usize) -> Result<Vec<Entry>, Error> {
    let marks = tx.page_back(&BY_MACHINE, (number, 0)..=(number, u32::MAX), limit).await?;
    let mut entries = Vec::new();
    for ((_, id), Mark) in marks.rows {
        if let Some(record) = tx.get(&ENTRIES, &id).await? {
            entries.push(record.entry(id)?);
        }
    }
    Ok(entries)
}

#[derive(Serialize, Deserialize)]
struct Mark;

/// An entry, by its number and its fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Link {
    pub(super) number: u32,
    pub(super) fingerprint: Fingerprint,
}

impl Link {
    /// Before the first entry.
    pub(super) const BEGINNING: Link = Link { number: 0, fingerprint: Fingerprint::BEGINNING };
}

#[derive(Serialize, Deserialize)]
pub(super) struct EntryRecord {
    /// In milliseconds since 1970.
    pub(super) at: i64,
    pub(super) who: String,
    pub(super) act: Act,
    pub(super) commune: Option<String>,
    pub(super) machine: Option<String>,
    pub(super) machine_number: Option<u32>,
    pub(super) detail: Option<String>,
}

impl Record for Mark {
    const VERSION: u8 = 1;
}

impl Record for EntryRecord {
    const VERSION: u8 = 1;
}

impl Record for Fingerprint {
    const VERSION: u8 = 1;
}

impl Record for Link {
    const VERSION: u8 = 1;
}

impl EntryRecord {
    pub(super) fn entry(self, id: u32) -> Result<Entry, Error> {
        Ok(Entry {
            at: Timestamp::from_millisecond(self.at).map_err(|_| Error::Damaged(id))?,
            who: self.who,
            act: self.act,
            about: About {
                commune: self.commune,
                machine: self.machine,
                machine_number: self.machine_number,
                detail: self.detail,
            },
        })
    }
}

impl From<Entry> for EntryRecord {
    fn from(Entry { at, who, act, about }: Entry) -> Self {
        Self {
            at: at.as_millisecond(),
            who: cut(who),
            act,
            commune: about.commune.map(cut),
            machine: about.machine.map(cut),
            machine_number: about.machine_number,
            detail: about.detail.map(cut),
        }
    }
}

fn cut(text: String) -> String {
    match text.char_indices().nth(DETAIL_MAX) {
        Some((end, _)) => text[..end].to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    fn entry(second: i64, act: Act, machine_number: Option<u32>) -> Entry {
        Entry {
            at: Timestamp::from_second(second).expect("within range"),
            who: "Le référent".to_owned(),
            act,
            about: About { machine_number, ..About::default() },
        }
    }

    async fn with_entries(entries: Vec<Entry>) -> (tempfile::TempDir, Store) {
        let directory = tempfile::tempdir().expect("a directory for the test");
        let store = Store::open(directory.path()).expect("an empty directory becomes a store");
        let write = async move |tx: &mut store::WriteTx| {
            for entry in entries.clone() {
                record(tx, entry).await?;
            }
            Ok::<_, Error>(())
        };
        store.write(write).await.expect("entries are small");
        (directory, store)
    }

    #[tokio::test]
    async fn pages_go_back_in_time_and_end() {
        let entries: Vec<Entry> = (1..=5).map(|second| entry(second, Act::SignedIn, None)).collect();
        let (_directory, store) = with_entries(entries).await;
        let mut seconds = Vec::new();
        let mut before = None;
        loop {
            let page = store.read(async move |tx| page(tx, before, 2).await).await.expect("a page is read");
            seconds.push(page.entries.iter().map(|entry| entry.at.as_second()).collect::<Vec<_>>());
            before = page.before;
            if before.is_none() {
                break;
            }
        }
        assert_eq!(seconds, [vec![5, 4], vec![3, 2], vec![1]]);
    }

    #[tokio::test]
    async fn the_history_of_a_machine_is_its_own() {
        let entries = vec![
            entry(1, Act::MachineEnrolled, Some(256)),
            entry(2, Act::MachineEnrolled, Some(257)),
            entry(3, Act::MachineRenamed, Some(256)),
        ];
        let (_directory, store) = with_entries(entries.clone()).await;
        let history = store.read(async |tx| about_machine(tx, 256, 10).await).await.expect("it is read");
        assert_eq!(history, [entries[2].clone(), entries[0].clone()]);
    }

    #[test]
    fn what_is_too_long_is_cut_between_two_characters() {
        let check = |text: String, expected: String| assert_eq!(cut(text), expected);
        check("é".repeat(DETAIL_MAX), "é".repeat(DETAIL_MAX));
        check("é".repeat(DETAIL_MAX + 1), "é".repeat(DETAIL_MAX));
    }
}
