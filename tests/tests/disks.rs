//! Disks are full, and what is on them is damaged: it is told, nothing that was kept is lost, and links go on.
//!
//! ```text
//!   passerelle (netd, gateway, referent)      alvimare (agent)
//!        | 192.0.2.10                             | 192.0.2.11
//!   ─────┴────────────────────────────────────────┴─────
//! ```

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use beffroi_tests::{Community, DOMAIN, INSIDE, Node, TownHall, World, until};

const SOON: Duration = Duration::from_secs(60);

const GATEWAY: &str = "/var/lib/beffroi";
const NETD: &str = "/var/lib/beffroi-netd";
const AGENT: &str = "/var/lib/beffroi-agent";

/// EX_CONFIG of sysexits.h(3head).
const CONFIGURATION: i32 = 78;

/// From now on the folder is on a disk of its own, of so many KiB, which only programs on the host see.
fn put_on_a_small_disk(node: &Node, folder: &str, kib: usize) -> Result<()> {
    let script = "mkdir -p $1 /run/kept; cp -a $1/. /run/kept; mount -t tmpfs -o mode=700,size=$2k tmpfs $1; \
                  cp -a /run/kept/. $1; rm -r /run/kept";
    node.run(["sh", "-euc", script, "sh", folder, &kib.to_string()])?;
    Ok(())
}

fn fill(node: &Node, folder: &str) -> Result<()> {
    let filled = node.attempt(["sh", "-c", "cat /dev/zero > $1/filler", "sh", folder])?;
    assert!(!filled.succeeded(), "the disk has no end");
    Ok(())
}

fn make_room(node: &Node, folder: &str) -> Result<()> {
    node.run(["rm", &format!("{folder}/filler")])?;
    Ok(())
}

fn opens_the_intranet(town_hall: &TownHall) -> Result<()> {
    until("the intranet opens", SOON, || Ok(town_hall.home()?.status == 200))?;
    Ok(())
}

/// The number written in letters, as no commune is called twice.
fn name(number: usize) -> String {
    let digits = format!("{number:04}");
    let letters: String = digits.bytes().map(|digit| char::from(b'a' + (digit - b'0'))).collect();
    format!("Saint-{letters}-{}", "a".repeat(60))
}

#[test]
fn a_full_disk_at_the_gateway_loses_nothing_and_cuts_no_link() -> Result<()> {
    let mut caux = Community::of(["Alvimare"])?;
    let node = Arc::clone(&caux.gateway.node);
    caux.gateway.kill_gateway()?;
    put_on_a_small_disk(&node, GATEWAY, 16 * 1024)?;
    caux.gateway.start_gateway()?;
    fill(&node, GATEWAY)?;

    let mut kept = Vec::new();
    for batch in 0.. {
        let names: Vec<String> = (batch * 100..).take(100).map(name).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        if caux.referent.add_communes(&names).is_err() {
            break;
        }
        kept.push(names[99].to_owned());
        assert!(batch < 90, "the database has room without end");
    }
    // For systemd to start it again.
    until("the gateway program has ended", SOON, || Ok(!caux.gateway.program()?.is_running()?))?;
    let journal = caux.gateway.program()?.log()?;
    assert!(journal.contains("the database could not be written"), "{journal}");
    let [alvimare] = &caux.town_halls;
    alvimare.node.run(["ping", "-c2", "-i0.2", "-W2", INSIDE])?;

    make_room(&node, GATEWAY)?;
    caux.gateway.start_gateway()?;
    opens_the_intranet(alvimare)?;
    let list = caux.referent.overview()?.text();
    for name in kept {
        assert!(list.contains(&name), "{name} was acknowledged, and is lost");
    }
    Ok(())
}

#[test]
fn a_full_disk_at_netd_keeps_nobody_out_and_nobody_in() -> Result<()> {
    let world = World::new()?;
    let mut gateway = world.gateway(DOMAIN)?;
    // Both keys fill it.
    put_on_a_small_disk(&gateway.node, NETD, 8)?;
    gateway.start()?;
    let referent = gateway.referent()?;
    let communes = ["Alvimare", "Bennetot"];
    referent.add_communes(&communes)?;
    let codes = referent.invite(&communes)?;
    let mut town_halls = [world.town_hall("Alvimare")?, world.town_hall("Bennetot")?];
    beffroi_tests::join_all(&mut town_halls, &codes)?;
    gateway.netd()?.says("what is wanted cannot be remembered", SOON)?;

    referent.revoke("Alvimare", "essai")?;
    let peers = || gateway.node.run(["wg", "show", "beffroi", "allowed-ips"]);
    let gone = town_halls[0].tunnel_addresses()?[0].to_string();
    until("the revoked machine is let go", SOON, || Ok(!peers()?.contains(&gone)))?;
    let on_disk = gateway.node.attempt(["cat", &format!("{NETD}/wanted.json")])?.stdout;
    assert!(!on_disk.contains(&gone), "it would come back with netd: {on_disk}");

    gateway.kill_netd()?;
    gateway.start_netd()?;
    opens_the_intranet(&town_halls[1])?;
    gateway.node.run(["mount", "-o", "remount,size=1m", NETD])?;
    referent.invite(&["Alvimare"])?;
    gateway.netd()?.says("what is wanted is remembered again", SOON)?;
    Ok(())
}

#[test]
fn a_full_disk_at_the_town_hall_is_told_and_cuts_no_link() -> Result<()> {
    let caux = Community::of([])?;
    let (mut alvimare, code) = caux.invited("Alvimare")?;
    let node = Arc::clone(&alvimare.node);
    put_on_a_small_disk(&node, AGENT, 32)?;
    fill(&node, AGENT)?;
    let refused = alvimare.try_to_join(&code)?;
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains("le disque n’est pas plein"), "{refused:?}");
    make_room(&node, AGENT)?;
    alvimare.join(&code)?;
    alvimare.start()?;
    opens_the_intranet(&alvimare)?;

    fill(&node, AGENT)?;
    caux.referent.send("/communes/1/nom", &[("name", "Alvimare-en-Caux")])?;
    alvimare.agent()?.says("cannot be written", SOON)?;
    opens_the_intranet(&alvimare)?;
    make_room(&node, AGENT)?;
    until("it follows", SOON, || Ok(alvimare.status()?["member"]["commune"] == "Alvimare-en-Caux"))?;
    Ok(())
}

#[test]
fn a_damaged_database_is_told_and_left_as_it_is() -> Result<()> {
    let mut caux = Community::of(["Alvimare"])?;
    let [alvimare] = &caux.town_halls;
    caux.gateway.kill_gateway()?;
    let database = caux.gateway.node.file(&format!("{GATEWAY}/beffroi.redb"))?;
    let whole = fs::read(&database)?;
    let cut = whole[..whole.len() / 2].to_vec();
    let flipped = whole.iter().enumerate().map(|(at, byte)| if at % 512 == 100 { byte ^ 4 } else { *byte });
    for damaged in [cut, flipped.collect(), Vec::new()] {
        fs::write(&database, &damaged)?;
        let outcome = caux.gateway.node.attempt(["beffroi-gateway"])?;
        assert_eq!(outcome.code, Some(CONFIGURATION), "{outcome:?}");
        assert!(outcome.stderr.contains("La base de données est abîmée"), "{outcome:?}");
        assert!(outcome.stderr.contains("beffroi-gateway restore"), "{outcome:?}");
        assert!(fs::read(&database)? == damaged, "the database was changed");
    }
    alvimare.node.run(["ping", "-c2", "-i0.2", "-W2", INSIDE])?;
    fs::write(&database, whole)?;
    caux.gateway.start_gateway()?;
    opens_the_intranet(alvimare)
}

#[test]
fn a_damaged_state_of_netd_is_told_and_made_anew_by_the_gateway() -> Result<()> {
    let mut caux = Community::of(["Alvimare"])?;
    let wanted = format!("{NETD}/wanted.json");
    let whole = caux.gateway.node.read(&wanted)?;
    caux.gateway.kill_netd()?;
    caux.gateway.node.write(&wanted, &whole[..whole.len() / 2])?;
    caux.gateway.start_netd()?;
    caux.gateway.netd()?.says("is unreadable: links come back when the gateway does", SOON)?;
    opens_the_intranet(&caux.town_halls[0])?;
    assert!(caux.gateway.node.read(&wanted)?.len() > whole.len() / 2);

    // The key is another matter: without it there is no link at all, and it is never replaced.
    let key = format!("{NETD}/private.key");
    let whole = caux.gateway.node.read(&key)?;
    caux.gateway.kill_netd()?;
    caux.gateway.node.write(&key, &whole[..20])?;
    let outcome = caux.gateway.node.attempt(["beffroi-netd"])?;
    assert!(!outcome.succeeded() && outcome.stderr.contains("put it back from a backup"), "{outcome:?}");
    assert_eq!(caux.gateway.node.read(&key)?, whole[..20]);
    caux.gateway.node.write(&key, &whole)?;
    caux.gateway.start_netd()?;
    opens_the_intranet(&caux.town_halls[0])
}

#[test]
fn a_state_file_with_a_flipped_bit_is_told() -> Result<()> {
    let mut caux = Community::of(["Alvimare"])?;
    let [alvimare] = &mut caux.town_halls;
    alvimare.kill()?;
    let state = format!("{AGENT}/state.json");
    let whole = alvimare.node.read(&state)?;
    // The first character of the key: another one makes another key.
    let place = whole.find("\"key\": \"").map(|at| at + 8).unwrap_or_default();
    let other = if &whole[place..=place] == "A" { "B" } else { "A" };
    alvimare.node.write(&state, &format!("{}{other}{}", &whole[..place], &whole[place + 1..]))?;
    let outcome = alvimare.node.attempt(["beffroi-agent", "run"])?;
    assert_eq!(outcome.code, Some(CONFIGURATION), "{outcome:?}");
    assert!(outcome.stderr.contains("est abîmé"), "{outcome:?}");
    alvimare.node.write(&state, &whole)?;
    alvimare.start()?;
    opens_the_intranet(alvimare)
}
