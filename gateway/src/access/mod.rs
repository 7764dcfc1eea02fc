//! Who is calling, and what they may do. Identity comes from the tunnel address or from the session, never from
//! a header.

mod route;

pub use route::{Audience, Route};
