//! The interface as the kernel's network stack sees it: addresses, routes, MTU, up or down. It does
//! not know WireGuard, but for the kind of a link.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::IpAddr;

use futures_util::{Stream, TryStreamExt};
use ipnet::IpNet;
use rtnetlink::packet_route::address::{AddressAttribute, AddressHeaderFlags, AddressMessage};
use rtnetlink::packet_route::link::{InfoKind, LinkAttribute, LinkFlags, LinkInfo, LinkMessage};
use rtnetlink::packet_route::route::{
    RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RouteMetric, RouteProtocol, RouteType,
};
use rtnetlink::{AddressMessageBuilder, Handle, LinkUnspec, LinkWireguard, RouteMessageBuilder};

use crate::Error;

/// In front of what TCP carries over IPv6, in bytes.
const IPV6_AND_TCP: u32 = 60;
/// "Do not look for a longer one": the bit of RTAX_MTU in RTAX_LOCK (linux/rtnetlink.h).
const LOCK_MTU: u32 = 1 << 2;

/// A link that the kernel has.
pub(crate) struct Link {
    netlink: Handle,
    name: String,
    index: u32,
}

/// What can be read of it.
pub(crate) struct LinkState {
    pub(crate) addresses: BTreeSet<IpNet>,
    pub(crate) routes: BTreeMap<IpNet, Option<u16>>,
    pub(crate) mtu: u16,
    pub(crate) up: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Wireguard,
    Other,
}

/// Whether the kernel has WireGuard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Creation {
    Created,
    Unsupported,
}

/// A connection to the kernel's network stack. It lasts as long as a clone of the handle.
pub(crate) fn connect() -> Result<Handle, Error> {
    let (connection, netlink, _) = rtnetlink::new_connection()
        .map_err(|source| Error::Kernel { act: "open a netlink socket".to_owned(), source })?;
    tokio::spawn(connection);
    Ok(netlink)
}

/// The link of that name, and what it is; `None` when there is none.
pub(crate) async fn find(netlink: &Handle, name: &str) -> Result<Option<(Link, Kind)>, Error> {
    let found = first(netlink.link().get().match_name(name).execute()).await;
    let message = match found.map_err(io_error) {
        Ok(Some(message)) => message,
        Ok(None) => return Ok(None),
        Err(error) if is_missing(&error) => return Ok(None),
        Err(source) => return Err(Error::Kernel { act: format!("look for interface {name}"), source }),
    };
    let link = Link { netlink: netlink.clone(), name: name.to_owned(), index: message.header.index };
    Ok(Some((link, kind(&message))))
}

/// Makes a WireGuard link, when the kernel can.
pub(crate) async fn create_wireguard(netlink: &Handle, name: &str) -> Result<Creation, Error> {
    let made = netlink.link().add(LinkWireguard::new(name).build()).execute().await;
    match made.map_err(io_error) {
        Ok(()) => Ok(Creation::Created),
        Err(error) if is_unsupported(&error) => Ok(Creation::Unsupported),
        Err(source) => Err(Error::Kernel { act: format!("create interface {name}"), source }),
    }
}

impl Link {
    pub(crate) async fn read(&self) -> Result<LinkState, Error> {
        let link = first(self.netlink.link().get().match_index(self.index).execute()).await;
        let link = link
            .map_err(|error| self.failed("read", error))?
            .ok_or_else(|| Error::Vanished(self.name.clone()))?;
        let mtu = link.attributes.iter().find_map(|attribute| match attribute {
            LinkAttribute::Mtu(mtu) => u16::try_from(*mtu).ok(),
            _ => None,
        });
        Ok(LinkState {
            addresses: self.addresses().await?,
            routes: self.routes().await?,
            mtu: mtu.unwrap_or(u16::MAX),
            up: link.header.flags.contains(LinkFlags::Up),
        })
    }

    pub(crate) async fn set_mtu(&self, mtu: u16) -> Result<(), Error> {
        let message = LinkUnspec::new_with_index(self.index).mtu(u32::from(mtu)).build();
        let done = self.netlink.link().set(message).execute().await;
        done.map_err(|error| self.failed("set the MTU of", error))
    }

    pub(crate) async fn bring_up(&self) -> Result<(), Error> {
        let message = LinkUnspec::new_with_index(self.index).up().build();
        let done = self.netlink.link().set(message).execute().await;
        done.map_err(|error| self.failed("bring up", error))
    }

    pub(crate) async fn add_address(&self, address: IpNet) -> Result<(), Error> {
        let mut request = self.netlink.address().add(self.index, address.addr(), address.prefix_len());
        if address.addr().is_ipv6() {
            // Nobody else can have it inside the tunnel: it serves at once, without being asked about
            // (RFC 4862, section 5.4).
            request.message_mut().header.flags |= AddressHeaderFlags::Nodad;
        }
        request.execute().await.map_err(|error| self.failed(&format!("give address {address} to"), error))
    }

    pub(crate) async fn remove_address(&self, address: IpNet) -> Result<(), Error> {
        let message = match address {
            IpNet::V4(net) => AddressMessageBuilder::<std::net::Ipv4Addr>::new()
                .index(self.index)
                .address(net.addr(), net.prefix_len())
                .build(),
            IpNet::V6(net) => AddressMessageBuilder::<std::net::Ipv6Addr>::new()
                .index(self.index)
                .address(net.addr(), net.prefix_len())
                .build(),
        };
        let done = self.netlink.address().del(message).execute().await;
        done.or_else(if_there(nix::libc::EADDRNOTAVAIL))
            .map_err(|error| self.failed(&format!("take address {address} from"), error))
    }

    /// Never replaces a route of the machine's own: one that is there already is an error.
    pub(crate) async fn add_route(&self, network: IpNet, mtu: Option<u16>) -> Result<(), Error> {
        let done = self.netlink.route().add(self.narrowed(network, mtu)).execute().await;
        done.map_err(|error| self.failed(&format!("route {network} through"), error))
    }

    /// For a route that leads through this link already.
    pub(crate) async fn edit_route(&self, network: IpNet, mtu: Option<u16>) -> Result<(), Error> {
        let done = self.netlink.route().add(self.narrowed(network, mtu)).replace().execute().await;
        done.map_err(|error| self.failed(&format!("change the route of {network} through"), error))
    }

    pub(crate) async fn remove_route(&self, network: IpNet) -> Result<(), Error> {
        let done = self.netlink.route().del(self.route(network)).execute().await;
        done.or_else(if_there(nix::libc::ESRCH))
            .map_err(|error| self.failed(&format!("unroute {network} from"), error))
    }

    pub(crate) async fn delete(self) -> Result<(), Error> {
        match self.netlink.link().del(self.index).execute().await.map_err(io_error) {
            Err(error) if !is_missing(&error) => {
                Err(Error::Kernel { act: format!("delete interface {}", self.name), source: error })
            }
            _ => Ok(()),
        }
    }

    /// IPv6 knows no way of less than 1280 bytes (RFC 8200, section 5). What TCP is asked to send at most works
    /// below that too, and does it when both ends ask.
    fn narrowed(&self, network: IpNet, mtu: Option<u16>) -> RouteMessage {
        let mut message = self.route(network);
        if let Some(mtu) = mtu.map(u32::from) {
            let metrics = match network {
                IpNet::V4(_) => vec![RouteMetric::Lock(LOCK_MTU), RouteMetric::Mtu(mtu)],
                IpNet::V6(_) => vec![RouteMetric::Advmss(mtu.saturating_sub(IPV6_AND_TCP))],
            };
            message.attributes.push(RouteAttribute::Metrics(metrics));
        }
        message
    }

    fn route(&self, network: IpNet) -> RouteMessage {
        match network.trunc() {
            IpNet::V4(net) => RouteMessageBuilder::<std::net::Ipv4Addr>::new()
                .destination_prefix(net.addr(), net.prefix_len())
                .scope(rtnetlink::packet_route::route::RouteScope::Link)
                .output_interface(self.index)
                .build(),
            IpNet::V6(net) => RouteMessageBuilder::<std::net::Ipv6Addr>::new()
                .destination_prefix(net.addr(), net.prefix_len())
                .output_interface(self.index)
                .build(),
        }
    }

    async fn addresses(&self) -> Result<BTreeSet<IpNet>, Error> {
        let request = self.netlink.address().get().set_link_index_filter(self.index);
        let messages: Vec<AddressMessage> = request
            .execute()
            .try_collect()
            .await
            .map_err(|error| self.failed("read the addresses of", error))?;
        Ok(messages.iter().filter_map(address).filter(|net| !is_link_local(net.addr())).collect())
    }

    async fn routes(&self) -> Result<BTreeMap<IpNet, Option<u16>>, Error> {
        let mut routes = BTreeMap::new();
        let families = [
            RouteMessageBuilder::<std::net::Ipv4Addr>::new().build(),
            RouteMessageBuilder::<std::net::Ipv6Addr>::new().build(),
        ];
        for family in families {
            let request = self.netlink.route().get(family).execute();
            let messages: Vec<RouteMessage> =
                request.try_collect().await.map_err(|error| self.failed("read the routes of", error))?;
            let ours = messages.iter().filter(|message| self.is_written_route(message));
            let read = ours.filter_map(|message| Some((destination(message)?, longest(message))));
            routes.extend(read.filter(|(net, _)| !is_link_local(net.addr())));
        }
        Ok(routes)
    }

    /// Not the routes that the kernel derives from addresses.
    fn is_written_route(&self, message: &RouteMessage) -> bool {
        let through_us = message.attributes.contains(&RouteAttribute::Oif(self.index));
        let header = &message.header;
        through_us
            && header.table == RouteHeader::RT_TABLE_MAIN
            && header.kind == RouteType::Unicast
            && header.protocol != RouteProtocol::Kernel
    }

    fn failed(&self, act: &str, error: rtnetlink::Error) -> Error {
        match io_error(error) {
            error if is_missing(&error) => Error::Vanished(self.name.clone()),
            source => Error::Kernel { act: format!("{act} interface {}", self.name), source },
        }
    }
}

/// The kernel has no IPv6, or it is switched off on the interface.
pub(crate) fn is_without_ipv6(error: &Error) -> bool {
    let Error::Kernel { source, .. } = error else { return false };
    let number = source.raw_os_error();
    [nix::libc::EACCES, nix::libc::EOPNOTSUPP, nix::libc::EAFNOSUPPORT]
        .iter()
        .any(|refusal| number == Some(*refusal))
}

fn is_unsupported(error: &io::Error) -> bool {
    error.raw_os_error() == Some(nix::libc::EOPNOTSUPP)
}

fn is_missing(error: &io::Error) -> bool {
    error.raw_os_error() == Some(nix::libc::ENODEV)
}

/// What is to go may be gone already: the kernel takes an interface's routes away with its last
/// address of a family.
fn if_there(gone: i32) -> impl FnOnce(rtnetlink::Error) -> Result<(), rtnetlink::Error> {
    move |error| match &error {
        rtnetlink::Error::NetlinkError(message) if message.raw_code() == -gone => Ok(()),
        _ => Err(error),
    }
}

fn is_link_local(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(address) if address.is_unicast_link_local() || address.is_multicast())
}

fn kind(message: &LinkMessage) -> Kind {
    let infos = message.attributes.iter().filter_map(|attribute| match attribute {
        LinkAttribute::LinkInfo(infos) => Some(infos),
        _ => None,
    });
    match infos.flatten().any(|info| *info == LinkInfo::Kind(InfoKind::Wireguard)) {
        true => Kind::Wireguard,
        false => Kind::Other,
    }
}

/// The local end, where the kernel tells the two ends apart.
fn address(message: &AddressMessage) -> Option<IpNet> {
    let local = message.attributes.iter().find_map(|attribute| match attribute {
        AddressAttribute::Local(address) => Some(*address),
        _ => None,
    });
    let plain = message.attributes.iter().find_map(|attribute| match attribute {
        AddressAttribute::Address(address) => Some(*address),
        _ => None,
    });
    IpNet::new(local.or(plain)?, message.header.prefix_len).ok()
}

fn destination(message: &RouteMessage) -> Option<IpNet> {
    let named = message.attributes.iter().find_map(|attribute| match attribute {
        RouteAttribute::Destination(RouteAddress::Inet(address)) => Some(IpAddr::V4(*address)),
        RouteAttribute::Destination(RouteAddress::Inet6(address)) => Some(IpAddr::V6(*address)),
        _ => None,
    });
    let everywhere = match message.header.address_family {
        rtnetlink::packet_route::AddressFamily::Inet6 => IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED),
        _ => IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED),
    };
    IpNet::new(named.unwrap_or(everywhere), message.header.destination_prefix_length).ok()
}

/// As [`Link::narrowed`] writes it.
fn longest(message: &RouteMessage) -> Option<u16> {
    let metrics = message.attributes.iter().filter_map(|attribute| match attribute {
        RouteAttribute::Metrics(metrics) => Some(metrics),
        _ => None,
    });
    let is_ipv6 = message.header.address_family == rtnetlink::packet_route::AddressFamily::Inet6;
    metrics.flatten().find_map(|metric| match metric {
        RouteMetric::Mtu(mtu) if !is_ipv6 => u16::try_from(*mtu).ok(),
        RouteMetric::Advmss(mss) if is_ipv6 => u16::try_from(mss.saturating_add(IPV6_AND_TCP)).ok(),
        _ => None,
    })
}

async fn first<T>(
    stream: impl Stream<Item = Result<T, rtnetlink::Error>>,
) -> Result<Option<T>, rtnetlink::Error> {
    let mut stream = std::pin::pin!(stream);
    stream.try_next().await
}

fn io_error(error: rtnetlink::Error) -> io::Error {
    match error {
        rtnetlink::Error::NetlinkError(message) => message.to_io(),
        other => io::Error::other(other.to_string()),
    }
}
