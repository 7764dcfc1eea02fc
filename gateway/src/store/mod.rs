//! The one place where state lives: a database and, beside it, blobs.
//!
//! A closure given to [`Store::read`] sees one snapshot. A closure given to [`Store::write`] sees what is
//! committed and what it wrote itself; when the call returns `Ok`, all of it is on the disk, and when the
//! closure refuses, none of it is. Keys and values are bytes with a version, so that a file of today can be
//! read by every later release.
//!
//! The store does not know what the rows mean; every table belongs to the module that names it. That the
//! database is redb shows in no signature here.

pub mod backup;
mod blobs;
mod check;
mod error;
mod figures;
mod key;
mod migrations;
mod open;
mod read;
mod table;
mod untouched;
mod write;
mod writer;

#[cfg(test)]
pub(crate) mod tests;

use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread::{self, JoinHandle};

use prometheus::core::Collector;
use redb::Database;
use tokio::sync::{mpsc, oneshot, watch};

pub use blobs::{Blob, BlobError, BlobId, Blobs, INLINE_MAX, NotABlobId};
pub use check::{Count, Problem, Report, check};
pub use error::{Error, Failure, OpenError};
pub use key::Key;
pub use read::{Order, Page, Read, ReadTx, Row};
pub use table::{AnyTable, Bounds, Record, Table};
pub use write::{Write, WriteTx};

use figures::Figures;
use open::Opened;
use writer::{Job, Writer};

/// Bytes of a key at most.
pub const KEY_MAX: usize = 1024;
/// Bytes of a value at most, its version included.
pub const VALUE_MAX: usize = 64 * 1024;
/// Bytes of keys and values that one closure may write.
pub const TRANSACTION_MAX: usize = 1024 * 1024;
/// Rows that are read while the other requests of a thread wait: a fraction of a millisecond.
const BRIEF: usize = 256;

/// A handle to the open database. The last clone closes it.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    database: Arc<Opened>,
    directory: PathBuf,
    /// Taken when the store is closed; its end is what ends the thread.
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    failure: watch::Receiver<Option<Failure>>,
    figures: Figures,
}

impl Store {
    /// Opens the database of a state directory. Makes the directory and the database when neither is there,
    /// and brings an older layout up to this release's.
    pub fn open(directory: &Path) -> Result<Store, OpenError> {
        Store::start(open::open(directory)?, directory)
    }

    fn start(database: Opened, directory: &Path) -> Result<Store, OpenError> {
        let database = Arc::new(database);
        let (failed, failure) = watch::channel(None);
        let figures = Figures::default();
        let Writer { jobs, thread } = Writer::start(database.clone(), failed, figures.clone())
            .map_err(|source| OpenError::Thread { source })?;
        Ok(Store {
            inner: Arc::new(Inner {
                database,
                directory: directory.to_owned(),
                jobs: Some(jobs),
                thread: Some(thread),
                failure,
                figures,
            }),
        })
    }

    /// Runs a closure over a snapshot. It may only wait for the transaction it is given, and has no other effect,
    /// because it may be run again: one that reads little is answered on the spot, since handing it to another
    /// thread takes longer than the reading; one that turns out to read much begins anew beside the others.
    pub async fn read<T, E, F>(&self, closure: F) -> Result<T, E>
    where
        F: AsyncFn(&ReadTx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.inner.alive()?;
        if let Some(outcome) = snapshot(&self.inner.database, BRIEF, &closure) {
            return outcome;
        }
        let database = self.inner.database.clone();
        let run = move || snapshot(&database, usize::MAX, &closure);
        match tokio::task::spawn_blocking(run).await {
            Ok(outcome) => outcome.unwrap_or_else(|| Err(Error::Waited.into())),
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(Error::Closed.into()),
            },
        }
    }

    /// Runs a closure that writes; durable when it returns `Ok`. The closure may only wait for the
    /// transaction it is given, and has no other effect, because it may be run again.
    pub async fn write<T, E, F>(&self, closure: F) -> Result<T, E>
    where
        F: AsyncFn(&mut WriteTx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (answer, outcome) = oneshot::channel();
        let jobs = self.inner.jobs.as_ref().ok_or(Error::Closed)?;
        if jobs.send(writer::job(closure, answer)).await.is_err() {
            return Err(self.inner.ended().into());
        }
        match outcome.await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(_) => Err(self.inner.ended().into()),
        }
    }

    /// What this store has written, to be counted.
    pub fn figures(&self) -> Vec<Box<dyn Collector>> {
        self.inner.figures.collectors()
    }

    /// Returns when the database can no longer be written, which only a restart of the process repairs.
    pub async fn failed(&self) -> Failure {
        let mut failure = self.inner.failure.clone();
        loop {
            if let Some(source) = failure.borrow_and_update().clone() {
                return source;
            }
            if failure.changed().await.is_err() {
                // The thread has ended because the store was closed, which is no failure.
                std::future::pending::<()>().await;
            }
        }
    }
}

/// The layout that this release reads and writes.
pub fn layout() -> u32 {
    migrations::newest(migrations::STEPS)
}

impl Inner {
    /// After a failed commit nothing is answered any more: what is read could be more than what is kept.
    fn alive(&self) -> Result<(), Error> {
        match &*self.failure.borrow() {
            Some(source) => Err(Error::Failed(source.clone())),
            None => Ok(()),
        }
    }

    fn ended(&self) -> Error {
        self.alive().err().unwrap_or(Error::Closed)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.jobs = None;
        let Some(thread) = self.thread.take() else { return };
        // A closure may have owned the last handle; the thread cannot wait for itself.
        if thread.thread().id() != thread::current().id() {
            // A panic of the thread was told to every caller when it happened.
            let _ = thread.join();
        }
    }
}

/// Runs a closure that reads over a new snapshot; `None` when it reads more than so many rows.
fn snapshot<T, E, F>(database: &Database, rows: usize, closure: &F) -> Option<Result<T, E>>
where
    F: AsyncFn(&ReadTx) -> Result<T, E>,
    E: From<Error>,
{
    let tx = match ReadTx::begin(database, rows) {
        Ok(tx) => tx,
        Err(error) => return Some(Err(error.into())),
    };
    match poll_now(closure(&tx)) {
        Ok(outcome) => Some(outcome),
        Err(_) if tx.is_used_up() => None,
        Err(error) => Some(Err(error.into())),
    }
}

/// Runs a closure's future to its end on this thread. Within a transaction nothing has to be waited for.
fn poll_now<T>(future: impl Future<Output = T>) -> Result<T, Error> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => Ok(outcome),
        Poll::Pending => Err(Error::Waited),
    }
}
