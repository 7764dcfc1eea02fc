//! The store as features use it.

mod damage;
pub(crate) mod disk;
mod kill;
mod model;
mod power;

use std::ops::Bound;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use super::*;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Bell {
    pub(super) name: String,
    pub(super) kilograms: u32,
}

impl Record for Bell {
    const VERSION: u8 = 1;
}

pub(super) const BELLS: Table<u32, Bell> = Table::new("tests.bells");

#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("the tower is full")]
    Full,
    #[error(transparent)]
    Store(#[from] Error),
}

pub(super) fn bell(name: &str) -> Bell {
    Bell { name: name.to_owned(), kilograms: 900 }
}

pub(super) fn open() -> (TempDir, Store) {
    let directory = tempfile::tempdir().expect("a directory for the test");
    let store = Store::open(directory.path()).expect("an empty directory becomes a store");
    (directory, store)
}

pub(super) async fn hang(store: &Store, number: u32, name: &'static str) {
    store
        .write(async move |tx| tx.put(&BELLS, &number, &bell(name)).await)
        .await
        .expect("a small row is kept");
}

pub(super) async fn names(store: &Store) -> Vec<String> {
    let rows = store.read(async |tx| tx.all(&BELLS).await).await.expect("the table is read");
    rows.into_iter().map(|(_, bell)| bell.name).collect()
}

#[tokio::test]
async fn what_was_written_is_there_when_the_store_is_opened_again() {
    let (directory, store) = open();
    hang(&store, 1, "Marie").await;
    drop(store);
    let store = Store::open(directory.path()).expect("the store opens again");
    assert_eq!(names(&store).await, ["Marie"]);
}

#[tokio::test]
async fn a_refused_closure_leaves_nothing() {
    let (_directory, store) = open();
    hang(&store, 1, "Marie").await;
    let refused = store
        .write(async |tx| {
            tx.put(&BELLS, &1, &bell("Jeanne")).await?;
            tx.put(&BELLS, &2, &bell("Louise")).await?;
            tx.remove(&BELLS, &1).await?;
            tx.next_id(&BELLS).await?;
            Err::<(), _>(Refusal::Full)
        })
        .await;
    assert!(matches!(refused, Err(Refusal::Full)));
    assert_eq!(names(&store).await, ["Marie"]);
    let id = store.write(async |tx| tx.next_id(&BELLS).await).await.expect("a number is given");
    assert_eq!(id, 1);
}

#[tokio::test]
async fn a_closure_sees_what_it_wrote_itself() {
    let (_directory, store) = open();
    for (number, name) in [(1, "Marie"), (2, "Jeanne"), (4, "Louise")] {
        hang(&store, number, name).await;
    }
    let seen = store
        .write(async |tx| {
            tx.put(&BELLS, &3, &bell("Anne")).await?;
            tx.put(&BELLS, &4, &bell("Emma")).await?;
            assert!(tx.remove(&BELLS, &1).await?);
            assert!(!tx.remove(&BELLS, &1).await?);
            let forth = tx.page(&BELLS, .., 2).await?;
            let back = tx.page_back(&BELLS, .., 2).await?;
            Ok::<_, Error>((forth, back, tx.get(&BELLS, &1).await?))
        })
        .await
        .expect("the closure agrees");
    let (forth, back, removed) = seen;
    assert_eq!(forth, Page { rows: vec![(2, bell("Jeanne")), (3, bell("Anne"))], next: Some(4) });
    assert_eq!(back, Page { rows: vec![(4, bell("Emma")), (3, bell("Anne"))], next: Some(2) });
    assert_eq!(removed, None);
    assert_eq!(names(&store).await, ["Jeanne", "Anne", "Emma"]);
}

#[tokio::test]
async fn pages_follow_one_another_without_a_gap() {
    let (_directory, store) = open();
    store
        .write(async |tx| {
            for number in 0..10 {
                tx.put(&BELLS, &number, &bell("Marie")).await?;
            }
            Ok::<_, Error>(())
        })
        .await
        .expect("ten rows are kept");
    let numbers = store
        .read(async |tx| {
            let (mut forth, mut start) = (Vec::new(), Some(0));
            while let Some(first) = start {
                let page = tx.page(&BELLS, first.., 3).await?;
                forth.extend(page.rows.into_iter().map(|(number, _)| number));
                start = page.next;
            }
            let (mut back, mut end) = (Vec::new(), Some(9));
            while let Some(last) = end {
                let page = tx.page_back(&BELLS, ..=last, 4).await?;
                back.extend(page.rows.into_iter().map(|(number, _)| number));
                end = page.next;
            }
            back.reverse();
            Ok::<_, Error>((forth, back))
        })
        .await
        .expect("the pages are read");
    let all: Vec<u32> = (0..10).collect();
    assert_eq!(numbers, (all.clone(), all));
}

#[tokio::test]
async fn a_range_in_which_nothing_can_lie_is_empty() {
    let (_directory, store) = open();
    hang(&store, 1, "Marie").await;
    let pages = store
        .write(async |tx| {
            tx.put(&BELLS, &2, &bell("Jeanne")).await?;
            #[expect(clippy::reversed_empty_ranges, reason = "this is the range that must be empty")]
            let reversed = tx.page(&BELLS, 2..1, 5).await?;
            let nothing = tx.page(&BELLS, (Bound::Excluded(1), Bound::Excluded(1)), 5).await?;
            Ok::<_, Error>(reversed.rows.len() + nothing.rows.len())
        })
        .await;
    assert_eq!(pages.expect("such a range can be asked for"), 0);
}

#[tokio::test]
async fn numbers_are_never_given_twice() {
    let (directory, store) = open();
    let next =
        async |store: &Store| store.write(async |tx| tx.next_id(&BELLS).await).await.expect("a number");
    assert_eq!((next(&store).await, next(&store).await), (1, 2));
    drop(store);
    let store = Store::open(directory.path()).expect("the store opens again");
    assert_eq!(next(&store).await, 3);
}

#[tokio::test]
async fn what_is_too_long_is_refused() {
    const TEXTS: Table<String, Bell> = Table::new("tests.texts");
    let (_directory, store) = open();
    let put = async |key: usize, value: usize, times: usize| {
        let closure = async move |tx: &mut WriteTx| {
            for number in 0..times {
                let key = format!("{number:0key$}");
                tx.put(&TEXTS, &key, &bell(&"a".repeat(value))).await?;
            }
            Ok(())
        };
        store.write(closure).await
    };
    assert!(put(1000, 65_000, 1).await.is_ok());
    assert!(matches!(put(1024, 1, 1).await, Err(Error::KeyTooLong { length: 1026, .. })));
    assert!(matches!(put(1, 65_536, 1).await, Err(Error::ValueTooLong { .. })));
    assert!(matches!(put(3, 60_000, 18).await, Err(Error::TransactionTooLong)));
}

#[tokio::test]
async fn a_closure_that_waits_for_something_else_is_told_so() {
    let (_directory, store) = open();
    let waited = store.write(async |_| std::future::pending::<Result<(), Error>>().await).await;
    assert!(matches!(waited, Err(Error::Waited)));
    let waited = store.read(async |_| std::future::pending::<Result<(), Error>>().await).await;
    assert!(matches!(waited, Err(Error::Waited)));
}

#[tokio::test]
async fn what_reads_little_runs_once_and_what_reads_much_begins_anew() {
    let (_directory, store) = open();
    let hung = async |tx: &mut WriteTx| {
        for number in 0..600 {
            tx.put(&BELLS, &number, &bell("Marie")).await?;
        }
        Ok::<_, Error>(())
    };
    store.write(hung).await.expect("six hundred small rows are kept");
    let read = async |limit: usize| {
        let runs = Arc::new(AtomicUsize::new(0));
        let counted = runs.clone();
        let closure = async move |tx: &ReadTx| {
            counted.fetch_add(1, Ordering::Relaxed);
            let first = tx.page(&BELLS, .., limit).await?;
            let second = tx.page(&BELLS, 100.., limit).await?;
            Ok::<_, Error>(first.rows.len() + second.rows.len())
        };
        let rows = store.read(closure).await.expect("the table is read");
        (rows, runs.load(Ordering::Relaxed))
    };
    assert_eq!(read(10).await, (20, 1));
    assert_eq!(read(200).await, (400, 2));
    assert_eq!(read(450).await, (900, 2));
}

#[tokio::test]
async fn a_closure_that_panics_harms_only_its_caller() {
    let (_directory, store) = open();
    let panicking = {
        let store = store.clone();
        tokio::spawn(async move {
            store
                .write(async |tx| {
                    tx.put(&BELLS, &1, &bell("Marie")).await?;
                    let ninth = tx.get(&BELLS, &9).await?;
                    Ok::<_, Error>(ninth.expect("there is a ninth bell").kilograms)
                })
                .await
        })
    };
    assert!(panicking.await.expect_err("the panic reaches the caller").is_panic());
    hang(&store, 2, "Jeanne").await;
    assert_eq!(names(&store).await, ["Jeanne"]);
}
