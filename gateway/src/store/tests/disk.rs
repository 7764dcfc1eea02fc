//! A disk in memory that forgets, at a power cut, some of what was not flushed.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use redb::StorageBackend;

use super::super::{
    OpenError, Store, migrations,
    open::{builder, opened},
};

/// What a disk writes whole or not at all, in bytes.
const SECTOR: usize = 512;

/// Clones are the same disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// What is sure to be there after a power cut.
    flushed: Vec<u8>,
    /// What the running system sees.
    seen: Vec<u8>,
    since: Vec<Unflushed>,
    flushes: usize,
    /// Operations that still succeed.
    left: Option<usize>,
}

#[derive(Debug)]
enum Unflushed {
    Write(usize, Vec<u8>),
    Length(usize),
}

impl Disk {
    pub(super) fn flushes(&self) -> usize {
        self.state().flushes
    }

    /// The power goes after so many more writes and flushes; from then on every operation fails.
    pub(super) fn cut_power_after(&self, operations: usize) {
        self.state().left = Some(operations);
    }

    pub(super) fn is_dark(&self) -> bool {
        self.state().left == Some(0)
    }

    /// The power is back. Of what was not flushed each sector is there or not, as `chance` has it, whatever
    /// the order in which they were written.
    pub(super) fn restart(&self, chance: &mut Chance) -> Disk {
        let mut state = self.state();
        let State { flushed, since, .. } = &mut *state;
        for unflushed in since.drain(..) {
            match unflushed {
                Unflushed::Length(length) if chance.of(2) == 0 => flushed.resize(length, 0),
                Unflushed::Length(_) => {}
                Unflushed::Write(offset, bytes) => keep_some(flushed, offset, &bytes, chance),
            }
        }
        let flushed = std::mem::take(flushed);
        let state = State { seen: flushed.clone(), flushed, ..State::default() };
        Disk { state: Arc::new(Mutex::new(state)) }
    }

    /// Opens the store that is on the disk, or makes one.
    pub(crate) fn open(&self) -> Result<Store, OpenError> {
        let path = Path::new("disk");
        let database = opened(path, builder().create_with_backend(self.clone()))?;
        if migrations::layout(&database).expect("the layout can be read").is_none() {
            migrations::initialise(&database, migrations::STEPS)?;
        }
        Store::start(database, path)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panics while it holds the disk")
    }
}

/// A third of the writes is there, a third is not, a third is torn.
fn keep_some(disk: &mut Vec<u8>, offset: usize, bytes: &[u8], chance: &mut Chance) {
    let fate = chance.of(3);
    for (number, sector) in bytes.chunks(SECTOR).enumerate() {
        if fate == 0 || (fate == 1 && chance.of(2) == 0) {
            put(disk, offset + number * SECTOR, sector);
        }
    }
}

fn put(disk: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset + bytes.len();
    if disk.len() < end {
        disk.resize(end, 0);
    }
    disk[offset..end].copy_from_slice(bytes);
}

impl State {
    fn spend(&mut self) -> io::Result<()> {
        match &mut self.left {
            Some(0) => Err(io::Error::other("the power is cut")),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> Result<u64, io::Error> {
        Ok(self.state().seen.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), io::Error> {
        let offset = usize::try_from(offset).map_err(io::Error::other)?;
        let state = self.state();
        let bytes = state.seen.get(offset..offset + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(bytes);
        Ok(())
    }

    fn set_len(&self, length: u64) -> Result<(), io::Error> {
        let length = usize::try_from(length).map_err(io::Error::other)?;
        let mut state = self.state();
        state.spend()?;
        state.seen.resize(length, 0);
        state.since.push(Unflushed::Length(length));
        Ok(())
    }

    fn sync_data(&self) -> Result<(), io::Error> {
        let mut state = self.state();
        state.spend()?;
        state.flushes += 1;
        state.flushed = state.seen.clone();
        state.since.clear();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), io::Error> {
        let offset = usize::try_from(offset).map_err(io::Error::other)?;
        let mut state = self.state();
        state.spend()?;
        put(&mut state.seen, offset, data);
        state.since.push(Unflushed::Write(offset, data.to_vec()));
        Ok(())
    }

    fn close(&self) -> Result<(), io::Error> {
        Ok(())
    }
}

/// xorshift64: the same seed gives the same power cut again.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Chance {
        Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// One of `0..bound`.
    pub(crate) fn of(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % bound
    }
}
