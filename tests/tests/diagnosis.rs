//! Something is wrong, and the machine says what, in French, with what to do.
//!
//! ```text
//!   alvimare       passerelle (netd, gateway)     web (the check address)
//!      |                |                          |
//!   ───┴────────────────┴──────────────────────────┴────  192.0.2.0/24, router 192.0.2.1
//! ```

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use beffroi_tests::{Community, DOMAIN, Node, Packet, Process, Protocol, Quality, TownHall, World, until};

const SOON: Duration = Duration::from_secs(60);
/// The page that tells that the web is reached, of which the agent knows the address and the first words.
const CHECK: &str = "network-test.debian.org";
const ONLINE: &str = "NetworkManager is online\n";

/// A town hall that has joined, and a web of one page.
struct Scene {
    caux: Community<1>,
    web: Web,
}

struct Web {
    node: Arc<Node>,
    server: Process,
}

impl Web {
    fn of(world: &World) -> Result<Web> {
        let node = world.node("web")?;
        world.name(CHECK, &[node.address()])?;
        let mut server = {
            shows(&node, ONLINE)?;
            node.spawn("web", ["python3", "-um", "http.server", "-d", "site", "80"])?
        };
        server.says("Serving HTTP", SOON)?;
        Ok(Web { node, server })
    }

    /// How often the page was asked for.
    fn visits(&self) -> Result<usize> {
        Ok(self.server.log()?.matches("GET /nm").count())
    }
}

/// The check address shows this from now on.
fn shows(web: &Node, page: &str) -> Result<()> {
    web.run(["sh", "-c", "mkdir -p site; printf %s \"$1\" > site/nm", "sh", page])?;
    Ok(())
}

impl Scene {
    fn new() -> Result<Scene> {
        let caux = Community::of(["Alvimare"])?;
        let web = Web::of(&caux.world)?;
        Ok(Scene { caux, web })
    }

    fn alvimare(&self) -> &TownHall {
        &self.caux.town_halls[0]
    }

    fn is_told(&self, sentence: &str) -> Result<()> {
        is_told(self.alvimare(), sentence)
    }
}

/// What `beffroi-agent doctor` says.
fn doctor(town_hall: &TownHall) -> Result<String> {
    Ok(town_hall.node.attempt(["beffroi-agent", "doctor"])?.stdout)
}

/// Waits until the doctor says this, first of all.
fn is_told(town_hall: &TownHall, sentence: &str) -> Result<()> {
    let mut last = String::new();
    let told = until(&format!("the doctor says {sentence:?}"), SOON, || {
        last = doctor(town_hall)?;
        Ok(last.lines().next().is_some_and(|first| first.contains(sentence)))
    });
    ensure!(told.is_ok(), "instead of {sentence:?} the doctor says:\n{last}");
    Ok(())
}

/// Waits until the daemon has found it by itself, and says so with its status.
fn status_tells(town_hall: &TownHall, sentence: &str) -> Result<()> {
    let mut last = String::new();
    let told = until(&format!("the status says {sentence:?}"), SOON, || {
        last = town_hall.node.attempt(["beffroi-agent", "status"])?.stdout;
        Ok(last.contains(sentence))
    });
    ensure!(told.is_ok(), "instead of {sentence:?} the status says:\n{last}");
    Ok(())
}

/// A wall: nothing of the gateway's port comes in any more.
fn wall(node: &Node) -> Result<()> {
    let rules =
        "table inet wall { chain in { type filter hook prerouting priority -300; udp sport 51820 drop; }; }";
    node.run(["nft", rules])?;
    Ok(())
}

fn is_well(town_hall: &TownHall) -> Result<()> {
    is_told(town_hall, "a passerelle répond")
}

#[test]
fn a_machine_without_network_is_told_what_is_missing() -> Result<()> {
    let scene = Scene::new()?;
    let node = &scene.alvimare().node;
    is_well(scene.alvimare())?;
    node.unplug()?;
    scene.is_told("branché à aucun réseau")?;
    status_tells(scene.alvimare(), "Vérifiez que le câble est enfoncé")?;
    node.ip("address flush dev eth0 scope global")?;
    node.ip("link set eth0 up")?;
    scene.is_told("la box ne lui a pas donné d’adresse")?;
    assert_eq!(scene.web.visits()?, 0, "without a network there is nobody to ask");
    scene.caux.world.plug_in(node)?;
    is_well(scene.alvimare())?;
    Ok(())
}

#[test]
fn a_machine_without_a_way_out_is_told() -> Result<()> {
    const FAIR: Quality =
        Quality { rate: 10_000_000, delay: Duration::from_millis(5), loss: 0.0, queue: 64 * 1024 };
    let caux = Community::of([])?;
    let (mut alvimare, _line, code) = caux.invited_on_a_line("Alvimare", FAIR)?;
    alvimare.join(&code)?;
    alvimare.start()?;
    is_well(&alvimare)?;
    alvimare.node.ip("route del default")?;
    alvimare.node.ip("-6 route del default")?;
    is_told(&alvimare, "ne trouve pas la sortie vers internet")
}

#[test]
fn names_that_are_not_found_are_told() -> Result<()> {
    let scene = Scene::new()?;
    wall(&scene.alvimare().node)?;
    scene.caux.world.name(&format!("passerelle.{DOMAIN}"), &[])?;
    scene.is_told(&format!("Le nom de la passerelle, passerelle.{DOMAIN}:51820, n’est pas trouvé"))?;
    // A box that answers no name at all.
    let nowhere = "nameserver 192.0.2.250\noptions timeout:1 attempts:1\n";
    scene.alvimare().node.write("/etc/resolv.conf", nowhere)?;
    scene.is_told("plus aucun nom d’internet n’est trouvé")
}

#[test]
fn udp_that_is_blocked_is_told_where_the_link_has_never_been_up() -> Result<()> {
    let scene = Scene::new()?;
    let node = &scene.alvimare().node;
    is_well(scene.alvimare())?;
    wall(node)?;
    scene.is_told("elle est arrêtée, ou ce poste a été retiré")?;
    // Another box.
    let changed = Command::new("/usr/sbin/ip")
        .args(["link", "set", "internet", "address", "02:00:00:00:00:02"])
        .status()?;
    ensure!(changed.success(), "the router keeps its hardware");
    node.ip("neighbour flush dev eth0")?;
    scene.is_told("laisse passer le web, mais pas la liaison")?;
    node.run(["nft", "delete table inet wall"])?;
    is_well(scene.alvimare())
}

#[test]
fn a_gateway_that_is_stopped_is_told_as_far_as_it_can_be_seen() -> Result<()> {
    let mut scene = Scene::new()?;
    scene.caux.gateway.kill_gateway()?;
    scene.is_told("le service de la communauté est arrêté")?;
    scene.caux.gateway.kill_netd()?;
    scene.is_told("est allumée, mais son service est arrêté")?;
    status_tells(scene.alvimare(), "est allumée, mais son service est arrêté")?;
    scene.caux.gateway.node.unplug()?;
    scene.is_told("est éteinte ou débranchée")?;
    scene.caux.world.plug_in(&scene.caux.gateway.node)?;
    scene.caux.gateway.start()?;
    is_well(scene.alvimare())
}

#[test]
fn a_machine_that_was_revoked_is_told() -> Result<()> {
    let scene = Scene::new()?;
    is_well(scene.alvimare())?;
    scene.caux.referent.revoke("Alvimare", "mis au rebut")?;
    scene.is_told("Ce poste a été retiré du réseau par un référent")?;
    status_tells(scene.alvimare(), "demandez au référent un bon de remplacement")
}

#[test]
fn the_referent_reads_what_the_machine_found() -> Result<()> {
    let scene = Scene::new()?;
    let node = &scene.alvimare().node;
    let page = || Ok::<_, anyhow::Error>(scene.caux.referent.commune("Alvimare")?.text());
    until("the line is judged", SOON, || Ok(page()?.contains("Ligne bonne")))?;
    node.unplug()?;
    status_tells(scene.alvimare(), "branché à aucun réseau")?;
    scene.caux.world.plug_in(node)?;
    until("the page says why", SOON, || Ok(page()?.contains("Le câble était débranché")))?;
    ensure!(page()?.contains("Dernier ennui, dit par le poste"), "{}", page()?);
    Ok(())
}

#[test]
fn a_slow_line_is_called_slow_at_both_ends() -> Result<()> {
    let caux = Community::of([])?;
    let modem = Quality { loss: 0.0, ..Quality::MODEM };
    let (mut alvimare, _line, code) = caux.invited_on_a_line("Alvimare", modem)?;
    alvimare.join(&code)?;
    alvimare.start()?;
    until("the doctor calls it slow", SOON, || Ok(doctor(&alvimare)?.contains("La ligne est lente")))?;
    until("the referent reads it", SOON, || {
        Ok(caux.referent.commune("Alvimare")?.text().contains("La ligne est lente"))
    })?;
    Ok(())
}

#[test]
fn a_clock_that_was_set_back_is_told() -> Result<()> {
    let mut scene = Scene::new()?;
    let [alvimare] = &mut scene.caux.town_halls;
    is_well(alvimare)?;
    alvimare.kill()?;
    alvimare.node.set_clock("-2h");
    alvimare.start()?;
    scene.is_told("L’horloge de ce poste retarde de 2 heures")?;
    status_tells(scene.alvimare(), "Mettez ce poste à l’heure")
}

#[test]
fn a_clock_that_is_ahead_is_told_although_the_link_is_up() -> Result<()> {
    let mut scene = Scene::new()?;
    let [alvimare] = &mut scene.caux.town_halls;
    alvimare.kill()?;
    alvimare.node.set_clock("+15d");
    alvimare.start()?;
    let told = until("the doctor tells the clock", SOON, || {
        let said = doctor(alvimare)?;
        Ok(said.contains("la liaison fonctionne") && said.contains("avance de 15 jours"))
    });
    ensure!(told.is_ok(), "{}", doctor(alvimare)?);
    Ok(())
}

#[test]
fn what_other_programs_have_taken_is_told() -> Result<()> {
    let mut scene = Scene::new()?;
    let [alvimare] = &mut scene.caux.town_halls;
    let node = Arc::clone(&alvimare.node);
    node.ip("link add vpn0 type veth peer name vpn1")?;
    node.ip("address add 10.66.0.77/16 dev vpn0")?;
    node.ip("link set vpn0 up")?;
    let said = doctor(alvimare)?;
    ensure!(said.contains("« vpn0 » (10.66.0.0/16) utilise les adresses"), "{said}");
    node.ip("link delete vpn0")?;

    alvimare.kill()?;
    is_told(alvimare, "Le service beffroi-agent ne tourne pas")?;
    node.ip("link add beffroi type veth peer name other")?;
    is_told(alvimare, "Un autre programme de ce poste occupe l’interface du tunnel")?;
    node.ip("link delete beffroi")?;
    alvimare.start()?;
    is_well(alvimare)
}

#[test]
fn a_portal_is_recognised_and_asked_once() -> Result<()> {
    let scene = Scene::new()?;
    shows(&scene.web.node, "<!doctype html><title>Bienvenue à l’hôtel</title>")?;
    wall(&scene.alvimare().node)?;
    status_tells(scene.alvimare(), "demande de s’identifier sur une page d’accueil")?;
    let asked = scene.web.visits()?;
    assert_eq!(asked, 1, "once for this network");
    scene.is_told("demande de s’identifier sur une page d’accueil")?;
    assert_eq!(scene.web.visits()?, asked + 1, "and once for the person who asks");
    let calls = scene.alvimare().node.capture("eth0")?;
    let is_knock =
        |packet: &Packet| packet.payload == 1 && matches!(packet.protocol, Protocol::Udp { to: 51820, .. });
    until("the daemon has looked again", SOON, || Ok(calls.packets().iter().any(is_knock)))?;
    assert_eq!(scene.web.visits()?, asked + 1, "nobody was asked again");
    Ok(())
}

#[test]
fn a_machine_that_never_asks_the_web_says_less() -> Result<()> {
    let mut scene = Scene::new()?;
    let [alvimare] = &mut scene.caux.town_halls;
    alvimare.node.write("/etc/beffroi/agent.toml", "check = \"\"\n")?;
    alvimare.kill()?;
    alvimare.start()?;
    is_well(alvimare)?;
    wall(&alvimare.node)?;
    status_tells(alvimare, "ne répond pas")?;
    is_told(alvimare, "elle est arrêtée, ou ce poste a été retiré")?;
    assert_eq!(scene.web.visits()?, 0);
    Ok(())
}
