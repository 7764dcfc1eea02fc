//! Where log lines go: to the systemd journal with their fields when it is listening, to the
//! terminal as plain text otherwise. Fields are key-values in the journal's own spelling:
//! `log::info!(COMMUNE = name; "joined")`. And how an error reads there.

use log::LevelFilter;

/// Call once. `BEFFROI_LOG` (error, warn, info, debug, trace) sets another level than `usual`.
///
/// # Errors
/// When the journal is there but cannot be reached.
pub(crate) fn start(usual: LevelFilter) -> anyhow::Result<()> {
    let level = std::env::var("BEFFROI_LOG").ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
    if systemd_journal_logger::connected_to_journal() {
        let journal = systemd_journal_logger::JournalLog::new()?;
        journal.with_syslog_identifier("beffroi-agent".to_owned()).install()?;
        log::set_max_level(level);
    } else {
        env_logger::Builder::new().filter_level(LevelFilter::Warn).filter_module("beffroi", level).init();
    }
    Ok(())
}

/// An error with its causes, on one line.
pub(crate) fn journal_text(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    std::iter::once(error.to_string()).chain(causes.map(ToString::to_string)).collect::<Vec<_>>().join(": ")
}
