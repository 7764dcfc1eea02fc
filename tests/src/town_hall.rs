//! The machine of a town hall, with the agent.

use std::net::IpAddr;
use std::sync::Arc;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::gateway::DOMAIN;
use crate::node::Node;
use crate::process::{Outcome, Process};
use crate::visitor::{Page, Visitor};

#[derive(Debug)]
pub struct TownHall {
    pub node: Arc<Node>,
    commune: String,
    agent: Option<Process>,
}

impl TownHall {
    pub(crate) fn new(commune: &str, node: Arc<Node>) -> TownHall {
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

    /// The home page of the intranet, as the machine's own browser gets it: found by name, and trusted.
    pub fn home(&self) -> Result<Page> {
        Visitor::new(&self.node, &format!("https://intranet.{DOMAIN}"))?.with(&["-m3"]).visit("/")
    }

    /// `beffroi-agent status --json`.
    pub fn status(&self) -> Result<Value> {
        let outcome = self.node.attempt(["beffroi-agent", "status", "--json"])?;
        serde_json::from_str(&outcome.stdout).with_context(|| format!("no JSON: {outcome:?}"))
    }

    /// Its addresses inside the tunnel, IPv4 first.
    pub fn tunnel_addresses(&self) -> Result<Vec<IpAddr>> {
        let shown = self.node.ip("-o address show dev beffroi scope global")?;
        shown
            .lines()
            .filter_map(|line| line.split_whitespace().nth(3)?.split('/').next())
            .map(|address| address.parse().with_context(|| format!("no address: {address}")))
            .collect()
    }
}
