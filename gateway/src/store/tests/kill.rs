//! What was acknowledged survives the sudden death of the process: this test program is started again as a
//! process of its own that writes and says what was acknowledged, and is killed while it does.
//!
//! `BEFFROI_KILLS` sets how many are killed. The last line says what was acknowledged, and what of it was lost.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use tokio::task::JoinSet;

use super::disk::Chance;
use super::*;

/// Names the directory of the store to the process that writes.
const DIRECTORY: &str = "BEFFROI_KILL_DIRECTORY";

const CALLERS: u32 = 16;

#[tokio::test]
async fn no_kill_loses_what_was_acknowledged() {
    if let Some(directory) = std::env::var_os(DIRECTORY) {
        return write_until_killed(Path::new(&directory)).await;
    }
    let kills = std::env::var("BEFFROI_KILLS").map_or(10, |kills| kills.parse().expect("a number of kills"));
    let directory = tempfile::tempdir().expect("a directory for the test");
    let mut chance = Chance::new(1);
    let mut acknowledged = Vec::new();
    let mut all_lost = BTreeSet::new();
    for kill in 0..kills {
        acknowledged.extend(kill_after(directory.path(), 1 + chance.of(300)));
        let store = Store::open(directory.path()).unwrap_or_else(|error| panic!("kill {kill}: {error}"));
        let rows = store.read(async |tx| tx.all(&BELLS).await).await.expect("the table is read");
        let is_lost = |number: &&u32| rows.binary_search_by_key(*number, |(key, _)| *key).is_err();
        all_lost.extend(acknowledged.iter().filter(is_lost).copied());
    }
    tell(acknowledged.len(), all_lost.len());
    assert_eq!(all_lost, BTreeSet::new(), "acknowledged and lost");
}

/// What has no figure but that of a failure is not known to have been tried.
pub(super) fn tell(acknowledged: usize, lost: usize) {
    writeln!(std::io::stdout(), "\nacknowledged {acknowledged}, lost {lost}").expect("the output is open");
}

/// Starts the process that writes, and kills it once it has said `lines` numbers. Gives all that it said.
fn kill_after(directory: &Path, lines: usize) -> Vec<u32> {
    let program = std::env::current_exe().expect("this program has a path");
    let mut writing = Command::new(program)
        .args(["--exact", "store::tests::kill::no_kill_loses_what_was_acknowledged", "--nocapture"])
        .env(DIRECTORY, directory)
        .stdout(Stdio::piped())
        .spawn()
        .expect("this program starts again");
    let said = BufReader::new(writing.stdout.take().expect("its output is piped"));
    let mut numbers = Vec::new();
    for line in said.lines() {
        // A last line that was cut short has lost its end mark and says nothing.
        let line = line.expect("its output is read");
        let number = line.strip_prefix("kept ").and_then(|rest| rest.strip_suffix('.'));
        numbers.extend(number.map(|number| number.parse::<u32>().expect("a number")));
        if numbers.len() == lines {
            writing.kill().expect("it still runs");
        }
    }
    writing.wait().expect("it has ended");
    assert!(numbers.len() >= lines, "the process ended by itself");
    numbers
}

async fn write_until_killed(directory: &Path) {
    let store = Store::open(directory).expect("the store opens after a kill");
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        callers.spawn(call_until_killed(store.clone()));
    }
    callers.join_all().await;
}

async fn call_until_killed(store: Store) {
    loop {
        let number = store
            .write(async |tx| {
                let number = tx.next_id(&BELLS).await?;
                tx.put(&BELLS, &number, &bell("Marie")).await?;
                Ok::<_, Error>(number)
            })
            .await
            .expect("the disk works");
        writeln!(std::io::stdout(), "kept {number}.").expect("the test listens");
    }
}
