//! A machine that lets other computers of its town hall in: who is chosen, and what is said of it.

use axum::http::StatusCode;

use crate::rig::rig;

const PAGE: &str = "/postes/256/ordinateurs";

#[tokio::test]
async fn a_referent_chooses_who_is_let_in() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    referent.get("/communes/1").await.hides("Laisse entrer").shows(PAGE);
    let form = [("qui", "choisis"), ("adresses", "192.168.1.30-39\n192.168.1.20")];
    for _ in 0..2 {
        assert_eq!(referent.post(PAGE, &form).await.location(), "/communes/1");
    }
    let page = referent.get("/communes/1").await;
    page.shows("Laisse entrer")
        .shows("192.168.1.20, 192.168.1.30 à 192.168.1.39")
        .shows("pas encore confirmé");
    referent
        .get(PAGE)
        .await
        .shows("value=\"choisis\" checked")
        .shows("192.168.1.20\n192.168.1.30 à 192.168.1.39</textarea>");
    referent.post(PAGE, &[("qui", "tous"), ("adresses", "")]).await;
    referent.get("/communes/1").await.shows("tout son réseau local");
    referent.post(PAGE, &[("qui", "personne"), ("adresses", "192.168.1.20")]).await;
    referent.get("/communes/1").await.hides("Laisse entrer").hides("192.168.1.20</");
    let acts = referent.get("/qui-a-fait-quoi").await;
    assert_eq!(acts.text.matches("audit").count(), 0, "every act has its words");
    assert_eq!(acts.text.matches("laisse entrer d’autres ordinateurs").count(), 2);
    assert_eq!(acts.text.matches("ne laisse plus entrer d’autres ordinateurs").count(), 1);
    acts.shows("192.168.1.20, 192.168.1.30 à 192.168.1.39");
}

#[tokio::test]
async fn what_is_typed_of_addresses_is_judged_and_kept() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    for (typed, sentence) in [
        ("", "au moins une adresse"),
        ("imprimante", "«\u{a0}imprimante\u{a0}» n’est pas une adresse"),
        ("8.8.8.8", "8.8.8.8 n’est pas une adresse de réseau local"),
        ("192.168.1.9-2", "finit avant d’avoir commencé"),
        ("10.0.0.0/8", "trop large"),
    ] {
        let page = referent.post(PAGE, &[("qui", "choisis"), ("adresses", typed)]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{typed}");
        page.shows(sentence).shows("value=\"choisis\" checked").shows(&format!("\n{typed}</textarea>"));
    }
    let page = referent.post(PAGE, &[("qui", "maire")]).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    referent.get("/communes/1").await.hides("Laisse entrer");
}

#[tokio::test]
async fn only_a_member_with_the_agent_lets_others_in() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    let all = [("qui", "tous"), ("adresses", "")];
    let page = referent.post("/postes/258/ordinateurs", &all).await;
    assert_eq!(page.status, StatusCode::CONFLICT, "it was revoked");
    assert_eq!(referent.post("/postes/999/ordinateurs", &all).await.status, StatusCode::NOT_FOUND);
    referent.post("/communes/1/appareil", &[("name", "Téléphone"), ("key", "")]).await;
    referent.get("/communes/1").await.hides("/postes/259/ordinateurs");
    let page = referent.post("/postes/259/ordinateurs", &all).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    page.shows("n’a pas notre programme");

    referent.post(PAGE, &all).await;
    referent.post("/postes/256/retirer", &[("reason", "volé"), ("commune", "Alvimare")]).await;
    referent.get("/communes/1").await.hides("Laisse entrer");
}
