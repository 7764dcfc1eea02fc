//! Updates of the agents: offered by a referent, one machine first, stopped by the first failure.

use axum::http::StatusCode;
use beffroi_gateway::directory::{self, Machine};
use beffroi_gateway::store::{ReadTx, WriteTx};
use beffroi_gateway::updates;
use beffroi_protocol::release::{Hash, MAGIC, Release, ReleaseKey, Stage, Told, Version};
use data_encoding::BASE64;
use jiff::{SignedDuration, Timestamp};
use ring::signature::{Ed25519KeyPair, KeyPair};

use crate::rig::{Rig, rig};

const PAGE: &str = "/mises-a-jour";
const PROGRAM: &[u8] = b"a program, gzipped";

fn pair(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).expect("32 bytes")
}

/// Whose releases the rig's gateway offers.
pub(crate) fn key() -> ReleaseKey {
    BASE64.encode(pair(1).public_key().as_ref()).parse().expect("a key")
}

fn version(text: &str) -> Version {
    Version::parse(text).expect("a version")
}

fn release(text: &str, seed: u8) -> Vec<u8> {
    let (size, hash) = (PROGRAM.len() as u64, Hash::of(PROGRAM));
    let release = Release { version: version(text), architecture: "x86_64".into(), size, hash };
    let statement = serde_json::to_string(&release).expect("plain data");
    let signature = BASE64.encode(pair(seed).sign(statement.as_bytes()).as_ref());
    [format!("{MAGIC}\n{statement}\n{signature}\n").as_bytes(), PROGRAM].concat()
}

/// The town hall's machine and the referent's.
async fn machines(rig: &Rig) -> [Machine; 2] {
    let machines = rig.store.read(async |tx: &ReadTx| directory::machines(tx).await).await;
    let [hall, referents, _revoked]: [Machine; 3] =
        machines.expect("it is read").try_into().expect("the rig has three");
    [hall, referents]
}

async fn is_offered(rig: &Rig, machine: &Machine) -> bool {
    let id = machine.id;
    let offer = rig.store.read(async move |tx: &ReadTx| updates::offer(tx, id).await).await;
    offer.expect("it is read").is_some()
}

async fn tell(rig: &Rig, machine: &Machine, stage: Stage, at: Timestamp) {
    let (machine, told) = (machine.clone(), Told { version: version("0.2.0"), stage });
    let write = async move |tx: &mut WriteTx| updates::note(tx, &machine, told.clone(), at).await;
    rig.store.write(write).await.expect("it is written");
}

async fn advance(rig: &Rig, now: Timestamp) {
    rig.store
        .write(async move |tx: &mut WriteTx| updates::advance(tx, now).await)
        .await
        .expect("it is written");
}

fn later(hours: i64) -> Timestamp {
    let start: Timestamp = "2026-11-24T08:05:00Z".parse().expect("a timestamp");
    start + SignedDuration::from_hours(hours)
}

#[tokio::test]
async fn a_release_goes_to_the_referents_machine_first_and_to_all_in_the_end() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    let [hall, referents] = machines(&rig).await;
    referent.get(PAGE).await.shows("Il n’y a pas de nouvelle version");
    rig.shelve(&release("0.2.0", 1));
    referent.get(PAGE).await.shows("La version 0.2.0 est prête");
    assert_eq!(referent.post("/mises-a-jour/proposer", &[]).await.location(), PAGE);
    referent.get(PAGE).await.shows("un seul poste.").shows("proposée").shows("son tour viendra");
    assert_eq!((is_offered(&rig, &referents).await, is_offered(&rig, &hall).await), (true, false));

    tell(&rig, &referents, Stage::Kept, later(2)).await;
    advance(&rig, later(20)).await;
    assert!(!is_offered(&rig, &hall).await, "not before the next day");
    advance(&rig, later(24)).await;
    assert!(is_offered(&rig, &hall).await);
    referent.get(PAGE).await.shows("un poste sur dix.").shows("Un poste l’a, sur 2.").shows("à jour");
    referent.get("/qui-a-fait-quoi").await.shows("a proposé la mise à jour").shows("a mis à jour le poste");
}

#[tokio::test]
async fn the_first_failure_stops_it_and_a_referent_goes_on() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    let [hall, referents] = machines(&rig).await;
    rig.shelve(&release("0.2.0", 1));
    referent.post("/mises-a-jour/proposer", &[]).await;
    tell(&rig, &referents, Stage::RolledBack, later(1)).await;
    assert!(!is_offered(&rig, &referents).await);
    referent.get(PAGE).await.shows("est arrêtée (Référent, Alvimare)").shows("version d’avant reprise");
    referent.get("/qui-a-fait-quoi").await.shows("La passerelle").shows("a arrêté la mise à jour");
    assert!(!is_offered(&rig, &hall).await);
}

#[tokio::test]
async fn a_referent_hurries_it_and_stops_it() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    let [hall, _referents] = machines(&rig).await;
    rig.shelve(&release("0.2.0", 1));
    referent.post("/mises-a-jour/proposer", &[]).await;
    for _twice in 0..2 {
        assert_eq!(referent.post("/mises-a-jour/suite", &[("wave", "First")]).await.location(), PAGE);
    }
    referent.get(PAGE).await.shows("un poste sur dix.").shows("Arrêter");
    assert!(is_offered(&rig, &hall).await);
    assert_eq!(referent.post("/mises-a-jour/arreter", &[]).await.location(), PAGE);
    assert!(!is_offered(&rig, &hall).await);
    referent.get(PAGE).await.shows("est arrêtée (Jeanne Lefèvre)").shows("Reprendre la version 0.2.0");
    referent.post("/mises-a-jour/proposer", &[]).await;
    assert!(is_offered(&rig, &hall).await, "it goes on where it was");
}

#[tokio::test]
async fn what_another_key_has_signed_or_is_cut_short_is_not_offered() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    for file in [release("0.2.0", 2), release("0.2.0", 1)[..200].to_vec(), b"not a release".to_vec()] {
        rig.shelve(&file);
        referent.get(PAGE).await.shows("Il n’y a pas de nouvelle version");
        assert_eq!(referent.post("/mises-a-jour/proposer", &[]).await.status, StatusCode::NOT_FOUND);
    }
}
