//! What the agent reads of its own making, which may have been damaged since.

use beffroi_agent::{state as file, status as socket};

/// The agent's state file.
pub fn state(bytes: &[u8]) {
    if let Ok(state) = file::parse(bytes) {
        let again = file::parse(&file::encode(state.clone()));
        assert_eq!(again.expect("what was just written"), state);
    }
}

/// What the agent's socket tells.
pub fn status(bytes: &[u8]) {
    if let Ok(report) = socket::parse(bytes) {
        assert!(!report.text().is_empty());
    }
}
