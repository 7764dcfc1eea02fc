//! The network around this machine, as the kernel sees it: what is plugged in, which addresses there are, who
//! is the way out. It is read, and asks nothing of anyone.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;

use futures_util::TryStreamExt;
use ipnet::IpNet;
use rtnetlink::packet_route::address::{AddressAttribute, AddressMessage};
use rtnetlink::packet_route::link::{InfoKind, LinkAttribute, LinkFlags, LinkInfo, LinkMessage};
use rtnetlink::packet_route::neighbour::{NeighbourAddress, NeighbourAttribute, NeighbourMessage};
use rtnetlink::packet_route::route::{RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RouteType};
use rtnetlink::{Handle, RouteMessageBuilder};
use serde::Serialize;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Surroundings {
    /// An interface beside the tunnel is up and hears something at its other end.
    pub(crate) has_link: bool,
    /// Of the other interfaces; without those that the kernel gives by itself.
    pub(crate) addresses: Vec<(String, IpNet)>,
    /// There is a way out of the local network.
    pub(crate) has_route: bool,
    /// Which router that is, or which interface on a line that has none; the same text is the same network.
    pub(crate) network: Option<String>,
    /// An interface that is no WireGuard device of the kernel's has the tunnel's name: the daemon's own, embedded
    /// one while it runs, someone else's when it does not.
    pub(crate) has_namesake: bool,
}

/// `tunnel` is the name of the tunnel's interface.
///
/// # Errors
/// When the kernel does not tell.
pub(crate) async fn surroundings(tunnel: &str) -> io::Result<Surroundings> {
    let (connection, netlink, _) = rtnetlink::new_connection()?;
    let connection = tokio::spawn(connection);
    let read = read(&netlink, tunnel).await;
    connection.abort();
    read.map_err(io::Error::other)
}

/// The network that this machine is in now; `None` without a router.
pub(crate) async fn network(tunnel: &str) -> Option<String> {
    surroundings(tunnel).await.ok()?.network
}

async fn read(netlink: &Handle, tunnel: &str) -> Result<Surroundings, rtnetlink::Error> {
    let mut links = BTreeMap::new();
    let mut found = Surroundings::default();
    let mut messages = netlink.link().get().execute();
    while let Some(message) = messages.try_next().await? {
        let name = message.attributes.iter().find_map(|attribute| match attribute {
            LinkAttribute::IfName(name) => Some(name.clone()),
            _ => None,
        });
        let flags = message.header.flags;
        let name = name.unwrap_or_default();
        found.has_namesake |= name == tunnel && !is_wireguard(&message);
        if name == tunnel || flags.contains(LinkFlags::Loopback) {
            continue;
        }
        found.has_link |= flags.contains(LinkFlags::Up | LinkFlags::LowerUp);
        links.insert(message.header.index, name);
    }
    let mut messages = netlink.address().get().execute();
    while let Some(message) = messages.try_next().await? {
        if let (Some(name), Some(net)) = (links.get(&message.header.index), address(&message)) {
            found.addresses.push((name.clone(), net));
        }
    }
    let families = [
        RouteMessageBuilder::<std::net::Ipv4Addr>::new().build(),
        RouteMessageBuilder::<std::net::Ipv6Addr>::new().build(),
    ];
    for family in families {
        let mut messages = netlink.route().get(family).execute();
        while let Some(message) = messages.try_next().await? {
            let Some(index) = way_out(&message).filter(|index| links.contains_key(index)) else { continue };
            found.has_route = true;
            if found.network.is_none() {
                found.network = match router(&message) {
                    Some(router) => Some(name(netlink, router, index).await?),
                    None => links.get(&index).cloned(),
                };
            }
        }
    }
    Ok(found)
}

fn is_wireguard(message: &LinkMessage) -> bool {
    message.attributes.iter().any(|attribute| match attribute {
        LinkAttribute::LinkInfo(infos) => infos.contains(&LinkInfo::Kind(InfoKind::Wireguard)),
        _ => false,
    })
}

/// The router's address, and the hardware's where it is known: every box is 192.168.1.1.
async fn name(netlink: &Handle, router: IpAddr, index: u32) -> Result<String, rtnetlink::Error> {
    let mut neighbours = netlink.neighbours().get().execute();
    let mut hardware = String::new();
    while let Some(neighbour) = neighbours.try_next().await? {
        if neighbour.header.ifindex == index && neighbour_address(&neighbour) == Some(router) {
            hardware = neighbour.attributes.iter().find_map(hardware_address).unwrap_or_default();
        }
    }
    Ok(format!("{router} {hardware}").trim_end().to_owned())
}

/// The interface of a default route.
fn way_out(message: &RouteMessage) -> Option<u32> {
    let header = &message.header;
    let is_default = header.destination_prefix_length == 0
        && header.kind == RouteType::Unicast
        && header.table == RouteHeader::RT_TABLE_MAIN;
    message.attributes.iter().filter(|_| is_default).find_map(|attribute| match attribute {
        RouteAttribute::Oif(index) => Some(*index),
        _ => None,
    })
}

fn router(message: &RouteMessage) -> Option<IpAddr> {
    message.attributes.iter().find_map(|attribute| match attribute {
        RouteAttribute::Gateway(RouteAddress::Inet(address)) => Some((*address).into()),
        RouteAttribute::Gateway(RouteAddress::Inet6(address)) => Some((*address).into()),
        _ => None,
    })
}

fn neighbour_address(message: &NeighbourMessage) -> Option<IpAddr> {
    message.attributes.iter().find_map(|attribute| match attribute {
        NeighbourAttribute::Destination(NeighbourAddress::Inet(address)) => Some((*address).into()),
        NeighbourAttribute::Destination(NeighbourAddress::Inet6(address)) => Some((*address).into()),
        _ => None,
    })
}

fn hardware_address(attribute: &NeighbourAttribute) -> Option<String> {
    match attribute {
        NeighbourAttribute::LinkLayerAddress(bytes) => {
            Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":"))
        }
        _ => None,
    }
}

/// The local end; `None` for what no one was given, such as the addresses that are made up when no one gives
/// any (RFC 3927).
fn address(message: &AddressMessage) -> Option<IpNet> {
    let find = |wanted: fn(&AddressAttribute) -> Option<IpAddr>| message.attributes.iter().find_map(wanted);
    let local = find(|attribute| match attribute {
        AddressAttribute::Local(address) => Some(*address),
        _ => None,
    });
    let plain = find(|attribute| match attribute {
        AddressAttribute::Address(address) => Some(*address),
        _ => None,
    });
    let address = local.or(plain)?;
    let is_made_up = match address {
        IpAddr::V4(address) => address.is_link_local() || address.is_loopback(),
        IpAddr::V6(address) => address.is_unicast_link_local() || address.is_loopback(),
    };
    IpNet::new(address, message.header.prefix_len).ok().filter(|_| !is_made_up)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_no_one_gave_are_none() {
        fn check(text: &str, is_given: bool) {
            let net: IpNet = text.parse().expect("a network");
            let mut message = AddressMessage::default();
            message.header.prefix_len = net.prefix_len();
            message.attributes.push(AddressAttribute::Address(net.addr()));
            assert_eq!(address(&message), is_given.then_some(net), "{text}");
        }
        check("192.168.1.20/24", true);
        check("2001:db8::20/64", true);
        check("169.254.3.4/16", false);
        check("fe80::1/64", false);
        check("127.0.0.2/8", false);
    }

    #[test]
    fn a_wireguard_device_is_told_by_its_kind() {
        fn check(infos: &[LinkInfo], expected: bool) {
            let mut message = LinkMessage::default();
            message.attributes.push(LinkAttribute::IfName("beffroi".into()));
            message.attributes.push(LinkAttribute::LinkInfo(infos.to_vec()));
            assert_eq!(is_wireguard(&message), expected, "{infos:?}");
        }
        check(&[LinkInfo::Kind(InfoKind::Wireguard)], true);
        check(&[LinkInfo::Kind(InfoKind::Tun)], false);
        check(&[], false);
    }

    #[test]
    fn the_way_out_is_a_default_route_of_the_main_table() {
        let route = |length: u8, table: u8| {
            let mut message = RouteMessage::default();
            message.header.destination_prefix_length = length;
            message.header.kind = RouteType::Unicast;
            message.header.table = table;
            message.attributes.push(RouteAttribute::Oif(2));
            message
        };
        assert_eq!(way_out(&route(0, RouteHeader::RT_TABLE_MAIN)), Some(2));
        assert_eq!(way_out(&route(24, RouteHeader::RT_TABLE_MAIN)), None);
        assert_eq!(way_out(&route(0, 51)), None);
    }
}
