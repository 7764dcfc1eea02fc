//! One nftables table of a program's own: [`words`] to say what is in it, [`FirewallTable`] to keep it so,
//! [`Watch`] to hear that somebody has changed it, [`brief()`] to read in a test what is wanted. What the rules are
//! for is not known here.

mod brief;
mod table;
mod watch;
pub mod words;

pub use brief::brief;
pub use table::{Error, FirewallTable, Outcome};
pub use watch::Watch;
