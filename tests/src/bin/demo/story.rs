//! What the demo shows, in the order in which a communauté would do it.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use beffroi_tests::{
    Gateway, INSIDE, Namespaces, PASSWORD, Packet, REFERENT, Referent, TownHall, World, until, window,
};

use crate::{DOMAIN, Places};

/// The list of the communes, as a referent has it.
const COMMUNES: &str = include_str!("../../../data/communes.csv");
/// How many of them join in the demo.
const JOINING: usize = 3;

const SOON: Duration = Duration::from_secs(30);

pub(crate) fn tell(folder: &Path) -> Result<()> {
    let places = Places(folder.to_owned());
    let world = World::in_folder(std::env::current_exe()?.with_file_name("demo-world"))?;
    println!("\nBeffroi: the network of a communauté de communes in one box.\n");

    let mut gateway = world.gateway(DOMAIN)?;
    gateway.start()?;
    done("the gateway and its netd run");
    let code = gateway.set_up_code()?;
    done(&format!("first start printed the set-up code {code}"));
    let referent = gateway.referent()?;
    done("the referent's account is made on the admin page, over HTTPS");

    let communes: Vec<&str> =
        COMMUNES.lines().skip(1).filter_map(|line| line.split(',').next()).take(JOINING).collect();
    referent.add_communes(&communes)?;
    let codes = referent.invite(&communes)?;
    let mut town_halls = Vec::new();
    for (commune, code) in communes.iter().zip(&codes) {
        town_halls.push(join(&world, commune, code)?);
    }
    for town_hall in &town_halls {
        opens_the_intranet(town_hall)?;
    }
    cannot_reach_each_other(&town_halls)?;
    shows_on_the_admin_page(&referent, &town_halls)?;
    shows_in_wg(&gateway, &town_halls)?;

    open_windows(&gateway, &town_halls[0], &places)?;
    println!("\n  referent:  {REFERENT}\n  password:  {PASSWORD}");
    loop {
        // Everything now happens in the world's own processes, until the outer program ends this one.
        std::thread::park();
    }
}

fn done(what: &str) {
    println!("  ok  {what}");
}

/// On the machine of a town hall: the code is typed, and the service started.
fn join(world: &World, commune: &str, code: &str) -> Result<TownHall> {
    let mut town_hall = world.town_hall(commune)?;
    println!("\n  {commune}$ beffroi-agent join {code}");
    for line in town_hall.join(code)?.lines().filter(|line| !line.trim().is_empty()) {
        println!("    {}", line.trim_start());
    }
    town_hall.start()?;
    Ok(town_hall)
}

/// wget, because curl takes names below `localhost` for its own machine. It trusts what the machine trusts.
fn opens_the_intranet(town_hall: &TownHall) -> Result<()> {
    let url = format!("https://intranet.{DOMAIN}/");
    let mut page = String::new();
    until("the intranet opens", SOON, || {
        page = town_hall.node.run(["wget", "-q", "-T5", "-t1", "-O-", &url])?;
        Ok(true)
    })?;
    ensure!(page.contains(town_hall.commune()), "the page does not know {}:\n{page}", town_hall.commune());
    done(&format!("{} opens {url}, certificate verified", town_hall.commune()));
    Ok(())
}

fn cannot_reach_each_other(town_halls: &[TownHall]) -> Result<()> {
    let [one, other, ..] = town_halls else { bail!("two town halls are needed") };
    let capture = other.node.capture("beffroi")?;
    let (from, to) = (one.tunnel_addresses()?[0], other.tunnel_addresses()?[0]);
    let target = to.to_string();
    let ping = one.node.attempt(["ping", "-c2", "-W1", &target])?;
    let connection = one.node.attempt(["curl", "-sm2", &format!("http://{target}/")])?;
    ensure!(!ping.succeeded() && !connection.succeeded(), "{} reaches {}", one.commune(), other.commune());
    capture.nothing_passed(|packet: &Packet| packet.from == from)?;
    done(&format!("{} ({from}) cannot reach {} ({to}): nothing arrives", one.commune(), other.commune()));
    Ok(())
}

fn shows_on_the_admin_page(referent: &Referent, town_halls: &[TownHall]) -> Result<()> {
    until("the admin page shows every link", SOON, || {
        let page = referent.overview()?;
        Ok(town_halls.iter().all(|town_hall| page.html.contains(town_hall.commune())))
    })?;
    done("the admin page shows every link");
    Ok(())
}

fn shows_in_wg(gateway: &Gateway, town_halls: &[TownHall]) -> Result<()> {
    let dump = gateway.node.run(["wg", "show", "beffroi", "dump"])?;
    // Columns: key, preshared key, endpoint, allowed addresses, last handshake, received, sent, keepalive.
    let peers: Vec<Vec<&str>> = dump.lines().map(|line| line.split('\t').collect()).collect();
    for town_hall in town_halls {
        let address = format!("{}/32", town_hall.tunnel_addresses()?[0]);
        let has_shaken_hands =
            peers.iter().any(|peer| peer.len() > 7 && peer[3].contains(&address) && peer[4] != "0");
        ensure!(has_shaken_hands, "no handshake with {} yet:\n{dump}", town_hall.commune());
    }
    done("on the gateway, `wg show beffroi` lists every town hall and its handshake");
    Ok(())
}

/// The last thing the outer program waits for is the authority's certificate.
fn open_windows(gateway: &Gateway, town_hall: &TownHall, places: &Places) -> Result<()> {
    let inside =
        |node: &beffroi_tests::Node| -> Result<Namespaces> { node.namespaces().inside(Namespaces::current) };
    window::inside(&places.portal(), inside(&town_hall.node)?, SocketAddr::new(INSIDE.parse()?, 443))?;
    window::inside(&places.admin(), inside(&gateway.node)?, SocketAddr::new([127, 0, 0, 1].into(), 8443))?;
    let authority = town_hall.node.file("/usr/local/share/ca-certificates/beffroi.crt")?;
    let unfinished = places.authority().with_extension("part");
    fs::copy(&authority, &unfinished).context("the authority is not where the agent puts it")?;
    fs::rename(unfinished, places.authority())?;
    Ok(())
}
