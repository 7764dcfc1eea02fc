//! What a stranger does first: knock at every port. The answers, if any, are for a [`crate::Capture`] to see.

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

use anyhow::{Context, Result};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use crate::node::Node;

/// Where the knocks come from; no program listens there, so that the system refuses whatever comes back.
const FROM: u16 = 40_000;
/// Where the checksum of TCP stands (RFC 9293, section 3.1).
const CHECKSUM: usize = 16;

/// Sends the first packet of a TCP connection (SYN) to each of these ports.
pub fn knock_tcp(node: &Node, at: IpAddr, ports: &BTreeSet<u16>) -> Result<()> {
    let addresses = node.addresses();
    let from = if at.is_ipv6() { IpAddr::from(addresses.v6) } else { addresses.v4.into() };
    node.namespaces().inside(|| {
        let domain = if at.is_ipv6() { Domain::IPV6 } else { Domain::IPV4 };
        let socket = Socket::new(domain, Type::RAW, Some(Protocol::TCP)).context("no raw socket")?;
        for &port in ports {
            // A raw socket of IPv6 takes no port here.
            send(|| socket.send_to(&syn(from, at, port), &SockAddr::from(SocketAddr::new(at, 0))))?;
        }
        Ok(())
    })
}

/// Sends a datagram to each of these ports.
pub fn knock_udp(node: &Node, at: IpAddr, ports: &BTreeSet<u16>) -> Result<()> {
    let from = if at.is_ipv6() { IpAddr::from(node.addresses().v6) } else { Ipv4Addr::UNSPECIFIED.into() };
    node.namespaces().inside(|| {
        let socket = UdpSocket::bind((from, 0))?;
        ports.iter().try_for_each(|port| send(|| socket.send_to(b"who is there?", (at, *port))))
    })
}

/// A full queue is no error: what did not arrive is sent again.
fn send(mut call: impl FnMut() -> io::Result<usize>) -> Result<()> {
    match call() {
        Err(error) if error.raw_os_error() != Some(nix::libc::ENOBUFS) => Err(error.into()),
        _ => Ok(()),
    }
}

/// Twenty bytes of TCP.
fn syn(from: IpAddr, at: IpAddr, port: u16) -> [u8; 20] {
    let mut bytes = [0; 20];
    bytes[0..2].copy_from_slice(&FROM.to_be_bytes());
    bytes[2..4].copy_from_slice(&port.to_be_bytes());
    bytes[12] = 5 << 4; // five words long
    bytes[13] = 1 << 1; // SYN
    bytes[14..16].copy_from_slice(&1_024_u16.to_be_bytes());
    let sum = checksum(from, at, &bytes);
    bytes[CHECKSUM..CHECKSUM + 2].copy_from_slice(&sum.to_be_bytes());
    bytes
}

/// Over the addresses, the protocol, the length and the bytes: the sum of the pseudo-headers of IPv4 and IPv6
/// is the same but for their zeros.
fn checksum(from: IpAddr, to: IpAddr, bytes: &[u8]) -> u16 {
    let octets = |address: IpAddr| match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    let words = [octets(from), octets(to), bytes.to_vec()].concat();
    let words = words.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]])));
    let mut sum = words.sum::<u32>() + 6 + bytes.len() as u32;
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_makes_the_sum_whole() {
        for (from, to) in [("192.0.2.1", "198.51.100.2"), ("2001:db8::1", "2001:db8:1::2")] {
            let [from, to]: [IpAddr; 2] = [from, to].map(|text| text.parse().expect("an address"));
            assert_eq!(checksum(from, to, &syn(from, to, 443)), 0);
        }
    }
}
