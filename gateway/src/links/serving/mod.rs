//! A machine that lets other computers of its town hall in: which ones a referent wants, and what the machine
//! says of it. To the gateway they are all this machine; it has no list of them.

mod pages;
mod print;
mod store;
mod typed;

use std::net::Ipv4Addr;

use beffroi_protocol::diagnosis::Cause;
use beffroi_protocol::serving::{Hosts, Told};

pub(super) use pages::{page, set};
pub use store::note_serving;
pub(super) use store::{TOLD, WANTED, forget};

use self::print::print;
use super::{Error, diagnosis};
use crate::directory::MachineId;
use crate::store::Read;
use crate::web::Text;

/// Who is let in by this machine; `None` when nobody is to be.
///
/// # Errors
/// When the store fails.
pub async fn let_in(tx: &impl Read, machine: MachineId) -> Result<Option<Hosts>, Error> {
    store::wanted(tx, machine).await
}

/// How it stands, as the page of a commune shows it.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    pub(super) hosts: String,
    /// Where these computers find the machine.
    pub(super) addresses: Vec<Ipv4Addr>,
    pub(super) problems: Vec<Text>,
    /// The machine has not said yet how it stands.
    pub(super) is_awaited: bool,
}

pub(super) async fn shown(tx: &impl Read, machine: MachineId) -> Result<Option<Shown>, Error> {
    let Some(hosts) = let_in(tx, machine).await? else { return Ok(None) };
    let told = store::told(tx, machine).await?;
    let is_awaited = told.is_none();
    let Told { addresses, problems } = told.unwrap_or_default();
    let problems = problems.into_iter().map(problem).collect();
    Ok(Some(Shown { hosts: print(&hosts), addresses, problems, is_awaited }))
}

fn problem(cause: Cause) -> Text {
    Text::new(diagnosis::said(cause))
}
