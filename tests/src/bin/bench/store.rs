//! `store.commit.64`: durable small transactions a second, with 64 callers at a time; and the same with SQLite in WAL
//! mode with full sync, whose one writer all callers share.
//! `store.kill`, `store.powercut`: the store's own tests, with as many kills and power cuts as the targets ask for.

use std::path::Path;
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use beffroi_gateway::store::{Error, Record, Store, Table, Write};
use serde::{Deserialize, Serialize};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::report::Figure;

const CALLERS: usize = 64;
/// Odd, so that one is in the middle.
const RUNS: usize = 5;
const RUN: Duration = Duration::from_secs(3);
/// Bytes of a row: a short message's head, or an entry of who did what.
const ROW: usize = 200;

const ROWS: Table<u32, Row> = Table::new("bench.rows");

#[derive(Serialize, Deserialize)]
struct Row {
    bytes: Vec<u8>,
}

impl Record for Row {
    const VERSION: u8 = 1;
}

pub(crate) fn commit() -> Result<Vec<Figure>> {
    // On the disk that the programs were built on: what is measured is its sync.
    let folder =
        tempfile::tempdir_in(std::env::current_exe()?.parent().context("programs are in a folder")?)?;
    let runtime = Runtime::new()?;
    let store = Store::open(&folder.path().join("beffroi"))?;
    let sqlite = Sqlite::open(&folder.path().join("peer.sqlite"))?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let (put_ours, put_theirs) = (move || put(store.clone()), move || sqlite.put());
    for _ in 0..RUNS {
        ours.push(runtime.block_on(rate(put_ours.clone()))?);
        theirs.push(runtime.block_on(rate(put_theirs.clone()))?);
    }
    Ok(vec![Figure::new("store.commit.64", "per s", ours).against(&Sqlite::version(), theirs)])
}

pub(crate) fn kill() -> Result<Vec<Figure>> {
    lost("kill::no_kill_loses_what_was_acknowledged", ("BEFFROI_KILLS", "200"))
        .map(|lost| vec![Figure::new("store.kill", "lost", vec![lost])])
}

pub(crate) fn power_cut() -> Result<Vec<Figure>> {
    lost("power::no_power_cut_loses_what_was_acknowledged", ("BEFFROI_POWER_CUTS", "250"))
        .map(|lost| vec![Figure::new("store.powercut", "lost", vec![lost])])
}

/// How many calls a second are answered.
async fn rate<F>(call: impl Fn() -> F + Clone + Send + 'static) -> Result<f64>
where
    F: Future<Output = Result<()>> + Send,
{
    let start = Instant::now();
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let call = call.clone();
        callers.spawn(async move {
            let mut answered = 0_u32;
            while start.elapsed() < RUN {
                call().await?;
                answered += 1;
            }
            anyhow::Ok(answered)
        });
    }
    let mut answered = 0;
    while let Some(caller) = callers.join_next().await {
        answered += caller??;
    }
    Ok(f64::from(answered) / start.elapsed().as_secs_f64())
}

async fn put(store: Store) -> Result<()> {
    let write = store.write(async |tx| {
        let number = tx.next_id(&ROWS).await?;
        tx.put(&ROWS, &number, &Row { bytes: vec![7; ROW] }).await?;
        Ok::<_, Error>(())
    });
    Ok(write.await?)
}

/// The writer's thread, and the way to it. It ends with the last way.
#[derive(Clone)]
struct Sqlite(mpsc::Sender<oneshot::Sender<rusqlite::Result<()>>>);

impl Sqlite {
    fn open(file: &Path) -> Result<Sqlite> {
        let database = rusqlite::Connection::open(file)?;
        database.pragma_update(None, "journal_mode", "WAL")?;
        database.pragma_update(None, "synchronous", "FULL")?;
        database.execute("CREATE TABLE rows (number INTEGER PRIMARY KEY, bytes BLOB)", [])?;
        let (jobs, waiting) = mpsc::channel::<oneshot::Sender<_>>();
        thread::spawn(move || {
            for done in waiting {
                // A statement outside a transaction is one of its own. Whoever no longer waits wants no answer.
                let inserted = database
                    .prepare_cached("INSERT INTO rows (bytes) VALUES (?1)")
                    .and_then(|mut insert| insert.execute([vec![7_u8; ROW]]));
                let _ = done.send(inserted.map(drop));
            }
        });
        Ok(Sqlite(jobs))
    }

    fn put(&self) -> impl Future<Output = Result<()>> + Send + use<> {
        let (done, answer) = oneshot::channel();
        let sent = self.0.send(done);
        async move {
            sent.ok().context("the writer lives as long as its callers")?;
            Ok(answer.await??)
        }
    }

    fn version() -> String {
        format!("SQLite {}", rusqlite::version())
    }
}

/// How many acknowledged transactions a test of the store has missed, as it says itself.
fn lost(test: &str, (variable, times): (&str, &str)) -> Result<f64> {
    let test = format!("store::tests::{test}");
    let run = Command::new("cargo")
        .args([
            "test",
            "--quiet",
            "--package",
            "beffroi-gateway",
            "--lib",
            "--",
            "--exact",
            &test,
            "--nocapture",
        ])
        .env(variable, times)
        .output()
        .context("cargo cannot be started")?;
    let said = String::from_utf8_lossy(&run.stdout);
    let line = said.lines().find_map(|line| line.strip_prefix("acknowledged "));
    let (acknowledged, lost) = line
        .and_then(|line| line.split_once(", lost "))
        .with_context(|| format!("{test} says {said}{}", String::from_utf8_lossy(&run.stderr)))?;
    ensure!(acknowledged.parse::<u64>()? > 0, "{test} has acknowledged nothing");
    Ok(lost.parse()?)
}
