//! Opening a database without changing its file, to look at it or to copy it.
//!
//! redb repairs what it opens after a kill, and repairs more when it is asked for a check. Here all that it
//! writes stays in memory: a damaged file is left exactly as it was found.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io;
use std::ops::Bound;
use std::path::Path;
use std::sync::{Mutex, MutexGuard};

use redb::backends::FileBackend;
use redb::{BackendError, StorageBackend};

use super::OpenError;
use super::open::{Opened, builder, database_path, guard, opened};

/// How closely to look at the file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Compares every page with its checksum; the time grows with the file.
    AtEveryPage,
    /// At every page of a file that is read in a moment, and at the start of a longer one.
    Quickly,
}

/// 100,000 small rows, or 50 ms.
const MOMENT: u64 = 64 * 1024 * 1024;

/// Opens the database of a state directory that no process has open.
pub(super) fn open(directory: &Path, look: Look) -> Result<Opened, OpenError> {
    let path = database_path(directory);
    let unreadable = |source| OpenError::Unreadable { path: path.clone(), source };
    // Opened for writing because the lock asks for it.
    let file = match OpenOptions::new().read(true).write(true).open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(OpenError::Absent { path }),
        file => file.map_err(unreadable)?,
    };
    let length = file.metadata().map_err(unreadable)?.len();
    if length == 0 {
        // redb would make a new database of it.
        return Err(OpenError::Damaged { path, reason: "the file is empty".to_owned() });
    }
    guard(&path, || {
        let aside = Mutex::new(Aside { length, kept: length, blocks: BTreeMap::new() });
        let file = FileBackend::new(file)
            .map_err(|error| OpenError::Damaged { path: path.clone(), reason: error.to_string() })?;
        let every_page = look == Look::AtEveryPage || length <= MOMENT;
        let mut builder = builder();
        builder.set_check_integrity_on_open(every_page);
        opened(&path, builder.create_with_backend(Untouched { file, aside }))
    })
}

/// A part of the file that is copied as soon as a byte of it is written. The page size of redb, so that most
/// reads are of one block.
const BLOCK: usize = 4096;

#[derive(Debug)]
struct Untouched {
    file: FileBackend,
    aside: Mutex<Aside>,
}

/// What differs from the file.
#[derive(Debug)]
struct Aside {
    length: u64,
    /// Bytes of the file that were never cut off; what lies behind them is zero.
    kept: u64,
    blocks: BTreeMap<u64, [u8; BLOCK]>,
}

impl Untouched {
    fn aside(&self) -> MutexGuard<'_, Aside> {
        self.aside.lock().expect("nothing panics while it holds the blocks")
    }

    fn block(&self, aside: &Aside, number: u64) -> Result<[u8; BLOCK], io::Error> {
        if let Some(block) = aside.blocks.get(&number) {
            return Ok(*block);
        }
        let mut block = [0; BLOCK];
        let start = number * BLOCK as u64;
        let there = aside.kept.saturating_sub(start).min(BLOCK as u64) as usize;
        self.file.read(start, &mut block[..there])?;
        Ok(block)
    }
}

/// The blocks of a range: the number of each, where in it the range begins, and how many bytes of it.
fn blocks(offset: u64, length: usize) -> impl Iterator<Item = (u64, usize, usize)> {
    let (mut at, end) = (offset, offset + length as u64);
    std::iter::from_fn(move || {
        let (number, start) = (at / BLOCK as u64, (at % BLOCK as u64) as usize);
        let here = (end - at).min((BLOCK - start) as u64) as usize;
        at += here as u64;
        (here > 0).then_some((number, start, here))
    })
}

impl StorageBackend for Untouched {
    fn len(&self) -> Result<u64, io::Error> {
        Ok(self.aside().length)
    }

    fn read(&self, offset: u64, mut out: &mut [u8]) -> Result<(), io::Error> {
        let aside = self.aside();
        if offset + out.len() as u64 > aside.length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        for (number, start, here) in blocks(offset, out.len()) {
            let (part, rest) = out.split_at_mut(here);
            part.copy_from_slice(&self.block(&aside, number)?[start..start + here]);
            out = rest;
        }
        Ok(())
    }

    fn set_len(&self, length: u64) -> Result<(), io::Error> {
        let mut aside = self.aside();
        aside.length = length;
        aside.kept = aside.kept.min(length);
        aside.blocks.split_off(&length.div_ceil(BLOCK as u64));
        if let Some(last) = aside.blocks.get_mut(&(length / BLOCK as u64)) {
            last[(length % BLOCK as u64) as usize..].fill(0);
        }
        Ok(())
    }

    fn sync_data(&self) -> Result<(), io::Error> {
        Ok(())
    }

    fn write(&self, offset: u64, mut data: &[u8]) -> Result<(), io::Error> {
        let mut aside = self.aside();
        for (number, start, here) in blocks(offset, data.len()) {
            let (part, rest) = data.split_at(here);
            let mut block = self.block(&aside, number)?;
            block[start..start + here].copy_from_slice(part);
            aside.blocks.insert(number, block);
            data = rest;
        }
        Ok(())
    }

    fn close(&self) -> Result<(), io::Error> {
        self.file.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.query_lock_range(start, end)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// A file of the bytes 0, 1, 2, ... 255, 0, 1, ...
    fn backend(length: usize) -> Untouched {
        let mut file = tempfile::tempfile().expect("a file for the test");
        file.write_all(&(0..length).map(|at| at as u8).collect::<Vec<_>>()).expect("the file is written");
        let aside = Mutex::new(Aside { length: length as u64, kept: length as u64, blocks: BTreeMap::new() });
        Untouched { file: FileBackend::new(file).expect("a file can be a backend"), aside }
    }

    fn bytes(backend: &Untouched, offset: u64, length: usize) -> Vec<u8> {
        let mut out = vec![9; length];
        backend.read(offset, &mut out).expect("the range is within the file");
        out
    }

    #[test]
    fn what_is_written_is_read_and_the_file_stays() {
        let backend = backend(3 * BLOCK);
        backend.write(BLOCK as u64 - 2, &[50, 51, 52, 53]).expect("it is kept in memory");
        assert_eq!(bytes(&backend, BLOCK as u64 - 3, 6), [253, 50, 51, 52, 53, 2]);
        let mut file = vec![0; 6];
        backend.file.read(BLOCK as u64 - 3, &mut file).expect("the file is read");
        assert_eq!(file, [253, 254, 255, 0, 1, 2]);
    }

    #[test]
    fn what_is_cut_off_comes_back_as_zero() {
        let backend = backend(2 * BLOCK);
        backend.write(10, &[1, 1, 1, 1]).expect("it is kept in memory");
        for length in [12, 3 * BLOCK as u64] {
            backend.set_len(length).expect("it is kept in memory");
            assert_eq!(backend.len().expect("the length is known"), length);
        }
        assert_eq!(bytes(&backend, 9, 5), [9, 1, 1, 0, 0]);
        assert_eq!(bytes(&backend, BLOCK as u64, 3), [0, 0, 0]);
        assert!(backend.read(3 * BLOCK as u64 - 1, &mut [0; 2]).is_err());
    }
}
