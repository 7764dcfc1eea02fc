//! Keeps one WireGuard interface as wanted, at both ends of a link, and one table of nftables ([`firewall`]).
//!
//! Say what the interface should be ([`Wanted`]), look at what it is ([`Present`]), write the
//! difference and nothing else ([`plan`], [`Tunnel::reconcile`]). This crate does not know what the
//! peers are: town halls, invitations and gateways are other people's words.

mod control;
mod device;
mod embedded;
mod error;
pub mod firewall;
mod kernel;
mod link;
mod plan;
mod present;
mod sockets;
mod tunnel;
mod wanted;

pub use beffroi_protocol::PresharedKey;
pub use error::Error;
pub use plan::{Change, Edit, plan};
pub use present::{Backend, Present, PresentPeer};
pub use tunnel::Tunnel;
pub use wanted::{Peer, Wanted};
