//! How a command reaches the gateway that is running: one Unix socket, for root and the gateway's own user.
//!
//! The database belongs to the running process, so that it is the one to write a backup; the command puts it
//! where it shall be. There is one request, `backup`. Connections are served one after the other: whoever
//! may ask is the administrator of the machine.

mod client;
mod server;
mod stream;

#[cfg(test)]
mod tests;

pub use client::{ConnectError, Running, connect};
pub use server::{Door, OpenError};

/// The request for a backup, as a line.
const BACKUP: &str = "backup\n";
