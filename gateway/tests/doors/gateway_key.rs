//! The change of the gateway's key as a referent sees it.

use std::time::Instant;

use axum::http::StatusCode;
use beffroi_gateway::directory::{self, MachineId};
use beffroi_gateway::store::WriteTx;
use beffroi_protocol::PublicKey;
use beffroi_protocol::probe::Probe;

use crate::rig::{GATEWAY, REFERENTS_MACHINE, Rig, Visitor, rig};

const PATH: &str = "/reglages/cle";
const NEXT: PublicKey = PublicKey::from_bytes([201; 32]);

/// What netd would tell.
async fn netd_tells(rig: &Rig, key: PublicKey, next: Option<PublicKey>) {
    let note = async move |tx: &mut WriteTx| directory::note_gateway_keys(tx, &key, next).await;
    rig.store.write(note).await.expect("the store is written");
}

async fn machines(rig: &Rig) -> Vec<MachineId> {
    let machines = rig.store.read(async |tx| directory::machines(tx).await).await.expect("they are read");
    machines.into_iter().filter(|machine| machine.is_active()).map(|machine| machine.id).collect()
}

async fn learns(rig: &Rig, machine: MachineId) {
    let note = async move |tx: &mut WriteTx| directory::note_aware(tx, machine, &NEXT).await;
    rig.store.write(note).await.expect("it is the next key");
}

async fn prepared(rig: &Rig, referent: &mut Visitor) {
    assert_eq!(referent.post("/reglages/cle/preparer", &[]).await.location(), PATH);
    netd_tells(rig, GATEWAY, Some(NEXT)).await;
}

#[tokio::test]
async fn a_referent_prepares_waits_and_changes() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    referent.get("/reglages").await.shows(PATH).hides("Changement en cours");
    referent.get(PATH).await.shows("Préparer une nouvelle clé").shows(&GATEWAY.to_string()).hides("Renoncer");
    assert_eq!(referent.post("/reglages/cle/preparer", &[]).await.location(), PATH);
    referent.get(PATH).await.shows("Elle sera faite dès que").hides("Changer de clé");
    netd_tells(&rig, GATEWAY, Some(NEXT)).await;
    referent.get("/reglages").await.shows("Changement en cours");
    referent
        .get(PATH)
        .await
        .shows("Aucun des 2 postes ne la connaît encore")
        .shows("Changer quand même, sans attendre ces 2 postes");

    let [first, second] = machines(&rig).await.try_into().expect("there are two");
    learns(&rig, first).await;
    referent.get(PATH).await.shows("Un poste sur 2 la connaît").shows("sans attendre ce poste");
    let next = NEXT.to_string();
    let page = referent.post("/reglages/cle/changer", &[("cle", &next)]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    page.shows("Un poste ne connaît pas la nouvelle clé. Attendez-le");
    learns(&rig, second).await;
    referent.get(PATH).await.shows("2 postes sur 2 la connaissent").hides("quand même");
    assert_eq!(referent.post("/reglages/cle/changer", &[("cle", &next)]).await.location(), PATH);
    referent.get(PATH).await.shows("Le changement est demandé").hides("Renoncer");
    let late = referent.post("/reglages/cle/renoncer", &[]).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    late.shows("on ne peut plus y renoncer");

    netd_tells(&rig, NEXT, None).await;
    referent.get(PATH).await.shows("Aucun des 2 postes n’est encore revenu").shows("Reviendra de lui-même");
    assert!(rig.board.heard(first, &Probe::default(), Instant::now()));
    referent
        .later(1)
        .get(PATH)
        .await
        .shows("Un poste sur 2 est revenu")
        .shows("Faites une sauvegarde")
        .shows(&next);
    referent
        .get("/qui-a-fait-quoi")
        .await
        .shows("a préparé une nouvelle clé de la passerelle")
        .shows("a changé la clé de la passerelle");
    referent.get("/reglages").await.hides("Changement en cours");
}

#[tokio::test]
async fn who_is_left_behind_is_named_before_and_after() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    let once = referent.get("/bons/nouveaux").await.field("once").to_owned();
    let order = [("once", &*once), ("pour", "choix"), ("commune-1", "on")];
    referent.post("/bons/nouveaux", &order).await;
    let device = [("name", "Téléphone"), ("key", "")];
    referent.post("/communes/1/appareil", &device).await;
    prepared(&rig, &mut referent).await;
    referent
        .get(PATH)
        .await
        .shows("Aucun des 2 postes ne la connaît encore")
        .shows("On ne peut rien leur annoncer")
        .shows("Téléphone")
        .shows("Ces bons portent la clé actuelle");
    let [first, _] = machines(&rig).await[..2].try_into().expect("there are two, and the telephone");
    learns(&rig, first).await;

    let next = NEXT.to_string();
    let stale = [("cle", &*next), ("quand_meme", "0")];
    let page = referent.post("/reglages/cle/changer", &stale).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "fewer than there are were agreed to");
    let other = PublicKey::from_bytes([9; 32]).to_string();
    let page = referent.post("/reglages/cle/changer", &[("cle", &other), ("quand_meme", "9")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    page.shows("n’est plus celle que montrait la page");
    referent.get("/bons").await.shows("doubtful");
    let meant = [("cle", &*next), ("quand_meme", "1")];
    assert_eq!(referent.post("/reglages/cle/changer", &meant).await.location(), PATH);
    netd_tells(&rig, NEXT, None).await;

    referent.get("/bons").await.hides("doubtful");
    referent
        .get(PATH)
        .await
        .shows("Reviendra de lui-même")
        .shows("Faire un bon de remplacement")
        .shows("à la ligne PublicKey")
        .shows("Le changement les a annulés")
        .shows("/bons/nouveaux?commune=1");
    referent.get("/qui-a-fait-quoi").await.shows("sans attendre un poste qui ne la connaissait pas");
    let order = [("pour", "choix"), ("commune-1", "on")];
    referent.post("/bons/nouveaux", &order).await;
    referent.get(PATH).await.hides("Le changement les a annulés");
}

#[tokio::test]
async fn a_referent_gives_up_and_nothing_has_changed() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    prepared(&rig, &mut referent).await;
    let [first, _] = machines(&rig).await.try_into().expect("there are two");
    learns(&rig, first).await;
    assert_eq!(referent.post("/reglages/cle/renoncer", &[]).await.location(), PATH);
    referent.get(PATH).await.shows("Préparer une nouvelle clé").shows(&GATEWAY.to_string());
    referent.get("/qui-a-fait-quoi").await.shows("a renoncé à la nouvelle clé de la passerelle");
    let late = referent.post("/reglages/cle/changer", &[("cle", &NEXT.to_string())]).await;
    assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY, "a page that was left open changes nothing");
    let page = rig.at_admin(REFERENTS_MACHINE).post("/reglages/cle/preparer", &[]).await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    assert!(referent.get("/guide").await.text.contains("id=\"la-clé-de-la-passerelle\""));
}
