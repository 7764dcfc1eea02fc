//! What a network person looks at first, `wg show` and the journal, tells what they expect to see, and no secret.
//!
//! ```text
//!   alvimare (agent)      bennetot (agent)      passerelle (netd, gateway, referent)
//!      | 192.0.2.11          | 192.0.2.12           | 192.0.2.10
//!   ───┴─────────────────────┴──────────────────────┴─────
//! ```

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use beffroi_tests::{
    Addresses, Community, DOMAIN, Node, PASSWORD, Process, Referent, TownHall, World, until,
};

const SOON: Duration = Duration::from_secs(30);

/// What `wg show` tells of an interface: the lines before the first peer, then those of each peer.
fn shown(node: &Node) -> Result<Vec<Vec<String>>> {
    let told = node.run(["wg", "show", "beffroi"])?;
    let parts = told.split("\n\n").map(|part| part.lines().map(|line| line.trim().to_owned()).collect());
    Ok(parts.collect())
}

/// What follows this label in one part.
fn told<'a>(part: &'a [String], label: &str) -> Result<&'a str> {
    let line = part.iter().find_map(|line| line.strip_prefix(label)?.strip_prefix(": "));
    line.with_context(|| format!("no {label} in {part:?}"))
}

#[test]
fn wg_show_tells_who_is_where() -> Result<()> {
    let caux = Community::of(["Alvimare", "Bennetot"])?;
    let gateway = shown(&caux.gateway.node)?;
    let [interface, peers @ ..] = &gateway[..] else { panic!("wg show told nothing") };
    assert_eq!(told(interface, "interface")?, "beffroi");
    assert_eq!(told(interface, "listening port")?, "51820");
    assert_eq!(told(interface, "private key")?, "(hidden)");

    for town_hall in &caux.town_halls {
        let own = shown(&town_hall.node)?;
        let [own, above] = &own[..] else { panic!("a town hall has one peer, the gateway: {own:?}") };
        assert_eq!(told(own, "interface")?, "beffroi");
        assert_eq!(told(above, "peer")?, told(interface, "public key")?);
        let Addresses { v4, v6 } = caux.gateway.node.addresses();
        let public = [format!("{v4}:51820"), format!("[{v6}]:51820")];
        assert!(
            public.iter().any(|one| told(above, "endpoint").is_ok_and(|endpoint| endpoint == one)),
            "{above:?}"
        );
        assert_eq!(told(above, "persistent keepalive")?, "every 25 seconds");
        told(above, "latest handshake")?;

        let key = told(own, "public key")?;
        let peer = peers.iter().find(|peer| told(peer, "peer").is_ok_and(|peer| peer == key));
        let peer = peer.with_context(|| format!("{} is not among {peers:?}", town_hall.commune()))?;
        let allowed: BTreeSet<_> = told(peer, "allowed ips")?.split(", ").map(str::to_owned).collect();
        let addresses = town_hall.tunnel_addresses()?.into_iter();
        let own = addresses.map(|address| format!("{address}/{}", if address.is_ipv4() { 32 } else { 128 }));
        assert_eq!(allowed, own.collect(), "exactly its own addresses");
        let Addresses { v4, v6 } = town_hall.node.addresses();
        let from = told(peer, "endpoint")?;
        assert!(from.starts_with(&format!("{v4}:")) || from.starts_with(&format!("[{v6}]:")), "{from}");
        assert_eq!(told(peer, "persistent keepalive")?, "every 25 seconds");
        told(peer, "latest handshake")?;
        told(peer, "transfer")?;
    }
    // A sheet that has served is still answered, as far as the enrolment port, until it would have expired.
    let allowed: Vec<_> = peers.iter().map(|peer| told(peer, "allowed ips")).collect::<Result<_>>()?;
    let (members, guests): (Vec<&str>, Vec<&str>) =
        allowed.iter().partition(|text| text.starts_with("10.66."));
    assert_eq!(members.len(), caux.town_halls.len(), "{peers:?}");
    let is_guest = |text: &&str| text.starts_with("198.1") && text.ends_with("/32") && !text.contains(',');
    assert!(guests.iter().all(is_guest), "{guests:?}");
    Ok(())
}

#[test]
fn the_journal_tells_who_came_and_who_went() -> Result<()> {
    let mut caux = Community::of(["Alvimare", "Bennetot"])?;
    let [alvimare, _bennetot] = &mut caux.town_halls;
    let key = told(&shown(&alvimare.node)?[0], "public key")?.to_owned();
    let mut expect = |part: &str, about: &str| -> Result<()> {
        let line = caux.gateway.program()?.says(part, SOON)?;
        assert!(line.contains(about), "{line} lacks {about}");
        Ok(())
    };
    expect("enrolled: alvimare", "COMMUNE=Alvimare")?;
    expect("enrolled: alvimare", &key)?;
    expect("link up: alvimare", "COMMUNE=Alvimare")?;
    expect("link up: bennetot", "COMMUNE=Bennetot")?;
    alvimare.agent()?.says("link online", SOON)?;

    caux.referent.revoke("Alvimare", "poste volé")?;
    expect("revoked: alvimare", "COMMUNE=Alvimare")?;
    expect("revoked: alvimare", &key)?;

    caux.gateway.kill_netd()?;
    let silence = caux.gateway.program()?.says("beffroi-netd does not do what it is asked", SOON)?;
    assert!(silence.contains("WARN"), "{silence}");
    caux.gateway.start_netd()?;
    until("netd answers again", SOON, || {
        Ok(caux.gateway.program()?.log()?.matches("beffroi-netd answers").count() == 2)
    })?;
    Ok(())
}

#[test]
fn the_journal_tells_that_a_link_went_down() -> Result<()> {
    // A link is given up after five minutes, which are fifteen seconds of this gateway.
    let mut caux = Community::with_clock("+0 x20", ["Alvimare"])?;
    caux.gateway.program()?.says("link up: alvimare", SOON)?;
    caux.town_halls[0].kill()?;
    let line = caux.gateway.program()?.says("link down: alvimare", Duration::from_secs(90))?;
    assert!(line.contains("COMMUNE=Alvimare"), "{line}");
    Ok(())
}

/// A journal on that host, open.
fn journald(node: &Arc<Node>) -> Result<Process> {
    node.write("/etc/machine-id", "0123456789abcdef0123456789abcdef\n")?;
    node.run(["mkdir", "-p", "/run/systemd/journal", "/run/log/journal"])?;
    let journald = node.spawn("journald", ["/lib/systemd/systemd-journald"])?;
    let opened = || Ok(node.attempt(["test", "-S", "/run/systemd/journal/stdout"])?.succeeded());
    until("the journal is open", SOON, opened)?;
    Ok(journald)
}

/// As systemd starts a service: its error output is the journal, and it is told so (systemd.exec(5)).
fn as_a_service(node: &Arc<Node>, program: &str) -> Result<Process> {
    let service = "export JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2); exec $0";
    node.spawn(program, ["systemd-cat", "sh", "-c", service, program])
}

/// The referent, with the account that the code in the journal makes.
fn set_up(node: &Arc<Node>) -> Result<Referent> {
    let told = || node.run(["journalctl", "-q", "-o", "cat"]);
    let invitation = "tapez le code d’installation";
    until("the first account can be made", SOON, || Ok(told()?.contains(invitation)))?;
    let is_code = |word: &&str| word.len() == 19 && word.split('-').all(|group| group.len() == 4);
    let log = told()?;
    let code = log.split_whitespace().find(is_code).context("no set-up code was printed")?;
    let referent = Referent::at_the_server(node)?;
    until("the admin page is open", SOON, || Ok(referent.visit("/").is_ok()))?;
    referent.set_up(code)?;
    Ok(referent)
}

#[test]
fn journalctl_finds_what_concerns_a_commune() -> Result<()> {
    let world = World::new()?;
    let gateway = world.gateway(DOMAIN)?;
    let node = &gateway.node;
    let _journald = journald(node)?;
    let (netd, _gateway) = (as_a_service(node, "beffroi-netd")?, as_a_service(node, "beffroi-gateway")?);
    let told = |question: &[&str]| node.run(["journalctl", "-q", "-o", "cat"].iter().chain(question));
    let referent = set_up(node)?;
    referent.add_communes(&["Alvimare", "Bennetot"])?;
    for (commune, code) in ["Alvimare", "Bennetot"].iter().zip(referent.invite(&["Alvimare", "Bennetot"])?) {
        world.town_hall(commune)?.join(&code)?;
    }
    referent.revoke("Alvimare", "poste volé")?;
    netd.kill()?;

    let about = |commune: &str| told(&["-t", "beffroi-gateway", &format!("COMMUNE={commune}")]);
    until("the journal has it", SOON, || Ok(about("Alvimare")?.contains("revoked: alvimare")))?;
    let alvimare = about("Alvimare")?;
    assert!(alvimare.contains("enrolled: alvimare"), "{alvimare}");
    assert!(!alvimare.contains("bennetot"), "{alvimare}");
    assert!(about("Bennetot")?.contains("enrolled: bennetot"));
    assert!(told(&["-t", "beffroi-netd"])?.contains("made the gateway's private key"));
    until("one is warned that netd is gone", SOON, || {
        Ok(told(&["-p", "warning"])?.contains("beffroi-netd does not do what it is asked"))
    })?;
    assert!(!told(&["-p", "warning"])?.contains("enrolled"), "what is as it should be is no warning");
    Ok(())
}

/// Every answer of this kind is ours to put right: its number leads whoever is told it to the cause.
#[test]
fn the_number_of_an_incident_is_found_in_the_journal() -> Result<()> {
    let world = World::new()?;
    let gateway = world.gateway(DOMAIN)?;
    let node = &gateway.node;
    let _journald = journald(node)?;
    let (_netd, program) = (as_a_service(node, "beffroi-netd")?, as_a_service(node, "beffroi-gateway")?);
    let referent = set_up(node)?;
    program.kill()?;
    // A notice of which only one byte is left.
    let database = redb::Database::open(node.file("/var/lib/beffroi/beffroi.redb")?)?;
    let write = database.begin_write()?;
    write
        .open_table(redb::TableDefinition::<&[u8], &[u8]>::new("news.notices"))?
        .insert(&[0xff; 4][..], &[1][..])?;
    write.commit()?;
    drop(database);

    let _program = as_a_service(node, "beffroi-gateway")?;
    until("the admin page is open", SOON, || Ok(referent.visit("/").is_ok()))?;
    let refused = referent.visit("/annonce").expect_err("the page cannot be made").to_string();
    assert!(refused.contains("answered 500"), "{refused}");
    let (_, number) = refused.split_once("Numéro de l’incident").context("a number is given")?;
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    let number: String =
        number.chars().skip_while(|letter| !is_part(*letter)).take_while(|letter| is_part(*letter)).collect();
    until("the journal has it", SOON, || {
        let found = node.run(["journalctl", "-q", "-o", "cat", &format!("INCIDENT={number}")])?;
        Ok(found.contains("news.notices"))
    })?;
    Ok(())
}

#[test]
fn a_prometheus_reads_the_figures_on_the_server_only() -> Result<()> {
    let caux = Community::of(["Alvimare"])?;
    let [alvimare] = &caux.town_halls;
    let read = || caux.gateway.node.run(["curl", "-sS", "http://127.0.0.1:9586/metrics"]);
    let online = "beffroi_link_state{commune=\"Alvimare\",machine=\"256\",state=\"online\"} 1";
    for figure in [online, "beffroi_link_handshake_age_seconds{", "beffroi_netd_up 1"] {
        until("the link is told in figures", SOON, || Ok(read()?.contains(figure)))?;
    }
    for address in ["10.66.0.1", "192.0.2.10"] {
        let asked = alvimare.node.attempt(["curl", "-sm", "3", &format!("http://{address}:9586/metrics")])?;
        assert!(!asked.succeeded(), "{address} answers a town hall");
    }
    Ok(())
}

#[test]
fn no_secret_is_ever_told() -> Result<()> {
    let world = World::new()?;
    let mut gateway = world.gateway(DOMAIN)?;
    gateway.node.export("BEFFROI_LOG", "trace");
    gateway.start()?;
    let set_up = gateway.set_up_code()?;
    let announced = gateway.program()?.log()?.matches(&set_up).count();
    let referent = gateway.referent()?;
    referent.add_communes(&["Alvimare"])?;
    let code = referent.invite(&["Alvimare"])?.remove(0);
    let mut alvimare = world.town_hall("Alvimare")?;
    alvimare.node.export("BEFFROI_LOG", "trace");
    let mut said = alvimare.join(&code)?;
    alvimare.start()?;
    until("the intranet opens", SOON, || Ok(alvimare.home()?.status == 200))?;
    said += &alvimare.node.run(["beffroi-agent", "status"])?;
    said += &alvimare.status()?.to_string();
    referent.revoke("Alvimare", "poste volé")?;
    gateway.kill_gateway()?;
    gateway.start_gateway()?;
    referent.sign_in()?;

    for node in [&gateway.node, &alvimare.node] {
        said += &logs(node.folder())?;
    }
    assert!(said.contains("TRACE") || said.contains("DEBUG"), "the programs told less than they can");
    let mut secrets = vec![PASSWORD.to_owned()];
    secrets.extend(code.split('-').map(str::to_owned));
    secrets.extend(session_tokens(gateway.node.folder())?);
    secrets.push(gateway.node.read("/var/lib/beffroi-netd/private.key")?.trim().to_owned());
    secrets.push(own_key(&alvimare)?);
    for secret in secrets {
        assert!(secret.len() >= 6, "{secret} is too short to be looked for");
        assert!(!said.contains(&secret), "the secret {secret} was told");
    }
    assert_eq!(said.matches(&set_up).count(), announced, "the set-up code was told again after its use");
    Ok(())
}

/// Everything that the programs of a host have written.
fn logs(folder: &Path) -> Result<String> {
    let mut text = String::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "log") {
            text += &String::from_utf8_lossy(&fs::read(path)?);
        }
    }
    Ok(text)
}

/// What signs a browser in, out of the cookies that curl keeps.
fn session_tokens(folder: &Path) -> Result<Vec<String>> {
    let mut tokens = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("cookies-")) {
            let cookies = fs::read_to_string(path)?;
            let lines = cookies.lines().filter(|line| line.contains("__Host-session"));
            tokens.extend(lines.filter_map(|line| Some(line.rsplit_once('\t')?.1.to_owned())));
        }
    }
    anyhow::ensure!(!tokens.is_empty(), "the referent has no session");
    Ok(tokens)
}

/// The private key of a machine, as it is written down.
fn own_key(town_hall: &TownHall) -> Result<String> {
    let state = town_hall.node.read("/var/lib/beffroi-agent/state.json")?;
    let state: serde_json::Value = serde_json::from_str(&state)?;
    Ok(state["key"].as_str().context("a machine has a key")?.to_owned())
}
