//! What the gateway wants of a member, asked for through the machine's own tunnel: JSON over HTTP/1.1, one
//! request a connection, at [`PORT`] of the gateway's tunnel addresses.
//!
//! `GET /v1/membership` answers 200 with a [`Membership`]. It is asked for when the agent starts, when
//! the answer to a probe carries another revision, and once a day. `POST /v1/key` takes a [`NewKey`] and
//! answers 200 when both ends are to change to it after [`CHANGE_AFTER`], 409 when the machine is to keep
//! its key. `POST /v1/next-gateway` takes a [`KnownKey`] and answers 200 when that is noted, 409 when the
//! gateway will have another key. Who asks is known by the tunnel address. New fields have a default, so
//! that agents and gateways of different ages understand each other.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::PublicKey;
use crate::code::Endpoint;
use crate::enrolment::Welcome;
use crate::release::Offer;
use crate::serving::Serving;

/// TCP port at the gateway's tunnel addresses. It is that of the enrolment service, which is at another one.
pub const PORT: u16 = crate::temporary::PORT;
pub const PATH: &str = "/v1/membership";
pub const KEY_PATH: &str = "/v1/key";
pub const NEXT_GATEWAY_PATH: &str = "/v1/next-gateway";
/// From the answer on both ends: for the answer to arrive over the line as it is.
pub const CHANGE_AFTER: Duration = Duration::from_secs(2);
/// Stands for no revision at all: the gateway could not look.
pub const UNKNOWN: u32 = 0;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// Follows from everything else in here: another number means that something of it is new.
    pub revision: u32,
    /// Where the gateway is reached from outside.
    pub endpoint: Endpoint,
    /// As if the machine had enrolled a moment ago.
    pub welcome: Welcome,
    /// By which the gateway knows the machine, from now on or from a moment on.
    pub key: PublicKey,
    /// Whether the machine is to make itself a new key.
    #[serde(default)]
    pub rotate: bool,
    /// The key that the gateway will have one day: to be kept, and tried when the present one is silent.
    #[serde(default)]
    pub next_gateway: Option<PublicKey>,
    /// A program that is to take the place of the agent's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<Offer>,
    /// The other computers that the machine is to let in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serving: Option<Serving>,
    /// The number of an order to measure what the line carries; another one is another order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measure: Option<u32>,
}

/// The public half of what the machine has made itself, and has on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewKey {
    pub key: PublicKey,
}

/// The gateway's next key, which the machine has on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownKey {
    pub key: PublicKey,
}
