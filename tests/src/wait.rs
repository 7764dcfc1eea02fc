//! Waiting for a condition, with a deadline. Scenarios never sleep.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

const FIRST_LOOKS: Duration = Duration::from_millis(2);
const LATER_LOOKS: Duration = Duration::from_millis(20);

/// Looks again and again until `condition` holds, and returns how long that took.
///
/// # Errors
/// When it does not hold before `deadline`: the message names `what`, with the last error the condition gave.
pub fn until(
    what: &str,
    deadline: Duration,
    mut condition: impl FnMut() -> Result<bool>,
) -> Result<Duration> {
    let start = Instant::now();
    loop {
        let seen = condition();
        if matches!(seen, Ok(true)) {
            return Ok(start.elapsed());
        }
        if start.elapsed() >= deadline {
            let waited = format!("waited {deadline:?} in vain until {what}");
            return match seen {
                Ok(_) => bail!(waited),
                Err(error) => Err(error).context(waited),
            };
        }
        thread::sleep((start.elapsed() / 10).clamp(FIRST_LOOKS, LATER_LOOKS));
    }
}
