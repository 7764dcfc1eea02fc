//! The UDP sockets of the embedded device, with room for bursts: what arrives while the processor is
//! busy decrypting waits instead of being lost, and TCP inside the tunnel need not send it again.
//! What is sent has the usual room: on a slow line, a long queue would only be a long wait.

use std::io;

use gotatun::udp::socket::{UdpSocket, UdpSocketFactory};
use gotatun::udp::{UdpTransportFactory, UdpTransportFactoryParams};
use nix::sys::socket::{setsockopt, sockopt};

/// As much as wireguard-go takes; memory is used only while packets wait.
const BUFFER: usize = 7 * 1024 * 1024;

#[derive(Debug, Default)]
pub(crate) struct RoomySockets(UdpSocketFactory);

impl UdpTransportFactory for RoomySockets {
    type Send = UdpSocket;
    type Recv = UdpSocket;

    async fn bind(&mut self, params: &UdpTransportFactoryParams) -> io::Result<(UdpSocket, UdpSocket)> {
        let (send, receive) = self.0.bind(params).await?;
        make_room(&receive);
        Ok((send, receive))
    }
}

/// CAP_NET_ADMIN may go beyond `net.core.rmem_max`, but not in a container; there, up to it. A smaller
/// buffer is slower, not wrong.
fn make_room(socket: &UdpSocket) {
    let made = setsockopt(socket, sockopt::RcvBufForce, &BUFFER)
        .or_else(|_| setsockopt(socket, sockopt::RcvBuf, &BUFFER));
    if let Err(error) = made {
        log::debug!("the UDP socket keeps its small buffer: {error}");
    }
}
