//! A member's line is measured over loopback, and the gateway believes what can be true.

use std::net::{IpAddr, Ipv4Addr};

use beffroi_protocol::throughput::{Count, MOST, Reason, Refused};
use tokio::net::TcpStream;

use super::super::throughput::{receive, send};
use super::*;
use crate::audit;
use crate::directory::MachineId;
use crate::links::Measure;
use crate::store::ReadTx;

const MEMBER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 66, 1, 0));

fn ask(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: 10.66.0.1\r\nconnection: upgrade\r\nupgrade: throughput\r\n\r\n")
}

fn machine() -> MachineId {
    "256".parse().expect("a number")
}

/// Yébleron has joined.
async fn joined() -> Rig {
    let rig = Rig::new(diligent).await;
    rig.post(rig.guest, "/v1/enrol", &request(1)).await;
    rig
}

/// A connection on which it is measured.
async fn begin(rig: &Rig, path: &str) -> TcpStream {
    let (stream, mut client) = pair().await;
    // As the agent does: an answer that waits for another one is late.
    client.set_nodelay(true).expect("it is a TCP socket");
    let (routes, place) = rig.members(MEMBER);
    tokio::spawn(members::converse(stream, (MEMBER, 1).into(), routes, place));
    client.write_all(ask(path).as_bytes()).await.expect("the request is taken");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await.expect("an answer comes"));
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
    client
}

async fn measures(rig: &Rig) -> Vec<Measure> {
    let read = async |tx: &ReadTx| crate::links::measures(tx, machine()).await;
    rig.gate.store.read(read).await.expect("it is read")
}

async fn refused(rig: &Rig, path: &str) -> Refused {
    let (status, body) = rig.say_as_member(MEMBER, &ask(path)).await;
    assert_eq!(status, 409, "{path}");
    serde_json::from_slice(&body).expect("a refusal with its reason")
}

#[tokio::test]
async fn a_line_is_measured_when_the_town_hall_asks() {
    let rig = joined().await;
    let mut line = begin(&rig, "/v1/throughput").await;
    assert_eq!(refused(&rig, "/v1/throughput").await.reason, Reason::UnderWay);
    let received = receive(&mut line).await.expect("bytes come");
    assert!(received.bytes <= MOST, "{received:?}");
    let handed = send(&mut line).await.expect("bytes are taken");
    assert!(handed.bytes <= MOST, "{handed:?}");
    line.write_all(&received.to_bytes()).await.expect("it is taken");
    let mut came = [0; Count::LENGTH];
    line.read_exact(&mut came).await.expect("the gateway tells what it has counted");

    let measures = measures(&rig).await;
    let [measure] = &measures[..] else { panic!("one measure was made, not {measures:?}") };
    assert_eq!(Some(measure.received), received.bits_per_second());
    assert_eq!(Some(measure.sent), Count::from_bytes(came).bits_per_second());
    assert_eq!(measure.by, None);
    let acts = rig.gate.store.read(async |tx: &ReadTx| audit::about_machine(tx, 256, 9).await).await;
    let acts: Vec<_> = acts.expect("they are read").into_iter().map(|entry| (entry.act, entry.who)).collect();
    assert_eq!(acts[0], (audit::Act::ThroughputAsked, "Mairie d’Yébleron".to_owned()));

    let soon = refused(&rig, "/v1/throughput").await;
    assert!(soon.reason == Reason::TooSoon && (200..=300).contains(&soon.wait), "{soon:?}");
}

#[tokio::test]
async fn an_order_is_told_obeyed_and_then_over() {
    let rig = joined().await;
    let wanted = async || {
        let (_, body) = rig.say_as_member(MEMBER, ASK).await;
        serde_json::from_slice::<Membership>(&body).expect("a membership")
    };
    let before = wanted().await;
    assert_eq!(before.measure, None);
    rig.measuring.order(machine(), "Le référent", 7, Instant::now()).expect("nobody else is measured");
    let ordered = wanted().await;
    assert_eq!(ordered.measure, Some(7));
    assert_ne!(ordered.revision, before.revision);

    assert_eq!(refused(&rig, "/v1/throughput?order=6").await.reason, Reason::Lapsed);
    assert_eq!(refused(&rig, "/v1/throughput").await.reason, Reason::UnderWay, "it is ordered");
    let mut line = begin(&rig, "/v1/throughput?order=7").await;
    assert_eq!(wanted().await, ordered, "nothing is fetched anew while it is measured");
    let received = receive(&mut line).await.expect("bytes come");
    send(&mut line).await.expect("bytes are taken");
    line.write_all(&received.to_bytes()).await.expect("it is taken");
    line.read_exact(&mut [0; Count::LENGTH]).await.expect("it is written down");
    assert_eq!(measures(&rig).await[0].by.as_deref(), Some("Le référent"));
    assert_eq!(wanted().await, before);
}

#[tokio::test]
async fn what_cannot_be_true_is_not_written_down() {
    let rig = joined().await;
    let mut line = begin(&rig, "/v1/throughput").await;
    let received = receive(&mut line).await.expect("bytes come");
    send(&mut line).await.expect("bytes are taken");
    let told = Count { bytes: 2 * MOST, ..received };
    line.write_all(&told.to_bytes()).await.expect("it is taken");
    let ended = line.read_exact(&mut [0; Count::LENGTH]).await.expect_err("it is not believed");
    assert_eq!(ended.kind(), std::io::ErrorKind::UnexpectedEof);
    assert_eq!(measures(&rig).await, []);
}

#[tokio::test]
async fn who_hangs_up_or_speaks_otherwise_gives_the_turn_back() {
    let rig = joined().await;
    let (status, _) = rig.say_as_member(MEMBER, &ASK.replace("membership", "throughput")).await;
    assert_eq!(status, 426);
    let mut line = begin(&rig, "/v1/throughput").await;
    let mut head = [0; 2];
    line.read_exact(&mut head).await.expect("bytes come");
    line.write_u64(u64::MAX).await.expect("it is taken");
    while line.read(&mut [0; 4096]).await.is_ok_and(|count| count > 0) {}
    // The turn ends with the connection; what is left is that this line was just tried.
    while refused(&rig, "/v1/throughput").await.reason == Reason::UnderWay {
        tokio::task::yield_now().await;
    }
    assert_eq!(refused(&rig, "/v1/throughput").await.reason, Reason::TooSoon);
}
