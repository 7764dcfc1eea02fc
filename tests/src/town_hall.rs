//! The machine of a town hall, with the agent.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::node::Node;
use crate::process::{Outcome, Process};

#[derive(Debug)]
pub struct TownHall {
    pub node: Node,
    commune: String,
    agent: Option<Process>,
}

impl TownHall {
    pub(crate) fn new(commune: &str, node: Node) -> TownHall {
        TownHall { node, commune: commune.to_owned(), agent: None }
    }

    pub fn commune(&self) -> &str {
        &self.commune
    }

    /// Types the code of the sheet, and returns what the agent answers.
    pub fn join(&self, code: &str) -> Result<String> {
        self.try_to_join(code)?.success()
    }

    pub fn try_to_join(&self, code: &str) -> Result<Outcome> {
        self.node.attempt(["beffroi-agent", "join", code])
    }

    /// Starts the service.
    pub fn start(&mut self) -> Result<()> {
        self.agent = Some(self.node.spawn("beffroi-agent", ["beffroi-agent", "run"])?);
        Ok(())
    }

    /// `kill -9` of the service.
    pub fn kill(&mut self) -> Result<()> {
        self.agent.take().context("the agent is not running")?.kill()
    }

    /// The service, while it runs.
    pub fn agent(&mut self) -> Result<&mut Process> {
        self.agent.as_mut().context("the agent is not running")
    }

    /// `beffroi-agent status --json`.
    pub fn status(&self) -> Result<Value> {
        let outcome = self.node.attempt(["beffroi-agent", "status", "--json"])?;
        serde_json::from_str(&outcome.stdout).with_context(|| format!("no JSON: {outcome:?}"))
    }
}
