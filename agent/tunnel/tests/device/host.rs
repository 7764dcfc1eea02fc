//! A host: a network namespace, and a runtime whose threads live in it.

use std::collections::HashSet;
use std::fs::File;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::process::Command;
use std::time::Duration;

use caps::{CapSet, Capability};
use nix::sched::{CloneFlags, setns};
use tokio::net::UdpSocket;
use tokio::runtime::{Builder, Runtime};
use tokio::time::{Instant, sleep, timeout};

/// What a condition may take before the test fails.
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);

pub(crate) struct Host {
    name: &'static str,
    runtime: Runtime,
}

impl Host {
    pub(crate) fn new(name: &'static str) -> Self {
        Self::start(name, || ())
    }

    /// Its programs may change the network, and nothing else that is root's.
    pub(crate) fn with_net_admin_alone(name: &'static str) -> Self {
        let alone = HashSet::from([Capability::CAP_NET_ADMIN]);
        Self::start(name, move || {
            for set in [CapSet::Effective, CapSet::Permitted] {
                caps::set(None, set, &alone).expect("capabilities can be given up");
            }
        })
    }

    /// Threads have the namespace and the capabilities of the thread that starts them.
    fn start(name: &'static str, prepare: impl FnOnce() + Send + 'static) -> Self {
        ip(&format!("netns add {name}"));
        ip(&format!("-n {name} link set lo up"));
        let start = move || {
            let namespace = File::open(format!("/run/netns/{name}")).expect("made above");
            setns(namespace, CloneFlags::CLONE_NEWNET).expect("root of the user namespace may");
            prepare();
            Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("threads are to be had")
        };
        let runtime = std::thread::spawn(start).join().expect("its panic is the test's");
        Self { name, runtime }
    }

    /// A cable between two hosts, with an address at each end.
    pub(crate) fn join(&self, here: &str, other: &Self, there: &str) {
        let (left, right) = (self.name, other.name);
        ip(&format!("link add to-{right} netns {left} type veth peer name to-{left} netns {right}"));
        ip(&format!("-n {left} address add {here} dev to-{right}"));
        ip(&format!("-n {right} address add {there} dev to-{left}"));
        ip(&format!("-n {left} link set to-{right} up"));
        ip(&format!("-n {right} link set to-{left} up"));
    }

    pub(crate) fn run<T: Send + 'static>(&self, job: impl Future<Output = T> + Send + 'static) -> T {
        self.runtime.block_on(self.runtime.spawn(job)).expect("its panic is the test's")
    }

    /// What a program prints on this host.
    pub(crate) fn output(&self, command: &str) -> String {
        let output = Command::new("ip")
            .args(["netns", "exec", self.name])
            .args(command.split(' '))
            .output()
            .expect("ip(8) is installed");
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("these programs print UTF-8")
    }

    /// Answers datagrams at this address for as long as the host lives.
    pub(crate) fn echo(&self, address: IpAddr) {
        let socket =
            self.run(async move { UdpSocket::bind((address, 7)).await.expect("the address is ours") });
        self.runtime.spawn(async move {
            let mut buffer = [0; 64];
            while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
                drop(socket.send_to(&buffer[..length], from).await);
            }
        });
    }

    /// Sends a datagram to an echo every 50 ms until one has come back.
    pub(crate) fn reaches(&self, address: IpAddr) {
        let started = Instant::now();
        while !self.hears(address, Duration::from_millis(50)) {
            assert!(started.elapsed() < DEADLINE, "{address} does not answer");
        }
    }

    /// Sends one datagram to an echo, and tells whether it came back.
    pub(crate) fn hears(&self, address: IpAddr, within: Duration) -> bool {
        self.run(async move {
            let any: IpAddr = if address.is_ipv4() { [0, 0, 0, 0].into() } else { [0; 16].into() };
            let socket = UdpSocket::bind((any, 0)).await.expect("a free port");
            drop(socket.send_to(b"?", SocketAddr::from((address, 7))).await);
            timeout(within, socket.recv(&mut [0; 64])).await.is_ok_and(|received| received.is_ok())
        })
    }

    /// How many packets have come in through an interface.
    pub(crate) fn received(&self, interface: &str) -> u64 {
        let text = self.output(&format!("cat /sys/class/net/{interface}/statistics/rx_packets"));
        text.trim().parse().expect("the kernel writes a number")
    }

    /// Looks every 20 ms until it is so.
    pub(crate) fn wait<F: Future<Output = bool> + Send>(
        &self,
        what: &str,
        look: impl Fn() -> F + Send + 'static,
    ) {
        let what = what.to_owned();
        self.run(async move {
            let started = Instant::now();
            while !look().await {
                assert!(started.elapsed() < DEADLINE, "never happened: {what}");
                sleep(Duration::from_millis(20)).await;
            }
        });
    }
}

fn ip(arguments: &str) {
    let status = Command::new("ip").args(arguments.split(' ')).status().expect("ip(8) is installed");
    assert!(status.success(), "ip {arguments}");
}
