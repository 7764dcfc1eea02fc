//! The links: all of them, a commune's, and what a referent does with its machines.

use std::time::Instant;

use axum::http::StatusCode;
use beffroi_protocol::probe::Probe;

use crate::rig::{SERVER, TOWN_HALL, rig};

fn probe() -> Probe {
    Probe {
        sequence: 1,
        round_trip: Some(45_000),
        sent: 32,
        answered: 24,
        version: "0.1.0".to_owned(),
        ..Probe::default()
    }
}

#[tokio::test]
async fn what_wants_attention_is_seen_first() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    referent.post("/communes/ajouter", &[("text", "Yébleron\nFoucart")]).await;
    assert!(rig.board.heard("256".parse().expect("a number"), &probe(), Instant::now()));
    let page = referent.get("/").await;
    page.shows("1 jamais vue").shows("1 en ligne").shows("2 communes sans poste");
    page.shows("45\u{a0}ms").shows("25\u{a0}%").shows("0.1.0").hides("Perdu").hides("ne répond plus");
    let table = page.text.split("<tbody").nth(1).expect("a table");
    let place = |word: &str| table.find(word).unwrap_or_else(|| panic!("{word} is shown"));
    assert!(place("Référent") < place("Accueil"), "the one that was never seen comes first");

    rig.board.unread(Instant::now());
    referent.get("/").await.shows("Le service des liaisons ne répond plus");
    referent.get("/communes/1").await.shows("Le service des liaisons ne répond plus");
}

#[tokio::test]
async fn a_commune_shows_its_machines_and_their_words() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    let page = referent.get("/communes/1").await;
    page.shows("<h1>Mairie d’Alvimare</h1>")
        .shows("Quatre mots")
        .shows("10.66.1.0")
        .shows("fda6:8423:71b7::100")
        .shows("Ce poste ouvre la page d’administration")
        .shows("retiré le 24 novembre 2026 par essai");
    referent.post("/communes/ajouter", &[("text", "Foucart")]).await;
    let page = referent.get("/communes/2").await;
    let live =
        page.text.split("id=\"postes\" data-live").nth(1).expect("the list of machines follows the network");
    assert!(live.split("</div>").next().expect("it ends").contains("pas encore de poste"), "{}", page.text);
    assert_eq!(referent.get("/communes/77").await.status, StatusCode::NOT_FOUND);
    assert_eq!(referent.get("/communes/abc").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn revoking_asks_for_a_reason_and_the_name_of_the_commune() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    rig.at_portal(TOWN_HALL).get("/").await.shows("Mairie d’Alvimare");
    let check = async |referent: &mut crate::rig::Visitor, reason: &str, commune: &str, sentence: &str| {
        let fields = [("reason", reason), ("commune", commune)];
        let page = referent.post("/postes/256/retirer", &fields).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{reason} {commune}");
        page.shows(sentence);
        assert_eq!(page.field("commune"), commune);
    };
    check(&mut referent, " ", "Alvimare", "Dites pourquoi").await;
    check(&mut referent, "volé", "", "Tapez\u{a0}: Alvimare").await;
    check(&mut referent, "volé", "Foucart", "Tapez\u{a0}: Alvimare").await;
    check(&mut referent, &"x".repeat(301), "Alvimare", "300 caractères").await;
    assert_eq!(rig.at_portal(TOWN_HALL).get("/").await.status, StatusCode::OK);

    for _ in 0..2 {
        let fields = [("reason", "volé dans la nuit"), ("commune", " alvimare")];
        assert_eq!(referent.post("/postes/256/retirer", &fields).await.location(), "/communes/1");
    }
    referent.get("/communes/1").await.shows("déjà été retiré").shows("volé dans la nuit");
    assert_eq!(rig.at_portal(TOWN_HALL).get("/").await.status, StatusCode::FORBIDDEN);
    let acts = referent.get("/qui-a-fait-quoi").await;
    assert_eq!(acts.text.matches("a retiré le poste").count(), 1);
    assert_eq!(referent.get("/postes/256/retirer").await.location(), "/communes/1");
}

#[tokio::test]
async fn a_machine_gets_another_name() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    assert_eq!(referent.get("/postes/256/nom").await.field("name"), "Accueil");
    for (name, sentence) in [
        (" ", "Écrivez un nom"),
        ("référent", "Un autre poste de cette mairie"),
        (&*"é".repeat(65), "64 caractères au plus"),
        ("a\u{202e}b", "caractère invisible"),
    ] {
        let page = referent.post("/postes/256/nom", &[("name", name)]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        page.shows(sentence);
        assert_eq!(page.field("name"), name);
    }
    for _ in 0..2 {
        let page = referent.post("/postes/256/nom", &[("name", " Secrétariat  général ")]).await;
        assert_eq!(page.location(), "/communes/1");
    }
    let page = referent.get("/communes/1").await;
    page.shows("Secrétariat général").shows("s’appelait Accueil").hides("s’appelait Secrétariat");
}

#[tokio::test]
async fn a_commune_gets_another_name() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    referent.post("/communes/ajouter", &[("text", "Foucart")]).await;
    let page = referent.post("/communes/1/nom", &[("name", "FOUCART")]).await;
    page.shows("Une autre commune porte déjà ce nom");
    for _ in 0..2 {
        let page = referent.post("/communes/1/nom", &[("name", "Alvimare-en-Caux")]).await;
        assert_eq!(page.location(), "/communes/1");
    }
    referent.get("/communes/1").await.shows("Mairie d’Alvimare-en-Caux");
    rig.at_portal(TOWN_HALL).get("/").await.shows("Mairie d’Alvimare-en-Caux");
    referent
        .get("/qui-a-fait-quoi")
        .await
        .shows("a renommé la commune")
        .shows("s’appelait Alvimare")
        .hides("s’appelait Alvimare-");
}

#[tokio::test]
async fn the_admin_page_opens_on_a_machine_and_closes_again() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    assert_eq!(rig.at_admin(TOWN_HALL).get("/connexion").await.status, StatusCode::FORBIDDEN);
    let page = referent.post("/postes/256/role", &[("role", "referent")]).await;
    assert_eq!(page.location(), "/communes/1");
    assert_eq!(rig.at_admin(TOWN_HALL).get("/connexion").await.status, StatusCode::OK);
    for _ in 0..2 {
        referent.post("/postes/256/role", &[("role", "mairie")]).await;
    }
    assert_eq!(rig.at_admin(TOWN_HALL).get("/connexion").await.status, StatusCode::FORBIDDEN);
    let acts = referent.get("/qui-a-fait-quoi").await;
    assert_eq!(acts.text.matches("a fermé l’administration au poste").count(), 1);

    let page = referent.post("/postes/258/role", &[("role", "referent")]).await;
    assert_eq!(page.status, StatusCode::CONFLICT, "a machine that was revoked has no role");
    page.shows("déjà été retiré");
    let page = referent.post("/postes/256/role", &[("role", "maire")]).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert_eq!(rig.at_admin(SERVER).get("/").await.status, StatusCode::SEE_OTHER);
}
