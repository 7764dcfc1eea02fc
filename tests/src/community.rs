//! A communauté in which some town halls have joined already: where most scenarios begin.

use std::thread;
use std::time::Duration;

use anyhow::Result;

use crate::gateway::{DOMAIN, Gateway};
use crate::line::{Line, Quality};
use crate::node::Node;
use crate::referent::Referent;
use crate::town_hall::TownHall;
use crate::wait::until;
use crate::world::World;

/// Kept whole: what is let go of, such as the gateway, ends.
///
/// ```no_run
/// # use beffroi_tests::Community;
/// # fn main() -> anyhow::Result<()> {
/// let caux = Community::of(["Alvimare", "Bennetot"])?;
/// let [alvimare, bennetot] = &caux.town_halls;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Community<const N: usize> {
    pub town_halls: [TownHall; N],
    pub referent: Referent,
    pub gateway: Gateway,
    pub world: World,
}

impl<const N: usize> Community<N> {
    /// The gateway runs, the referent has an account, and each of these town halls has joined and runs the service.
    pub fn of(communes: [&str; N]) -> Result<Community<N>> {
        Self::begin(|_| {}, communes)
    }

    /// The same, with a gateway that reads another clock, told as in [`Node::set_clock`].
    pub fn with_clock(clock: &str, communes: [&str; N]) -> Result<Community<N>> {
        Self::begin(|server| server.set_clock(clock), communes)
    }

    fn begin(prepare: impl FnOnce(&Node), communes: [&str; N]) -> Result<Community<N>> {
        let world = World::new()?;
        let mut gateway = world.gateway(DOMAIN)?;
        prepare(&gateway.node);
        gateway.start()?;
        let referent = gateway.referent()?;
        let codes = if N == 0 {
            Vec::new()
        } else {
            referent.add_communes(&communes)?;
            referent.invite(&communes)?
        };
        let mut joined = Vec::new();
        for commune in communes {
            joined.push(world.town_hall(commune)?);
        }
        join_all(&mut joined, &codes)?;
        let town_halls = joined.try_into().expect("there are as many as communes");
        Ok(Community { town_halls, referent, gateway, world })
    }

    /// One more town hall, which has not joined yet, and the code of its sheet.
    pub fn invited(&self, commune: &str) -> Result<(TownHall, String)> {
        self.referent.add_communes(&[commune])?;
        let codes = self.referent.invite(&[commune])?;
        Ok((self.world.town_hall(commune)?, codes.concat()))
    }

    /// The same, at the end of such a line.
    pub fn invited_on_a_line(&self, commune: &str, quality: Quality) -> Result<(TownHall, Line, String)> {
        self.referent.add_communes(&[commune])?;
        let codes = self.referent.invite(&[commune])?;
        let (town_hall, line) = self.world.town_hall_on_a_line(commune, quality)?;
        Ok((town_hall, line, codes.concat()))
    }
}

/// Each types its code and starts the service, all at the same time; returns when each has opened the intranet.
pub fn join_all(town_halls: &mut [TownHall], codes: &[String]) -> Result<()> {
    let join = |town_hall: &mut TownHall, code: &str| {
        town_hall.join(code)?;
        town_hall.start()?;
        until("the intranet opens", Duration::from_secs(30), || Ok(town_hall.home()?.status == 200))?;
        Ok(())
    };
    thread::scope(|scope| {
        let joining: Vec<_> = town_halls
            .iter_mut()
            .zip(codes)
            .map(|(one, code)| scope.spawn(move || join(one, code)))
            .collect();
        joining.into_iter().try_for_each(|thread| thread.join().expect("joining does not panic"))
    })
}
