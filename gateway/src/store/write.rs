//! Writing: what a closure puts lies in an overlay over a snapshot until it is committed.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::read::{Order, Read, ReadTx, Row};
use super::{Bounds, Error, KEY_MAX, Key, Record, TRANSACTION_MAX, Table, VALUE_MAX};

/// A transaction that can be written to. A call that fails has written nothing.
pub trait Write: Read {
    /// Writes a row as bytes, or removes it.
    fn set(
        &mut self,
        table: &'static str,
        key: Vec<u8>,
        value: Option<Vec<u8>>,
    ) -> impl Future<Output = Result<(), Error>>;

    fn put<K: Key, V: Record>(
        &mut self,
        table: &Table<K, V>,
        key: &K,
        value: &V,
    ) -> impl Future<Output = Result<(), Error>> {
        async { self.set(table.name(), key.to_bytes(), Some(table.encode(value)?)).await }
    }

    /// Says whether there was such a row.
    fn remove<K: Key, V: Record>(
        &mut self,
        table: &Table<K, V>,
        key: &K,
    ) -> impl Future<Output = Result<bool, Error>> {
        async {
            let key = key.to_bytes();
            let there = self.row(table.name(), &key).await?.is_some();
            if there {
                self.set(table.name(), key, None).await?;
            }
            Ok(there)
        }
    }

    /// The next number of the table's own sequence, from 1. A number that was committed is never given
    /// again, even after its row is removed.
    fn next_id<K: Key, V: Record>(
        &mut self,
        table: &Table<K, V>,
    ) -> impl Future<Output = Result<u32, Error>> {
        async {
            let name = table.name().to_owned();
            let Sequence(last) = self.get(&SEQUENCES, &name).await?.unwrap_or_default();
            let id = last.checked_add(1).ok_or(Error::SequenceEnded { table: table.name() })?;
            self.put(&SEQUENCES, &name, &Sequence(id)).await?;
            Ok(id)
        }
    }
}

/// The last number given for each table.
pub(super) const SEQUENCES: Table<String, Sequence> = Table::new("store.sequences");

#[derive(Default, Serialize, Deserialize)]
pub(super) struct Sequence(u32);

impl Record for Sequence {
    const VERSION: u8 = 1;
}

/// What is to be written, by table and key; `None` is a row to be removed.
pub(super) type Changes = BTreeMap<&'static str, BTreeMap<Vec<u8>, Option<Vec<u8>>>>;

/// What waiting closures see and write, one after the other: the last commit, and over it what those before
/// them in the same batch have written.
pub struct WriteTx {
    snapshot: ReadTx,
    changes: Changes,
    /// What the closure that runs now has replaced in `changes`, latest last.
    replaced: Vec<Replaced>,
    /// Bytes that the closure that runs now has written.
    written: usize,
}

struct Replaced {
    table: &'static str,
    key: Vec<u8>,
    /// What `changes` said of this row; `None` when it said nothing.
    before: Option<Option<Vec<u8>>>,
}

impl WriteTx {
    pub(super) fn over(snapshot: ReadTx) -> WriteTx {
        WriteTx { snapshot, changes: Changes::new(), replaced: Vec::new(), written: 0 }
    }

    /// What the closure wrote stays.
    pub(super) fn keep(&mut self) {
        self.replaced.clear();
        self.written = 0;
    }

    /// All is as it was before the closure.
    pub(super) fn undo(&mut self) {
        while let Some(Replaced { table, key, before }) = self.replaced.pop() {
            let rows = self.changes.entry(table).or_default();
            match before {
                Some(change) => rows.insert(key, change),
                None => rows.remove(&key),
            };
        }
        self.written = 0;
    }

    pub(super) fn into_changes(mut self) -> Changes {
        self.changes.retain(|_, rows| !rows.is_empty());
        self.changes
    }
}

impl Read for WriteTx {
    async fn row(&self, table: &'static str, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        match self.changes.get(table).and_then(|rows| rows.get(key)) {
            Some(change) => Ok(change.clone()),
            None => self.snapshot.stored(table, key),
        }
    }

    async fn rows(
        &self,
        table: &'static str,
        bounds: &Bounds,
        order: Order,
        limit: usize,
    ) -> Result<Vec<Row>, Error> {
        if bounds.is_empty() {
            return Ok(Vec::new());
        }
        let stored = self.snapshot.scan(table, bounds, order)?;
        let Some(changes) = self.changes.get(table) else { return stored.take(limit).collect() };
        let changed = changes.range::<[u8], _>(bounds.as_slices());
        match order {
            Order::Ascending => merge(stored, changed, order, limit),
            Order::Descending => merge(stored, changed.rev(), order, limit),
        }
    }
}

/// Lays changed rows over stored ones. Both come in `order`.
fn merge<'a>(
    stored: impl Iterator<Item = Result<Row, Error>>,
    changed: impl Iterator<Item = (&'a Vec<u8>, &'a Option<Vec<u8>>)>,
    order: Order,
    limit: usize,
) -> Result<Vec<Row>, Error> {
    let mut stored = stored.peekable();
    let mut changed = changed.peekable();
    let mut rows = Vec::new();
    while rows.len() < limit {
        let first = match (stored.peek(), changed.peek()) {
            (None, None) => break,
            (Some(_), None) | (Some(Err(_)), _) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(Ok((stored, _))), Some((changed, _))) => match order {
                Order::Ascending => stored.cmp(changed),
                Order::Descending => stored.cmp(changed).reverse(),
            },
        };
        if first == Ordering::Less {
            rows.extend(stored.next().transpose()?);
            continue;
        }
        if first == Ordering::Equal {
            stored.next();
        }
        if let Some((key, Some(value))) = changed.next() {
            rows.push((key.clone(), value.clone()));
        }
    }
    Ok(rows)
}

impl Write for WriteTx {
    async fn set(&mut self, table: &'static str, key: Vec<u8>, value: Option<Vec<u8>>) -> Result<(), Error> {
        let length = value.as_ref().map_or(0, Vec::len);
        if key.len() > KEY_MAX {
            return Err(Error::KeyTooLong { table, length: key.len() });
        }
        if length > VALUE_MAX {
            return Err(Error::ValueTooLong { table, length });
        }
        let written = self.written + key.len() + length;
        if written > TRANSACTION_MAX {
            return Err(Error::TransactionTooLong);
        }
        self.written = written;
        let before = self.changes.entry(table).or_default().insert(key.clone(), value);
        self.replaced.push(Replaced { table, key, before });
        Ok(())
    }
}
