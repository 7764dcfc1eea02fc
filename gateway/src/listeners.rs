//! The gateway's sockets: handed over by systemd by name, bound by ourselves otherwise.
//!
//! Addresses inside the tunnel are bound before the interface has them (`IP_FREEBIND`): the doors are
//! open whichever of netd and gateway starts first.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::net::{
    IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener as StdTcpListener, UdpSocket as StdUdpSocket,
};
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

use beffroi_protocol::temporary;
use nix::errno::Errno;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, UdpSocket};

use crate::config::{ADMIN_PORT, CARRIER_PORT, Config, MEMBERS_PORT, PORTAL_PORT, PROBE_PORT};
use crate::journal::chain;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot listen on {address}")]
    Bind { address: SocketAddr, source: io::Error },
    #[error("socket {name} handed over by systemd cannot be used")]
    HandedOver { name: String, source: io::Error },
}

/// One list a door. Opened before there is a runtime, while the process still has the right to.
#[derive(Debug)]
pub struct Sockets {
    portal: Vec<StdTcpListener>,
    admin: Vec<StdTcpListener>,
    enrolment: Vec<StdTcpListener>,
    members: Vec<StdTcpListener>,
    carrier: Vec<StdTcpListener>,
    probe: Vec<StdUdpSocket>,
    metrics: Vec<StdTcpListener>,
}

/// The same, in the hands of the runtime.
#[derive(Debug)]
pub struct Listeners {
    pub portal: Vec<TcpListener>,
    pub admin: Vec<TcpListener>,
    pub enrolment: Vec<TcpListener>,
    pub members: Vec<TcpListener>,
    pub carrier: Vec<TcpListener>,
    pub probe: Vec<UdpSocket>,
    pub metrics: Vec<TcpListener>,
}

impl Sockets {
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
        let everywhere = [IpAddr::from(Ipv4Addr::UNSPECIFIED), Ipv6Addr::UNSPECIFIED.into()]
            .map(|address| SocketAddr::new(address, CARRIER_PORT));
        Ok(Self {
            portal: handed.take_or_bind("portal", inside(PORTAL_PORT), listen_beside)?,
            carrier: handed.take_or_bind("carrier", everywhere, listen_beside)?,
            admin: handed.take_or_bind("admin", admin, listen)?,
            enrolment: handed.take_or_bind("enrolment", [enrolment], listen)?,
            members: handed.take_or_bind("members", inside(MEMBERS_PORT), listen)?,
            probe: handed.take_or_bind("probe", inside(PROBE_PORT), receive)?,
            // Town halls can do without them: another program on that port is no reason not to start.
            metrics: handed.take_or_bind("metrics", config.metrics.listen, listen).unwrap_or_else(|error| {
                log::warn!("nobody can read the metrics: {}", chain(&error));
                Vec::new()
            }),
        })
    }

    /// To be called inside a runtime.
    ///
    /// # Errors
    /// When a socket that systemd handed over is not of the kind that its name says.
    pub fn listen(self) -> io::Result<Listeners> {
        fn tcp(sockets: Vec<StdTcpListener>) -> io::Result<Vec<TcpListener>> {
            sockets.into_iter().map(TcpListener::from_std).collect()
        }
        Ok(Listeners {
            portal: tcp(self.portal)?,
            admin: tcp(self.admin)?,
            enrolment: tcp(self.enrolment)?,
            members: tcp(self.members)?,
            carrier: tcp(self.carrier)?,
            probe: self.probe.into_iter().map(UdpSocket::from_std).collect::<Result<_, _>>()?,
            metrics: tcp(self.metrics)?,
        })
    }
}

/// What systemd handed over, by name. Sockets of one name may be several: one an address.
struct HandedOver(HashMap<String, Vec<Socket>>);

fn handed_over() -> HandedOver {
    let mut sockets: HashMap<String, Vec<Socket>> = HashMap::new();
    // Without systemd there is nothing to take, which is no error.
    for (descriptor, name) in sd_notify::listen_fds_with_names().into_iter().flatten() {
        sockets.entry(name).or_default().push(owned(descriptor).into());
    }
    HandedOver(sockets)
}

#[expect(unsafe_code, reason = "the descriptors that systemd hands over are numbers until someone owns them")]
fn owned(descriptor: RawFd) -> OwnedFd {
    // SAFETY: systemd passes each descriptor once, open, and nothing else in this process uses it.
    unsafe { OwnedFd::from_raw_fd(descriptor) }
}

impl HandedOver {
    fn take_or_bind<T: From<Socket>>(
        &mut self,
        name: &str,
        addresses: impl IntoIterator<Item = SocketAddr>,
        bind: fn(SocketAddr) -> io::Result<Socket>,
    ) -> Result<Vec<T>, Error> {
        let wanted: BTreeSet<SocketAddr> = addresses.into_iter().collect();
        let sockets = match self.0.remove(name) {
            Some(sockets) => {
                warn_of_other_addresses(name, &sockets, &wanted);
                sockets
            }
            None => bind_all(&wanted, bind)?,
        };
        for socket in &sockets {
            socket
                .set_nonblocking(true)
                .map_err(|source| Error::HandedOver { name: name.to_owned(), source })?;
        }
        Ok(sockets.into_iter().map(T::from).collect())
    }
}

/// systemd keeps its sockets when only the gateway is restarted.
fn warn_of_other_addresses(name: &str, sockets: &[Socket], wanted: &BTreeSet<SocketAddr>) {
    let found: BTreeSet<SocketAddr> = sockets
        .iter()
        .filter_map(|socket| socket.local_addr().ok().and_then(|address| address.as_socket()))
        .collect();
    if found != *wanted {
        log::warn!(
            "systemd hands over {found:?} for {name}, the configuration says {wanted:?}: call \
             systemctl daemon-reload, then restart beffroi-netd, the beffroi sockets and beffroi-gateway"
        );
    }
}

/// On a machine without IPv6 the doors are open on IPv4.
fn bind_all(
    wanted: &BTreeSet<SocketAddr>,
    bind: fn(SocketAddr) -> io::Result<Socket>,
) -> Result<Vec<Socket>, Error> {
    let mut sockets = Vec::new();
    for &address in wanted {
        match bind(address) {
            Ok(socket) => sockets.push(socket),
            Err(error) if address.is_ipv6() && error.raw_os_error() == Some(Errno::EAFNOSUPPORT as i32) => {
                log::warn!("this machine has no IPv6: nothing listens on {address}");
            }
            Err(source) => return Err(Error::Bind { address, source }),
        }
    }
    Ok(sockets)
}

fn listen(address: SocketAddr) -> io::Result<Socket> {
    let socket = socket(address, Type::STREAM, Protocol::TCP)?;
    // A restart does not wait for the connections of the process before to fade.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(1024)?;
    Ok(socket)
}

/// The intranet and the carrier have one port: the first on the tunnel's addresses, the other on every one. The
/// kernel takes the socket whose address is named, and wants to be told that both are ours.
fn listen_beside(address: SocketAddr) -> io::Result<Socket> {
    let socket = socket(address, Type::STREAM, Protocol::TCP)?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.bind(&address.into())?;
    socket.listen(1024)?;
    Ok(socket)
}

fn receive(address: SocketAddr) -> io::Result<Socket> {
    let socket = socket(address, Type::DGRAM, Protocol::UDP)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

fn socket(address: SocketAddr, kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
        socket.set_freebind_v6(true)?;
    } else {
        socket.set_freebind_v4(true)?;
    }
    Ok(socket)
}
