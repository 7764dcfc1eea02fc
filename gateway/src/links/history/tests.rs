//! The recorder between a board and a real store, over days that pass in a moment.

use std::time::{Duration, Instant};

use beffroi_protocol::PublicKey;
use beffroi_protocol::probe::Probe;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use super::calendar::{Day, Hour};
use super::ledger::Ledger;
use super::store::{COARSE, FINE, Parts, add, days};
use super::tally::Tally;
use super::*;
use crate::directory::{CommuneId, Machine, MachineName, MachineRole, Revocation};
use crate::links::Board;
use crate::links::board::Reading;
use crate::links::state::Seen;
use crate::store::{Error, Key, Read, ReadTx, Store, Table, WriteTx};

const LOOK: Duration = Duration::from_secs(10);
const AN_HOUR: Duration = Duration::from_secs(3600);

fn zone() -> TimeZone {
    TimeZone::get("Europe/Paris").expect("the zone is known")
}

fn commune() -> CommuneId {
    "1".parse().expect("a number")
}

fn machine(number: &str, seed: u8) -> Machine {
    Machine {
        id: number.parse().expect("a number"),
        commune: commune(),
        name: MachineName::parse("accueil").expect("a name"),
        key: PublicKey::from_bytes([seed; 32]),
        role: MachineRole::TownHall,
        enrolled: Timestamp::UNIX_EPOCH,
        revoked: None,
        seen: true,
    }
}

/// A world in which time passes as told: `beat` hears the machines that are there, and looks.
struct World {
    board: Board,
    ledger: Ledger,
    now: Instant,
    wall: Timestamp,
}

impl World {
    fn new(wall: &str, machines: &[Machine]) -> Self {
        let now = Instant::now();
        let board = Board::new(now);
        board.expect(machines);
        Self { board, ledger: Ledger::default(), now, wall: wall.parse().expect("a timestamp") }
    }

    /// So long, with these machines heard at every look.
    fn pass(&mut self, time: Duration, heard: &[&Machine]) {
        for _ in 0..time.as_secs() / LOOK.as_secs() {
            self.now += LOOK;
            self.wall += SignedDuration::try_from(LOOK).expect("ten seconds");
            for machine in heard {
                let probe = Probe { round_trip: Some(40_000), ..Probe::default() };
                assert!(self.board.heard(machine.id, &probe, self.now));
            }
            self.ledger.look(&self.board.readings(self.now), self.now, self.wall, &zone());
        }
    }

    fn step(&mut self, hours: i64) {
        self.wall += SignedDuration::from_hours(hours);
    }

    /// Minutes observed and down by the hour, and nothing is left.
    fn hours(&mut self) -> Vec<(String, u8, u64, u64)> {
        let minutes = |time: Duration| time.as_secs() / 60;
        let taken = self.ledger.take().into_iter().filter(|(_, tally)| tally.is_observed());
        taken
            .map(|((_, hour), tally)| {
                (hour.day.0.to_string(), hour.number, minutes(tally.observed()), minutes(tally.down()))
            })
            .collect()
    }
}

fn expected(hours: &[(&str, u8, u64, u64)]) -> Vec<(String, u8, u64, u64)> {
    hours.iter().map(|(day, hour, seen, down)| ((*day).to_owned(), *hour, *seen, *down)).collect()
}

#[test]
fn time_is_written_in_the_hour_in_which_it_passed() {
    let machine = machine("256", 1);
    let mut world = World::new("2026-11-24T08:30:00Z", std::slice::from_ref(&machine));
    world.pass(LOOK, &[&machine]);
    world.pass(AN_HOUR, &[&machine]);
    // The last proof of life is good for three minutes.
    world.pass(AN_HOUR, &[]);
    assert_eq!(
        world.hours(),
        expected(&[("2026-11-24", 9, 29, 0), ("2026-11-24", 10, 60, 26), ("2026-11-24", 11, 30, 30)])
    );
}

#[test]
fn a_step_of_the_wall_clock_neither_invents_nor_loses() {
    let machine = machine("256", 1);
    let mut world = World::new("2026-11-24T07:59:40Z", std::slice::from_ref(&machine));
    world.pass(LOOK, &[&machine]);
    world.pass(AN_HOUR / 2, &[&machine]);
    world.step(24 * 365 * 10);
    world.pass(AN_HOUR / 6, &[&machine]);
    world.step(-24 * 365 * 10);
    world.pass(AN_HOUR / 3, &[&machine]);
    assert_eq!(world.hours(), expected(&[("2026-11-24", 9, 50, 0), ("2036-11-21", 9, 10, 0)]));

    world.step(-1);
    world.pass(AN_HOUR, &[&machine]);
    world.step(-1);
    world.pass(AN_HOUR, &[&machine]);
    assert!(world.hours().iter().all(|(_, _, seen, _)| *seen <= 60), "an hour is an hour");
}

#[test]
fn nobody_knows_what_nobody_saw() {
    let known = machine("256", 1);
    let mut world = World::new("2026-11-24T08:00:00Z", std::slice::from_ref(&known));
    // As after a restart: it may yet be heard, for five minutes.
    world.pass(AN_HOUR / 12, &[]);
    assert_eq!(world.hours(), []);
    world.pass(AN_HOUR / 12, &[&known]);
    assert_eq!(world.hours(), expected(&[("2026-11-24", 9, 5, 0)]));
    // The process was held up, or the machine slept.
    world.now += AN_HOUR;
    world.wall += SignedDuration::from_hours(1);
    world.pass(LOOK, &[&known]);
    assert_eq!(world.hours(), []);
    let fresh = Machine { seen: false, ..machine("257", 2) };
    world.board.expect([&fresh]);
    world.pass(AN_HOUR, &[]);
    assert_eq!(world.hours(), [], "a machine that was never seen is not down");
}

#[test]
fn a_commune_is_as_well_off_as_its_best_machine() {
    let (old, new) = (machine("256", 1), machine("257", 2));
    let mut world = World::new("2026-11-24T07:59:50Z", &[old.clone(), new.clone()]);
    world.pass(LOOK, &[&old]);
    world.pass(AN_HOUR / 2, &[&old]);
    let gone = Revocation { at: world.wall, by: "Le référent".into(), reason: "en panne".into() };
    world.board.expect([&Machine { revoked: Some(gone), ..old }, &new]);
    world.pass(AN_HOUR / 3, &[&new]);
    assert_eq!(world.hours(), expected(&[("2026-11-24", 9, 50, 0)]));
}

#[test]
fn a_counter_that_starts_over_loses_nothing() {
    let mut ledger = Ledger::default();
    let (start, wall) = (Instant::now(), "2026-11-24T08:00:00Z".parse().expect("a timestamp"));
    let machine = machine("256", 1);
    let board = Board::new(start);
    board.expect([&machine]);
    let [reading] = &board.readings(start)[..] else { panic!("one link is expected") };
    let mut carried = |received| {
        let carried = crate::links::Carried { received, sent: 2 * received };
        let reading = Reading { carried, ..reading.clone() };
        ledger.look(&[reading], start, wall, &zone());
    };
    for received in [100, 300, 300, 50] {
        carried(received);
    }
    let tally = ledger.take().into_values().next().expect("bytes were carried");
    assert_eq!((tally.received, tally.sent), (350, 700));
}

struct Kept {
    store: Store,
    _folder: TempDir,
}

impl Kept {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { store: Store::open(folder.path()).expect("a store"), _folder: folder }
    }

    /// An hour online on each of so many days from that one on.
    async fn an_hour_a_day(&self, first: &str, count: i32) {
        let first: Day = Day(first.parse().expect("a date"));
        let hours = (0..count).map(|number| Hour { day: first.before(-number), number: 9 });
        let seen = hours.map(|hour| ((commune(), hour), Tally::of(Seen::Up, AN_HOUR))).collect();
        let written = self.store.write(async move |tx: &mut WriteTx| add(tx, &seen).await).await;
        written.expect("it is written");
    }

    async fn rows<K: Key + Send + 'static>(&self, table: Table<K, Parts>) -> usize {
        let count = async move |tx: &ReadTx| Ok::<_, Error>(tx.all(&table).await?.len());
        self.store.read(count).await.expect("it is read")
    }

    async fn days(&self, first: &str, last: &str) -> Vec<Duration> {
        let [first, last] = [first, last].map(|text| Day(text.parse().expect("a date")));
        let read = async move |tx: &ReadTx| days(tx, commune(), first, last).await;
        let days = self.store.read(read).await.expect("it is read");
        days.values().map(Tally::observed).collect()
    }
}

#[tokio::test]
async fn what_is_old_is_thinned_and_then_goes() {
    let kept = Kept::new();
    kept.an_hour_a_day("2024-01-01", 900).await;
    assert_eq!(kept.rows(HOURS).await, FINE);
    assert_eq!(kept.rows(DAYS).await, COARSE);
    // 900 days end on 18 June 2026; the 91 last begin on 20 March, and 25 months on 1 March 2024.
    assert_eq!(kept.days("2026-01-01", "2026-06-18").await, vec![AN_HOUR; 169]);
    assert_eq!(kept.days("2024-01-01", "2026-06-18").await.len(), 900 - 31 - 29);
}

#[tokio::test]
async fn a_clock_that_is_years_off_takes_nothing_away() {
    let kept = Kept::new();
    kept.an_hour_a_day("2026-08-26", 90).await;
    kept.an_hour_a_day("2046-01-01", 1).await;
    kept.an_hour_a_day("1970-01-01", 1).await;
    kept.an_hour_a_day("2026-11-24", 1).await;
    assert_eq!(kept.days("2026-08-27", "2026-11-24").await, vec![AN_HOUR; 90]);
    assert_eq!(kept.days("2024-12-01", "2026-11-24").await, vec![AN_HOUR; 91]);
}

#[tokio::test]
async fn two_thousand_communes_are_written_at_once() {
    let kept = Kept::new();
    let board = Board::new(Instant::now());
    let machines: Vec<Machine> = (1..=2000u32)
        .map(|number| Machine {
            id: (255 + number).to_string().parse().expect("a number"),
            commune: number.to_string().parse().expect("a number"),
            key: PublicKey::from_bytes(*blake3::hash(&number.to_be_bytes()).as_bytes()),
            ..machine("256", 0)
        })
        .collect();
    board.expect(&machines);
    let mut recorder = Recorder::new(kept.store.clone(), board.clone(), zone());
    let (mut now, mut wall) =
        (Instant::now(), "2026-10-24T22:00:00Z".parse::<Timestamp>().expect("a timestamp"));
    // Every hour of the longest day there is.
    for _ in 0..25 * 60 {
        now += Duration::from_secs(60);
        wall += SignedDuration::from_secs(60);
        if wall.as_second() % 3600 == 0 || wall.as_second() % 3600 == 60 {
            for machine in &machines {
                assert!(board.heard(machine.id, &Probe::default(), now));
            }
            recorder.look(now, wall);
        }
    }
    recorder.write().await.expect("it is written");
    assert_eq!(kept.rows(HOURS).await, 2000);
}

#[tokio::test]
async fn an_orderly_stop_writes_down_what_was_seen() {
    let kept = Kept::new();
    let (board, machine) = (Board::new(Instant::now()), machine("256", 1));
    let mut recorder = Recorder::new(kept.store.clone(), board.clone(), zone());
    board.expect([&machine]);
    let (now, wall) = (Instant::now(), Timestamp::now());
    assert!(board.heard(machine.id, &Probe::default(), now));
    recorder.look(now, wall);
    recorder.look(now + LOOK, wall + SignedDuration::from_secs(10));
    recorder.run(std::future::ready(())).await.expect("it is written");
    assert_ne!(kept.rows(HOURS).await, 0);
}
