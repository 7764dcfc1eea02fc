//! Fetches the bytes of a release piece by piece, so slowly that nobody notices. A cut of the line costs the piece
//! that was under way, a new start of the daemon nothing.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use beffroi_protocol::release::{self, Hash, Release};
use hyper::StatusCode;
use tokio::time::{Instant, sleep, sleep_until};

use crate::channel::{self, Channels};
use crate::journal::journal_text;

/// Bytes asked for at a time: from the second, a few seconds of a modem's line, down to the first.
const PIECE: (u64, u64) = (1024, 16 * 1024);
/// A piece that came within this could have been twice as long.
const QUICK: Duration = Duration::from_secs(5);
/// For a connection through a tunnel that is up.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two attempts on a line that is cut: doubles from the first to the second.
const RETRY: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(5 * 60));

#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("what was fetched cannot be written")]
    Unwritable(#[from] io::Error),
    #[error("what was fetched is not what was signed")]
    Damaged,
}

#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error(transparent)]
    NotAnswered(#[from] channel::Error),
    #[error("the gateway answers with status {0}")]
    Status(StatusCode),
    #[error("the gateway answers with {0} bytes that were not asked for")]
    Size(usize),
}

/// Until the file holds the whole release, as it was signed. `rate` is in bytes a second.
///
/// # Errors
/// When the disk refuses, or what came is something else: the file is then begun again.
pub(super) async fn fetch(
    channels: &Channels,
    release: &Release,
    path: &Path,
    rate: u64,
) -> Result<(), Error> {
    let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    let mut have = file.metadata()?.len();
    if have > 0 && have < release.size {
        log::info!("version {} is fetched from byte {have} on", release.version);
    }
    let (mut failures, mut longest) = (0, PIECE.1);
    while have < release.size {
        let asked = Instant::now();
        let size = longest.min(release.size - have);
        match piece(channels, have, size).await {
            Ok(bytes) => {
                file.write_all(&bytes)?;
                file.sync_data()?;
                have += size;
                failures = 0;
                longest = next_piece(longest, Some(asked.elapsed()));
                sleep_until(asked + Duration::from_millis(1000 * size / rate.max(1))).await;
            }
            Err(error) => {
                log::debug!("version {} at byte {have}: {}", release.version, journal_text(&error));
                sleep(RETRY.0.saturating_mul(1 << failures.min(8)).min(RETRY.1)).await;
                failures += 1;
                longest = next_piece(longest, None);
            }
        }
    }
    check(&file, release, path)
}

/// What to ask for after a piece that took so long, or that did not come: what is asked for again and again has to come
/// whole once, on the slowest line.
fn next_piece(longest: u64, took: Option<Duration>) -> u64 {
    match took {
        None => (longest / 2).max(PIECE.0),
        Some(took) if took <= QUICK => (longest * 2).min(PIECE.1),
        Some(_) => longest,
    }
}

fn check(file: &File, release: &Release, path: &Path) -> Result<(), Error> {
    let bytes = fs::read(path)?;
    if bytes.len() as u64 == release.size && Hash::of(&bytes) == release.hash {
        return Ok(());
    }
    file.set_len(0)?;
    Err(Error::Damaged)
}

async fn piece(channels: &Channels, from: u64, size: u64) -> Result<hyper::body::Bytes, Refused> {
    match channels.get_part(release::PATH, from..from + size, PATIENCE).await? {
        (StatusCode::PARTIAL_CONTENT, bytes) if bytes.len() as u64 == size => Ok(bytes),
        (StatusCode::PARTIAL_CONTENT, bytes) => Err(Refused::Size(bytes.len())),
        (status, _) => Err(Refused::Status(status)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_line_is_asked_for_less() {
        fn check(longest: u64, took: Option<u64>, expected: u64) {
            assert_eq!(next_piece(longest, took.map(Duration::from_secs)), expected, "{longest} {took:?}");
        }
        check(16 * 1024, Some(1), 16 * 1024);
        check(16 * 1024, None, 8 * 1024);
        check(8 * 1024, Some(15), 8 * 1024);
        check(8 * 1024, Some(3), 16 * 1024);
        check(1024, None, 1024);
    }
}
