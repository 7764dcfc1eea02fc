//! Strangers and guests send more than anyone should, and what nobody understands: the others keep working.
//!
//! ```text
//!   passerelle (netd, gateway)      alvimare, bennetot (agents)      stranger
//!        | 192.0.2.10                   |                               |
//!   ─────┴──────────────────────────────┴───────────────────────────────┴─────
//! ```

use std::net::{IpAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use beffroi_tests::{Community, Node, TownHall, until};
use gotatun::noise::Tunn;
use gotatun::noise::index_table::IndexTable;
use gotatun::noise::rate_limiter::RateLimiter;
use gotatun::packet::Packet;
use gotatun::x25519;

const SOON: Duration = Duration::from_secs(60);

fn opens_the_intranet(town_hall: &TownHall) -> Result<()> {
    until("the intranet opens", SOON, || Ok(town_hall.home()?.status == 200))?;
    Ok(())
}

/// Calls of machines that the gateway does not know, each right in itself: it costs the gateway a calculation to
/// find out.
fn calls_of_strangers(gateway: [u8; 32], number: u8) -> Vec<Vec<u8>> {
    let call = |seed| {
        let secret = x25519::StaticSecret::from([seed; 32]);
        let limiter = Arc::new(RateLimiter::new(&x25519::PublicKey::from(&secret), 10));
        let table = IndexTable::from_os_rng();
        let mut stranger = Tunn::new(secret, gateway.into(), None, None, table, limiter);
        let packet: Packet = stranger.format_handshake_initiation(true)?.into_bytes();
        Some(packet.to_vec())
    };
    (1..=number).filter_map(call).collect()
}

/// Sends these again and again until it is dropped.
struct Flood {
    sent: Arc<AtomicUsize>,
    ending: Arc<AtomicBool>,
}

impl Flood {
    fn from(node: &Node, to: IpAddr, datagrams: Vec<Vec<u8>>) -> Result<Flood> {
        let socket = node.namespaces().inside(|| Ok(UdpSocket::bind("0.0.0.0:0")?))?;
        let (sent, ending) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
        let flood = Flood { sent: Arc::clone(&sent), ending: Arc::clone(&ending) };
        thread::spawn(move || {
            for datagram in datagrams.iter().cycle() {
                if ending.load(Ordering::Relaxed) {
                    return;
                }
                // What the system does not take is lost, as on any line.
                let _ = socket.send_to(datagram, (to, 51820));
                sent.fetch_add(1, Ordering::Relaxed);
            }
        });
        Ok(flood)
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_flood_of_calls_shuts_nobody_out() -> Result<()> {
    let caux = Community::of(["Alvimare"])?;
    let [alvimare] = &caux.town_halls;
    let stranger = caux.world.node("stranger")?;
    let key = caux.gateway.node.run(["sh", "-c", "wg show beffroi public-key | base64 -d | od -An -vtu1"])?;
    let key: Vec<u8> = key.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    let key: [u8; 32] = key.try_into().ok().context("a key has 32 bytes")?;
    let mut datagrams = calls_of_strangers(key, 100);
    // And what is no call at all, of every length.
    datagrams.extend((0..100).map(|length| vec![1; length * 15]));
    let flood = Flood::from(&stranger, caux.gateway.node.address(), datagrams)?;
    until("ten thousand were sent", SOON, || Ok(flood.sent.load(Ordering::Relaxed) > 10_000))?;

    opens_the_intranet(alvimare)?;
    let (mut bennetot, code) = caux.invited("Bennetot")?;
    bennetot.join(&code)?;
    bennetot.start()?;
    opens_the_intranet(&bennetot)?;
    let sent = flood.sent.load(Ordering::Relaxed);
    until("it went on all the while", SOON, || Ok(flood.sent.load(Ordering::Relaxed) > sent + 1_000))?;
    Ok(())
}

/// Opens connections to the enrolment port, from low ports, and asks for nothing whole.
const REQUESTS: &str = r#"
import socket, sys, time
held = []
for port in range(1024, 1424):
    s = socket.socket()
    s.settimeout(0.2)
    s.bind((sys.argv[1], port))
    try:
        s.connect(("198.18.0.1", 4710))
        s.send(b"POST /v1/enrol HTTP/1.1\r\nHost: x\r\nContent-Length: 4000\r\n\r\n{")
        held.append(s)
    except OSError:
        pass
    if port % 50 == 0:
        print(len(held), "held", flush=True)
time.sleep(600)
"#;

/// Holds the agent's own request back, so that the temporary tunnel stays.
const WALL: &str = "table inet wall {
    chain out { type filter hook output priority 0; tcp dport 4710 tcp sport 2000-65535 drop; }
}";

#[test]
fn a_guest_who_floods_the_enrolment_port_shuts_nobody_out() -> Result<()> {
    let caux = Community::of([])?;
    let (hostile, its_code) = caux.invited("Alvimare")?;
    let (mut bennetot, code) = caux.invited("Bennetot")?;
    hostile.node.run(["nft", WALL])?;
    let mut join = hostile.node.spawn("join", ["beffroi-agent", "join", &its_code])?;
    let address = || -> Result<Option<String>> {
        let shown = hostile.node.attempt(["ip", "-o", "-4", "address", "show", "dev", "beffroi"])?.stdout;
        Ok(shown.split_whitespace().nth(3).and_then(|net| Some(net.split('/').next()?.to_owned())))
    };
    until("the temporary tunnel is there", SOON, || Ok(address()?.is_some()))?;
    let own = address()?.context("it was just seen")?;
    let mut flood = hostile.node.spawn("flood", ["python3", "-uc", REQUESTS, &own])?;
    flood.says(" held", SOON)?;

    bennetot.join(&code)?;
    bennetot.start()?;
    opens_the_intranet(&bennetot)?;
    assert!(flood.is_running()?);
    flood.kill()?;
    hostile.node.run(["nft", "delete table inet wall"])?;
    join.ended(SOON + SOON)?;
    hostile.join(&its_code)?;
    assert_eq!(caux.referent.machines("Alvimare")?.len(), 1);
    Ok(())
}

/// Says to a socket what is too long, cut, no message, or never ends, in a hundred connections; and holds the last.
const NONSENSE: &str = r#"
import socket, sys, time
held = []
sayings = [b"", b"\x00", b"\xff" * 8, b"\x00\x40\x00\x00{", b"\x00\x00\x00\x06\"seal\" and more",
           b"GET / HTTP/1.1\r\n\r\n", b"backup", b"invite\n\x00\x10\x00\x00", b"x" * 5_000_000]
for number in range(90):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(1)
    try:
        s.connect(sys.argv[1])
        s.sendall(sayings[number % len(sayings)])
        held = (held + [s])[-8:]
    except OSError:
        pass
print("said", flush=True)
time.sleep(600)
"#;

#[test]
fn nonsense_on_the_sockets_of_the_programs_stops_nothing() -> Result<()> {
    let mut caux = Community::of(["Alvimare", "Bennetot"])?;
    let [alvimare, bennetot] = &caux.town_halls;
    let speak = |node: &Node, name: &str, socket: &str| -> Result<_> {
        let mut nonsense = node.spawn(name, ["python3", "-uc", NONSENSE, socket])?;
        nonsense.says("said", SOON + SOON)?;
        Ok(nonsense)
    };
    let _at_netd = speak(&caux.gateway.node, "at-netd", "/run/beffroi-netd/netd.sock")?;
    let _at_the_gateway = speak(&caux.gateway.node, "at-gateway", "/run/beffroi/control.sock")?;
    let _at_the_agent = speak(&bennetot.node, "at-agent", "/run/beffroi-agent/agent.sock")?;

    assert_eq!(bennetot.status()?["line"]["state"], "online");
    opens_the_intranet(bennetot)?;
    let gone = alvimare.tunnel_addresses()?[0].to_string();
    caux.referent.revoke("Alvimare", "essai")?;
    let peers = || caux.gateway.node.run(["wg", "show", "beffroi", "allowed-ips"]);
    until("netd does what it is asked", SOON, || Ok(!peers()?.contains(&gone)))?;
    let saved = caux.gateway.node.attempt(["beffroi-gateway", "backup"])?;
    assert!(saved.succeeded(), "the gateway does what it is asked: {saved:?}");
    caux.gateway.netd()?.says("closed a connection", SOON)?;
    caux.gateway.program()?.says("control: closed a connection", SOON)?;
    Ok(())
}
