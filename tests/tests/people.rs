//! The directory as people meet it.
//!
//! ```text
//!   alvimare (agent, Chromium)      passerelle (netd, gateway)
//!      | https://intranet.…            |
//!      | https://admin.…:8443          |
//!   ───┴───────────────────────────────┴─────
//! ```

use anyhow::{Context, Result, ensure};
use beffroi_tests::{Browser, Community, admin, commune_path, intranet, sign_in_at};

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
    sign_in_at(&browser)?;
    browser.is_for_everyone(&format!("{}/annuaire", admin()), "annuaire-vide")?;
    browser.is_for_everyone(&format!("{}/annuaire/ajouter", admin()), "personne-nouvelle")?;
    browser.is_for_everyone(&format!("{}/annuaire/listes", admin()), "listes")?;
    browser.choose("list", &file)?;
    browser.tab_to("at.innerText == 'Comparer avec l’annuaire'")?;
    browser.enter("2 lignes à corriger")?;
    browser.is_for_everyone(&browser.address()?, "liste-a-corriger")?;
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
    browser.is_for_everyone(&browser.address()?, "liste")?;
    browser.tab_to("at.innerText == 'Appliquer ces changements'")?;
    browser.enter("La liste est appliquée")?;

    browser.is_for_everyone(&format!("{}/annuaire", admin()), "annuaire")?;
    says("74 personnes")?;
    browser.is_for_everyone(&format!("{}/annuaire/groupes", admin()), "groupes")?;
    browser.is_for_everyone(&format!("{}/annuaire/groupes/conseil", admin()), "conseil")?;
    browser.visit(&format!("{}/annuaire?q=delegue+1+d+alvimare", admin()))?;
    browser.follow("Délégué 1 d’Alvimare")?;
    let person = browser.address()?;
    browser.is_for_everyone(&person, "personne")?;
    browser.is_for_everyone(&format!("{person}/fonctions/1"), "fonction")?;
    browser.is_for_everyone(&format!("{person}/effacer"), "effacer")?;
    let commune = commune_path(&referent.overview()?, "Alvimare")?;
    browser.is_for_everyone(&format!("{}{commune}/fiche", admin()), "fiche")?;

    // The same list again changes nothing.
    std::fs::write(&file, &list)?;
    browser.visit(&format!("{}/annuaire/listes", admin()))?;
    browser.choose("list", &file)?;
    browser.press("Comparer avec l’annuaire")?;
    says("L’annuaire dit déjà tout cela.")?;
    says("74 personnes de la liste restent comme elles sont.")?;

    browser.is_for_everyone(&format!("{}/annuaire?q=yebleron", intranet()), "annuaire-mairie")?;
    says("3 personnes")?;
    says("Délégué 2 d’Yébleron")?;
    browser.visit(&intranet())?;
    browser.follow("Annuaire")?;
    says("Page suivante")
}
