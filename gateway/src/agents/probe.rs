//! The probe port: one datagram in, one of the same length or shorter out, for enrolled machines only.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use beffroi_protocol::probe::{self, Answer, Probe};
use beffroi_protocol::trial;
use jiff::Timestamp;
use rustix::net::sockopt::{self, Ipv4PathMtuDiscovery, Ipv6PathMtuDiscovery};
use tokio::net::UdpSocket;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::Members;
use crate::links::{Board, Leaving};

/// After the system refused to receive, which nothing that a machine sends can cause.
const PAUSE: Duration = Duration::from_millis(200);
/// How often a word is said: a datagram may get lost, and this one is never asked for again.
const REPEATS: usize = 3;

/// Answers probes on every socket, for ever, and says what is to be said to machines unasked.
pub async fn serve_probes(sockets: Vec<UdpSocket>, members: Members, board: Board, leaving: Leaving) {
    let sockets: Vec<Arc<UdpSocket>> = sockets.into_iter().map(Arc::new).collect();
    let mut serving = JoinSet::new();
    for socket in &sockets {
        if let Err(error) = in_one_piece(socket) {
            log::warn!("how long packets may be cannot be found out: {error}");
        }
        serving.spawn(serve(Arc::clone(socket), members.clone(), board.clone()));
    }
    serving.spawn(say(sockets, leaving));
    while serving.join_next().await.is_some() {}
}

/// A packet whose length is tried goes back as it came, whatever is known of the way.
fn in_one_piece(socket: &UdpSocket) -> io::Result<()> {
    match socket.local_addr()? {
        SocketAddr::V4(_) => Ok(sockopt::set_ip_mtu_discover(socket, Ipv4PathMtuDiscovery::PROBE)?),
        SocketAddr::V6(_) => Ok(sockopt::set_ipv6_mtu_discover(socket, Ipv6PathMtuDiscovery::PROBE)?),
    }
}

async fn say(sockets: Vec<Arc<UdpSocket>>, mut leaving: Leaving) {
    while let Some((word, machine)) = leaving.recv().await {
        let is_same_family = |socket: &&Arc<UdpSocket>| {
            socket.local_addr().is_ok_and(|own| own.is_ipv4() == machine.is_ipv4())
        };
        let Some(socket) = sockets.iter().find(is_same_family) else { continue };
        for _ in 0..REPEATS {
            if let Err(error) = socket.send_to(word.bytes(), machine).await {
                log::debug!("{machine}: {word:?} could not be said: {error}");
            }
        }
    }
}

async fn serve(socket: Arc<UdpSocket>, members: Members, board: Board) {
    // One byte more than a datagram can have, so that a longer one is not taken for its beginning.
    let mut buffer = [0; trial::MAX + 1];
    loop {
        let (length, peer) = match socket.recv_from(&mut buffer).await {
            Ok(received) => received,
            Err(error) => {
                log::debug!("a probe could not be received: {error}");
                sleep(PAUSE).await;
                continue;
            }
        };
        let Some(answer) = answer(&buffer[..length], peer, &members, &board).await else {
            log::trace!("no probe of an enrolled machine from {peer}");
            continue;
        };
        // A datagram that cannot be sent is a lost one, as on any line.
        if let Err(error) = socket.send_to(&answer, peer).await {
            log::debug!("{peer}: a probe could not be answered: {error}");
        }
    }
}

/// What to answer, if anything.
async fn answer(bytes: &[u8], peer: SocketAddr, members: &Members, board: &Board) -> Option<Vec<u8>> {
    let machine = members.network().machine_at(peer.ip())?;
    if trial::decode(bytes).is_some() {
        return board.is_expected(machine).then(|| bytes.to_vec());
    }
    let probe: Probe = probe::decode(bytes)?;
    if !board.heard(machine, &probe, Instant::now()) {
        return None;
    }
    board.asks_from(machine, peer);
    let revision = members.revision(machine).await;
    let clock = Timestamp::now().as_millisecond();
    Some(probe::encode(&Answer { sequence: probe.sequence, clock, revision }))
}
