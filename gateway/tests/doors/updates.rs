//! Updates of the agents: offered by a referent, one machine first, stopped by the first failure.

use std::env::consts::ARCH;

use axum::http::StatusCode;
use beffroi_gateway::directory::{self, Machine};
use beffroi_gateway::store::{ReadTx, WriteTx};
use beffroi_gateway::updates;
use beffroi_protocol::release::{Hash, MAGIC, MAX, Progress, Release, ReleaseKey, Stage, Version};
use data_encoding::BASE64;
use jiff::{SignedDuration, Timestamp};
use ring::signature::{Ed25519KeyPair, KeyPair};

use crate::rig::{Rig, rig};

const PAGE: &str = "/mises-a-jour";
const UPLOAD: &str = "/mises-a-jour/deposer";
pub(crate) const PROGRAM: &[u8] = b"a program, gzipped";

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

pub(crate) fn release(text: &str, seed: u8) -> Vec<u8> {
    signed(&stated(text, PROGRAM), seed, PROGRAM)
}

fn stated(text: &str, program: &[u8]) -> Release {
    let (size, hash) = (program.len() as u64, Hash::of(program));
    Release { version: version(text), architecture: ARCH.into(), size, hash }
}

fn signed(release: &Release, seed: u8, program: &[u8]) -> Vec<u8> {
    let statement = serde_json::to_string(release).expect("plain data");
    let signature = BASE64.encode(pair(seed).sign(statement.as_bytes()).as_ref());
    [format!("{MAGIC}\n{statement}\n{signature}\n").as_bytes(), program].concat()
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
    let (machine, told) = (machine.clone(), Progress { version: version("0.2.0"), stage });
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
    assert_eq!(referent.post("/mises-a-jour/proposer", &[("version", "0.2.0")]).await.location(), PAGE);
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
    referent.post("/mises-a-jour/proposer", &[("version", "0.2.0")]).await;
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
    referent.post("/mises-a-jour/proposer", &[("version", "0.2.0")]).await;
    for _twice in 0..2 {
        assert_eq!(referent.post("/mises-a-jour/suite", &[("wave", "First")]).await.location(), PAGE);
    }
    referent.get(PAGE).await.shows("un poste sur dix.").shows("Arrêter");
    assert!(is_offered(&rig, &hall).await);
    assert_eq!(referent.post("/mises-a-jour/arreter", &[]).await.location(), PAGE);
    assert!(!is_offered(&rig, &hall).await);
    referent.get(PAGE).await.shows("est arrêtée (Jeanne Lefèvre)").shows("Reprendre la version 0.2.0");
    referent.get(PAGE).await.shows("ne l’a pas").hides("proposée</td>").hides("en cours");
    referent.post("/mises-a-jour/proposer", &[("version", "0.2.0")]).await;
    assert!(is_offered(&rig, &hall).await, "it goes on where it was");
}

#[tokio::test]
async fn what_another_key_has_signed_or_is_cut_short_is_not_offered() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    for file in [release("0.2.0", 2), release("0.2.0", 1)[..200].to_vec(), b"not a release".to_vec()] {
        rig.shelve(&file);
        referent.get(PAGE).await.shows("Il n’y a pas de nouvelle version");
        assert_eq!(
            referent.post("/mises-a-jour/proposer", &[("version", "0.2.0")]).await.status,
            StatusCode::CONFLICT
        );
    }
}

#[tokio::test]
async fn a_release_that_is_uploaded_can_be_offered() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    // Longer than what comes at once.
    let program = vec![7; 300_000];
    let file = signed(&stated("0.2.0", &program), 1, &program);
    for said in ["La version 0.2.0 est sur ce serveur", "La version 0.2.0 était déjà sur ce serveur"] {
        assert_eq!(referent.upload(UPLOAD, "release", &file).await.location(), PAGE);
        referent.get(PAGE).await.shows(said).shows("La version 0.2.0 est prête");
        assert_eq!(rig.uploaded(), [format!("beffroi-agent_0.2.0_{ARCH}.release")]);
    }
    referent.get("/qui-a-fait-quoi").await.shows("a déposé une version du programme des postes");
    referent.post("/mises-a-jour/proposer", &[("version", "0.2.0")]).await;
    let [_hall, referents] = machines(&rig).await;
    assert!(is_offered(&rig, &referents).await);
}

#[tokio::test]
async fn what_is_uploaded_and_of_no_use_is_explained_and_leaves_nothing() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    rig.shelve(&release("0.2.0", 1));
    let mut check = async |file: &[u8], sentence: &str| {
        let page = referent.upload(UPLOAD, "release", file).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        page.shows(sentence).shows("La version 0.2.0 est prête");
        assert_eq!(rig.uploaded(), [""; 0]);
    };
    let program = vec![7; 300_000];
    let newer = stated("0.3.0", &program);
    let whole = signed(&newer, 1, &program);
    check(b"", "n’est pas une version du programme").await;
    check(&program, "n’est pas une version du programme").await;
    check(&signed(&newer, 2, &program), "n’est pas signée").await;
    check(&whole[..200_000], "incomplet ou abîmé").await;
    check(&[&whole[..], b"more"].concat(), "incomplet ou abîmé").await;
    check(&[&whole[..200_000], &vec![8; whole.len() - 200_000]].concat(), "incomplet ou abîmé").await;
    let other = Release { architecture: "riscv64gc".into(), ..newer.clone() };
    check(&signed(&other, 1, &program), "d’une autre sorte (riscv64gc)").await;
    check(&signed(&Release { size: MAX + 1, ..newer.clone() }, 1, &program), "dépasse 64 Mo").await;
    check(&signed(&stated("0.1.9", &program), 1, &program), "plus ancienne que la 0.2.0").await;
    check(&signed(&stated("0.2.0", &program), 1, &program), "une version avec un nouveau numéro").await;
}

#[tokio::test]
async fn a_form_that_is_cut_or_empty_is_explained() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    let mut check = async |form: &[u8], sentence: &str| {
        referent.send_form(UPLOAD, form.to_vec()).await.shows(sentence);
        assert_eq!(rig.uploaded(), [""; 0]);
    };
    let head = |name: &str| {
        format!("--fin\r\nContent-Disposition: form-data; name=\"release\"; filename=\"{name}\"\r\n\r\n")
    };
    let program = vec![7; 300_000];
    let file = signed(&stated("0.2.0", &program), 1, &program);
    check(&[head("f").as_bytes(), &file[..100_000]].concat(), "L’envoi s’est interrompu").await;
    check(&[head("").as_bytes(), b"\r\n--fin--\r\n"].concat(), "Choisissez d’abord le fichier").await;
    check(b"--fin--\r\n", "Choisissez d’abord le fichier").await;
    check(b"", "L’envoi s’est interrompu").await;
    let typed = referent.post(UPLOAD, &[("release", "text")]).await;
    assert_eq!(typed.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_file_that_comes_after_the_session_is_asked_for_again() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    let page = referent.later(24 * 400).upload(UPLOAD, "release", &release("0.2.0", 1)).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    page.shows("Connectez-vous, puis envoyez-le de nouveau");
    assert_eq!(rig.uploaded(), [""; 0]);
}

#[tokio::test]
async fn of_what_was_uploaded_the_last_ones_stay() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    for number in 2..7 {
        let page = referent.upload(UPLOAD, "release", &release(&format!("0.{number}.0"), 1)).await;
        assert_eq!(page.location(), PAGE, "{}", page.text);
    }
    let expected = ["0.4.0", "0.5.0", "0.6.0"].map(|kept| format!("beffroi-agent_{kept}_{ARCH}.release"));
    assert_eq!(rig.uploaded(), expected);
}

#[tokio::test]
async fn a_release_that_is_not_on_the_server_any_more_is_said_to_be_gone() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    rig.shelve(&release("0.2.0", 1));
    referent.post("/mises-a-jour/proposer", &[("version", "0.2.0")]).await;
    referent.get(PAGE).await.hides("n’est plus sur ce serveur");
    rig.shelve(b"");
    referent.get(PAGE).await.shows("n’est plus sur ce serveur");
    referent.upload(UPLOAD, "release", &release("0.1.9", 1)).await.shows("plus ancienne que la 0.2.0");
    referent.upload(UPLOAD, "release", &release("0.2.0", 1)).await;
    referent.get(PAGE).await.hides("n’est plus sur ce serveur");
}

#[tokio::test]
async fn a_machine_is_believed_about_what_it_was_offered_and_nothing_else() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    let [hall, referents] = machines(&rig).await;
    tell(&rig, &hall, Stage::RolledBack, later(1)).await;
    rig.shelve(&release("0.2.0", 1));
    referent.post("/mises-a-jour/proposer", &[("version", "0.2.0")]).await;
    tell(&rig, &hall, Stage::Refused, later(1)).await;
    tell(&rig, &hall, Stage::Kept, later(1)).await;
    advance(&rig, later(48)).await;
    referent.get(PAGE).await.shows("un seul poste.").shows("Aucun poste ne l’a encore");
    referent.get("/qui-a-fait-quoi").await.hides("le poste « Accueil »");

    for stage in [Stage::Kept, Stage::Fetching].into_iter().cycle().take(20) {
        tell(&rig, &referents, stage, later(1)).await;
    }
    let acts = referent.get("/qui-a-fait-quoi").await;
    assert_eq!(acts.text.matches("a mis à jour le poste").count(), 1, "{}", acts.text);
}

#[tokio::test]
async fn a_machine_of_another_kind_is_passed_over() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    let [hall, referents] = machines(&rig).await;
    rig.shelve(&release("0.2.0", 1));
    referent.post("/mises-a-jour/proposer", &[("version", "0.2.0")]).await;
    tell(&rig, &referents, Stage::Unfit, later(1)).await;
    assert!(is_offered(&rig, &hall).await, "it is the first now");
    referent.get(PAGE).await.shows("un seul poste.").shows("ne lui convient pas");
}

#[tokio::test]
async fn a_clock_that_was_ahead_hides_no_failure_and_holds_up_no_wave() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    let [hall, referents] = machines(&rig).await;
    rig.shelve(&release("0.2.0", 1));
    // Within one session.
    referent.later(1).post("/mises-a-jour/proposer", &[("version", "0.2.0")]).await;
    tell(&rig, &referents, Stage::RolledBack, later(0)).await;
    referent.get(PAGE).await.shows("est arrêtée (Référent, Alvimare)");
    // Offered again: what failed before does not count, whatever the clock says.
    referent.later(-1).post("/mises-a-jour/proposer", &[("version", "0.2.0")]).await;
    advance(&rig, later(2)).await;
    tell(&rig, &referents, Stage::RolledBack, later(2)).await;
    referent.get(PAGE).await.hides("est arrêtée");
    tell(&rig, &referents, Stage::Kept, later(3)).await;
    advance(&rig, later(24)).await;
    assert!(is_offered(&rig, &hall).await);
}

#[tokio::test]
async fn no_machine_is_offered_an_older_release() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    rig.shelve(&release("0.2.0", 1));
    referent.post("/mises-a-jour/proposer", &[("version", "0.2.0")]).await;
    referent.post("/mises-a-jour/arreter", &[]).await;
    rig.shelve(&release("0.1.9", 1));
    referent.get(PAGE).await.hides("0.1.9");
    let page = referent.post("/mises-a-jour/proposer", &[("version", "0.1.9")]).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
}
