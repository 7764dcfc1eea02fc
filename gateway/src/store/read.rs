//! Reading: one snapshot for the length of a closure.

use std::cell::Cell;
use std::ops::{Bound, RangeBounds};

use redb::{Database, ReadOnlyTable, ReadTransaction, ReadableDatabase, TableDefinition, TableError};

use super::{Bounds, Error, Key, Record, Table};

/// A row as it is stored: the bytes of its key and of its value.
pub type Row = (Vec<u8>, Vec<u8>);

/// Which end of a range comes first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    Ascending,
    Descending,
}

/// A part of a range of rows.
#[derive(Debug, PartialEq, Eq)]
pub struct Page<K, V> {
    pub rows: Vec<(K, V)>,
    /// The first key that is not on this page; the next page begins with it. `None` when this was the last.
    pub next: Option<K>,
}

/// What can be asked of a transaction. A backend gives [`row`](Read::row) and [`rows`](Read::rows), in
/// bytes; what features call is built on these two.
pub trait Read {
    fn row(&self, table: &'static str, key: &[u8]) -> impl Future<Output = Result<Option<Vec<u8>>, Error>>;

    /// At most `limit` rows from the end that `order` begins with.
    fn rows(
        &self,
        table: &'static str,
        bounds: &Bounds,
        order: Order,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Row>, Error>>;

    fn get<K: Key, V: Record>(
        &self,
        table: &Table<K, V>,
        key: &K,
    ) -> impl Future<Output = Result<Option<V>, Error>> {
        async {
            let row = self.row(table.name(), &key.to_bytes()).await?;
            row.map(|value| table.decode(&value)).transpose()
        }
    }

    /// A page in the order of the keys. The next one is the range from `next` on, `next` included.
    fn page<K: Key, V: Record>(
        &self,
        table: &Table<K, V>,
        range: impl RangeBounds<K>,
        limit: usize,
    ) -> impl Future<Output = Result<Page<K, V>, Error>> {
        async move { typed_page(self, table, &Bounds::of(&range), Order::Ascending, limit).await }
    }

    /// A page from the end of the range backwards. The next one is the range up to `next`, `next` included.
    fn page_back<K: Key, V: Record>(
        &self,
        table: &Table<K, V>,
        range: impl RangeBounds<K>,
        limit: usize,
    ) -> impl Future<Output = Result<Page<K, V>, Error>> {
        async move { typed_page(self, table, &Bounds::of(&range), Order::Descending, limit).await }
    }

    /// All rows of a table that is known to stay small.
    fn all<K: Key, V: Record>(
        &self,
        table: &Table<K, V>,
    ) -> impl Future<Output = Result<Vec<(K, V)>, Error>> {
        async {
            let mut rows = Vec::new();
            let mut bounds = Bounds::of::<K>(&..);
            loop {
                let page = typed_page(self, table, &bounds, Order::Ascending, 256).await?;
                rows.extend(page.rows);
                let Some(next) = page.next else { return Ok(rows) };
                bounds.start = Bound::Included(next.to_bytes());
            }
        }
    }
}

async fn typed_page<K: Key, V: Record>(
    tx: &(impl Read + ?Sized),
    table: &Table<K, V>,
    bounds: &Bounds,
    order: Order,
    limit: usize,
) -> Result<Page<K, V>, Error> {
    let limit = limit.max(1);
    let mut rows = tx.rows(table.name(), bounds, order, limit.saturating_add(1)).await?;
    let next = match rows.len() > limit {
        true => rows.pop().map(|(key, _)| table.key(&key)).transpose()?,
        false => None,
    };
    let rows = rows
        .into_iter()
        .map(|(key, value)| Ok((table.key(&key)?, table.decode(&value)?)))
        .collect::<Result<_, Error>>()?;
    Ok(Page { rows, next })
}

/// A snapshot of the database: what was committed when it was taken, whatever is committed meanwhile.
pub struct ReadTx {
    snapshot: ReadTransaction,
    /// Rows that may still be read; a closure that needs more never comes to its end.
    left: Cell<usize>,
}

/// A table as redb knows it.
pub(super) type Bytes<'a> = TableDefinition<'a, &'static [u8], &'static [u8]>;

type BytesTable = ReadOnlyTable<&'static [u8], &'static [u8]>;

/// A row on its way out of redb, which can fail at each.
type Stored = Result<Row, Error>;

impl ReadTx {
    pub(super) fn begin(database: &Database, rows: usize) -> Result<ReadTx, Error> {
        Ok(ReadTx { snapshot: database.begin_read().map_err(Error::database)?, left: Cell::new(rows) })
    }

    /// Whether more was asked for than may be read.
    pub(super) fn is_used_up(&self) -> bool {
        self.left.get() == 0
    }

    async fn use_up(&self, rows: usize) {
        self.left.set(self.left.get().saturating_sub(rows));
        if self.is_used_up() {
            std::future::pending::<()>().await;
        }
    }

    pub(super) fn stored(&self, table: &'static str, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let Some(table) = self.open(table)? else { return Ok(None) };
        let value = table.get(key).map_err(Error::database)?;
        Ok(value.map(|guard| guard.value().to_vec()))
    }

    /// The rows of a range, one by one, from the end that `order` begins with.
    pub(super) fn scan(
        &self,
        table: &'static str,
        bounds: &Bounds,
        order: Order,
    ) -> Result<Box<dyn Iterator<Item = Stored>>, Error> {
        let Some(table) = self.open(table)? else { return Ok(Box::new(std::iter::empty())) };
        if bounds.is_empty() {
            return Ok(Box::new(std::iter::empty()));
        }
        let range = table.range::<&[u8]>(bounds.as_slices()).map_err(Error::database)?.map(|entry| {
            let (key, value) = entry.map_err(Error::database)?;
            Ok((key.value().to_vec(), value.value().to_vec()))
        });
        Ok(match order {
            Order::Ascending => Box::new(range),
            Order::Descending => Box::new(range.rev()),
        })
    }

    /// A table that was never written to is an empty one.
    fn open(&self, table: &'static str) -> Result<Option<BytesTable>, Error> {
        match self.snapshot.open_table(Bytes::new(table)) {
            Ok(table) => Ok(Some(table)),
            Err(TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(Error::database(error)),
        }
    }
}

impl Read for ReadTx {
    async fn row(&self, table: &'static str, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.use_up(1).await;
        self.stored(table, key)
    }

    async fn rows(
        &self,
        table: &'static str,
        bounds: &Bounds,
        order: Order,
        limit: usize,
    ) -> Result<Vec<Row>, Error> {
        let may = limit.min(self.left.get());
        let rows: Vec<Row> = self.scan(table, bounds, order)?.take(may).collect::<Result<_, _>>()?;
        self.use_up(rows.len()).await;
        Ok(rows)
    }
}
