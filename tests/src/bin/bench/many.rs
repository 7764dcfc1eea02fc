//! `link.restart.2000`: netd and gateway killed and started with 2,000 idle machines: until all have shaken hands.
//! `netd.rss`: what netd then holds in memory.
//! `gateway.start`: with 100,000 records in the database: from the start of the program to the first page.
//!
//! ```text
//!   foule (2,000 machines: WireGuard alone) ──── passerelle (netd, gateway)
//! ```

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use beffroi_gateway::audit::{self, About, Act, Entry};
use beffroi_gateway::config::Config;
use beffroi_gateway::directory::{self, CommuneName, MachineName, Network, NewMachine};
use beffroi_gateway::store::Store;
use beffroi_protocol::{PrivateKey, PublicKey};
use beffroi_tests::{DOMAIN, Gateway, World, until};
use jiff::Timestamp;
use tokio::runtime::Runtime;

use crate::crowd::Crowd;
use crate::links::{peers, resident};
use crate::report::Figure;

const MACHINES: usize = 2_000;
const RECORDS: usize = 100_000;
/// Records that one transaction takes.
const AT_ONCE: usize = 1_000;
const RUNS: usize = 3;
const STARTS: usize = 9;
const SOON: Duration = Duration::from_secs(120);

pub(crate) fn restart() -> Result<Vec<Figure>> {
    let world = World::new()?;
    let mut gateway = world.gateway(DOMAIN)?;
    gateway.start()?;
    let key: PublicKey = gateway.node.run(["wg", "show", "beffroi", "public-key"])?.trim().parse()?;
    gateway.kill_gateway()?;
    let keys = enrol(&gateway)?;
    gateway.start_gateway()?;
    until("netd knows every machine", SOON, || Ok(peers(&gateway)?.len() == MACHINES))?;

    let crowd = world.node("foule")?;
    let endpoint = (gateway.node.address(), 51820).into();
    let _crowd = Crowd::start(crowd.namespaces(), &keys, (&key, endpoint))?;
    until("every machine has shaken hands", SOON, || all_have_shaken_hands(&gateway))?;
    let (mut times, mut memory) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        until("netd has written down every endpoint", SOON, || {
            let wanted = gateway.node.read("/var/lib/beffroi-netd/wanted.json")?;
            Ok(peers(&gateway)?.values().all(|peer| wanted.contains(&format!("\"{}\"", peer.endpoint))))
        })?;
        gateway.kill_gateway()?;
        gateway.kill_netd()?;
        let start = Instant::now();
        gateway.start()?;
        until("every machine has shaken hands", SOON, || all_have_shaken_hands(&gateway))?;
        times.push(start.elapsed().as_secs_f64());
        memory.push(resident(gateway.netd()?.pid())?);
    }
    Ok(vec![Figure::new("link.restart.2000", "s", times), Figure::new("netd.rss", "MiB", memory)])
}

pub(crate) fn start() -> Result<Vec<Figure>> {
    let world = World::new()?;
    let mut gateway = world.gateway(DOMAIN)?;
    gateway.start()?;
    gateway.kill_gateway()?;
    fill(&gateway)?;
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let start = Instant::now();
        gateway.start_gateway()?;
        times.push(start.elapsed().as_secs_f64() * 1000.0);
        gateway.kill_gateway()?;
    }
    Ok(vec![Figure::new("gateway.start", "ms", times)])
}

fn all_have_shaken_hands(gateway: &Gateway) -> Result<bool> {
    let peers = peers(gateway)?;
    Ok(peers.len() == MACHINES && peers.values().all(|peer| peer.handshake > 0))
}

fn open(gateway: &Gateway) -> Result<Store> {
    Ok(Store::open(&gateway.node.file("/var/lib/beffroi")?)?)
}

fn network(gateway: &Gateway) -> Result<Network> {
    let file: PathBuf = gateway.node.file("/etc/beffroi/gateway.toml")?;
    let config = Config::load(&file)?;
    Ok(Network::new(config.network.ipv4, config.network.ipv6))
}

/// Writes machines into the database, as if each had joined.
fn enrol(gateway: &Gateway) -> Result<Vec<PrivateKey>> {
    let (store, network) = (open(gateway)?, network(gateway)?);
    let keys = (0..MACHINES).map(|_| PrivateKey::generate()).collect::<Result<Vec<_>, _>>()?;
    let public: Vec<PublicKey> = keys.iter().map(PrivateKey::public).collect();
    let write = store.write(async move |tx| {
        let seat = CommuneName::parse("Fauville-en-Caux").expect("a name");
        let commune = directory::add_commune(tx, &seat, true).await?.id;
        for (number, key) in public.iter().enumerate() {
            let name = MachineName::parse(&format!("poste {number}")).expect("a name");
            let machine = NewMachine { commune, name, key: *key, at: Timestamp::now() };
            directory::add_machine(tx, &network, machine).await?;
        }
        Ok::<_, directory::Error>(())
    });
    Runtime::new()?.block_on(write)?;
    Ok(keys)
}

/// Writes entries of who did what, more than a communauté makes in a hundred years.
fn fill(gateway: &Gateway) -> Result<()> {
    let (store, runtime) = (open(gateway)?, Runtime::new()?);
    for _ in 0..RECORDS / AT_ONCE {
        let write = store.write(async |tx| {
            for _ in 0..AT_ONCE {
                let about = About { commune: Some("Alvimare".to_owned()), ..About::default() };
                let who = "Référent de Fauville-en-Caux".to_owned();
                audit::record(tx, Entry { at: Timestamp::now(), who, act: Act::SignedIn, about }).await?;
            }
            Ok::<_, audit::Error>(())
        });
        runtime.block_on(write).context("the database takes entries")?;
    }
    Ok(())
}
