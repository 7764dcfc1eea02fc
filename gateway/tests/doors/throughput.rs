//! How much a line carries: asked on the page of a commune, refused where it makes no sense, shown in words.

use std::time::Instant;

use axum::http::StatusCode;
use beffroi_gateway::directory::MachineId;
use beffroi_gateway::links::{Measure, note_measure};
use beffroi_gateway::store::WriteTx;
use beffroi_protocol::probe::Probe;
use jiff::Timestamp;

use crate::rig::{NAME, Rig, rig};

const ASK: &str = "/postes/256/debit";

fn machine(number: u32) -> MachineId {
    number.to_string().parse().expect("a number")
}

fn is_online(rig: &Rig, number: u32) {
    assert!(rig.board.heard(machine(number), &Probe::default(), Instant::now()));
}

async fn was_measured(rig: &Rig, at: &str, by: Option<&str>, received: u64, sent: u64) {
    let at: Timestamp = at.parse().expect("a timestamp");
    let measure = Measure { at, by: by.map(str::to_owned), received, sent };
    let write = async move |tx: &mut WriteTx| note_measure(tx, machine(256), measure.clone()).await;
    rig.store.write(write).await.expect("it is written");
}

#[tokio::test]
async fn a_referent_asks_and_reads_what_was_found() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    is_online(&rig, 256);
    referent
        .get("/communes/1")
        .await
        .shows("jamais mesuré")
        .shows("Mesurer le débit")
        .shows("occupée une vingtaine de secondes")
        .shows("href=\"/guide#le-débit-dune-ligne\"");
    referent.get("/guide").await.shows("id=\"le-débit-dune-ligne\"");
    assert_eq!(referent.post(ASK, &[]).await.location(), "/communes/1");
    let page = referent.get("/communes/1").await;
    page.shows("La mesure du débit est demandée").shows("le poste la commence dans le quart de minute");
    assert_eq!(page.text.matches("/debit\"").count(), 1, "only the other machine has the button");
    let number = rig.measuring.ordered(machine(256), Instant::now()).expect("it is ordered");
    let turn = rig.measuring.begin(machine(256), Some(number), Instant::now()).expect("it stands");
    assert_eq!(turn.by(), Some(NAME));
    referent.get("/communes/1").await.shows("Mesure en cours");
    was_measured(&rig, "2026-11-24T08:06:00Z", turn.by(), 4_250_000, 812_000).await;
    turn.done();
    referent
        .get("/communes/1")
        .await
        .shows("Réception 4,2\u{a0}Mbit/s, envoi 812\u{a0}kbit/s.")
        .shows("Suffisant pour lire et pour déposer des documents.")
        .shows(&format!("à la demande de {NAME}"))
        .hides("Mesures précédentes");
    let acts = referent.get("/qui-a-fait-quoi").await;
    assert_eq!(acts.text.matches("a demandé une mesure du débit d’un poste").count(), 1);
}

#[tokio::test]
async fn the_last_five_measures_are_kept() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    for day in 10..=16_u64 {
        was_measured(&rig, &format!("2026-11-{day}T08:00:00Z"), None, day * 1_000, 9_000).await;
    }
    let page = referent.get("/communes/1").await;
    page.shows("Mesures précédentes du débit, poste «\u{a0}Accueil\u{a0}»")
        .shows("à la demande de la mairie");
    let places: Vec<_> = [16, 15, 14, 13, 12]
        .map(|day| page.text.find(&format!("Réception {day}\u{a0}kbit/s")).expect("it is shown"))
        .into();
    assert!(places.is_sorted(), "the newest comes first");
    page.hides("Réception 11\u{a0}kbit/s");
}

#[tokio::test]
async fn it_is_refused_where_it_makes_no_sense() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    let check = async |referent: &mut crate::rig::Visitor, path: &str, sentence: &str| {
        assert_eq!(referent.post(path, &[]).await.location(), "/communes/1");
        referent.get("/communes/1").await.shows(sentence);
    };
    check(&mut referent, ASK, "La liaison de ce poste n’est pas en ligne").await;
    is_online(&rig, 256);
    is_online(&rig, 257);
    check(&mut referent, "/postes/257/debit", "La mesure du débit est demandée").await;
    check(&mut referent, ASK, "Une autre mesure du débit est déjà en cours").await;
    let number = rig.measuring.ordered(machine(257), Instant::now());
    drop(rig.measuring.begin(machine(257), number, Instant::now()).expect("it stands"));
    check(&mut referent, "/postes/257/debit", "Recommencez dans 5 minutes").await;
    referent.get("/communes/1").await.shows("La dernière mesure n’a pas abouti");
    let acts = referent.get("/qui-a-fait-quoi").await;
    assert_eq!(acts.text.matches("a demandé une mesure du débit d’un poste").count(), 1, "the one taken");

    assert_eq!(referent.post("/postes/258/debit", &[]).await.status, StatusCode::CONFLICT, "revoked");
    assert_eq!(referent.post("/postes/999/debit", &[]).await.status, StatusCode::NOT_FOUND);
}
