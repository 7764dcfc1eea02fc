//! The first account, signing in and out, sessions that end, guessing.

use axum::http::StatusCode;

use crate::rig::{NAME, PASSWORD, REFERENTS_MACHINE, SERVER, TOWN_HALL, Visitor, rig};

async fn sign_in(visitor: &mut Visitor, name: &str, password: &str) -> crate::rig::Page {
    visitor.post("/connexion", &[("name", name), ("password", password), ("suite", "/annonce")]).await
}

#[tokio::test]
async fn a_wrong_set_up_code_makes_no_account_and_loses_nothing() {
    let rig = rig().await;
    let mut visitor = rig.at_admin(SERVER);
    let fields =
        [("code", "0000-0000-0000-0000"), ("name", NAME), ("password", PASSWORD), ("again", PASSWORD)];
    let page = visitor.post("/installation", &fields).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    page.shows("Ce n’est pas le bon code").hides(PASSWORD);
    assert_eq!(page.field("code"), "0000-0000-0000-0000");
    assert_eq!(page.field("name"), NAME);
    assert_eq!(visitor.get("/annonce").await.location(), "/installation");
}

#[tokio::test]
async fn what_is_typed_at_the_set_up_is_judged() {
    let rig = rig().await;
    let code = rig.code().to_lowercase();
    let mut visitor = rig.at_admin(SERVER);
    for (name, password, again, sentence) in [
        ("", PASSWORD, PASSWORD, "Écrivez votre prénom"),
        (NAME, "court", "court", "trop court"),
        (NAME, "motdepasse2026", "motdepasse2026", "vite deviné"),
        (NAME, PASSWORD, "trois vaches au pre", "ne sont pas les mêmes"),
    ] {
        let fields = [("code", &*code), ("name", name), ("password", password), ("again", again)];
        visitor.post("/installation", &fields).await.shows(sentence);
    }
    let fields = [("code", &*code), ("name", NAME), ("password", PASSWORD), ("again", PASSWORD)];
    assert_eq!(visitor.post("/installation", &fields).await.location(), "/");
    visitor.get("/compte").await.shows("Votre compte est créé").shows(NAME);
    visitor.get("/compte").await.hides("Votre compte est créé");
    visitor.get("/qui-a-fait-quoi").await.shows("a créé le compte");
}

#[tokio::test]
async fn the_set_up_code_serves_once() {
    let rig = rig().await;
    let code = rig.code();
    rig.referent().await;
    let fields = [("code", &*code), ("name", "Paul Petit"), ("password", PASSWORD), ("again", PASSWORD)];
    let page = rig.at_admin(SERVER).post("/installation", &fields).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    page.shows("Le premier compte existe déjà");
}

#[tokio::test]
async fn a_referent_signs_in_and_out() {
    let rig = rig().await;
    rig.referent().await;
    let mut visitor = rig.at_admin(REFERENTS_MACHINE);
    assert_eq!(visitor.get("/annonce").await.location(), "/connexion?suite=%2Fannonce");

    let page = sign_in(&mut visitor, NAME, "trois vaches au pre").await;
    page.shows("Le nom ou le mot de passe n’est pas le bon");
    assert_eq!((page.field("name"), page.field("suite")), (NAME, "/annonce"));
    sign_in(&mut visitor, "Paul Petit", PASSWORD).await.shows("n’est pas le bon");

    assert_eq!(sign_in(&mut visitor, "jeanne.lefevre", PASSWORD).await.location(), "/annonce");
    visitor.get("/annonce").await.shows(NAME);
    visitor.get("/qui-a-fait-quoi").await.shows("a ouvert sa session");

    assert_eq!(visitor.post("/deconnexion", &[]).await.location(), "/connexion");
    visitor.get("/connexion").await.shows("Votre session est fermée");
    assert_eq!(visitor.get("/annonce").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn signing_in_leads_to_this_door_only() {
    let rig = rig().await;
    rig.referent().await;
    let fields = [("name", NAME), ("password", PASSWORD), ("suite", "https://example.org/")];
    assert_eq!(rig.at_admin(SERVER).post("/connexion", &fields).await.location(), "/");
}

#[tokio::test]
async fn sessions_end_by_themselves() {
    let rig = rig().await;
    let mut idle = rig.referent().await;
    assert_eq!(idle.later(1).get("/annonce").await.status, StatusCode::OK);
    assert_eq!(idle.later(3).get("/annonce").await.status, StatusCode::SEE_OTHER);

    let mut busy = rig.at_admin(SERVER);
    sign_in(&mut busy, NAME, PASSWORD).await;
    for _ in 0..12 {
        assert_eq!(busy.later(1).get("/annonce").await.status, StatusCode::OK);
    }
    assert_eq!(busy.later(1).get("/annonce").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn what_was_written_when_the_session_ended_is_sent_after_signing_in() {
    let rig = rig().await;
    let mut visitor = rig.referent().await;
    visitor.later(3);
    let page = visitor.post("/annonce", &[("title", "Réunion & <vote>"), ("text", "Jeudi, à 18 h.")]).await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    page.shows("ce que vous aviez écrit est gardé");
    let (suite, fields) = (page.field("suite").to_owned(), page.field("fields").replace("&#38;", "&"));
    let page = visitor
        .post("/connexion", &[("name", NAME), ("password", PASSWORD), ("suite", &suite), ("fields", &fields)])
        .await;
    page.shows("pas encore été envoyé").shows("action=\"/annonce\"").shows("Réunion &#38; &#60;vote&#62;");
    let page = visitor.post("/annonce", &[("title", "Réunion & <vote>"), ("text", "Jeudi, à 18 h.")]).await;
    assert_eq!(page.location(), "/annonce");
    rig.at_portal(TOWN_HALL).get("/").await.shows("Réunion &#38; &#60;vote&#62;");
}

#[tokio::test]
async fn a_button_pressed_when_the_session_had_ended_is_pressed_again_after_signing_in() {
    let rig = rig().await;
    let mut visitor = rig.referent().await;
    let page = visitor.later(3).post("/bons/1/annuler", &[]).await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    let fields = [("name", NAME), ("password", PASSWORD), ("suite", page.field("suite")), ("fields", "")];
    assert_eq!(page.field("fields"), "");
    visitor.post("/connexion", &fields).await.shows("action=\"/bons/1/annuler\"").shows("<form");
}

#[tokio::test]
async fn what_fits_a_form_fits_behind_the_sign_in_page_and_more_is_refused_aloud() {
    let rig = rig().await;
    let mut visitor = rig.referent().await;
    visitor.later(3);
    // Three bytes for each sign, and nine when it is written into a field of another form.
    let long = "é".repeat(10_000);
    let page = visitor.post("/annonce", &[("title", "Réunion"), ("text", &long)]).await;
    let (suite, fields) = (page.field("suite").to_owned(), page.field("fields").replace("&#38;", "&"));
    assert_eq!(fields.len(), 60_024);
    let fields = [("name", NAME), ("password", PASSWORD), ("suite", &suite), ("fields", &fields)];
    visitor.post("/connexion", &fields).await.shows(&long);

    let page = visitor.later(3).post("/annonce", &[("text", &"a".repeat(70_000))]).await;
    assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
    page.shows("trop long pour être gardé");
}

#[tokio::test]
async fn pages_with_passwords_are_kept_nowhere() {
    let rig = rig().await;
    let mut visitor = rig.at_admin(SERVER);
    let page = visitor.get("/installation").await;
    assert_eq!(page.header("cache-control"), "no-store");
    let page = visitor.post("/installation", &[("code", "0000")]).await;
    assert_eq!(page.header("cache-control"), "no-store");
    let mut visitor = rig.referent().await;
    let page = visitor.get("/compte").await;
    assert_eq!(page.header("cache-control"), "no-store");
    let page = visitor.post("/compte", &[("current", "autre chose")]).await;
    assert_eq!(page.header("cache-control"), "no-store");
    visitor.later(3);
    for page in [
        visitor.get("/connexion").await,
        visitor.post("/annonce", &[("title", "Réunion")]).await,
        sign_in(&mut visitor, NAME, "autre chose").await,
        visitor.post("/connexion", &[("name", NAME), ("password", PASSWORD), ("fields", "")]).await,
    ] {
        assert_eq!(page.header("cache-control"), "no-store", "{}", page.text);
    }
}

#[tokio::test]
async fn a_page_that_refreshes_itself_keeps_no_session_open() {
    let rig = rig().await;
    let mut visitor = rig.referent().await;
    for _ in 0..2 {
        let page = visitor.later(1).get_with("/", &[("sec-fetch-dest", "empty")]).await;
        assert_eq!(page.status, StatusCode::OK);
    }
    let page = visitor.later(1).get_with("/", &[("sec-fetch-dest", "empty")]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);

    let mut visitor = rig.at_admin(SERVER);
    sign_in(&mut visitor, NAME, PASSWORD).await;
    for _ in 0..4 {
        let page = visitor.later(1).get_with("/", &[("sec-fetch-dest", "document")]).await;
        assert_eq!(page.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_password_sent_twice_is_changed_once() {
    const NEW: &str = "la brume du mardi";
    let rig = rig().await;
    let mut visitor = rig.referent().await;
    let once = visitor.get("/compte").await.field("once").to_owned();
    let fields = [("once", &*once), ("current", PASSWORD), ("password", NEW), ("again", NEW)];
    assert_eq!(visitor.post("/compte", &fields).await.location(), "/compte");
    assert_eq!(visitor.post("/compte", &fields).await.location(), "/compte", "sent again, it says the same");
    let page = visitor.get("/qui-a-fait-quoi").await;
    assert_eq!(page.text.matches("a changé de mot de passe").count(), 1);
}

#[tokio::test]
async fn guesses_at_once_are_counted_at_once() {
    let rig = rig().await;
    rig.referent().await;
    let guess = async || sign_in(&mut rig.at_admin(REFERENTS_MACHINE), NAME, "une autre phrase").await.status;
    let answers: [StatusCode; 3] = tokio::join!(guess(), guess(), guess()).into();
    let refused = answers.iter().filter(|status| **status == StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.count(), 1, "{answers:?}");
    assert_eq!(sign_in(&mut rig.at_admin(SERVER), NAME, PASSWORD).await.location(), "/annonce");
}

#[tokio::test]
async fn a_new_password_closes_the_other_sessions() {
    const NEW: &str = "la brume du mardi";
    let rig = rig().await;
    let mut here = rig.referent().await;
    let mut elsewhere = rig.at_admin(REFERENTS_MACHINE);
    sign_in(&mut elsewhere, NAME, PASSWORD).await;
    let change = |current, password| [("current", current), ("password", password), ("again", password)];
    here.post("/compte", &change("autre chose", NEW)).await.shows("n’est pas le bon");
    here.post("/compte", &change(PASSWORD, "court")).await.shows("trop court");
    assert_eq!(here.post("/compte", &change(PASSWORD, NEW)).await.location(), "/compte");
    here.get("/compte").await.shows("Le mot de passe est changé");
    assert_eq!(elsewhere.get("/compte").await.status, StatusCode::SEE_OTHER);
    sign_in(&mut elsewhere, NAME, PASSWORD).await.shows("n’est pas le bon");
    assert_eq!(sign_in(&mut elsewhere, NAME, NEW).await.location(), "/annonce");
}

#[tokio::test]
async fn who_guesses_has_to_wait_and_the_others_do_not() {
    let rig = rig().await;
    rig.referent().await;
    let mut guesser = rig.at_admin(REFERENTS_MACHINE);
    for _ in 0..5 {
        sign_in(&mut guesser, NAME, "une autre phrase").await.shows("n’est pas le bon");
    }
    let page = sign_in(&mut guesser, NAME, PASSWORD).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    page.shows("Trop d’essais");
    assert_eq!(page.field("name"), NAME);
    assert_eq!(sign_in(&mut rig.at_admin(SERVER), NAME, PASSWORD).await.location(), "/annonce");
}
