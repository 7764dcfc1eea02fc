//! Each port over loopback: what is said, by whom, and what is answered.

mod throughput;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Instant;

use axum::Router;
use beffroi_protocol::PublicKey;
use beffroi_protocol::code::Endpoint;
use beffroi_protocol::enrolment::{Reason, Refused, Request, Welcome};
use beffroi_protocol::membership::{KnownKey, Membership, NEXT_GATEWAY_PATH};
use beffroi_protocol::probe::{Answer, FAREWELL, Probe, decode, encode};
use beffroi_protocol::trial;
use jiff::Timestamp;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinHandle;

use super::enrolment::converse;
use super::*;
use crate::config::Config;
use crate::directory::{self, CommuneName, Follower, MachineName, Network, NewMachine, Revocation};
use crate::enrolment::{Wish, order};
use crate::links::{Board, Measuring, State, Word};
use crate::store::{Store, WriteTx};
use crate::updates::Shelf;
use crate::web::{Place, Room};

const AUTHORITY: &str = "-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n";

/// A gate, an invitation for Yébleron, and the temporary address of its holder.
struct Rig {
    gate: Gate,
    guest: Ipv4Addr,
    measuring: Measuring,
    _directory: TempDir,
}

fn key(seed: u8) -> PublicKey {
    PublicKey::from_bytes([seed; 32])
}

fn request(seed: u8) -> String {
    let request =
        Request { key: key(seed), name: "accueil".to_owned(), version: "0.1.0".to_owned(), preshared: true };
    serde_json::to_string(&request).expect("plain data")
}

impl Rig {
    /// `follow` says what becomes of announced changes.
    async fn new(follow: impl FnOnce(Follower)) -> Self {
        let directory = tempfile::tempdir().expect("a directory for the test");
        let store = Store::open(directory.path()).expect("an empty directory becomes a store");
        let text = "[community]\nname = \"Cœur de Caux\"\ndomain = \"coeur-de-caux.example\"\n";
        let config = Config::parse(text).expect("a file with all that is required");
        let (changes, follower) = directory::changes();
        follow(follower);
        let made = store
            .write(async |tx| {
                directory::note_gateway_keys(tx, &key(200), None).await?;
                let name = CommuneName::parse("Yébleron").expect("a name");
                let wish = Wish::Communes(vec![directory::add_commune(tx, &name, false).await?.id]);
                let endpoint: Endpoint = "192.0.2.1:51820".parse().expect("an endpoint");
                order(tx, &wish, &endpoint, "Le référent", Timestamp::now()).await
            })
            .await
            .expect("the invitation is made");
        let guest = made[0].invitation.address();
        let gate = Gate { store, changes, terms: Terms::new(&config, AUTHORITY.to_owned()) };
        Self { gate, guest, measuring: Measuring::default(), _directory: directory }
    }

    /// Sends what is given, as it is, from a temporary address.
    async fn say(&self, from: Ipv4Addr, text: &str) -> (u16, Vec<u8>) {
        let (stream, client) = pair().await;
        let place = Room::new(1, 1).enter(from.into()).expect("the room is empty");
        hear(tokio::spawn(converse(stream, from, self.gate.clone(), place)), client, text).await
    }

    /// The same at the members' port.
    async fn say_as_member(&self, from: IpAddr, text: &str) -> (u16, Vec<u8>) {
        let (stream, client) = pair().await;
        let (routes, place) = self.members(from);
        hear(tokio::spawn(members::converse(stream, (from, 1).into(), routes, place)), client, text).await
    }

    /// What a connection to the members' port from there is given.
    fn members(&self, from: IpAddr) -> (Router, Place) {
        let Gate { store, changes, terms } = self.gate.clone();
        let members = Members::new(store, changes, terms, no_shelf(), self.measuring.clone());
        let place = Room::new(1, 1).enter(from).expect("the room is empty");
        (members::routes(&members), place)
    }

    async fn post(&self, from: Ipv4Addr, path: &str, body: &str) -> (u16, Vec<u8>) {
        let length = body.len();
        let head = format!("POST {path} HTTP/1.1\r\nhost: 198.18.0.1:4710\r\ncontent-length: {length}\r\n");
        self.say(from, &format!("{head}content-type: application/json\r\n\r\n{body}")).await
    }
}

/// Nothing is offered.
fn no_shelf() -> Shelf {
    Shelf::open("/nowhere".into(), "/nowhere".into(), None)
}

/// Both ends of a connection, the gateway's first.
async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port of our own");
    let client = TcpStream::connect(listener.local_addr().expect("it is bound")).await.expect("it listens");
    let (stream, _) = listener.accept().await.expect("the client has come");
    (stream, client)
}

/// Status and body of what is answered.
async fn hear(serving: JoinHandle<()>, mut client: TcpStream, text: &str) -> (u16, Vec<u8>) {
    client.write_all(text.as_bytes()).await.expect("the request is taken");
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).await.expect("the answer comes");
    serving.await.expect("the conversation ends");
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("a head") + 4;
    let status = std::str::from_utf8(&answer[9..12]).expect("a status").parse().expect("a number");
    (status, answer.split_off(end))
}

/// Every change is carried out at once.
fn diligent(mut follower: Follower) {
    tokio::spawn(async move {
        loop {
            follower.changed().await;
            let pending = follower.pending();
            follower.done(pending);
        }
    });
}

fn refused(body: &[u8]) -> Refused {
    serde_json::from_slice(body).expect("a refusal with its reason")
}

#[tokio::test]
async fn a_machine_that_enrols_is_told_all_it_needs() {
    let rig = Rig::new(diligent).await;
    let (status, body) = rig.post(rig.guest, "/v1/enrol", &request(1)).await;
    assert_eq!(status, 200);
    let welcome: Welcome = serde_json::from_slice(&body).expect("a welcome");
    assert_eq!((welcome.community.as_str(), welcome.commune.as_str()), ("Cœur de Caux", "Yébleron"));
    assert_eq!(welcome.addresses[0].to_string(), "10.66.1.0/32");
    assert_eq!(welcome.gateway[0].to_string(), "10.66.0.1");
    assert_eq!(welcome.probe[0].to_string(), "10.66.0.1:4711");
    assert_eq!((welcome.addresses.len(), welcome.gateway.len(), welcome.probe.len()), (2, 2, 2));
    assert_eq!((welcome.mtu, welcome.keepalive, welcome.authority.as_str()), (1280, 25, AUTHORITY));
    assert_eq!(welcome.names[0].name, "intranet.coeur-de-caux.example");
    assert_eq!(welcome.names[0].addresses, welcome.gateway);

    let again = rig.post(rig.guest, "/v1/enrol", &request(1)).await;
    assert_eq!(again, (200, body));
}

#[tokio::test]
async fn whoever_is_refused_is_told_why_in_french() {
    let rig = Rig::new(diligent).await;
    rig.post(rig.guest, "/v1/enrol", &request(1)).await;
    let check = async |from: Ipv4Addr, path: &str, body: &str, status: u16, reason: Reason, says: &str| {
        let (found, body) = rig.post(from, path, body).await;
        let refused = refused(&body);
        assert_eq!((found, refused.reason), (status, reason), "{path} {refused:?}");
        assert!(refused.message.contains(says), "{refused:?}");
    };
    let stranger = Ipv4Addr::new(198, 18, 0, 2);
    let blank = request(2).replace("accueil", " ");
    check(rig.guest, "/v1/enrol", &request(2), 410, Reason::Used, "déjà servi").await;
    check(stranger, "/v1/enrol", &request(2), 404, Reason::Unknown, "ne connaît pas").await;
    check(rig.guest, "/v1/other", &request(2), 404, Reason::Malformed, "pas compris").await;
    check(rig.guest, "/v1/enrol", "not JSON", 400, Reason::Malformed, "pas compris").await;
    check(rig.guest, "/v1/enrol", &blank, 410, Reason::Used, "déjà servi").await;
    let long = format!("{:5000}", request(2));
    check(rig.guest, "/v1/enrol", &long, 400, Reason::Malformed, "pas compris").await;
}

#[tokio::test]
async fn a_page_is_not_to_be_found_here() {
    let rig = Rig::new(diligent).await;
    let (status, _) = rig.say(rig.guest, "GET /v1/enrol HTTP/1.1\r\nhost: 198.18.0.1\r\n\r\n").await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn a_machine_is_asked_to_try_again_while_netd_is_away() {
    let rig = Rig::new(drop).await;
    let (status, body) = rig.post(rig.guest, "/v1/enrol", &request(1)).await;
    assert_eq!((status, refused(&body).reason), (503, Reason::Broken));
}

const ASK: &str = "GET /v1/membership HTTP/1.1\r\nhost: 10.66.0.1\r\n\r\n";

#[tokio::test]
async fn a_member_is_told_what_is_wanted_of_it_now() {
    let rig = Rig::new(diligent).await;
    let (_, welcome) = rig.post(rig.guest, "/v1/enrol", &request(1)).await;
    let ask = async || {
        let (status, body) = rig.say_as_member("10.66.1.0".parse().expect("an address"), ASK).await;
        assert_eq!(status, 200);
        serde_json::from_slice::<Membership>(&body).expect("a membership")
    };
    let first = ask().await;
    assert_eq!(Some(&first.welcome), serde_json::from_slice(&welcome).ok().as_ref());
    assert_eq!(first.endpoint.to_string(), "passerelle.coeur-de-caux.example:51820");
    assert_eq!(ask().await, first);

    let rename = async |tx: &mut WriteTx| {
        let commune = directory::communes(tx).await?.remove(0).id;
        directory::rename_commune(tx, commune, &CommuneName::parse("Yébleron-le-Vieux").expect("a name"))
            .await
    };
    rig.gate.store.write(rename).await.expect("the name is free");
    let second = ask().await;
    assert_eq!(second.welcome.commune, "Yébleron-le-Vieux");
    assert_ne!(second.revision, first.revision);
}

#[tokio::test]
async fn nobody_but_an_active_machine_is_told_anything() {
    let rig = Rig::new(diligent).await;
    let check = async |from: &str, text: &str, expected: u16| {
        let from: IpAddr = from.parse().expect("an address");
        let (status, body) = rig.say_as_member(from, text).await;
        assert_eq!((status, body.len()), (expected, 0), "{from} {text}");
    };
    check("10.66.1.0", ASK, 403).await;
    rig.post(rig.guest, "/v1/enrol", &request(1)).await;
    for stranger in ["10.66.1.1", "10.66.0.1", "198.18.0.2", "192.0.2.1", "::1"] {
        check(stranger, ASK, 403).await;
    }
    check("10.66.1.0", &ASK.replace("membership", "other"), 404).await;
    check("10.66.1.0", &ASK.replace("GET", "POST"), 405).await;
    let revoke = async |tx: &mut WriteTx| {
        let machine = directory::machines(tx).await?.remove(0).id;
        let (at, by) = (Timestamp::UNIX_EPOCH, "Le référent".to_owned());
        directory::revoke(tx, machine, Revocation { at, by, reason: "volé".to_owned() }).await
    };
    rig.gate.store.write(revoke).await.expect("it is there");
    check("10.66.1.0", ASK, 403).await;
}

#[tokio::test]
async fn a_member_is_told_of_the_gateway_s_next_key_and_tells_that_it_knows_it() {
    let rig = Rig::new(diligent).await;
    rig.post(rig.guest, "/v1/enrol", &request(1)).await;
    let asked = async || {
        let (_, body) = rig.say_as_member("10.66.1.0".parse().expect("an address"), ASK).await;
        serde_json::from_slice::<Membership>(&body).expect("a membership")
    };
    let tell = async |seed: u8| {
        let body = serde_json::to_string(&KnownKey { key: key(seed) }).expect("plain data");
        let head = format!("POST {NEXT_GATEWAY_PATH} HTTP/1.1\r\nhost: 10.66.0.1\r\ncontent-length: ");
        let text = format!("{head}{}\r\ncontent-type: application/json\r\n\r\n{body}", body.len());
        rig.say_as_member("10.66.1.0".parse().expect("an address"), &text).await.0
    };
    let before = asked().await;
    assert_eq!(before.next_gateway, None);
    assert_eq!(tell(201).await, 409, "nothing is announced");

    let prepare = async |tx: &mut WriteTx| {
        directory::prepare_key_change(tx, "Le référent", Timestamp::UNIX_EPOCH).await?;
        directory::note_gateway_keys(tx, &key(200), Some(key(201))).await
    };
    rig.gate.store.write(prepare).await.expect("the store is written");
    let told = asked().await;
    assert_eq!(told.next_gateway, Some(key(201)));
    assert_ne!(told.revision, before.revision, "it asks at its next probe");
    let aware = async || {
        let aware = rig.gate.store.read(async |tx| directory::awareness(tx, &key(201)).await).await;
        aware.expect("it is read").into_values().collect::<Vec<_>>()
    };
    assert_eq!(tell(202).await, 409, "another key");
    assert_eq!(aware().await, [false]);
    assert_eq!(tell(201).await, 200);
    assert_eq!(tell(201).await, 200, "said again");
    assert_eq!(aware().await, [true]);
}

#[tokio::test]
async fn a_page_in_the_browser_of_a_machine_is_not_the_machine() {
    let rig = Rig::new(diligent).await;
    rig.post(rig.guest, "/v1/enrol", &request(1)).await;
    let check = async |head: &str, expected: u16| {
        let text = ASK.replace("host: 10.66.0.1\r\n", head);
        let (status, _) = rig.say_as_member("10.66.1.0".parse().expect("an address"), &text).await;
        assert_eq!(status, expected, "{head}");
    };
    let [_, ipv6] = rig.gate.terms.network().gateway();
    check("host: 10.66.0.1:4710\r\n", 200).await;
    check(&format!("host: [{ipv6}]\r\n"), 200).await;
    check(&format!("host: [{ipv6}]:4710\r\n"), 200).await;
    // A name of somebody else's that leads here, which makes their page and this port one site to a browser.
    check("host: rebound.example:4710\r\n", 403).await;
    check("host: 10.66.1.0:4710\r\n", 403).await;
    check("host: 10.66.0.1.example\r\n", 403).await;
    check("host: 10.66.0.1\r\nhost: rebound.example\r\n", 403).await;
    check("", 403).await;
    check("host: 10.66.0.1:4710\r\norigin: http://10.66.0.1:4710\r\n", 403).await;
    check("host: 10.66.0.1:4710\r\norigin: null\r\n", 403).await;
}

#[tokio::test]
async fn only_enrolled_machines_are_answered_by_the_probe_port() {
    let directory = tempfile::tempdir().expect("a directory for the test");
    let store = Store::open(directory.path()).expect("an empty directory becomes a store");
    // Loopback as the tunnel: machine 256 is 127.0.1.0.
    let loopback =
        Network::new("127.0.0.0/16".parse().expect("a network"), "fd00::/64".parse().expect("a network"));
    let machine = store
        .write(async move |tx| {
            let name = CommuneName::parse("Yébleron").expect("a name");
            let commune = directory::add_commune(tx, &name, false).await?.id;
            let name = MachineName::parse("accueil").expect("a name");
            let new = NewMachine { commune, name, key: key(1), at: Timestamp::UNIX_EPOCH };
            directory::add_machine(tx, &loopback, new).await
        })
        .await
        .expect("there is room");
    let board = Board::new(Instant::now());
    board.expect([&machine]);
    let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port of our own");
    let port = socket.local_addr().expect("it is bound");
    let text = "[community]\nname = \"Cœur de Caux\"\ndomain = \"coeur-de-caux.example\"\n";
    let mut config = Config::parse(text).expect("a file with all that is required");
    config.network.ipv4 = "127.0.0.0/16".parse().expect("a network");
    let members = Members::new(
        store,
        directory::changes().0,
        Terms::new(&config, AUTHORITY.to_owned()),
        no_shelf(),
        Measuring::default(),
    );
    let wanted = members.revision(machine.id).await;
    let (farewells, leaving) = crate::links::farewells();
    tokio::spawn(serve_probes(vec![socket], members, board.clone(), leaving));

    let probe =
        |sequence| encode(&Probe { sequence, sent: 1, version: "0.1.0".to_owned(), ..Probe::default() });
    let stranger = UdpSocket::bind("127.0.1.1:0").await.expect("loopback has it");
    let member = UdpSocket::bind("127.0.1.0:0").await.expect("loopback has it");
    stranger.send_to(&probe(1), port).await.expect("it leaves");
    stranger.send_to(&trial::encode(1, 900), port).await.expect("it leaves");
    for bytes in [&b"no probe"[..], &[], &[1; 400]] {
        member.send_to(bytes, port).await.expect("it leaves");
    }
    member.send_to(&probe(2), port).await.expect("it leaves");
    let mut buffer = [0; 200];
    let (length, from): (usize, SocketAddr) = member.recv_from(&mut buffer).await.expect("an answer comes");
    let answer: Answer = decode(&buffer[..length]).expect("it is an answer");
    assert_eq!((answer.sequence, answer.revision, from), (2, wanted, port));
    // The socket is read in order: the stranger's probe came first, and brought nothing.
    let nothing = stranger.try_recv(&mut buffer).expect_err("nothing was sent there");
    assert_eq!(nothing.kind(), std::io::ErrorKind::WouldBlock);
    // A packet that is tried comes back as it was.
    let tried = trial::encode(7, trial::MAX);
    member.send_to(&tried, port).await.expect("it leaves");
    let mut buffer = [0; trial::MAX + 1];
    let (length, _) = member.recv_from(&mut buffer).await.expect("an answer comes");
    assert_eq!(buffer[..length], tried);
    let link = board.link(machine.id, Instant::now()).expect("it is expected");
    assert_eq!((link.state, link.version.as_deref()), (State::Online, Some("0.1.0")));

    // The last word comes from where the answers came from, and to nobody else.
    farewells.say(Word::Farewell, vec![member.local_addr().expect("it is bound")]).await;
    let (length, from) = member.recv_from(&mut buffer).await.expect("it comes");
    assert_eq!((&buffer[..length], from), (FAREWELL, port));
    let nothing = stranger.try_recv(&mut buffer).expect_err("nothing was sent there");
    assert_eq!(nothing.kind(), std::io::ErrorKind::WouldBlock);
}
