//! The door for agents: the port on which a machine with an invitation enrols, the one on which an enrolled
//! machine asks "are you there?", and the one on which it asks what is wanted of it.
//!
//! All are inside the tunnel. Who asks is known by the address of the peer, which WireGuard guarantees, and
//! never by what is asked. Strangers cannot reach them: the firewall is the first to say so, this door the
//! second.

mod enrolment;
mod key;
mod members;
mod next_gateway;
mod probe;
mod release;
mod serving;
mod terms;
#[cfg(test)]
mod tests;
mod throughput;

pub use enrolment::{Gate, serve_enrolment};
pub use members::{Members, serve_members};
pub use probe::serve_probes;
pub use terms::Terms;
