//! What was measured: `target/bench/report.json`, and the same as a table.

use std::fs;
use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

/// One figure, with the peer it is compared with, if there is one.
#[derive(Debug)]
pub(crate) struct Figure {
    pub(crate) name: &'static str,
    /// The median.
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    /// From the smallest to the largest value seen.
    pub(crate) spread: f64,
    pub(crate) peer: Option<(&'static str, f64)>,
}

impl Figure {
    pub(crate) fn of(name: &'static str, unit: &'static str, mut values: Vec<f64>) -> Figure {
        values.sort_by(f64::total_cmp);
        let spread = values.last().zip(values.first()).map_or(0.0, |(largest, smallest)| largest - smallest);
        let value = values.get(values.len() / 2).copied().unwrap_or(f64::NAN);
        Figure { name, value, unit, spread, peer: None }
    }

    fn json(&self) -> Value {
        let (peer, peer_value) = self.peer.unzip();
        let ratio = peer_value.map(|peer| self.value / peer);
        json!({
            "name": self.name, "value": self.value, "unit": self.unit, "spread": self.spread,
            "peer": peer, "peer_value": peer_value, "ratio": ratio,
        })
    }

    fn line(&self) -> String {
        let peer = self.peer.map_or(String::new(), |(name, value)| format!("{name} {value}, x {:.2}", self.value / value));
        format!("{:<22} {:>10} {:<6} ± {:<8} {peer}", self.name, self.value, self.unit, self.spread)
    }
}

/// Writes the report, and prints it.
pub(crate) fn write(figures: &[Figure], folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    let report: Vec<Value> = figures.iter().map(Figure::json).collect();
    fs::write(folder.join("report.json"), serde_json::to_string_pretty(&report)?)?;
    for figure in figures {
        println!("{}", figure.line());
    }
    println!("written to {}", folder.join("report.json").display());
    Ok(())
}
