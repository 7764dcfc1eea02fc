//! One connection and one UDP socket: what arrives in one leaves by the other. WireGuard takes each connection
//! for a machine of its own, and answers to wherever the last good packet came from.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use beffroi_protocol::carrier::{self, Frames};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::Gate;

/// An agent speaks every 15 s: one that is silent for so long is gone.
const SILENCE: Duration = Duration::from_secs(120);
/// For one datagram to leave, on a line that hardly moves.
const STUCK: Duration = Duration::from_secs(60);
/// Until either side ends it, nothing comes any more, or the switch is off.
pub(super) async fn relay(stream: impl AsyncRead + AsyncWrite, gate: &Gate, peer: SocketAddr) {
    log::debug!("{peer} comes by the carrier");
    let ended = tokio::select! {
        ended = pass(stream, gate.wireguard) => ended,
        () = closed(gate) => Ok(()),
    };
    match ended {
        Ok(()) => log::debug!("{peer} has left the carrier"),
        Err(error) => log::debug!("{peer} has left the carrier: {error}"),
    }
}

/// Looks when something has changed, and only then.
async fn closed(gate: &Gate) {
    let mut announcements = gate.changes.announcements();
    while gate.is_open().await {
        announcements.next().await;
    }
}

pub(super) async fn pass(stream: impl AsyncRead + AsyncWrite, wireguard: SocketAddr) -> io::Result<()> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    socket.connect(wireguard).await?;
    let (reader, writer) = split(stream);
    tokio::select! {
        ended = inwards(reader, &socket) => ended,
        ended = outwards(&socket, writer) => ended,
    }
}

async fn inwards(mut reader: impl AsyncRead + Unpin, socket: &UdpSocket) -> io::Result<()> {
    let mut frames = Frames::default();
    while timeout(SILENCE, reader.read_buf(frames.buffer())).await?? > 0 {
        while let Some(datagram) = frames.take().map_err(io::Error::other)? {
            // A datagram that cannot be sent is a lost one, as on any line.
            if let Err(error) = socket.send(datagram).await {
                log::debug!("a datagram of the carrier is lost: {error}");
            }
        }
    }
    Ok(())
}

async fn outwards(socket: &UdpSocket, mut writer: impl AsyncWrite + Unpin) -> io::Result<()> {
    let mut datagram = [0; carrier::MAX];
    loop {
        let length = match socket.recv(&mut datagram).await {
            Ok(length) => length,
            // WireGuard's port was closed for a moment: said once for each datagram that was sent there.
            Err(error) => {
                log::debug!("WireGuard does not take the carrier's datagrams: {error}");
                continue;
            }
        };
        if let Some(frame) = carrier::frame(&datagram[..length]) {
            timeout(STUCK, writer.write_all(&frame)).await??;
            timeout(STUCK, writer.flush()).await??;
        }
    }
}
