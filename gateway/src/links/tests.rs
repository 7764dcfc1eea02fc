//! The keeper between a real store and a real socket.

mod device;
mod keys;
mod model;

use std::os::unix::fs::FileTypeExt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use beffroi_protocol::PublicKey;
use beffroi_protocol::probe::Probe;
use beffroi_tunnel::{Backend, PresentPeer};
use jiff::Timestamp;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::*;
use crate::config::Config;
use crate::directory::{Changes, CommuneName, Machine, MachineName, Network, NewMachine, Revocation, Stage};
use crate::netd::{Client, KeyWish, Present, Wanted};
use crate::store::{Store, WriteTx};

const PATIENCE: Duration = Duration::from_secs(20);

/// Stands at netd's end of the socket: makes no tunnel, and tells what it was asked for.
struct Netd {
    wanted: watch::Receiver<Option<Wanted>>,
    _task: JoinHandle<()>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Obedience {
    Does,
    OnlyReads,
}

struct Rig {
    store: Store,
    board: Board,
    changes: Changes,
    leaving: Leaving,
    directory: TempDir,
}

fn key(seed: u8) -> PublicKey {
    PublicKey::from_bytes([seed; 32])
}

fn config() -> Config {
    let text = "[community]\nname = \"Cœur de Caux\"\ndomain = \"coeur-de-caux.example\"\n";
    Config::parse(text).expect("a file with all that is required")
}

impl Netd {
    fn listen(directory: &TempDir) -> Self {
        Self::stand(directory, Obedience::Does)
    }

    /// As when the kernel refuses what netd writes, and not what it reads.
    fn refuse(directory: &TempDir) -> Self {
        Self::stand(directory, Obedience::OnlyReads)
    }

    fn stand(directory: &TempDir, obedience: Obedience) -> Self {
        let path = directory.path().join("netd.sock");
        if std::fs::metadata(&path).is_ok_and(|found| found.file_type().is_socket()) {
            std::fs::remove_file(&path).expect("the old socket goes");
        }
        let listener = UnixListener::bind(path).expect("a socket of our own");
        let (told, wanted) = watch::channel(None);
        let task = tokio::spawn(async move {
            let mut keys = (key(200), None);
            while let Ok((stream, _)) = listener.accept().await {
                serve(stream, &told, obedience, &mut keys).await;
            }
        });
        Self { wanted, _task: task }
    }

    /// Waits until what is wanted is like that.
    async fn until(&mut self, is_so: impl Fn(&Wanted) -> bool) -> Wanted {
        let wanted = self.wanted.wait_for(|wanted| wanted.as_ref().is_some_and(&is_so));
        let wanted = tokio::time::timeout(PATIENCE, wanted).await.expect("it comes in time");
        wanted.expect("netd stands").clone().expect("something is wanted")
    }
}

/// The key in use, and the next.
type Keys = (PublicKey, Option<PublicKey>);

fn follow(keys: &mut Keys, wish: KeyWish) {
    *keys = match (wish, *keys) {
        (KeyWish::Stay, (own, _)) => (own, None),
        (KeyWish::Prepare, (own, next)) => (own, next.or(Some(key(201)))),
        (KeyWish::Become(wanted), (_, Some(next))) if next == wanted => (next, None),
        (KeyWish::Become(_), keys) => keys,
    }
}

async fn serve(
    mut stream: UnixStream,
    told: &watch::Sender<Option<Wanted>>,
    obedience: Obedience,
    keys: &mut Keys,
) {
    while let Ok(length) = stream.read_u32().await {
        let mut body = vec![0; length as usize];
        stream.read_exact(&mut body).await.expect("the whole message comes");
        let message: Value = serde_json::from_slice(&body).expect("a message is JSON");
        if let Some(wanted) = message.get("want") {
            let wanted: Wanted = serde_json::from_value(wanted.clone()).expect("what is wanted");
            let wish = wanted.key;
            told.send_replace(Some(wanted));
            if obedience == Obedience::OnlyReads {
                return;
            }
            follow(keys, wish);
        }
        let answer = json!({ "present": present(told.borrow().as_ref(), *keys) }).to_string();
        let length = u32::try_from(answer.len()).expect("a short answer");
        stream.write_u32(length).await.expect("the answer is taken");
        stream.write_all(answer.as_bytes()).await.expect("the answer is taken");
    }
}

/// As if every peer had just been heard, from 192.0.2.1.
fn present(wanted: Option<&Wanted>, (own, next_key): Keys) -> Present {
    let peer = |allowed| PresentPeer {
        allowed,
        endpoint: Some(([192, 0, 2, 1], 51000).into()),
        keepalive: None,
        preshared: None,
        handshake_age: Some(Duration::ZERO),
        received: 148,
        sent: 92,
    };
    let peers = wanted.map(|wanted| wanted.tunnel.peers.clone()).unwrap_or_default();
    let tunnel = beffroi_tunnel::Present {
        backend: Backend::Embedded,
        key: Some(own),
        listen_port: 51820,
        addresses: [].into(),
        routes: [].into(),
        mtu: 1280,
        up: true,
        peers: peers.into_iter().map(|(key, wanted)| (key, peer(wanted.allowed))).collect(),
    };
    Present { tunnel, next_key, changes: 1 }
}

impl Rig {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory for the test");
        let store = Store::open(&directory.path().join("state")).expect("an empty directory becomes a store");
        let (changes, follower) = directory::changes();
        let board = Board::new(Instant::now());
        let client = Arc::new(Client::new(directory.path().join("netd.sock")));
        let (farewells, leaving) = farewells();
        let keeper = Keeper::new(&config(), store.clone(), client, board.clone(), farewells, follower);
        tokio::spawn(async move { keeper.run().await.expect("the database can be read") });
        Self { store, board, changes, leaving, directory }
    }

    async fn enrol(&self, seed: u8) -> Machine {
        let network = Network::new(config().network.ipv4, config().network.ipv6);
        let enrolled = self
            .store
            .write(async move |tx| {
                let name = CommuneName::parse(&format!("Commune {seed}")).expect("a name");
                let commune = directory::add_commune(tx, &name, false).await?.id;
                let name = MachineName::parse("accueil").expect("a name");
                let new = NewMachine { commune, name, key: key(seed), at: Timestamp::UNIX_EPOCH };
                directory::add_machine(tx, &network, new).await
            })
            .await;
        enrolled.expect("there is room")
    }

    async fn machine(&self, id: directory::MachineId) -> Machine {
        let machine = self.store.read(async move |tx| directory::machine(tx, id).await).await;
        machine.expect("it is read").expect("it is there")
    }
}

#[tokio::test]
async fn a_machine_is_a_peer_when_the_announcement_returns() {
    let rig = Rig::new();
    let mut netd = Netd::listen(&rig.directory);
    netd.until(|wanted| wanted.tunnel.peers.is_empty()).await;
    let machine = rig.enrol(1).await;
    assert!(rig.changes.carry_out(PATIENCE).await);
    let wanted = netd.wanted.borrow().clone().expect("something is wanted");
    assert!(wanted.tunnel.peers.contains_key(&machine.key));
    // What the device answered is on the board, and written down, before the next announcement is taken up.
    assert!(rig.changes.carry_out(PATIENCE).await);
    let link = rig.board.link(machine.id, Instant::now()).expect("it is expected");
    assert_eq!(link.state, State::Online);
    assert!(rig.machine(machine.id).await.seen, "that it was heard is written down");
}

#[tokio::test]
async fn a_revoked_machine_is_cut_off_at_once() {
    let rig = Rig::new();
    let mut netd = Netd::listen(&rig.directory);
    let machine = rig.enrol(1).await;
    let id = machine.id;
    rig.changes.announce();
    netd.until(|wanted| wanted.tunnel.peers.contains_key(&key(1))).await;
    let revocation =
        Revocation { at: Timestamp::UNIX_EPOCH, by: "Le référent".to_owned(), reason: "volé".to_owned() };
    rig.store
        .write(async move |tx| directory::revoke(tx, id, revocation.clone()).await)
        .await
        .expect("the machine is there");
    assert!(rig.changes.carry_out(PATIENCE).await);
    let wanted = netd.wanted.borrow().clone().expect("something is wanted");
    assert!(wanted.tunnel.peers.is_empty());
    assert!(wanted.firewall.machines.is_empty());
    assert_eq!(rig.board.link(id, Instant::now()), None);
}

#[tokio::test]
async fn what_netd_missed_is_made_up_for_when_it_comes() {
    let rig = Rig::new();
    let machine = rig.enrol(1).await;
    assert!(!rig.changes.carry_out(Duration::ZERO).await);
    let mut netd = Netd::listen(&rig.directory);
    netd.until(|wanted| wanted.tunnel.peers.contains_key(&machine.key)).await;
    assert!(rig.changes.carry_out(PATIENCE).await);
    assert_eq!(rig.board.service(), Service::Answers);
    let known = rig.store.read(async |tx| directory::gateway_key(tx).await).await;
    assert_eq!(known.expect("it is read"), Some(key(200)));
}

async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let seen = async {
        let mut tick = tokio::time::interval(Duration::from_millis(20));
        while !is_so() {
            tick.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, seen).await.unwrap_or_else(|_| panic!("never: {what}"));
}

#[tokio::test]
async fn a_netd_that_only_reads_feeds_the_figures_and_stays_silent() {
    let rig = Rig::new();
    let machine = rig.enrol(1).await;
    let mut netd = Netd::refuse(&rig.directory);
    netd.until(|wanted| wanted.tunnel.peers.contains_key(&machine.key)).await;
    // The refusal is on its way to the keeper.
    until("the refusal is heard", || matches!(rig.board.service(), Service::Silent { .. })).await;
    let silent = rig.board.service();
    let state = || rig.board.link(machine.id, Instant::now()).map(|link| link.state);
    until("the device is read", || state() == Some(State::Online)).await;
    assert_eq!(rig.board.service(), silent);
    assert!(!rig.changes.carry_out(Duration::ZERO).await);
}

#[tokio::test]
async fn a_machine_is_called_back_where_it_was_last_heard() {
    let rig = Rig::new();
    let mut netd = Netd::listen(&rig.directory);
    let machine = rig.enrol(1).await;
    rig.changes.announce();
    netd.until(|wanted| wanted.tunnel.peers.contains_key(&machine.key)).await;
    assert!(rig.changes.carry_out(PATIENCE).await);
    let hint = |wanted: &Wanted| wanted.tunnel.peers.get(&machine.key).and_then(|peer| peer.endpoint);
    rig.changes.announce();
    let wanted = netd.until(|wanted| hint(wanted).is_some()).await;
    assert_eq!(hint(&wanted), Some(([192, 0, 2, 1], 51000).into()));
}

#[tokio::test]
async fn the_gateway_s_key_changes_as_was_decided_and_machines_are_warned() {
    let mut rig = Rig::new();
    let mut netd = Netd::listen(&rig.directory);
    let machine = rig.enrol(1).await;
    assert!(rig.changes.carry_out(PATIENCE).await);
    let asker = ([10, 66, 1, 0], 40_000).into();
    assert!(rig.board.heard(machine.id, &Probe::default(), Instant::now()));
    rig.board.asks_from(machine.id, asker);

    let prepare = async |tx: &mut WriteTx| {
        directory::prepare_key_change(tx, "Le référent", Timestamp::UNIX_EPOCH).await
    };
    rig.store.write(prepare).await.expect("it is written");
    assert!(rig.changes.carry_out(PATIENCE).await);
    let next = rig.store.read(async |tx| directory::next_gateway_key(tx).await).await;
    assert_eq!(next.expect("it is read"), Some(key(201)), "it is written down when the announcement returns");
    assert!(rig.leaving.try_recv().is_err(), "nothing has changed yet");

    let order = async |tx: &mut WriteTx| {
        directory::order_key_change(tx, &key(201), 1, "Le référent", Timestamp::UNIX_EPOCH).await
    };
    rig.store.write(order).await.expect("it is written");
    assert!(rig.changes.carry_out(PATIENCE).await);
    assert_eq!(rig.leaving.try_recv(), Ok((Word::Changing, asker)));
    let stage = async || {
        let change = rig.store.read(async |tx| directory::key_change(tx).await).await;
        change.expect("it is read").map(|change| change.stage)
    };
    assert_eq!(stage().await, Some(Stage::Done(key(201))));
    netd.until(|wanted| wanted.key == KeyWish::Become(key(201))).await;
    assert!(rig.changes.carry_out(PATIENCE).await);
    netd.until(|wanted| wanted.key == KeyWish::Stay).await;
    assert_eq!(stage().await, Some(Stage::Done(key(201))));
    let own = rig.store.read(async |tx| directory::gateway_key(tx).await).await;
    assert_eq!(own.expect("it is read"), Some(key(201)));
}
