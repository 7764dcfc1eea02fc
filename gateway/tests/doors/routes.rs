//! Every route of every door against every role. A route that is not in these lists fails the test.

use axum::http::{Method, StatusCode};
use beffroi_gateway::access::Audience::{self, Anyone, Referent, SetUp, TownHall};
use beffroi_gateway::{admin, portal};

use crate::rig::{
    GATEWAYS, GUESTS, NOBODYS, Page, REFERENTS_MACHINE, REVOKED, Rig, SERVER, TOWN_HALL, Visitor, rig,
};

const ADMIN: &[(&str, &str, Audience)] = &[
    ("GET", "/", Referent),
    ("GET", "/annonce", Referent),
    ("POST", "/annonce", Referent),
    ("POST", "/annonce/retirer", Referent),
    ("GET", "/annuaire", Referent),
    ("GET", "/annuaire/ajouter", Referent),
    ("POST", "/annuaire/ajouter", Referent),
    ("GET", "/annuaire/groupes", Referent),
    ("POST", "/annuaire/groupes", Referent),
    ("GET", "/annuaire/groupes/{group}", Referent),
    ("POST", "/annuaire/groupes/{group}/ajouter", Referent),
    ("POST", "/annuaire/groupes/{group}/nom", Referent),
    ("POST", "/annuaire/groupes/{group}/retirer", Referent),
    ("POST", "/annuaire/groupes/{group}/supprimer", Referent),
    ("GET", "/annuaire/listes", Referent),
    ("POST", "/annuaire/listes", Referent),
    ("GET", "/annuaire/listes/{list}", Referent),
    ("POST", "/annuaire/listes/{list}", Referent),
    ("GET", "/annuaire/listes/{list}/a-corriger", Referent),
    ("POST", "/annuaire/listes/{list}/abandonner", Referent),
    ("POST", "/annuaire/listes/{list}/fichier", Referent),
    ("POST", "/annuaire/listes/{list}/lignes", Referent),
    ("POST", "/annuaire/listes/{list}/reponses", Referent),
    ("GET", "/annuaire/modele", Referent),
    ("GET", "/annuaire/personnes/{person}", Referent),
    ("GET", "/annuaire/personnes/{person}/coordonnees", Referent),
    ("POST", "/annuaire/personnes/{person}/coordonnees", Referent),
    ("GET", "/annuaire/personnes/{person}/donnees", Referent),
    ("GET", "/annuaire/personnes/{person}/effacer", Referent),
    ("POST", "/annuaire/personnes/{person}/effacer", Referent),
    ("GET", "/annuaire/personnes/{person}/fonctions", Referent),
    ("POST", "/annuaire/personnes/{person}/fonctions", Referent),
    ("GET", "/annuaire/personnes/{person}/fonctions/{mandate}", Referent),
    ("POST", "/annuaire/personnes/{person}/fonctions/{mandate}", Referent),
    ("POST", "/annuaire/personnes/{person}/fonctions/{mandate}/retirer", Referent),
    ("GET", "/annuaire/tableau", Referent),
    ("GET", "/appareils/autorite", Referent),
    ("GET", "/appareils/{machine}", Referent),
    ("GET", "/appareils/{machine}/configuration", Referent),
    ("GET", "/bons", Referent),
    ("GET", "/bons/feuilles", Referent),
    ("GET", "/bons/feuilles.pdf", Referent),
    ("GET", "/bons/nouveaux", Referent),
    ("POST", "/bons/nouveaux", Referent),
    ("POST", "/bons/{invitation}/annuler", Referent),
    ("GET", "/bons/{invitation}/fichier", Referent),
    ("GET", "/communes/ajouter", Referent),
    ("POST", "/communes/ajouter", Referent),
    ("GET", "/communes/disponibilite", Referent),
    ("GET", "/communes/{commune}", Referent),
    ("GET", "/communes/{commune}/appareil", Referent),
    ("POST", "/communes/{commune}/appareil", Referent),
    ("GET", "/communes/{commune}/fiche", Referent),
    ("POST", "/communes/{commune}/fiche", Referent),
    ("GET", "/communes/{commune}/heures", Referent),
    ("POST", "/communes/{commune}/heures", Referent),
    ("GET", "/communes/{commune}/nom", Referent),
    ("POST", "/communes/{commune}/nom", Referent),
    ("GET", "/communes/{commune}/supprimer", Referent),
    ("POST", "/communes/{commune}/supprimer", Referent),
    ("GET", "/compte", Referent),
    ("POST", "/compte", Referent),
    ("GET", "/connexion", Anyone),
    ("POST", "/connexion", Anyone),
    ("POST", "/deconnexion", Anyone),
    ("GET", "/guide", Anyone),
    ("GET", "/installation", SetUp),
    ("POST", "/installation", SetUp),
    ("GET", "/mises-a-jour", Referent),
    ("POST", "/mises-a-jour/arreter", Referent),
    ("POST", "/mises-a-jour/deposer", Referent),
    ("POST", "/mises-a-jour/proposer", Referent),
    ("POST", "/mises-a-jour/suite", Referent),
    ("POST", "/postes/{machine}/cle", Referent),
    ("POST", "/postes/{machine}/debit", Referent),
    ("GET", "/postes/{machine}/nom", Referent),
    ("POST", "/postes/{machine}/nom", Referent),
    ("GET", "/postes/{machine}/ordinateurs", Referent),
    ("POST", "/postes/{machine}/ordinateurs", Referent),
    ("GET", "/postes/{machine}/remplacer", Referent),
    ("POST", "/postes/{machine}/remplacer", Referent),
    ("GET", "/postes/{machine}/retirer", Referent),
    ("POST", "/postes/{machine}/retirer", Referent),
    ("POST", "/postes/{machine}/role", Referent),
    ("GET", "/qui-a-fait-quoi", Referent),
    ("GET", "/qui-a-fait-quoi/tableau", Referent),
    ("GET", "/reglages", Referent),
    ("GET", "/reglages/cle", Referent),
    ("POST", "/reglages/cle/changer", Referent),
    ("POST", "/reglages/cle/preparer", Referent),
    ("POST", "/reglages/cle/renoncer", Referent),
    ("POST", "/reglages/secours", Referent),
];

const PORTAL: &[(&str, &str, Audience)] = &[("GET", "/", TownHall), ("GET", "/annuaire", TownHall)];

#[test]
fn every_route_is_in_the_list() {
    let mut admin: Vec<_> =
        admin::routes().iter().map(|route| (route.path, route.method.clone(), route.who)).collect();
    admin.sort_by_key(|(path, method, _)| (*path, method.to_string()));
    check(&admin, ADMIN);
    let portal: Vec<_> =
        portal::routes().iter().map(|route| (route.path, route.method.clone(), route.who)).collect();
    check(&portal, PORTAL);
}

fn check(table: &[(&str, Method, Audience)], list: &[(&str, &str, Audience)]) {
    let table: Vec<String> =
        table.iter().map(|(path, method, who)| format!("{method} {path} {who:?}")).collect();
    let list: Vec<String> =
        list.iter().map(|(method, path, who)| format!("{method} {path} {who:?}")).collect();
    assert_eq!(table, list);
}

#[tokio::test]
async fn every_route_is_guarded() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    for (method, path, who) in ADMIN {
        for address in [TOWN_HALL, REVOKED, NOBODYS, GUESTS] {
            let page = ask(&mut rig.at_admin(address), method, path).await;
            assert_eq!(page.status, StatusCode::FORBIDDEN, "{method} {path} from {address}");
        }
        for address in [SERVER, REFERENTS_MACHINE] {
            let page = ask(&mut rig.at_admin(address), method, path).await;
            let expected = match (who, *method) {
                (Anyone, _) => continue,
                (Referent, "GET") => (StatusCode::SEE_OTHER, true),
                (Referent, _) => (StatusCode::UNAUTHORIZED, false),
                (SetUp, "GET") => (StatusCode::SEE_OTHER, false),
                (SetUp, _) => (StatusCode::CONFLICT, false),
                (TownHall, _) => (StatusCode::FORBIDDEN, false),
            };
            let got = (page.status, page.location().starts_with("/connexion"));
            assert_eq!(got, expected, "{method} {path} from {address}, not signed in");
        }
        if *who == Referent && *method == "GET" {
            let page = ask(&mut referent, method, path).await;
            // What was not made is not there, nor is it forbidden: a sheet, a file, a configuration, a person.
            let is_secret = [
                "/bons/feuilles",
                "/bons/{invitation}/fichier",
                "/appareils/{machine}",
                "/annuaire/groupes/{group}",
                "/annuaire/listes/{list}",
                "/annuaire/personnes/{person}",
            ]
            .iter()
            .any(|secret| path.starts_with(secret));
            assert!(
                page.status == StatusCode::OK || is_secret,
                "{method} {path} as a referent: {}",
                page.status
            );
            assert_ne!(page.status, StatusCode::FORBIDDEN, "{method} {path} as a referent");
        }
    }
    for (method, path, _) in PORTAL {
        for address in [SERVER, REVOKED, NOBODYS] {
            let page = ask(&mut rig.at_portal(address), method, path).await;
            assert_eq!(page.status, StatusCode::FORBIDDEN, "{method} {path} from {address}");
        }
        for address in [TOWN_HALL, REFERENTS_MACHINE] {
            let page = ask(&mut rig.at_portal(address), method, path).await;
            assert_eq!(page.status, StatusCode::OK, "{method} {path} from {address}");
        }
    }
}

#[tokio::test]
async fn every_page_leads_to_the_paragraph_that_explains_it() {
    let rig = rig().await;
    let before = rig.at_admin(SERVER).get("/installation").await;
    let mut referent = rig.referent().await;
    let guide = referent.get("/guide").await;
    let mut pages = vec![("/installation", before)];
    for (method, path, who) in ADMIN {
        if *method == "GET" && *path != "/guide" && matches!(who, Referent | Anyone) {
            pages.push((*path, ask(&mut referent, method, path).await));
        }
    }
    for (path, page) in pages {
        if !page.header("content-type").starts_with("text/html") {
            continue;
        }
        let link = page.text.split_once("href=\"/guide#").and_then(|(_, rest)| rest.split_once('"'));
        let (anchor, _) = link.unwrap_or_else(|| panic!("{path} leads to no paragraph:\n{}", page.text));
        guide.shows(&format!(" id=\"{anchor}\""));
    }
}

#[tokio::test]
async fn before_the_first_account_every_page_leads_to_the_set_up() {
    let rig = rig().await;
    for (method, path, who) in ADMIN {
        let page = ask(&mut rig.at_admin(SERVER), method, path).await;
        if matches!(who, Referent) {
            assert_eq!(page.location(), "/installation", "{method} {path}");
        }
    }
    is_there(&rig, "/installation").await;
}

async fn is_there(rig: &Rig, path: &str) {
    let page = rig.at_admin(SERVER).get(path).await;
    assert_eq!(page.status, StatusCode::OK, "{path}");
}

#[tokio::test]
async fn what_is_not_in_the_table_is_not_there() {
    let rig = rig().await;
    let page = rig.at_portal(TOWN_HALL).get("/annonce").await;
    page.shows("Cette page n’existe pas");
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    let page = rig.at_portal(TOWN_HALL).post("/", &[]).await;
    assert_eq!(page.status, StatusCode::METHOD_NOT_ALLOWED);
    page.shows("Revenez à l’accueil");
}

async fn ask(visitor: &mut Visitor, method: &str, path: &str) -> Page {
    let path = path.replace("{commune}", "1").replace("{machine}", "256").replace("{invitation}", "1");
    let path =
        ["{group}", "{list}", "{mandate}", "{person}"].iter().fold(path, |path, id| path.replace(id, "1"));
    if method == "GET" { visitor.get(&path).await } else { visitor.post(&path, &[]).await }
}

/// Whatever the firewall lets through: who calls the tunnel's address is not the server itself.
#[tokio::test]
async fn the_admin_page_is_decided_by_both_ends_of_the_line() {
    let rig = rig().await;
    rig.referent().await;
    for (from, to, expected) in [
        (SERVER, SERVER, StatusCode::SEE_OTHER),
        ("192.168.1.7", "192.168.1.2", StatusCode::SEE_OTHER),
        (REFERENTS_MACHINE, GATEWAYS, StatusCode::SEE_OTHER),
        ("192.168.1.7", GATEWAYS, StatusCode::FORBIDDEN),
        (GUESTS, SERVER, StatusCode::FORBIDDEN),
        (GUESTS, GATEWAYS, StatusCode::FORBIDDEN),
        (TOWN_HALL, SERVER, StatusCode::FORBIDDEN),
        (SERVER, "198.18.0.1", StatusCode::FORBIDDEN),
    ] {
        let page = rig.at_admin(from).calling(to).get("/annonce").await;
        assert_eq!(page.status, expected, "from {from} to {to}");
    }
}
