//! The device for real: namespaces, cables, UDP, and wg(8) looking on. Needs a namespace of its own to
//! run in (`tests/enter`), which nextest gives it.
//!
//! ```text
//!             alvimare ──── 192.0.2.0/30 ──┐
//!             10.66.1.1                    gateway  10.66.0.1, fd66::1
//!             foucart ───── 192.0.2.4/30 ──┘
//!             10.66.1.2
//! ```
//!
//! `either` is true of whatever device there is, `embedded` where the kernel has no WireGuard, `kernel`
//! where it has.

mod either;
mod embedded;
mod host;
mod kernel;
mod world;
