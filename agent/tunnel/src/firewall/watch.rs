//! Hears from the kernel that somebody has changed the firewall, be it this program itself. What has changed is not read:
//! the table is compared with what is wanted, as at any other time.

use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::net as blocking;
use std::time::Duration;

use nix::sys::socket::{AddressFamily, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, socket};
use tokio::net::UnixDatagram;
use tokio::time::{Instant, sleep_until};

/// NFNLGRP_NFTABLES of linux/netfilter/nfnetlink.h, as a bit.
const RULES_CHANGE: u32 = 1 << 6;
/// Whoever changes rules all the time is answered this often: each look takes an `nft`.
const REST: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub struct Watch {
    /// A netlink socket. Tokio has no type for it, and does with datagrams what has to be done.
    socket: UnixDatagram,
    /// Heard, and not told yet.
    heard: bool,
    rests_until: Instant,
}

impl Watch {
    /// # Errors
    /// When the kernel gives no socket.
    pub fn open() -> io::Result<Watch> {
        let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
        let kind = SockType::Raw;
        let socket = socket(AddressFamily::Netlink, kind, flags, SockProtocol::NetlinkNetFilter)?;
        bind(socket.as_raw_fd(), &NetlinkAddr::new(0, RULES_CHANGE))?;
        let socket = UnixDatagram::from_std(blocking::UnixDatagram::from(socket))?;
        Ok(Watch { socket, heard: false, rests_until: Instant::now() })
    }

    /// Completes when rules have changed. Dropped before that, it forgets nothing.
    pub async fn changed(&mut self) {
        if !self.heard {
            // That more was said than the socket holds (ENOBUFS) is an error, and as good as a word.
            drop(self.socket.recv(&mut [0; 64]).await);
            self.heard = true;
        }
        sleep_until(self.rests_until).await;
        // What was said until now is answered by one look.
        while self.socket.try_recv(&mut [0; 64]).is_ok() {}
        self.heard = false;
        self.rests_until = Instant::now() + REST;
    }
}
