//! Programs are stopped for a while, killed together and started in any order; machines sleep.
//!
//! ```text
//!   passerelle (netd, gateway)      alvimare (agent)
//!        | 192.0.2.10                   | 192.0.2.11
//!   ─────┴──────────────────────────────┴─────
//! ```

use std::time::Duration;

use anyhow::Result;
use beffroi_tests::{Community, INSIDE, Process, Protocol, TownHall, until};
use nix::sys::signal::Signal;

const SOON: Duration = Duration::from_secs(30);
/// Of the programs' own patience with each other, the longest is 20 s: a longer pause brings nothing new.
const LONG: Duration = Duration::from_secs(60);

fn comes_back(town_hall: &TownHall) -> Result<()> {
    until("the intranet opens again", SOON, || Ok(town_hall.home()?.status == 200))?;
    Ok(())
}

fn pause(program: &Process) -> Result<()> {
    program.signal(Signal::SIGSTOP)
}

fn go_on(program: &Process) -> Result<()> {
    program.signal(Signal::SIGCONT)
}

#[test]
fn a_gateway_program_that_hangs_cuts_no_link() -> Result<()> {
    let mut caux = Community::of(["Alvimare"])?;
    let [alvimare] = &caux.town_halls;
    let seen = alvimare.node.capture("beffroi")?;
    pause(caux.gateway.program()?)?;
    assert!(alvimare.home().is_err(), "the door is shut");
    let _ping = alvimare.node.spawn("ping", ["ping", "-i", "0.2", INSIDE])?;
    let answers = || seen.packets().iter().filter(|packet| packet.protocol == Protocol::Icmp).count() / 2;
    until("a hundred and twenty pings were answered", LONG, || Ok(answers() >= 120))?;
    go_on(caux.gateway.program()?)?;
    comes_back(alvimare)
}

#[test]
fn links_come_back_when_netd_goes_on() -> Result<()> {
    let mut caux = Community::of(["Alvimare"])?;
    pause(caux.gateway.netd()?)?;
    caux.gateway.program()?.says("beffroi-netd did not answer within", LONG)?;
    assert!(caux.town_halls[0].home().is_err(), "the link is cut");
    let told = caux.referent.overview()?;
    assert_eq!(told.status, 200, "the referent is served all the same");
    go_on(caux.gateway.netd()?)?;
    comes_back(&caux.town_halls[0])?;
    // Nothing was lost on the way either: a newcomer is let in.
    let (bennetot, code) = caux.invited("Bennetot")?;
    bennetot.join(&code)?;
    Ok(())
}

/// A suspended machine cannot be had here. What an hour of it does: the agent's clocks have stood still, so that it
/// believes its session young, which the gateway has forgotten; and the machine wakes up behind another line.
#[test]
fn a_machine_that_wakes_up_elsewhere_finds_its_link() -> Result<()> {
    let mut caux = Community::of(["Alvimare"])?;
    let [alvimare] = &mut caux.town_halls;
    pause(alvimare.agent()?)?;
    caux.gateway.kill_netd()?;
    caux.gateway.node.run(["rm", "/var/lib/beffroi-netd/wanted.json"])?;
    caux.gateway.start_netd()?;
    caux.world.move_elsewhere(&alvimare.node)?;
    until("netd has been told again", SOON, || {
        Ok(caux.gateway.node.run(["wg", "show", "beffroi", "allowed-ips"])?.contains("10.66."))
    })?;
    go_on(alvimare.agent()?)?;
    comes_back(alvimare)
}

#[derive(Debug, Clone, Copy)]
enum Program {
    Netd,
    Gateway,
    Agent,
}

#[test]
fn killed_together_they_may_start_in_any_order() -> Result<()> {
    use Program::{Agent, Gateway, Netd};
    let mut caux = Community::of(["Alvimare"])?;
    let orders = [
        [Netd, Gateway, Agent],
        [Netd, Agent, Gateway],
        [Gateway, Netd, Agent],
        [Gateway, Agent, Netd],
        [Agent, Netd, Gateway],
        [Agent, Gateway, Netd],
    ];
    for order in orders {
        let [alvimare] = &mut caux.town_halls;
        alvimare.kill()?;
        caux.gateway.kill_gateway()?;
        caux.gateway.kill_netd()?;
        for program in order {
            match program {
                Netd => caux.gateway.start_netd()?,
                Gateway => caux.gateway.start_gateway()?,
                Agent => alvimare.start()?,
            }
        }
        comes_back(alvimare).map_err(|error| error.context(format!("started as {order:?}")))?;
    }
    Ok(())
}
