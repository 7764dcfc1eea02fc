//! Something is killed in the middle of a machine's joining: there is one machine or none, and the same command finishes.
//!
//! ```text
//!   passerelle (netd, gateway)     one town hall after the other (agent)
//!        |                              |
//!   ─────┴──────────────────────────────┴─────
//! ```

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use beffroi_tests::{Capture, Community, DOMAIN, Gateway, Process, Protocol, TownHall, until};

const SOON: Duration = Duration::from_secs(60);

/// What can be seen from outside while a machine joins, in the order in which it happens.
#[derive(Debug, Clone, Copy)]
enum Moment {
    KeyOnDisk,
    InterfaceUp,
    GatewayCalled,
    RequestUnderWay,
    RecordedByGateway,
    WelcomeOnDisk,
    OwnAddress,
    NamesWritten,
    AuthorityInstalled,
}

const MOMENTS: [(Moment, &str); 9] = [
    (Moment::KeyOnDisk, "Alvimare"),
    (Moment::InterfaceUp, "Bennetot"),
    (Moment::GatewayCalled, "Foucart"),
    (Moment::RequestUnderWay, "Yébleron"),
    (Moment::RecordedByGateway, "Cliponville"),
    (Moment::WelcomeOnDisk, "Hattenville"),
    (Moment::OwnAddress, "Envronville"),
    (Moment::NamesWritten, "Ricarville"),
    (Moment::AuthorityInstalled, "Trémauville"),
];

/// A machine that is joining, and what one sees of it.
struct Scene<'a> {
    town_hall: &'a TownHall,
    gateway_log: String,
    enrolled_before: usize,
    join: Process,
    /// Of the tunnel, once there is one.
    capture: Option<Capture>,
}

impl<'a> Scene<'a> {
    fn begin(town_hall: &'a TownHall, gateway: &mut Gateway, code: &str) -> Result<Scene<'a>> {
        let gateway_log = gateway.program()?.log_path().display().to_string();
        let enrolled_before = std::fs::read_to_string(&gateway_log)?.matches("enrolled:").count();
        let join = town_hall.node.spawn("join", ["beffroi-agent", "join", code])?;
        Ok(Scene { town_hall, gateway_log, enrolled_before, join, capture: None })
    }

    fn has_come(&mut self, moment: Moment) -> Result<bool> {
        let node = &self.town_hall.node;
        let state = || node.read("/var/lib/beffroi-agent/state.json").unwrap_or_default();
        Ok(match moment {
            Moment::KeyOnDisk => !state().is_empty(),
            Moment::InterfaceUp => node.attempt(["ip", "link", "show", "beffroi"])?.succeeded(),
            Moment::GatewayCalled => self.join.log()?.contains("Appel de la passerelle"),
            Moment::RequestUnderWay => {
                if self.capture.is_none() {
                    self.capture = node.capture("beffroi").ok();
                }
                let packets = self.capture.as_ref().map(Capture::packets).unwrap_or_default();
                packets.iter().any(|packet| matches!(packet.protocol, Protocol::Tcp { to: 4710, .. }))
            }
            Moment::RecordedByGateway => {
                std::fs::read_to_string(&self.gateway_log)?.matches("enrolled:").count()
                    > self.enrolled_before
            }
            Moment::WelcomeOnDisk => state().contains("\"joined\""),
            Moment::OwnAddress => node.ip("-o address")?.contains("10.66."),
            Moment::NamesWritten => node.read("/etc/hosts")?.contains(DOMAIN),
            Moment::AuthorityInstalled => node.file("/usr/local/share/ca-certificates/beffroi.crt")?.exists(),
        })
    }

    /// Waits for the moment, or for the end when it is over before it could be seen.
    fn wait_for(&mut self, moment: Moment) -> Result<()> {
        until(&format!("{moment:?} comes"), SOON, || Ok(self.has_come(moment)? || !self.join.is_running()?))?;
        Ok(())
    }
}

/// One machine or none; and after the same command again, one that works.
fn joins_in_the_end<const N: usize>(
    caux: &Community<N>,
    town_hall: &mut TownHall,
    code: &str,
    moment: Moment,
) -> Result<()> {
    let told = || format!("{} was interrupted at {moment:?}", town_hall.commune());
    let machines = || -> Result<usize> { Ok(caux.referent.machines(town_hall.commune())?.len()) };
    ensure!(machines()? <= 1, "{}: there are {} machines", told(), machines()?);
    town_hall.join(code).with_context(told)?;
    ensure!(machines()? == 1, "{}: there are {} machines", told(), machines()?);
    let context = told();
    town_hall.start()?;
    until("the intranet opens", SOON, || Ok(town_hall.home()?.status == 200)).context(context)?;
    Ok(())
}

/// A new town hall joins for each moment, and `strike` is what happens then.
fn at_every_step(strike: fn(&mut Gateway, Scene<'_>) -> Result<()>) -> Result<()> {
    let mut caux = Community::of([])?;
    for (moment, commune) in MOMENTS {
        let (mut town_hall, code) = caux.invited(commune)?;
        let mut scene = Scene::begin(&town_hall, &mut caux.gateway, &code)?;
        scene.wait_for(moment)?;
        strike(&mut caux.gateway, scene)?;
        joins_in_the_end(&caux, &mut town_hall, &code, moment)?;
    }
    Ok(())
}

#[test]
fn the_agent_is_killed_at_every_step() -> Result<()> {
    at_every_step(|_, scene| scene.join.kill())
}

#[test]
fn the_gateway_program_is_killed_at_every_step() -> Result<()> {
    at_every_step(|gateway, mut scene| {
        gateway.kill_gateway()?;
        gateway.start_gateway()?;
        scene.join.ended(SOON + SOON)?;
        Ok(())
    })
}

#[test]
fn the_power_fails_at_the_gateway_at_every_step() -> Result<()> {
    at_every_step(|gateway, mut scene| {
        gateway.kill_gateway()?;
        gateway.kill_netd()?;
        gateway.start()?;
        scene.join.ended(SOON + SOON)?;
        Ok(())
    })
}
