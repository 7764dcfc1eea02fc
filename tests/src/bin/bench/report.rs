//! What was measured: `target/bench/report.json`, and the same as a table.

use std::fs;
use std::path::Path;

use anyhow::Result;
use serde::{Deserialize, Serialize};

/// One figure, and the peer it is compared with, where there is one.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Figure {
    pub(crate) name: String,
    /// The median of all runs.
    pub(crate) value: f64,
    pub(crate) unit: String,
    /// From the smallest run to the largest.
    pub(crate) spread: f64,
    pub(crate) peer: Option<String>,
    pub(crate) peer_value: Option<f64>,
    /// How many times the peer's value ours is.
    pub(crate) ratio: Option<f64>,
}

impl Figure {
    pub(crate) fn new(name: &str, unit: &str, runs: Vec<f64>) -> Figure {
        let spread =
            runs.iter().copied().fold(f64::MIN, f64::max) - runs.iter().copied().fold(f64::MAX, f64::min);
        let (value, name, unit) = (median(runs), name.to_owned(), unit.to_owned());
        Figure { name, value, unit, spread, peer: None, peer_value: None, ratio: None }
    }

    /// Beside what `peer` did, in turn with us and in the same unit.
    pub(crate) fn against(self, peer: &str, runs: Vec<f64>) -> Figure {
        let theirs = median(runs);
        let ratio = Some(self.value / theirs);
        Figure { peer: Some(peer.to_owned()), peer_value: Some(theirs), ratio, ..self }
    }

    fn line(&self) -> String {
        let Figure { name, value, unit, spread, .. } = self;
        let ours = format!("{name:<20} {value:>10.1} {unit:<8} ±{spread:<10.1}");
        match (&self.peer, self.peer_value, self.ratio) {
            (Some(peer), Some(theirs), Some(ratio)) => {
                format!("{ours} {peer}: {theirs:.1}, ratio {ratio:.2}")
            }
            _ => ours,
        }
    }
}

/// Of at least one value.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Writes the report, and returns the table.
pub(crate) fn write(figures: &[Figure], file: &Path) -> Result<String> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(file, serde_json::to_string_pretty(figures)?)?;
    Ok(figures.iter().map(|figure| figure.line() + "\n").collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_the_median_and_the_whole_spread() {
        let figure = Figure::new("link.throughput", "Mbit/s", vec![900.0, 1300.0, 1200.0]);
        let figure = figure.against("wireguard-go", vec![600.0, 500.0, 700.0]);
        let json = serde_json::to_value(&figure).expect("plain data");
        let expected = serde_json::json!({
            "name": "link.throughput", "value": 1200.0, "unit": "Mbit/s", "spread": 400.0,
            "peer": "wireguard-go", "peer_value": 600.0, "ratio": 2.0,
        });
        assert_eq!(json, expected);
    }
}
