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

use anyhow::{Context, Result, ensure};
use beffroi_tests::{
    Browser, Community, DOMAIN, INSIDE, PASSWORD, Quality, REFERENT, Signer, World, admin, commune_path,
    intranet, sign_in_at, until,
};

const SOON: Duration = Duration::from_secs(30);

#[test]
fn the_home_page_is_for_everyone() -> Result<()> {
    let caux = Community::of(["Alvimare"])?;
    let [alvimare] = &caux.town_halls;
    let browser = Browser::open(&alvimare.node)?;
    browser.is_for_everyone(&intranet(), "accueil")?;
    ensure!(browser.text()?.contains("Mairie d’Alvimare"), "{}", browser.text()?);
    caux.referent.send(
        "/annonce",
        &[("title", "Coupure d’eau jeudi"), ("text", "De 9 h à midi.\n\nL’eau peut être trouble ensuite.")],
    )?;
    browser.is_for_everyone(&intranet(), "accueil-annonce")?;
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
    browser.is_for_everyone(&admin(), "connexion")?;
    sign_in_at(&browser)?;
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
        browser.is_for_everyone(&format!("{}{path}", admin()), name)?;
    }
    browser.visit(&format!("{}{}/appareil", admin(), commune_path(&overview, "Foucart")?))?;
    browser.fill("name", "Téléphone de l’accueil")?;
    browser.press("Ajouter l’appareil")?;
    browser.is_for_everyone(&browser.address()?, "appareil")
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
    sign_in_at(&browser)?;
    let page = format!("{}/reglages/cle", admin());
    browser.is_for_everyone(&page, "cle")?;
    browser.press("Préparer une nouvelle clé")?;
    until("Alvimare knows it", SOON, || {
        Ok(caux.referent.visit("/reglages/cle")?.text().contains("Un poste sur 2 la connaît"))
    })?;
    browser.is_for_everyone(&page, "cle-preparee")?;
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
    browser.is_for_everyone(&page, "cle-changee")
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
    sign_in_at(&browser)?;
    browser.is_for_everyone(&page, "mises-a-jour-vide")?;
    caux.referent.upload("/mises-a-jour/deposer", "release", &release)?;
    browser.is_for_everyone(&page, "mises-a-jour-prete")?;
    caux.referent.send("/mises-a-jour/proposer", &[("version", "900.0.0")])?;
    browser.is_for_everyone(&page, "mises-a-jour-proposee")?;
    caux.referent.send("/mises-a-jour/arreter", &[])?;
    browser.is_for_everyone(&page, "mises-a-jour-arretee")
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
    sign_in_at(&browser)?;
    browser.is_for_everyone(&admin(), "liaisons-jamais-vue")?;
    ensure!(browser.text()?.contains("1 jamais vue"), "{}", browser.text()?);
    browser.follow("Foucart")?;
    browser.is_for_everyone_as_it_is("commune-jamais-vue")?;
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
    sign_in_at(&browser)?;
    let commune = commune_path(&referent.overview()?, "Alvimare")?;
    browser.is_for_everyone(&format!("{}{commune}", admin()), "commune-90-jours")?;
    ensure!(browser.text()?.contains("En ligne 100"), "{}", browser.text()?);
    browser.is_for_everyone(&format!("{}/communes/disponibilite", admin()), "disponibilite")?;
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
    browser.is_for_everyone("https://127.0.0.1:8443/", "mise-en-service")?;
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
    browser.is_for_everyone_as_it_is("mise-en-service-refusee")?;
    fill(PASSWORD)?;
    ensure!(browser.text()?.contains("Bienvenue"), "{}", browser.text()?);
    browser.is_for_everyone_as_it_is("bienvenue")
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
    browser.is_for_everyone_as_it_is("mot-de-passe-oublie")?;
    browser.is_for_everyone("https://127.0.0.1:8443/installation", "nouveau-mot-de-passe")?;
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
    sign_in_at(&browser)?;
    browser.visit(&format!("{}/bons/nouveaux", admin()))?;
    browser.press("Créer les 3 bons")?;
    browser.is_for_everyone(&browser.address()?, "feuilles")?;
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
    sign_in_at(&browser)?;

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

#[test]
fn a_machine_is_revoked_with_the_keyboard_alone() -> Result<()> {
    let caux = Community::of(["Alvimare", "Bennetot"])?;
    let [alvimare, _bennetot] = &caux.town_halls;
    caux.referent.trust_with_the_admin_page("Alvimare")?;
    let browser = Browser::open(&alvimare.node)?;
    browser.width(1280)?;
    browser.visit(&admin())?;
    browser.tab_to("at.matches('.skip')")?;
    browser.picture("clavier-debut")?;
    browser.tab_to("at.name == 'name'")?;
    browser.type_keys(REFERENT)?;
    browser.tab_to("at.name == 'password'")?;
    browser.type_keys(PASSWORD)?;
    browser.enter("Toutes les liaisons")?;

    browser.tab_to("at.innerText == 'Bennetot'")?;
    browser.picture("clavier-lien")?;
    browser.enter("Mairie de Bennetot")?;
    browser.tab_to("at.innerText == 'Retirer'")?;
    browser.enter("Retirer un poste")?;
    browser.tab_to("at.name == 'reason'")?;
    browser.type_keys("volé")?;
    browser.tab_to("at.name == 'commune'")?;
    browser.type_keys("bennetot")?;
    browser.tab_to("at.innerText == 'Retirer ce poste'")?;
    browser.picture("clavier-retirer")?;
    browser.enter("Le poste est retiré")?;
    assert_eq!(caux.referent.machines("Bennetot")?, []);
    Ok(())
}
