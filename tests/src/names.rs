//! The internet's names: one DNS server (dnsmasq), whose answers a scenario may change.

use std::collections::BTreeMap;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

use anyhow::Result;
use nix::sys::signal::Signal;

use crate::process::Process;

#[derive(Debug)]
pub(crate) struct Names {
    file: PathBuf,
    table: Mutex<BTreeMap<String, Vec<IpAddr>>>,
    server: Process,
}

impl Names {
    /// Serves the calling thread's network at these addresses.
    pub(crate) fn start(folder: &Path, addresses: [IpAddr; 2]) -> Result<Names> {
        let file = folder.join("names");
        fs::write(&file, "")?;
        let mut command = Command::new("/usr/sbin/dnsmasq");
        command
            // Its debugging mode is the one in which it does not try to become another user, of which there is none here.
            .args([
                "--no-daemon",
                "--conf-file=/dev/null",
                "--pid-file=",
                "--no-resolv",
                "--no-hosts",
                "--bind-interfaces",
            ])
            .args(addresses.map(|address| format!("--listen-address={address}")))
            .arg(format!("--addn-hosts={}", file.display()));
        let mut server = Process::start("names", command, folder.join("names.log"))?;
        server.says("started", Duration::from_secs(10))?;
        Ok(Names { file, table: Mutex::default(), server })
    }

    /// From now on `name` has these addresses and no others.
    pub(crate) fn set(&self, name: &str, addresses: &[IpAddr]) -> Result<()> {
        let mut table = self.table.lock().expect("no one panics while writing a name");
        table.insert(name.to_owned(), addresses.to_vec());
        let lines = table.iter().flat_map(|(name, all)| all.iter().map(move |one| format!("{one} {name}\n")));
        fs::write(&self.file, lines.collect::<String>())?;
        self.server.signal(Signal::SIGHUP)
    }
}
