//! `beffroi-gateway audit`: whether who did what is as it was written, and all of it as a table.

use std::path::Path;

use jiff::tz::TimeZone;

use super::{Told, ask, say};
use crate::audit::{self, Fault, Noted, Report};
use crate::config::Config;
use crate::control::Subject;
use crate::journal::chain;
use crate::store::{ReadTx, Store};
use crate::web::{Argument, t, t_with};
use crate::whole_file;

pub(super) fn run(config: &Config, table: Option<&Path>, noted: Option<&str>) -> Result<(), Told> {
    if noted.is_some_and(|noted| noted.parse::<Noted>().is_err()) {
        return Err(t("audit-not-a-fingerprint"));
    }
    let answer = ask(config, Subject::Audit, noted.unwrap_or_default().as_bytes())?;
    let report: Report = serde_json::from_slice(&answer).map_err(|error| failed(&error))?;
    if let Some(path) = table {
        let bytes = ask(config, Subject::AuditTable, config.community.time_zone.as_bytes())?;
        let shown = path.display().to_string();
        // For its owner alone: it names people.
        whole_file::replace(path, &bytes).map_err(|error| {
            t_with("command-audit-unwritable", &[("path", &shown), ("cause", &error.to_string())])
        })?;
        say(&t_with("command-audit-table", &[("path", &shown)]));
    }
    if let Some((number, fingerprint)) = report.last {
        let told: [(&str, &dyn Argument); 3] =
            [("count", &report.entries), ("number", &number), ("fingerprint", &fingerprint.to_string())];
        say(&t_with("command-audit-last", &told));
    }
    match (noted, report.noted) {
        (Some(_), Some(number)) => say(&t_with("audit-noted", &[("number", &number)])),
        (Some(_), None) => return Err(t("audit-not-noted")),
        (None, _) => {}
    }
    if report.fault_count == 0 {
        say(&t("audit-sound"));
        return Ok(());
    }
    let broken = t_with("audit-broken", &[("count", &report.fault_count)]);
    let faults = report.faults.iter().map(|fault: &Fault| fault.explain());
    Err(std::iter::once(broken).chain(faults).collect::<Vec<_>>().join("\n"))
}

/// In the running gateway: what was found. The question holds a fingerprint or nothing.
pub(super) async fn verified(store: &Store, noted: &[u8]) -> Result<Vec<u8>, String> {
    let noted = match noted {
        [] => None,
        noted => Some(String::from_utf8_lossy(noted).parse().map_err(|_| t("audit-not-a-fingerprint"))?),
    };
    let verify = async move |tx: &ReadTx| audit::verify(tx, noted.as_ref()).await;
    let report = store.read(verify).await.map_err(|error| failed(&error))?;
    Ok(serde_json::to_vec(&report).expect("these types have no unserialisable part"))
}

/// In the running gateway: the table. The question holds the name of the time zone.
pub(super) async fn table(store: &Store, zone: &[u8]) -> Result<Vec<u8>, String> {
    let zone = TimeZone::get(&String::from_utf8_lossy(zone)).unwrap_or(TimeZone::UTC);
    let table = async move |tx: &ReadTx| audit::table(tx, &zone).await;
    store.read(table).await.map_err(|error| failed(&error))
}

fn failed(error: &dyn std::error::Error) -> Told {
    t_with("command-failed", &[("cause", &chain(error))])
}
