//! What the gateway wants of a member, asked for through the machine's own tunnel: JSON over HTTP/1.1, one
//! request a connection, at [`PORT`] of the gateway's tunnel addresses.
//!
//! `GET /v1/membership` answers 200 with a [`Membership`]. It is asked for when the agent starts, when the
//! answer to a probe carries another revision, and once a day. Who asks is known by the tunnel address. New
//! fields have a default, so that agents and gateways of different ages understand each other.

use serde::{Deserialize, Serialize};

use crate::code::Endpoint;
use crate::enrolment::Welcome;

/// TCP port at the gateway's tunnel addresses. It is that of the enrolment service, which is at another one.
pub const PORT: u16 = crate::temporary::PORT;
pub const PATH: &str = "/v1/membership";
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
}
