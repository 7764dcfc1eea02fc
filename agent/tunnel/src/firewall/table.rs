//! The table in the kernel: written whole in one transaction, and only when it does not stand there as it was
//! last written.

use std::time::Duration;

use nftables::helper::{self, NftablesError};
use nftables::schema::{NfCmd, NfListObject, NfObject, Nftables};
use serde_json::Value;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::words::Own;

/// `nft` takes some 12 ms.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot run nft (Debian package nftables)")]
    Start(#[source] std::io::Error),
    #[error("nft refused: {0}")]
    Refused(String),
    #[error("nft did not end within {} s", PATIENCE.as_secs())]
    Silent,
}

/// The table in the kernel, and what of it was last seen to be right.
#[derive(Debug)]
pub struct FirewallTable {
    own: Own,
    written: Option<Written>,
}

#[derive(Debug)]
struct Written {
    ruleset: Nftables<'static>,
    /// As `nft` lists it back.
    listed: Option<Value>,
}

/// Whether there was something to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Written,
    AsWanted,
}

impl FirewallTable {
    pub const fn new(own: Own) -> Self {
        Self { own, written: None }
    }

    /// Writes the table unless it stands in the kernel as it was last written.
    ///
    /// # Errors
    /// When `nft` is not there, refuses, or hangs.
    pub async fn settle(&mut self, wanted: Nftables<'static>) -> Result<Outcome, Error> {
        if let Some(written) = &self.written
            && written.ruleset == wanted
            && written.listed.is_some()
            && written.listed == self.listed().await?
        {
            return Ok(Outcome::AsWanted);
        }
        self.written = None;
        let ruleset = wanted.clone();
        nft(move || helper::apply_ruleset(&ruleset)).await?;
        // What somebody has added meanwhile is not taken for ours: it is written again at the next look.
        let listed = self.listed().await?.filter(|listed| listed_rules(listed) == added_rules(&wanted));
        self.written = Some(Written { ruleset: wanted, listed });
        Ok(Outcome::Written)
    }

    /// Removes it. That it is not there is fine.
    ///
    /// # Errors
    /// The same.
    pub async fn remove(&mut self) -> Result<(), Error> {
        self.written = None;
        let gone = self.own.gone().to_nftables();
        nft(move || helper::apply_ruleset(&gone)).await
    }

    /// The table as `nft` lists it, without what changes by itself; `None` when it cannot be listed, most
    /// often because it is not there: `nft` tells by words alone, and to write it again is right anyhow.
    ///
    /// # Errors
    /// When `nft` is not there, or hangs.
    pub async fn listed(&self) -> Result<Option<Value>, Error> {
        let name = self.own.0;
        let list =
            move || helper::get_current_ruleset_raw(helper::DEFAULT_NFT, ["list", "table", "inet", name]);
        match nft(list).await {
            Ok(json) => Ok(serde_json::from_str(&json).ok().map(without_counts)),
            Err(Error::Refused(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// How many a transaction adds.
fn added_rules(wanted: &Nftables<'_>) -> usize {
    let is_added_rule =
        |object: &&NfObject<'_>| matches!(object, NfObject::CmdObject(NfCmd::Add(NfListObject::Rule(_))));
    wanted.objects.iter().filter(is_added_rule).count()
}

/// How many there are in a table as it is listed.
fn listed_rules(listed: &Value) -> usize {
    let objects = listed["nftables"].as_array().map(Vec::as_slice).unwrap_or_default();
    objects.iter().filter(|object| object.get("rule").is_some()).count()
}

/// Counters count, and handles are drawn anew each time that a table is written.
fn without_counts(listed: Value) -> Value {
    match listed {
        Value::Array(items) => items.into_iter().map(without_counts).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(name, _)| !["handle", "packets", "bytes", "metainfo"].contains(&name.as_str()))
            .map(|(name, value)| (name, without_counts(value)))
            .collect(),
        plain => plain,
    }
}

async fn nft<T: Send + 'static>(
    call: impl FnOnce() -> Result<T, NftablesError> + Send + 'static,
) -> Result<T, Error> {
    let ended = timeout(PATIENCE, spawn_blocking(call)).await.map_err(|_| Error::Silent)?;
    match ended {
        Ok(done) => done.map_err(|error| match error {
            NftablesError::NftExecution { inner, .. } => Error::Start(inner),
            // When it writes, its words go straight to the journal.
            NftablesError::NftFailed { stderr, .. } if stderr.is_empty() => {
                Error::Refused("as it says above".to_owned())
            }
            NftablesError::NftFailed { stderr, .. } => Error::Refused(stderr.trim().to_owned()),
            other => Error::Refused(other.to_string()),
        }),
        Err(panicked) => Err(Error::Refused(panicked.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_by_itself_is_not_compared() {
        let listed = |handle, packets| {
            serde_json::json!({"nftables": [
                {"metainfo": {"version": "1.0.6"}},
                {"rule": {"handle": handle, "expr": [{"counter": {"packets": packets, "bytes": 9}}, {"drop": null}]}},
            ]})
        };
        assert_eq!(without_counts(listed(1, 2)), without_counts(listed(7, 8)));
        assert_ne!(without_counts(listed(1, 2)), without_counts(serde_json::json!({"nftables": []})));
    }
}
