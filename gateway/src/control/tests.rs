//! A command and a running gateway, on a real socket.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;

use super::*;
use crate::store::Store;
use crate::store::backup::{self, BackupError, Extra, Target};

/// A gateway that serves its socket, and how often it was asked what else belongs to a backup.
fn running() -> (TempDir, PathBuf, Arc<AtomicUsize>) {
    let directory = tempfile::tempdir().expect("a directory for the test");
    let socket = directory.path().join("run/control.sock");
    let store = Store::open(&directory.path().join("state")).expect("an empty directory becomes a store");
    let asked = Arc::new(AtomicUsize::new(0));
    let door = Door::open(&socket).expect("the socket is free");
    let extra = {
        let asked = asked.clone();
        move || {
            asked.fetch_add(1, Ordering::SeqCst);
            std::future::ready(vec![Extra { name: "netd.key.age".to_owned(), bytes: b"sealed".to_vec() }])
        }
    };
    let answer = async |question: Question| match (question.subject, question.rest.as_slice()) {
        (Subject::Invite, b"nom\n") => Ok(b"nobody was invited".to_vec()),
        _ => Err("the list is another one".to_owned()),
    };
    tokio::spawn(door.serve(store, extra, answer));
    (directory, socket, asked)
}

async fn blocking<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(run).await.expect("a command does not panic")
}

#[tokio::test]
async fn a_command_saves_what_the_running_gateway_keeps() {
    let (directory, socket, _) = running();
    let backups = directory.path().join("backups");
    let saved = blocking(move || {
        let running = connect(&socket).expect("the socket is ours").expect("the gateway is running");
        let target = Target { directory: &backups, recipient: None, scratch: &backups, needs: None };
        let made = "2026-03-01T02:15:00Z".parse().expect("a moment");
        backup::save(&target, made, &[], |out| running.backup(out))
    });
    let saved = saved.await.expect("the backup is saved");
    assert!(saved.path.exists());
    assert!(saved.manifest.members.contains_key("extra/netd.key.age"));
    assert!(saved.report.problems.is_empty());
}

#[tokio::test]
async fn who_asks_for_something_else_is_not_answered_and_does_no_harm() {
    let (_directory, socket, asked) = running();
    let check = async |request: &'static [u8]| {
        let path = socket.clone();
        let received = blocking(move || {
            let mut stream = UnixStream::connect(path).expect("the gateway listens");
            stream.write_all(request).expect("the gateway reads");
            stream.shutdown(std::net::Shutdown::Write).expect("the connection stands");
            stream::receive(&stream, &mut std::io::sink())
        });
        assert!(received.await.is_err());
    };
    check(b"").await;
    check(b"back").await;
    check(b"erase everything\n").await;
    check(b"invite\n").await;
    check(b"invite\n\0\0\0\x05nom\n").await;
    check(b"invite\n\xff\xff\xff\xffnom\n").await;
    check(b"backup\nbackup\n").await;
    assert_eq!(asked.load(Ordering::SeqCst), 0);
    let running = blocking(move || connect(&socket)).await.expect("the socket is ours");
    let mut archive = Vec::new();
    let received = blocking(move || running.expect("it is still there").backup(&mut archive));
    received.await.expect("it still answers");
}

#[tokio::test]
async fn a_question_reaches_the_running_gateway_and_its_answer_comes_back() {
    let (_directory, socket, _) = running();
    let invite = async |list: &'static [u8]| {
        let path = socket.clone();
        let running = move || connect(&path).expect("the socket is ours").expect("it is running");
        blocking(move || running().ask(Subject::Invite, list)).await
    };
    assert_eq!(invite(b"nom\n").await.expect("it answers"), b"nobody was invited");
    let refused = invite(b"commune\n").await.expect_err("it is refused");
    assert_eq!(refused.to_string(), "the list is another one");
    assert!(matches!(invite(&[b' '; REST_MAX + 1]).await, Err(AskError::TooLong(_))));
    assert!(invite(b"").await.is_err());
}

#[tokio::test]
async fn the_socket_is_for_its_owner() {
    let (_directory, socket, _) = running();
    let mode = std::fs::metadata(socket).expect("the socket is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn the_socket_of_a_killed_gateway_is_replaced_and_that_of_a_living_one_is_not() {
    let (directory, socket, _) = running();
    assert!(matches!(Door::open(&socket), Err(OpenError::InUse { .. })));
    let left = directory.path().join("left.sock");
    drop(std::os::unix::net::UnixListener::bind(&left).expect("a socket is made and left"));
    assert!(connect(&left).expect("nobody is there, which is no error").is_none());
    Door::open(&left).expect("the socket is replaced");
}

#[test]
fn without_a_gateway_there_is_no_connection() {
    assert!(connect(Path::new("/nowhere/control.sock")).expect("this is no error").is_none());
}

#[tokio::test]
async fn a_gateway_that_dies_in_the_middle_is_noticed() {
    let directory = tempfile::tempdir().expect("a directory for the test");
    let socket = directory.path().join("control.sock");
    let listener = std::os::unix::net::UnixListener::bind(&socket).expect("the socket is free");
    let dying = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("the command connects");
        stream.write_all(&[0, 0, 0, 3, b't', b'a', b'r', 0, 0]).expect("the command reads");
    });
    let received = blocking(move || {
        let running = connect(&socket).expect("the socket is ours").expect("it listens");
        running.backup(&mut std::io::sink())
    });
    assert!(matches!(received.await, Err(BackupError::HandedOver(_))));
    dying.join().expect("it died as it should");
}
