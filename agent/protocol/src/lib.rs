//! The words that agent and gateway exchange: serde types and pure functions, no I/O.
//!
//! Reading order: [`code`] is what the paper carries, [`temporary`] what both sides derive from it,
//! [`enrolment`] what is said over the temporary tunnel, [`words`] what two people compare, [`probe`]
//! what is said every few seconds ever after, [`trial`] how long a packet may be, [`membership`] what is
//! asked for when that says so, [`release`] a new program that it may name, [`serving`] which other
//! computers it may let in, [`throughput`] how much the line carries, when it orders that measure,
//! [`quality`] how a line is judged, [`diagnosis`] what is wrong when it is not good, [`carrier`] the way
//! through networks that let only web sites through.

pub mod carrier;
pub mod code;
pub mod diagnosis;
mod endpoint;
pub mod enrolment;
mod key;
pub mod membership;
pub mod probe;
pub mod quality;
pub mod release;
pub mod serving;
pub mod temporary;
pub mod throughput;
pub mod trial;
pub mod words;

pub use key::{InvalidKey, PresharedKey, PrivateKey, PublicKey};
