//! `beffroi-gateway check`: looks at every page, row and blob of a gateway that is stopped.

use super::{Told, explain, say};
use crate::config::Config;
use crate::journal::chain;
use crate::store::{self, AnyTable, Report};
use crate::web::{Argument, t_with};

pub(super) fn run(config: &Config, tables: &[&dyn AnyTable]) -> Result<(), Told> {
    let report = store::check(&config.storage.directory, tables).map_err(|error| explain(&error))?;
    tell(&report);
    if report.problems.is_empty() {
        return Ok(());
    }
    Err(t_with("command-check-failed", &[("count", &report.problems.len())]))
}

/// What was found, a line each.
pub(super) fn tell(report: &Report) {
    let rows: u64 = report.tables.values().map(|count| count.number).sum();
    let found: [(&str, &dyn Argument); 3] =
        [("tables", &report.tables.len()), ("rows", &rows), ("blobs", &report.blobs.number)];
    say(&t_with("command-check-done", &found));
    for table in &report.unknown {
        say(&t_with("command-check-unknown", &[("table", table)]));
    }
    for problem in &report.problems {
        say(&t_with("command-check-problem", &[("problem", &chain(problem))]));
    }
}
