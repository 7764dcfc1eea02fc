//! The door as strangers see it, and the relay behind it.

use std::net::Ipv4Addr;

use beffroi_protocol::PublicKey;
use beffroi_protocol::carrier::{Frames, frame};
use http_body_util::BodyExt;
use jiff::Timestamp;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::net::UdpSocket;
use tower::ServiceExt;

use super::*;
use crate::store::WriteTx;

const KEY: PublicKey = PublicKey::from_bytes([7; 32]);
const STRANGER: &str = "203.0.113.9:50000";

struct Rig {
    gate: Gate,
    _folder: TempDir,
}

async fn rig(is_on: bool) -> Rig {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path()).expect("a store");
    let prepare = async move |tx: &mut WriteTx| -> Result<(), directory::Error> {
        directory::note_gateway_keys(tx, &KEY, None).await?;
        openings::set(tx, Opening::Carrier, is_on, "Le référent", Timestamp::UNIX_EPOCH).await?;
        Ok(())
    };
    store.write(prepare).await.expect("the store is written");
    Rig { gate: Gate::new(store, directory::changes().0, 51820), _folder: folder }
}

async fn ask(gate: &Gate, method: &str, path: &str, upgrade: Option<&'static str>) -> (u16, String) {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(upgrade) = upgrade {
        request = request.header(header::CONNECTION, "upgrade").header(header::UPGRADE, upgrade);
    }
    let peer: SocketAddr = STRANGER.parse().expect("an address");
    let request = request.extension(ConnectInfo(peer)).body(Body::empty()).expect("a request");
    let response = router(gate.clone()).oneshot(request).await.expect("an answer");
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.expect("a body").to_bytes();
    (status, String::from_utf8_lossy(&body).into_owned())
}

#[tokio::test]
async fn strangers_find_a_web_server_with_nothing_on_it() {
    let rig = rig(true).await;
    for (method, path, status) in [
        ("GET", "/", 200),
        ("HEAD", "/", 200),
        ("GET", "/robots.txt", 404),
        ("GET", "/0123456789abcdef0123456789abcdef", 404),
        ("POST", "/", 405),
    ] {
        for upgrade in [None, Some("websocket"), Some(carrier::UPGRADE)] {
            let (answered, body) = ask(&rig.gate, method, path, upgrade).await;
            assert_eq!(answered, status, "{method} {path}");
            assert!(!body.to_lowercase().contains("beffroi"), "{body}");
        }
    }
}

#[tokio::test]
async fn the_path_is_there_when_the_switch_is_on() {
    let path = carrier::path(&KEY);
    assert_eq!(ask(&rig(true).await.gate, "GET", &path, Some(carrier::UPGRADE)).await.0, 101);
    assert_eq!(ask(&rig(true).await.gate, "GET", &path, None).await.0, 404, "a path alone is no proof");
    assert_eq!(ask(&rig(false).await.gate, "GET", &path, Some(carrier::UPGRADE)).await.0, 404);
}

#[tokio::test]
async fn both_keys_lead_here_while_the_gateway_changes_from_one_to_the_other() {
    const NEXT: PublicKey = PublicKey::from_bytes([8; 32]);
    let rig = rig(true).await;
    let open = async |key: &PublicKey| {
        ask(&rig.gate, "GET", &carrier::path(key), Some(carrier::UPGRADE)).await.0 == 101
    };
    let told = async |own: PublicKey, next: Option<PublicKey>| {
        let note = async move |tx: &mut WriteTx| directory::note_gateway_keys(tx, &own, next).await;
        rig.gate.store.write(note).await.expect("the store is written");
    };
    assert!(open(&KEY).await && !open(&NEXT).await);
    let prepare = async |tx: &mut WriteTx| {
        directory::prepare_key_change(tx, "Le référent", Timestamp::UNIX_EPOCH).await
    };
    rig.gate.store.write(prepare).await.expect("the store is written");
    told(KEY, Some(NEXT)).await;
    assert!(open(&KEY).await && open(&NEXT).await);
    told(NEXT, None).await;
    assert!(!open(&KEY).await && open(&NEXT).await);
}

#[tokio::test]
async fn a_full_carrier_is_said_once_a_minute() {
    let gate = rig(true).await.gate;
    let start = Instant::now();
    let levels = [0, 59, 60, 61].map(|second| gate.level_when_full(start + Duration::from_secs(second)));
    assert_eq!(levels, [Level::Warn, Level::Debug, Level::Warn, Level::Debug]);
}

#[test]
fn strangers_are_offered_nothing_but_http_1() {
    assert_eq!(tls().expect("random bytes").alpn_protocols, [b"http/1.1"]);
}

#[tokio::test]
async fn datagrams_pass_both_ways_and_nothing_else_ends_it() {
    let wireguard = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let (mut agent, stream) = duplex(4096);
    let relaying = tokio::spawn(relay::pass(stream, wireguard.local_addr().expect("it is bound")));
    agent.write_all(&frame(b"a handshake").expect("it is fit")).await.expect("it is taken");
    let mut buffer = [0; 64];
    let (length, from) = wireguard.recv_from(&mut buffer).await.expect("it arrives");
    assert_eq!(&buffer[..length], b"a handshake");
    wireguard.send_to(b"its answer", from).await.expect("it is sent");
    let mut frames = Frames::default();
    agent.read_buf(frames.buffer()).await.expect("it comes back");
    assert_eq!(frames.take(), Ok(Some(&b"its answer"[..])));
    agent.write_all(&[0xff; 8]).await.expect("it is taken");
    let ended = relaying.await.expect("it does not panic");
    assert!(ended.is_err_and(|error| error.to_string().contains("65535")));
}

#[tokio::test]
async fn who_is_inside_leaves_when_the_switch_is_set_to_off() {
    let rig = rig(true).await;
    let (_agent, stream) = duplex(4096);
    let gate = rig.gate.clone();
    let peer: SocketAddr = STRANGER.parse().expect("an address");
    let relaying = tokio::spawn(async move { relay::relay(stream, &gate, peer).await });
    // Something else has changed.
    rig.gate.changes.announce();
    assert!(rig.gate.is_open().await && !relaying.is_finished());
    let close = async |tx: &mut WriteTx| {
        openings::set(tx, Opening::Carrier, false, "Le référent", Timestamp::UNIX_EPOCH).await
    };
    rig.gate.store.write(close).await.expect("the store is written");
    rig.gate.changes.announce();
    relaying.await.expect("it ends");
}
