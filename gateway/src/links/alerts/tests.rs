//! Alerts over a real database, through restarts of the gateway.

use std::time::{Duration, Instant};

use beffroi_protocol::PublicKey;
use beffroi_protocol::probe::Probe;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use super::memory::Clocks;
use super::*;
use crate::directory::{self, CommuneName, Machine, MachineName, Network, NewMachine};
use crate::links::Board;
use crate::store::{Store, WriteTx};

const LOOK: Duration = Duration::from_secs(10);
const MINUTE: Duration = Duration::from_secs(60);

/// A town hall, a gateway that looks at it, and time that passes as told. It is a Tuesday morning.
struct Rig {
    lookout: Lookout,
    alerts: Alerts,
    board: Board,
    machine: Machine,
    clocks: Clocks,
    folder: TempDir,
}

async fn populate(tx: &mut WriteTx) -> Result<Machine, directory::Error> {
    let network =
        Network::new("10.66.0.0/16".parse().expect("a network"), "fd00::/64".parse().expect("a network"));
    let name = CommuneName::parse("Alvimare").expect("a name");
    let commune = directory::add_commune(tx, &name, false).await?.id;
    let key = PublicKey::from_bytes([1; 32]);
    let name = MachineName::parse("accueil").expect("a name");
    let new = NewMachine { commune, name, key, at: Timestamp::UNIX_EPOCH };
    let machine = directory::add_machine(tx, &network, new).await?;
    directory::mark_seen(tx, machine.id, &key).await?;
    Ok(Machine { seen: true, ..machine })
}

impl Rig {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path()).expect("a store");
        let machine = store.write(async |tx: &mut WriteTx| populate(tx).await).await.expect("a town hall");
        let clocks =
            Clocks { now: Instant::now(), wall: "2026-11-24T09:00:00Z".parse().expect("a timestamp") };
        let (board, alerts) = (Board::new(clocks.now), Alerts::default());
        let lookout = Lookout::new(store, board.clone(), TimeZone::UTC, alerts.clone(), 15 * MINUTE);
        board.expect([&machine]);
        board.obeyed();
        Self { lookout, alerts, board, machine, clocks, folder }
    }

    /// Another process opens the same database, so many minutes later.
    async fn restart(&mut self, off: u32) {
        let nowhere = tempfile::tempdir().expect("a folder");
        let other = Store::open(nowhere.path()).expect("a store");
        self.board = Board::new(self.clocks.now + off * MINUTE);
        self.alerts = Alerts::default();
        let fresh = |store, rig: &Self| {
            Lookout::new(store, rig.board.clone(), TimeZone::UTC, rig.alerts.clone(), 15 * MINUTE)
        };
        // The database has one owner.
        self.lookout = fresh(other, self);
        let store = Store::open(self.folder.path()).expect("the store is free");
        self.lookout = fresh(store, self);
        self.wait(off * MINUTE);
        // Before the machines are known, nothing is.
        self.lookout.look(self.clocks).await.expect("it is read");
        self.board.expect([&self.machine]);
        self.board.obeyed();
    }

    fn wait(&mut self, time: Duration) {
        self.clocks.now += time;
        self.clocks.wall += SignedDuration::try_from(time).expect("it is short");
    }

    /// What is raised (+) and cleared (-) in that time.
    async fn pass(&mut self, minutes: u32, is_up: bool) -> Vec<&'static str> {
        let mut told = self.alerts.subscribe();
        for _ in 0..minutes * 6 {
            self.wait(LOOK);
            if is_up {
                assert!(self.board.heard(self.machine.id, &Probe::default(), self.clocks.now));
            }
            self.lookout.look(self.clocks).await.expect("it is read and written");
        }
        let sign = |event| if matches!(event, Event::Raised(_)) { "+" } else { "-" };
        std::iter::from_fn(|| told.try_recv().ok()).map(sign).collect()
    }

    /// Minutes for which the only alert stands.
    fn lasted(&self) -> Option<u64> {
        let standing = self.alerts.standing();
        let [Standing { alert: Alert::TownHall(_), since }] = standing[..] else { return None };
        Some(self.clocks.now.saturating_duration_since(since).as_secs() / 60)
    }
}

#[tokio::test]
async fn an_alert_outlives_the_process_that_raised_it() {
    let mut rig = Rig::new().await;
    assert_eq!(rig.pass(10, true).await, [""; 0]);
    assert_eq!(rig.pass(30, false).await, ["+"]);
    assert_eq!(rig.lasted(), Some(30));

    // A kill: nothing is written at the end.
    rig.restart(2).await;
    assert_eq!(rig.pass(1, false).await, [""; 0]);
    assert_eq!(rig.lasted(), Some(33), "since it went down, and not since the restart");
    assert_eq!(rig.pass(20, false).await, [""; 0]);
    assert_eq!(rig.pass(4, true).await, [""; 0]);
    rig.restart(0).await;
    assert_eq!(rig.pass(2, true).await, ["-"]);
    assert_eq!(rig.lasted(), None);
    rig.restart(0).await;
    assert_eq!(rig.pass(30, true).await, [""; 0]);
}

/// Of twelve minutes down, eight were written when they were. After a restart, who is silent counts as down after five.
#[tokio::test]
async fn an_orderly_stop_forgets_no_minute_and_a_kill_at_most_five() {
    let check = async |is_orderly: bool, expected: [&[&str]; 3]| {
        let mut rig = Rig::new().await;
        rig.pass(10, true).await;
        assert_eq!(rig.pass(12, false).await, [""; 0]);
        if is_orderly {
            rig.lookout.write(rig.clocks).await.expect("it is written");
        }
        rig.restart(1).await;
        for expected in expected {
            assert_eq!(rig.pass(5, false).await, expected, "{is_orderly}");
        }
    };
    check(true, [&[], &["+"], &[]]).await;
    check(false, [&[], &[], &["+"]]).await;
}
