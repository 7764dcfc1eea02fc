//! Points the tunnel at the gateway: by UDP, or at this end of the carrier. Which of the two is decided in
//! [`crate::keep`].

use std::net::SocketAddr;
use std::time::Instant;

use beffroi_protocol::probe::Carrier as By;

use super::kept::Membership;
use crate::carrier::{Carrier, Gateway};
use crate::journal::journal_text;

impl Membership {
    pub(super) async fn call(&mut self, endpoint: SocketAddr) {
        log::debug!("calling the gateway at {endpoint}");
        self.hold_carrier(false);
        self.renew(endpoint).await;
    }

    pub(super) async fn open_carrier(&mut self) {
        match Carrier::open(Gateway::of(&self.joined)).await {
            Ok(carrier) => self.carrier = Some(carrier),
            Err(error) => log::warn!("the carrier cannot be opened: {error}"),
        }
    }

    pub(super) async fn ride(&mut self) {
        log::info!(COMMUNE = self.joined.welcome.commune; "the gateway is called by the carrier");
        self.hold_carrier(false);
        if let Some(local) = self.local() {
            self.renew(local).await;
        }
    }

    /// What comes by the carrier meanwhile would lead the tunnel back to it.
    pub(super) async fn try_udp(&mut self, endpoint: SocketAddr) {
        self.hold_carrier(true);
        self.aim(endpoint).await;
    }

    pub(super) async fn return_to_carrier(&mut self) {
        if let Some(local) = self.local() {
            self.aim(local).await;
        }
        self.hold_carrier(false);
    }

    /// Where the tunnel takes the gateway to be.
    pub(super) fn place(&self) -> Option<SocketAddr> {
        let seen = self.keeper.seen();
        match seen.carrier {
            By::Tls => self.local(),
            By::Udp => seen.endpoint,
        }
    }

    fn local(&self) -> Option<SocketAddr> {
        self.carrier.as_ref().map(Carrier::local)
    }

    fn hold_carrier(&self, held: bool) {
        if let Some(carrier) = &self.carrier {
            carrier.hold(held);
        }
    }

    async fn renew(&mut self, endpoint: SocketAddr) {
        self.turns.called(Instant::now());
        if let Err(error) = self.tunnel.renew(&self.turns.current().gateway, Some(endpoint)).await {
            // No route today may be one tomorrow: the recovery goes on.
            log::debug!("{}", journal_text(&error));
        }
    }

    async fn aim(&mut self, endpoint: SocketAddr) {
        if let Err(error) = self.tunnel.aim(&self.turns.current().gateway, endpoint).await {
            log::debug!("{}", journal_text(&error));
        }
    }
}

/// The next change of the carrier's connection; for ever when there is no carrier.
pub(super) async fn connected(carrier: &mut Option<Carrier>) -> bool {
    match carrier {
        Some(carrier) => carrier.changed().await,
        None => std::future::pending().await,
    }
}
