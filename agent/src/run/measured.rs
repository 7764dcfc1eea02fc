//! What a packet may measure on the way to the gateway: sends the packets of [`crate::width`], and makes the
//! tunnel's routes as narrow as the way is.

use std::time::Instant;

use beffroi_tunnel::Wanted;

use super::kept::Membership;
use crate::link;

impl Membership {
    /// It is time to try a length, or to draw the conclusion from those that were tried.
    pub(super) async fn measure(&mut self) -> Result<(), beffroi_tunnel::Error> {
        let before = self.width.longest();
        let packet = self.width.woken(self.keeper.seen().round_trip, Instant::now());
        if let Some(packet) = packet
            && let Err(error) = self.probes.try_length(packet).await
        {
            // As good as lost.
            log::debug!("a packet of {} bytes cannot be sent: {error}", packet.length);
        }
        if self.width.longest() == before {
            return Ok(());
        }
        let full = self.joined.welcome.mtu;
        let longest = self.width.longest().unwrap_or(full);
        log::info!(COMMUNE = self.joined.welcome.commune; "packets of {longest} bytes pass, of at most {full}");
        self.keeper.use_mtu(longest, Instant::now());
        self.tunnel.reconcile(&self.wanted()).await.map(drop)
    }

    /// Another way may be narrower, or wider.
    pub(super) fn follow_way(&mut self) {
        let seen = self.keeper.seen();
        self.width.on(seen.is_answering.then_some((seen.carrier, seen.endpoint)), Instant::now());
    }

    /// What the tunnel should be now.
    pub(super) fn wanted(&self) -> Wanted {
        let gateway = self.turns.current().gateway;
        link::own(&self.joined, gateway, self.place(), self.width.longest())
    }
}
