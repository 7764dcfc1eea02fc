//! The gateway's addresses while joining: those of its name, and the carrier once they have not answered.

use std::net::SocketAddr;
use std::time::Duration;

use beffroi_protocol::PublicKey;
use beffroi_protocol::code::Endpoint;
use tokio::time::timeout;

use crate::carrier::{Carrier, Gateway};
use crate::lookup;

/// For the carrier's connection to stand.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) struct Reach {
    endpoint: Endpoint,
    gateway: PublicKey,
    carrier: Option<Carrier>,
}

impl Reach {
    pub(super) const fn new(endpoint: Endpoint, gateway: PublicKey) -> Self {
        Self { endpoint, gateway, carrier: None }
    }

    /// In the order in which they are worth trying.
    pub(super) async fn addresses(&self) -> Vec<SocketAddr> {
        let carrier = self.carrier.as_ref().filter(|carrier| carrier.is_ready()).map(Carrier::local);
        carrier.into_iter().chain(lookup::lookup(&self.endpoint).await).collect()
    }

    /// None of them has answered.
    pub(super) async fn widen(&mut self) {
        if self.carrier.is_some() {
            return;
        }
        let gateway = Gateway { endpoints: vec![self.endpoint.clone()], keys: vec![self.gateway] };
        match Carrier::open(gateway).await {
            Ok(mut carrier) => {
                if timeout(PATIENCE, carrier.changed()).await.is_err() {
                    log::debug!("the gateway does not answer on port 443 either");
                }
                self.carrier = Some(carrier);
            }
            Err(error) => log::debug!("the carrier cannot be opened: {error}"),
        }
    }
}
