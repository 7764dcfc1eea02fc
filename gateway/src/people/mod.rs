//! The directory's people as a referent looks after them and as every town hall finds them: added, changed and forgotten
//! one by one, or all at once from a list.
//!
//! Who somebody is and what a mandate gives is the directory's. This feature knows no machine, and no account.

mod acts;
mod export;
mod list;
mod pages;
mod search;
mod typed;

use crate::directory::{self, CommuneId, GroupId, PersonId};
use crate::{audit, store};

pub use list::{Line, Listing, TABLES, Unfit, read};
pub use pages::{PATH, routes, town_hall_routes};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no person {0}")]
    NoSuchPerson(PersonId),
    #[error("there is no commune {0}")]
    NoSuchCommune(CommuneId),
    #[error("there is no group {0}")]
    NoSuchGroup(GroupId),
    #[error("there is no such list")]
    NoSuchList,
    #[error("it was changed meanwhile")]
    Overtaken,
    #[error("the directory cannot be read or changed")]
    Directory(#[from] directory::Error),
    #[error("the act cannot be recorded")]
    Audit(#[from] audit::Error),
    #[error("the lists cannot be read or written")]
    Store(#[from] store::Error),
}
