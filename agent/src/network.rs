//! Notices when the machine's network changes: another address, another route, a cable. It looks at
//! the machine's network and never changes it.

use std::io;

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use rtnetlink::MulticastGroup;
use rtnetlink::packet_core::NetlinkPayload;
use rtnetlink::packet_route::RouteNetlinkMessage;
use rtnetlink::packet_route::route::RouteAttribute;
use tokio::task::JoinHandle;

const GROUPS: [MulticastGroup; 5] = [
    MulticastGroup::Link,
    MulticastGroup::Ipv4Ifaddr,
    MulticastGroup::Ipv6Ifaddr,
    MulticastGroup::Ipv4Route,
    MulticastGroup::Ipv6Route,
];

pub(crate) struct Network {
    messages: BoxStream<'static, NetlinkPayload<RouteNetlinkMessage>>,
    /// The tunnel's own interface: its changes are our doing.
    own: u32,
    connection: JoinHandle<()>,
}

impl Network {
    /// # Errors
    /// When there is no such interface, or the kernel gives no socket.
    pub(crate) fn watch(own: &str) -> io::Result<Self> {
        let own = nix::net::if_::if_nametoindex(own)?;
        let (connection, _, messages) = rtnetlink::new_multicast_connection(&GROUPS)?;
        let messages = messages.map(|(message, _)| message.payload).boxed();
        Ok(Self { messages, own, connection: tokio::spawn(connection) })
    }

    /// Returns after the next change of anything but the tunnel.
    ///
    /// # Errors
    /// When the kernel no longer tells.
    pub(crate) async fn changed(&mut self) -> io::Result<()> {
        while let Some(message) = self.messages.next().await {
            if concerns(&message, self.own) {
                return Ok(());
            }
        }
        Err(io::Error::other("the kernel's messages about the network ended"))
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

fn concerns(message: &NetlinkPayload<RouteNetlinkMessage>, own: u32) -> bool {
    use RouteNetlinkMessage::{DelAddress, DelLink, DelRoute, NewAddress, NewLink, NewRoute};
    match message {
        NetlinkPayload::InnerMessage(NewLink(link) | DelLink(link)) => link.header.index != own,
        NetlinkPayload::InnerMessage(NewAddress(address) | DelAddress(address)) => {
            address.header.index != own
        }
        NetlinkPayload::InnerMessage(NewRoute(route) | DelRoute(route)) => {
            !route.attributes.contains(&RouteAttribute::Oif(own))
        }
        // More happened than the socket could hold.
        NetlinkPayload::Overrun(_) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use rtnetlink::packet_route::address::AddressMessage;
    use rtnetlink::packet_route::link::LinkMessage;
    use rtnetlink::packet_route::route::RouteMessage;

    use super::*;

    #[test]
    fn only_changes_of_other_interfaces_concern_us() {
        fn check(message: RouteNetlinkMessage, expected: bool) {
            assert_eq!(concerns(&NetlinkPayload::InnerMessage(message), 7), expected);
        }
        for (index, expected) in [(7, false), (2, true)] {
            let mut link = LinkMessage::default();
            link.header.index = index;
            check(RouteNetlinkMessage::NewLink(link), expected);
            let mut address = AddressMessage::default();
            address.header.index = index;
            check(RouteNetlinkMessage::DelAddress(address), expected);
            let mut route = RouteMessage::default();
            route.attributes.push(RouteAttribute::Oif(index));
            check(RouteNetlinkMessage::NewRoute(route), expected);
        }
        check(RouteNetlinkMessage::NewRoute(RouteMessage::default()), true);
        check(RouteNetlinkMessage::NewNeighbour(Default::default()), false);
    }
}
