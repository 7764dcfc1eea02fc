//! Sends probes through the tunnel and receives their answers. When to send is decided in
//! [`crate::keep`].

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use beffroi_protocol::probe::{self, Answer, CHANGING, FAREWELL, Probe};
use beffroi_protocol::trial;
use rustix::net::sockopt::{self, Ipv4PathMtuDiscovery, Ipv6PathMtuDiscovery};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;

use crate::width::Packet;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    Answer(Answer),
    /// This packet has come back.
    Returned(Packet),
    /// This machine is let in no more.
    Farewell,
    /// The gateway is about to have its next key.
    Changing,
}

/// One socket per address family, bound to the tunnel's interface: a probe never takes another way.
#[derive(Debug)]
pub(crate) struct Probes {
    v4: UdpSocket,
    /// Not there on a machine whose IPv6 was switched off.
    v6: Option<UdpSocket>,
    services: Vec<SocketAddr>,
}

impl Probes {
    /// `services` are the gateway's probe addresses: from elsewhere nothing is accepted.
    ///
    /// # Errors
    /// When the interface is not there.
    pub(crate) fn open(interface: &str, services: Vec<SocketAddr>) -> io::Result<Self> {
        let v4 = bind(interface, (Ipv4Addr::UNSPECIFIED, 0).into())?;
        let v6 = bind(interface, (Ipv6Addr::UNSPECIFIED, 0).into()).ok();
        Ok(Self { v4, v6, services })
    }

    /// From now on the gateway's probe addresses are these.
    pub(crate) fn follow(&mut self, services: Vec<SocketAddr>) {
        self.services = services;
    }

    /// # Errors
    /// When this machine has no way to that address: nothing was sent.
    pub(crate) async fn send(&self, probe: &Probe, to: SocketAddr) -> io::Result<()> {
        self.socket(to)?.send_to(&probe::encode(probe), to).await.map(drop)
    }

    /// Sends a packet of a given length, in one piece.
    ///
    /// # Errors
    /// When this machine has no way to that address: nothing was sent.
    pub(crate) async fn try_length(&self, tried: Packet) -> io::Result<()> {
        let v4 = self.services.iter().find(|service| service.is_ipv4());
        let to = *v4.or(self.services.first()).ok_or(io::ErrorKind::NetworkUnreachable)?;
        let length = tried.length.saturating_sub(trial::overhead(to.ip()));
        self.socket(to)?.send_to(&trial::encode(tried.number, length.into()), to).await.map(drop)
    }

    /// Of the same address family.
    fn socket(&self, to: SocketAddr) -> io::Result<&UdpSocket> {
        let socket = if to.is_ipv4() { Some(&self.v4) } else { self.v6.as_ref() };
        socket.ok_or_else(|| io::ErrorKind::NetworkUnreachable.into())
    }

    /// What the gateway says next.
    pub(crate) async fn receive(&self) -> Heard {
        let mut v4 = [0; trial::MAX + 1];
        let mut v6 = [0; trial::MAX + 1];
        loop {
            let (received, buffer) = tokio::select! {
                received = self.v4.recv_from(&mut v4) => (received, &v4),
                received = receive_v6(self.v6.as_ref(), &mut v6) => (received, &v6),
            };
            match received {
                Ok((length, from)) if self.services.contains(&from) => {
                    match &buffer[..length] {
                        FAREWELL => return Heard::Farewell,
                        CHANGING => return Heard::Changing,
                        _ => {}
                    }
                    if let Some(number) = trial::decode(&buffer[..length]) {
                        // Never longer than the buffer.
                        let length = length as u16 + trial::overhead(from.ip());
                        return Heard::Returned(Packet { number, length });
                    }
                    if let Some(answer) = probe::decode(&buffer[..length]) {
                        return Heard::Answer(answer);
                    }
                }
                Ok((_, from)) => log::debug!("a datagram from {from} is not an answer"),
                // An error that a sent probe caused (port unreachable): it is read once, then gone.
                Err(error) => log::debug!("no answer: {error}"),
            }
        }
    }
}

async fn receive_v6(socket: Option<&UdpSocket>, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
    match socket {
        Some(socket) => socket.recv_from(buffer).await,
        None => std::future::pending().await,
    }
}

fn bind(interface: &str, local: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(local), Type::DGRAM, Some(Protocol::UDP))?;
    if local.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // What is tried goes in one piece, whatever is known of the way; a probe is short in any case.
    match local {
        SocketAddr::V4(_) => sockopt::set_ip_mtu_discover(&socket, Ipv4PathMtuDiscovery::PROBE)?,
        SocketAddr::V6(_) => sockopt::set_ipv6_mtu_discover(&socket, Ipv6PathMtuDiscovery::PROBE)?,
    }
    socket.bind_device(Some(interface.as_bytes()))?;
    socket.set_nonblocking(true)?;
    socket.bind(&local.into())?;
    UdpSocket::from_std(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_probe_that_has_no_way_is_an_error() {
        let nowhere = SocketAddr::from((Ipv6Addr::LOCALHOST, 4711));
        let mut probes = Probes::open("lo", vec![nowhere]).expect("every machine has lo");
        probes.v6 = None;
        let probe = Probe { sequence: 5, ..Probe::default() };
        assert!(probes.send(&probe, nowhere).await.is_err());
    }

    #[tokio::test]
    async fn only_the_gateway_is_listened_to() {
        let gateway = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let stranger = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let service = gateway.local_addr().expect("it is bound");
        let probes = Probes::open("lo", vec![service]).expect("every machine has lo");
        let probe = Probe { sequence: 5, ..Probe::default() };
        probes.send(&probe, service).await.expect("loopback");

        let mut buffer = [0; probe::MAX];
        let (length, agent) = gateway.recv_from(&mut buffer).await.expect("the probe");
        assert_eq!(probe::decode(&buffer[..length]), Some(probe));
        let answer = |sequence| probe::encode(&Answer { sequence, clock: 0, revision: 0 });
        stranger.send_to(&answer(1), agent).await.expect("loopback");
        gateway.send_to(&trial::encode(6, 1000), agent).await.expect("loopback");
        gateway.send_to(b"hello", agent).await.expect("loopback");
        gateway.send_to(&answer(5), agent).await.expect("loopback");
        gateway.send_to(FAREWELL, agent).await.expect("loopback");
        gateway.send_to(CHANGING, agent).await.expect("loopback");
        let returned = Packet { number: 6, length: 1028 };
        assert_eq!(probes.receive().await, Heard::Returned(returned));
        let heard = Answer { sequence: 5, clock: 0, revision: 0 };
        assert_eq!(probes.receive().await, Heard::Answer(heard));
        assert_eq!(probes.receive().await, Heard::Farewell);
        assert_eq!(probes.receive().await, Heard::Changing);
    }
}
