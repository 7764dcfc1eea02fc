//! Connections as they come, from several listeners at once. It does not know what is spoken on them.

use std::net::SocketAddr;
use std::time::Duration;

use log::Level;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::room::{Place, Room};

/// Between two tries when the system has no file descriptor left.
const EXHAUSTED: Duration = Duration::from_millis(200);
/// That wait for whoever serves them; the system keeps the others.
const WAITING: usize = 64;

/// What is dropped lets nobody in any more.
pub struct Arrivals {
    room: Room,
    accepted: mpsc::Receiver<(TcpStream, SocketAddr)>,
    accepting: JoinSet<()>,
}

impl Arrivals {
    pub fn new(listeners: Vec<TcpListener>, room: Room) -> Self {
        let (sender, accepted) = mpsc::channel(WAITING);
        let mut accepting = JoinSet::new();
        for listener in listeners {
            accepting.spawn(accept(listener, sender.clone()));
        }
        Self { room, accepted, accepting }
    }

    /// The next one for which there is room; `None` when there is no listener.
    pub async fn next(&mut self) -> Option<(TcpStream, SocketAddr, Place)> {
        loop {
            let (stream, peer) = self.accepted.recv().await?;
            match self.room.enter(peer.ip()) {
                Some(place) => return Some((stream, peer, place)),
                None => log::debug!("{peer}: turned away, there is no more room"),
            }
        }
    }

    /// Closes the listeners.
    pub async fn close(mut self) {
        self.accepting.shutdown().await;
    }
}

/// Ends when nobody receives any more.
async fn accept(listener: TcpListener, accepted: mpsc::Sender<(TcpStream, SocketAddr)>) {
    let mut level = Level::Warn;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                level = Level::Warn;
                // An IPv4 peer of an IPv6 socket is the same machine.
                let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
                if accepted.send((stream, peer)).await.is_err() {
                    return;
                }
            }
            Err(error) => {
                log::log!(level, "a connection could not be accepted: {error}");
                // Until one can be: a lack of descriptors is said once.
                level = Level::Debug;
                sleep(EXHAUSTED).await;
            }
        }
    }
}
