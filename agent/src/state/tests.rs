//! The state file through every stage, and damaged in every way.

use std::os::unix::fs::MetadataExt;

use beffroi_protocol::enrolment::Name;
use beffroi_protocol::temporary::Secret;

use serde_json::Value;

use super::bytes::CHECK;
use super::*;

pub(crate) fn joining() -> Joining {
    let code = Code {
        gateway: "gateway.example.fr:51820".parse().expect("an endpoint"),
        key: PublicKey::from_bytes([1; 32]),
        secret: Secret::from_bytes([2; 16]),
    };
    Joining { key: PrivateKey::from_bytes([3; 32]), code }
}

pub(crate) fn joined() -> Joined {
    let Joining { key, code } = joining();
    let gateway = ["10.66.0.1", "fd00::1"].map(|ip| ip.parse().expect("an address")).to_vec();
    Joined {
        key,
        next: None,
        preshared: Some(code.secret.preshared()),
        gateway: code.key,
        next_gateway: None,
        endpoint: code.gateway,
        former: None,
        invitation: code.secret.key().public(),
        welcome: Welcome {
            community: "Communauté de communes de la Côte d'Albâtre".into(),
            commune: "Alvimare".into(),
            addresses: ["10.66.1.0/32", "fd00::100/128"].map(|net| net.parse().expect("a net")).to_vec(),
            probe: gateway.iter().map(|&ip| (ip, 4711).into()).collect(),
            gateway: gateway.clone(),
            mtu: 1280,
            keepalive: 25,
            names: vec![Name { name: "intranet.example.fr".into(), addresses: gateway }],
            authority: "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n".into(),
            preshared: true,
        },
        serving: None,
    }
}

#[test]
fn each_stage_comes_back_and_only_root_reads_it() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let dir = dir.path().join("state");
    assert_eq!(load(&dir).expect("no file is a state"), None);
    let leaving = State::Leaving(Leaving { keys: State::Joining(joining()).keys() });
    let exchanging = Joined {
        next: Some(PrivateKey::from_bytes([4; 32])),
        next_gateway: Some(PublicKey::from_bytes([5; 32])),
        former: Some("192.0.2.1:51820".parse().expect("an endpoint")),
        ..joined()
    };
    let members = [joined(), exchanging].map(|joined| State::Joined(Box::new(joined)));
    for state in [State::Joining(joining()), leaving].into_iter().chain(members) {
        store(&dir, state.clone()).expect("a writable folder");
        assert_eq!(load(&dir).expect("it was just written"), Some(state));
        assert_eq!(fs::metadata(dir.join(FILE)).expect("it is there").mode() & 0o777, 0o600);
    }
    remove(&dir).expect("a writable folder");
    remove(&dir).expect("nothing to remove");
    assert_eq!(load(&dir).expect("no file is a state"), None);
}

#[test]
fn a_state_that_someone_else_has_changed_is_not_exchanged() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (before, after) = (State::Joined(Box::new(joined())), State::Joining(joining()));
    store(dir.path(), before.clone()).expect("a writable folder");
    assert!(exchange(dir.path(), &before, after.clone()).expect("a writable folder"));
    assert!(!exchange(dir.path(), &before, before.clone()).expect("a readable folder"));
    assert_eq!(load(dir.path()).expect("it is there"), Some(after));
}

#[test]
fn a_machine_that_has_left_keeps_nothing() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let dir = dir.path().join("state");
    store(&dir, State::Joined(Box::new(joined()))).expect("a writable folder");
    // As a power cut leaves it, with the private key.
    fs::copy(dir.join(FILE), dir.join(".state.json.beffroi")).expect("a writable folder");
    let lock = Lock::take(&dir).expect("a writable folder").expect("nobody has it");
    remove_folder(&dir, lock).expect("a writable folder");
    assert!(!dir.exists());
}

#[test]
fn files_of_others_stay() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let lock = Lock::take(dir.path()).expect("a writable folder").expect("nobody has it");
    fs::write(dir.path().join("notes"), "").expect("a writable folder");
    remove_folder(dir.path(), lock).expect("a writable folder");
    assert_eq!(fs::read_dir(dir.path()).expect("it is there").count(), 1);
}

#[test]
fn the_secret_is_not_kept() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    store(dir.path(), State::Joined(Box::new(joined()))).expect("a writable folder");
    let text = fs::read_to_string(dir.path().join(FILE)).expect("it is there");
    assert!(!text.contains(&joining().code.text()));
}

#[test]
fn a_file_cut_anywhere_is_damaged_and_left_as_it_is() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join(FILE);
    store(dir.path(), State::Joined(Box::new(joined()))).expect("a writable folder");
    let whole = fs::read(&path).expect("it is there");
    for cut in [0, 1, 10, whole.len() / 2, whole.len() - 1] {
        fs::write(&path, &whole[..cut]).expect("a writable folder");
        assert!(matches!(load(dir.path()), Err(Error::Damaged { .. })), "cut at {cut}");
        assert_eq!(fs::read(&path).expect("it is there"), whole[..cut]);
    }
}

#[test]
fn a_flipped_bit_is_found_or_changes_nothing() {
    let state = State::Joined(Box::new(joined()));
    let whole = encode(state.clone());
    for place in 0..whole.len() * 8 {
        let mut flipped = whole.clone();
        flipped[place / 8] ^= 1 << (place % 8);
        if let Ok(found) = parse(&flipped) {
            assert_eq!(found, state, "bit {} of byte {}", place % 8, place / 8);
        }
    }
}

#[test]
fn a_check_is_expected_since_version_2() {
    let stage = r#""stage": "leaving", "keys": []"#;
    assert!(parse(format!(r#"{{"version": 1, {stage}}}"#).as_bytes()).is_ok());
    assert!(parse(format!(r#"{{"version": 2, {stage}}}"#).as_bytes()).is_err());
}

#[test]
fn a_file_from_before_there_were_preshared_keys_serves() {
    let mut old: Value =
        serde_json::from_slice(&encode(State::Joined(Box::new(joined())))).expect("it was just made");
    let file = old.as_object_mut().expect("a state is an object");
    file.remove(CHECK);
    file.remove("preshared");
    file["welcome"].as_object_mut().expect("a welcome is one").remove("preshared");
    file.insert("version".to_owned(), 1.into());
    let Ok(State::Joined(read)) = parse(old.to_string().as_bytes()) else {
        panic!("it is a membership");
    };
    assert_eq!((&read.preshared, read.welcome.preshared), (&None, false));
    assert_eq!(read.key, joined().key);
}

#[test]
fn a_file_of_a_later_program_is_named_so() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    fs::write(dir.path().join(FILE), r#"{"version": 3, "stage": "elsewhere"}"#).expect("a folder");
    assert!(matches!(load(dir.path()), Err(Error::Newer { found: 3, .. })));
}

#[test]
fn one_process_has_the_interface_at_a_time() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let held = Lock::take(dir.path()).expect("a writable folder").expect("nobody has it");
    assert!(Lock::take(dir.path()).expect("a writable folder").is_none());
    drop(held);
    assert!(Lock::take(dir.path()).expect("a writable folder").is_some());
}
