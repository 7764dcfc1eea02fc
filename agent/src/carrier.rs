//! The carrier's end at the town hall: a UDP port on this machine's loopback, which the tunnel takes for the
//! gateway, and behind it one TLS connection to the gateway's port 443. When to use it is decided in
//! [`crate::keep`].

mod connect;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use beffroi_protocol::PublicKey;
use beffroi_protocol::carrier::{self, Frames};
use beffroi_protocol::code::Endpoint;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio::net::UdpSocket;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::state::Joined;

/// Between two connections: doubles from the first to the second.
const PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// For one datagram to leave, on a line that hardly moves.
const STUCK: Duration = Duration::from_secs(60);
/// The gateway answers a probe every 15 s: a connection that brings nothing for so long is dead.
const SILENCE: Duration = Duration::from_secs(60);

/// Where the gateway may be, and by which keys it may be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Gateway {
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) keys: Vec<PublicKey>,
}

impl Gateway {
    pub(crate) fn of(joined: &Joined) -> Self {
        Self { endpoints: joined.endpoints(), keys: joined.gateways() }
    }
}

/// Keeps a connection until it is dropped.
#[derive(Debug)]
pub(crate) struct Carrier {
    local: SocketAddr,
    is_ready: watch::Receiver<bool>,
    held: watch::Sender<bool>,
    gateway: watch::Sender<Gateway>,
    keeping: JoinHandle<()>,
}

impl Carrier {
    /// # Errors
    /// When this machine has no port left.
    pub(crate) async fn open(gateway: Gateway) -> io::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let local = socket.local_addr()?;
        let (ready, is_ready) = watch::channel(false);
        let (held, holding) = watch::channel(false);
        let (gateway, known) = watch::channel(gateway);
        let work = Work { known, socket, ready, holding };
        Ok(Self { local, is_ready, held, gateway, keeping: tokio::spawn(work.keep()) })
    }

    /// What the tunnel takes for the gateway.
    pub(crate) const fn local(&self) -> SocketAddr {
        self.local
    }

    pub(crate) fn is_ready(&self) -> bool {
        *self.is_ready.borrow()
    }

    /// Returns at the next change, with whether the connection stands.
    pub(crate) async fn changed(&mut self) -> bool {
        if self.is_ready.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        *self.is_ready.borrow_and_update()
    }

    /// The gateway is there from now on, and known so: a connection that stands goes on.
    pub(crate) fn follow(&self, gateway: Gateway) {
        self.gateway.send_if_modified(|known| {
            let is_new = *known != gateway;
            *known = gateway;
            is_new
        });
    }

    /// While it holds, what comes from the gateway waits.
    pub(crate) fn hold(&self, held: bool) {
        self.held.send_replace(held);
    }
}

impl Drop for Carrier {
    fn drop(&mut self) {
        self.keeping.abort();
    }
}

struct Work {
    known: watch::Receiver<Gateway>,
    socket: UdpSocket,
    ready: watch::Sender<bool>,
    holding: watch::Receiver<bool>,
}

impl Work {
    async fn keep(mut self) {
        let mut pause = PAUSE.0;
        loop {
            let gateway = self.known.borrow_and_update().clone();
            match connect::connect(&gateway).await {
                Ok((stream, place)) => {
                    log::info!("a connection of the carrier to {place} stands");
                    pause = PAUSE.0;
                    self.ready.send_replace(true);
                    let error = pass(stream, &self.socket, self.holding.clone()).await;
                    self.ready.send_replace(false);
                    log::info!("the carrier's connection has ended: {error}");
                }
                Err(error) => log::debug!("no connection of the carrier: {error}"),
            }
            // Another key is another path, and another endpoint another way, which is worth trying at once.
            drop(timeout(pause, self.known.changed()).await);
            pause = (pause * 2).min(PAUSE.1);
        }
    }
}

/// Until the connection breaks, for the reason that is returned.
async fn pass(
    stream: impl AsyncRead + AsyncWrite,
    socket: &UdpSocket,
    holding: watch::Receiver<bool>,
) -> io::Error {
    let (reader, writer) = split(stream);
    // Where the tunnel speaks from: its port may change.
    let tunnel = Mutex::new(None);
    let ended = tokio::select! {
        ended = outwards(socket, writer, &tunnel) => ended,
        ended = inwards(reader, socket, holding, &tunnel) => ended,
    };
    ended.err().unwrap_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

type Place = Mutex<Option<SocketAddr>>;

async fn outwards(socket: &UdpSocket, mut writer: impl AsyncWrite + Unpin, tunnel: &Place) -> io::Result<()> {
    let mut datagram = [0; carrier::MAX];
    loop {
        let (length, from) = match socket.recv_from(&mut datagram).await {
            Ok(received) => received,
            // The tunnel's port was closed for a moment: said once for each datagram that was sent there.
            Err(error) => {
                log::debug!("the tunnel does not take the carrier's datagrams: {error}");
                continue;
            }
        };
        *tunnel.lock().unwrap_or_else(PoisonError::into_inner) = Some(from);
        if let Some(frame) = carrier::frame(&datagram[..length]) {
            timeout(STUCK, writer.write_all(&frame)).await??;
            timeout(STUCK, writer.flush()).await??;
        }
    }
}

async fn inwards(
    mut reader: impl AsyncRead + Unpin,
    socket: &UdpSocket,
    mut holding: watch::Receiver<bool>,
    tunnel: &Place,
) -> io::Result<()> {
    let mut frames = Frames::default();
    while timeout(SILENCE, reader.read_buf(frames.buffer())).await?? > 0 {
        // Ends with the carrier, which this is a part of.
        let _ = holding.wait_for(|held| !held).await;
        let to = *tunnel.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(datagram) = frames.take().map_err(io::Error::other)? {
            if let Some(to) = to
                && let Err(error) = socket.send_to(datagram, to).await
            {
                log::debug!("a datagram of the carrier is lost: {error}");
            }
        }
    }
    Ok(())
}
