//! `link.throughput`: TCP from the gateway to a town hall, through the devices that are embedded in netd and in the
//! agent; and the same between two `wireguard-go`.
//!
//! ```text
//!   passerelle (netd, gateway)   alvimare (agent)        go1 (wireguard-go)   go2 (wireguard-go)
//!        |                            |                        |                    |
//!   ─────┴────────────────────────────┴────────────────────────┴────────────────────┴─────
//! ```

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use beffroi_tests::{Community, Node, Process, until};
use serde_json::Value;

use crate::report::Figure;

/// Odd, so that one is in the middle.
const RUNS: usize = 7;
/// Of one run. The first second is not counted: TCP is still finding out.
const SECONDS: &str = "4";
const SOON: Duration = Duration::from_secs(20);

pub(crate) fn measure() -> Result<Vec<Figure>> {
    let Community { world, gateway, town_halls: [alvimare], .. } = Community::of(["Alvimare"])?;
    let device = gateway.node.ip("-details link show beffroi")?;
    ensure!(!device.contains("wireguard"), "this kernel has WireGuard, so that no device is embedded");
    let (go1, go2) = (world.node("go1")?, world.node("go2")?);
    let _wireguard_go = wireguard_go(&go1, &go2)?;

    // From the gateway, because its firewall lets machines begin nothing but what is theirs to begin.
    let ours = Path::open(&gateway.node, &alvimare.node, alvimare.tunnel_addresses()?[0])?;
    let theirs = Path::open(&go1, &go2, INSIDE_GO[1].parse()?)?;
    let (mut our_runs, mut their_runs) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        our_runs.push(ours.run(SECONDS)?);
        their_runs.push(theirs.run(SECONDS)?);
    }
    let figure = Figure::new("link.throughput", "Mbit/s", our_runs).against(&version(&go1)?, their_runs);
    Ok(vec![figure])
}

/// Where TCP runs, with an `iperf3` that listens at its end.
pub(crate) struct Path<'a> {
    from: &'a Node,
    to: IpAddr,
    server: Arc<Process>,
}

impl<'a> Path<'a> {
    pub(crate) fn open(from: &'a Node, to: &Node, address: IpAddr) -> Result<Path<'a>> {
        let mut server = to.spawn("iperf3", ["iperf3", "--server", "--forceflush"])?;
        server.says("listening", SOON)?;
        Ok(Path { from, to: address, server: Arc::new(server) })
    }

    /// Another way to the same end.
    pub(crate) fn by(&self, address: IpAddr) -> Path<'a> {
        Path { from: self.from, to: address, server: self.server.clone() }
    }

    /// What arrives, in Mbit/s.
    pub(crate) fn run(&self, seconds: &str) -> Result<f64> {
        let to = self.to.to_string();
        let report =
            self.from.run(["iperf3", "--json", "--omit", "1", "--time", seconds, "--client", &to])?;
        let report: Value = serde_json::from_str(&report)?;
        let rate = report["end"]["sum_received"]["bits_per_second"].as_f64();
        Ok(rate.with_context(|| format!("iperf3 says {report}"))? / 1e6)
    }
}

/// The addresses at both ends of the tunnel of `wireguard-go`.
const INSIDE_GO: [&str; 2] = ["10.77.0.1", "10.77.0.2"];

/// Joins two hosts as ours are joined.
fn wireguard_go(one: &Node, other: &Node) -> Result<[Process; 2]> {
    let processes = [start(one)?, start(other)?];
    let [key, other_key] = [make_key(one)?, make_key(other)?];
    set_up(one, INSIDE_GO[0], other, INSIDE_GO[1], &other_key)?;
    set_up(other, INSIDE_GO[1], one, INSIDE_GO[0], &key)?;
    Ok(processes)
}

fn start(node: &Node) -> Result<Process> {
    let process = node.spawn("wireguard-go", ["wireguard-go", "--foreground", "go"])?;
    until("wireguard-go answers", SOON, || Ok(node.attempt(["wg", "show", "go"])?.succeeded()))?;
    Ok(process)
}

/// Returns the public one.
fn make_key(node: &Node) -> Result<String> {
    let make = "umask 077; wg genkey > /var/lib/key; wg pubkey < /var/lib/key";
    Ok(node.run(["sh", "-c", make])?.trim().to_owned())
}

fn set_up(node: &Node, own: &str, peer: &Node, remote: &str, key: &str) -> Result<()> {
    let endpoint = format!("{}:51820", peer.address());
    node.run(["wg", "set", "go", "listen-port", "51820", "private-key", "/var/lib/key"])?;
    node.run(["wg", "set", "go", "peer", key, "endpoint", &endpoint, "allowed-ips", remote])?;
    node.ip(&format!("address add {own}/30 dev go"))?;
    node.ip("link set go mtu 1280 up")?;
    Ok(())
}

/// "wireguard-go v0.0.20220316-b4": two versions of it may be far apart.
fn version(node: &Node) -> Result<String> {
    let told = node.run(["wireguard-go", "--version"])?;
    Ok(told.split_whitespace().take(2).collect::<Vec<_>>().join(" "))
}
