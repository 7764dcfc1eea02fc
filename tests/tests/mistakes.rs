//! What people and machines get wrong: it is said in plain words, nothing is lost, and doing it again is safe.
//!
//! ```text
//!   passerelle (netd, gateway, referent)      alvimare (agent)
//!        | 192.0.2.10                             | 192.0.2.11
//!   ─────┴────────────────────────────────────────┴─────
//! ```

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use beffroi_tests::{
    Browser, Community, DOMAIN, Gateway, PASSWORD, Page, REFERENT, Referent, TownHall, World, until,
};

const SOON: Duration = Duration::from_secs(30);

/// EX_CONFIG of sysexits.h(3head).
const CONFIGURATION: i32 = 78;

/// Where the agent keeps what it is.
const STATE: &str = "/var/lib/beffroi-agent/state.json";

/// A gateway that runs, its referent, and a town hall with the code of its sheet.
fn invited() -> Result<(World, Gateway, Referent, TownHall, String)> {
    let world = World::new()?;
    let mut gateway = world.gateway(DOMAIN)?;
    gateway.start()?;
    let referent = gateway.referent()?;
    referent.add_communes(&["Alvimare"])?;
    let code = referent.invite(&["Alvimare"])?.remove(0);
    let alvimare = world.town_hall("Alvimare")?;
    Ok((world, gateway, referent, alvimare, code))
}

/// The code is refused with these words, and leaves no trace on either side.
fn is_refused(alvimare: &TownHall, code: &str, words: &str) -> Result<()> {
    let outcome = alvimare.try_to_join(code)?;
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(outcome.stderr.contains(words), "{outcome:?}");
    assert!(!alvimare.node.file(STATE)?.exists(), "a state is left of a code that serves nothing");
    assert!(!alvimare.node.read("/etc/hosts")?.contains(DOMAIN));
    Ok(())
}

#[test]
fn an_expired_code_is_told_so() -> Result<()> {
    let (_world, mut gateway, _referent, alvimare, code) = invited()?;
    gateway.kill_gateway()?;
    gateway.node.set_clock("+15d");
    gateway.start_gateway()?;
    is_refused(&alvimare, &code, "Ce bon a expiré")
}

#[test]
fn a_cancelled_code_is_told_so() -> Result<()> {
    let (_world, _gateway, referent, alvimare, code) = invited()?;
    let list = referent.visit("/bons")?;
    let mut forms = list.all_between("<form method=\"post\" action=\"", "\"");
    let cancel = forms.find(|action| action.ends_with("/annuler")).context("one is open")?;
    let told = referent.send(cancel, &[])?;
    assert!(told.text().contains("Le bon est annulé"), "{}", told.text());
    is_refused(&alvimare, &code, "Ce bon a été annulé")
}

#[test]
fn a_used_code_is_told_so_and_the_first_machine_stays() -> Result<()> {
    let (world, _gateway, referent, alvimare, code) = invited()?;
    alvimare.join(&code)?;
    let other = world.town_hall("Bennetot")?;
    is_refused(&other, &code, "Ce bon a déjà servi pour un autre poste")?;
    assert_eq!(referent.machine("Alvimare")?.name, "alvimare");
    Ok(())
}

#[test]
fn a_gateway_that_cannot_be_reached_is_no_end() -> Result<()> {
    let (_world, mut gateway, referent, alvimare, code) = invited()?;
    gateway.kill_netd()?;
    let mut first = alvimare.node.spawn("join", ["beffroi-agent", "join", &code])?;
    let ended = first.ended(Duration::from_secs(90))?;
    let told = first.log()?;
    assert_eq!(ended.code(), Some(1), "{told}");
    for advice in ["ne répond pas", &format!("{}:51820", gateway.node.address()), "UDP", "Rien n’est perdu"]
    {
        assert!(told.contains(advice), "{told} lacks {advice}");
    }
    let kept = alvimare.node.read(STATE)?;

    gateway.start_netd()?;
    let told = alvimare.join(&code)?;
    assert!(told.contains("il continue"), "{told}");
    assert!(told.contains("Alvimare"), "{told}");
    let key = |state: &str| -> Result<String> {
        Ok(serde_json::from_str::<serde_json::Value>(state)?["key"].as_str().context("a key")?.to_owned())
    };
    assert_eq!(key(&alvimare.node.read(STATE)?)?, key(&kept)?, "the key of the first try serves");
    assert_eq!(referent.machines("Alvimare")?.len(), 1);
    Ok(())
}

#[test]
fn a_form_sent_twice_does_its_work_once() -> Result<()> {
    let (_world, _gateway, referent, _alvimare, _code) = invited()?;
    let form = referent.visit("/bons/nouveaux")?;
    let hidden = |before| form.all_between(before, "\"").next().context("the form has such a field");
    let fields = [
        ("once", hidden("name=\"once\" value=\"")?),
        (hidden("\"checkbox\" name=\"")?, "on"),
        ("pour", "choix"),
    ];
    let [first, second] =
        [referent.send("/bons/nouveaux", &fields)?, referent.send("/bons/nouveaux", &fields)?];
    assert_eq!(first.address, second.address, "the second time leads where the first led");
    assert_eq!(first.text(), second.text());
    assert_eq!(invitations(&referent)?, 2, "the one that was there, and one more");
    Ok(())
}

#[test]
fn a_form_from_another_site_changes_nothing() -> Result<()> {
    let (_world, gateway, referent, _alvimare, _code) = invited()?;
    for header in ["Origin: https://ailleurs.test", "Origin: null", "Sec-Fetch-Site: cross-site"] {
        let lured = Referent::at_the_server(&gateway.node)?;
        lured.sign_in()?;
        let lured = lured.with(&["-H", header]);
        let refused = lured.send("/communes/ajouter", &[("text", "Bennetot")]).expect_err(header).to_string();
        assert!(refused.contains("403") && refused.contains("vient d’un autre site"), "{refused}");
    }
    assert!(!referent.overview()?.text().contains("Bennetot"));
    Ok(())
}

#[test]
fn another_site_cannot_send_forms_in_the_referent_s_name() -> Result<()> {
    let caux = Community::of(["Alvimare"])?;
    let [alvimare] = &caux.town_halls;
    let node = &alvimare.node;
    caux.referent.trust_with_the_admin_page("Alvimare")?;
    let admin = format!("https://admin.{DOMAIN}:8443");
    let lure = format!(
        "<!doctype html><title>Jeu</title><form method=post action={admin}/communes/ajouter>\
         <input type=hidden name=text value=Bennetot><button>Jouer</button></form>"
    );
    node.run(["sh", "-c", "mkdir site; printf %s \"$1\" > site/index.html", "sh", &lure])?;
    let mut other = node.spawn("other", ["python3", "-um", "http.server", "-d", "site", "80"])?;
    other.says("Serving HTTP", SOON)?;

    let browser = Browser::open(node)?;
    browser.visit(&admin)?;
    browser.fill("name", REFERENT)?;
    browser.fill("password", PASSWORD)?;
    browser.press("Se connecter")?;
    assert!(browser.text()?.contains("Liaisons"), "{}", browser.text()?);
    browser.visit("http://127.0.0.1/")?;
    browser.press("Jouer")?;
    assert!(browser.text()?.contains("vient d’un autre site"), "{}", browser.text()?);
    assert!(!caux.referent.overview()?.text().contains("Bennetot"));
    Ok(())
}

#[test]
fn a_revoked_machine_comes_back_by_a_new_sheet_only() -> Result<()> {
    let (_world, _gateway, referent, alvimare, code) = invited()?;
    alvimare.join(&code)?;
    let address = alvimare.node.read(STATE)?;
    let machine = referent.machine("Alvimare")?;
    referent.revoke("Alvimare", "poste volé")?;
    assert_eq!(referent.machines("Alvimare")?, []);

    alvimare.node.run(["beffroi-agent", "leave"])?;
    is_refused(&alvimare, &code, "Ce bon a déjà servi pour un autre poste")?;
    let sheet = referent.send(&format!("/postes/{}/remplacer", machine.id), &[])?;
    alvimare.join(&code_on(&sheet)?)?;
    assert_eq!(referent.machine("Alvimare")?.id, machine.id, "it is the same machine again");
    assert_eq!(addresses(&alvimare.node.read(STATE)?)?, addresses(&address)?);
    Ok(())
}

#[test]
fn names_go_from_the_list_to_the_town_hall_as_they_are_written() -> Result<()> {
    const NAMES: [&str; 3] = ["Criquetot-l’Esneval", "Ancourteville-sur-Héricourt", "L'Œuf-en-Çaux & <Fils>"];
    let mut caux = Community::of(NAMES)?;
    let town_halls = ["Mairie de Criquetot-l’Esneval", "Mairie d’Ancourteville-sur-Héricourt", "Mairie de L"];
    for ((town_hall, name), shown) in caux.town_halls.iter().zip(NAMES).zip(town_halls) {
        let home = town_hall.home()?.shown()?.text();
        assert!(home.contains(shown), "{home}");
        let status = town_hall.status()?;
        assert_eq!(status["member"]["commune"], name, "{status}");
        until("the referent sees it online", SOON, || Ok(caux.referent.machine(name)?.state == "online"))?;
    }
    caux.gateway.program()?.says("COMMUNE=Criquetot-l’Esneval", SOON)?;

    // Who types the name to be sure has other apostrophes on the keyboard.
    let [criquetot, ..] = &caux.town_halls;
    let machine = caux.referent.machine(criquetot.commune())?;
    let fields = [("reason", "volé à l'atelier – d'où l'alarme"), ("commune", "criquetot l'esneval")];
    caux.referent.send(&format!("/postes/{}/retirer", machine.id), &fields)?;
    let page = caux.referent.commune(criquetot.commune())?.text();
    assert!(page.contains("volé à l'atelier – d'où l'alarme"), "{page}");
    Ok(())
}

#[test]
fn a_database_of_a_newer_version_is_left_as_it_is() -> Result<()> {
    let (_world, mut gateway, _referent, _alvimare, _code) = invited()?;
    gateway.kill_gateway()?;
    let database = gateway.node.file("/var/lib/beffroi/beffroi.redb")?;
    from_the_future(&database)?;
    let before = fs::read(&database)?;
    let outcome = gateway.node.attempt(["beffroi-gateway"])?;
    assert_eq!(outcome.code, Some(CONFIGURATION), "{outcome:?}");
    assert!(outcome.stderr.contains("version plus récente de Beffroi"), "{outcome:?}");
    assert!(outcome.stderr.contains("Installez cette version"), "{outcome:?}");
    assert!(fs::read(&database)? == before, "the database was changed");
    Ok(())
}

#[test]
fn a_state_file_cut_short_is_kept_and_told() -> Result<()> {
    let (_world, _gateway, _referent, mut alvimare, code) = invited()?;
    alvimare.join(&code)?;
    let whole = alvimare.node.read(STATE)?;
    let cut = &whole[..whole.len() / 2];
    alvimare.node.write(STATE, cut)?;
    for command in [&["run"][..], &["status"], &["join", &code]] {
        let outcome = alvimare.node.attempt(["beffroi-agent"].iter().chain(command))?;
        assert_eq!(outcome.code, Some(CONFIGURATION), "{outcome:?}");
        assert!(outcome.stderr.contains(STATE), "{outcome:?}");
        assert!(outcome.stderr.contains("Il a été laissé tel quel"), "{outcome:?}");
        assert_eq!(alvimare.node.read(STATE)?, cut);
    }
    alvimare.node.write(STATE, &whole)?;
    alvimare.start()?;
    until("the intranet opens", SOON, || Ok(alvimare.home()?.status == 200))?;
    Ok(())
}

#[test]
fn wrong_configurations_are_explained() -> Result<()> {
    let world = World::new()?;
    let server = world.node("passerelle")?;
    let texts = fs::read_to_string(source("gateway/locales/fr/config.ftl"))?;
    for case in cases("gateway/src/config/fixtures")? {
        let problems = fs::read_to_string(case.join("problems.txt"))?;
        for program in ["beffroi-gateway", "beffroi-netd"] {
            let config = case.join("gateway.toml").display().to_string();
            let outcome = server.attempt([program, "--config", &config])?;
            assert_eq!(outcome.code, Some(CONFIGURATION), "{outcome:?}");
            let said = spaced(&outcome.stderr);
            for problem in problems.lines() {
                let [key, value, remedy] = problem.split(" | ").collect::<Vec<_>>()[..] else {
                    bail!("{problem} is not a key, a value and a remedy");
                };
                let remedy = texts.lines().find_map(|line| line.strip_prefix(remedy)?.strip_prefix(" = "));
                let remedy = remedy.and_then(|text| text.split('{').next()).context("a remedy has a text")?;
                for part in [key, value, remedy] {
                    assert!(said.contains(&spaced(part)), "{said} lacks {part}");
                }
            }
        }
    }
    for case in cases("agent/src/fixtures/config")? {
        let config = case.join("agent.toml").display().to_string();
        for command in ["run", "status", "leave"] {
            let outcome = server.attempt(["beffroi-agent", "--config", &config, command])?;
            assert_eq!(outcome.code, Some(CONFIGURATION), "{outcome:?}");
            let said = outcome.stderr.replace(&format!("{}/", case.display()), "");
            let expected = fs::read_to_string(case.join("expected.txt"))?;
            assert_eq!(said.trim(), expected.trim());
        }
    }
    let state = ["/var/lib/beffroi", "/var/lib/beffroi-netd", "/var/lib/beffroi-agent"];
    assert!(
        !state.iter().any(|path| server.file(path).is_ok_and(|path| path.exists())),
        "something was made"
    );
    Ok(())
}

/// How many invitations have been made.
fn invitations(referent: &Referent) -> Result<usize> {
    Ok(referent.visit("/bons")?.html.matches("<th scope=\"row\"").count())
}

/// The code on the only sheet of a page.
fn code_on(sheet: &Page) -> Result<String> {
    let groups =
        sheet.all_between("<ol class=\"groups code\">", "</ol>").next().context("a code is shown")?;
    Ok(groups.replace("</li><li>", "-").replace("<li>", "").replace("</li>", ""))
}

/// The addresses that the gateway gave.
fn addresses(state: &str) -> Result<String> {
    let state: serde_json::Value = serde_json::from_str(state)?;
    Ok(state["welcome"]["addresses"].to_string())
}

/// Raises the number that a database's layout has.
fn from_the_future(database: &Path) -> Result<()> {
    let layout = redb::TableDefinition::<&[u8], &[u8]>::new("store.layout");
    let database = redb::Database::open(database)?;
    let transaction = database.begin_write()?;
    // The version of the row, and the number.
    transaction.open_table(layout)?.insert([].as_slice(), [1, 99].as_slice())?;
    Ok(transaction.commit()?)
}

/// A file or folder of the repository.
fn source(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// Spaces as they are typed: before a colon, French has one that does not break.
fn spaced(text: &str) -> String {
    text.replace('\u{a0}', " ")
}

/// The folders of a kind of mistake each.
fn cases(folder: &str) -> Result<Vec<PathBuf>> {
    let folder = source(folder).canonicalize()?;
    Ok(fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?)
}
