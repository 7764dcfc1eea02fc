//! The links as they are and as they should be: which peers the tunnel has, how each line is doing, and the
//! pages on which a referent sees and changes that.
//!
//! The database says what should be; `beffroi-netd` makes it so; the [`Keeper`] carries one to the other. How
//! a machine got into the database is not known here.

mod alerts;
mod board;
mod diagnosis;
mod farewell;
mod history;
mod holders;
mod keeper;
mod machine;
mod pages;
mod serving;
mod state;
mod store;
#[cfg(test)]
mod tests;
mod throughput;
mod wanted;
mod words;

use crate::{directory, store as ground};

pub use alerts::{Alert, Alerts, Event, Lookout, Standing};
pub use board::{Board, Carried, Link, Loss, Reading, Service};
pub use diagnosis::note;
pub use farewell::{Farewells, Leaving, Word, farewells};
pub use history::Recorder;
pub use keeper::Keeper;
pub use pages::{Desk, PATH, routes};
pub use serving::{let_in, note_serving};
pub use state::State;
pub use store::TABLES;
pub use throughput::{Handed, Measure, Measuring, Turn, measures, note as note_measure};
pub use wanted::KEEPALIVE;
pub use words::age;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no commune {0}")]
    NoSuchCommune(directory::CommuneId),
    #[error("there is no machine {0}")]
    NoSuchMachine(directory::MachineId),
    #[error("machine {0} has no agent")]
    WithoutAgent(directory::MachineId),
    #[error(transparent)]
    Directory(#[from] directory::Error),
    #[error(transparent)]
    Audit(#[from] crate::audit::Error),
    #[error(transparent)]
    Store(#[from] ground::Error),
}
