//! Answers the names of the computers that are let in: ours are found at this machine, for the others its own
//! resolvers are asked, so that a computer that asks nobody else keeps its internet.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::conversations::{PAUSE, converse_with_each};
use super::place::Place;
use super::question::{self, Book, Reply, failure};
use super::resolvers::{self, LONGEST};
use super::room::Room;

/// Questions that wait for a resolver at once, in all and from one computer. Questions that go round in a circle
/// end here too.
const WAITING: (usize, usize) = (256, 64);
/// Connections at once.
const CONNECTIONS: (usize, usize) = (32, 4);
/// For the next question on a connection, and for each answer to be taken.
const SILENCE: Duration = Duration::from_secs(10);

/// What is answered at one place.
#[derive(Debug)]
pub(super) struct Names {
    place: Place,
    book: Book,
    waiting: Room,
    connections: Room,
}

impl Names {
    pub(super) fn new(place: Place, names: Vec<String>) -> Arc<Self> {
        let book = Book { names, address: place.address };
        let [waiting, connections] =
            [WAITING, CONNECTIONS].map(|(in_all, for_one)| Room::new(in_all, for_one));
        Arc::new(Self { place, book, waiting, connections })
    }

    /// Whom to answer, and whom to ask. A resolver of ours that asks us would get its question back.
    fn asks(&self, peer: SocketAddr) -> Option<(Ipv4Addr, Vec<IpAddr>)> {
        let address = match peer.ip() {
            IpAddr::V4(address) if self.place.lets_in(address) => address,
            IpAddr::V4(_) | IpAddr::V6(_) => return None,
        };
        let resolvers = resolvers::known();
        (!resolvers.contains(&peer.ip())).then_some((address, resolvers))
    }
}

/// For ever.
pub(super) async fn serve_datagrams(socket: UdpSocket, names: Arc<Names>) {
    let socket = Arc::new(socket);
    let mut asking = JoinSet::new();
    // One byte more than is heard, so that a longer one is not taken for its beginning.
    let mut buffer = vec![0; LONGEST + 1];
    loop {
        let (length, peer) = tokio::select! {
            received = socket.recv_from(&mut buffer) => match received {
                Ok(received) => received,
                Err(error) => {
                    log::debug!("a question could not be received: {error}");
                    sleep(PAUSE).await;
                    continue;
                }
            },
            Some(_) = asking.join_next() => continue,
        };
        if length > LONGEST {
            continue;
        }
        let Some((address, resolvers)) = names.asks(peer) else { continue };
        let message = &buffer[..length];
        match question::reply(message, &names.book) {
            Reply::Silence => {}
            Reply::Answer(answer) => send(&socket, &answer, peer).await,
            Reply::PassOn => {
                // A question that is lost is asked again.
                let Some(taken) = names.waiting.take(address) else { continue };
                let (socket, message) = (Arc::clone(&socket), message.to_vec());
                asking.spawn(async move {
                    let answer = resolvers::ask(&message, &resolvers).await;
                    send(&socket, &answer.unwrap_or_else(|| failure(&message)), peer).await;
                    drop(taken);
                });
            }
        }
    }
}

async fn send(socket: &UdpSocket, answer: &[u8], peer: SocketAddr) {
    if let Err(error) = socket.send_to(answer, peer).await {
        log::debug!("{peer}: a name could not be answered: {error}");
    }
}

/// For ever.
pub(super) async fn serve_connections(listener: TcpListener, names: Arc<Names>) {
    converse_with_each(listener, |stream, peer| converse(stream, peer, Arc::clone(&names))).await;
}

async fn converse(mut stream: TcpStream, peer: SocketAddr, names: Arc<Names>) {
    let Some((address, resolvers)) = names.asks(peer) else { return };
    let Some(_taken) = names.connections.take(address) else { return };
    while let Ok(Ok(message)) = timeout(SILENCE, resolvers::read(&mut stream)).await {
        let answer = match question::reply(&message, &names.book) {
            Reply::Silence => return,
            Reply::Answer(answer) => answer,
            Reply::PassOn => {
                let answer = resolvers::ask_at_length(&message, &resolvers).await;
                answer.unwrap_or_else(|| failure(&message))
            }
        };
        let Ok(Ok(())) = timeout(SILENCE, resolvers::write(&mut stream, &answer)).await else { return };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A question for our name, without its number.
    const QUESTION: &[u8] = b"\x01\0\0\x01\0\0\0\0\0\0\x08intranet\x04caux\x02fr\0\0\x01\0\x01";

    fn names(hosts: &str) -> Arc<Names> {
        let place = Place {
            interface: "lo".into(),
            address: Ipv4Addr::LOCALHOST,
            network: "127.0.0.0/8".parse().expect("a network"),
            hosts: [hosts.parse().expect("a network")].into(),
        };
        Names::new(place, vec!["intranet.caux.fr".into()])
    }

    #[tokio::test]
    async fn who_is_let_in_is_answered_by_datagram_and_by_connection() {
        let names = names("127.0.0.2/32");
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let (by_datagram, by_connection) =
            (socket.local_addr().expect("it is bound"), listener.local_addr().expect("it is bound"));
        let mut serving = JoinSet::new();
        serving.spawn(serve_datagrams(socket, Arc::clone(&names)));
        serving.spawn(serve_connections(listener, names));

        let asked = [b"ab", QUESTION].concat();
        let stranger = UdpSocket::bind("127.0.0.3:0").await.expect("a port");
        stranger.send_to(&asked, by_datagram).await.expect("it is sent");
        let chosen = UdpSocket::bind("127.0.0.2:0").await.expect("a port");
        let mut answer = [0; 512];
        for junk in [&b"x"[..], &[0xff; 5000], &asked] {
            chosen.send_to(junk, by_datagram).await.expect("it is sent");
        }
        let length = chosen.recv(&mut answer).await.expect("an answer");
        assert!(question::is_answer_to(&asked, &answer[..length]));
        assert!(stranger.try_recv(&mut answer).is_err(), "who is not let in hears nothing");

        let stream = tokio::net::TcpSocket::new_v4().expect("a socket");
        stream.bind("127.0.0.2:0".parse().expect("an address")).expect("a port");
        let mut stream = stream.connect(by_connection).await.expect("it is accepted");
        for _ in 0..2 {
            resolvers::write(&mut stream, &asked).await.expect("it is taken");
            let answer = resolvers::read(&mut stream).await.expect("an answer");
            assert!(question::is_answer_to(&asked, &answer));
        }
        let mut stream = TcpStream::connect(by_connection).await.expect("it is accepted");
        drop(resolvers::write(&mut stream, &asked).await);
        assert!(resolvers::read(&mut stream).await.is_err(), "who is not let in hears nothing");
    }
}
