//! What the store has written, counted for whoever looks after the server.

use std::time::Duration;

use prometheus::core::Collector;
use prometheus::{Histogram, HistogramOpts, IntCounter};

/// From a fast disk to a card that is worn out, in seconds.
const SECONDS: [f64; 8] = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0];

#[derive(Debug, Clone)]
pub(super) struct Figures {
    commits: Histogram,
    transactions: IntCounter,
}

impl Default for Figures {
    fn default() -> Self {
        let commits = HistogramOpts::new(
            "beffroi_store_commit_duration_seconds",
            "How long the disk took for each commit.",
        );
        let transactions =
            IntCounter::new("beffroi_store_transactions_total", "Transactions that commits have answered.");
        Self {
            commits: Histogram::with_opts(commits.buckets(SECONDS.to_vec())).expect("the name is a name"),
            transactions: transactions.expect("the name is a name"),
        }
    }
}

impl Figures {
    pub(super) fn committed(&self, took: Duration, transactions: usize) {
        self.commits.observe(took.as_secs_f64());
        self.transactions.inc_by(u64::try_from(transactions).unwrap_or(u64::MAX));
    }

    pub(super) fn collectors(&self) -> Vec<Box<dyn Collector>> {
        vec![Box::new(self.commits.clone()), Box::new(self.transactions.clone())]
    }
}
