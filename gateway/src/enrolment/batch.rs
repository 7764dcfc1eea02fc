//! A whole list at once, for the command at the terminal: the communes are added, and those that have neither
//! a machine nor an open invitation are invited.

use std::collections::BTreeSet;

use beffroi_protocol::code::Endpoint;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::list::{Listing, Mistake, import, read_list};
use super::{Error, InvitationId, Wish, order, without};
use crate::directory::CommuneId;
use crate::store::Write;

/// What came of a list. It crosses the socket to the command, which prints it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Batch {
    /// Nothing was done: these lines are wrong.
    Wrong(Vec<Mistake>),
    Made {
        sheets: Vec<Sheet>,
        /// Names of the communes that have a machine or an open invitation.
        passed_over: Vec<String>,
    },
}

/// An invitation just made, with its code, which is not kept.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    pub number: InvitationId,
    pub commune: String,
    pub code: String,
    pub expires: Timestamp,
}

/// Invites the communes of a list in the form of [`read_list`], all or none.
///
/// # Errors
/// [`Error::NoGatewayKey`], and those of the store.
pub async fn invite_list(
    tx: &mut impl Write,
    list: &[u8],
    endpoint: &Endpoint,
    by: &str,
    now: Timestamp,
) -> Result<Batch, Error> {
    let Listing { lines, mistakes } = read_list(list);
    if !mistakes.is_empty() {
        return Ok(Batch::Wrong(mistakes));
    }
    let communes = import(tx, &lines, by, now).await?;
    let without: BTreeSet<CommuneId> =
        without(tx, now).await?.into_iter().map(|commune| commune.id).collect();
    let (wanted, passed_over): (Vec<_>, Vec<_>) =
        communes.into_iter().map(|(commune, _)| commune).partition(|commune| without.contains(&commune.id));
    let passed_over = passed_over.into_iter().map(|commune| commune.name.to_string()).collect();
    let wish = Wish::Communes(wanted.into_iter().map(|commune| commune.id).collect());
    let made = match order(tx, &wish, endpoint, by, now).await {
        Err(Error::NothingChosen) => Vec::new(),
        made => made?,
    };
    let sheets = made
        .into_iter()
        .map(|ordered| Sheet {
            number: ordered.invitation.id,
            commune: ordered.commune.name.to_string(),
            code: ordered.code.text(),
            expires: ordered.invitation.expires,
        })
        .collect();
    Ok(Batch::Made { sheets, passed_over })
}

/// A secret is shown where that is meant, and nowhere by accident.
impl std::fmt::Debug for Sheet {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Sheet({}, hidden)", self.commune)
    }
}
