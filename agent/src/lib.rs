//! Joins a town hall's machine to the gateway and keeps it joined.
//!
//! [`join`] follows the paper to a membership, [`run`] is the daemon that keeps the link, [`status`]
//! tells how it is, [`membership`] asks what the gateway wants, [`serve`] lets other computers of the town
//! hall in, [`update`] brings a new program, [`doctor`] tells what is wrong, [`throughput`] how much the line
//! carries, [`leave`] undoes everything; [`command`] is what a person types. What is decided without looking at
//! a clock or a socket stands apart: [`keep`] (when to probe, when to recover), [`identity`] (with which keys),
//! [`line`] (how good the line is), [`link`] (what the tunnel should be), [`diagnosis`] (why the gateway does
//! not answer).

mod arguments;
mod carrier;
mod channel;
pub mod command;
mod config;
mod diagnosis;
mod doctor;
mod enrol;
mod folder;
mod hosts;
mod identity;
mod jitter;
mod join;
mod journal;
mod keep;
mod leave;
mod line;
mod link;
mod lookup;
mod membership;
mod network;
mod privileges;
mod probe;
mod replace;
mod run;
pub mod serve;
mod service;
mod sleep;
pub mod state;
pub mod status;
mod terminal;
mod texts;
mod throughput;
mod trust;
mod under_way;
mod update;
mod width;

/// Of this program, as the gateway is told it.
const VERSION: &str = env!("CARGO_PKG_VERSION");
