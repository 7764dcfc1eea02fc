//! One WireGuard interface, whichever device is behind it. It has one owner at a time (`&mut self`
//! everywhere): a late write by a second one could bring a revoked peer back.

use std::net::SocketAddr;

use beffroi_protocol::{PrivateKey, PublicKey};
use ipnet::IpNet;

use crate::control::{self, Found};
use crate::device::{DeviceState, PeerChange};
use crate::embedded::Embedded;
use crate::kernel::{self, Kernel};
use crate::link::{self, Creation, Kind, Link};
use crate::{Backend, Change, Error, Present, Wanted, plan};

/// Dropped, a kernel device stays and its links with it; an embedded one ends.
pub struct Tunnel {
    link: Link,
    device: Device,
    key: PrivateKey,
    /// Said once, not at every tick.
    told_without_ipv6: bool,
}

enum Device {
    Kernel(Kernel),
    Embedded(Embedded),
}

impl Tunnel {
    /// The interface of that name, with that key: the kernel's when it has WireGuard, embedded in
    /// this process otherwise. A kernel device that is there already is taken over with its links when
    /// its key is this one, or one of the `former` ones, which this one then replaces.
    ///
    /// # Errors
    /// When the name is taken by something else, by another running program or by someone else's
    /// WireGuard interface, or for want of CAP_NET_ADMIN.
    pub async fn open(name: &str, key: &PrivateKey, former: &[PublicKey]) -> Result<Self, Error> {
        kernel::interface_name(name)?;
        let netlink = link::connect()?;
        let device = match link::find(&netlink, name).await? {
            Some((_, Kind::Wireguard)) => adopt(name, key, former).await?,
            Some((_, Kind::Other)) => return Err(owner_error(name)?),
            None => match link::create_wireguard(&netlink, name).await? {
                Creation::Created => adopt(name, key, former).await?,
                Creation::Unsupported => embed(name, key).await?,
            },
        };
        let (link, _) = link::find(&netlink, name).await?.ok_or_else(|| Error::Vanished(name.to_owned()))?;
        Ok(Self { link, device, key: key.clone(), told_without_ipv6: false })
    }

    /// Removes what a program that has ended left of the interface of that name, whose key is one of
    /// `keys`. That nothing is there is fine.
    ///
    /// # Errors
    /// When there is an interface that is someone else's, or the kernel refuses to delete it.
    pub async fn remove(name: &str, keys: &[PublicKey]) -> Result<(), Error> {
        let device = Kernel::adopt(name)?;
        match link::find(&link::connect()?, name).await? {
            None => {}
            Some((_, Kind::Other)) => return Err(owner_error(name)?),
            Some((link, Kind::Wireguard)) => {
                check_owner(name, device.read().await?.key, keys)?;
                link.delete().await?;
            }
        }
        control::clean(name)
    }

    /// How the interface is now.
    ///
    /// # Errors
    /// When it cannot be read, or is gone.
    pub async fn present(&mut self) -> Result<Present, Error> {
        let (backend, device) = match &self.device {
            Device::Kernel(device) => (Backend::Kernel, device.read().await?),
            Device::Embedded(device) => (Backend::Embedded, device.read().await),
        };
        let DeviceState { key, listen_port, peers } = device;
        let link = self.link.read().await?;
        Ok(Present {
            backend,
            key,
            listen_port,
            addresses: link.addresses,
            routes: link.routes,
            mtu: link.mtu,
            up: link.up,
            peers,
        })
    }

    /// Writes what differs, the interface's key too, and tells what that was.
    ///
    /// On a machine without IPv6, what needs it is left out and a warning says so.
    ///
    /// # Errors
    /// At the first change that cannot be made; calling again goes on from there.
    pub async fn reconcile(&mut self, wanted: &Wanted) -> Result<Vec<Change>, Error> {
        let mut made = self.write(wanted).await?;
        // With the last address of a family the kernel takes the interface's routes away: wanted ones
        // are written again.
        if made.iter().any(|change| matches!(change, Change::RemoveAddress(_))) {
            made.extend(self.write(wanted).await?);
        }
        Ok(made)
    }

    /// Forgets the session with a peer and shakes hands now, at another address when one is given.
    /// Does not wait for the peer's answer.
    ///
    /// # Errors
    /// When the device has no such peer, or does not know where to reach it.
    pub async fn renew(&mut self, peer: &PublicKey, endpoint: Option<SocketAddr>) -> Result<(), Error> {
        match &self.device {
            Device::Kernel(device) => device.renew(peer, endpoint).await,
            Device::Embedded(device) => device.renew(peer, endpoint).await,
        }
    }

    /// Forgets everything that was learned of these peers but where they are: their sessions, and the time of their last
    /// handshake, before which none of theirs is accepted. Those that are not there are left out.
    ///
    /// # Errors
    /// When the device refuses.
    pub async fn forget(&mut self, peers: &[PublicKey]) -> Result<(), Error> {
        let mut present = self.present().await?.peers;
        let known: Vec<_> = peers.iter().filter_map(|key| present.remove_entry(key)).collect();
        // Two steps: within one, the kernel would find the removed peer's successor too early.
        let gone = known.iter().map(|(key, _)| PeerChange::Remove(*key)).collect();
        let back = known.into_iter().map(|(key, peer)| PeerChange::Add(key, peer.into())).collect();
        for changes in [gone, back] {
            match &self.device {
                Device::Kernel(device) => device.change(changes).await?,
                Device::Embedded(device) => device.change(changes).await?,
            }
        }
        Ok(())
    }

    /// From now on the peer is spoken to at this address; the session goes on. The next good packet of the peer
    /// may change that again.
    ///
    /// # Errors
    /// When the device refuses.
    pub async fn aim(&mut self, peer: &PublicKey, endpoint: SocketAddr) -> Result<(), Error> {
        match &self.device {
            Device::Kernel(device) => device.aim(peer, endpoint).await,
            Device::Embedded(device) => device.aim(peer, endpoint).await,
        }
    }

    /// Changes who this end is: every session ends. The port may change too: reconcile afterwards.
    ///
    /// # Errors
    /// When the device refuses.
    pub async fn set_key(&mut self, key: &PrivateKey) -> Result<(), Error> {
        self.key = key.clone();
        self.write_key().await
    }

    /// The interface is gone afterwards, whatever its kind.
    ///
    /// # Errors
    /// When the kernel refuses to delete it.
    pub async fn close(self) -> Result<(), Error> {
        if let Device::Embedded(device) = self.device {
            device.stop().await;
        }
        self.link.delete().await
    }

    async fn write(&mut self, wanted: &Wanted) -> Result<Vec<Change>, Error> {
        let mut present = self.present().await?;
        let mut made = Vec::new();
        if present.key != Some(self.key.public()) {
            self.write_key().await?;
            made.push(Change::RestoreKey);
            // With the key, the port may have changed.
            present = self.present().await?;
        }
        made.extend(plan(wanted, &present));
        self.change_peers(&made).await?;
        let port = wanted.listen_port.unwrap_or(present.listen_port);
        let mut left_out = Vec::new();
        for change in &made {
            match self.change_link(change).await {
                Ok(()) => {}
                Err(error) if needs_ipv6(change) && link::is_without_ipv6(&error) => {
                    left_out.push(change.clone());
                }
                // The kernel's device opens its port when it is brought up.
                Err(error) => return Err(error.about_port(port)),
            }
        }
        if !left_out.is_empty() && !self.told_without_ipv6 {
            log::warn!("this machine has no IPv6: the tunnel has IPv4 addresses only");
            self.told_without_ipv6 = true;
        }
        made.retain(|change| !left_out.contains(change));
        Ok(made)
    }

    async fn write_key(&self) -> Result<(), Error> {
        match &self.device {
            Device::Kernel(device) => device.set_key(&self.key).await,
            Device::Embedded(device) => device.set_key(&self.key).await,
        }
    }

    /// The device's part of a plan, in one go.
    async fn change_peers(&self, changes: &[Change]) -> Result<(), Error> {
        let port = changes.iter().find_map(|change| match change {
            Change::SetListenPort(port) => Some(*port),
            _ => None,
        });
        let peers = changes.iter().filter_map(peer_change).collect();
        match &self.device {
            Device::Kernel(device) => {
                if let Some(port) = port {
                    device.set_listen_port(port).await?;
                }
                device.change(peers).await
            }
            Device::Embedded(device) => {
                if let Some(port) = port {
                    device.set_listen_port(port).await?;
                }
                device.change(peers).await
            }
        }
    }

    async fn change_link(&self, change: &Change) -> Result<(), Error> {
        match change {
            Change::SetMtu(mtu) => self.link.set_mtu(*mtu).await,
            Change::RemoveAddress(address) => self.link.remove_address(*address).await,
            Change::AddAddress(address) => self.link.add_address(*address).await,
            Change::BringUp => self.link.bring_up().await,
            Change::RemoveRoute(network) => self.link.remove_route(*network).await,
            Change::EditRoute(network, mtu) => self.link.edit_route(*network, *mtu).await,
            Change::AddRoute(network, mtu) => self.link.add_route(*network, *mtu).await,
            Change::RestoreKey
            | Change::SetListenPort(_)
            | Change::RemovePeer(_)
            | Change::EditPeer(..)
            | Change::AddPeer(..) => Ok(()),
        }
    }
}

async fn adopt(name: &str, key: &PrivateKey, former: &[PublicKey]) -> Result<Device, Error> {
    let device = Kernel::adopt(name)?;
    let present = device.read().await?.key;
    if present != Some(key.public()) {
        check_owner(name, present, former)?;
        device.set_key(key).await?;
    }
    Ok(Device::Kernel(device))
}

/// A device without a key is nobody's: a program made it, and was killed before it was of use.
fn check_owner(name: &str, present: Option<PublicKey>, ours: &[PublicKey]) -> Result<(), Error> {
    match present {
        Some(key) if !ours.contains(&key) => Err(Error::Foreign(name.to_owned())),
        Some(_) | None => Ok(()),
    }
}

async fn embed(name: &str, key: &PrivateKey) -> Result<Device, Error> {
    if control::look(name)? == Found::Alive {
        return Err(Error::InUse(name.to_owned()));
    }
    Embedded::open(name, key).await.map(Device::Embedded)
}

/// Why an interface that is not the kernel's WireGuard cannot be had.
fn owner_error(name: &str) -> Result<Error, Error> {
    Ok(match control::look(name)? {
        Found::Alive => Error::InUse(name.to_owned()),
        Found::Nothing | Found::Stale => Error::Taken(name.to_owned()),
    })
}

fn peer_change(change: &Change) -> Option<PeerChange> {
    match change {
        Change::RemovePeer(key) => Some(PeerChange::Remove(*key)),
        Change::EditPeer(key, edit) => Some(PeerChange::Edit(*key, edit.clone())),
        Change::AddPeer(key, peer) => Some(PeerChange::Add(*key, peer.clone())),
        _ => None,
    }
}

fn needs_ipv6(change: &Change) -> bool {
    matches!(change, Change::AddAddress(IpNet::V6(_)) | Change::AddRoute(IpNet::V6(_), _))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_belongs_to_its_key() {
        let [own, former, other] = [1, 2, 3].map(|seed| PublicKey::from_bytes([seed; 32]));
        let check = |present, is_ours| {
            let checked = check_owner("beffroi", present, &[own, former]);
            assert_eq!(checked.is_ok(), is_ours, "{present:?}");
        };
        check(None, true);
        check(Some(own), true);
        check(Some(former), true);
        check(Some(other), false);
    }
}
