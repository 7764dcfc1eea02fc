//! Whether the kernel forwards the IPv4 packets that come in by an interface. By netlink: the unit keeps the
//! files of `/proc/sys` read-only.

use std::collections::BTreeMap;
use std::io;

use futures_util::TryStreamExt;
use rtnetlink::packet_core::{DefaultNla, NLA_F_NESTED};
use rtnetlink::packet_route::link::{AfSpecInet, AfSpecUnspec, LinkAttribute, LinkMessage};
use rtnetlink::{Handle, LinkUnspec};
use tokio::task::JoinHandle;

/// IFLA_INET_CONF of linux/if_link.h.
const SETTINGS: u16 = 1;
/// IPV4_DEVCONF_FORWARDING of linux/ip.h.
const FORWARDING: u16 = 1;

/// A connection to the kernel.
pub(super) struct Forwarding {
    netlink: Handle,
    connection: JoinHandle<()>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Switch {
    index: u32,
    pub(super) is_on: bool,
}

impl Forwarding {
    /// # Errors
    /// When the kernel gives no socket.
    pub(super) fn open() -> io::Result<Self> {
        let (connection, netlink, _) = rtnetlink::new_connection()?;
        Ok(Self { netlink, connection: tokio::spawn(connection) })
    }

    /// Of every interface, by its name.
    ///
    /// # Errors
    /// When the kernel does not tell.
    pub(super) async fn read(&self) -> io::Result<BTreeMap<String, Switch>> {
        let links: Vec<LinkMessage> =
            self.netlink.link().get().execute().try_collect().await.map_err(io::Error::other)?;
        Ok(links.iter().filter_map(switch).collect())
    }

    /// # Errors
    /// When the kernel refuses, or there is no such interface any more.
    pub(super) async fn set(&self, switch: Switch, is_on: bool) -> io::Result<()> {
        let setting = DefaultNla::new(SETTINGS | NLA_F_NESTED, attribute(FORWARDING, is_on.into()));
        let inet = AfSpecUnspec::Inet(vec![AfSpecInet::Other(setting)]);
        let message = LinkUnspec::new_with_index(switch.index)
            .append_extra_attribute(LinkAttribute::AfSpecUnspec(vec![inet]))
            .build();
        self.netlink.link().set(message).execute().await.map_err(io::Error::other)
    }
}

impl Drop for Forwarding {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

fn switch(link: &LinkMessage) -> Option<(String, Switch)> {
    let name = link.attributes.iter().find_map(|attribute| match attribute {
        LinkAttribute::IfName(name) => Some(name.clone()),
        _ => None,
    })?;
    let families = link.attributes.iter().find_map(|attribute| match attribute {
        LinkAttribute::AfSpecUnspec(families) => Some(families),
        _ => None,
    })?;
    let is_on = families.iter().find_map(|family| match family {
        AfSpecUnspec::Inet(settings) => settings.iter().find_map(|setting| match setting {
            AfSpecInet::DevConf(settings) => Some(settings.forwarding != 0),
            _ => None,
        }),
        _ => None,
    })?;
    Some((name, Switch { index: link.header.index, is_on }))
}

/// An attribute of netlink, as bytes.
fn attribute(kind: u16, value: u32) -> Vec<u8> {
    let mut bytes = 8_u16.to_ne_bytes().to_vec();
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(value.to_ne_bytes());
    bytes
}
