//! Makes a program of what the daemon fetched, and tries it out: it is kept if the link comes back with it, and the
//! version before runs again if not. This is a process of its own, started when the order is there, and always the
//! package's program: what judges a new program is never that program.
//!
//! The order stays until there is a verdict. Killed at any step, the process is started again at the next start of
//! the machine, and comes to the same end.

use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use beffroi_protocol::release::{Hash, Offer, Release, Stage, Told};
use flate2::read::GzDecoder;
use tokio::time::{Instant, sleep};

use super::programs::{Programs, Trial};
use super::{ORDER, OUTCOME, folder, part};
use crate::config::Config;
use crate::keep::Link;
use crate::run::journal_text;
use crate::{replace, service, status};

/// No program is longer, in bytes.
const PROGRAM_MAX: u64 = 256 * 1024 * 1024;
const LOOK_EVERY: Duration = Duration::from_secs(1);

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the order cannot be followed: {0}")]
    Order(String),
    #[error("a new program cannot be written")]
    Unwritable(#[from] io::Error),
}

/// Carries out the order, if there is one.
///
/// # Errors
/// When the order is no good, which is the end of it; or when the disk refuses.
pub(crate) async fn install(config: &Config) -> Result<(), Error> {
    let order = folder(config).join(ORDER);
    let bytes = match fs::read(&order) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let outcome = match read(config, &bytes) {
        Ok(release) => {
            let is_back = async |program: &Path| is_back(config, program).await;
            match try_out(config, &release, service::restart, is_back).await {
                Ok(stage) => Ok(Told { version: release.version, stage }),
                Err(error) => {
                    log::error!("version {} cannot be installed: {}", release.version, journal_text(&error));
                    Ok(Told { version: release.version, stage: Stage::Refused })
                }
            }
        }
        Err(error) => Err(error),
    };
    if let Ok(told) = &outcome {
        log::info!("version {} of the agent: {:?}", told.version, told.stage);
        let bytes = serde_json::to_vec(told).expect("plain data");
        replace::replace(&folder(config).join(OUTCOME), &bytes, 0o600)?;
    }
    replace::remove(&order)?;
    outcome.map(drop)
}

fn read(config: &Config, order: &[u8]) -> Result<Release, Error> {
    let refused = |error: &dyn std::error::Error| Error::Order(error.to_string());
    let offer: Offer = serde_json::from_slice(order).map_err(|error| refused(&error))?;
    let key = config.update.key.ok_or_else(|| Error::Order("there is no release key".to_owned()))?;
    offer.verified(&key).map_err(|error| refused(&error))
}

async fn try_out(
    config: &Config,
    release: &Release,
    restart: impl Fn() -> bool,
    is_back: impl AsyncFn(&Path) -> bool,
) -> io::Result<Stage> {
    let programs = Programs::new(&config.update.programs);
    fs::create_dir_all(&config.update.programs)?;
    let trial = match programs.trial()?.filter(|trial| trial.to == release.version) {
        Some(trial) => trial,
        None => {
            let Some(program) = unpack(&fs::read(part(config, release))?, release) else {
                return Ok(Stage::Refused);
            };
            programs.put(release.version, &program)?;
            let trial = Trial { from: programs.current(), to: release.version };
            programs.begin(&trial)?;
            trial
        }
    };
    restart();
    if is_back(&programs.path(trial.to)).await {
        programs.keep(&trial)?;
        return Ok(Stage::Kept);
    }
    programs.roll_back(&trial)?;
    restart();
    Ok(Stage::RolledBack)
}

/// The program, when these are the bytes that were signed.
fn unpack(bytes: &[u8], release: &Release) -> Option<Vec<u8>> {
    if Hash::of(bytes) != release.hash {
        return None;
    }
    let mut program = Vec::new();
    let read = GzDecoder::new(bytes).take(PROGRAM_MAX + 1).read_to_end(&mut program).ok()?;
    (read as u64 <= PROGRAM_MAX).then_some(program)
}

/// Whether the gateway answers a daemon that runs this program, within the time of a trial.
async fn is_back(config: &Config, program: &Path) -> bool {
    let deadline = Instant::now() + config.update.trial;
    while Instant::now() < deadline {
        if let Ok(Some(report)) = status::ask(&config.socket).await
            && report.program.as_deref() == Some(program)
            && report.line.is_some_and(|line| line.state == Link::Online)
        {
            return true;
        }
        sleep(LOOK_EVERY).await;
    }
    false
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::io::Write;
    use std::path::PathBuf;

    use beffroi_protocol::release::Version;
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;
    use crate::update::Update;

    struct Machine {
        config: Config,
        release: Release,
        _folder: tempfile::TempDir,
    }

    fn packed(program: &[u8]) -> Vec<u8> {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(program).expect("memory");
        packed.finish().expect("memory")
    }

    /// A machine that has fetched a release.
    fn machine() -> Machine {
        let root = tempfile::tempdir().expect("a folder");
        let update = Update { programs: root.path().join("programs"), ..Update::default() };
        let config = Config { state: root.path().join("state"), update, ..Config::default() };
        let bytes = packed(b"the new program");
        let release = Release {
            version: Version::parse("900.0.0").expect("a version"),
            architecture: std::env::consts::ARCH.to_owned(),
            size: bytes.len() as u64,
            hash: Hash::of(&bytes),
        };
        fs::create_dir_all(folder(&config)).expect("a folder");
        fs::write(part(&config, &release), bytes).expect("a file");
        Machine { config, release, _folder: root }
    }

    fn successor(config: &Config) -> Option<PathBuf> {
        Programs::new(&config.update.programs).successor(Path::new("/usr/bin/beffroi-agent"))
    }

    #[tokio::test]
    async fn a_program_with_which_the_link_comes_back_is_kept() {
        let Machine { config, release, _folder } = machine();
        let starts = Cell::new(0);
        let restart = || {
            starts.set(starts.get() + 1);
            true
        };
        let stage = try_out(&config, &release, restart, async |_| true).await.expect("the disk is fine");
        assert_eq!((stage, starts.get()), (Stage::Kept, 1));
        let program = successor(&config).expect("it runs");
        assert_eq!(fs::read(program).expect("it is there"), b"the new program");
    }

    #[tokio::test]
    async fn a_program_with_which_it_does_not_is_rolled_back() {
        let Machine { config, release, _folder } = machine();
        let seen = Cell::new(Vec::new());
        let restart = || {
            let mut starts = seen.take();
            starts.push(successor(&config).is_some());
            seen.set(starts);
            true
        };
        let stage = try_out(&config, &release, restart, async |_| false).await.expect("the disk is fine");
        assert_eq!((stage, seen.take()), (Stage::RolledBack, vec![true, false]));
    }

    #[tokio::test]
    async fn a_trial_that_was_interrupted_comes_to_its_end() {
        let Machine { config, release, _folder } = machine();
        let programs = Programs::new(&config.update.programs);
        programs.put(release.version, b"the new program").expect("it is written");
        programs.begin(&Trial { from: None, to: release.version }).expect("it is linked");
        // The power was cut here; what was fetched is not needed any more.
        fs::remove_file(part(&config, &release)).expect("it is there");
        let stage = try_out(&config, &release, || true, async |_| false).await.expect("the disk is fine");
        assert_eq!((stage, successor(&config)), (Stage::RolledBack, None));
    }

    #[tokio::test]
    async fn other_bytes_than_those_that_were_signed_are_refused() {
        let Machine { config, release, _folder } = machine();
        fs::write(part(&config, &release), packed(b"another program")).expect("a file");
        let stage = try_out(&config, &release, || panic!("started"), async |_| true).await;
        assert_eq!((stage.expect("the disk is fine"), successor(&config)), (Stage::Refused, None));
    }
}
