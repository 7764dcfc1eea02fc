//! The notice: written at the admin door, read in every town hall.

use axum::http::StatusCode;

use crate::rig::{SERVER, TOWN_HALL, rig};

#[tokio::test]
async fn a_notice_is_read_in_the_town_halls() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    rig.at_portal(TOWN_HALL).get("/").await.shows("Pas d’annonce en ce moment");
    let page = referent.get("/annonce").await;
    let fields = [
        ("once", page.field("once")),
        ("title", "  Réunion   du conseil "),
        ("text", "Jeudi à 18 h 30.\r\n\r\nLes suppléants sont les bienvenus."),
    ];
    assert_eq!(referent.post("/annonce", &fields).await.location(), "/annonce");
    referent
        .get("/annonce")
        .await
        .shows("L’annonce est publiée")
        .shows("Jeanne Lefèvre, le 24 novembre 2026");
    rig.at_portal(TOWN_HALL)
        .get("/")
        .await
        .shows("<h3>Réunion du conseil</h3>")
        .shows("<p class=\"text\">Les suppléants sont les bienvenus.</p>")
        .shows("24 novembre 2026");
    referent.get("/qui-a-fait-quoi").await.shows("a publié l’annonce").shows("Réunion du conseil");
}

#[tokio::test]
async fn a_notice_that_is_refused_is_kept_as_typed() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    let long = "Une phrase de trente caractères. ".repeat(70);
    let page = referent.post("/annonce", &[("title", "Réunion"), ("text", &long)]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    page.shows("Le texte est trop long de 309 caractères").shows(long.trim());
    assert_eq!(page.field("title"), "Réunion");
    referent.post("/annonce", &[("text", "Jeudi")]).await.shows("Donnez un titre").shows("Jeudi</textarea>");
    referent.post("/annonce", &[("title", "Réunion")]).await.shows("Écrivez le texte");
    rig.at_portal(TOWN_HALL).get("/").await.shows("Pas d’annonce en ce moment");
}

#[tokio::test]
async fn a_notice_posted_twice_is_published_once() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    let once = referent.get("/annonce").await.field("once").to_owned();
    for _ in 0..2 {
        let fields = [("once", &*once), ("title", "Réunion"), ("text", "Jeudi")];
        assert_eq!(referent.post("/annonce", &fields).await.location(), "/annonce");
    }
    referent.get("/annonce").await.hides("Annonces précédentes");
}

#[tokio::test]
async fn nobody_overwrites_a_notice_unseen() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    referent.post("/annonce", &[("title", "Première"), ("text", "Un")]).await;
    let page = referent.post("/annonce", &[("title", "Seconde"), ("text", "Deux")]).await;
    page.shows("a publié une autre annonce entre-temps").shows("Première").shows("Deux</textarea>");
    let fields = [("seen", page.field("seen")), ("title", "Seconde"), ("text", "Deux")];
    assert_eq!(referent.post("/annonce", &fields).await.location(), "/annonce");
    referent.get("/annonce").await.shows("Annonces précédentes").shows("Première");
    rig.at_portal(TOWN_HALL).get("/").await.shows("Seconde").hides("Première");
}

#[tokio::test]
async fn a_notice_is_withdrawn() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    referent.post("/annonce", &[("title", "Réunion"), ("text", "Jeudi")]).await;
    let page = referent.get("/annonce").await;
    for _ in 0..2 {
        let fields = [("id", page.field("id"))];
        assert_eq!(referent.post("/annonce/retirer", &fields).await.location(), "/annonce");
    }
    referent
        .get("/annonce")
        .await
        .shows("Il n’y a pas d’annonce sur l’accueil")
        .shows("Annonces précédentes");
    rig.at_portal(TOWN_HALL).get("/").await.shows("Pas d’annonce").hides("Réunion");
}

#[tokio::test]
async fn a_form_that_another_site_sends_is_refused() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    for headers in [
        [("sec-fetch-site", "cross-site")],
        [("sec-fetch-site", "same-site")],
        [("origin", "https://example.org")],
        [("origin", "null")],
    ] {
        let page = referent.post_with("/annonce", &[("title", "Piège"), ("text", "Piège")], &headers).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{headers:?}");
        page.shows("Cette demande vient d’un autre site");
    }
    rig.at_portal(TOWN_HALL).get("/").await.hides("Piège");
    let ours = [("origin", "https://beffroi")];
    let page = rig.at_admin(SERVER).post_with("/connexion", &[], &ours).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
}
