//! The local network of a town hall: the operator's box, which is the way out, and whatever is plugged into it. Every
//! one of them has the same addresses.
//!
//! ```text
//!    | 192.0.2.N
//!   box ── 192.168.1.1 ──┬── .5 machine ──┬── .20 computer
//! ```

use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;

use crate::node::{Addresses, Node};

const BOX: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 1);

#[derive(Debug)]
pub struct LocalNetwork {
    /// The operator's box.
    pub router: Arc<Node>,
    name: String,
    folder: PathBuf,
    resolver: Ipv4Addr,
}

impl LocalNetwork {
    /// Behind this box, which is plugged into the internet already.
    pub(crate) fn behind(
        router: Arc<Node>,
        name: &str,
        folder: PathBuf,
        resolver: Ipv4Addr,
    ) -> Result<LocalNetwork> {
        for command in [
            "link add lan address 02:00:00:00:01:01 type bridge",
            &format!("address add {BOX}/24 dev lan"),
            "link set lan up",
        ] {
            router.ip(command)?;
        }
        forward(&router, true)?;
        let rules = "table ip box { chain out { type nat hook postrouting priority 100; oifname eth0 masquerade; }; }";
        router.run(["nft", rules])?;
        Ok(LocalNetwork { router, name: name.to_owned(), folder, resolver })
    }

    /// A computer with this last number, which is no router.
    pub fn computer(&self, name: &str, number: u8) -> Result<Arc<Node>> {
        let name = format!("{name}-{}", self.name);
        let address = Ipv4Addr::new(192, 168, 1, number);
        let addresses = Addresses { v4: address, v6: Ipv6Addr::LOCALHOST };
        let node = Node::new(&name, self.folder.join(&name), self.resolver.into(), addresses)?;
        let network = node.namespaces().network_path();
        self.router.ip(&format!("link add port{number} type veth peer name eth0 netns {network}"))?;
        self.router.ip(&format!("link set port{number} master lan up"))?;
        node.ip(&format!("address add {address}/24 dev eth0"))?;
        node.ip("link set eth0 up")?;
        node.ip(&format!("route add default via {BOX}"))?;
        // A new network has what the machine under it has.
        forward(&node, false)?;
        Ok(Arc::new(node))
    }
}

fn forward(node: &Node, is_on: bool) -> Result<()> {
    let value = u8::from(is_on);
    node.run(["sh", "-c", &format!("echo {value} > /proc/sys/net/ipv4/ip_forward")])?;
    Ok(())
}
