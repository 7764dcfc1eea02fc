//! What could not be done to the interface. `Display` never repeats its source: join the chain.

use std::io;
use std::net::SocketAddr;

use beffroi_protocol::PublicKey;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0:?} cannot be the name of an interface")]
    Name(String),
    #[error("interface {0} is there already, and it is not a WireGuard interface")]
    Taken(String),
    #[error("interface {0} is kept by another program that is running: its control socket answers")]
    InUse(String),
    #[error(
        "interface {0} has a key that is not ours: it is someone else's (`ip link delete {0}` if nobody needs it)"
    )]
    Foreign(String),
    #[error("interface {0} has been removed by someone else")]
    Vanished(String),
    #[error("UDP port {port} cannot be opened: another program may have it")]
    Port { port: u16, source: io::Error },
    #[error("cannot {act}")]
    Kernel { act: String, source: io::Error },
    #[error("cannot {act}: the kernel did not answer in time")]
    Silent { act: &'static str },
    #[error("cannot start the embedded WireGuard device (it needs CAP_NET_ADMIN and /dev/net/tun)")]
    Embedded(#[source] gotatun::device::Error),
    #[error("cannot make the control socket {path}")]
    Socket { path: String, source: io::Error },
    #[error("the device has no peer {0}")]
    NoSuchPeer(PublicKey),
    #[error("it is not known where to reach peer {0}")]
    NoEndpoint(PublicKey),
    #[error("peer {peer} cannot be called at {endpoint}")]
    Unreachable { peer: PublicKey, endpoint: SocketAddr, source: io::Error },
}

impl Error {
    /// Names the port, where that is what the kernel will not open.
    pub(crate) fn about_port(self, port: u16) -> Self {
        match self {
            Self::Kernel { source, .. } if source.kind() == io::ErrorKind::AddrInUse => {
                Self::Port { port, source }
            }
            other => other,
        }
    }
}
