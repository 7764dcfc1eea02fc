//! The resolvers that this machine itself asks: who they are (resolv.conf(5)), and asking them for somebody else.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use super::{DNS, question};

const FILE: &str = "/etc/resolv.conf";
/// More are not asked, as the system's own resolver does (MAXNS).
const AT_MOST: usize = 3;
/// For one of them. A computer asks again after five seconds.
const PATIENCE: Duration = Duration::from_secs(2);
/// The longest datagram that is heard, in bytes: more than anyone announces nowadays.
pub(super) const LONGEST: usize = 4096;

/// As they are now: the file changes with the network.
pub(super) fn known() -> Vec<IpAddr> {
    let text = fs::read_to_string(Path::new(FILE)).unwrap_or_default();
    parse(&text)
}

fn parse(text: &str) -> Vec<IpAddr> {
    let words = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let named = words.filter_map(|words| match words[..] {
        // What follows the address of a neighbour is its interface, which a socket here does not take.
        ["nameserver", address, ..] => address.parse().ok(),
        _ => None,
    });
    let named: Vec<IpAddr> = named.take(AT_MOST).collect();
    if named.is_empty() { vec![Ipv4Addr::LOCALHOST.into()] } else { named }
}

/// The answer of the first resolver that gives one, to a question that came in a datagram.
pub(super) async fn ask(message: &[u8], resolvers: &[IpAddr]) -> Option<Vec<u8>> {
    first_answer(resolvers, |to| ask_one(message, to)).await
}

/// The same for a question that came by TCP, because the answer is long.
pub(super) async fn ask_at_length(message: &[u8], resolvers: &[IpAddr]) -> Option<Vec<u8>> {
    first_answer(resolvers, |to| ask_one_at_length(message, to)).await
}

async fn first_answer<A>(resolvers: &[IpAddr], ask: impl Fn(SocketAddr) -> A) -> Option<Vec<u8>>
where
    A: Future<Output = io::Result<Vec<u8>>>,
{
    for resolver in resolvers {
        let to = SocketAddr::new(*resolver, DNS);
        match timeout(PATIENCE, ask(to)).await {
            Ok(Ok(answer)) => return Some(answer),
            Ok(Err(error)) => log::debug!("{to} does not resolve: {error}"),
            Err(_) => log::debug!("{to} does not resolve in time"),
        }
    }
    None
}

/// From a port, and under a number, that nobody can guess: who does not see the question cannot answer it.
async fn ask_one(message: &[u8], to: SocketAddr) -> io::Result<Vec<u8>> {
    let own: IpAddr = if to.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((own, 0)).await?;
    socket.connect(to).await?;
    let mut asked = message.to_vec();
    getrandom::fill(&mut asked[..2])?;
    socket.send(&asked).await?;
    let mut answer = vec![0; LONGEST];
    loop {
        let length = socket.recv(&mut answer).await?;
        if question::is_answer_to(&asked, &answer[..length]) {
            answer.truncate(length);
            answer[..2].copy_from_slice(&message[..2]);
            return Ok(answer);
        }
    }
}

async fn ask_one_at_length(message: &[u8], to: SocketAddr) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(to).await?;
    write(&mut stream, message).await?;
    let answer = read(&mut stream).await?;
    if question::is_answer_to(message, &answer) {
        Ok(answer)
    } else {
        Err(io::Error::other("it answers something else"))
    }
}

/// One message on a connection (RFC 1035, section 4.2.2).
pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let length = stream.read_u16().await?;
    let mut message = vec![0; length.into()];
    stream.read_exact(&mut message).await?;
    Ok(message)
}

pub(super) async fn write(stream: &mut (impl AsyncWrite + Unpin), message: &[u8]) -> io::Result<()> {
    let length = u16::try_from(message.len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes(), message].concat()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolvers_are_those_of_the_file() {
        fn check(text: &str, expected: &[&str]) {
            let found: Vec<_> = parse(text).iter().map(ToString::to_string).collect();
            assert_eq!(found, expected, "{text}");
        }
        check("nameserver 192.168.1.1\n", &["192.168.1.1"]);
        check(
            "# a box\n search maison\nnameserver\t192.168.1.1 # box\nnameserver 2001:db8::1\n",
            &["192.168.1.1", "2001:db8::1"],
        );
        check("nameserver fe80::1%eth0\nnameserver 127.0.0.53\noptions edns0", &["127.0.0.53"]);
        check(
            "nameserver 1.1.1.1\nnameserver 1.1.1.2\nnameserver 1.1.1.3\nnameserver 1.1.1.4",
            &["1.1.1.1", "1.1.1.2", "1.1.1.3"],
        );
        check("", &["127.0.0.1"]);
        check("nameserver nonsense", &["127.0.0.1"]);
    }
}
