//! A machine lets other computers of its town hall in, and every town hall has the same local network.
//!
//! ```text
//!   passerelle (netd, gateway, referent)
//!        | 192.0.2.10
//!   ─────┴──────────┬───────────────────────────────┬───── 192.0.2.0/24
//!              box-alvimare                    box-bennetot
//!                   | 192.168.1.1                   | 192.168.1.1
//!        ┌──────────┼──────────┐         ┌──────────┼──────────┐
//!        | .5       | .20      | .21     | .5       | .20      | .21
//!      poste     choisi      autre     poste     choisi      autre
//! ```

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use beffroi_tests::{
    Capture, DOMAIN, Gateway, INSIDE, LocalNetwork, Node, Outcome, Packet, Protocol, Referent, TownHall,
    World, join_all, until,
};

const SOON: Duration = Duration::from_secs(60);
const HERE: &str = "192.168.1.5";
const CHOSEN: &str = "192.168.1.20";
const ORDINARY: &str = "www.exemple.test";

/// A town hall, two of its computers, and the network between them.
struct Hall {
    machine: TownHall,
    chosen: Arc<Node>,
    other: Arc<Node>,
    _network: LocalNetwork,
}

struct Caux {
    halls: Vec<Hall>,
    referent: Referent,
    gateway: Gateway,
    _world: World,
}

impl Caux {
    /// Each of these town halls has joined, and lets one computer in.
    fn of(communes: &[&str]) -> Result<Caux> {
        let world = World::new()?;
        let mut gateway = world.gateway(DOMAIN)?;
        gateway.start()?;
        let referent = gateway.referent()?;
        world.name(ORDINARY, &[gateway.node.address()])?;
        referent.add_communes(communes)?;
        let codes = referent.invite(communes)?;
        let (mut machines, mut computers) = (Vec::new(), Vec::new());
        for commune in communes {
            let network = world.local_network(commune)?;
            machines.push(world.town_hall_in(&network, commune, 5)?);
            let [chosen, other] =
                [("choisi", 20), ("autre", 21)].map(|(name, number)| network.computer(name, number));
            computers.push((chosen?, other?, network));
        }
        join_all(&mut machines, &codes)?;
        let halls = machines
            .into_iter()
            .zip(computers)
            .map(|(machine, (chosen, other, network))| Hall { machine, chosen, other, _network: network })
            .collect();
        let caux = Caux { halls, referent, gateway, _world: world };
        for hall in &caux.halls {
            caux.referent.let_in(hall.machine.commune(), CHOSEN)?;
            hall.wait_until_open()?;
            hall.prepare()?;
        }
        Ok(caux)
    }
}

impl Hall {
    fn wait_until_open(&self) -> Result<()> {
        until("the machine lets others in", SOON, || {
            let status = self.machine.status()?;
            Ok(status["serving"]["addresses"][0] == HERE)
        })?;
        Ok(())
    }

    /// What the person at each computer does, as the page says: the certificate, and the server of names.
    fn prepare(&self) -> Result<()> {
        for node in [&self.chosen, &self.other] {
            let certificate = node.run(["curl", "-sfm5", &format!("http://{HERE}/certificat.crt")])?;
            node.write("/etc/communaute.crt", &certificate)?;
            node.write("/etc/resolv.conf", &format!("nameserver {HERE}\noptions timeout:1 attempts:2\n"))?;
        }
        Ok(())
    }
}

/// The intranet by its name, on a computer that has no other way to find it, and trusts the authority alone.
fn home(node: &Node) -> Result<Outcome> {
    let url = format!("https://intranet.{DOMAIN}/");
    node.attempt(["curl", "-sfm5", "--cacert", "/etc/communaute.crt", &url])
}

/// What the machine says to whoever has not got so far. It is kept in the computer's folder.
fn page(node: &Node) -> Result<String> {
    node.run(["curl", "-sfm5", "-o", "page.html", &format!("http://{HERE}/")])?;
    Ok(std::fs::read_to_string(node.folder().join("page.html"))?)
}

fn opens(node: &Node, town_hall: &str) -> Result<bool> {
    let home = home(node)?;
    Ok(home.succeeded() && home.stdout.contains(town_hall))
}

fn resolves(node: &Node, name: &str) -> Result<String> {
    Ok(node.attempt(["getent", "ahostsv4", name])?.stdout)
}

/// Whatever the computer sends there goes to the machine, which it takes for a router.
fn route_by_the_machine(node: &Node, to: &str) -> Result<()> {
    node.ip(&format!("route replace {to} via {HERE}"))?;
    Ok(())
}

fn is_router(node: &Node) -> Result<bool> {
    let files = ["eth0", "beffroi"].map(|name| format!("/proc/sys/net/ipv4/conf/{name}/forwarding"));
    let read = node.attempt(["cat", &files[0], &files[1]])?;
    Ok(read.stdout.contains('1'))
}

fn has_rules(node: &Node) -> Result<bool> {
    Ok(node.attempt(["nft", "list", "table", "inet", "beffroi_agent"])?.succeeded())
}

fn nothing_for_port(capture: Capture, ports: &[u16]) -> Result<()> {
    capture.nothing_passed(|packet: &Packet| match packet.protocol {
        Protocol::Tcp { from, to } => ports.contains(&from) || ports.contains(&to),
        _ => false,
    })
}

#[test]
fn chosen_computers_of_town_halls_with_one_and_the_same_network_open_the_intranet() -> Result<()> {
    let caux = Caux::of(&["Alvimare", "Bennetot"])?;
    for (hall, town_hall) in caux.halls.iter().zip(["Mairie d’Alvimare", "Mairie de Bennetot"]) {
        ensure!(opens(&hall.chosen, town_hall)?, "{town_hall}: {:?}", home(&hall.chosen)?);
        let page = page(&hall.chosen)?;
        assert!(page.contains(&format!("https://intranet.{DOMAIN}/")), "{page}");

        // Other names, by datagram and by connection.
        let public = caux.gateway.node.address().to_string();
        assert!(resolves(&hall.chosen, ORDINARY)?.contains(&public));
        let by_connection = format!("nameserver {HERE}\noptions use-vc timeout:1\n");
        hall.chosen.write("/etc/resolv.conf", &by_connection)?;
        assert!(resolves(&hall.chosen, ORDINARY)?.contains(&public));
        assert!(resolves(&hall.chosen, &format!("intranet.{DOMAIN}"))?.contains(HERE));
        assert_eq!(resolves(&hall.chosen, &format!("nulle-part.{DOMAIN}"))?, "");

        until("the page of the commune says so", SOON, || {
            let page = caux.referent.commune(hall.machine.commune())?.text();
            Ok(page.contains(CHOSEN) && page.contains(&format!("http://{HERE}/")))
        })?;
    }
    Ok(())
}

#[test]
fn whoever_is_not_chosen_is_not_let_in_and_the_chosen_reach_the_intranet_only() -> Result<()> {
    let caux = Caux::of(&["Alvimare", "Bennetot"])?;
    let [alvimare, bennetot] = &caux.halls[..] else { unreachable!("there are two") };
    let elsewhere = bennetot.machine.tunnel_addresses()?[0].to_string();

    // The other computer: by name, by the machine's address, and past it.
    let tunnel = alvimare.machine.node.capture("beffroi")?;
    let url = format!("https://intranet.{DOMAIN}/");
    let fixed = format!("intranet.{DOMAIN}:443:{HERE}");
    assert!(!home(&alvimare.other)?.succeeded());
    assert!(!alvimare.other.attempt(["curl", "-skm2", "--resolve", &fixed, &url])?.succeeded());
    assert_eq!(resolves(&alvimare.other, ORDINARY)?, "", "its names are answered elsewhere");
    route_by_the_machine(&alvimare.other, INSIDE)?;
    assert!(!alvimare.other.attempt(["curl", "-skm2", &format!("https://{INSIDE}/")])?.succeeded());
    assert!(!alvimare.other.attempt(["ping", "-c1", "-W1", INSIDE])?.succeeded());
    let page = page(&alvimare.other)?;
    assert!(page.contains("192.168.1.21") && page.contains("référent"), "{page}");
    nothing_for_port(tunnel, &[443])?;

    // The chosen one: other ports of the gateway, the other town hall, and the internet by this way.
    let tunnel = alvimare.machine.node.capture("beffroi")?;
    let arriving = alvimare.machine.node.capture("eth0")?;
    let public = caux.gateway.node.address().to_string();
    for to in [INSIDE, &elsewhere, &public] {
        route_by_the_machine(&alvimare.chosen, to)?;
        assert!(!alvimare.chosen.attempt(["ping", "-c1", "-W1", to])?.succeeded(), "{to}");
        let to: IpAddr = to.parse()?;
        assert!(arriving.packets().iter().any(|packet| packet.to == to), "nothing was even sent to {to}");
    }
    for port in ["4710", "8443", "22"] {
        let url = format!("https://{INSIDE}:{port}/");
        assert!(!alvimare.chosen.attempt(["curl", "-skm2", &url])?.succeeded(), "{url}");
        let url = format!("https://{HERE}:{port}/");
        assert!(!alvimare.chosen.attempt(["curl", "-skm2", &url])?.succeeded(), "{url}");
    }
    let packets = tunnel.end()?;
    let elsewhere: IpAddr = elsewhere.parse()?;
    let passed: Vec<_> = packets
        .iter()
        .filter(|packet| match packet.protocol {
            Protocol::Tcp { to, .. } => [22, 8443].contains(&to),
            // The tunnel looks for IPv6 routers of its own accord.
            Protocol::Icmp => packet.to.is_ipv4(),
            _ => packet.to == elsewhere,
        })
        .collect();
    assert!(passed.is_empty(), "{passed:?}");

    // The gateway, were it somebody else's.
    let mut server = alvimare.chosen.spawn("server", ["python3", "-um", "http.server", "80"])?;
    server.says("Serving HTTP", SOON)?;
    let arriving = alvimare.chosen.capture("eth0")?;
    let sent = caux.gateway.node.capture("beffroi")?;
    let peers = caux.gateway.node.run(["wg", "show", "beffroi", "allowed-ips"])?;
    let own = alvimare.machine.tunnel_addresses()?[0].to_string();
    let peer = peers.lines().find(|line| line.contains(&own)).context("a peer")?;
    let key = peer.split_whitespace().next().context("a key")?;
    let allowed = format!("{own}/32,{CHOSEN}/32");
    caux.gateway.node.run(["wg", "set", "beffroi", "peer", key, "allowed-ips", &allowed])?;
    caux.gateway.node.ip(&format!("route add {CHOSEN} dev beffroi"))?;
    let url = format!("http://{CHOSEN}/");
    assert!(!caux.gateway.node.attempt(["curl", "-sm2", &url])?.succeeded());
    let chosen: IpAddr = CHOSEN.parse()?;
    assert!(sent.packets().iter().any(|packet| packet.to == chosen), "nothing was even sent");
    let gateway: IpAddr = INSIDE.parse()?;
    arriving.nothing_passed(|packet| packet.from == gateway)
}

#[test]
fn whoever_is_let_in_stays_so_after_a_kill_and_until_a_referent_says_otherwise() -> Result<()> {
    let mut caux = Caux::of(&["Alvimare"])?;
    let hall = &mut caux.halls[0];
    let town_hall = "Mairie d’Alvimare";
    assert!(opens(&hall.chosen, town_hall)?);
    assert!(is_router(&hall.machine.node)? && has_rules(&hall.machine.node)?);

    hall.machine.kill()?;
    assert!(!home(&hall.chosen)?.succeeded());
    hall.machine.start()?;
    until("the intranet opens again", SOON, || opens(&hall.chosen, town_hall))?;

    // Someone else clears all rules away.
    hall.machine.node.run(["nft", "flush", "ruleset"])?;
    until("the rules are there again", SOON, || has_rules(&hall.machine.node))?;
    assert!(opens(&hall.chosen, town_hall)?);

    caux.referent.let_in("Alvimare", "")?;
    let closed = |node: &Node| Ok(!is_router(node)? && !has_rules(node)?);
    until("nobody is let in", SOON, || closed(&hall.machine.node))?;
    assert!(!home(&hall.chosen)?.succeeded());
    assert_eq!(hall.machine.home()?.status, 200, "the machine itself is not concerned");

    caux.referent.let_in("Alvimare", CHOSEN)?;
    until("the intranet opens again", SOON, || opens(&hall.chosen, town_hall))?;
    caux.referent.revoke("Alvimare", "boîtier perdu")?;
    until("nobody is let in", SOON, || closed(&hall.machine.node))?;
    assert!(!home(&hall.chosen)?.succeeded());
    Ok(())
}

#[test]
fn a_machine_that_stops_or_leaves_is_no_router_any_more() -> Result<()> {
    let mut caux = Caux::of(&["Alvimare"])?;
    let hall = &mut caux.halls[0];
    let node = Arc::clone(&hall.machine.node);
    let closed = || Ok(!is_router(&node)? && !has_rules(&node)?);

    hall.machine.agent()?.signal(nix::sys::signal::Signal::SIGTERM)?;
    hall.machine.agent()?.ended(SOON)?;
    until("nobody is let in", SOON, closed)?;

    hall.machine.start()?;
    hall.wait_until_open()?;
    hall.machine.kill()?;
    assert!(is_router(&node)? && has_rules(&node)?, "a killed program takes nothing back");
    node.run(["beffroi-agent", "leave"])?;
    until("nobody is let in", SOON, closed)?;
    Ok(())
}

#[test]
fn what_is_wrong_with_letting_in_is_said_at_both_ends() -> Result<()> {
    let caux = Caux::of(&["Alvimare"])?;
    let hall = &caux.halls[0];
    let doctor = || Ok::<_, anyhow::Error>(hall.machine.node.attempt(["beffroi-agent", "doctor"])?.stdout);
    assert!(doctor()?.contains("Tout va bien"), "{}", doctor()?);

    // The machine is given itself as the server of names.
    hall.machine.node.write("/etc/resolv.conf", &format!("nameserver {HERE}\n"))?;
    hall.machine.node.ip("address add 192.168.7.5/24 dev eth0")?;
    until("the doctor says so", SOON, || Ok(doctor()?.contains("serveur de noms que lui-même")))?;
    until("the page says so", SOON, || {
        Ok(caux.referent.commune("Alvimare")?.text().contains("serveur de noms que lui-même"))
    })?;

    // Another program has a port, and the chosen computers are of another network.
    let mut server = hall.machine.node.spawn("server", ["python3", "-um", "http.server", "443"])?;
    server.says("Serving HTTP", SOON)?;
    hall.machine.node.ip("address add 192.168.8.5/24 dev eth0")?;
    until("the doctor says so", SOON, || Ok(doctor()?.contains("répond au port 443")))?;
    caux.referent.let_in("Alvimare", "192.168.99.20")?;
    until("the doctor says so", SOON, || Ok(doctor()?.contains("aucun des ordinateurs choisis")))?;
    until("the page says so", SOON, || {
        Ok(caux.referent.commune("Alvimare")?.text().contains("Aucune de ces adresses"))
    })?;
    assert!(!has_rules(&hall.machine.node)? && !is_router(&hall.machine.node)?);
    Ok(())
}
