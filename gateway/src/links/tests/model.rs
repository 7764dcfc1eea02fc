//! What happens to a communauté in years happens here by chance, in any order; the tunnel follows, and keeps its
//! promises: nobody who went comes back, nobody is disturbed who has nothing to do with it, who is not wanted has
//! no address, a second look finds nothing to do, and a gateway that changes its key loses no machine that was told.

mod gateway_key;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use beffroi_protocol::{PresharedKey, PublicKey};
use beffroi_tunnel::{Backend, Change, Peer, plan};
use jiff::{SignedDuration, Timestamp};

use super::config;
use super::device::Device;
use super::keys::Keys;
use crate::directory::{
    self, CommuneId, CommuneName, Guest, Machine, MachineName, Network, NewMachine, Revocation,
};
use crate::links::keeper::key;
use crate::links::store::{endpoints, moved, put_endpoints};
use crate::links::wanted::Ground;
use crate::netd::Wanted;
use crate::store::Store;
use crate::store::tests::disk::{Chance, Disk};

const COMMUNITIES: u64 = 60;
const EVENTS: usize = 60;
const DAY: SignedDuration = SignedDuration::from_hours(24);

#[derive(Debug, Clone, Copy)]
enum Event {
    Invite,
    Cancel,
    Enrol,
    Replace,
    /// A machine makes itself a new key.
    Rotate,
    /// The gateway is to have another key.
    PrepareKey,
    GiveUpKey,
    /// Whoever does not know it is left behind, if that is meant. The gateway may be stopped before netd hears of it.
    OrderKey {
        anyway: bool,
        and_stops: bool,
    },
    /// Machines are switched on for a while, and hear what is wanted of them.
    Call,
    Revoke,
    Rename,
    Move,
    DaysPass(i32),
    /// Someone changes the interface with other tools.
    Meddle,
    NetdStarts,
    /// In the middle of its next work, after so many changes; then it is started.
    NetdDies(usize),
    GatewayStops,
    GatewayStarts,
}

impl Event {
    fn draw(chance: &mut Chance) -> Self {
        match chance.of(36) {
            0..=2 => Self::Invite,
            3 => Self::Cancel,
            4..=7 => Self::Enrol,
            8 | 9 => Self::Replace,
            10 | 11 => Self::Revoke,
            12 => Self::Rename,
            13 | 14 => Self::Move,
            15 => Self::DaysPass(chance.of(30) as i32),
            16 => Self::Meddle,
            17 => Self::NetdStarts,
            18 | 19 => Self::NetdDies(chance.of(4)),
            20 => Self::GatewayStops,
            21 | 22 => Self::Rotate,
            23 | 24 => Self::PrepareKey,
            25 => Self::GiveUpKey,
            26 | 27 => Self::OrderKey { anyway: chance.of(3) == 0, and_stops: chance.of(3) == 0 },
            28..=32 => Self::Call,
            _ => Self::GatewayStarts,
        }
    }

    /// Whether sessions may end that nobody asked to end.
    const fn is_violent(self) -> bool {
        matches!(self, Self::Meddle | Self::NetdStarts | Self::NetdDies(_))
    }
}

struct Community {
    chance: Chance,
    now: Timestamp,
    store: Store,
    commune: CommuneId,
    network: Network,
    ground: Ground,
    gateway_runs: bool,
    device: Device,
    /// What netd has on its disk.
    kept: Option<Wanted>,
    gateway_keys: Keys,
    /// Whether the device had another key after the last event.
    key_changed: bool,
    keys: u64,
    /// Every key that the tunnel has let go of, which no one ever has again.
    gone: BTreeSet<PublicKey>,
}

#[tokio::test]
async fn the_tunnel_keeps_its_promises_whatever_happens() {
    let mut changes = 0;
    for seed in 0..COMMUNITIES {
        let mut community = Community::new(seed).await;
        for number in 0..EVENTS {
            let event = Event::draw(&mut community.chance);
            let told = format!("community {seed}, event {number}: {event:?}");
            community.happen(event).await;
            let before = community.device.sessions();
            community.settle(event).await;
            community.check(&told).await;
            if !event.is_violent() && !community.key_changed {
                community.check_sessions(&before, &told);
            }
        }
        changes += community.gateway_keys.changes();
    }
    assert!(changes > 10, "the gateway changed its key {changes} times only");
}

impl Community {
    async fn new(seed: u64) -> Self {
        let store = Disk::default().open().expect("an empty disk becomes a store");
        let name = CommuneName::parse("Alvimare").expect("a name");
        let commune = store.write(async move |tx| directory::add_commune(tx, &name, false).await).await;
        let mut chance = Chance::new(seed);
        let backend = [Backend::Kernel, Backend::Embedded][chance.of(2)];
        let config = config();
        Self {
            chance,
            now: Timestamp::UNIX_EPOCH + DAY * 20_000,
            store,
            commune: commune.expect("it is added").id,
            network: Network::new(config.network.ipv4, config.network.ipv6),
            ground: Ground::of(&config),
            gateway_runs: true,
            device: Device::new(backend),
            kept: None,
            gateway_keys: Keys::new(),
            key_changed: false,
            keys: 0,
            gone: BTreeSet::new(),
        }
    }

    async fn happen(&mut self, event: Event) {
        match event {
            Event::Invite => self.admit(None, 21).await,
            Event::Cancel => {
                let guest = self.any_guest().await;
                self.admit(guest.map(|guest| guest.key), 0).await;
            }
            Event::Enrol => self.enrol().await,
            Event::Replace => self.replace().await,
            Event::Rotate => self.rotate().await,
            Event::PrepareKey => self.prepare_key().await,
            Event::GiveUpKey => self.give_up_key().await,
            Event::OrderKey { anyway, and_stops } => self.order_key(anyway, and_stops).await,
            Event::Call => self.call().await,
            Event::Revoke => self.revoke().await,
            Event::Rename => self.rename().await,
            Event::Move => self.relocate().await,
            Event::DaysPass(days) => self.now += DAY * days,
            Event::Meddle => self.meddle(),
            Event::NetdStarts | Event::NetdDies(_) => {}
            Event::GatewayStops => self.gateway_runs = false,
            Event::GatewayStarts => self.gateway_runs = true,
        }
    }

    /// What netd and the gateway do, at once or at their next tick.
    async fn settle(&mut self, event: Event) {
        let wanted = self.wanted().await;
        self.key_changed = false;
        if let Event::NetdDies(patience) = event {
            if self.gateway_runs {
                self.keep(wanted.clone());
            }
            self.work(patience);
            let wish = self.kept.as_ref().filter(|_| patience > 0).map(|kept| kept.key);
            self.key_changed |= self.gateway_keys.die(wish);
        }
        if matches!(event, Event::NetdStarts | Event::NetdDies(_)) {
            self.key_changed |= self.gateway_keys.start();
            let backend = self.device.present().backend;
            self.device = std::mem::replace(&mut self.device, Device::new(backend)).survive();
        }
        self.work(usize::MAX);
        self.follow_key().await;
        if self.gateway_runs {
            self.gone.extend(self.device.sessions().into_keys());
            self.gone.retain(|key| !wanted.tunnel.peers.contains_key(key));
            self.keep(wanted);
            self.work(usize::MAX);
            self.follow_key().await;
        }
    }

    /// As netd keeps it: with the endpoints that the device knows, before anything is written.
    fn keep(&mut self, mut wanted: Wanted) {
        let present = self.device.present();
        for (key, peer) in &mut wanted.tunnel.peers {
            let known = present.peers.get(key).and_then(|present| present.endpoint);
            peer.endpoint = known.or(peer.endpoint);
        }
        self.kept = Some(wanted);
    }

    fn work(&mut self, patience: usize) {
        if let Some(kept) = &self.kept {
            self.device.reconcile(&kept.tunnel, patience);
        }
    }

    async fn check(&self, told: &str) {
        let present = self.device.present();
        for key in present.peers.keys() {
            assert!(!self.gone.contains(key), "{told}: {key} is back");
        }
        self.gateway_keys.check(told);
        let Some(kept) = &self.kept else { return };
        assert_eq!(plan(&kept.tunnel, &present), [], "{told}: a second look finds something to do");
        if self.gateway_runs {
            self.check_firewall(kept, told).await;
            self.check_keys(told).await;
        }
    }

    /// Who is wanted has its own addresses and no others, and nobody else has any.
    async fn check_firewall(&self, wanted: &Wanted, told: &str) {
        let (machines, guests) = (self.machines().await, self.guests().await);
        let mut owners = BTreeMap::new();
        for machine in machines.iter().filter(|machine| machine.is_active()) {
            owners.extend(self.network.machine(machine.id).map(|address| (address, machine.key)));
        }
        let members: BTreeSet<_> = owners.keys().copied().collect();
        assert_eq!(wanted.firewall.machines, members, "{told}: the firewall lets in others than the members");
        assert_eq!(wanted.firewall.invited.is_some(), !guests.is_empty(), "{told}: the door for guests");
        owners.extend(guests.iter().map(|guest| (ipnet::Ipv4Net::from(guest.address).into(), guest.key)));
        let peers = self.device.present().peers;
        let found: Vec<_> =
            peers.iter().flat_map(|(key, peer)| peer.allowed.iter().map(|net| (*net, *key))).collect();
        assert_eq!(found.len(), owners.len(), "{told}: an address has two owners");
        assert_eq!(BTreeMap::from_iter(found), owners, "{told}: an address has another owner");
        assert!(peers.values().all(|peer| !peer.allowed.is_empty()), "{told}: a peer has no address");
    }

    fn check_sessions(&self, before: &BTreeMap<PublicKey, u64>, told: &str) {
        for (key, session) in self.device.sessions() {
            let earlier = before.get(&key);
            assert!(earlier.is_none_or(|earlier| *earlier == session), "{told}: {key} was disturbed");
        }
    }

    async fn wanted(&self) -> Wanted {
        let known = self.store.read(async |tx| endpoints(tx).await).await.expect("they are read");
        let preshared = self.store.read(async |tx| directory::preshared_keys(tx).await).await;
        let wanted = self.ground.wanted(
            &self.machines().await,
            &self.guests().await,
            &known,
            &preshared.expect("they are read"),
            &BTreeSet::new(),
            &BTreeMap::new(),
        );
        Wanted { key: key::wish(self.key_change().await.as_ref()), ..wanted }
    }

    async fn machines(&self) -> Vec<Machine> {
        self.store.read(async |tx| directory::machines(tx).await).await.expect("they are read")
    }

    async fn guests(&self) -> Vec<Guest> {
        let now = self.now;
        self.store.read(async move |tx| directory::guests(tx, now).await).await.expect("they are read")
    }

    async fn any_machine(&mut self) -> Option<Machine> {
        let machines = self.machines().await;
        let chosen = self.chance.of(machines.len().max(1));
        machines.into_iter().nth(chosen)
    }

    async fn any_guest(&mut self) -> Option<Guest> {
        let guests = self.guests().await;
        let chosen = self.chance.of(guests.len().max(1));
        guests.into_iter().nth(chosen)
    }

    /// A new one each time: no key is drawn twice.
    fn key(&mut self) -> PublicKey {
        self.keys += 1;
        let mut bytes = [0; 32];
        // Keys sort in any order, as real ones do.
        bytes[..8].copy_from_slice(&self.keys.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
        PublicKey::from_bytes(bytes)
    }

    async fn admit(&mut self, key: Option<PublicKey>, days: i32) {
        let key = key.unwrap_or_else(|| self.key());
        let (now, until) = (self.now, self.now + DAY * days);
        let admitted = self.store.write(async move |tx| directory::admit(tx, &key, until, now).await).await;
        assert!(matches!(admitted, Ok(_) | Err(directory::Error::AddressTaken(_))), "{admitted:?}");
    }

    async fn enrol(&mut self) {
        let name = MachineName::parse("accueil").expect("a name");
        let new = NewMachine { commune: self.commune, name, key: self.key(), at: self.now };
        let network = self.network;
        // Not every machine has one.
        let preshared =
            [None, Some(PresharedKey::from_bytes([self.keys as u8; 32]))][self.chance.of(2)].clone();
        let added = self.store.write(async move |tx| {
            let machine = directory::add_machine(tx, &network, new.clone()).await?;
            directory::set_preshared(tx, machine.id, preshared.as_ref()).await?;
            Ok::<_, directory::Error>(machine.id)
        });
        let id = added.await.expect("there is room");
        self.join(id).await;
    }

    async fn replace(&mut self) {
        let (key, now) = (self.key(), self.now);
        if let Some(Machine { id, .. }) = self.any_machine().await {
            let replaced =
                self.store.write(async move |tx| directory::replace_key(tx, id, key, now).await).await;
            replaced.expect("the key is new");
            self.join(id).await;
        }
    }

    async fn rotate(&mut self) {
        let (key, now) = (self.key(), self.now);
        if let Some(Machine { id, revoked: None, .. }) = self.any_machine().await {
            let rotated = self.store.write(async move |tx| {
                directory::ask_rotation(tx, id, now).await?;
                directory::rotate_key(tx, id, key, now).await
            });
            rotated.await.expect("the key is new");
        }
    }

    async fn revoke(&mut self) {
        let revocation =
            Revocation { at: self.now, by: "Le référent".to_owned(), reason: "volé".to_owned() };
        if let Some(Machine { id, .. }) = self.any_machine().await {
            let revoked =
                self.store.write(async move |tx| directory::revoke(tx, id, revocation.clone()).await).await;
            revoked.expect("it is there");
            self.gateway_keys.leaves(id);
        }
    }

    async fn rename(&mut self) {
        let name = MachineName::parse(&format!("poste {}", self.chance.of(3))).expect("a name");
        if let Some(Machine { id, .. }) = self.any_machine().await {
            let renamed =
                self.store.write(async move |tx| directory::rename_machine(tx, id, name.clone()).await).await;
            assert!(matches!(renamed, Ok(()) | Err(directory::Error::MachineNameTaken(_))), "{renamed:?}");
        }
    }

    /// The machine is heard elsewhere, of which the gateway takes note when it runs.
    async fn relocate(&mut self) {
        let port = 1_024 + self.chance.of(60_000) as u16;
        let endpoint = SocketAddr::from(([192, 0, 2, 7], port));
        let Some(machine) = self.any_machine().await else { return };
        self.device.roam(&machine.key, endpoint);
        if !self.gateway_runs || !self.device.sessions().contains_key(&machine.key) {
            return;
        }
        let heard = BTreeMap::from([(machine.id, endpoint)]);
        let noted = self.store.write(async move |tx| {
            let known = endpoints(tx).await?;
            put_endpoints(tx, &moved(&known, &heard, std::slice::from_ref(&machine))).await
        });
        noted.await.expect("it is written");
    }

    fn meddle(&mut self) {
        let stranger = Peer { allowed: ["0.0.0.0/0".parse().expect("a network")].into(), ..Peer::default() };
        let known = self.device.sessions().into_keys().next();
        let changes = [
            Some(Change::AddPeer(self.key(), stranger)),
            known.map(Change::RemovePeer),
            Some(Change::SetMtu(1500)),
            self.device.present().addresses.first().copied().map(Change::RemoveAddress),
        ];
        let chosen = self.chance.of(changes.len());
        if let Some(change) = &changes[chosen] {
            self.device.meddle(change);
        }
    }
}
