//! Every route of every door against every role. A route that is not in these lists fails the test.

use axum::http::{Method, StatusCode};
use beffroi_gateway::access::Audience::{self, Anyone, Referent, SetUp, TownHall};
use beffroi_gateway::{admin, portal};

use crate::rig::{NOBODYS, Page, REFERENTS_MACHINE, REVOKED, Rig, SERVER, TOWN_HALL, Visitor, rig};

const ADMIN: &[(&str, &str, Audience)] = &[
    ("GET", "/annonce", Referent),
    ("POST", "/annonce", Referent),
    ("POST", "/annonce/retirer", Referent),
    ("GET", "/compte", Referent),
    ("POST", "/compte", Referent),
    ("GET", "/connexion", Anyone),
    ("POST", "/connexion", Anyone),
    ("POST", "/deconnexion", Anyone),
    ("GET", "/installation", SetUp),
    ("POST", "/installation", SetUp),
    ("GET", "/qui-a-fait-quoi", Referent),
];

const PORTAL: &[(&str, &str, Audience)] = &[("GET", "/", TownHall)];

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
        for address in [TOWN_HALL, REVOKED, NOBODYS] {
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
            assert_eq!(page.status, StatusCode::OK, "{method} {path} as a referent");
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
    if method == "GET" { visitor.get(&path).await } else { visitor.post(&path, &[]).await }
}
