//! Who did what: verified, noted, saved as a table.

use beffroi_gateway::audit::Report;
use beffroi_gateway::control::Subject;

use crate::rig::{NAME, rig};

#[tokio::test]
async fn who_did_what_is_verified_and_its_fingerprint_is_found_again() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    let verify = async |noted: &str| {
        let report = rig.command(Subject::Audit, noted).await.expect("it is verified");
        serde_json::from_str::<Report>(&report).expect("it is a report")
    };
    let (number, fingerprint) = verify("").await.last.expect("an account was made");
    referent.get("/qui-a-fait-quoi").await.shows(&fingerprint.to_string());
    referent.post("/communes/ajouter", &[("text", "Foucart")]).await;

    let report = verify(&fingerprint.to_string()).await;
    assert_eq!((report.noted, report.fault_count), (Some(number), 0));
    assert_eq!(report.last.map(|(number, _)| number), Some(number + 1));
    assert_eq!(verify("0000-0000-0000-0000-0000-0000-0000-0000").await.noted, None);
    let refused = rig.command(Subject::Audit, "0000").await.expect_err("it is no fingerprint");
    assert!(refused.contains("huit groupes de quatre"), "{refused}");
    referent.get("/qui-a-fait-quoi?verifier=oui").await.shows("Rien n’a été modifié ni retiré");
}

#[tokio::test]
async fn who_did_what_is_saved_as_a_table() {
    let rig = rig().await;
    let mut referent = rig.referent().await;
    referent.post("/communes/ajouter", &[("text", "Foucart")]).await;
    let page = referent.get("/qui-a-fait-quoi/tableau").await;
    assert_eq!(page.header("content-type"), "text/csv; charset=utf-8");
    let disposition = "attachment; filename=\"qui-a-fait-quoi-2026-11-24.csv\"";
    assert_eq!(page.header("content-disposition"), disposition);
    assert!(page.bytes.starts_with("\u{feff}Nº;Quand;Qui;".as_bytes()), "{}", page.text);
    page.shows(&format!("1;2026-11-24 09:05:00;{NAME};a créé le compte;"));
    page.shows(&format!("2;2026-11-24 09:05:00;{NAME};a ajouté la commune;Foucart;"));
    assert_eq!(rig.command(Subject::AuditTable, "Europe/Paris").await.as_deref(), Ok(&*page.text));
}
