//! Invitations: made, printed, saved, taken back.

use axum::http::StatusCode;
use beffroi_protocol::code::Code;

use crate::rig::{Page, Visitor, rig};

/// The codes on the sheets of a page, as someone would type them.
fn codes(page: &Page) -> Vec<Code> {
    let lists = page.text.split("<ol class=\"groups code\">").skip(1);
    lists
        .map(|list| {
            let groups = list.split("</ol>").next().expect("the list ends").replace("</li>", " ");
            Code::parse(&groups.replace("<li>", "")).expect("what is printed is a code")
        })
        .collect()
}

async fn sheets(referent: &mut Visitor, fields: &[(&str, &str)]) -> (String, Page) {
    let location = referent.post("/bons/nouveaux", fields).await.location().to_owned();
    let page = referent.get(&location).await;
    assert_eq!(page.status, StatusCode::OK, "{location}");
    (location, page)
}

#[tokio::test]
async fn a_list_of_communes_is_added() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    let text = "Yébleron\r\n L’Étang-sur-Mer \r\nSaint-Pierre-Lavis\r\nALVIMARE\r\n";
    let once = referent.get("/communes/ajouter").await.field("once").to_owned();
    let form = [("once", &*once), ("text", text)];
    let first = referent.post("/communes/ajouter", &form).await.location().to_owned();
    let page = referent.post("/communes/ajouter", &form).await;
    assert_eq!(page.location(), first, "sent twice, it says the same");
    referent
        .get(&first)
        .await
        .shows("3 communes sont ajoutées")
        .shows("Yébleron")
        .shows("L’Étang-sur-Mer")
        .shows("Saint-Pierre-Lavis")
        .hides("ALVIMARE");
    referent.get("/qui-a-fait-quoi").await.shows("a ajouté la commune");
}

#[tokio::test]
async fn a_commune_added_by_mistake_is_removed_and_one_with_a_past_stays() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    referent.post("/communes/ajouter", &[("text", "Yebleron\nFoucart")]).await;
    referent.get("/communes/1").await.hides("Supprimer la commune");
    referent.get("/communes/2").await.shows("Supprimer la commune");
    let once = referent.get("/communes/2/supprimer").await.field("once").to_owned();
    for _ in 0..2 {
        let page = referent.post("/communes/2/supprimer", &[("once", &once)]).await;
        assert_eq!(page.location(), "/", "sent twice, it says the same");
    }
    assert_eq!(referent.get("/communes/2").await.status, StatusCode::NOT_FOUND);
    referent.get("/").await.shows("La commune est supprimée").hides("Yebleron");
    let acts = referent.get("/qui-a-fait-quoi").await;
    assert_eq!(acts.text.matches("a supprimé la commune").count(), 1);
    let page = referent.post("/communes/ajouter", &[("text", "Yébleron")]).await;
    assert_eq!(page.location(), "/bons/nouveaux?ajoutees=1", "its name is free");

    referent.post("/bons/nouveaux", &[("pour", "choix"), ("commune-3", "on")]).await;
    referent.post("/bons/1/annuler", &[]).await;
    for commune in ["1", "3"] {
        let path = format!("/communes/{commune}/supprimer");
        referent.get(&path).await.shows("elle reste dans la liste").hides("<button class=\"danger\"");
        let page = referent.post(&path, &[]).await;
        assert_eq!(page.status, StatusCode::CONFLICT);
        page.shows("elle reste dans la liste");
    }
}

#[tokio::test]
async fn a_wrong_list_is_explained_and_nothing_of_it_is_added() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    let text = "nom;siege\r\nYébleron;oui\r\n;non\r\nFoucart;peut-être\r\nyebleron;\r\n";
    let page = referent.post("/communes/ajouter", &[("text", text)]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    page.shows("3 lignes sont à corriger")
        .shows("Ligne 3")
        .shows("Ligne 4, «\u{a0}Foucart ; peut-être\u{a0}»")
        .shows("déjà à la ligne 2")
        .shows("Foucart;peut-être");
    referent.get("/bons/nouveaux").await.hides("Yébleron");
    let page = referent.post("/communes/ajouter", &[("text", " \r\n")]).await;
    page.shows("Écrivez au moins un nom");
}

#[tokio::test]
async fn a_sheet_carries_the_code() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    let (location, page) = sheets(&mut referent, &[("pour", "choix"), ("commune-1", "on")]).await;
    assert_eq!(location, "/bons/feuilles?de=1&a=1");
    assert_eq!(page.header("cache-control"), "no-store");
    page.shows("Mairie d’Alvimare")
        .shows("<svg class=\"qr\"")
        .shows("sudo beffroi-agent join")
        .shows("8 décembre 2026");
    let codes = codes(&page);
    assert_eq!(codes.len(), 1);
    assert_eq!(codes[0].gateway.to_string(), "passerelle.coeur-de-caux.fr:51820");

    let file = referent.get("/bons/1/fichier").await;
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"bon-alvimare.beffroi\"");
    assert_eq!(file.header("cache-control"), "no-store");
    file.shows("# Bon de raccordement").shows("Mairie d’Alvimare");
    assert_eq!(Code::parse(&file.text).as_ref(), Ok(&codes[0]));
    referent.get("/qui-a-fait-quoi").await.shows("a créé un bon de raccordement").hides(&codes[0].text());
}

#[tokio::test]
async fn all_sheets_are_one_file_for_the_one_who_made_them() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    referent.post("/communes/ajouter", &[("text", "Yébleron\nFoucart")]).await;
    let (_, page) = sheets(&mut referent, &[("pour", "toutes")]).await;
    page.shows("href=\"/bons/feuilles.pdf?de=1&#38;a=2\"");
    let file = referent.get("/bons/feuilles.pdf?de=1&a=2").await;
    assert_eq!(file.status, StatusCode::OK);
    assert_eq!(file.header("content-type"), "application/pdf");
    assert_eq!(file.header("cache-control"), "no-store");
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"bons-de-raccordement.pdf\"");
    assert!(file.bytes.starts_with(b"%PDF-"));
    assert_eq!(file.text.matches("/MediaBox").count(), 2, "a page a commune");
    let gone = referent.get("/bons/feuilles.pdf?de=7&a=9").await;
    assert_eq!(gone.status, StatusCode::CONFLICT);
    gone.shows("ne sont plus montrés");
}

#[tokio::test]
async fn a_form_sent_twice_makes_one_invitation() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    let once = referent.get("/bons/nouveaux?commune=1").await.field("once").to_owned();
    let fields = [("once", &*once), ("pour", "choix"), ("commune-1", "on")];
    let (first, page) = sheets(&mut referent, &fields).await;
    let (second, again) = sheets(&mut referent, &fields).await;
    assert_eq!(first, second);
    assert_eq!(codes(&page), codes(&again));
    let list = referent.get("/bons").await;
    assert_eq!(list.text.matches("En attente").count(), 1);
}

#[tokio::test]
async fn everyone_without_a_machine_is_invited_at_once() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    referent.post("/communes/ajouter", &[("text", "Yébleron\nFoucart\nHattenville")]).await;
    referent.get("/bons/nouveaux").await.shows("3 communes n’ont pas de poste");
    let (location, page) = sheets(&mut referent, &[("pour", "toutes")]).await;
    assert_eq!(location, "/bons/feuilles?de=1&a=3");
    page.shows("3 bons à remettre")
        .shows("Mairie de Foucart")
        .shows("Mairie d’Hattenville")
        .shows("Mairie d’Yébleron")
        .hides("Alvimare");
    assert_eq!(codes(&page).len(), 3);
    referent.get("/bons/nouveaux").await.shows("bon en attente").hides("n’ont pas de poste");
    let page = referent.post("/bons/nouveaux", &[("pour", "toutes")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    page.shows("Toutes les communes ont un poste ou un bon en attente");
}

#[tokio::test]
async fn choosing_nobody_is_pointed_out() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    let page = referent.post("/bons/nouveaux", &[("pour", "choix")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    page.shows("Cochez au moins une commune");
    let page = referent.post("/bons/nouveaux", &[("commune-77", "on")]).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_cancelled_invitation_has_no_sheet_any_more() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    let (location, _) = sheets(&mut referent, &[("commune-1", "on")]).await;
    for _ in 0..2 {
        assert_eq!(referent.post("/bons/1/annuler", &[]).await.location(), "/bons");
    }
    referent.get("/bons").await.shows("Annulé").hides("En attente").hides("/annuler");
    let page = referent.get(&location).await;
    page.shows("Le code d’un bon n’est plus montré");
    assert!(codes(&page).is_empty());
    let file = referent.get("/bons/1/fichier").await;
    assert_eq!(file.status, StatusCode::CONFLICT);
    let page = referent.post("/bons/77/annuler", &[]).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_machine_is_replaced_with_a_sheet_of_its_own() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    let page = referent.get("/postes/256/remplacer").await;
    page.shows("prendra la place du poste «\u{a0}Accueil\u{a0}»");
    let once = page.field("once").to_owned();
    let location = referent.post("/postes/256/remplacer", &[("once", &once)]).await.location().to_owned();
    referent.get(&location).await.shows("Pour remplacer le poste «\u{a0}Accueil\u{a0}»");
    let location = referent.post("/postes/256/remplacer", &[]).await.location().to_owned();
    assert_eq!(location, "/bons/feuilles?de=2&a=2");
    let page = referent.get("/bons/feuilles?de=1&a=2").await;
    page.shows("Le code d’un bon n’est plus montré");
    assert_eq!(codes(&page).len(), 1, "the one that was taken back is not printed");
    assert_eq!(referent.get("/bons/1/fichier").await.status, StatusCode::CONFLICT);
    let list = referent.get("/bons").await;
    list.shows("remplace le poste «\u{a0}Accueil\u{a0}»");
    assert_eq!(list.text.matches("Annulé").count(), 1, "a machine is replaced once");
}

#[tokio::test]
async fn what_a_name_holds_stays_text() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    let name = "L'Isle <b>& \"Cie\"</b>";
    referent.post("/communes/ajouter", &[("text", name)]).await;
    let (_, page) = sheets(&mut referent, &[("pour", "toutes")]).await;
    for page in
        [page, referent.get("/").await, referent.get("/bons").await, referent.get("/communes/2").await]
    {
        page.hides("<b>&").shows("L&#39;Isle &#60;b&#62;&#38;");
    }
    let file = referent.get("/bons/1/fichier").await;
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"bon-l-isle-b-cie-b.beffroi\"");
}
