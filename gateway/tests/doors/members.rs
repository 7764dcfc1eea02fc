//! The members' port as a machine's agent uses it: what it tells is on the pages, what is offered it gets. Loopback is
//! the tunnel: machine 256 is 127.0.1.0, and the gateway 127.0.0.1.

use std::net::{Ipv4Addr, SocketAddr};

use beffroi_gateway::agents::{Members, Terms, serve_members};
use beffroi_gateway::config::Config;
use beffroi_gateway::directory;
use beffroi_protocol::diagnosis::{Cause, Told};
use beffroi_protocol::release::{Progress, Stage, Version};
use serde::Serialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket};

use crate::rig::{Rig, rig};
use crate::updates::{PROGRAM, release};

const TOWN_HALL: Ipv4Addr = Ipv4Addr::new(127, 0, 1, 0);
const REFERENTS_MACHINE: Ipv4Addr = Ipv4Addr::new(127, 0, 1, 1);
const REVOKED: Ipv4Addr = Ipv4Addr::new(127, 0, 1, 2);

/// Where the port of the rig's gateway is.
async fn port(rig: &Rig) -> SocketAddr {
    let text = "[community]\nname = \"Cœur de Caux\"\ndomain = \"coeur-de-caux.example\"\n";
    let mut config = Config::parse(text).expect("a file with all that is required");
    config.network.ipv4 = "127.0.0.0/16".parse().expect("a network");
    let terms = Terms::new(&config, "-----BEGIN CERTIFICATE-----".to_owned());
    let changes = directory::changes().0;
    let members = Members::new(rig.store.clone(), changes, terms, rig.shelf.clone(), rig.measuring.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port of our own");
    let port = listener.local_addr().expect("it is bound");
    tokio::spawn(serve_members(vec![listener], members));
    port
}

/// Status and body of what is answered.
async fn say(from: Ipv4Addr, to: SocketAddr, request: &str) -> (u16, Vec<u8>) {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind((from, 0).into()).expect("loopback has it");
    let mut line = socket.connect(to).await.expect("it listens");
    line.write_all(request.as_bytes()).await.expect("the request is taken");
    let mut answer = Vec::new();
    line.read_to_end(&mut answer).await.expect("the answer comes");
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("a head") + 4;
    let status = std::str::from_utf8(&answer[9..12]).expect("a status").parse().expect("a number");
    (status, answer.split_off(end))
}

async fn tell(from: Ipv4Addr, to: SocketAddr, path: &str, told: &impl Serialize) -> u16 {
    let body = serde_json::to_string(told).expect("plain data");
    say_json(from, to, path, &body).await
}

async fn say_json(from: Ipv4Addr, to: SocketAddr, path: &str, body: &str) -> u16 {
    let length = body.len();
    let head = format!("POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {length}\r\n");
    say(from, to, &format!("{head}content-type: application/json\r\n\r\n{body}")).await.0
}

#[tokio::test]
async fn what_a_machine_found_in_its_last_cut_is_on_the_page_of_its_commune() {
    const PATH: &str = "/v1/diagnosis";
    let rig = rig().await;
    let port = port(&rig).await;
    let mut referent = rig.referent().await;
    let told = |cause, lasted| Told { cause, lasted, ago: 60 };
    assert_eq!(tell(TOWN_HALL, port, PATH, &told(Cause::NoLink, 7_500)).await, 204);
    let before = referent.get("/communes/1").await;
    before.shows("2\u{a0}h\u{a0}05");
    assert_eq!(tell(REVOKED, port, PATH, &told(Cause::UdpBlocked, 60)).await, 403);
    for (body, expected) in [("not JSON", 400), ("{}", 422), (&*format!("\"{}\"", "x".repeat(17_000)), 413)] {
        assert_eq!(say_json(TOWN_HALL, port, PATH, body).await, expected, "{body:.20}");
    }
    referent.get("/communes/1").await.shows("2\u{a0}h\u{a0}05");
    // What a later agent may find.
    let later = r#"{"cause":"solar_flare","lasted":11000,"ago":0}"#;
    assert_eq!(say_json(TOWN_HALL, port, PATH, later).await, 204);
    referent.get("/communes/1").await.shows("3\u{a0}h\u{a0}03").hides("2\u{a0}h\u{a0}05");
}

#[tokio::test]
async fn a_release_is_given_in_parts_to_whom_it_is_offered() {
    let rig = rig().await;
    let port = port(&rig).await;
    let mut referent = rig.referent().await;
    let part = async |from: Ipv4Addr, range: &str| {
        let head = "GET /v1/release HTTP/1.1\r\nhost: 127.0.0.1\r\n";
        say(from, port, &format!("{head}range: {range}\r\n\r\n")).await
    };
    rig.shelve(&release("0.2.0", 1));
    assert_eq!(part(REFERENTS_MACHINE, "bytes=0-5").await.0, 404, "nothing is offered yet");
    referent.post("/mises-a-jour/proposer", &[("version", "0.2.0")]).await;
    assert_eq!(part(TOWN_HALL, "bytes=0-5").await.0, 404, "it is not offered to this one");
    assert_eq!(part(REVOKED, "bytes=0-5").await.0, 403);

    let last = PROGRAM.len() - 1;
    let (status, head) = part(REFERENTS_MACHINE, "bytes=0-5").await;
    let (_, rest) = part(REFERENTS_MACHINE, &format!("bytes=6-{last}")).await;
    assert_eq!((status, [head, rest].concat().as_slice()), (206, PROGRAM));
    for range in ["bytes=5-2", &format!("bytes=0-{}", last + 1), "bytes=3-", "lines=1-2"] {
        assert_eq!(part(REFERENTS_MACHINE, range).await.0, 416, "{range}");
    }

    let version = Version::parse("0.2.0").expect("a version");
    let told = Progress { version, stage: Stage::Kept };
    assert_eq!(tell(REFERENTS_MACHINE, port, "/v1/release", &told).await, 204);
    referent.get("/qui-a-fait-quoi").await.shows("a mis à jour le poste");
}
