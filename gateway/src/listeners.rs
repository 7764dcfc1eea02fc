//! The gateway's sockets: handed over by systemd by name, bound by ourselves otherwise.
//!
//! Addresses inside the tunnel are bound before the interface has them (`IP_FREEBIND`): the doors are
//! open whichever of netd and gateway starts first.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

use beffroi_protocol::temporary;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, UdpSocket};

use crate::config::{ADMIN_PORT, Config, PORTAL_PORT, PROBE_PORT};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot listen on {address}")]
    Bind { address: SocketAddr, source: std::io::Error },
    #[error("socket {name} handed over by systemd cannot be used")]
    HandedOver { name: String, source: std::io::Error },
}

/// One list a door.
#[derive(Debug)]
pub struct Listeners {
    pub portal: Vec<TcpListener>,
    pub admin: Vec<TcpListener>,
    pub enrolment: Vec<TcpListener>,
    pub probe: Vec<UdpSocket>,
}

impl Listeners {
    /// Takes what systemd hands over; what it does not, is bound here. `tunnel` are the gateway's
    /// addresses inside the tunnel.
    ///
    /// # Errors
    /// When an address is taken, or a port below 1024 is not ours to bind.
    pub fn open(config: &Config, tunnel: &[IpAddr]) -> Result<Self, Error> {
        let mut handed = handed_over();
        let inside = |port| tunnel.iter().map(move |address| SocketAddr::new(*address, port));
        let admin: Vec<_> = config.admin.listen.iter().copied().chain(inside(ADMIN_PORT)).collect();
        let enrolment = SocketAddr::new(temporary::GATEWAY.into(), temporary::PORT);
        Ok(Self {
            portal: tcp(&mut handed, "portal", inside(PORTAL_PORT))?,
            admin: tcp(&mut handed, "admin", admin)?,
            enrolment: tcp(&mut handed, "enrolment", [enrolment])?,
            probe: udp(&mut handed, "probe", inside(PROBE_PORT))?,
        })
    }
}

/// Sockets of one name may be several: one an address.
fn handed_over() -> HashMap<String, Vec<OwnedFd>> {
    let mut sockets: HashMap<String, Vec<OwnedFd>> = HashMap::new();
    // Without systemd there is nothing to take, which is no error.
    for (descriptor, name) in sd_notify::listen_fds_with_names().into_iter().flatten() {
        sockets.entry(name).or_default().push(owned(descriptor));
    }
    sockets
}

#[expect(unsafe_code, reason = "the descriptors that systemd hands over are numbers until someone owns them")]
fn owned(descriptor: RawFd) -> OwnedFd {
    // SAFETY: systemd passes each descriptor once, open, and nothing else in this process uses it.
    unsafe { OwnedFd::from_raw_fd(descriptor) }
}

fn tcp(
    handed: &mut HashMap<String, Vec<OwnedFd>>,
    name: &str,
    addresses: impl IntoIterator<Item = SocketAddr>,
) -> Result<Vec<TcpListener>, Error> {
    if let Some(sockets) = handed.remove(name) {
        return sockets
            .into_iter()
            .map(|socket| {
                let listener = std::net::TcpListener::from(socket);
                listener.set_nonblocking(true).and_then(|()| TcpListener::from_std(listener))
            })
            .collect::<Result<_, _>>()
            .map_err(|source| Error::HandedOver { name: name.to_owned(), source });
    }
    let bind = |address: SocketAddr| {
        let socket = socket(address, Type::STREAM, Protocol::TCP)?;
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        socket.listen(1024)?;
        TcpListener::from_std(socket.into())
    };
    addresses
        .into_iter()
        .map(|address| bind(address).map_err(|source| Error::Bind { address, source }))
        .collect()
}

fn udp(
    handed: &mut HashMap<String, Vec<OwnedFd>>,
    name: &str,
    addresses: impl IntoIterator<Item = SocketAddr>,
) -> Result<Vec<UdpSocket>, Error> {
    if let Some(sockets) = handed.remove(name) {
        return sockets
            .into_iter()
            .map(|socket| {
                let socket = std::net::UdpSocket::from(socket);
                socket.set_nonblocking(true).and_then(|()| UdpSocket::from_std(socket))
            })
            .collect::<Result<_, _>>()
            .map_err(|source| Error::HandedOver { name: name.to_owned(), source });
    }
    let bind = |address: SocketAddr| {
        let socket = socket(address, Type::DGRAM, Protocol::UDP)?;
        socket.bind(&address.into())?;
        UdpSocket::from_std(socket.into())
    };
    addresses
        .into_iter()
        .map(|address| bind(address).map_err(|source| Error::Bind { address, source }))
        .collect()
}

fn socket(address: SocketAddr, kind: Type, protocol: Protocol) -> std::io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    socket.set_nonblocking(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
        socket.set_freebind_v6(true)?;
    } else {
        socket.set_freebind_v4(true)?;
    }
    Ok(socket)
}
