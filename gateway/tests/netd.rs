//! `beffroi-netd` as a process: what it keeps, what it lets through, and with which rights. It needs a
//! namespace of its own to run in (`tests/enter`), which nextest gives it.
//!
//! ```text
//!     netd; the test, as the gateway                 mairie
//!     10.66.0.1 ──[beffroi]                [mairie]── 10.66.1.0
//!     192.0.2.1 ────────────── cable ──────────────── 192.0.2.2
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, Permissions};
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::Duration;

use beffroi_gateway::netd::{
    Client, Error, Firewall, KeyWish, Port, Present, Wanted, key_path, next_key_path,
};
use beffroi_protocol::{PrivateKey, PublicKey};
use beffroi_tunnel::{Backend, Peer, Tunnel};
use ipnet::IpNet;
use nix::sched::{CloneFlags, setns};
use tempfile::TempDir;
use tokio::net::UdpSocket;
use tokio::runtime::{Builder, Runtime};
use tokio::time::{Instant, sleep, timeout};

/// What a condition may take before the test fails.
const DEADLINE: Duration = Duration::from_secs(20);
const INSIDE: Ipv4Addr = Ipv4Addr::new(10, 66, 0, 1);
/// The one port that machines may reach.
const PROBE: u16 = 4711;
/// One that they may not.
const OTHER: u16 = 4712;

#[test]
fn what_is_wanted_is_written_once_and_kept() {
    let here = Here::new();
    let netd = here.netd();
    let wanted = wanted(&here.mairie);
    assert!(here.want(&wanted).expect("a plain state").changes > 0);
    assert_eq!(here.want(&wanted).expect("a plain state").changes, 0);
    assert!(output("nft list table inet beffroi").contains("udp dport 4711 accept"));

    output("ip address del 10.66.0.1/16 dev beffroi");
    assert_eq!(here.want(&wanted).expect("a plain state").changes, 1);
    assert_eq!(here.want(&wanted).expect("a plain state").changes, 0);
    drop(netd);
}

/// The measured version is `link.restart.2000` of `make bench`.
#[test]
fn two_thousand_machines_are_kept_and_one_is_taken_out_alone() {
    let here = Here::new();
    let netd = here.netd();
    let mut wanted = wanted(&here.mairie);
    for number in 0..2_000_u32 {
        let mut key = [7; 32];
        key[..4].copy_from_slice(&number.to_be_bytes());
        let address =
            IpNet::from(IpAddr::from(Ipv4Addr::from(u32::from(Ipv4Addr::new(10, 66, 2, 0)) + number)));
        let peer = Peer { allowed: BTreeSet::from([address]), ..Peer::default() };
        wanted.tunnel.peers.insert(PublicKey::from_bytes(key), peer);
        wanted.firewall.machines.insert(address);
    }
    assert!(here.want(&wanted).expect("a plain state").changes > 2_000);
    assert_eq!(here.want(&wanted).expect("a plain state").changes, 0);
    wanted.tunnel.peers.pop_last().expect("there are many");
    assert_eq!(here.want(&wanted).expect("a plain state").changes, 1);

    drop(netd);
    let _netd = here.netd();
    let present = here.runtime.block_on(here.client.present()).expect("netd answers");
    assert_eq!(present.tunnel.peers.len(), wanted.tunnel.peers.len(), "it had remembered");
}

/// Unasked, and long before the minute in which everything is compared.
#[test]
fn a_firewall_that_someone_flushed_is_back_at_once() {
    let here = Here::new();
    let _netd = here.netd();
    here.want(&wanted(&here.mairie)).expect("a plain state");
    for _ in 0..2 {
        output("nft flush ruleset");
        here.until("the firewall is back", || output("nft list ruleset").contains("udp dport 4711 accept"));
    }
    output("nft insert rule inet beffroi input ip saddr 203.0.113.9 accept");
    here.until("nobody else is let in", || !output("nft list ruleset").contains("203.0.113.9"));
}

#[test]
fn it_has_one_right() {
    let here = Here::new();
    let netd = here.netd();
    here.want(&wanted(&here.mairie)).expect("a plain state");
    let status = fs::read_to_string(format!("/proc/{}/status", netd.0.id())).expect("it is running");
    let net_admin = format!("{:016x}", 1_u64 << 12);
    for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        assert!(status.contains(&format!("{set}:\t{net_admin}\n")), "{set} in {status}");
    }
    assert!(status.contains("NoNewPrivs:\t1\n"), "{status}");
}

#[test]
fn a_machine_reaches_the_ports_that_are_listed_and_no_other() {
    let here = Here::new();
    let _netd = here.netd();
    let present = here.want(&wanted(&here.mairie)).expect("a plain state");
    let mairie = Mairie::open(&here.mairie, present.tunnel.key.expect("netd has made a key"));
    let listed = here.runtime.block_on(UdpSocket::bind((INSIDE, PROBE))).expect("the address is ours");
    let other = here.runtime.block_on(UdpSocket::bind((INSIDE, OTHER))).expect("the address is ours");
    here.runtime.spawn(echo(listed));

    mairie.reaches(PROBE);
    mairie.sends(OTHER);
    // Sent after it, and come through: the other one would be here by now.
    mairie.reaches(PROBE);
    other.try_recv(&mut [0; 64]).expect_err("the firewall lets nothing through");
}

#[test]
fn an_interface_that_someone_removed_ends_it_and_the_next_one_makes_another() {
    let here = Here::new();
    let mut netd = here.netd();
    let wanted = wanted(&here.mairie);
    here.want(&wanted).expect("a plain state");

    output("ip link del beffroi");
    here.want(&wanted).expect_err("the interface is gone");
    assert!(!netd.0.wait().expect("it is our child").success(), "for systemd to start it again");

    let _netd = here.netd();
    assert_eq!(here.want(&wanted).expect("a plain state").changes, 0, "it had remembered");
}

#[test]
fn without_a_firewall_nobody_is_let_in_and_who_is_to_go_goes() {
    let here = Here::new();
    let broken = here.nft_that_breaks();
    let _netd = here.netd();
    let mut wanted = wanted(&here.mairie);
    here.want(&wanted).expect("a plain state");

    fs::write(&broken, "").expect("a directory of our own");
    let revoked = wanted.tunnel.peers.remove(&here.mairie.public()).expect("a peer of the example");
    let newcomer = PrivateKey::from_bytes([3; 32]).public();
    wanted.tunnel.peers.insert(newcomer, revoked);
    here.want(&wanted).expect_err("nft fails");
    let present = here.runtime.block_on(here.client.present()).expect("netd answers");
    assert_eq!(present.tunnel.peers, BTreeMap::new());

    fs::remove_file(&broken).expect("written above");
    here.want(&wanted).expect("a plain state");
    let present = here.runtime.block_on(here.client.present()).expect("netd answers");
    assert!(present.tunnel.peers.contains_key(&newcomer));
}

#[test]
fn one_that_was_killed_calls_its_machines_without_being_told() {
    let here = Here::new();
    let netd = here.netd();
    let mut wanted = wanted(&here.mairie);
    let member = wanted.tunnel.peers.get_mut(&here.mairie.public()).expect("a peer of the example");
    member.keepalive = Some(25);
    let present = here.want(&wanted).expect("a plain state");
    let mairie = Mairie::open(&here.mairie, present.tunnel.key.expect("netd has made a key"));
    let socket = here.runtime.block_on(UdpSocket::bind((INSIDE, PROBE))).expect("the address is ours");
    here.runtime.spawn(echo(socket));
    mairie.reaches(PROBE);
    here.want(&wanted).expect("a plain state");

    drop(netd);
    let _netd = here.netd();

    here.runtime.block_on(async {
        let started = Instant::now();
        loop {
            let present = here.client.present().await.expect("netd answers");
            if present.tunnel.peers[&here.mairie.public()].handshake_age.is_some() {
                return;
            }
            assert!(started.elapsed() < DEADLINE, "an idle machine was not called");
            sleep(Duration::from_millis(20)).await;
        }
    });
}

#[test]
#[ignore = "needs WireGuard in the kernel: make test-kernel"]
fn links_in_the_kernel_outlive_it() {
    let here = Here::new();
    let mut netd = here.netd();
    let wanted = wanted(&here.mairie);
    let present = here.want(&wanted).expect("a plain state");
    assert_eq!(present.tunnel.backend, Backend::Kernel);
    let mairie = Mairie::open(&here.mairie, present.tunnel.key.expect("netd has made a key"));
    let socket = here.runtime.block_on(UdpSocket::bind((INSIDE, PROBE))).expect("the address is ours");
    here.runtime.spawn(echo(socket));
    mairie.reaches(PROBE);

    netd.0.kill().expect("it is running");
    netd.0.wait().expect("it is our child");
    mairie.reaches(PROBE);
    let _netd = here.netd();

    let again = here.want(&wanted).expect("a plain state");
    assert_eq!(again.changes, 0);
    assert_eq!(again.tunnel.key, present.tunnel.key);
    let peer = &again.tunnel.peers[&here.mairie.public()];
    assert!(peer.received > 0 && peer.handshake_age.is_some(), "the same session: {peer:?}");
}

/// Twice: by being asked, and after a kill between the disk and the device.
#[test]
fn the_key_changes_and_the_machines_stay() {
    let here = Here::new();
    let mut netd = here.netd();
    let mut wanted = wanted(&here.mairie);
    let present = here.want(&wanted).expect("a plain state");
    assert_eq!(present.next_key, None);
    let first = present.tunnel.key.expect("netd has made a key");
    let mut mairie = Mairie::open(&here.mairie, first);
    let socket = here.runtime.block_on(UdpSocket::bind((INSIDE, PROBE))).expect("the address is ours");
    here.runtime.spawn(echo(socket));
    mairie.reaches(PROBE);

    let prepared = here.prepare(&mut wanted);
    assert_eq!(here.want(&wanted).expect("a plain state").next_key, Some(prepared), "it is made once");
    mairie.reaches(PROBE);
    wanted.key = KeyWish::Become(prepared);
    let present = here.want(&wanted).expect("a plain state");
    assert_eq!((present.tunnel.key, present.next_key), (Some(prepared), None));
    assert_eq!(present.tunnel.listen_port, 51820);
    assert!(present.tunnel.peers[&here.mairie.public()].endpoint.is_some(), "it knows where the machine is");
    assert_eq!(here.want(&wanted).expect("a plain state").changes, 0);
    mairie.calls(prepared);
    mairie.reaches(PROBE);

    let next = here.prepare(&mut wanted);
    drop(netd);
    let directory = here.directory.path().join("netd");
    let remembered = directory.join("wanted.json");
    let text = fs::read_to_string(&remembered).expect("it is there");
    let asked = text.replace("\"prepare\"", &format!("{{\"become\":\"{next}\"}}"));
    fs::write(remembered, asked).expect("a file of our own");
    fs::rename(next_key_path(&directory), key_path(&directory)).expect("the step that is on disk");
    netd = here.netd();
    let present = here.runtime.block_on(here.client.present()).expect("netd answers");
    assert_eq!((present.tunnel.key, present.next_key), (Some(next), None));
    wanted.key = KeyWish::Become(next);
    here.want(&wanted).expect("a plain state");
    mairie.calls(next);
    mairie.reaches(PROBE);
    drop(netd);
}

/// The host of netd: the namespace in which the test is.
struct Here {
    runtime: Runtime,
    directory: TempDir,
    client: Client,
    /// The key of the town hall's machine.
    mairie: PrivateKey,
}

/// Running until dropped.
struct Netd(Child);

impl Here {
    fn new() -> Self {
        output("ip link set lo up");
        output("ip netns add mairie");
        output("ip link add to-mairie type veth peer name to-netd netns mairie");
        output("ip address add 192.0.2.1/30 dev to-mairie");
        output("ip link set to-mairie up");
        output("ip -n mairie address add 192.0.2.2/30 dev to-netd");
        output("ip -n mairie link set to-netd up");
        let directory = TempDir::new().expect("a place for files");
        let config = format!(
            "[community]\nname = \"Cœur de Caux\"\ndomain = \"coeur-de-caux.test\"\n\
             [netd]\nsocket = \"{path}/netd.sock\"\ndirectory = \"{path}/netd\"\nuser = \"root\"\n",
            path = directory.path().display()
        );
        fs::write(directory.path().join("gateway.toml"), config).expect("a directory of our own");
        Self {
            runtime: runtime(),
            client: Client::new(directory.path().join("netd.sock")),
            directory,
            mairie: PrivateKey::from_bytes([2; 32]),
        }
    }

    /// Starts it, and waits until it answers.
    fn netd(&self) -> Netd {
        let config = self.directory.path().join("gateway.toml");
        let path = std::env::var("PATH").expect("the system's programs are found by it");
        let process = Command::new(env!("CARGO_BIN_EXE_beffroi-netd"))
            .arg("--config")
            .arg(config)
            .env("PATH", format!("{}:{path}", self.directory.path().display()))
            .spawn();
        let mut netd = Netd(process.expect("it has been built"));
        self.runtime.block_on(async {
            let started = Instant::now();
            while self.client.present().await.is_err() {
                assert!(started.elapsed() < DEADLINE, "it does not answer");
                assert_eq!(netd.0.try_wait().expect("it is our child"), None, "it has ended");
                sleep(Duration::from_millis(20)).await;
            }
        });
        netd
    }

    /// Puts an `nft` before the system's, which fails while the file that is returned is there.
    fn nft_that_breaks(&self) -> PathBuf {
        let (nft, broken) = (self.directory.path().join("nft"), self.directory.path().join("broken"));
        let real = "PATH=/usr/sbin:/usr/bin exec nft \"$@\"";
        let script = format!("#!/bin/sh\n[ ! -e {} ] && {real}\n", broken.display());
        fs::write(&nft, script).expect("a directory of our own");
        fs::set_permissions(&nft, Permissions::from_mode(0o755)).expect("a file of our own");
        broken
    }

    fn until(&self, what: &str, condition: impl Fn() -> bool) {
        let started = Instant::now();
        while !condition() {
            assert!(started.elapsed() < DEADLINE, "not so: {what}");
            self.runtime.block_on(async { sleep(Duration::from_millis(20)).await });
        }
    }

    fn want(&self, wanted: &Wanted) -> Result<Present, Error> {
        self.runtime.block_on(self.client.want(wanted))
    }

    /// Has the next key made, and gives it.
    fn prepare(&self, wanted: &mut Wanted) -> PublicKey {
        let before = self.runtime.block_on(self.client.present()).expect("netd answers").tunnel.key;
        wanted.key = KeyWish::Prepare;
        let present = self.want(wanted).expect("a plain state");
        assert_eq!(present.tunnel.key, before, "the key in use stays");
        present.next_key.expect("it has been made")
    }
}

impl Drop for Netd {
    fn drop(&mut self) {
        // It may have ended by itself, as the test then knows.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// The machine of a town hall, in a namespace of its own.
struct Mairie {
    runtime: Runtime,
    /// Lent while it is changed.
    tunnel: Option<Tunnel>,
}

impl Mairie {
    fn open(key: &PrivateKey, gateway: PublicKey) -> Self {
        let start = || {
            let namespace = File::open("/run/netns/mairie").expect("made at the start");
            setns(namespace, CloneFlags::CLONE_NEWNET).expect("we are root here");
            runtime()
        };
        // Threads are in the namespace of the thread that starts them.
        let runtime = std::thread::spawn(start).join().expect("its panic is the test's");
        let key = key.clone();
        let opened =
            runtime.spawn(async move { Tunnel::open("mairie", &key, &[]).await.expect("a new interface") });
        let tunnel = runtime.block_on(opened).expect("its panic is the test's");
        let mut mairie = Self { runtime, tunnel: Some(tunnel) };
        mairie.calls(gateway);
        mairie
    }

    /// The gateway has this key.
    fn calls(&mut self, gateway: PublicKey) {
        let peer = Peer {
            allowed: nets(["10.66.0.1/32"]),
            endpoint: Some(([192, 0, 2, 1], 51820).into()),
            ..Peer::default()
        };
        let wanted = beffroi_tunnel::Wanted {
            listen_port: None,
            addresses: nets(["10.66.1.0/32"]),
            routes: nets(["10.66.0.1/32"]).into_iter().map(|net| (net, None)).collect(),
            mtu: 1280,
            peers: BTreeMap::from([(gateway, peer)]),
        };
        let mut tunnel = self.tunnel.take().expect("it is lent for a moment only");
        let changed = self.runtime.spawn(async move {
            tunnel.reconcile(&wanted).await.expect("a plain state");
            tunnel
        });
        self.tunnel = Some(self.runtime.block_on(changed).expect("its panic is the test's"));
    }

    fn sends(&self, port: u16) {
        self.run(async move {
            let socket = UdpSocket::bind(("0.0.0.0", 0)).await.expect("a free port");
            socket.send_to(b"?", (INSIDE, port)).await.expect("there is a route");
        });
    }

    /// Asks every 50 ms until an answer comes.
    fn reaches(&self, port: u16) {
        self.run(async move {
            let socket = UdpSocket::bind(("0.0.0.0", 0)).await.expect("a free port");
            let started = Instant::now();
            loop {
                assert!(started.elapsed() < DEADLINE, "port {port} does not answer");
                drop(socket.send_to(b"?", (IpAddr::from(INSIDE), port)).await);
                let answer = timeout(Duration::from_millis(50), socket.recv(&mut [0; 64])).await;
                if answer.is_ok_and(|received| received.is_ok()) {
                    return;
                }
            }
        });
    }

    fn run(&self, job: impl Future<Output = ()> + Send + 'static) {
        self.runtime.block_on(self.runtime.spawn(job)).expect("its panic is the test's");
    }
}

fn wanted(mairie: &PrivateKey) -> Wanted {
    let peer = Peer { allowed: nets(["10.66.1.0/32"]), ..Peer::default() };
    Wanted {
        tunnel: beffroi_tunnel::Wanted {
            listen_port: Some(51820),
            addresses: nets(["10.66.0.1/16"]),
            routes: BTreeMap::new(),
            mtu: 1280,
            peers: BTreeMap::from([(mairie.public(), peer)]),
        },
        firewall: Firewall {
            machines: nets(["10.66.1.0/32"]),
            machine_ports: BTreeSet::from([Port::Udp(PROBE)]),
            invited: None,
            open: BTreeSet::from([Port::Udp(51820)]),
        },
        key: KeyWish::Stay,
    }
}

fn nets<const N: usize>(texts: [&str; N]) -> BTreeSet<IpNet> {
    texts.into_iter().map(|text| text.parse().expect("a network")).collect()
}

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("threads are to be had")
}

async fn echo(socket: UdpSocket) {
    let mut buffer = [0; 64];
    while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
        drop(socket.send_to(&buffer[..length], from).await);
    }
}

fn output(command: &str) -> String {
    let mut words = command.split(' ');
    let program = words.next().expect("a command has a first word");
    let output = Command::new(program).args(words).output().expect("the program is installed");
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("these programs print UTF-8")
}
