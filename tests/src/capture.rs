//! A recording of the IP packets that pass one interface: the proof that something happened, or that nothing did.
//!
//! tcpdump is not used for it, because it insists on becoming another user, of which there is none in a scenario's
//! namespace. The recording is also a file that tcpdump and Wireshark open.

use std::fmt;
use std::fs::File;
use std::io::{IoSliceMut, Write};
use std::net::IpAddr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, ensure};
use nix::cmsg_space;
use nix::errno::Errno;
use nix::net::if_::if_nametoindex;
use nix::sys::socket::sockopt::{RcvBuf, ReceiveTimeout, ReceiveTimestampns};
use nix::sys::socket::{
    AddressFamily, ControlMessageOwned, LinkAddr, MsgFlags, SockFlag, SockProtocol, SockType, recvmsg,
    setsockopt, socket,
};
use nix::sys::time::{TimeSpec, TimeVal};

use crate::namespaces::Namespaces;

/// Recording since it was made.
#[derive(Debug)]
pub struct Capture {
    packets: Arc<Mutex<Vec<Packet>>>,
    ending: Arc<AtomicBool>,
    recorder: Option<JoinHandle<Result<()>>>,
}

/// One packet that passed, in either direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// By the kernel's clock.
    pub at: SystemTime,
    pub from: IpAddr,
    pub to: IpAddr,
    pub protocol: Protocol,
    /// With its IP header.
    pub length: usize,
    /// What TCP or UDP carries in it.
    pub payload: usize,
    /// TCP's number of the first byte that it carries: the same again when it is sent again.
    pub sequence: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    Icmp,
    Tcp {
        from: u16,
        to: u16,
    },
    Udp {
        from: u16,
        to: u16,
    },
    /// By its number, or a fragment that is not the first.
    Other(u8),
}

impl Capture {
    pub(crate) fn start(inside: &Namespaces, interface: &str, file: &Path) -> Result<Capture> {
        let file = Recording::new(file)?;
        let (socket, index) = inside.inside(|| {
            let index = if_nametoindex(interface).with_context(|| format!("no interface {interface}"))?;
            Ok((open()?, usize::try_from(index)?))
        })?;
        let packets = Arc::new(Mutex::new(Vec::new()));
        let ending = Arc::new(AtomicBool::new(false));
        let recorder = {
            let (packets, ending) = (Arc::clone(&packets), Arc::clone(&ending));
            thread::spawn(move || record(&socket, index, file, &packets, &ending))
        };
        Ok(Capture { packets, ending, recorder: Some(recorder) })
    }

    /// What has been recorded so far.
    pub fn packets(&self) -> Vec<Packet> {
        self.packets.lock().expect("no one panics while recording").clone()
    }

    /// Ends the recording, with everything that passed before.
    pub fn end(mut self) -> Result<Vec<Packet>> {
        self.ending.store(true, Ordering::Relaxed);
        let recorder = self.recorder.take().context("a recording ends once")?;
        recorder.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        Ok(self.packets())
    }

    /// Ends the recording, in which no packet may be such a one.
    pub fn nothing_passed(self, mut such: impl FnMut(&Packet) -> bool) -> Result<()> {
        let packets = self.end()?;
        let seen: Vec<String> = packets.iter().filter(|packet| such(packet)).map(Packet::to_string).collect();
        ensure!(seen.is_empty(), "packets passed that should not:\n{}", seen.join("\n"));
        Ok(())
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::Relaxed);
    }
}

impl Packet {
    /// From the bytes of an IP packet; None for what is no IP packet.
    fn parse(at: SystemTime, bytes: &[u8]) -> Option<Packet> {
        let (from, to, number, inner): (IpAddr, IpAddr, u8, &[u8]) = match bytes.first()? >> 4 {
            4 => {
                let header = usize::from(bytes[0] & 0xf) * 4;
                let address = |at| Some(IpAddr::from(<[u8; 4]>::try_from(bytes.get(at..at + 4)?).ok()?));
                let first = bytes.get(6..8)?[0] & 0x1f == 0 && bytes[7] == 0;
                (address(12)?, address(16)?, *bytes.get(9)?, if first { bytes.get(header..)? } else { &[] })
            }
            6 => {
                let address = |at| Some(IpAddr::from(<[u8; 16]>::try_from(bytes.get(at..at + 16)?).ok()?));
                (address(8)?, address(24)?, *bytes.get(6)?, bytes.get(40..)?)
            }
            _ => return None,
        };
        let port = |at: usize| Some(u16::from_be_bytes([*inner.get(at)?, *inner.get(at + 1)?]));
        let protocol = match (number, port(0), port(2)) {
            (1 | 58, ..) => Protocol::Icmp,
            (6, Some(from), Some(to)) => Protocol::Tcp { from, to },
            (17, Some(from), Some(to)) => Protocol::Udp { from, to },
            (other, ..) => Protocol::Other(other),
        };
        let header = match protocol {
            Protocol::Tcp { .. } => usize::from(*inner.get(12)? >> 4) * 4,
            Protocol::Udp { .. } => 8,
            Protocol::Icmp | Protocol::Other(_) => inner.len(),
        };
        let payload = inner.len().saturating_sub(header);
        let sequence = match protocol {
            Protocol::Tcp { .. } => Some(u32::from_be_bytes(inner.get(4..8)?.try_into().ok()?)),
            _ => None,
        };
        Some(Packet { at, from, to, protocol, length: bytes.len(), payload, sequence })
    }

    /// Whether it is between these two, in either direction.
    pub fn is_between(&self, one: IpAddr, other: IpAddr) -> bool {
        (self.from, self.to) == (one, other) || (self.from, self.to) == (other, one)
    }
}

impl fmt::Display for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let Packet { from, to, protocol, length, .. } = self;
        write!(f, "{:.3} {from} > {to} {protocol:?} {length}", at.as_secs_f64())
    }
}

/// Receives every packet of the network, without the header of its link.
fn open() -> Result<OwnedFd> {
    let socket =
        socket(AddressFamily::Packet, SockType::Datagram, SockFlag::SOCK_CLOEXEC, SockProtocol::EthAll)?;
    setsockopt(&socket, ReceiveTimestampns, &true)?;
    setsockopt(&socket, RcvBuf, &(8 << 20))?;
    // After this long without a packet, the recorder looks whether it should end.
    setsockopt(&socket, ReceiveTimeout, &TimeVal::new(0, 10_000))?;
    Ok(socket)
}

fn record(
    socket: &OwnedFd,
    interface: usize,
    mut file: Recording,
    packets: &Mutex<Vec<Packet>>,
    ending: &AtomicBool,
) -> Result<()> {
    let mut buffer = vec![0; 65_536];
    let mut control = cmsg_space!(TimeSpec);
    loop {
        let must_end = ending.load(Ordering::Relaxed);
        let mut slices = [IoSliceMut::new(&mut buffer)];
        let message =
            match recvmsg::<LinkAddr>(socket.as_raw_fd(), &mut slices, Some(&mut control), MsgFlags::empty())
            {
                Ok(message) => message,
                Err(Errno::EAGAIN) if must_end => return Ok(()),
                Err(Errno::EAGAIN | Errno::EINTR) => continue,
                Err(error) => return Err(error).context("cannot record"),
            };
        let at = message.cmsgs()?.find_map(|one| time(&one)).unwrap_or_else(SystemTime::now);
        let here = message.address.is_some_and(|address| address.ifindex() == interface);
        let length = message.bytes;
        let bytes = &buffer[..length];
        let Some(packet) = here.then(|| Packet::parse(at, bytes)).flatten() else { continue };
        file.write(at, bytes)?;
        packets.lock().expect("no one panics while reading a recording").push(packet);
    }
}

fn time(message: &ControlMessageOwned) -> Option<SystemTime> {
    match message {
        ControlMessageOwned::ScmTimestampns(time) => Some(SystemTime::UNIX_EPOCH + Duration::from(*time)),
        _ => None,
    }
}

/// A file in the format of libpcap, version 2.4.
struct Recording(File);

impl Recording {
    /// LINKTYPE_RAW: packets begin with their IP header.
    const RAW: u32 = 101;

    fn new(path: &Path) -> Result<Recording> {
        let mut file = File::create(path)?;
        for word in [0xa1b2_c3d4_u32, 2 | 4 << 16, 0, 0, 65_535, Self::RAW] {
            file.write_all(&word.to_ne_bytes())?;
        }
        Ok(Recording(file))
    }

    fn write(&mut self, at: SystemTime, bytes: &[u8]) -> Result<()> {
        let since = at.duration_since(SystemTime::UNIX_EPOCH)?;
        let length = u32::try_from(bytes.len())?;
        let mut record = Vec::with_capacity(16 + bytes.len());
        for word in [u32::try_from(since.as_secs())?, since.subsec_micros(), length, length] {
            record.extend(word.to_ne_bytes());
        }
        record.extend(bytes);
        Ok(self.0.write_all(&record)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_understood() {
        let check = |bytes: &[u8], expected: Option<(&str, &str, Protocol)>| {
            let found = Packet::parse(SystemTime::UNIX_EPOCH, bytes);
            let found = found.map(|packet| (packet.from.to_string(), packet.to.to_string(), packet.protocol));
            assert_eq!(
                found,
                expected.map(|(from, to, protocol)| (from.to_owned(), to.to_owned(), protocol))
            );
        };
        let v4 = |protocol: u8, fragment: u8, inner: &[u8]| {
            let mut bytes =
                vec![0x45, 0, 0, 0, 0, 0, 0, fragment, 64, protocol, 0, 0, 10, 66, 0, 1, 10, 66, 1, 0];
            bytes.extend(inner);
            bytes
        };
        let udp = Protocol::Udp { from: 443, to: 4711 };
        check(&v4(17, 0, &[1, 0xbb, 0x12, 0x67]), Some(("10.66.0.1", "10.66.1.0", udp)));
        check(&v4(17, 9, &[1, 0xbb, 0x12, 0x67]), Some(("10.66.0.1", "10.66.1.0", Protocol::Other(17))));
        check(&v4(1, 0, &[8, 0]), Some(("10.66.0.1", "10.66.1.0", Protocol::Icmp)));
        check(&v4(6, 0, &[1]), Some(("10.66.0.1", "10.66.1.0", Protocol::Other(6))));
        check(&[0x45, 0, 0], None);
        check(&[], None);

        let mut v6 = vec![0x60, 0, 0, 0, 0, 4, 6, 64];
        v6.extend([0xfd; 16].into_iter().chain([0xfe; 16]).chain([0, 22, 0, 23]));
        v6.extend([0, 0, 0, 7, 0, 0, 0, 0, 0x50, 0, 0, 0, 0, 0, 0, 0]);
        let expected = ("fdfd:fdfd:fdfd:fdfd:fdfd:fdfd:fdfd:fdfd", "fefe:fefe:fefe:fefe:fefe:fefe:fefe:fefe");
        check(&v6, Some((expected.0, expected.1, Protocol::Tcp { from: 22, to: 23 })));
        v6.extend(b"SSH");
        let packet = Packet::parse(SystemTime::UNIX_EPOCH, &v6).expect("it is one");
        assert_eq!((packet.length, packet.payload, packet.sequence), (63, 3, Some(7)));
    }
}
