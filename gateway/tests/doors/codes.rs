//! A referent who has no password, and the code that the server's administrator has made.
//!
//! The code is given at the time of the clock, to which the visitors of these tests are therefore moved.

use axum::http::StatusCode;
use beffroi_gateway::control::Subject;
use serde_json::Value;

use crate::rig::{NAME, PASSWORD, REFERENTS_MACHINE, Rig, SERVER, Visitor, rig};

const NEW: &str = "la brume du mardi";

/// A code for that name, as the command shows it.
async fn code(rig: &Rig, name: &str) -> String {
    let answer = rig.command(Subject::Account, name).await.expect("a code is given");
    let answer: Value = serde_json::from_str(&answer).expect("it is JSON");
    answer["Given"]["code"].as_str().expect("there is a code").to_owned()
}

async fn set(visitor: &mut Visitor, code: &str, name: &str, password: &str) -> crate::rig::Page {
    let fields = [("code", code), ("name", name), ("password", password), ("again", password)];
    visitor.post("/installation", &fields).await
}

#[tokio::test]
async fn a_lone_referent_who_forgot_the_password_sets_another() {
    let rig = rig().await;
    let mut before = rig.referent().await;
    before.now();
    let names = rig.command(Subject::Account, "").await.expect("the names are told");
    assert_eq!(names, format!("{{\"Names\":[\"{NAME}\"]}}"));
    let code = code(&rig, "jeanne lefevre").await;

    let mut visitor = rig.at_admin(REFERENTS_MACHINE);
    visitor.now();
    visitor.get("/connexion").await.shows("Mot de passe oublié").shows("href=\"/installation\"");
    let page = visitor.get("/installation").await;
    page.shows("Nouveau mot de passe").shows("affichés par");
    let page = set(&mut visitor, &code, "Paul Petit", NEW).await;
    page.shows("Ce code est celui du compte").shows(NAME);
    assert_eq!((page.field("code"), page.field("name")), (&*code, "Paul Petit"));
    set(&mut visitor, "0000-0000-0000-0000", NAME, NEW).await.shows("Ce n’est pas le bon code");
    assert_eq!(set(&mut visitor, &code, NAME, NEW).await.location(), "/");
    visitor
        .get("/qui-a-fait-quoi")
        .await
        .shows("a donné un code pour le compte")
        .shows("a changé de mot de passe")
        .shows("avec un code donné sur le serveur")
        .hides(&code);

    assert_eq!(before.get("/compte").await.status, StatusCode::SEE_OTHER, "its sessions are closed");
    let sign_in = async |password| {
        rig.at_admin(SERVER).post("/connexion", &[("name", NAME), ("password", password)]).await.status
    };
    assert_eq!(sign_in(PASSWORD).await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(sign_in(NEW).await, StatusCode::SEE_OTHER);

    let again = set(&mut visitor, &code, NAME, PASSWORD).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "a code serves once");
    visitor.get("/connexion").await.hides("href=\"/installation\"");
}

#[tokio::test]
async fn a_code_for_a_new_name_makes_an_account() {
    let rig = rig().await;
    rig.referent().await;
    let code = code(&rig, "Le référent de Foucart").await;
    let mut visitor = rig.at_admin(SERVER);
    visitor.now();
    assert_eq!(set(&mut visitor, &code, "Le référent de Foucart", NEW).await.location(), "/");
    visitor.get("/qui-a-fait-quoi").await.shows("a créé le compte").shows("Le référent de Foucart");
    let names = rig.command(Subject::Account, "").await.expect("the names are told");
    assert!(names.contains(NAME) && names.contains("Le référent de Foucart"), "{names}");
}

#[tokio::test]
async fn a_code_is_good_for_a_day_and_the_last_one_that_was_given() {
    let rig = rig().await;
    rig.referent().await;
    let mut visitor = rig.at_admin(SERVER);
    let (first, second) = (code(&rig, NAME).await, code(&rig, NAME).await);
    visitor.now();
    set(&mut visitor, &first, NAME, NEW).await.shows("Ce n’est pas le bon code");
    let page = set(visitor.later(25), &second, NAME, NEW).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn what_is_no_name_gets_no_code() {
    let rig = rig().await;
    let refused = rig.command(Subject::Account, &"a".repeat(81)).await.expect_err("it is no name");
    assert!(refused.contains("80 caractères au plus"), "{refused}");
}
