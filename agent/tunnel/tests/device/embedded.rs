//! The device inside this process. Where the kernel has WireGuard there is none, and nothing to try.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::Path;

use beffroi_protocol::PrivateKey;
use beffroi_tunnel::{Backend, Error};

use crate::host::Host;
use crate::world::{End, open, remove, try_open};

fn embedded<'a>(host: &'a Host, key: &PrivateKey) -> Option<End<'a>> {
    let end = open(host, "tower", key);
    (end.present().backend == Backend::Embedded).then_some(end)
}

#[test]
fn a_device_that_runs_is_not_taken_from_its_program() {
    let host = Host::new("gateway");
    let key = PrivateKey::from_bytes([1; 32]);
    let Some(first) = embedded(&host, &key) else { return };
    let second = try_open(&host, "tower", &key).map(drop);
    assert!(matches!(second, Err(Error::InUse(_))), "{second:?}");
    // Another namespace of the same file system has the same control socket.
    let elsewhere = Host::new("elsewhere");
    let second = try_open(&elsewhere, "tower", &key).map(drop);
    assert!(matches!(second, Err(Error::InUse(_))), "{second:?}");

    first.close();
    open(&elsewhere, "tower", &key).close();
}

#[test]
fn the_socket_of_a_killed_program_is_cleaned_up() {
    let host = Host::new("gateway");
    fs::create_dir_all("/var/run/wireguard").expect("a file system of our own");
    let socket = Path::new("/var/run/wireguard/tower.sock");
    drop(UnixListener::bind(socket).expect("nothing is there"));

    let Some(end) = embedded(&host, &PrivateKey::from_bytes([1; 32])) else { return };

    let mode = fs::metadata(socket).expect("bound again").permissions().mode();
    assert_eq!(mode & 0o777, 0o700, "for root alone");
    end.close();
    assert!(!socket.exists());

    drop(UnixListener::bind(socket).expect("nothing is there"));
    remove(&host, "tower", &[]).expect("nobody answers");
    assert!(!socket.exists());
}
