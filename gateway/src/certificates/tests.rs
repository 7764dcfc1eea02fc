//! Certificates as a browser judges them, and what becomes of them when time goes by or jumps.

use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};

use super::*;

fn wanted() -> Wanted {
    Wanted {
        domain: "coeur-de-caux.fr".to_owned(),
        networks: vec![
            "10.66.0.0/16".parse().expect("a network"),
            "fda6:8423:71b7::/64".parse().expect("a network"),
        ],
        intranet: ["10.66.0.1"].map(|text| text.parse().expect("an address")).to_vec(),
        admin: ["127.0.0.1", "192.168.1.10", "10.66.0.1", "0.0.0.0"]
            .map(|text| text.parse().expect("an address"))
            .to_vec(),
    }
}

fn at(text: &str) -> Timestamp {
    format!("{text}T10:00:00Z").parse().expect("a timestamp")
}

fn names(name: &str, addresses: &[&str]) -> Names {
    let addresses = addresses.iter().map(|text| text.parse().expect("an address")).collect();
    Names { name: name.to_owned(), addresses }
}

/// What a browser says that trusts the authority and opens `https://opened/`.
fn verify(
    authority: &Authority,
    certificate: &[u8],
    opened: &str,
    now: Timestamp,
) -> Result<(), rustls::Error> {
    let root = CertificateDer::from_pem_slice(authority.pem().as_bytes()).expect("a certificate in PEM");
    let mut roots = RootCertStore::empty();
    roots.add(root).expect("a root");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .expect("a verifier with one root");
    let certificate = CertificateDer::from(certificate.to_vec());
    let opened = ServerName::try_from(opened.to_owned()).expect("a name");
    let now = UnixTime::since_unix_epoch(Duration::from_secs(now.as_second().unsigned_abs()));
    verifier.verify_server_cert(&certificate, &[], &opened, &[], now).map(|_| ())
}

#[test]
fn browsers_accept_the_names_of_the_communauté_and_no_other() {
    let now = at("2026-11-24");
    let authority = Authority::of(Authority::make(&wanted(), now).expect("made")).expect("read");
    let check = |name: &str, addresses: &[&str], opened: &str, expected: bool| {
        let signed = authority.sign(&names(name, addresses), now).expect("signed");
        let verified = verify(&authority, &signed.certificate, opened, now);
        assert_eq!(verified.is_ok(), expected, "{name} {addresses:?} opened as {opened}: {verified:?}");
    };
    check("intranet.coeur-de-caux.fr", &[], "intranet.coeur-de-caux.fr", true);
    check("intranet.coeur-de-caux.fr", &[], "admin.coeur-de-caux.fr", false);
    check("admin.coeur-de-caux.fr", &["127.0.0.1", "10.66.0.1"], "127.0.0.1", true);
    check("admin.coeur-de-caux.fr", &["192.168.1.10"], "192.168.1.10", true);
    check("admin.coeur-de-caux.fr", &["192.168.1.11"], "192.168.1.11", false);
    check("www.impots.gouv.fr", &[], "www.impots.gouv.fr", false);
    check("coeur-de-caux.fr.example", &[], "coeur-de-caux.fr.example", false);
}

#[test]
fn a_server_certificate_is_small() {
    let authority = Authority::of(Authority::make(&wanted(), at("2026-11-24")).expect("made")).expect("read");
    let signed = authority.sign(&names("intranet.coeur-de-caux.fr", &[]), at("2026-11-24")).expect("signed");
    assert!(signed.certificate.len() < 512, "{} bytes", signed.certificate.len());
}

#[test]
fn certificates_are_due_before_their_end_and_when_the_clock_was_wrong() {
    let check = |now: &str, expected: bool| {
        assert_eq!(is_due(at("2026-01-01"), at("2026-04-01"), at(now)), expected, "{now}");
    };
    check("2026-01-01", false);
    check("2026-02-28", false);
    check("2026-03-03", true);
    check("2027-01-01", true);
    check("2025-12-31", true);
}

#[test]
fn an_authority_made_with_a_wrong_clock_is_good_afterwards() {
    let check = |made: &str, used: &str| {
        let authority = Authority::of(Authority::make(&wanted(), at(made)).expect("made")).expect("read");
        let signed = authority.sign(&names("intranet.coeur-de-caux.fr", &[]), at(used)).expect("signed");
        let verified = verify(&authority, &signed.certificate, "intranet.coeur-de-caux.fr", at(used));
        assert_eq!(verified, Ok(()), "made {made}, used {used}");
    };
    check("1970-01-01", "2026-11-24");
    check("2040-01-01", "2026-11-24");
    check("2026-11-24", "2044-11-24");
}

#[tokio::test]
async fn the_authority_stays_and_certificates_are_renewed_in_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path()).expect("a store");
    let first = Certificates::open(store.clone(), &wanted(), at("2026-01-01")).await.expect("opened");
    let again = Certificates::open(store.clone(), &wanted(), at("2026-01-02")).await.expect("opened");
    assert_eq!(first.authority_pem(), again.authority_pem());
    assert_eq!(first.intranet().until(), again.intranet().until());

    let shown = again.intranet();
    again.renew(at("2026-02-01")).await.expect("nothing to renew");
    assert_eq!(shown.until(), first.intranet().until());
    again.renew(at("2026-03-15")).await.expect("renewed");
    assert_eq!(shown.until().map(|(_, until)| until), Some(at("2026-03-15") + LIFE));

    let elsewhere = Wanted { domain: "yvetot.fr".to_owned(), ..wanted() };
    let other = Certificates::open(store, &elsewhere, at("2026-03-15")).await.expect("opened");
    assert_ne!(other.authority_pem(), first.authority_pem());
}
