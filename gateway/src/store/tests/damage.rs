//! Damaged files are explained, and left as they are.

use std::fs;
use std::path::Path;

use super::super::open::database_path;
use super::disk::Chance;
use super::*;

const KNOWN: [&dyn AnyTable; 1] = [&BELLS];

/// A directory of a store with a few rows, a short blob and a long one; no process has it open.
async fn kept() -> TempDir {
    let (directory, store) = open();
    for number in 0..50 {
        hang(&store, number, "Marie").await;
    }
    store.blobs().put(&b"short"[..]).await.expect("the blob is kept");
    store.blobs().put(&[7; 40_000][..]).await.expect("the blob is kept");
    directory
}

fn problems(directory: &Path) -> Vec<String> {
    let report = check(directory, &KNOWN).expect("the database opens");
    report.problems.iter().map(ToString::to_string).collect()
}

/// Changes the file of the database, and expects every call to leave the changed file as it is.
fn damage(directory: &Path, change: impl FnOnce(&mut Vec<u8>)) -> Result<Report, OpenError> {
    let path = database_path(directory);
    let whole = fs::read(&path).expect("the database is read");
    let mut damaged = whole.clone();
    change(&mut damaged);
    fs::write(&path, &damaged).expect("the database is damaged");
    let report = check(directory, &KNOWN);
    assert!(fs::read(&path).expect("the database is read") == damaged, "the check changed the file");
    if Store::open(directory).is_err() {
        assert!(fs::read(&path).expect("the database is read") == damaged, "the opening changed the file");
    }
    fs::write(&path, &whole).expect("the database is whole again");
    report
}

#[tokio::test]
async fn a_sound_store_has_no_problems() {
    let directory = kept().await;
    let report = check(directory.path(), &KNOWN).expect("the database opens");
    assert!(report.problems.is_empty(), "{:?}", report.problems);
    assert!(report.leftovers.is_empty());
    assert_eq!(report.layout, 1);
    assert_eq!(report.tables["tests.bells"].number, 50);
    assert_eq!(report.blobs, Count { number: 2, bytes: 40_005 });
}

#[tokio::test]
async fn a_database_that_is_cut_short_is_damage_and_never_a_new_one() {
    let directory = kept().await;
    let whole = fs::metadata(database_path(directory.path())).expect("there is a database").len() as usize;
    for length in [0, 1, 100, 4096, whole / 2, whole - 4096, whole - 1] {
        let report = damage(directory.path(), |bytes| bytes.truncate(length));
        assert!(matches!(report, Err(OpenError::Damaged { .. })), "{length} of {whole} bytes: {report:?}");
    }
    assert!(problems(directory.path()).is_empty());
}

#[tokio::test]
async fn a_flipped_bit_in_a_row_is_found() {
    let directory = kept().await;
    let found = damage(directory.path(), |bytes| {
        let names = bytes.windows(5).enumerate().filter(|(_, window)| window == b"Marie");
        let places: Vec<_> = names.map(|(at, _)| at).collect();
        for at in places {
            bytes[at] ^= 1;
        }
    });
    match found {
        Ok(report) => assert!(matches!(report.problems[..], [Problem::Pages { .. }, ..]), "{report:?}"),
        Err(error) => assert!(matches!(error, OpenError::Damaged { .. }), "{error}"),
    }
}

#[tokio::test]
async fn no_flipped_bit_ends_in_a_panic() {
    let directory = kept().await;
    let mut chance = Chance::new(7);
    for _ in 0..60 {
        let _explained = damage(directory.path(), |bytes| {
            let used: Vec<_> = (0..bytes.len()).filter(|at| bytes[*at] != 0).collect();
            bytes[used[chance.of(used.len())]] ^= 1 << chance.of(8);
        });
    }
    assert!(problems(directory.path()).is_empty());
}

#[tokio::test]
async fn a_database_whose_blobs_are_left_alone_is_not_made_anew() {
    let directory = kept().await;
    fs::remove_file(database_path(directory.path())).expect("the database is lost");
    assert!(matches!(Store::open(directory.path()), Err(OpenError::Missing { .. })));
    assert!(matches!(check(directory.path(), &KNOWN), Err(OpenError::Absent { .. })));
}

#[tokio::test]
async fn a_store_is_open_once() {
    let (directory, _store) = open();
    assert!(matches!(Store::open(directory.path()), Err(OpenError::InUse { .. })));
    assert!(matches!(check(directory.path(), &KNOWN), Err(OpenError::InUse { .. })));
}

#[tokio::test]
async fn wrong_rows_and_blobs_are_named() {
    const TYPED_OTHERWISE: Table<u32, Number> = Table::new("tests.bells");
    const UNKNOWN: Table<u32, Bell> = Table::new("tests.unknown");

    #[derive(Serialize, Deserialize)]
    struct Number(u32);
    impl Record for Number {
        const VERSION: u8 = 9;
    }

    let (directory, store) = open();
    let lost = store.blobs().put(&[1; 40_000][..]).await.expect("the blob is kept");
    let changed = store.blobs().put(&[2; 40_000][..]).await.expect("the blob is kept");
    store
        .write(async |tx| {
            tx.put(&TYPED_OTHERWISE, &5, &Number(5)).await?;
            tx.put(&UNKNOWN, &1, &bell("Marie")).await
        })
        .await
        .expect("rows of any type are kept");
    drop(store);
    fs::remove_file(lost.path(directory.path())).expect("the blob is lost");
    fs::write(changed.path(directory.path()), [3; 40_000]).expect("the blob is changed");
    let left = directory.path().join("blobs/ab/left");
    fs::create_dir_all(directory.path().join("blobs/ab")).expect("a folder among the blobs");
    fs::write(&left, "left").expect("a file among the blobs");

    let report = check(directory.path(), &KNOWN).expect("the database opens");
    assert_eq!(report.unknown, ["tests.unknown"]);
    assert_eq!(report.leftovers, [left]);
    let mut found = problems(directory.path());
    found.sort();
    let mut expected = [
        "the row 00000005 of tests.bells is wrong: a value of tests.bells has version 9, expected 1"
            .to_owned(),
        format!("the blob {lost} is missing"),
        format!("the blob {changed} is not what was kept"),
    ];
    expected.sort();
    assert_eq!(found, expected);
}
