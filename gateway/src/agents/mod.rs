//! The door for agents: the port on which a machine with an invitation enrols, and the port on which an
//! enrolled one asks "are you there?".
//!
//! Both are inside the tunnel. Who asks is known by the address of the peer, which WireGuard guarantees, and
//! never by what is asked. Strangers cannot reach either: the firewall is the first to say so, this door the
//! second.

mod enrolment;
mod probe;
#[cfg(test)]
mod tests;

pub use enrolment::{Gate, Membership, serve_enrolment};
pub use probe::serve_probes;
