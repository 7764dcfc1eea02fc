//! Keeps one WireGuard interface as wanted, at both ends of a link.
//!
//! Say what the interface should be ([`Wanted`]), look at what it is ([`Present`]), write the
//! difference and nothing else ([`plan`], [`Change`]). This crate does not know what the peers are:
//! town halls, invitations and gateways are other people's words.

mod plan;
mod present;
mod wanted;

pub use plan::{Change, Edit, plan};
pub use present::{Backend, Present, PresentPeer};
pub use wanted::{Peer, PresharedKey, Wanted};
