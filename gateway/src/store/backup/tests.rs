//! Backups as they are made, looked into and restored.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use tempfile::TempDir;

use super::super::tests::{BELLS, Bell, bell, hang, names, open};
use super::super::*;
use super::*;

const KNOWN: [&dyn AnyTable; 1] = [&BELLS];

fn moment() -> Timestamp {
    "2026-03-01T02:15:00Z".parse().expect("a moment")
}

fn netd_key() -> Extra {
    Extra { name: "netd.key.age".to_owned(), bytes: b"sealed by netd".to_vec() }
}

/// A store with rows, a short blob and a long one.
async fn filled() -> (TempDir, Store, BlobId) {
    let (directory, store) = open();
    hang(&store, 1, "Marie").await;
    hang(&store, 2, "Jeanne").await;
    store.blobs().put(&b"short"[..]).await.expect("the blob is kept");
    let long = store.blobs().put(&[7; 100_000][..]).await.expect("the blob is kept");
    (directory, store, long)
}

/// Saves a running store into the directory `backups` beside nothing else.
fn save_running(store: &Store, backups: &Path, recipient: Option<&Recipient>) -> Saved {
    let target = Target { directory: backups, recipient, scratch: backups, needs: Some("netd.key.age") };
    let saved = save(&target, moment(), &KNOWN, |out| write(store, moment(), &[netd_key()], out).map(drop));
    saved.expect("the backup is saved")
}

fn restore_into(
    backup: &Path,
    directory: &Path,
    identity: Option<&Identity>,
) -> Result<Restored, RestoreError> {
    restore(backup, directory, identity, &KNOWN)
}

fn entries(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("the directory is read");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn what_a_running_store_keeps_is_restored() {
    let (_directory, store, long) = filled().await;
    let place = tempfile::tempdir().expect("a directory for the test");
    let saved = save_running(&store, &place.path().join("backups"), None);
    hang(&store, 3, "Louise").await;
    assert_eq!(entries(&place.path().join("backups")), ["beffroi-2026-03-01T021500Z.tar"]);
    assert_eq!((saved.manifest.tables["tests.bells"], saved.manifest.blobs), (2, 1));

    let state = place.path().join("state");
    let restored = restore_into(&saved.path, &state, None).expect("the backup is restored");
    assert_eq!(entries(&state), ["beffroi.redb", "blobs", "extra"]);
    assert_eq!(restored.manifest, saved.manifest);
    assert!(restored.report.problems.is_empty());
    assert_eq!(fs::read(&restored.extra[0]).expect("the addition is there"), b"sealed by netd");
    let store = Store::open(&state).expect("the restored store opens");
    assert_eq!(names(&store).await, ["Marie", "Jeanne"]);
    let blob = store.blobs().open(long).await.expect("the table is read").expect("the blob is there");
    assert_eq!(blob.bytes().await.expect("the blob is whole").len(), 100_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_shows_one_moment_while_the_store_is_written() {
    let (_directory, store) = open();
    let place = tempfile::tempdir().expect("a directory for the test");
    let writing = tokio::spawn({
        let store = store.clone();
        async move {
            for kilograms in 0.. {
                let both = Bell { kilograms, ..bell("Marie") };
                let kept = store.write(async move |tx| {
                    tx.put(&BELLS, &1, &both).await?;
                    tx.put(&BELLS, &2, &both).await
                });
                kept.await.expect("the rows are kept");
            }
        }
    });
    for number in 0..5 {
        let saved = save_running(&store, &place.path().join(format!("backup-{number}")), None);
        let state = place.path().join(format!("state-{number}"));
        restore_into(&saved.path, &state, None).expect("the backup is restored");
        let restored = Store::open(&state).expect("the restored store opens");
        let rows = restored.read(async |tx| tx.all(&BELLS).await).await.expect("the table is read");
        assert!(rows.is_empty() || rows[0].1 == rows[1].1, "{rows:?}");
    }
    writing.abort();
}

#[tokio::test]
async fn a_sealed_backup_is_opened_by_its_key_alone() {
    let (_directory, store, _) = filled().await;
    let place = tempfile::tempdir().expect("a directory for the test");
    let identity = Identity::generate();
    let saved = save_running(&store, place.path(), Some(&identity.recipient()));
    assert!(saved.path.ends_with("beffroi-2026-03-01T021500Z.tar.age"));
    let content = fs::read(&saved.path).expect("the backup is read");
    assert!(!content.windows(5).any(|window| window == b"Marie"), "a name can be read without the key");

    let state = place.path().join("state");
    assert!(matches!(restore_into(&saved.path, &state, None), Err(RestoreError::Sealed)));
    let other = Identity::generate();
    assert!(matches!(restore_into(&saved.path, &state, Some(&other)), Err(RestoreError::WrongKey)));
    assert!(entries(&state).is_empty());
    restore_into(&saved.path, &state, Some(&identity)).expect("the backup is restored");
}

#[tokio::test]
async fn a_directory_that_no_process_has_open_is_backed_up_without_being_touched() {
    let (directory, store, _) = filled().await;
    let running = save_running(&store, &directory.path().join("first"), None);
    let database = directory.path().join("beffroi.redb");
    let in_use = write_offline(directory.path(), moment(), &[], io::sink());
    assert!(matches!(in_use, Err(BackupError::Open(OpenError::InUse { .. }))));
    drop(store);
    let before = fs::read(&database).expect("the database is read");
    let mut archive = Vec::new();
    let manifest = write_offline(directory.path(), moment(), &[netd_key()], &mut archive)
        .expect("the archive is written");
    assert_eq!(manifest.tables, running.manifest.tables);
    assert!(fs::read(&database).expect("the database is read") == before);
    assert_eq!(
        archive,
        fs::read(running.path).expect("the backup is read"),
        "the same rows give the same file"
    );
}

#[tokio::test]
async fn a_lost_blob_does_not_keep_the_rest_from_being_saved() {
    let (directory, store, long) = filled().await;
    fs::remove_file(long.path(directory.path())).expect("the blob is lost");
    let place = tempfile::tempdir().expect("a directory for the test");
    let saved = save_running(&store, place.path(), None);
    assert_eq!(saved.manifest.lost, [long]);
    assert!(matches!(saved.report.problems[..], [Problem::BlobMissing { id }] if id == long));
    assert_eq!(entries(place.path()), ["beffroi-2026-03-01T021500Z-avec-defauts.tar"]);
}

#[tokio::test]
async fn a_backup_that_is_cut_short_is_refused_wherever_it_is_cut() {
    let check = |backup: &Path, identity: Option<&Identity>, expected: fn(&RestoreError) -> bool| {
        let whole = fs::read(backup).expect("the backup is read");
        let state = backup.with_file_name("state");
        // Behind its last member an archive has 1024 bytes of nothing, and is whole without them.
        for length in (1..=50).map(|part| (whole.len() - 1100) * part / 50) {
            fs::write(backup, &whole[..length]).expect("the backup is cut short");
            let error = restore_into(backup, &state, identity).expect_err("the backup is cut short");
            assert!(expected(&error), "{length} of {}: {error}", whole.len());
            assert!(entries(&state).is_empty());
        }
    };
    let (_directory, store, _) = filled().await;
    let place = tempfile::tempdir().expect("a directory for the test");
    let identity = Identity::generate();
    let clear = save_running(&store, place.path(), None).path;
    check(&clear, None, |error| matches!(error, RestoreError::CutShort));
    let sealed = save_running(&store, place.path(), Some(&identity.recipient())).path;
    check(&sealed, Some(&identity), |error| {
        matches!(error, RestoreError::CutShort | RestoreError::Unreadable(_))
    });
}

#[tokio::test]
async fn a_flipped_bit_in_a_backup_is_found() {
    let (_directory, store, _) = filled().await;
    let place = tempfile::tempdir().expect("a directory for the test");
    let saved = save_running(&store, place.path(), None);
    let state = place.path().join("state");
    let whole = fs::read(&saved.path).expect("the backup is read");
    let in_database = whole.windows(5).position(|window| window == b"Marie").expect("the name is in clear");
    let in_manifest =
        whole.windows(6).position(|window| window == b"layout").expect("the manifest is in clear");
    for (at, expected) in [(in_database, DATABASE), (in_manifest, MANIFEST)] {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        fs::write(&saved.path, damaged).expect("the backup is damaged");
        let error = restore_into(&saved.path, &state, None).expect_err("the backup is damaged");
        assert!(matches!(&error, RestoreError::Damaged { member } if member == expected), "{error}");
        assert!(entries(&state).is_empty());
    }
}

#[tokio::test]
async fn nothing_is_restored_over_something() {
    let (_directory, store, _) = filled().await;
    let place = tempfile::tempdir().expect("a directory for the test");
    let saved = save_running(&store, place.path(), None);
    let (other, occupied) = open();
    hang(&occupied, 9, "Emma").await;
    let refused = restore_into(&saved.path, other.path(), None);
    assert!(matches!(refused, Err(RestoreError::NotEmpty { .. })));
    assert_eq!(names(&occupied).await, ["Emma"]);
}

#[tokio::test]
async fn a_restoration_that_was_killed_is_begun_again() {
    let (_directory, store, _) = filled().await;
    let place = tempfile::tempdir().expect("a directory for the test");
    let saved = save_running(&store, place.path(), None);
    let state = place.path().join("state");
    fs::create_dir_all(state.join(".restoring/blobs")).expect("what a killed restoration leaves");
    assert!(matches!(Store::open(&state), Err(OpenError::HalfRestored { .. })));
    // Killed between two of the steps that put all in its place.
    fs::create_dir_all(state.join("blobs/aa")).expect("what was put there");
    fs::create_dir_all(state.join("extra")).expect("what was put there");
    fs::write(state.join("extra/netd.key.age"), "of the same").expect("what was put there");
    restore_into(&saved.path, &state, None).expect("the backup is restored");
    assert_eq!(entries(&state), ["beffroi.redb", "blobs", "extra"]);
    assert_eq!(names(&Store::open(&state).expect("the restored store opens")).await, ["Marie", "Jeanne"]);
}

#[test]
fn what_is_no_backup_is_refused() {
    let place = tempfile::tempdir().expect("a directory for the test");
    let (file, state) = (place.path().join("file"), place.path().join("state"));
    let check = |content: &[u8], expected: fn(&RestoreError) -> bool| {
        fs::write(&file, content).expect("the file is written");
        let error = restore_into(&file, &state, None).expect_err("the file is no backup");
        assert!(expected(&error), "{error}");
        assert!(entries(&state).is_empty());
    };
    let archive = |name: &str, content: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        let mut tar = tar::Builder::new(Vec::new());
        // Written as it is: `append_data` would refuse a name that leads elsewhere.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        tar.append(&header, content).expect("memory takes it");
        tar.into_inner().expect("memory takes it")
    };
    check(b"", |error| matches!(error, RestoreError::CutShort));
    check(&[b'x'; 5000], |error| matches!(error, RestoreError::NotABackup));
    check(&archive("photo.jpg", b"x"), |error| matches!(error, RestoreError::NotABackup));
    check(&archive("../../etc/passwd", b"x"), |error| matches!(error, RestoreError::NotABackup));
    let missing = restore_into(&place.path().join("nothing"), &state, None);
    assert!(matches!(missing, Err(RestoreError::Open { .. })));
}

#[test]
fn a_newer_backup_is_refused() {
    let check = |manifest: &str, expected: fn(&RestoreError) -> bool| {
        let place = tempfile::tempdir().expect("a directory for the test");
        let file = place.path().join("backup.tar");
        let mut tar = tar::Builder::new(fs::File::create(&file).expect("the file is made"));
        let hash = BlobId::of(manifest.as_bytes()).to_string();
        for (name, content) in [(MANIFEST, manifest), (MANIFEST_HASH, &hash)] {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            tar.append_data(&mut header, name, content.as_bytes()).expect("the member is written");
        }
        tar.finish().expect("the archive is finished");
        let error = restore_into(&file, &place.path().join("state"), None).expect_err("it is newer");
        assert!(expected(&error), "{error}");
    };
    check(r#"{"format": 2, "chapters": []}"#, |error| {
        matches!(error, RestoreError::NewerFormat { found: 2, known: 1 })
    });
    let of_layout_7 = r#"{"format": 1, "made": "2030-01-01T00:00:00Z", "layout": 7,
        "tables": {}, "blobs": 0, "lost": [], "members": {}}"#;
    check(of_layout_7, |error| matches!(error, RestoreError::NewerLayout { found: 7, known: 1 }));
}

#[tokio::test]
async fn an_addition_has_a_plain_name() {
    let (_directory, store) = open();
    for name in ["", ".", "..", "../key", "a/b", "Key", &"a".repeat(101)] {
        let extra = [Extra { name: name.to_owned(), bytes: Vec::new() }];
        let refused = write(&store, moment(), &extra, io::sink());
        assert!(matches!(refused, Err(BackupError::ExtraName { .. })), "{name:?}");
    }
}

#[test]
fn the_latest_backups_are_kept() {
    let check = |names: &[&str], just_made: &str, expected: &[&str]| {
        let place = tempfile::tempdir().expect("a directory for the test");
        for name in names {
            fs::write(place.path().join(name), "").expect("the file is written");
        }
        for removed in [expected, &[]] {
            let removed: Vec<_> = removed.iter().map(|name| place.path().join(name)).collect();
            let found = prune(place.path(), 2, &place.path().join(just_made));
            assert_eq!(found.expect("the directory is pruned"), removed);
        }
        assert_eq!(entries(place.path()).len(), names.len() - expected.len());
    };
    let [one, two, three] = [
        "beffroi-2026-01-01T000000Z.tar",
        "beffroi-2026-01-02T000000Z.tar.age",
        "beffroi-2026-01-03T000000Z.tar",
    ];
    check(&[one, two, three, "photos-2020.tar"], three, &[one]);
    // The clock is behind.
    check(&[one, two, three], one, &[]);
    let flawed = [4, 5, 6].map(|day| format!("beffroi-2026-01-0{day}T000000Z-avec-defauts.tar"));
    let [four, five, six] = flawed.each_ref().map(String::as_str);
    check(&[one, two, four, five, six], six, &[four]);
}

#[test]
fn keys_are_read_as_they_are_written() {
    let identity = Identity::generate();
    let file = format!("# created: today\n# public key: {}\n{}\n", identity.recipient(), identity.secret());
    let read: Identity = file.parse().expect("a key file");
    assert_eq!(read.recipient().to_string(), identity.recipient().to_string());
    let recipient: Recipient = identity.recipient().to_string().parse().expect("a recipient");
    let mut sealed = Vec::new();
    let mut writer = seal::writer(&mut sealed, &[&recipient]).expect("memory takes it");
    writer.write_all(b"the key of the chest").expect("memory takes it");
    writer.finish().expect("memory takes it");
    assert_eq!(read.unseal(&sealed).expect("it was sealed to this key"), b"the key of the chest");
    assert_eq!("age1".parse::<Recipient>().err(), Some(NotAKey));
    assert!("# nothing".parse::<Identity>().is_err());
}
