//! `beffroi-agent doctor`: asks the daemon what it knows, looks for the rest itself, and says what is wrong
//! and what to do; with `--throughput`, also how much the line carries. Any user of the machine may ask while the
//! daemon runs.

use std::time::Duration;

use beffroi_protocol::code::Endpoint;
use serde::Serialize;

use crate::arguments::Measure;
use crate::config::Config;
use crate::diagnosis::memory::Memory;
use crate::diagnosis::{Facts, Finding, Inside, Question, Service, Told, collect, diagnose};
use crate::membership::ways;
use crate::state::{self, State};
use crate::status::{self, Report, Stage};
use crate::texts::t;
use crate::throughput::{self, Throughput};

/// What `beffroi-agent doctor --json` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Opinion {
    pub(crate) findings: Vec<Told>,
    /// `None` of a machine that is no member.
    pub(crate) facts: Option<Facts>,
    /// How much the line carries, when that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) throughput: Option<Measured>,
    #[serde(skip)]
    report: Report,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Measured {
    BitsPerSecond(Throughput),
    /// Why not, and what to do.
    Not(String),
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the state cannot be used")]
    State(#[from] state::Error),
    #[error("the daemon's answer is not understood")]
    Daemon(#[source] std::io::Error),
}

/// # Errors
/// When neither the daemon nor the state file tells who this machine is.
pub(crate) async fn examine(config: &Config, measure: Measure) -> Result<Opinion, Error> {
    let told = status::ask(&config.socket).await.map_err(Error::Daemon)?;
    let (report, memory) = match told {
        Some(report) => (report, None),
        None => {
            let state = state::load(&config.state)?;
            let memory = state.as_ref().map(|_: &State| Memory::load(&config.state));
            (Report::of_state(state.as_ref()), memory)
        }
    };
    let Some(question) = question(config, &report, memory.as_ref()) else {
        return Ok(Opinion { findings: Vec::new(), facts: None, throughput: None, report });
    };
    let facts = collect(question).await;
    let mut findings: Vec<Told> = diagnose(&facts).iter().map(Finding::told).collect();
    findings.extend(report.serving.iter().flat_map(|serving| serving.findings.clone()));
    let throughput = match measure {
        Measure::Nothing => None,
        Measure::Throughput => Some(measured(config, &facts.inside).await),
    };
    Ok(Opinion { findings, facts: Some(facts), throughput, report })
}

/// A link that is down is not measured: what is wrong with it has been said.
async fn measured(config: &Config, inside: &Inside) -> Measured {
    if !inside.is_answering {
        return Measured::Not(t("throughput-not-answered"));
    }
    let ways = ways(&config.interface, &inside.addresses, &inside.gateway);
    match throughput::measure(&ways, None).await {
        Ok(throughput) => Measured::BitsPerSecond(throughput),
        Err(error) => Measured::Not(error.message()),
    }
}

/// `None` for a machine that is no member: there is no link.
fn question(config: &Config, report: &Report, memory: Option<&Memory>) -> Option<Question> {
    let member = report.member.as_ref().filter(|_| report.stage == Stage::Joined)?;
    let endpoint: Endpoint = member.gateway.parse().ok()?;
    let mut inside = Inside {
        addresses: member.addresses.clone(),
        gateway: member.gateway_addresses.clone(),
        endpoint: member.gateway.clone(),
        is_revoked: memory.is_some_and(|memory| memory.is_revoked),
        ..Inside::default()
    };
    if let Some(line) = &report.line {
        inside.is_answering = line.is_answering;
        inside.is_heard = line.is_heard;
        inside.last_answer = line.last_answer_seconds.map(Duration::from_secs);
        inside.handshake = line.last_handshake_seconds.map(Duration::from_secs);
        inside.clock = line.clock_ahead_seconds;
        inside.is_revoked = line.is_revoked;
        inside.is_known_network = line.is_known_network;
        inside.quality = line.quality;
        inside.longest = line.longest_packet_bytes;
    }
    let service = if report.running { Service::Running } else { Service::Stopped };
    let tunnel = config.interface.clone();
    Some(Question { service, inside, endpoint, tunnel, check: config.check.clone(), web: None })
}

impl Opinion {
    /// The gateway answers, nothing was found, and what was to be measured is.
    pub(crate) fn is_fine(&self) -> bool {
        let is_measured = !matches!(self.throughput, Some(Measured::Not(_)));
        self.facts.is_some() && self.findings.is_empty() && is_measured
    }

    /// For people, in French: the cause, what to do, and then what else was seen.
    pub(crate) fn text(&self) -> String {
        let Some(facts) = &self.facts else { return self.report.text() };
        let mut parts = Vec::new();
        if facts.inside.is_answering {
            parts.push(t(if self.findings.is_empty() { "doctor-fine" } else { "doctor-works" }));
        }
        let mut findings = self.findings.iter().map(Told::text);
        parts.extend(findings.next());
        let others: Vec<String> = findings.collect();
        if !others.is_empty() {
            parts.push(t("doctor-others"));
            parts.extend(others);
        }
        parts.extend(self.throughput.as_ref().map(|measured| match measured {
            Measured::BitsPerSecond(throughput) => throughput.text(),
            Measured::Not(why) => why.clone(),
        }));
        parts.join("\n\n")
    }
}
