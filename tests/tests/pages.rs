//! The pages as people meet them: in a real browser, wide and narrow, on paper, without script, without a mouse, and
//! whether or not they see.
//!
//! ```text
//!   alvimare (agent, Chromium)      passerelle (netd, gateway, Chromium)
//!      | https://intranet.…            | https://127.0.0.1:8443
//!      | https://admin.…:8443          |
//!   ───┴───────────────────────────────┴─────
//! ```

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use beffroi_tests::{
    Browser, Community, DOMAIN, INSIDE, PASSWORD, Page, Quality, REFERENT, Signer, World, keys, until,
};

const SOON: Duration = Duration::from_secs(30);

/// A desk, and a telephone.
const WIDTHS: [u32; 2] = [1280, 390];

fn intranet() -> String {
    format!("https://intranet.{DOMAIN}")
}

fn admin() -> String {
    format!("https://admin.{DOMAIN}:8443")
}

/// No table must be moved sideways in its box.
const FITS: &str =
    "[...document.querySelectorAll('.scroll')].every(box => box.scrollWidth <= box.clientWidth)";

/// The page, wide and narrow, keeps nobody out; a picture of it is kept.
fn is_for_everyone(browser: &Browser, url: &str, name: &str) -> Result<()> {
    for width in WIDTHS {
        browser.width(width)?;
        browser.visit(url)?;
        as_it_is(browser, &format!("{name}-{width}"))?;
    }
    Ok(())
}

/// The same of the page that is open already.
fn as_it_is(browser: &Browser, name: &str) -> Result<()> {
    browser.picture(name)?;
    ensure!(!browser.title()?.is_empty(), "{name} has no title");
    ensure!(!browser.is_too_wide()?, "{name} must be moved sideways");
    ensure!(browser.evaluate(FITS)? == true, "the table of {name} must be moved sideways");
    let obstacles = browser.obstacles()?;
    ensure!(obstacles.is_empty(), "{name} keeps people out:\n{}", obstacles.join("\n"));
    let console = browser.console()?;
    ensure!(console.is_empty(), "the console complained about {name}:\n{}", console.join("\n"));
    Ok(())
}

/// The path of a commune's page.
fn commune_path(overview: &Page, name: &str) -> Result<String> {
    let path = overview.all_between("<a href=\"", "</a>").find_map(|link| {
        let (path, label) = link.split_once("\">")?;
        (label == name).then(|| path.to_owned())
    });
    path.with_context(|| format!("{name} is not on the overview"))
}

fn sign_in(browser: &Browser) -> Result<()> {
    browser.visit(&admin())?;
    browser.fill("name", REFERENT)?;
    browser.fill("password", PASSWORD)?;
    browser.press("Se connecter")?;
    ensure!(browser.text()?.contains("Liaisons"), "{}", browser.text()?);
    Ok(())
}

#[test]
fn the_home_page_is_for_everyone() -> Result<()> {
    let caux = Community::of(["Alvimare"])?;
    let [alvimare] = &caux.town_halls;
    let browser = Browser::open(&alvimare.node)?;
    is_for_everyone(&browser, &intranet(), "accueil")?;
    ensure!(browser.text()?.contains("Mairie d’Alvimare"), "{}", browser.text()?);
    caux.referent.send(
        "/annonce",
        &[("title", "Coupure d’eau jeudi"), ("text", "De 9 h à midi.\n\nL’eau peut être trouble ensuite.")],
    )?;
    is_for_everyone(&browser, &intranet(), "accueil-annonce")?;
    ensure!(browser.text()?.contains("Coupure d’eau jeudi"), "{}", browser.text()?);
    browser.visit(&format!("{}/nulle-part", intranet()))?;
    ensure!(browser.text()?.contains("Page introuvable"), "{}", browser.text()?);
    Ok(())
}

#[test]
fn the_admin_pages_are_for_everyone() -> Result<()> {
    let caux = Community::of(["Alvimare", "Bennetot"])?;
    let [alvimare, _bennetot] = &caux.town_halls;
    let referent = &caux.referent;
    referent.trust_with_the_admin_page("Alvimare")?;
    referent.add_communes(&["Foucart", "Ancourteville-sur-Héricourt"])?;
    referent.invite(&["Foucart"])?;
    referent.revoke("Bennetot", "volé")?;
    until("the link is seen", SOON, || Ok(referent.machine("Alvimare")?.state == "online"))?;
    let overview = referent.overview()?;
    let machine = referent.machine("Alvimare")?.id;

    let browser = Browser::open(&alvimare.node)?;
    is_for_everyone(&browser, &admin(), "connexion")?;
    sign_in(&browser)?;
    for (path, name) in [
        ("/", "liaisons"),
        (&commune_path(&overview, "Alvimare")?, "commune-en-ligne"),
        (&commune_path(&overview, "Bennetot")?, "commune-retiree"),
        (&commune_path(&overview, "Foucart")?, "commune-sans-poste"),
        (&format!("{}/heures", commune_path(&overview, "Alvimare")?), "heures"),
        ("/communes/disponibilite", "disponibilite-vide"),
        ("/bons", "bons"),
        ("/bons/nouveaux", "nouveaux-bons"),
        ("/communes/ajouter", "ajouter-des-communes"),
        ("/annonce", "annonce"),
        ("/reglages", "reglages"),
        ("/qui-a-fait-quoi", "qui-a-fait-quoi"),
        ("/qui-a-fait-quoi?verifier=oui", "qui-a-fait-quoi-verifie"),
        (&format!("{}/supprimer", commune_path(&overview, "Foucart")?), "supprimer-refuse"),
        (&format!("{}/supprimer", commune_path(&overview, "Ancourteville-sur-Héricourt")?), "supprimer"),
        ("/compte", "compte"),
        ("/guide", "guide"),
        (&format!("{}/appareil", commune_path(&overview, "Foucart")?), "ajouter-un-appareil"),
        (&format!("/postes/{machine}/retirer"), "retirer"),
        (&format!("/postes/{machine}/nom"), "renommer"),
        (&format!("/postes/{machine}/remplacer"), "remplacer"),
    ] {
        is_for_everyone(&browser, &format!("{}{path}", admin()), name)?;
    }
    browser.visit(&format!("{}{}/appareil", admin(), commune_path(&overview, "Foucart")?))?;
    browser.fill("name", "Téléphone de l’accueil")?;
    browser.press("Ajouter l’appareil")?;
    is_for_everyone(&browser, &browser.address()?, "appareil")
}

/// Before, while a town hall that is off is awaited, when the referent does not wait for it, and afterwards.
#[test]
fn the_change_of_the_gateway_s_key_is_for_everyone() -> Result<()> {
    let mut caux = Community::of(["Alvimare", "Bennetot"])?;
    caux.referent.trust_with_the_admin_page("Alvimare")?;
    caux.referent.add_communes(&["Foucart"])?;
    caux.referent.invite(&["Foucart"])?;
    let foucart = commune_path(&caux.referent.overview()?, "Foucart")?;
    caux.referent.send(&format!("{foucart}/appareil"), &[("name", "Téléphone de l’accueil"), ("key", "")])?;
    let [alvimare, bennetot] = &mut caux.town_halls;
    bennetot.kill()?;

    let browser = Browser::open(&alvimare.node)?;
    sign_in(&browser)?;
    let page = format!("{}/reglages/cle", admin());
    is_for_everyone(&browser, &page, "cle")?;
    browser.press("Préparer une nouvelle clé")?;
    until("Alvimare knows it", SOON, || {
        Ok(caux.referent.visit("/reglages/cle")?.text().contains("Un poste sur 2 la connaît"))
    })?;
    is_for_everyone(&browser, &page, "cle-preparee")?;
    browser.press("Changer de clé")?;
    ensure!(browser.text()?.contains("Attendez-le, ou cochez la case"), "{}", browser.text()?);
    browser.picture("cle-refusee-390")?;
    ensure!(browser.obstacles()?.is_empty(), "a refusal keeps people out");
    // Chromium writes down that the answer was a refusal.
    drop(browser.console()?);
    browser.click("[name=quand_meme]")?;
    browser.press("Changer de clé")?;
    until("the link is back", SOON, || Ok(alvimare.home().is_ok_and(|page| page.status == 200)))?;
    until("it is seen", SOON, || {
        Ok(caux.referent.visit("/reglages/cle")?.text().contains("Un poste sur 2 est revenu"))
    })?;
    is_for_everyone(&browser, &page, "cle-changee")
}

#[test]
fn the_page_of_updates_is_for_everyone() -> Result<()> {
    let mut caux = Community::of(["Alvimare", "Bennetot"])?;
    let folder = caux.gateway.node.file("/var/lib")?;
    let signer = Signer::new(&folder, "release.pem")?;
    caux.gateway.follow(&signer.public)?;
    let (program, release) = (folder.join("program"), folder.join("new.release"));
    std::fs::write(&program, "a program")?;
    signer.sign(&program, &release)?;
    let alvimare = &caux.town_halls[0].node;
    caux.referent.trust_with_the_admin_page("Alvimare")?;

    let browser = Browser::open(alvimare)?;
    let page = format!("{}/mises-a-jour", admin());
    sign_in(&browser)?;
    is_for_everyone(&browser, &page, "mises-a-jour-vide")?;
    caux.referent.upload("/mises-a-jour/deposer", "release", &release)?;
    is_for_everyone(&browser, &page, "mises-a-jour-prete")?;
    caux.referent.send("/mises-a-jour/proposer", &[("version", "900.0.0")])?;
    is_for_everyone(&browser, &page, "mises-a-jour-proposee")?;
    caux.referent.send("/mises-a-jour/arreter", &[])?;
    is_for_everyone(&browser, &page, "mises-a-jour-arretee")
}

#[test]
fn a_machine_that_was_never_seen_is_shown_so() -> Result<()> {
    let mut caux = Community::of(["Alvimare"])?;
    let [alvimare] = &caux.town_halls;
    caux.referent.trust_with_the_admin_page("Alvimare")?;
    caux.referent.add_communes(&["Foucart"])?;
    let code = caux.referent.invite(&["Foucart"])?.remove(0);
    // The answer is long under way, and the machine is switched off before it comes.
    let far = Quality { rate: 1_000_000, delay: Duration::from_millis(400), loss: 0.0, queue: 64 * 1024 };
    let (foucart, _line) = caux.world.node_on_a_line("foucart", far)?;
    let join = foucart.spawn("join", ["beffroi-agent", "join", &code])?;
    caux.gateway.program()?.says("enrolled: foucart", SOON)?;
    join.kill()?;

    let browser = Browser::open(&alvimare.node)?;
    sign_in(&browser)?;
    is_for_everyone(&browser, &admin(), "liaisons-jamais-vue")?;
    ensure!(browser.text()?.contains("1 jamais vue"), "{}", browser.text()?);
    browser.follow("Foucart")?;
    as_it_is(&browser, "commune-jamais-vue-390")?;
    let text = browser.text()?;
    ensure!(text.contains("Jamais vue") && text.contains("Quatre mots"), "{text}");
    Ok(())
}

#[test]
fn the_past_of_the_links_is_for_everyone() -> Result<()> {
    // What was seen is written down every five minutes, which are half a minute of this gateway. Faster, and the time
    // between two probes would be a cut to it.
    let caux = Community::with_clock("+0 x10", ["Alvimare"])?;
    let ([alvimare], referent) = (&caux.town_halls, &caux.referent);
    referent.trust_with_the_admin_page("Alvimare")?;
    until("what was seen is written down", SOON + SOON, || {
        Ok(referent.commune("Alvimare")?.html.contains("class=\"bars\""))
    })?;

    let browser = Browser::open(&alvimare.node)?;
    sign_in(&browser)?;
    let commune = commune_path(&referent.overview()?, "Alvimare")?;
    is_for_everyone(&browser, &format!("{}{commune}", admin()), "commune-90-jours")?;
    ensure!(browser.text()?.contains("En ligne 100"), "{}", browser.text()?);
    is_for_everyone(&browser, &format!("{}/communes/disponibilite", admin()), "disponibilite")?;
    let sheet = browser.print("disponibilite")?.display().to_string();
    let about = alvimare.node.run(["pdfinfo", &sheet])?;
    ensure!(about.lines().any(|line| line.starts_with("Pages:") && line.ends_with(" 1")), "{about}");
    let text = alvimare.node.run(["pdftotext", &sheet, "-"])?;
    ensure!(text.contains("24 derniers mois") && text.contains("Alvimare"), "{text}");
    Ok(())
}

#[test]
fn the_first_referent_is_set_up_in_the_server_s_browser() -> Result<()> {
    let world = World::new()?;
    let mut gateway = world.gateway(DOMAIN)?;
    gateway.start()?;
    until("the tunnel is up", SOON, || Ok(gateway.node.ip("-o address")?.contains(INSIDE)))?;
    let browser = Browser::that_accepted(&gateway.node, "127.0.0.1:8443")?;
    is_for_everyone(&browser, "https://127.0.0.1:8443/", "mise-en-service")?;
    let fill = |password: &str| -> Result<()> {
        browser.fill("name", REFERENT)?;
        browser.fill("password", password)?;
        browser.fill("again", password)?;
        browser.press("Créer le compte")
    };
    browser.fill("code", &gateway.set_up_code()?.to_lowercase())?;
    fill("azerty")?;
    ensure!(browser.text()?.contains("trop court"), "{}", browser.text()?);
    // Chromium mentions every form that is not accepted.
    let complaints = browser.console()?;
    ensure!(complaints.iter().all(|one| one.contains("status of 422")), "{complaints:?}");
    as_it_is(&browser, "mise-en-service-refusee-390")?;
    fill(PASSWORD)?;
    ensure!(browser.text()?.contains("Bienvenue"), "{}", browser.text()?);
    as_it_is(&browser, "bienvenue-390")
}

/// Nobody else can help: no other referent, no mail. Whoever administers the server can.
#[test]
fn a_lone_referent_who_forgot_the_password_sets_another() -> Result<()> {
    const NEW: &str = "la brume du mardi";
    let caux = Community::of([])?;
    let server = &caux.gateway.node;
    let accounts = server.run(["beffroi-gateway", "account"])?;
    ensure!(accounts.contains(REFERENT), "{accounts}");
    let given = server.run(["beffroi-gateway", "account", REFERENT])?;
    let code = given.lines().find_map(|line| line.rsplit_once("\u{a0}: ")).context("a code is shown")?.1;

    let browser = Browser::that_accepted(server, "127.0.0.1:8443")?;
    browser.visit("https://127.0.0.1:8443/connexion")?;
    browser.click("summary")?;
    for width in WIDTHS {
        browser.width(width)?;
        as_it_is(&browser, &format!("mot-de-passe-oublie-{width}"))?;
    }
    is_for_everyone(&browser, "https://127.0.0.1:8443/installation", "nouveau-mot-de-passe")?;
    for (name, value) in [("code", code), ("name", REFERENT), ("password", NEW), ("again", NEW)] {
        browser.fill(name, value)?;
    }
    browser.press("Choisir ce mot de passe")?;
    ensure!(browser.text()?.contains("Le mot de passe est changé"), "{}", browser.text()?);
    let before = caux.referent.overview()?;
    ensure!(!before.html.contains("Se déconnecter"), "the session of before is over: {}", before.html);

    let verified = server.run(["beffroi-gateway", "audit", "--csv", "/tmp/actes.csv"])?;
    ensure!(verified.contains("Rien n’a été modifié ni retiré."), "{verified}");
    let table = server.run(["cat", "/tmp/actes.csv"])?;
    ensure!(
        table.contains(&format!("Ligne de commande;a donné un code pour le compte;;;{REFERENT};")),
        "{table}"
    );
    ensure!(table.contains(&format!("{REFERENT};a changé de mot de passe;;;avec un code")), "{table}");
    Ok(())
}

#[test]
fn every_invitation_is_one_sheet_of_paper() -> Result<()> {
    const COMMUNES: [&str; 3] = ["Ancourteville-sur-Héricourt", "Bennetot", "Sainte-Marguerite-sur-Fauville"];
    let caux = Community::of(["Alvimare"])?;
    let [alvimare] = &caux.town_halls;
    caux.referent.trust_with_the_admin_page("Alvimare")?;
    caux.referent.add_communes(&COMMUNES)?;
    let browser = Browser::open(&alvimare.node)?;
    sign_in(&browser)?;
    browser.visit(&format!("{}/bons/nouveaux", admin()))?;
    browser.press("Créer les 3 bons")?;
    is_for_everyone(&browser, &browser.address()?, "feuilles")?;
    let codes = browser
        .evaluate("[...document.querySelectorAll('.groups')].map(one => one.lastElementChild.innerText)")?;

    let sheets = browser.print("feuilles")?.display().to_string();
    let node = &alvimare.node;
    let about = node.run(["pdfinfo", &sheets])?;
    let told = |label: &str| about.lines().find_map(|line| Some(line.strip_prefix(label)?.trim().to_owned()));
    assert_eq!(told("Pages:").as_deref(), Some("3"), "{about}");
    assert!(told("Page size:").is_some_and(|size| size.ends_with("(A4)")), "{about}");
    for (number, commune) in (1..).zip(COMMUNES) {
        let number = number.to_string();
        let page = node.run(["pdftotext", "-f", &number, "-l", &number, &sheets, "-"])?;
        let others = COMMUNES.iter().filter(|other| page.contains(**other));
        assert_eq!(others.collect::<Vec<_>>(), [&commune], "{page}");
        let last_group = codes
            .as_array()
            .context("codes")?
            .iter()
            .filter(|code| page.contains(code.as_str().unwrap_or("?")));
        assert_eq!(last_group.count(), 1, "one code a sheet: {page}");
    }
    Ok(())
}

#[test]
fn everything_is_done_without_script() -> Result<()> {
    let caux = Community::of(["Alvimare", "Bennetot"])?;
    let [alvimare, _bennetot] = &caux.town_halls;
    caux.referent.trust_with_the_admin_page("Alvimare")?;
    let browser = Browser::without_script(&alvimare.node)?;
    let says = |text: &str| -> Result<()> {
        let page = browser.text()?;
        ensure!(page.contains(text), "{page} lacks {text}");
        Ok(())
    };
    browser.visit(&intranet())?;
    says("Mairie d’Alvimare")?;
    browser.visit(&admin())?;
    ensure!(!browser.text()?.contains("Afficher le mot de passe"), "a script has run");
    sign_in(&browser)?;

    browser.follow("Annonce")?;
    browser.fill("title", "Coupure d’eau jeudi")?;
    browser.fill("text", "De 9 h à midi.")?;
    browser.press("Publier l’annonce")?;
    says("L’annonce est publiée")?;

    browser.follow("Bons de raccordement")?;
    browser.follow("Ajouter des communes")?;
    browser.fill("text", "Foucart\nYébleron")?;
    browser.press("Ajouter")?;
    browser.visit(&format!("{}/bons/nouveaux", admin()))?;
    browser.press("Créer les 2 bons")?;
    says("2 bons à remettre")?;

    browser.follow("Liaisons")?;
    browser.follow("Bennetot")?;
    browser.follow("Retirer")?;
    browser.fill("reason", "volé")?;
    browser.fill("commune", "Alvimare")?;
    browser.press("Retirer ce poste")?;
    says("Ce n’est pas le nom de la commune de ce poste")?;
    browser.fill("commune", "Bennetot")?;
    browser.press("Retirer ce poste")?;
    says("Le poste est retiré")?;

    browser.press("Se déconnecter")?;
    says("Votre session est fermée")
}

/// Functions in the place of names: four delegates of the first eight communes, three of each of the others.
fn delegates(communes: &[&str]) -> String {
    let of = |commune: &str| {
        let elides = commune.starts_with(['A', 'E', 'H', 'Y']);
        if elides { format!("d’{commune}") } else { format!("de {commune}") }
    };
    let mut list = "Fonction;Nom;Commune;Début;Téléphone\r\n".to_owned();
    for (place, commune) in communes.iter().enumerate() {
        for number in 1..=if place < 8 { 4 } else { 3 } {
            let name = format!("Délégué {number} {}", of(commune));
            list += &format!(
                "délégué communautaire;{name};{commune};22/03/2026;02 35 {place:02} 00 0{number}\r\n"
            );
        }
    }
    list
}

/// After an election: 74 delegates of 22 communes come in as one list, of which two lines are wrong.
#[test]
fn a_whole_list_of_delegates_comes_in() -> Result<()> {
    let caux = Community::of(["Alvimare"])?;
    let [alvimare] = &caux.town_halls;
    let referent = &caux.referent;
    referent.trust_with_the_admin_page("Alvimare")?;
    let communes = include_str!("../data/communes.csv");
    let communes: Vec<&str> = communes.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    ensure!(communes.len() == 22, "{communes:?}");
    referent.add_communes(&communes)?;

    let list = delegates(&communes);
    ensure!(list.lines().count() == 75, "74 delegates and the titles");
    let wrong = list.replacen(";Foucart;", ";Foucard;", 1).replacen("02 35 05", "le matin 05", 1);
    let file = alvimare.node.folder().join("elus.csv");
    std::fs::write(&file, wrong)?;

    let browser = Browser::open(&alvimare.node)?;
    sign_in(&browser)?;
    is_for_everyone(&browser, &format!("{}/annuaire", admin()), "annuaire-vide")?;
    is_for_everyone(&browser, &format!("{}/annuaire/ajouter", admin()), "personne-nouvelle")?;
    is_for_everyone(&browser, &format!("{}/annuaire/listes", admin()), "listes")?;
    browser.choose("list", &file)?;
    tab_to(&browser, "at.innerText == 'Comparer avec l’annuaire'")?;
    enter(&browser, "2 lignes à corriger")?;
    is_for_everyone(&browser, &browser.address()?, "liste-a-corriger")?;
    let says = |text: &str| -> Result<()> {
        let page = browser.text()?;
        ensure!(page.contains(text), "{page} lacks {text}");
        Ok(())
    };
    says("n’est pas une commune de la communauté")?;
    says("n’est pas un numéro de téléphone")?;
    says("72 personnes nouvelles")?;
    let lines = browser.evaluate("document.querySelector('[name=lines]').value")?;
    let lines = lines.as_str().context("lines to correct")?.to_owned();
    let lines = lines.replace(";Foucard;", ";Foucart;").replace("le matin 05", "02 35 05");
    browser.fill("lines", &lines)?;
    browser.press("Vérifier de nouveau")?;
    says("74 personnes nouvelles")?;
    is_for_everyone(&browser, &browser.address()?, "liste")?;
    tab_to(&browser, "at.innerText == 'Appliquer ces changements'")?;
    enter(&browser, "La liste est appliquée")?;

    is_for_everyone(&browser, &format!("{}/annuaire", admin()), "annuaire")?;
    says("74 personnes")?;
    is_for_everyone(&browser, &format!("{}/annuaire/groupes", admin()), "groupes")?;
    is_for_everyone(&browser, &format!("{}/annuaire/groupes/conseil", admin()), "conseil")?;
    browser.visit(&format!("{}/annuaire?q=delegue+1+d+alvimare", admin()))?;
    browser.follow("Délégué 1 d’Alvimare")?;
    let person = browser.address()?;
    is_for_everyone(&browser, &person, "personne")?;
    is_for_everyone(&browser, &format!("{person}/fonctions/1"), "fonction")?;
    is_for_everyone(&browser, &format!("{person}/effacer"), "effacer")?;
    let commune = commune_path(&referent.overview()?, "Alvimare")?;
    is_for_everyone(&browser, &format!("{}{commune}/fiche", admin()), "fiche")?;

    // The same list again changes nothing.
    std::fs::write(&file, &list)?;
    browser.visit(&format!("{}/annuaire/listes", admin()))?;
    browser.choose("list", &file)?;
    browser.press("Comparer avec l’annuaire")?;
    says("L’annuaire dit déjà tout cela.")?;
    says("74 personnes de la liste restent comme elles sont.")?;

    is_for_everyone(&browser, &format!("{}/annuaire?q=yebleron", intranet()), "annuaire-mairie")?;
    says("3 personnes")?;
    says("Délégué 2 d’Yébleron")?;
    browser.visit(&intranet())?;
    browser.follow("Annuaire")?;
    says("Page suivante")
}

/// Where the keyboard is, and whether one sees it.
const FOCUS: &str = "(() => {
    const at = document.activeElement, style = getComputedStyle(at), box = at.getBoundingClientRect();
    return at != document.body && style.outlineStyle != 'none' && parseFloat(style.outlineWidth) >= 2 && box.width > 1
        && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
})()";

/// Goes on from element to element until the one that matches; every stop on the way is seen.
fn tab_to(browser: &Browser, condition: &str) -> Result<()> {
    for _ in 0..60 {
        browser.type_keys(keys::TAB)?;
        let at = browser.evaluate("document.activeElement.outerHTML.slice(0, 200)")?;
        ensure!(browser.evaluate(FOCUS)? == true, "one does not see that the keyboard is at {at}");
        if browser.evaluate(&format!("(at => {condition})(document.activeElement)"))? == true {
            return Ok(());
        }
    }
    bail!("the keyboard does not reach {condition} on {}", browser.address()?)
}

/// Presses Enter, and waits for the page that follows.
fn enter(browser: &Browser, expected: &str) -> Result<()> {
    browser.type_keys(keys::ENTER)?;
    until("the next page is there", SOON, || Ok(browser.text()?.contains(expected)))?;
    Ok(())
}

#[test]
fn a_machine_is_revoked_with_the_keyboard_alone() -> Result<()> {
    let caux = Community::of(["Alvimare", "Bennetot"])?;
    let [alvimare, _bennetot] = &caux.town_halls;
    caux.referent.trust_with_the_admin_page("Alvimare")?;
    let browser = Browser::open(&alvimare.node)?;
    browser.width(1280)?;
    browser.visit(&admin())?;
    tab_to(&browser, "at.matches('.skip')")?;
    browser.picture("clavier-debut")?;
    tab_to(&browser, "at.name == 'name'")?;
    browser.type_keys(REFERENT)?;
    tab_to(&browser, "at.name == 'password'")?;
    browser.type_keys(PASSWORD)?;
    enter(&browser, "Toutes les liaisons")?;

    tab_to(&browser, "at.innerText == 'Bennetot'")?;
    browser.picture("clavier-lien")?;
    enter(&browser, "Mairie de Bennetot")?;
    tab_to(&browser, "at.innerText == 'Retirer'")?;
    enter(&browser, "Retirer un poste")?;
    tab_to(&browser, "at.name == 'reason'")?;
    browser.type_keys("volé")?;
    tab_to(&browser, "at.name == 'commune'")?;
    browser.type_keys("bennetot")?;
    tab_to(&browser, "at.innerText == 'Retirer ce poste'")?;
    browser.picture("clavier-retirer")?;
    enter(&browser, "Le poste est retiré")?;
    assert_eq!(caux.referent.machines("Bennetot")?, []);
    Ok(())
}
