//! Tables as features name them, and values as they lie in a row: one byte of version, then postcard.

use std::marker::PhantomData;
use std::ops::{Bound, RangeBounds};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Error, Key};

/// A value of a table. The version is written before each value and belongs to the layout of the type: a
/// release that changes the layout raises it and brings a migration.
pub trait Record: Serialize + DeserializeOwned {
    const VERSION: u8;
}

/// A table by its name, `module.noun`. Only the module that owns the rows has the constant.
pub struct Table<K, V> {
    name: &'static str,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K, V> Table<K, V> {
    pub const fn new(name: &'static str) -> Self {
        Table { name, types: PhantomData }
    }

    pub const fn name(&self) -> &'static str {
        self.name
    }
}

impl<K: Key, V: Record> Table<K, V> {
    /// A row's value as it is stored.
    pub(super) fn encode(&self, value: &V) -> Result<Vec<u8>, Error> {
        postcard::to_extend(value, vec![V::VERSION])
            .map_err(|source| Error::Encode { table: self.name, source })
    }

    pub(super) fn decode(&self, bytes: &[u8]) -> Result<V, Error> {
        let (&found, body) = bytes.split_first().ok_or(Error::Empty { table: self.name })?;
        if found != V::VERSION {
            return Err(Error::Version { table: self.name, found, known: V::VERSION });
        }
        postcard::from_bytes(body).map_err(|source| Error::Decode { table: self.name, source })
    }

    pub(super) fn key(&self, bytes: &[u8]) -> Result<K, Error> {
        K::parse(bytes).ok_or(Error::Key { table: self.name })
    }
}

/// A table whose types are put aside, so that tables can be listed and each of their rows be tried.
pub trait AnyTable: Sync {
    fn name(&self) -> &'static str;

    /// Reads a row as its owner would.
    fn try_row(&self, key: &[u8], value: &[u8]) -> Result<(), Error>;
}

impl<K: Key, V: Record> AnyTable for Table<K, V> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn try_row(&self, key: &[u8], value: &[u8]) -> Result<(), Error> {
        self.key(key)?;
        self.decode(value)?;
        Ok(())
    }
}

/// Both ends of a range of rows.
pub struct Bounds {
    pub(super) start: Bound<Vec<u8>>,
    pub(super) end: Bound<Vec<u8>>,
}

impl Bounds {
    pub(super) fn of<K: Key>(range: &impl RangeBounds<K>) -> Bounds {
        Bounds { start: range.start_bound().map(K::to_bytes), end: range.end_bound().map(K::to_bytes) }
    }

    /// Nothing can lie between them. Asked first, because `BTreeMap` panics on such a range.
    pub(super) fn is_empty(&self) -> bool {
        match (&self.start, &self.end) {
            (Bound::Unbounded, _) | (_, Bound::Unbounded) => false,
            (Bound::Included(start), Bound::Included(end)) => start > end,
            (
                Bound::Included(start) | Bound::Excluded(start),
                Bound::Included(end) | Bound::Excluded(end),
            ) => start >= end,
        }
    }

    pub(super) fn as_slices(&self) -> (Bound<&[u8]>, Bound<&[u8]>) {
        (self.start.as_ref().map(Vec::as_slice), self.end.as_ref().map(Vec::as_slice))
    }
}
