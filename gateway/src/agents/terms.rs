//! What the communauté wants of a member: the same for all but names and addresses. Pure; how it is asked for
//! is not known here.

use std::net::SocketAddr;

use beffroi_protocol::code::Endpoint;
use beffroi_protocol::enrolment::{Name, Welcome};
use beffroi_protocol::membership::{Membership, UNKNOWN};
use beffroi_protocol::serving::Serving;

use super::members::Member;
use crate::config::{Config, PORTAL_PORT, PROBE_PORT};
use crate::directory::{Commune, Machine, Network};
use crate::links::KEEPALIVE;

/// What does not change while the gateway runs.
#[derive(Debug, Clone)]
pub struct Terms {
    community: String,
    endpoint: Endpoint,
    network: Network,
    mtu: u16,
    preshared: bool,
    intranet: String,
    admin: String,
    /// The communauté's certificate authority, PEM.
    authority: String,
}

impl Terms {
    pub fn new(config: &Config, authority: String) -> Self {
        Self {
            community: config.community.name.clone(),
            endpoint: config.network.endpoint.clone(),
            network: Network::new(config.network.ipv4, config.network.ipv6),
            mtu: config.network.mtu,
            preshared: config.network.preshared,
            intranet: config.intranet_name(),
            admin: config.admin_name(),
            authority,
        }
    }

    pub(super) fn network(&self) -> Network {
        self.network
    }

    /// Whether machines that enrol from now on have a preshared key.
    pub(super) fn preshared(&self) -> bool {
        self.preshared
    }

    pub(super) fn welcome(&self, machine: &Machine, commune: &Commune, preshared: bool) -> Welcome {
        let gateway = self.network.gateway();
        let name = |name: &String| Name { name: name.clone(), addresses: gateway.to_vec() };
        Welcome {
            community: self.community.clone(),
            commune: commune.name.to_string(),
            addresses: self.network.machine(machine.id).to_vec(),
            gateway: gateway.to_vec(),
            probe: gateway.map(|address| SocketAddr::new(address, PROBE_PORT)).to_vec(),
            mtu: self.mtu,
            keepalive: KEEPALIVE,
            // A machine may become a referent's later: it knows the way to the admin page, which decides by
            // itself who comes in.
            names: vec![name(&self.intranet), name(&self.admin)],
            authority: self.authority.clone(),
            preshared,
        }
    }

    pub(super) fn membership(&self, who: &Member) -> Membership {
        let Member { machine, commune, preshared, rotate, next_gateway, release, measure, serving } = who;
        numbered(Membership {
            revision: UNKNOWN,
            endpoint: self.endpoint.clone(),
            welcome: self.welcome(machine, commune, *preshared),
            key: machine.key,
            rotate: *rotate,
            next_gateway: *next_gateway,
            release: release.clone(),
            // What is on the admin page is no business of whoever sits at another computer.
            serving: serving.clone().map(|hosts| Serving {
                hosts,
                names: vec![self.intranet.clone()],
                ports: vec![PORTAL_PORT],
            }),
            measure: *measure,
        })
    }
}

/// The revision is drawn from what is said, so that no table can disagree with it.
fn numbered(membership: Membership) -> Membership {
    let said = serde_json::to_vec(&membership).expect("these types have no unserialisable part");
    let drawn = blake3::hash(&said);
    let first = drawn.as_bytes().first_chunk().expect("a hash has 32 bytes");
    Membership { revision: u32::from_le_bytes(*first).max(UNKNOWN + 1), ..membership }
}
