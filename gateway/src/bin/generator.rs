//! `beffroi-generator`: tells systemd, before it starts anything, what the configuration says about units:
//! the addresses of sockets, and the directories that a service may write to besides its own.
//!
//! A generator of systemd.generator(7), run at the start of the machine and at every `systemctl
//! daemon-reload`. Without a right configuration it says nothing: the units keep their defaults, and the
//! gateway explains what is wrong when it starts.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use beffroi_gateway::config::{ADMIN_PORT, Config, DEFAULT_PATH, MEMBERS_PORT, PORTAL_PORT, PROBE_PORT};
use beffroi_gateway::directory::Network;

/// The name of the file that is put beside each unit.
const DROP_IN: &str = "50-configured.conf";

fn main() -> ExitCode {
    // The first of three directories is for what overrides the units as they were installed.
    let Some(directory) = std::env::args_os().nth(1).map(PathBuf::from) else {
        return ExitCode::FAILURE;
    };
    let Ok(config) = Config::load(Path::new(DEFAULT_PATH)) else { return ExitCode::SUCCESS };
    match write(&directory, &drop_ins(&config)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// What is added to each unit.
fn drop_ins(config: &Config) -> BTreeMap<&'static str, String> {
    let gateway = Network::new(config.network.ipv4, config.network.ipv6).gateway();
    let inside = |port| gateway.iter().map(move |address| SocketAddr::new(*address, port));
    let admin = config.admin.listen.iter().copied().chain(inside(ADMIN_PORT));
    BTreeMap::from([
        ("beffroi-portal.socket", sockets("ListenStream", inside(PORTAL_PORT))),
        ("beffroi-admin.socket", sockets("ListenStream", admin)),
        ("beffroi-members.socket", sockets("ListenStream", inside(MEMBERS_PORT))),
        ("beffroi-probe.socket", sockets("ListenDatagram", inside(PROBE_PORT))),
        ("beffroi-gateway.service", writable(&[&config.storage.directory, parent(&config.storage.socket)])),
        ("beffroi-netd.service", writable(&[&config.netd.directory, parent(&config.netd.socket)])),
        ("beffroi-backup.service", writable(&[&config.storage.directory, &config.backup.directory])),
    ])
}

/// The empty setting takes the addresses away that the unit has by default.
fn sockets(setting: &str, addresses: impl Iterator<Item = SocketAddr>) -> String {
    let lines = addresses.map(|address| format!("{setting}={address}\n"));
    std::iter::once(format!("[Socket]\n{setting}=\n")).chain(lines).collect()
}

/// A directory that is not there yet, such as a disk that is not plugged in, keeps no unit from starting.
fn writable(directories: &[&Path]) -> String {
    let lines = directories.iter().map(|directory| format!("ReadWritePaths={}\n", optional(directory)));
    std::iter::once("[Service]\n".to_owned()).chain(lines).collect()
}

fn parent(socket: &Path) -> &Path {
    socket.parent().unwrap_or(socket)
}

/// As one word of a unit file: systemd.syntax(7) for the quotes, systemd.unit(5) for the specifiers. The
/// hyphen says that it need not be there.
fn optional(path: &Path) -> String {
    let text = path.display().to_string();
    format!("\"-{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%"))
}

fn write(directory: &Path, drop_ins: &BTreeMap<&str, String>) -> io::Result<()> {
    for (unit, text) in drop_ins {
        let directory = directory.join(format!("{unit}.d"));
        fs::create_dir_all(&directory)?;
        fs::write(directory.join(DROP_IN), text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Config {
        let head = "[community]\nname = \"Cœur de Caux\"\ndomain = \"coeur-de-caux.fr\"\n";
        Config::parse(&format!("{head}{text}")).expect("a right configuration")
    }

    #[test]
    fn sockets_have_the_addresses_of_the_configuration() {
        let drop_ins = drop_ins(&config(
            "[network]\nipv4 = \"10.1.0.0/16\"\nipv6 = \"fd12::/64\"\n[admin]\nlisten = [\"192.168.1.2:8443\"]\n",
        ));
        let check = |unit: &str, expected: &str| assert_eq!(drop_ins[unit], expected);
        check(
            "beffroi-portal.socket",
            "[Socket]\nListenStream=\nListenStream=10.1.0.1:443\nListenStream=[fd12::1]:443\n",
        );
        check(
            "beffroi-admin.socket",
            "[Socket]\nListenStream=\nListenStream=192.168.1.2:8443\n\
             ListenStream=10.1.0.1:8443\nListenStream=[fd12::1]:8443\n",
        );
        check(
            "beffroi-members.socket",
            "[Socket]\nListenStream=\nListenStream=10.1.0.1:4710\nListenStream=[fd12::1]:4710\n",
        );
        check(
            "beffroi-probe.socket",
            "[Socket]\nListenDatagram=\nListenDatagram=10.1.0.1:4711\nListenDatagram=[fd12::1]:4711\n",
        );
    }

    #[test]
    fn a_service_may_write_where_the_configuration_says() {
        let drop_ins = drop_ins(&config("[backup]\ndirectory = \"/mnt/100 % \\\"sûr\\\"\"\n"));
        assert_eq!(
            drop_ins["beffroi-backup.service"],
            "[Service]\nReadWritePaths=\"-/var/lib/beffroi\"\nReadWritePaths=\"-/mnt/100 %% \\\"sûr\\\"\"\n"
        );
    }

    #[test]
    fn a_drop_in_lies_beside_its_unit() {
        let directory = tempfile::tempdir().expect("a directory for the test");
        write(directory.path(), &BTreeMap::from([("beffroi-portal.socket", "[Socket]\n".to_owned())]))
            .expect("the directory is writable");
        let path = directory.path().join("beffroi-portal.socket.d/50-configured.conf");
        assert_eq!(fs::read_to_string(path).expect("it was written"), "[Socket]\n");
    }
}
