//! What is wrong with a link, in words that both ends know: the agent finds it, says it at the town hall, and
//! tells the gateway once the link is back, which says it to the referent.
//!
//! `POST /v1/diagnosis` at the members' port takes a [`Told`] and answers 204.

use serde::{Deserialize, Serialize};

pub const PATH: &str = "/v1/diagnosis";

/// What was found while the gateway could not be reached, or what is wrong although it can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    pub cause: Cause,
    /// For how long the gateway did not answer, in seconds.
    pub lasted: u64,
    /// How long ago it answered again, in seconds: nobody's clock is trusted.
    pub ago: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The agent does not run.
    ServiceStopped,
    /// An interface of the tunnel's name is someone else's.
    InterfaceTaken,
    /// No cable, no radio: no interface carries anything.
    NoLink,
    /// The machine is connected and was given no address.
    NoAddress,
    /// There are addresses, and no way out of the local network.
    NoRoute,
    /// A captive portal wants somebody to sign in first.
    Captive,
    /// No name is found, not the gateway's and no other.
    NoNames,
    /// Other names are found, the gateway's is not.
    NameUnknown,
    /// Nothing beyond the local network answers.
    NoInternet,
    ClockBehind,
    ClockAhead,
    /// Another interface has the addresses of the tunnel.
    Overlap,
    /// The gateway has said that it lets this machine in no more.
    Revoked,
    /// The tunnel is up, and nobody answers at its other end.
    GatewayProgramStopped,
    /// The gateway's machine says that nothing listens there.
    GatewayStopped,
    /// The network says that it cannot reach the gateway's machine.
    GatewayUnreachable,
    /// The web passes, and the tunnel's datagrams have never passed on this network.
    UdpBlocked,
    /// The gateway is silent, and nothing tells why: stopped, or this machine was revoked.
    GatewaySilent,
    /// Long packets get lost without a word: the link sends shorter ones.
    Narrow,
    Lossy,
    Slow,
    Unsteady,
    /// None of the computers that the machine is to let in can be in a local network of it.
    ServesNobody,
    /// The computers that the machine is to let in cannot be let through it.
    CannotServe,
    /// Another program of the machine has a port that these computers are to use.
    PortHidden,
    /// The machine knows no resolver but itself, which has nowhere to ask.
    NoResolver,
    /// Something that a later version finds.
    #[serde(other)]
    Other,
}
