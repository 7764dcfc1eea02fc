//! The directory's people: looked after at the admin door, found in every town hall.

use axum::http::StatusCode;

use crate::rig::{Page, Rig, SERVER, TOWN_HALL, Visitor, rig};

const PEOPLE: &str = "/annuaire";

/// Adds somebody, and gives the path of their page.
async fn add(referent: &mut Visitor, family: &str) -> String {
    let page = referent.post("/annuaire/ajouter", &[("family", family)]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text);
    page.location().to_owned()
}

async fn give(referent: &mut Visitor, person: &str, function: &str, from: &str, until: &str) -> Page {
    let fields = [("function", function), ("commune", "1"), ("from", from), ("until", until)];
    referent.post(&format!("{person}/fonctions"), &fields).await
}

#[tokio::test]
async fn somebody_who_is_added_is_found_in_the_town_halls() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    let fields = [
        ("civility", "Mme"),
        ("family", "Secrétaire d’Alvimare"),
        ("phone", "02.35.00.00.00"),
        ("email", "mairie@alvimare.fr"),
    ];
    let person = referent.post("/annuaire/ajouter", &fields).await.location().to_owned();
    rig.at_portal(TOWN_HALL).get(PEOPLE).await.shows("Personne ne correspond");
    assert_eq!(give(&mut referent, &person, "secretaire", "01/01/2024", "").await.location(), person);
    referent.get(&person).await.shows("La fonction est ajoutée").shows("secrétaire de mairie, Alvimare");
    let mut town_hall = rig.at_portal(TOWN_HALL);
    for words in ["secretaire", "d'alv", "MAIRIE+alvimare"] {
        let page = town_hall.get(&format!("{PEOPLE}?q={words}")).await;
        page.shows("Secrétaire d’Alvimare")
            .shows("02\u{a0}35\u{a0}00\u{a0}00\u{a0}00")
            .shows("tel:+33235000000");
        page.hides("mairie@alvimare.fr");
    }
    town_hall.get("/annuaire?q=maire+foucart").await.shows("Personne ne correspond");
    referent.get("/annuaire?fonction=secretaire&commune=1").await.shows("Secrétaire d’Alvimare");
    referent.get("/annuaire?fonction=maire&commune=1").await.shows("Personne ne correspond");
    let acts = referent.get("/qui-a-fait-quoi").await;
    acts.shows("a ajouté une personne").shows("Secrétaire d’Alvimare, secrétaire de mairie");
}

#[tokio::test]
async fn a_mandate_that_ended_yesterday_is_not_found() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    let person = add(&mut referent, "Maire d’Alvimare").await;
    give(&mut referent, &person, "maire", "25/05/2020", "").await;
    let mandate = format!("{person}/fonctions/1");
    let change = |until| [("function", "maire"), ("commune", "1"), ("from", "25/05/2020"), ("until", until)];
    // It is the 24th.
    referent.post(&mandate, &change("24/11/2026")).await;
    rig.at_portal(TOWN_HALL).get(PEOPLE).await.shows("Maire d’Alvimare");
    referent.get("/annuaire/groupes/maire").await.shows("Maire d’Alvimare");
    let page = referent.post(&mandate, &change("24/05/2020")).await;
    page.shows("Le dernier jour est avant le premier");
    assert_eq!(page.field("until"), "24/05/2020");
    referent.post(&mandate, &change("23/11/2026")).await;
    rig.at_portal(TOWN_HALL).get(PEOPLE).await.hides("Maire d’Alvimare");
    referent.get("/annuaire/groupes/maire").await.hides("Maire d’Alvimare");
    referent.get(PEOPLE).await.hides("Maire d’Alvimare");
    referent.get("/annuaire?anciens=oui").await.shows("Maire d’Alvimare");
    give(&mut referent, &person, "maire", "23/11/2026", "").await.shows("exerce déjà cette fonction");
    referent.get(&person).await.shows("Passées ou à venir");
}

#[tokio::test]
async fn what_is_typed_wrong_is_kept_and_explained() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    let page = referent.post("/annuaire/ajouter", &[("family", "Maire"), ("phone", "le matin")]).await;
    assert_eq!((page.status, page.field("phone")), (StatusCode::UNPROCESSABLE_ENTITY, "le matin"));
    page.shows("n’est pas un numéro de téléphone");
    referent.post("/annuaire/ajouter", &[("given", "x")]).await.shows("Il n’y a pas de nom");
    referent
        .post("/annuaire/ajouter", &[("family", "M"), ("email", "m")])
        .await
        .shows("une adresse de courriel");

    let person = add(&mut referent, "Maire").await;
    give(&mut referent, &person, "", "22/03/2026", "").await.shows("Il n’y a pas de fonction");
    give(&mut referent, &person, "maire", "31/02/2026", "").await.shows("n’est pas une date");
    give(&mut referent, &person, "maire", "", "").await.shows("Donnez le premier jour");
    let nowhere = [("function", "maire"), ("from", "22/03/2026")];
    referent.post(&format!("{person}/fonctions"), &nowhere).await.shows("Dites laquelle");
    referent.get("/annuaire/personnes/99").await.shows("Cette page n’existe pas");
}

#[tokio::test]
async fn two_people_of_the_same_name_are_added_knowingly() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    let first = add(&mut referent, "Délégué d’Alvimare").await;
    let page = referent.post("/annuaire/ajouter", &[("family", "DELEGUE D'ALVIMARE")]).await;
    page.shows("Quelqu’un porte déjà ce nom").shows(&first);
    let fields = [("family", "Délégué d’Alvimare"), ("another", "oui"), ("once", page.field("once"))];
    let second = referent.post("/annuaire/ajouter", &fields).await.location().to_owned();
    assert_ne!(first, second);
    assert_eq!(
        referent.post("/annuaire/ajouter", &fields).await.location(),
        second,
        "sent twice, added once"
    );
}

#[tokio::test]
async fn nobody_overwrites_details_unseen() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    let details = format!("{}/coordonnees", add(&mut referent, "Maire").await);
    let seen = referent.get(&details).await.field("seen").to_owned();
    let fields = [("seen", &*seen), ("family", "Maire"), ("phone", "0235000000")];
    assert_eq!(referent.post(&details, &fields).await.status, StatusCode::SEE_OTHER);
    let late = [("seen", &*seen), ("family", "Maire"), ("email", "maire@alvimare.fr")];
    let page = referent.post(&details, &late).await;
    page.shows("a changé ces coordonnées entre-temps").shows("02\u{a0}35");
    assert_eq!(page.field("email"), "maire@alvimare.fr");
    let again = [("seen", page.field("seen")), ("family", "Maire"), ("email", "maire@alvimare.fr")];
    assert_eq!(referent.post(&details, &again).await.status, StatusCode::SEE_OTHER);

    let card = "/communes/1/fiche";
    let seen = referent.get(card).await.field("seen").to_owned();
    let fields = |insee, phone| [("seen", seen.clone()), ("insee", insee), ("phone", phone)];
    let own = |fields: [(&'static str, String); 3]| fields;
    for (insee, phone, expected) in [
        ("7601", "", "cinq chiffres"),
        ("76014", "x", "n’est pas un numéro"),
        ("76014", "0235000000", ""),
        ("76015", "", "entre-temps"),
    ] {
        let sent = own(fields(insee.to_owned(), phone.to_owned()));
        let sent: Vec<_> = sent.iter().map(|(name, value)| (*name, value.as_str())).collect();
        referent.post(card, &sent).await.shows(expected);
    }
    assert_eq!(referent.get(card).await.field("insee"), "76014");
}

#[tokio::test]
async fn a_commission_is_put_together_and_loses_who_is_out_of_office() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    let person = add(&mut referent, "Délégué d’Alvimare").await;
    give(&mut referent, &person, "delegue", "22/03/2026", "").await;
    referent
        .get("/annuaire/groupes")
        .await
        .shows("Conseil communautaire")
        .shows("Délégués communautaires")
        .hides("Commission voirie");
    referent.post("/annuaire/groupes", &[("name", "x")]).await.shows("de quelle nature");
    let fields = [("name", "Commission voirie"), ("kind", "commission")];
    let group = referent.post("/annuaire/groupes", &fields).await.location().to_owned();
    referent
        .post("/annuaire/groupes", &[("name", "commission VOIRIE"), ("kind", "commission")])
        .await
        .shows("déjà ce nom");
    let number = person.rsplit('/').next().expect("a number");
    referent.get(&format!("{group}?q=delegue")).await.shows("Délégué d’Alvimare");
    referent.post(&format!("{group}/ajouter"), &[("person", number)]).await;
    referent.get(&group).await.shows("un membre").shows(&person);
    let ended = [("function", "delegue"), ("commune", "1"), ("from", "22/03/2026"), ("until", "23/11/2026")];
    referent.post(&format!("{person}/fonctions/1"), &ended).await;
    referent.get(&group).await.shows("N’y siègent plus").shows("Personne aujourd’hui");
    referent.post(&format!("{group}/nom"), &[("name", "Commission eau")]).await;
    referent.post(&format!("{group}/retirer"), &[("person", number)]).await;
    referent.get(&group).await.shows("Commission eau").hides("N’y siègent plus");
    assert_eq!(referent.post(&format!("{group}/supprimer"), &[]).await.location(), "/annuaire/groupes");
    assert_eq!(referent.get(&group).await.status, StatusCode::NOT_FOUND);
    assert_eq!(referent.get("/annuaire/groupes/delegue-9").await.status, StatusCode::NOT_FOUND);
}

async fn sent(referent: &mut Visitor, list: &[u8]) -> String {
    let page = referent.upload("/annuaire/listes", "list", list).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text);
    page.location().to_owned()
}

async fn apply(referent: &mut Visitor, list: &str) -> Page {
    let stamp = referent.get(list).await.field("stamp").to_owned();
    referent.post(list, &[("stamp", &stamp)]).await
}

#[tokio::test]
async fn a_list_is_shown_before_it_is_applied_and_changes_nothing_the_second_time() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    let (list, _) = ("nom;fonction;commune\r\nMaire d’Alvimare;maire;Alvimare\r\n", ());
    let latin: Vec<u8> = list.chars().map(|letter| if letter == '’' { 0x92 } else { letter as u8 }).collect();
    for (round, bytes) in
        [list.as_bytes().to_vec(), latin, format!("\u{feff}{list}").into_bytes()].iter().enumerate()
    {
        let path = sent(&mut referent, bytes).await;
        let page = referent.get(&path).await;
        if round == 0 {
            page.shows("Une personne nouvelle").shows("Maire d’Alvimare").shows("maire, Alvimare");
            rig.at_portal(TOWN_HALL).get(PEOPLE).await.hides("Maire d’Alvimare");
        } else {
            page.shows("L’annuaire dit déjà tout cela").hides("Une personne nouvelle");
        }
        assert_eq!(apply(&mut referent, &path).await.location(), PEOPLE);
        assert_eq!(referent.get(&path).await.status, StatusCode::NOT_FOUND);
    }
    rig.at_portal(TOWN_HALL).get(PEOPLE).await.shows("Maire d’Alvimare").shows("Une personne");
}

#[tokio::test]
async fn wrong_lines_are_kept_corrected_and_sent_again() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    let old = add(&mut referent, "Ancien maire").await;
    give(&mut referent, &old, "maire", "25/05/2020", "").await;
    let list = "nom;fonction;commune\nMaire d’Alvimare;maire;Alvimare\nDéléguée;ministre;Alvimare\n";
    let path = sent(&mut referent, list.as_bytes()).await;
    let page = referent.get(&path).await;
    page.shows("Une ligne à corriger")
        .shows("Ligne 3")
        .shows("«\u{a0}ministre\u{a0}»")
        .shows("aucune fonction ne prend fin");
    page.hides("prennent fin").hides("qui prend fin");
    let file = referent.get(&format!("{path}/a-corriger")).await;
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
    file.shows("ligne;identifiant;").shows("Déléguée").shows("n’est pas une fonction connue");
    assert_eq!(apply(&mut referent, &path).await.location(), path, "what is right can be applied already");
    referent.get(PEOPLE).await.shows("Ancien maire").shows("Maire d’Alvimare");

    referent
        .upload("/annuaire/listes", "list", &file.bytes)
        .await
        .shows("lignes corrigées d’une liste en attente");
    let lines = format!("{path}/lignes");
    referent
        .post(&lines, &[("lines", "ligne;nom\n3;Déléguée")])
        .await
        .shows("Il manque la colonne")
        .shows("3;Déléguée");
    let corrected = file.text.replace("ministre", "déléguée communautaire");
    let page = referent.upload(&format!("{path}/fichier"), "list", corrected.as_bytes()).await;
    assert_eq!(page.location(), path);
    referent.get(&path).await.shows("Une fonction qui prend fin").shows("Ancien maire").hides("à corriger");
    assert_eq!(apply(&mut referent, &path).await.location(), PEOPLE);
    referent.get(PEOPLE).await.hides("Ancien maire").shows("Déléguée").shows("Maire d’Alvimare");
}

#[tokio::test]
async fn a_list_that_was_overtaken_is_shown_again() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    let path = sent(&mut referent, "nom;fonction;commune\nMaire;maire;Alvimare\n".as_bytes()).await;
    let stamp = referent.get(&path).await.field("stamp").to_owned();
    let person = add(&mut referent, "Maire").await;
    let page = referent.post(&path, &[("stamp", &stamp)]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    page.shows("L’annuaire a changé pendant que vous lisiez")
        .hides("Une personne nouvelle")
        .shows("Une fonction nouvelle");
    assert_eq!(referent.post(&path, &[("stamp", page.field("stamp"))]).await.location(), PEOPLE);
    referent.get(&person).await.shows("maire, Alvimare");
}

#[tokio::test]
async fn who_is_meant_is_asked() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    for _ in 0..2 {
        referent.post("/annuaire/ajouter", &[("family", "Maire"), ("another", "oui")]).await;
    }
    let path = sent(&mut referent, "nom;fonction;commune\nMaire;maire;Alvimare\n".as_bytes()).await;
    referent.get(&path).await.shows("De qui s’agit-il").shows("personne-2").shows("nouvelle");
    assert_eq!(
        referent.post(&format!("{path}/reponses"), &[("ligne-2", "personne-2")]).await.location(),
        path
    );
    referent.get(&path).await.hides("De qui s’agit-il").shows("Une fonction nouvelle");
    apply(&mut referent, &path).await;
    referent.get("/annuaire/personnes/2").await.shows("maire, Alvimare");
    referent.get("/annuaire/personnes/1").await.hides("maire, Alvimare");
}

#[tokio::test]
async fn what_is_no_list_is_explained() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    for (bytes, expected) in [
        (&b""[..], "Il n’y a rien dans ce fichier"),
        (b"%PDF-1.7", "n’est pas un tableau"),
        (b"PK\x03\x04", "Ce classeur est abîmé"),
        (b"commune;insee\nAlvimare;76014\n", "Il manque les colonnes"),
        (b"nom;fonction\nx;\"maire\na\nb\nc\nd\n", "un guillemet n’est pas refermé"),
    ] {
        let page = referent.upload("/annuaire/listes", "list", bytes).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{expected}");
        page.shows(expected);
    }
    let long = "x;maire\n".repeat(1001);
    referent
        .upload("/annuaire/listes", "list", format!("nom;fonction\n{long}").as_bytes())
        .await
        .shows("plus de 1000 lignes");
    let big = vec![b'x'; 1024 * 1024 + 1];
    referent.upload("/annuaire/listes", "list", &big).await.shows("trop gros");
    referent.upload("/annuaire/listes", "other", b"nom").await.shows("Choisissez un fichier");
}

#[tokio::test]
async fn the_directory_leaves_as_a_list_that_comes_back_unchanged() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    let list = "civilité;nom;prénom;fonction;commune;téléphone;courriel;début;fin\n\
                Mme;=Maire;Une;maire;Alvimare;02 35 00 00 00;m@alvimare.fr;22/03/2026;\n\
                Mme;=Maire;Une;déléguée communautaire;Alvimare;;;22/03/2026;31/12/2031\n\
                ;Ancien;;maire;Alvimare;;;23/05/2020;21/03/2026\n\
                M.;Président;;président;;+32 2 555 12 12;;23/03/2026;\n";
    let path = sent(&mut referent, list.as_bytes()).await;
    apply(&mut referent, &path).await;
    add(&mut referent, "Sans fonction").await;
    let table = referent.get("/annuaire/tableau").await;
    assert_eq!(table.header("content-disposition"), "attachment; filename=\"annuaire-2026-11-24.csv\"");
    table.shows("'=Maire").shows("Sans fonction");
    let path = sent(&mut referent, &table.bytes).await;
    referent
        .get(&path)
        .await
        .shows("L’annuaire dit déjà tout cela")
        .shows("4 personnes de la liste restent")
        .hides("à corriger");

    let page = referent.get("/annuaire?q=une&anciens=oui").await;
    let person = page
        .text
        .split("/annuaire/personnes/")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("a link");
    let person = format!("/annuaire/personnes/{person}");
    let data = referent.get(&format!("{person}/donnees")).await;
    data.shows("\"téléphone\": \"02 35 00 00 00\"").shows("délégué communautaire").shows("31/12/2031");
    let model = referent.get("/annuaire/modele").await;
    let path = sent(&mut referent, &model.bytes).await;
    referent.get(&path).await.shows("Une personne nouvelle");
}

#[tokio::test]
async fn somebody_who_asks_for_it_is_forgotten() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    let person = add(&mut referent, "Maire d’Alvimare").await;
    let list = "nom;fonction;commune\nMaire d'Alvimare;maire;Alvimare\nDéléguée;déléguée;Alvimare\n";
    let path = sent(&mut referent, list.as_bytes()).await;
    referent.get(&format!("{person}/effacer")).await.shows("Qui a fait quoi").shows("sauvegardes");
    for _ in 0..2 {
        assert_eq!(referent.post(&format!("{person}/effacer"), &[]).await.location(), PEOPLE);
    }
    referent.get("/annuaire?anciens=oui").await.hides("Maire d’Alvimare");
    referent.get(&path).await.shows("Déléguée").hides("Maire d");
    assert_eq!(referent.get(&person).await.status, StatusCode::NOT_FOUND);
    referent.get("/qui-a-fait-quoi").await.shows("a effacé une personne").shows("nº 1");
}

#[tokio::test]
async fn a_commune_where_somebody_holds_a_function_stays() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    referent.post("/communes/ajouter", &[("text", "Foucart")]).await;
    let person = add(&mut referent, "Maire de Foucart").await;
    let fields = [("function", "maire"), ("commune", "2"), ("from", "22/03/2026")];
    referent.post(&format!("{person}/fonctions"), &fields).await;
    let page = referent.post("/communes/2/supprimer", &[]).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    page.shows("quelqu’un qui y exerce une fonction");
    referent.post(&format!("{person}/fonctions/1/retirer"), &[]).await;
    assert_eq!(referent.post("/communes/2/supprimer", &[]).await.location(), "/");
}

/// As much as a communauté has, on a bad line.
#[tokio::test]
async fn a_page_of_the_directory_is_small() {
    let rig: Rig = rig().await;
    let mut referent = rig.referent().await;
    let lines: String = (0..400)
        .map(|number| format!("Conseiller {number};conseiller;Alvimare;02350000{:02}\n", number % 100))
        .collect();
    let path = sent(&mut referent, format!("nom;fonction;commune;téléphone\n{lines}").as_bytes()).await;
    apply(&mut referent, &path).await;
    let packed = [("accept-encoding", "br")];
    let page = rig.at_portal(TOWN_HALL).get_with(PEOPLE, &packed).await;
    assert!(page.bytes.len() < 4000, "{} bytes", page.bytes.len());
    let page = rig.at_portal(TOWN_HALL).get("/annuaire?page=8").await;
    page.shows("400").shows("Page précédente").hides("Page suivante");
    assert_eq!(rig.at_admin(SERVER).get(PEOPLE).await.status, StatusCode::SEE_OTHER);
}
