//! A made-up chain of layouts, as later releases will have them.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::super::open::builder;
use super::*;

/// The types of layout 1 and of layout 2, as two steps would have frozen them.
mod frozen {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    pub(super) struct BellV1 {
        pub(super) name: String,
    }

    impl Record for BellV1 {
        const VERSION: u8 = 1;
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    pub(super) struct BellV2 {
        pub(super) name: String,
        pub(super) kilograms: Option<u32>,
    }

    impl Record for BellV2 {
        const VERSION: u8 = 2;
    }
}

use frozen::{BellV1, BellV2};

const V1: Step = Step { layout: 1, run: v1::run };
const V2: Step = Step { layout: 2, run: weigh };
const V3: Step = Step { layout: 3, run: shout };
const BROKEN: Step = Step { layout: 3, run: fail_after_writing };

fn weigh(rows: &Rows<'_>) -> Result<(), Error> {
    rows.rewrite("bells", |_, BellV1 { name }| BellV2 { name, kilograms: None })
}

fn shout(rows: &Rows<'_>) -> Result<(), Error> {
    rows.rewrite("bells", |_, bell: BellV2| BellV2 { name: bell.name.to_uppercase(), ..bell })
}

fn fail_after_writing(rows: &Rows<'_>) -> Result<(), Error> {
    shout(rows)?;
    rows.put("bells", b"odd", &[9])?;
    shout(rows)
}

/// A database at layout 1 with more rows than are read at a time.
fn first_layout(directory: &Path) -> Database {
    let database = builder().create(directory.join("test.redb")).expect("a database is made");
    initialise(&database, &[V1]).expect("an empty database gets the first layout");
    let transaction = database.begin_write().expect("nobody else writes");
    let rows = Rows { transaction: &transaction };
    for number in 0..2500u32 {
        let bell = BellV1 { name: format!("bell {number}") };
        let value = Table::<u32, BellV1>::new("bells").encode(&bell).expect("a bell can be written");
        rows.put("bells", &number.to_be_bytes(), &value).expect("the row is written");
    }
    transaction.commit().expect("the rows are committed");
    database
}

fn bells<V: Record>(database: &Database) -> Vec<V> {
    let snapshot = database.begin_read().expect("a snapshot");
    let table = snapshot.open_table(Bytes::new("bells")).expect("there are bells");
    let rows = table.iter().expect("the table is read").map(|row| {
        let (_, value) = row.expect("the row is read");
        Table::<u32, V>::new("bells").decode(value.value()).expect("the row has this version")
    });
    rows.collect()
}

fn bring_up_here(database: &Database, steps: &[Step]) -> Result<(), OpenError> {
    bring_up(database, Path::new("test.redb"), steps)
}

#[test]
fn rows_are_taken_through_every_step_that_is_missing() {
    let directory = tempfile::tempdir().expect("a directory for the test");
    let database = first_layout(directory.path());
    bring_up_here(&database, &[V1, V2, V3]).expect("the steps succeed");
    let bells = bells::<BellV2>(&database);
    assert_eq!(bells.len(), 2500);
    assert_eq!(bells[2499], BellV2 { name: "BELL 2499".to_owned(), kilograms: None });
    assert_eq!(layout(&database).expect("the layout is read"), Some(3));
}

#[test]
fn a_step_runs_once() {
    let directory = tempfile::tempdir().expect("a directory for the test");
    let database = first_layout(directory.path());
    bring_up_here(&database, &[V1, V2]).expect("the step succeeds");
    bring_up_here(&database, &[V1, V2]).expect("nothing is left to do");
    assert_eq!(bells::<BellV2>(&database).len(), 2500);
}

#[test]
fn a_step_that_fails_leaves_the_old_layout() {
    let directory = tempfile::tempdir().expect("a directory for the test");
    let database = first_layout(directory.path());
    let failed = bring_up_here(&database, &[V1, V2, BROKEN]);
    assert!(matches!(failed, Err(OpenError::Migration { from: 1, to: 3, .. })));
    assert_eq!(bells::<BellV1>(&database).len(), 2500);
    assert_eq!(layout(&database).expect("the layout is read"), Some(1));
}

#[test]
fn a_newer_layout_is_refused() {
    let directory = tempfile::tempdir().expect("a directory for the test");
    let database = first_layout(directory.path());
    bring_up_here(&database, &[V1, V2]).expect("the step succeeds");
    let refused = bring_up_here(&database, &[V1]);
    assert!(matches!(refused, Err(OpenError::Newer { found: 2, known: 1 })));
}

#[test]
fn a_database_of_something_else_is_refused() {
    let directory = tempfile::tempdir().expect("a directory for the test");
    let database = builder().create(directory.path().join("test.redb")).expect("a database is made");
    assert!(matches!(bring_up_here(&database, &[V1]), Err(OpenError::Foreign { .. })));
}
