//! Where log lines go: to the systemd journal with their fields when it is listening, to the
//! terminal as plain text otherwise.
//!
//! Fields are given as key-values of the `log` facade, in the journal's own spelling:
//! `log::info!(COMMUNE = name; "machine joined")`.

use log::LevelFilter;

/// Call once, first thing in `main`. `BEFFROI_LOG` (error, warn, info, debug, trace) sets the level;
/// the default is `info`.
///
/// # Errors
/// When the journal is there but cannot be reached, or a logger is installed already.
pub fn start(identifier: &str) -> anyhow::Result<()> {
    let level = std::env::var("BEFFROI_LOG")
        .ok()
        .and_then(|text| text.parse::<LevelFilter>().ok())
        .unwrap_or(LevelFilter::Info);
    if systemd_journal_logger::connected_to_journal() {
        systemd_journal_logger::JournalLog::new()?.with_syslog_identifier(identifier.to_owned()).install()?;
        log::set_max_level(level);
    } else {
        env_logger::Builder::new().filter_level(LevelFilter::Warn).filter_module("beffroi", level).init();
    }
    Ok(())
}

/// An error and everything that caused it, in one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
