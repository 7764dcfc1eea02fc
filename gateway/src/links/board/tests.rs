//! What a reading, a probe and silence make of a line.

use std::collections::BTreeSet;

use beffroi_tunnel::{Backend, PresentPeer};
use jiff::Timestamp;

use super::*;
use crate::directory::{MachineName, MachineRole};

const SECOND: Duration = Duration::from_secs(1);

fn key(seed: u8) -> PublicKey {
    PublicKey::from_bytes([seed; 32])
}

fn machine(seed: u8, seen: bool) -> Machine {
    Machine {
        id: "256".parse().expect("a number"),
        commune: "1".parse().expect("a number"),
        name: MachineName::parse("accueil").expect("a name"),
        key: key(seed),
        role: MachineRole::TownHall,
        enrolled: Timestamp::UNIX_EPOCH,
        revoked: None,
        seen,
    }
}

fn present(seed: u8, received: u64, handshake_age: Option<Duration>) -> Present {
    let peer = PresentPeer {
        allowed: BTreeSet::new(),
        endpoint: None,
        keepalive: None,
        preshared: None,
        handshake_age,
        received,
        sent: 2 * received,
    };
    let tunnel = beffroi_tunnel::Present {
        backend: Backend::Embedded,
        key: Some(key(200)),
        listen_port: 51820,
        addresses: BTreeSet::new(),
        routes: BTreeMap::new(),
        mtu: 1280,
        up: true,
        peers: [(key(seed), peer)].into(),
    };
    Present { tunnel, next_key: None, changes: 0 }
}

fn probe(version: &str) -> Probe {
    Probe {
        sequence: 1,
        round_trip: Some(45_000),
        sent: 32,
        answered: 24,
        version: version.to_owned(),
        ..Probe::default()
    }
}

fn board(machine: &Machine, now: Instant) -> Board {
    let board = Board::new(now);
    board.expect([machine]);
    board
}

#[test]
fn what_comes_in_is_proof_of_life_and_what_goes_out_is_not() {
    let (start, machine) = (Instant::now(), machine(1, true));
    let board = board(&machine, start);
    let age_at = |second| board.link(machine.id, start + second * SECOND).expect("it is expected").age;
    board.read(&present(1, 100, Some(40 * SECOND)), start + 50 * SECOND);
    assert_eq!(age_at(60), Some(50 * SECOND), "the first reading tells the last handshake");
    board.read(&present(1, 100, Some(SECOND)), start + 70 * SECOND);
    assert_eq!(age_at(70), Some(60 * SECOND), "a wall clock that stepped proves nothing");
    board.read(&present(1, 132, Some(75 * SECOND)), start + 80 * SECOND);
    assert_eq!(age_at(81), Some(SECOND));
    board.read(&present(1, 32, None), start + 90 * SECOND);
    assert_eq!(age_at(90), Some(Duration::ZERO), "a counter that started over has grown");
    board.read(&present(1, 0, None), start + 100 * SECOND);
    assert_eq!(age_at(100), Some(10 * SECOND));
    let link = board.link(machine.id, start + 100 * SECOND).expect("it is expected");
    assert_eq!((link.received, link.sent), (164, 328), "totals outlive the device's counters");
    let [reading] = &board.readings(start + 100 * SECOND)[..] else { panic!("one link is expected") };
    assert_eq!(reading.carried, Carried { received: 64, sent: 128 }, "what was counted before is not ours");
}

#[test]
fn handshakes_are_counted_once_each() {
    let (start, machine) = (Instant::now(), machine(1, true));
    let board = board(&machine, start);
    let check = |second: u32, age: Option<u32>, expected: (Option<u32>, u64)| {
        board.read(&present(1, 0, age.map(|age| age * SECOND)), start + second * SECOND);
        let [reading] = &board.readings(start + second * SECOND)[..] else { panic!("one link is expected") };
        let age = reading.handshake_age.map(|age| age.as_secs() as u32);
        assert_eq!((age, reading.handshakes), expected, "at {second} s");
    };
    check(200, None, (None, 0));
    check(205, Some(3), (Some(3), 1));
    check(210, Some(8), (Some(8), 1));
    check(215, Some(12), (Some(13), 1));
    check(330, Some(5), (Some(5), 2));
}

#[test]
fn a_probe_says_how_the_line_is() {
    let (start, machine) = (Instant::now(), machine(1, false));
    let board = board(&machine, start);
    assert_eq!(board.link(machine.id, start).expect("it is expected").state, State::Never);
    assert!(board.heard(machine.id, &probe("0.1.0\u{1b}[31m and much more than that"), start));
    let link = board.link(machine.id, start).expect("it is expected");
    assert_eq!(link.state, State::Online);
    assert_eq!(link.round_trip, Some(Duration::from_millis(45)));
    assert_eq!(link.loss.map(Loss::percent), Some(25));
    assert_eq!(link.version.as_deref(), Some("0.1.0[31m and much m"));
    assert_eq!(board.newly_seen(), [(machine.id, machine.key)]);
}

#[test]
fn nothing_is_known_of_a_machine_that_is_not_expected() {
    let (start, known) = (Instant::now(), machine(1, true));
    let board = board(&known, start);
    let stranger = "257".parse().expect("a number");
    assert!(!board.heard(stranger, &probe("0.1.0"), start));
    assert_eq!(board.link(stranger, start), None);
    assert!(board.heard(known.id, &probe("0.1.0"), start));
    board.expect([&machine(3, true)]);
    let link = board.link(known.id, start).expect("it is expected");
    assert_eq!((link.state, link.version.as_deref()), (State::Online, Some("0.1.0")), "its own new key");
    let listens = ([10, 66, 1, 0], 40_000).into();
    board.asks_from(known.id, listens);
    assert_eq!(board.expect([&machine(3, true)]), []);
    assert_eq!(board.expect([&machine(2, false)]), [listens], "it is to hear that it is forgotten");
    let link = board.link(known.id, start).expect("it is expected");
    assert_eq!((link.state, link.version), (State::Never, None), "another key is another machine");
    board.expect([]);
    assert!(!board.heard(known.id, &probe("0.1.0"), start));
}

#[test]
fn silence_of_netd_is_counted_from_its_first_moment() {
    let start = Instant::now();
    let board = Board::new(start);
    assert_eq!(board.service(), Service::Unknown);
    board.unread(start);
    board.unread(start + SECOND);
    assert_eq!(board.service(), Service::Silent { since: start });
    board.read(&present(1, 0, None), start + 2 * SECOND);
    assert_eq!(board.gateway_key(), Some(key(200)));
    assert_eq!(board.service(), Service::Silent { since: start }, "reading is not doing");
    board.obeyed();
    assert_eq!(board.service(), Service::Answers);
}

#[test]
fn loss_is_a_share_of_what_was_sent() {
    let check = |sent, answered, expected| {
        assert_eq!(Loss { sent, answered }.percent(), expected, "{answered} of {sent}");
    };
    check(32, 32, 0);
    check(32, 31, 3);
    check(32, 0, 100);
    check(0, 0, 0);
    check(3, 9, 0);
}
