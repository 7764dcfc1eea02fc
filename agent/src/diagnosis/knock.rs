//! Knocks at the gateway's port: one datagram of one byte, which WireGuard does not answer. What comes back
//! is an ICMP message of whoever is on the way, or nothing.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use nix::sys::socket::{setsockopt, sockopt};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::Way;

/// A router looks for a neighbour for three seconds before it says that there is none (RFC 4861, 7.3.3).
const PATIENCE: Duration = Duration::from_secs(4);

/// At the first two addresses, which are of both families where the gateway has both; the best that any of
/// them says.
pub(super) async fn knock(addresses: &[SocketAddr]) -> Way {
    let mut addresses = addresses.iter().copied();
    let one = async |address: Option<SocketAddr>| match address {
        Some(address) => knock_at(address).await,
        None => Way::Unasked,
    };
    let (first, second) = (addresses.next(), addresses.next());
    let (first, second) = tokio::join!(one(first), one(second));
    better(first, second)
}

/// Silence is what a living gateway would give, so it counts more than the refusal of the other family.
fn better(one: Way, other: Way) -> Way {
    let rank = |way: Way| match way {
        Way::Silent => 4,
        Way::Refused => 3,
        Way::Unreachable => 2,
        Way::NoRoute => 1,
        Way::Unasked => 0,
    };
    if rank(one) >= rank(other) { one } else { other }
}

async fn knock_at(address: SocketAddr) -> Way {
    match timeout(PATIENCE, exchange(address)).await {
        Ok(Err(error)) => understood(&error),
        // An answer is no WireGuard gateway's; that something lives there is all that it says.
        Ok(Ok(())) | Err(_) => Way::Silent,
    }
}

async fn exchange(address: SocketAddr) -> io::Result<()> {
    let local: SocketAddr = match address {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(local).await?;
    // Without it the kernel keeps to itself what may be passing.
    match address {
        SocketAddr::V4(_) => setsockopt(&socket, sockopt::Ipv4RecvErr, &true)?,
        SocketAddr::V6(_) => setsockopt(&socket, sockopt::Ipv6RecvErr, &true)?,
    }
    socket.connect(address).await?;
    socket.send(&[0]).await?;
    socket.recv(&mut [0]).await.map(drop)
}

fn understood(error: &io::Error) -> Way {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Way::Refused,
        io::ErrorKind::HostUnreachable => Way::Unreachable,
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::AddrNotAvailable => Way::NoRoute,
        _ => match error.raw_os_error() {
            // The family is not there at all.
            Some(nix::libc::EAFNOSUPPORT) => Way::NoRoute,
            _ => Way::Silent,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_closed_port_refuses_and_an_open_one_is_silent() {
        let open = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let address = open.local_addr().expect("it is bound");
        let knocking = tokio::spawn(async move { knock(&[address]).await });
        let mut buffer = [0; 8];
        let (length, _) = open.recv_from(&mut buffer).await.expect("a knock");
        assert_eq!(&buffer[..length], [0]);
        drop(open);
        assert_eq!(knock(&[address]).await, Way::Refused);
        assert_eq!(knocking.await.expect("no panic"), Way::Silent);
        assert_eq!(knock(&[]).await, Way::Unasked);
    }

    #[test]
    fn what_says_most_for_the_gateway_counts() {
        fn check(one: Way, other: Way, expected: Way) {
            assert_eq!((better(one, other), better(other, one)), (expected, expected));
        }
        check(Way::Silent, Way::NoRoute, Way::Silent);
        check(Way::Refused, Way::NoRoute, Way::Refused);
        check(Way::Refused, Way::Silent, Way::Silent);
        check(Way::Unreachable, Way::Unasked, Way::Unreachable);
    }
}
