//! The internet of one scenario: a bridge to which every host is plugged, a router, names. It is the network
//! namespace that the scenario's own process is in.
//!
//! ```text
//!   node       node       node                                  node
//!    | eth0     | eth0     | eth0                                 | eth0
//!  ──┴──────────┴──────────┴──── 192.0.2.0/24, 2001:db8::/64      | 198.51.100.N, 2001:db8:1::N
//!               |                                                 |
//!       .1, ::1 | internet ──── router ──── line: rate, delay, loss
//! ```
//!
//! The networks are the ones reserved for documentation (RFC 5737, RFC 3849).

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::gateway::Gateway;
use crate::line::{Line, Quality};
use crate::local_network::LocalNetwork;
use crate::names::Names;
use crate::node::{Addresses, Node};
use crate::process;
use crate::town_hall::TownHall;

/// The router's own addresses, and those of the resolver.
const ROUTER: Addresses =
    Addresses { v4: Ipv4Addr::new(192, 0, 2, 1), v6: Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1) };

#[derive(Debug)]
pub struct World {
    folder: PathBuf,
    names: Names,
    next: AtomicU8,
}

impl World {
    /// A world named after the running test, whose folder it prints: it is shown when the test fails.
    pub fn new() -> Result<World> {
        let name = thread::current().name().unwrap_or("world").replace("::", "-");
        let folder = scenarios()?.join(name);
        #[expect(clippy::print_stderr, reason = "a test's output is how its reader finds the folder")]
        {
            eprintln!("this world's logs and captures are in {}", folder.display());
        }
        World::in_folder(folder)
    }

    /// A world that keeps everything in `folder`, which is emptied first.
    pub fn in_folder(folder: PathBuf) -> Result<World> {
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
        }
        fs::create_dir_all(&folder)?;
        let Addresses { v4, v6 } = ROUTER;
        for command in [
            "link set lo up",
            // A bridge takes its address from its ports and so changes it with each, which hosts take for another router.
            "link add internet address 02:00:00:00:00:01 type bridge",
            &format!("address add {v4}/24 dev internet"),
            &format!("address add {v6}/64 dev internet nodad"),
            "link set internet up",
        ] {
            ip(command, &folder).context("cannot make a bridge: was this started through tests/enter?")?;
        }
        fs::write("/proc/sys/net/ipv4/ip_forward", "1")?;
        fs::write("/proc/sys/net/ipv6/conf/all/forwarding", "1")?;
        let names = Names::start(&folder, [v4.into(), v6.into()])?;
        Ok(World { folder, names, next: AtomicU8::new(10) })
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A host plugged into the internet.
    pub fn node(&self, name: &str) -> Result<Arc<Node>> {
        let (number, node) = self.unplugged(name, 0)?;
        let network = node.namespaces().network_path();
        ip(&format!("link add port{number} type veth peer name eth0 netns {network}"), &self.folder)?;
        ip(&format!("link set port{number} master internet up"), &self.folder)?;
        node.settle(ROUTER)?;
        Ok(node)
    }

    /// A host at the end of a bad line, which can be changed or cut while it is used.
    pub fn node_on_a_line(&self, name: &str, quality: Quality) -> Result<(Arc<Node>, Line)> {
        let (number, node) = self.unplugged(name, 1)?;
        let line = Line::new(&format!("line{number}"), node.namespaces(), quality)?;
        let Addresses { v4, v6 } = node.addresses();
        for command in [
            format!("link set line{number} up"),
            format!("route add {v4} dev line{number}"),
            format!("-6 route add {v6} dev line{number}"),
        ] {
            ip(&command, &self.folder)?;
        }
        for command in [
            format!("address add {v4} dev eth0"),
            format!("-6 address add {v6} dev eth0 nodad"),
            "link set eth0 up".to_owned(),
            "route add default dev eth0".to_owned(),
            "-6 route add default dev eth0".to_owned(),
        ] {
            node.ip(&command)?;
        }
        Ok((node, line))
    }

    /// The communauté's gateway in `domain`, not yet started. Its name is `passerelle.DOMAIN`.
    pub fn gateway(&self, domain: &str) -> Result<Gateway> {
        let node = self.node("passerelle")?;
        let Addresses { v4, v6 } = node.addresses();
        self.name(&format!("passerelle.{domain}"), &[v4.into(), v6.into()])?;
        Gateway::new(node, domain)
    }

    /// The machine of a town hall, which has not joined yet.
    pub fn town_hall(&self, commune: &str) -> Result<TownHall> {
        Ok(TownHall::new(commune, self.node(&hostname(commune))?))
    }

    /// The same at the end of a bad line.
    pub fn town_hall_on_a_line(&self, commune: &str, quality: Quality) -> Result<(TownHall, Line)> {
        let (node, line) = self.node_on_a_line(&hostname(commune), quality)?;
        Ok((TownHall::new(commune, node), line))
    }

    /// The local network of a town hall, behind a box of its own.
    pub fn local_network(&self, commune: &str) -> Result<LocalNetwork> {
        let name = hostname(commune);
        let router = self.node(&format!("box-{name}"))?;
        LocalNetwork::behind(router, &name, self.folder.clone(), ROUTER.v4)
    }

    /// The machine of a town hall in its local network.
    pub fn town_hall_in(&self, network: &LocalNetwork, commune: &str, number: u8) -> Result<TownHall> {
        Ok(TownHall::new(commune, network.computer("poste", number)?))
    }

    /// Gives a host other addresses, as when its line is taken up again elsewhere.
    pub fn move_elsewhere(&self, node: &Node) -> Result<()> {
        node.move_to(addresses(self.number(), 0), ROUTER)
    }

    /// Puts the cable back in.
    pub fn plug_in(&self, node: &Node) -> Result<()> {
        node.settle(ROUTER)
    }

    /// From now on, `name` has these addresses for everyone.
    pub fn name(&self, name: &str, addresses: &[IpAddr]) -> Result<()> {
        self.names.set(name, addresses)
    }

    /// From now on the router drops packets that match one of these (nft(8)), and no others. Hosts at the end of a
    /// line are behind the router.
    pub fn router_drops(&self, matching: &[&str]) -> Result<()> {
        let rules: String = matching.iter().map(|rule| format!("{rule} counter drop\n")).collect();
        let table = "table inet way";
        let text = format!(
            "{table} {{}}\ndelete {table}\n{table} {{ chain forward {{ type filter hook forward priority 0;\n{rules}}}\n}}\n"
        );
        let file = self.folder.join("router.nft");
        fs::write(&file, text)?;
        let mut nft = Command::new("/usr/sbin/nft");
        nft.arg("-f").arg(&file);
        process::finish(nft, Duration::from_secs(10), &self.folder)?.success()?;
        Ok(())
    }

    fn unplugged(&self, name: &str, network: u8) -> Result<(u8, Arc<Node>)> {
        let number = self.number();
        let folder = self.folder.join(name);
        ensure!(!folder.exists(), "two hosts are called {name}");
        let node = Node::new(name, folder, ROUTER.v4.into(), addresses(number, network))?;
        Ok((number, Arc::new(node)))
    }

    fn number(&self) -> u8 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }
}

/// Where the scenarios' worlds are kept: beside what cargo builds.
fn scenarios() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target =
        program.ancestors().find(|folder| folder.ends_with("target")).context("not built by cargo")?;
    Ok(target.join("scenarios"))
}

/// Addresses of the `number`-th host, on the bridge (network 0) or on a line (1).
fn addresses(number: u8, network: u8) -> Addresses {
    let v4 =
        if network == 0 { Ipv4Addr::new(192, 0, 2, number) } else { Ipv4Addr::new(198, 51, 100, number) };
    Addresses { v4, v6: Ipv6Addr::new(0x2001, 0xdb8, network.into(), 0, 0, 0, 0, number.into()) }
}

/// "Ancourteville-sur-Héricourt" -> "ancourteville-sur-hericourt".
fn hostname(commune: &str) -> String {
    let plain = |letter: char| match letter {
        'é' | 'è' | 'ê' | 'ë' | 'É' | 'È' => 'e',
        'à' | 'â' | 'À' | 'Â' => 'a',
        'î' | 'ï' => 'i',
        'ô' | 'ö' => 'o',
        'û' | 'ù' | 'ü' => 'u',
        'ç' => 'c',
        letter if letter.is_ascii_alphanumeric() => letter.to_ascii_lowercase(),
        _ => '-',
    };
    commune.chars().map(plain).collect()
}

fn ip(arguments: &str, folder: &Path) -> Result<String> {
    let mut command = Command::new("/usr/sbin/ip");
    command.args(arguments.split(' '));
    process::finish(command, Duration::from_secs(10), folder)?.success()
}
