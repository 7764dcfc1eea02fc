//! A stranger looks for an open door, and finds silence.
//!
//! ```text
//!   passerelle (netd, gateway)            alvimare
//!        | 192.0.2.10                        |
//!   ─────┴───────────────┬───────────────────┴─────
//!                      router ──── a fast line ──── stranger
//!                                                   198.51.100.12, 2001:db8:1::c
//! ```

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use beffroi_tests::{Capture, Community, Node, Packet, Protocol, Quality, knock_tcp, knock_udp, until};

const SOON: Duration = Duration::from_secs(60);
/// Where nmap looks first, and our own.
const USUAL_UDP: [u16; 40] = [
    7, 53, 67, 68, 69, 88, 111, 123, 135, 137, 138, 139, 161, 162, 389, 443, 445, 500, 514, 520, 623, 631,
    853, 1194, 1434, 1645, 1701, 1812, 1900, 3478, 4500, 4710, 4711, 5060, 5353, 5355, 8443, 11211, 27015,
    51820,
];

/// The stranger, the gateway it looks at, and what both see.
struct Scan {
    stranger: Arc<Node>,
    targets: [IpAddr; 2],
    arriving: Capture,
    answers: Capture,
}

impl Scan {
    fn begin<const N: usize>(caux: &Community<N>) -> Result<Scan> {
        let (stranger, _line) = caux.world.node_on_a_line("stranger", Quality::FAST)?;
        let public = caux.gateway.node.addresses();
        let arriving = caux.gateway.node.capture("eth0")?;
        let answers = stranger.capture("eth0")?;
        Ok(Scan { stranger, targets: [public.v4.into(), public.v6.into()], arriving, answers })
    }

    /// Knocks at all of these ports until every knock has arrived.
    fn knock(
        &self,
        ports: &BTreeSet<u16>,
        knock: fn(&Node, IpAddr, &BTreeSet<u16>) -> Result<()>,
        port: fn(&Packet) -> Option<u16>,
    ) -> Result<()> {
        for target in self.targets {
            until("every knock has arrived", SOON, || {
                let packets = self.arriving.packets();
                let arrived = packets.iter().filter(|packet| packet.to == target).filter_map(port).collect();
                let missing: BTreeSet<u16> = ports.difference(&arrived).copied().collect();
                knock(&self.stranger, target, &missing)?;
                Ok(missing.is_empty())
            })?;
        }
        Ok(())
    }

    fn every_tcp_port(&self) -> Result<()> {
        self.knock(&(1..=u16::MAX).collect(), knock_tcp, |packet| match packet.protocol {
            Protocol::Tcp { to, .. } => Some(to),
            _ => None,
        })
    }

    fn the_usual_udp_ports(&self) -> Result<()> {
        self.knock(&USUAL_UDP.into(), knock_udp, |packet| match packet.protocol {
            Protocol::Udp { to, .. } => Some(to),
            _ => None,
        })
    }

    fn ping(&self) -> Result<()> {
        for target in self.targets {
            let answered = self.stranger.attempt(["ping", "-c2", "-i0.2", "-W1", &target.to_string()])?;
            assert!(!answered.succeeded(), "{answered:?}");
        }
        Ok(())
    }

    fn nothing_comes_back(self) -> Result<()> {
        self.answers.nothing_passed(|packet| self.targets.contains(&packet.from))
    }
}

#[test]
fn a_scan_from_outside_finds_nothing_but_silence() -> Result<()> {
    let caux = Community::of(["Alvimare"])?;
    let [alvimare] = &caux.town_halls;
    let scan = Scan::begin(&caux)?;
    scan.every_tcp_port()?;
    scan.the_usual_udp_ports()?;
    scan.ping()?;
    scan.nothing_comes_back()?;
    assert_eq!(alvimare.home()?.status, 200, "the town hall is served all the same");
    Ok(())
}

#[test]
fn of_what_was_switched_on_and_of_nothing_else_there_is_an_answer() -> Result<()> {
    let caux = Community::of([])?;
    caux.referent.open_the_carrier()?;
    let scan = Scan::begin(&caux)?;
    scan.every_tcp_port()?;
    let page = |host: &str| {
        let name = format!("{host}:443:{}", scan.targets[0]);
        scan.stranger.run(["curl", "-sikm5", "--resolve", &name, &format!("https://{host}/")])
    };
    let page = page("www.example.fr")?;
    assert!(page.contains("200 ") && page.contains("It works!"), "{page}");
    assert!(!page.to_lowercase().contains("beffroi"), "{page}");
    let is_answer = |packet: &Packet| scan.targets.contains(&packet.from);
    let is_of_443 = |packet: &Packet| matches!(packet.protocol, Protocol::Tcp { from: 443, .. });
    for target in scan.targets {
        let answers = scan.answers.packets();
        assert!(
            answers.iter().any(|packet| packet.from == target && is_of_443(packet)),
            "{target} is silent"
        );
    }
    scan.answers.nothing_passed(|packet| is_answer(packet) && !is_of_443(packet))
}
