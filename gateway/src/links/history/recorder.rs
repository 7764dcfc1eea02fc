//! The task that looks at the links and writes down what it saw.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::time::{MissedTickBehavior, interval};

use super::ledger::{Ledger, Unwritten};
use super::store::add;
use crate::links::{Board, Error};
use crate::store::{Store, WriteTx};

/// As often as agents probe.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// A kill or a power cut loses at most that much, an orderly stop nothing; and a disk is not worn out by more.
const WRITE_EVERY: Duration = Duration::from_secs(300);
/// Rows of one transaction: of 2,000 communes each has its own, and the store takes a megabyte at a time.
const BATCH: usize = 256;

#[derive(Debug)]
enum Event {
    Look,
    Write,
    Stop,
}

pub struct Recorder {
    store: Store,
    board: Board,
    zone: TimeZone,
    ledger: Ledger,
}

impl Recorder {
    pub fn new(store: Store, board: Board, zone: TimeZone) -> Self {
        Self { store, board, zone, ledger: Ledger::default() }
    }

    /// Until it is stopped, and then writes down what it has.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn run(mut self, stop: impl Future<Output = ()>) -> Result<(), Error> {
        let mut look = interval(LOOK_EVERY);
        let mut write = interval(WRITE_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        write.set_missed_tick_behavior(MissedTickBehavior::Delay);
        tokio::pin!(stop);
        loop {
            let event = tokio::select! {
                biased;
                () = &mut stop => Event::Stop,
                _ = look.tick() => Event::Look,
                _ = write.tick() => Event::Write,
            };
            match event {
                Event::Look => self.look(Instant::now(), Timestamp::now()),
                Event::Write => self.write().await?,
                Event::Stop => {
                    self.look(Instant::now(), Timestamp::now());
                    return self.write().await;
                }
            }
        }
    }

    /// One look at all links, at this moment of both clocks.
    pub fn look(&mut self, now: Instant, wall: Timestamp) {
        self.ledger.look(&self.board.readings(now), now, wall, &self.zone);
    }

    /// Writes down what was seen since the last time.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn write(&mut self) -> Result<(), Error> {
        let mut unwritten = self.ledger.take();
        while !unwritten.is_empty() {
            let batch: Unwritten = std::iter::from_fn(|| unwritten.pop_first()).take(BATCH).collect();
            self.store.write(async move |tx: &mut WriteTx| add(tx, &batch).await).await?;
        }
        Ok(())
    }
}
