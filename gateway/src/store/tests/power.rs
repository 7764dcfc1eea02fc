//! What was acknowledged survives a power cut, and a write that fails stops the store.
//!
//! `BEFFROI_POWER_CUTS` sets how many disks go through four cuts each. The last line says what was acknowledged, and
//! what of it was lost.

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::mpsc;
use std::task::{Context, Waker};

use super::disk::{Chance, Disk};
use super::kill::tell;
use super::*;

/// Of one disk.
const CUTS: u64 = 4;

const COUNTS: Table<u32, Count> = Table::new("tests.counts");

/// As long as a small row of a feature.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Count {
    number: u32,
    padding: Vec<u8>,
}

impl Record for Count {
    const VERSION: u8 = 1;
}

async fn count(store: &Store, number: u32) -> Result<(), Error> {
    store
        .write(async move |tx| {
            let padding = vec![7; 100 + number as usize % 400];
            tx.put(&COUNTS, &number, &Count { number, padding }).await
        })
        .await
}

async fn counted(store: &Store) -> Vec<u32> {
    let rows = store.read(async |tx| tx.all(&COUNTS).await).await.expect("what was kept can be read");
    rows.into_iter().map(|(number, _)| number).collect()
}

#[tokio::test]
async fn no_power_cut_loses_what_was_acknowledged() {
    let cuts = std::env::var("BEFFROI_POWER_CUTS").map_or(40, |cuts| cuts.parse().expect("a number of cuts"));
    let (mut acknowledged, mut lost) = (0, 0);
    for seed in 0..cuts {
        let outcome = survive(seed).await;
        acknowledged += outcome.acknowledged;
        lost += outcome.lost;
    }
    tell(acknowledged, lost);
    assert_eq!(lost, 0, "acknowledged and lost");
}

struct Outcome {
    acknowledged: usize,
    lost: usize,
}

/// One disk through its power cuts, with eight callers at a time.
async fn survive(seed: u64) -> Outcome {
    let mut chance = Chance::new(seed);
    let mut disk = Disk::default();
    let mut acknowledged = Vec::new();
    let mut lost = BTreeSet::new();
    let mut next = 0;
    drop(disk.open().expect("a new store"));
    for cut in 0..=CUTS {
        let store = disk.open().unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let kept = counted(&store).await;
        lost.extend(acknowledged.iter().filter(|number| kept.binary_search(number).is_err()).copied());
        if cut == CUTS {
            break;
        }
        disk.cut_power_after(1 + chance.of(150));
        while !disk.is_dark() {
            let callers: Vec<_> = (next..next + 8)
                .map(|number| {
                    let store = store.clone();
                    tokio::spawn(async move { count(&store, number).await.map(|()| number) })
                })
                .collect();
            next += 8;
            for caller in callers {
                acknowledged.extend(caller.await.expect("no caller panics"));
            }
        }
        drop(store);
        disk = disk.restart(&mut chance);
    }
    Outcome { acknowledged: acknowledged.len(), lost: lost.len() }
}

#[tokio::test]
async fn a_failed_commit_stops_the_store() {
    let disk = Disk::default();
    let store = disk.open().expect("a new store");
    count(&store, 1).await.expect("the disk works");
    disk.cut_power_after(0);
    assert!(matches!(count(&store, 2).await, Err(Error::Failed(_))));
    assert!(matches!(count(&store, 3).await, Err(Error::Failed(_))));
    let read = store.read(async |tx| tx.all(&COUNTS).await).await;
    assert!(matches!(read, Err(Error::Failed(_))));
    assert!(store.failed().await.to_string().contains("the power is cut"));
}

#[tokio::test]
async fn closures_that_wait_are_committed_together() {
    let disk = Disk::default();
    let store = disk.open().expect("a new store");
    let before = disk.flushes();
    count(&store, 0).await.expect("the disk works");
    let flushes_of_a_commit = disk.flushes() - before;

    let (go_on, wait) = mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let (started, running) = mpsc::channel();
    let busy = store.write(async move |_| {
        started.send(()).expect("the test listens");
        wait.lock().expect("one closure locks it").recv().expect("the test says when to go on");
        Ok::<_, Error>(())
    });
    let mut busy = pin!(busy);
    let mut callers: Vec<_> = (1..=64).map(|number| Box::pin(count(&store, number))).collect();
    let mut context = Context::from_waker(Waker::noop());
    // Polled once, a caller has left its closure with the thread.
    assert!(busy.as_mut().poll(&mut context).is_pending());
    running.recv().expect("the first closure runs");
    for caller in &mut callers {
        assert!(caller.as_mut().poll(&mut context).is_pending());
    }
    let before = disk.flushes();
    go_on.send(()).expect("the first closure waits");
    busy.await.expect("the first closure agrees");
    for caller in callers {
        caller.await.expect("the disk works");
    }
    // One commit, and one flush more where the file had to grow for so many rows.
    assert!(disk.flushes() - before < 2 * flushes_of_a_commit);
    assert_eq!(counted(&store).await.len(), 65);
}

#[tokio::test]
async fn reading_writes_nothing() {
    let disk = Disk::default();
    let store = disk.open().expect("a new store");
    count(&store, 1).await.expect("the disk works");
    let before = disk.flushes();
    counted(&store).await;
    store.write(async |tx| tx.all(&COUNTS).await.map(drop)).await.expect("a closure may only read");
    store.write(async |tx| tx.remove(&COUNTS, &9).await.map(drop)).await.expect("or find nothing to do");
    assert_eq!(disk.flushes(), before);
}
