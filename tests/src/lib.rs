//! The rig: worlds of real processes in namespaces, and everything a scenario needs to look at them.
//!
//! A scenario draws its hosts in its header, makes them, does something and looks at what happened:
//!
//! ```no_run
//! use std::time::Duration;
//! use beffroi_tests::{Packet, Protocol, World, until};
//!
//! # fn main() -> anyhow::Result<()> {
//! let world = World::new()?;
//! let alvimare = world.node("alvimare")?;
//! let bennetot = world.node("bennetot")?;
//! let capture = bennetot.capture("eth0")?;
//! alvimare.run(["ping", "-c1", &bennetot.address().to_string()])?;
//! let is_ping = |packet: &Packet| packet.protocol == Protocol::Icmp && packet.from == alvimare.address();
//! until("the ping is seen", Duration::from_secs(5), || Ok(capture.packets().iter().any(is_ping)))?;
//! # Ok(())
//! # }
//! ```
//!
//! Reading order: [`World`] is the internet, [`Node`] one host on it, [`Process`] a program running there,
//! [`until`] the only way to wait. [`Gateway`], [`TownHall`], [`Referent`] and
//! [`Community`] speak of Beffroi; the rest does not.
//! The rig must be entered through `tests/enter`, as cargo-nextest and the demo do.

mod browser;
mod capture;
mod community;
mod gateway;
mod line;
mod local_network;
mod names;
mod namespaces;
mod node;
mod process;
mod referent;
mod scan;
mod signer;
mod town_hall;
mod visitor;
mod wait;
mod weight;
pub mod window;
mod world;

pub use browser::{Browser, keys};
pub use capture::{Capture, Packet, Protocol};
pub use community::{Community, join_all};
pub use gateway::{DOMAIN, Gateway, INSIDE, admin, intranet};
pub use line::{Line, Quality};
pub use local_network::LocalNetwork;
pub use namespaces::Namespaces;
pub use node::{Addresses, Node};
pub use process::{Outcome, Process};
pub use referent::{Machine, PASSWORD, REFERENT, Referent, commune_path, sign_in_at};
pub use scan::{knock_tcp, knock_udp};
pub use signer::Signer;
pub use town_hall::TownHall;
pub use visitor::{Page, Visitor};
pub use wait::until;
pub use weight::{Weight, weigh};
pub use world::World;
