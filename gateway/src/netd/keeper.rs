//! The one owner of the interface and of the firewall: what is wanted arrives here, and every write
//! leaves from here.

use std::io::Write;
use std::time::Instant;

use age::Encryptor;
use beffroi_tunnel::Tunnel;
use beffroi_tunnel::firewall::{self, FirewallTable, Outcome};
use data_encoding::BASE64;

use super::chest::{self, Chest};
use super::keyring::Keyring;
use super::message::{Reply, Request};
use super::ruleset::{TABLE, ruleset};
use super::silence::Silences;
use super::{Present, Wanted, limits};
use crate::config::Config;
use crate::journal::chain;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the tunnel is not as wanted")]
    Tunnel(#[source] beffroi_tunnel::Error),
    #[error("the firewall is not as wanted")]
    Firewall(#[source] firewall::Error),
    #[error("netd cannot remember what it needs")]
    Chest(#[source] chest::Error),
}

impl Error {
    /// Nothing that this process does can mend it: it starts anew.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self, Self::Tunnel(beffroi_tunnel::Error::Vanished(_)))
    }
}

pub(crate) struct Keeper {
    config: Config,
    keyring: Keyring,
    chest: Chest,
    tunnel: Tunnel,
    firewall: FirewallTable,
    silences: Silences,
    /// `None` until the gateway has spoken for the first time.
    wanted: Option<Wanted>,
    /// Whether the disk has it too.
    is_kept: bool,
}

impl Keeper {
    /// Opens the interface; what was wanted last is not written yet.
    pub(crate) async fn open(config: Config, chest: Chest, keyring: Keyring) -> Result<Self, Error> {
        let key = keyring.key();
        let wanted = chest.wanted().map_err(Error::Chest)?;
        let former: Vec<_> = chest.last_key().into_iter().collect();
        let tunnel = Tunnel::open(&config.network.interface, key, &former).await.map_err(Error::Tunnel)?;
        chest.remember_key(&key.public()).map_err(Error::Chest)?;
        let firewall = FirewallTable::new(TABLE);
        Ok(Self {
            config,
            keyring,
            chest,
            tunnel,
            firewall,
            silences: Silences::default(),
            wanted,
            is_kept: true,
        })
    }

    /// Answers a request. The error, when there is one, has been told to the asker already.
    pub(crate) async fn answer(&mut self, request: Request) -> (Reply, Result<(), Error>) {
        let done = match request {
            Request::Want(wanted) => match limits::check(&wanted, &self.config.network) {
                Ok(()) => self.want(*wanted).await,
                Err(beyond) => {
                    log::warn!("the gateway asked for too much: {beyond}");
                    return (Reply::Failed(beyond.to_string()), Ok(()));
                }
            },
            Request::Present => self.present().await,
            Request::Seal => return (self.seal(), Ok(())),
        };
        match done {
            Ok(present) => (Reply::Present(Box::new(present)), Ok(())),
            Err(error) => (Reply::Failed(chain(&error)), Err(error)),
        }
    }

    /// Writes what is not as it was wanted last; tells how many differences there were. Forgets who is silent.
    pub(crate) async fn settle(&mut self, now: Instant) -> Result<usize, Error> {
        let Some(wanted) = self.wanted.clone() else { return Ok(0) };
        let present = self.write(wanted).await?;
        let silent = self.silences.over(&present.tunnel.peers, now);
        if !silent.is_empty() {
            log::debug!("{} peers are silent, and will be taken as they come", silent.len());
            self.tunnel.forget(&silent).await.map_err(Error::Tunnel)?;
        }
        Ok(present.changes)
    }

    /// Puts the firewall back if it is not as it was wanted last, and leaves everything else alone.
    pub(crate) async fn settle_firewall(&mut self) -> Result<Outcome, Error> {
        match self.wanted.clone() {
            Some(wanted) => self.fence(&wanted).await,
            None => Ok(Outcome::AsWanted),
        }
    }

    /// Kept before it is written: a power cut in between is made up for at the next start.
    async fn want(&mut self, wanted: Wanted) -> Result<Present, Error> {
        let present = self.present().await?;
        let wanted = with_endpoints(wanted, &present.tunnel);
        self.keep(wanted.clone());
        self.write(wanted).await
    }

    /// The firewall first: a peer is let in after its limits are up. Remembers where the peers are, so
    /// that they can be called after a restart.
    async fn write(&mut self, wanted: Wanted) -> Result<Present, Error> {
        let is_another = self.change_key(&wanted).await?;
        let fenced = self.fence(&wanted).await?;
        let made = self.tunnel.reconcile(&wanted.tunnel).await.map_err(Error::Tunnel)?;
        let present = self.present().await?;
        self.keep(with_endpoints(wanted, &present.tunnel));
        let beside = usize::from(is_another) + usize::from(fenced == Outcome::Written);
        Ok(Present { changes: made.len() + beside, ..present })
    }

    /// The disk has it first. Peers stay, and shake hands anew.
    async fn change_key(&mut self, wanted: &Wanted) -> Result<bool, Error> {
        let is_another = self.keyring.follow(wanted.key, &self.chest);
        if is_another {
            let key = self.keyring.key();
            self.tunnel.set_key(key).await.map_err(Error::Tunnel)?;
            if let Err(error) = self.chest.remember_key(&key.public()) {
                log::warn!("the key in use is remembered at the next start: {}", chain(&error));
            }
        }
        Ok(is_another)
    }

    async fn fence(&mut self, wanted: &Wanted) -> Result<Outcome, Error> {
        let rules = ruleset(&wanted.firewall, &self.config.network.interface, &wanted.tunnel.addresses);
        match self.firewall.settle(rules).await {
            Ok(outcome) => Ok(outcome),
            Err(error) => {
                self.let_go(&wanted.tunnel).await?;
                Err(Error::Firewall(error))
            }
        }
    }

    /// Without its firewall nobody new is let in; who is to go goes all the same.
    async fn let_go(&mut self, wanted: &beffroi_tunnel::Wanted) -> Result<(), Error> {
        let present = self.present().await?.tunnel;
        let mut staying = wanted.clone();
        staying.peers.retain(|key, _| present.peers.contains_key(key));
        self.tunnel.reconcile(&staying).await.map_err(Error::Tunnel).map(drop)
    }

    async fn present(&mut self) -> Result<Present, Error> {
        let tunnel = self.tunnel.present().await.map_err(Error::Tunnel)?;
        Ok(Present { tunnel, next_key: self.keyring.next(), changes: 0 })
    }

    /// A tick with nothing new writes nothing, to the disk neither. On a full disk the old state makes room for the
    /// new one: it may let in someone who has gone since, and is worse than none. What finds no room at all is done
    /// all the same; the gateway says it again after a restart.
    fn keep(&mut self, wanted: Wanted) {
        if self.is_kept && self.wanted.as_ref() == Some(&wanted) {
            return;
        }
        let kept = self.chest.remember(&wanted).or_else(|_| {
            self.chest.forget();
            self.chest.remember(&wanted)
        });
        match (&kept, self.is_kept) {
            (Err(error), true) => log::error!(
                "what is wanted cannot be remembered; until it is, a restart brings links back with the gateway \
                 only: {}",
                chain(error)
            ),
            (Ok(()), false) => log::info!("what is wanted is remembered again"),
            (Err(_), false) | (Ok(()), true) => {}
        }
        self.is_kept = kept.is_ok();
        self.wanted = Some(wanted);
    }

    /// To the recipient of netd's own configuration: the gateway process cannot choose another.
    fn seal(&self) -> Reply {
        let Some(recipient) = &self.config.backup.recipient else {
            return Reply::Failed("there is no backup.recipient in netd's configuration".to_owned());
        };
        match sealed(self.keyring.lines().as_bytes(), recipient) {
            Ok(bytes) => Reply::Sealed(BASE64.encode(&bytes)),
            Err(why) => Reply::Failed(format!("cannot seal the private keys: {why}")),
        }
    }
}

/// Where a peer is known to be replaces what the gateway remembers of it, unless it came by the carrier: that
/// connection ends with the process at the other end of it.
fn with_endpoints(mut wanted: Wanted, present: &beffroi_tunnel::Present) -> Wanted {
    for (key, peer) in &mut wanted.tunnel.peers {
        let known = present.peers.get(key).and_then(|present| present.endpoint);
        let known = known.filter(|endpoint| !endpoint.ip().is_loopback());
        peer.endpoint = known.or(peer.endpoint);
    }
    wanted
}

fn sealed(secret: &[u8], recipient: &str) -> Result<Vec<u8>, String> {
    let recipient: age::x25519::Recipient = recipient.parse().map_err(str::to_owned)?;
    let encryptor = Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient))
        .map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    let write = |bytes: &mut Vec<u8>| {
        let mut writer = encryptor.wrap_output(bytes)?;
        writer.write_all(secret)?;
        writer.finish().map(drop)
    };
    write(&mut bytes).map_err(|error: std::io::Error| error.to_string())?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::net::SocketAddr;

    use beffroi_protocol::PublicKey;
    use beffroi_tunnel::{Backend, Peer, PresentPeer};

    use super::*;
    use crate::netd::{Firewall, KeyWish};

    /// The endpoint remembered, from the gateway's hint and from what the device knows.
    fn check(hint: Option<u16>, known: Option<Option<u16>>, expected: Option<u16>) {
        let key = PublicKey::from_bytes([1; 32]);
        let at = |port: Option<u16>| port.map(|port| SocketAddr::from(([192, 0, 2, 1], port)));
        let tunnel = beffroi_tunnel::Wanted {
            listen_port: None,
            addresses: [].into(),
            routes: [].into(),
            mtu: 1280,
            peers: BTreeMap::from([(key, Peer { endpoint: at(hint), ..Peer::default() })]),
        };
        let peer = known.map(|port| (key, PresentPeer { endpoint: at(port), ..PresentPeer::default() }));
        let present = beffroi_tunnel::Present {
            backend: Backend::Embedded,
            key: None,
            listen_port: 51820,
            addresses: [].into(),
            routes: [].into(),
            mtu: 1280,
            up: true,
            peers: peer.into_iter().collect(),
        };
        let kept =
            with_endpoints(Wanted { tunnel, firewall: Firewall::default(), key: KeyWish::Stay }, &present);
        assert_eq!(kept.tunnel.peers[&key].endpoint, at(expected));
    }

    #[test]
    fn the_device_knows_best_where_a_peer_is() {
        check(Some(1), None, Some(1));
        check(Some(1), Some(None), Some(1));
        check(Some(1), Some(Some(2)), Some(2));
        check(None, Some(Some(2)), Some(2));
        check(None, None, None);
    }

    #[test]
    fn the_key_is_sealed_to_the_recipient_alone() {
        let identity = age::x25519::Identity::generate();
        let bytes = sealed(b"a secret", &identity.to_public().to_string()).expect("a right recipient");
        assert_eq!(age::decrypt(&identity, &bytes).expect("its own"), b"a secret");
        assert!(age::decrypt(&age::x25519::Identity::generate(), &bytes).is_err());
        assert!(sealed(b"a secret", "age1nobody").is_err());
    }
}
