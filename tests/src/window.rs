//! A way into a world from the machine it runs on, so that an ordinary browser can look at what a host sees.
//!
//! ```text
//!   browser ── TCP ── 127.0.0.1 │ outside ── Unix socket ── inside │ TCP ── the address, as the host reaches it
//!                     this machine                                   a host's network
//! ```
//!
//! A Unix socket has a place in the file system, not in a network: it is what both sides can reach.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use anyhow::{Context, Result};

use crate::namespaces::Namespaces;

/// Inside the world: what comes over `socket` goes on to `to`, from that host's network.
pub fn inside(socket: &PathBuf, host: Namespaces, to: SocketAddr) -> Result<()> {
    let listener = UnixListener::bind(socket).with_context(|| format!("cannot open {}", socket.display()))?;
    let host = Arc::new(host);
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let host = Arc::clone(&host);
            thread::spawn(move || {
                // A browser sees the connection closed, which is what it would see of a host that cannot be reached.
                host.inside(|| relay(connection, TcpStream::connect(to)?)).unwrap_or_default();
            });
        }
    });
    Ok(())
}

/// On the machine: what is accepted goes on over `socket`.
pub fn outside(listener: TcpListener, socket: PathBuf) {
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let socket = socket.clone();
            thread::spawn(move || {
                let other = UnixStream::connect(socket)?;
                relay(other, connection)
            });
        }
    });
}

/// Both directions, until both have ended.
fn relay(unix: UnixStream, tcp: TcpStream) -> Result<()> {
    let (mut unix_reader, mut tcp_writer) = (unix.try_clone()?, tcp.try_clone()?);
    let (mut tcp_reader, mut unix_writer) = (tcp, unix);
    thread::scope(|scope| {
        scope.spawn(move || {
            let _ = io::copy(&mut unix_reader, &mut tcp_writer);
            let _ = tcp_writer.shutdown(Shutdown::Write);
        });
        let _ = io::copy(&mut tcp_reader, &mut unix_writer);
        let _ = unix_writer.shutdown(Shutdown::Write);
    });
    Ok(())
}
