//! Two thousand town halls in one process: WireGuard and nothing else. Like idle machines they keep the way through
//! their router open, and answer who calls.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use beffroi_protocol::{PrivateKey, PublicKey};
use beffroi_tests::Namespaces;
use gotatun::noise::index_table::IndexTable;
use gotatun::noise::rate_limiter::RateLimiter;
use gotatun::noise::{Tunn, TunnResult};
use gotatun::packet::{Packet, WgKind};
use gotatun::x25519;
use tokio::net::UdpSocket;
use tokio::runtime::Runtime;
use tokio::time::{MissedTickBehavior, interval};

/// Seconds.
const KEEPALIVE: u16 = 25;
/// How often a machine looks at its timers.
const TICK: Duration = Duration::from_millis(250);
/// Handshakes a second that a machine answers without asking back; the gateway alone speaks to it.
const HANDSHAKES: u64 = 10;

/// They live as long as this does.
pub(crate) struct Crowd {
    _runtime: Runtime,
}

impl Crowd {
    /// One machine for each key, on the host of these namespaces; each calls the gateway at once.
    pub(crate) fn start(
        host: &Namespaces,
        keys: &[PrivateKey],
        gateway: (&PublicKey, SocketAddr),
    ) -> Result<Crowd> {
        let runtime = Runtime::new()?;
        let sockets = host.inside(|| {
            let bind = |_| {
                let socket = std::net::UdpSocket::bind("0.0.0.0:0").context("no port is free")?;
                socket.set_nonblocking(true)?;
                socket.connect(gateway.1)?;
                Ok(socket)
            };
            keys.iter().map(bind).collect::<Result<Vec<_>>>()
        })?;
        for (key, socket) in keys.iter().zip(sockets) {
            let machine = machine(key, gateway.0);
            runtime.spawn(async move {
                let socket = UdpSocket::from_std(socket).expect("it was made not to block");
                Box::pin(live(machine, &socket)).await;
            });
        }
        Ok(Crowd { _runtime: runtime })
    }
}

fn machine(key: &PrivateKey, gateway: &PublicKey) -> Tunn {
    let secret = x25519::StaticSecret::from(*key.as_bytes());
    let own = x25519::PublicKey::from(&secret);
    let gateway = x25519::PublicKey::from(*gateway.as_bytes());
    let limiter = Arc::new(RateLimiter::new(&own, HANDSHAKES));
    Tunn::new(secret, gateway, None, Some(KEEPALIVE), IndexTable::from_os_rng(), limiter)
}

async fn live(mut machine: Tunn, socket: &UdpSocket) {
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut buffer = [0; 2048];
    let mut say = machine.format_handshake_initiation(false).map(WgKind::from);
    loop {
        if let Some(packet) = say.take() {
            // A datagram that the system does not take is a lost one, and its answer the next call.
            let _ = socket.send(&bytes(packet)).await;
        }
        say = tokio::select! {
            // Until the gateway listens, its host says so, which an idle machine does not care about.
            received = socket.recv(&mut buffer) => match received {
                Ok(length) => hear(&mut machine, &buffer[..length]),
                Err(_) => None,
            },
            _ = tick.tick() => machine.update_timers().ok().flatten(),
        };
    }
}

fn bytes(packet: WgKind) -> Packet {
    match packet {
        WgKind::HandshakeInit(packet) => packet.into_bytes(),
        WgKind::HandshakeResp(packet) => packet.into_bytes(),
        WgKind::CookieReply(packet) => packet.into_bytes(),
        WgKind::Data(packet) => packet.into_bytes(),
    }
}

fn hear(machine: &mut Tunn, datagram: &[u8]) -> Option<WgKind> {
    let packet = Packet::copy_from(datagram).try_into_wg().ok()?;
    match machine.handle_incoming_packet(packet) {
        TunnResult::WriteToNetwork(answer) => Some(answer),
        TunnResult::Done | TunnResult::Err(_) | TunnResult::WriteToTunnel(_) => None,
    }
}
