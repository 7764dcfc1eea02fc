//! How a command reaches the gateway that is running: one Unix socket, for root and the gateway's own user.
//!
//! The database belongs to the running process, so that it is the one to write a backup, or to do what a command
//! is for; the command puts what it gets where it shall be. Two kinds of request: `backup`, and a question, whose
//! answer this module carries and does not read. Connections are served one after the other: whoever may ask is the
//! administrator of the machine.

mod client;
mod request;
mod server;
mod stream;

#[cfg(test)]
mod tests;

pub use client::{AskError, ConnectError, Running, connect};
pub use request::{Malformed, Question, REST_MAX, Request, Subject, parse};
pub use server::{Door, OpenError};
