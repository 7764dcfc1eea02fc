//! Lets other computers of the town hall in, when the gateway wants it: to the gateway's ports and nothing else, by
//! the local address of this machine. Whom, where and by which rules is decided in [`place`] and [`rules`]; the
//! names that those computers ask for are answered in [`names`], and [`page`] tells their users what to do.
//!
//! What is changed of the machine is in the kernel alone: one table, and the forwarding of the interfaces
//! that are listed in it. So a start after a kill finds what there is to take back.

mod conversations;
mod forwarding;
mod hidden;
mod names;
mod page;
mod place;
pub mod question;
mod resolvers;
mod room;
mod rules;
mod telling;

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

use beffroi_protocol::diagnosis::Cause;
use beffroi_protocol::serving::{Hosts, Serving as Wish, Told};
use beffroi_tunnel::firewall::{self, FirewallTable, Watch};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use tokio::net::{TcpListener, UdpSocket};
use tokio::task::JoinSet;

use self::forwarding::Forwarding;
use self::names::Names;
use self::page::Page;
use self::place::Place;
use self::rules::{Entrance, TABLE, Way};
use self::telling::Telling;
use crate::channel::Channels;
use crate::diagnosis::{self, Finding, surroundings};
use crate::journal::journal_text;
use crate::state::Joined;

/// Where a computer asks for names, and looks for a page.
const DNS: u16 = 53;
const HTTP: u16 = 80;
/// So many ranges, names and ports are wanted at most.
const AT_MOST: usize = 256;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the machine's interfaces cannot be read")]
    Interfaces(#[source] io::Error),
    #[error("whether {interface} forwards packets cannot be set")]
    Forwarding { interface: String, source: io::Error },
    #[error("the rules cannot be written")]
    Firewall(#[from] firewall::Error),
    #[error("changes of the rules cannot be heard")]
    Watch(#[source] io::Error),
    #[error("no port can be had at {address}")]
    Port { address: Ipv4Addr, source: io::Error },
    #[error("the tunnel has no IPv4 address")]
    WithoutIpv4,
    #[error("what the gateway wants is too much")]
    TooMuch,
}

/// How it stands, as the status tells it too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Standing {
    pub(crate) hosts: Hosts,
    /// Where they find this machine; none when they cannot be let in.
    pub(crate) addresses: Vec<Ipv4Addr>,
    pub(crate) findings: Vec<diagnosis::Told>,
}

/// The one who lets in.
pub(crate) struct Serving {
    /// Name of the tunnel's interface.
    tunnel: String,
    wish: Option<Wish>,
    table: FirewallTable,
    found: Found,
    open: Vec<Open>,
    /// Hears of changes of the rules, while there are any of ours.
    watch: Option<Watch>,
    standing: Option<Standing>,
    telling: Telling,
}

/// Our table in the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Found {
    NotLooked,
    Nothing,
    /// With the interfaces that forward because of us.
    Table(BTreeSet<String>),
}

/// An entrance, and who answers there until it is dropped.
struct Open {
    entrance: Entrance,
    _answering: JoinSet<()>,
}

/// Takes back whatever a program that has ended left open. That there is nothing is fine.
///
/// # Errors
/// When something is there, and the kernel does not let go of it.
pub(crate) async fn clean(tunnel: &str) -> Result<(), Error> {
    Serving::new(tunnel).withdraw().await
}

impl Serving {
    pub(crate) fn new(tunnel: &str) -> Self {
        Self {
            tunnel: tunnel.to_owned(),
            wish: None,
            table: FirewallTable::new(TABLE),
            found: Found::NotLooked,
            open: Vec::new(),
            watch: None,
            standing: None,
            telling: Telling::default(),
        }
    }

    /// Makes it so, if it is not. A machine that is a member no more lets nobody in, whatever was wanted.
    pub(crate) async fn settle(&mut self, joined: &Joined, is_revoked: bool) {
        let wish = joined.serving.as_ref().filter(|wish| !wish.hosts.is_empty() && !is_revoked);
        if self.wish.as_ref() != wish {
            self.telling.begin();
            // Names and page are those of the wish.
            self.open.clear();
            self.wish = wish.cloned();
        }
        let done = match self.wish.clone() {
            None => self.withdraw().await.map(|()| None),
            Some(wish) => self.serve(joined, &wish).await.map(Some),
        };
        let standing = match done {
            Ok(standing) => standing,
            Err(error) => Some(self.failed(&error).await),
        };
        if standing != self.standing {
            tell(joined, standing.as_ref());
            self.standing = standing;
        }
    }

    pub(crate) fn standing(&self) -> Option<&Standing> {
        self.standing.as_ref()
    }

    /// Completes when somebody has changed the rules of this machine's firewall; never while none are ours.
    pub(crate) async fn changed(&mut self) {
        match &mut self.watch {
            Some(watch) => watch.changed().await,
            None => std::future::pending().await,
        }
    }

    /// The gateway answers: tells it what it does not know yet.
    pub(crate) async fn tell(&mut self, channels: impl FnOnce() -> Channels, now: Instant) {
        if let Some(standing) = &self.standing {
            self.telling.go_on(&standing.told(), channels, now).await;
        }
    }

    /// The rules first, then the forwarding that they bound.
    async fn serve(&mut self, joined: &Joined, wish: &Wish) -> Result<Standing, Error> {
        let addresses = surroundings(&self.tunnel).await.map_err(Error::Interfaces)?.addresses;
        let places = place::places(&wish.hosts, &addresses);
        if places.is_empty() {
            self.withdraw().await?;
            let findings = vec![Finding::new(Cause::ServesNobody).told()];
            return Ok(Standing { hosts: wish.hosts.clone(), addresses: Vec::new(), findings });
        }
        let way = way(&self.tunnel, joined, wish)?;
        if !self.open.iter().map(|open| &open.entrance.place).eq(&places) {
            self.open(joined, wish, &places).await?;
        }
        self.look().await?;
        if self.watch.is_none() {
            self.watch = Some(Watch::open().map_err(Error::Watch)?);
        }
        let interfaces = places.iter().map(|place| place.interface.clone()).chain([self.tunnel.clone()]);
        self.write(&way, &interfaces.collect()).await?;
        let findings = findings(&places, &way, &place::own(&addresses));
        let addresses = places.iter().map(|place| place.address).collect();
        Ok(Standing { hosts: wish.hosts.clone(), addresses, findings })
    }

    async fn open(&mut self, joined: &Joined, wish: &Wish, places: &[Place]) -> Result<(), Error> {
        self.open.clear();
        for place in places {
            let address = place.address;
            let open = Open::at(place.clone(), joined, wish).await;
            self.open.push(open.map_err(|source| Error::Port { address, source })?);
        }
        Ok(())
    }

    async fn write(&mut self, way: &Way, interfaces: &BTreeSet<String>) -> Result<(), Error> {
        let forwarding = Forwarding::open().map_err(Error::Interfaces)?;
        let switches = forwarding.read().await.map_err(Error::Interfaces)?;
        let before = match &self.found {
            Found::Table(lent) => lent.clone(),
            Found::NotLooked | Found::Nothing => BTreeSet::new(),
        };
        let is_off = |name: &String| switches.get(name).is_some_and(|switch| !switch.is_on);
        let lent: BTreeSet<String> =
            interfaces.iter().filter(|name| before.contains(*name) || is_off(name)).cloned().collect();
        let set = async |name: &String, is_on: bool| match switches.get(name) {
            Some(switch) if switch.is_on != is_on => forwarding
                .set(*switch, is_on)
                .await
                .map_err(|source| Error::Forwarding { interface: name.clone(), source }),
            Some(_) | None => Ok(()),
        };
        for name in before.difference(interfaces) {
            set(name, false).await?;
        }
        let entrances: Vec<_> = self.open.iter().map(|open| open.entrance.clone()).collect();
        self.table.settle(rules::ruleset(way, &entrances, &lent)).await?;
        self.found = Found::Table(lent.clone());
        for name in &lent {
            set(name, true).await?;
        }
        Ok(())
    }

    /// The forwarding first, then the rules that bound it.
    async fn withdraw(&mut self) -> Result<(), Error> {
        self.open.clear();
        self.watch = None;
        self.look().await?;
        let Found::Table(lent) = &self.found else { return Ok(()) };
        let forwarding = Forwarding::open().map_err(Error::Interfaces)?;
        let switches = forwarding.read().await.map_err(Error::Interfaces)?;
        for name in lent {
            if let Some(switch) = switches.get(name).filter(|switch| switch.is_on) {
                let set = forwarding.set(*switch, false).await;
                set.map_err(|source| Error::Forwarding { interface: name.clone(), source })?;
            }
        }
        self.table.remove().await?;
        self.found = Found::Nothing;
        Ok(())
    }

    /// What an earlier program left, if it is not known yet.
    async fn look(&mut self) -> Result<(), Error> {
        if self.found == Found::NotLooked {
            self.found = match self.table.listed().await {
                Ok(Some(listed)) => Found::Table(rules::lent(&listed)),
                // Without nft nobody has ever written a table.
                Ok(None) | Err(firewall::Error::Start(_)) => Found::Nothing,
                Err(error) => return Err(error.into()),
            };
        }
        Ok(())
    }

    async fn failed(&mut self, error: &Error) -> Standing {
        let why = journal_text(error);
        if let Err(error) = self.withdraw().await {
            log::debug!("what was open stays open: {}", journal_text(&error));
        }
        let findings = vec![Finding::new(Cause::CannotServe).about(&why).told()];
        let hosts = self.wish.as_ref().map(|wish| wish.hosts.clone()).unwrap_or_default();
        let standing = Standing { hosts, addresses: Vec::new(), findings };
        // It is tried again every minute, and said once.
        if self.standing.as_ref() != Some(&standing) {
            log::warn!("nobody can be let in: {why}");
        }
        standing
    }
}

impl Open {
    /// At ports that the system draws: nobody has them already.
    async fn at(place: Place, joined: &Joined, wish: &Wish) -> io::Result<Self> {
        let any = (place.address, 0);
        let datagrams = UdpSocket::bind(any).await?;
        let (connections, visitors) = (TcpListener::bind(any).await?, TcpListener::bind(any).await?);
        let entrance = Entrance {
            names_udp: datagrams.local_addr()?.port(),
            names_tcp: connections.local_addr()?.port(),
            page: visitors.local_addr()?.port(),
            place: place.clone(),
        };
        let names = Names::new(place.clone(), wish.names.clone());
        let site = wish.names.first().map(String::as_str).unwrap_or_default();
        let page = Page::new(place, joined, site);
        let mut answering = JoinSet::new();
        answering.spawn(names::serve_datagrams(datagrams, names.clone()));
        answering.spawn(names::serve_connections(connections, names));
        answering.spawn(page::serve(visitors, page));
        Ok(Self { entrance, _answering: answering })
    }
}

impl Standing {
    fn told(&self) -> Told {
        let problems = self.findings.iter().map(|finding| finding.cause).collect();
        Told { addresses: self.addresses.clone(), problems }
    }
}

fn way(tunnel: &str, joined: &Joined, wish: &Wish) -> Result<Way, Error> {
    let spans = match &wish.hosts {
        Hosts::All => 1,
        Hosts::Chosen(spans) => spans.len(),
    };
    if [spans, wish.names.len(), wish.ports.len()].iter().any(|count| *count > AT_MOST || *count == 0) {
        return Err(Error::TooMuch);
    }
    let welcome = &joined.welcome;
    let v4 = |address: IpAddr| match address {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(_) => None,
    };
    let own = welcome.addresses.iter().map(IpNet::addr).find_map(v4).ok_or(Error::WithoutIpv4)?;
    let gateway = welcome.gateway.iter().copied().find_map(v4).ok_or(Error::WithoutIpv4)?;
    Ok(Way { tunnel: tunnel.to_owned(), own, gateway, ports: wish.ports.iter().copied().collect() })
}

/// What is not as those who are let in would like it.
fn findings(places: &[Place], way: &Way, own: &[IpAddr]) -> Vec<diagnosis::Told> {
    let ports = way.ports.iter().copied().chain([DNS, HTTP]).collect();
    let taken: BTreeSet<u16> =
        places.iter().flat_map(|place| hidden::hidden(place.address, &ports)).collect();
    let mut findings = Vec::new();
    let asks_itself = resolvers::known().iter().all(|resolver| own.contains(resolver));
    if asks_itself && !taken.contains(&DNS) {
        findings.push(Finding::new(Cause::NoResolver).told());
    }
    let taken: Vec<String> = taken.iter().map(ToString::to_string).collect();
    if !taken.is_empty() {
        findings.push(Finding::new(Cause::PortHidden).about(taken.join(", ")).told());
    }
    findings
}

fn tell(joined: &Joined, standing: Option<&Standing>) {
    let commune = &joined.welcome.commune;
    match standing {
        Some(Standing { addresses, .. }) if !addresses.is_empty() => {
            log::info!(COMMUNE = commune; "other computers are let in at {addresses:?}");
        }
        Some(_) => log::warn!(COMMUNE = commune; "other computers are to be let in, and none can be"),
        None => log::info!(COMMUNE = commune; "no other computer is let in any more"),
    }
}
