//! One host: a network of its own, its own files where programs write, and commands run on it.
//!
//! It sees the machine's programs and libraries, but a copy of what they need in `/etc`, and its own `/run`, `/var/lib`, `/var/log` and
//! certificates: what is installed or written on it never touches the machine. All of it stays in the node's folder.

use std::ffi::OsStr;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::capture::Capture;
use crate::namespaces::{self, Namespaces};
use crate::process::{self, Outcome, Process};

/// How long a command may take that is run to its end.
const PATIENCE: Duration = Duration::from_secs(60);

/// What programs leave here ends with the host: killed ones do not clear up. Its name is short, because the path of a
/// Unix socket has room for 108 bytes.
const TEMPORARY: &str = "/run/tmp";

/// Where a host's programs write, and the folder of the node that is shown there.
const OWN: [(&str, &str); 5] = [
    ("etc", "/etc"),
    ("var-lib", "/var/lib"),
    ("var-log", "/var/log"),
    ("var-backups", "/var/backups"),
    ("certificates", "/usr/local/share/ca-certificates"),
];

/// What programs read in `/etc`; the rest, passwords and private keys among it, is not there.
const SETTINGS: [&str; 14] = [
    "alternatives",
    "ca-certificates.conf",
    "chromium",
    "chromium.d",
    "debian_version",
    "fonts",
    "group",
    "iproute2",
    "ld.so.cache",
    "localtime",
    "os-release",
    "passwd",
    "protocols",
    "ssl/certs",
];

#[derive(Debug)]
pub struct Node {
    name: String,
    folder: PathBuf,
    namespaces: Namespaces,
    addresses: Mutex<Addresses>,
    environment: Mutex<Vec<(String, String)>>,
    captures: AtomicU32,
}

/// The public addresses of one host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    pub v4: Ipv4Addr,
    pub v6: Ipv6Addr,
}

impl Node {
    pub(crate) fn new(name: &str, folder: PathBuf, resolver: IpAddr, addresses: Addresses) -> Result<Node> {
        fs::create_dir_all(folder.join("home"))?;
        copy_settings(&folder.join("etc"))?;
        let settings = [
            ("hostname", format!("{name}\n")),
            ("hosts", "127.0.0.1 localhost\n::1 localhost\n".to_owned()),
            ("nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n".to_owned()),
            ("resolv.conf", format!("nameserver {resolver}\noptions timeout:1 attempts:1\n")),
        ];
        for (file, text) in settings {
            fs::write(folder.join("etc").join(file), text)?;
        }
        let namespaces = Namespaces::new(name, || {
            for (own, target) in OWN {
                namespaces::bind(&folder.join(own), target)?;
            }
            namespaces::empty("/run")?;
            Ok(fs::create_dir(TEMPORARY)?)
        })?;
        let node = Node {
            name: name.to_owned(),
            folder,
            namespaces,
            addresses: Mutex::new(addresses),
            environment: Mutex::default(),
            captures: AtomicU32::new(1),
        };
        node.ip("link set lo up")?;
        // The machine's own local certificates stay behind, and so the links to them lead nowhere.
        node.run(["find", "/etc/ssl/certs", "-xtype", "l", "-delete"])?;
        Ok(node)
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Holds its logs and everything its programs wrote.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn namespaces(&self) -> &Namespaces {
        &self.namespaces
    }

    pub fn address(&self) -> IpAddr {
        self.addresses().v4.into()
    }

    pub fn addresses(&self) -> Addresses {
        *self.addresses.lock().expect("no one panics while moving")
    }

    /// From now on every command of this host finds this variable in its environment.
    pub fn export(&self, name: &str, value: &str) {
        let mut environment = self.environment.lock().expect("no one panics while exporting");
        environment.push((name.to_owned(), value.to_owned()));
    }

    /// From now on every program that is started on this host reads another clock, told in the manner of libfaketime:
    /// "+15d" is two weeks and a day ahead, "+0 x20" runs twenty times as fast.
    pub fn set_clock(&self, clock: &str) {
        self.export("LD_PRELOAD", "/usr/$LIB/faketime/libfaketime.so.1");
        self.export("FAKETIME", clock);
    }

    /// Runs a command to its end.
    ///
    /// # Errors
    /// When it fails, with what it said.
    pub fn run<A: AsRef<OsStr>>(&self, command: impl IntoIterator<Item = A>) -> Result<String> {
        self.attempt(command)?.success()
    }

    /// Runs a command to its end that may well fail.
    pub fn attempt<A: AsRef<OsStr>>(&self, command: impl IntoIterator<Item = A>) -> Result<Outcome> {
        let command = self.command(command)?;
        self.namespaces
            .inside(|| process::finish(command, PATIENCE, &self.folder))
            .with_context(|| format!("on {}", self.name))
    }

    /// Starts a command in the background; its log is `NAME.log` in the node's folder.
    pub fn spawn<A: AsRef<OsStr>>(
        &self,
        name: &str,
        command: impl IntoIterator<Item = A>,
    ) -> Result<Process> {
        let command = self.command(command)?;
        let log = self.folder.join(format!("{name}.log"));
        self.namespaces
            .inside(|| Process::start(name, command, log))
            .with_context(|| format!("on {}", self.name))
    }

    fn command<A: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = A>) -> Result<Command> {
        let mut words = words.into_iter();
        let mut command = Command::new(words.next().context("a command has a first word")?);
        command
            .args(words)
            .env_clear()
            .env("HOME", self.folder.join("home"))
            .env("LANG", "C.UTF-8")
            .env("TMPDIR", TEMPORARY)
            .env("PATH", format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", programs()?.display()))
            .envs(self.environment.lock().expect("no one panics while exporting").iter().cloned())
            .current_dir(&self.folder);
        Ok(command)
    }

    /// Runs `ip`, with its arguments as one would type them.
    pub fn ip(&self, arguments: &str) -> Result<String> {
        self.run(std::iter::once("ip").chain(arguments.split(' ')))
    }

    /// Records what passes an interface, from now on; also as `capture-N-INTERFACE.pcap` in the node's folder.
    pub fn capture(&self, interface: &str) -> Result<Capture> {
        let number = self.captures.fetch_add(1, Ordering::Relaxed);
        let file = self.folder.join(format!("capture-{number}-{interface}.pcap"));
        Capture::start(&self.namespaces, interface, &file).with_context(|| format!("on {}", self.name))
    }

    /// The machine's own file, as a program on this node sees it.
    pub fn file(&self, path: &str) -> Result<PathBuf> {
        let (own, target) = OWN
            .iter()
            .find(|(_, target)| Path::new(path).starts_with(target))
            .with_context(|| format!("{path} is not a file of the node's own"))?;
        Ok(self.folder.join(own).join(Path::new(path).strip_prefix(target)?))
    }

    pub fn read(&self, path: &str) -> Result<String> {
        fs::read_to_string(self.file(path)?).with_context(|| format!("{path} on {}", self.name))
    }

    pub fn write(&self, path: &str, text: &str) -> Result<()> {
        let file = self.file(path)?;
        fs::create_dir_all(file.parent().context("a file stands in a folder")?)?;
        fs::write(file, text).with_context(|| format!("{path} on {}", self.name))
    }

    /// Pulls the cable.
    pub fn unplug(&self) -> Result<()> {
        self.ip("link set eth0 down")?;
        Ok(())
    }

    /// Plugs it in elsewhere: other addresses, the old ones are gone at once.
    pub(crate) fn move_to(&self, addresses: Addresses, routers: Addresses) -> Result<()> {
        self.ip("address flush dev eth0 scope global")?;
        *self.addresses.lock().expect("no one panics while reading an address") = addresses;
        self.settle(routers)
    }

    /// Gives `eth0` the node's addresses and the way out.
    pub(crate) fn settle(&self, routers: Addresses) -> Result<()> {
        let Addresses { v4, v6 } = self.addresses();
        self.ip(&format!("address replace {v4}/24 dev eth0"))?;
        self.ip(&format!("-6 address replace {v6}/64 dev eth0 nodad"))?;
        self.ip("link set eth0 up")?;
        self.ip(&format!("route replace default via {} dev eth0", routers.v4))?;
        self.ip(&format!("-6 route replace default via {} dev eth0", routers.v6))?;
        Ok(())
    }
}

/// Copied, not overlaid: through an overlay, a file whose owner has no number in the namespace could not be changed.
fn copy_settings(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    let present = SETTINGS.iter().filter(|name| Path::new("/etc").join(name).exists());
    let copied = Command::new("cp")
        .args(["-r", "--parents", "--preserve=mode,links"])
        .args(present)
        .arg(folder)
        .current_dir("/etc")
        .output()?;
    ensure!(copied.status.success(), "cannot copy /etc: {}", String::from_utf8_lossy(&copied.stderr));
    Ok(())
}

/// The folder of the programs under test: where cargo put them, beside the test program or above it.
fn programs() -> Result<PathBuf> {
    let mut folder = std::env::current_exe()?;
    while folder.pop() {
        if folder.join("beffroi-gateway").exists() {
            return Ok(folder);
        }
    }
    bail!("beffroi-gateway is not built: `make build`")
}
