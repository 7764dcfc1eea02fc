//! What netd was asked to write, counted at the gateway's end.

use prometheus::core::Collector;
use prometheus::{IntCounter, IntCounterVec, Opts};

use super::Present;

#[derive(Debug)]
pub(super) struct Figures {
    writes: IntCounterVec,
    changes: IntCounter,
}

impl Default for Figures {
    fn default() -> Self {
        let writes = Opts::new(
            "beffroi_netd_writes_total",
            "How often netd was told what is wanted, by whether it has done it.",
        );
        let changes = IntCounter::new(
            "beffroi_netd_changes_total",
            "Differences between what was wanted and what was there that netd has put right.",
        );
        let writes = IntCounterVec::new(writes, &["outcome"]).expect("the names are names");
        for outcome in ["done", "failed"] {
            // There from the start, so that the first failure is a change.
            writes.with_label_values(&[outcome]);
        }
        Self { writes, changes: changes.expect("the name is a name") }
    }
}

impl Figures {
    pub(super) fn wanted<E>(&self, asked: &Result<Present, E>) {
        let outcome = if asked.is_ok() { "done" } else { "failed" };
        self.writes.with_label_values(&[outcome]).inc();
        let changes = asked.as_ref().map_or(0, |present| present.changes);
        self.changes.inc_by(u64::try_from(changes).unwrap_or_default());
    }

    pub(super) fn collectors(&self) -> Vec<Box<dyn Collector>> {
        vec![Box::new(self.writes.clone()), Box::new(self.changes.clone())]
    }
}
