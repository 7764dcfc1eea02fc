//! Makes a program of what the daemon fetched, and tries it out: it is kept if the link comes back with it, and the
//! version before runs again if not. This is a process of its own, started when the order is there, and always the
//! package's program: what judges a new program is never that program.
//!
//! The order stays until there is a verdict. Killed at any step, the process is started again at the next start of
//! the machine, and comes to the same end. What fails before anything was exchanged leaves no verdict: the daemon
//! orders it again.

use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use beffroi_protocol::release::{Hash, Offer, Progress, Release, Stage, Version};
use flate2::read::GzDecoder;
use tokio::time::{Instant, sleep};

use super::programs::{Programs, Trial};
use super::{ORDER, OUTCOME, folder, part};
use crate::config::Config;
use crate::keep::Link;
use crate::status::{self, Report};
use crate::{replace, service};

/// No program is longer, in bytes.
const PROGRAM_MAX: u64 = 256 * 1024 * 1024;
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A program that has brought the link back is watched for this part of a trial: a minute, usually. One answer is not
/// enough, for a program that ends every few seconds has one too.
const STEADY: u32 = 5;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the order cannot be followed: {0}")]
    Order(String),
    #[error("a new program cannot be written")]
    Unwritable(#[from] io::Error),
}

/// Carries out the order, if there is one, or what is left of one.
///
/// # Errors
/// When the order is no good, which is the end of it; or when the disk refuses.
pub(crate) async fn install(config: &Config) -> Result<(), Error> {
    let order = folder(config).join(ORDER);
    let is_back = async |program: &Path| is_back(config, program).await;
    let bytes = match fs::read(&order) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return resume(config, service::restart, is_back).await;
        }
        Err(error) => return Err(error.into()),
    };
    match read(config, &bytes) {
        Ok(release) => {
            let tried = try_out(config, &release, service::restart, is_back).await;
            settle(config, release.version, tried)
        }
        Err(error) => {
            replace::remove(&order)?;
            Err(error)
        }
    }
}

/// A trial whose order was lost comes to its end.
async fn resume(
    config: &Config,
    restart: impl Fn() -> bool,
    is_back: impl AsyncFn(&Path) -> bool,
) -> Result<(), Error> {
    let programs = Programs::new(&config.update.programs);
    if let Some(trial) = programs.trial()? {
        let stage = judge(&programs, &trial, restart, is_back).await?;
        log::info!("version {} of the agent, which nobody ordered any more: {stage:?}", trial.to);
    }
    Ok(())
}

/// Leaves the verdict for the daemon. Who has left meanwhile has taken the order away, and waits for none.
fn settle(config: &Config, version: Version, tried: io::Result<Stage>) -> Result<(), Error> {
    let order = folder(config).join(ORDER);
    match tried {
        Ok(stage) => {
            log::info!("version {version} of the agent: {stage:?}");
            if order.exists() {
                let outcome = serde_json::to_vec(&Progress { version, stage }).expect("plain data");
                replace::replace(&folder(config).join(OUTCOME), &outcome, 0o600)?;
                replace::remove(&order)?;
            }
            Ok(())
        }
        Err(error) => {
            if Programs::new(&config.update.programs).trial()?.is_none() {
                replace::remove(&order)?;
            }
            Err(error.into())
        }
    }
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
    fs::create_dir_all(&config.update.programs)?;
    let programs = Programs::new(&config.update.programs);
    let trial = match programs.trial()?.filter(|trial| trial.to == release.version) {
        Some(trial) => trial,
        // It was kept, and the power was cut before that was said.
        None if programs.current() == Some(release.version) => return Ok(Stage::Kept),
        None => {
            let Some(program) = unpack(&fs::read(part(config, release))?, release) else {
                return Ok(Stage::Refused);
            };
            programs.give_up()?;
            programs.put(release.version, &program)?;
            let trial = Trial { from: programs.current(), to: release.version };
            programs.begin(&trial)?;
            trial
        }
    };
    judge(&programs, &trial, restart, is_back).await
}

async fn judge(
    programs: &Programs,
    trial: &Trial,
    restart: impl Fn() -> bool,
    is_back: impl AsyncFn(&Path) -> bool,
) -> io::Result<Stage> {
    restart();
    let is_back = is_back(&programs.path(trial.to)).await;
    // Who has left meanwhile has taken it back, and wants no service.
    if programs.trial()?.as_ref() != Some(trial) {
        return Ok(Stage::RolledBack);
    }
    if is_back {
        programs.keep(trial)?;
        return Ok(Stage::Kept);
    }
    programs.roll_back(trial)?;
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

/// Whether the gateway answers a daemon that runs this program, and goes on to: it has to come back within the time
/// of a trial, and is then watched for a while.
async fn is_back(config: &Config, program: &Path) -> bool {
    let deadline = Instant::now() + config.update.trial;
    let mut well = None;
    loop {
        let report = status::ask(&config.socket).await.ok().flatten();
        let now = Instant::now();
        well = go_on(well, report.and_then(|report| answered(&report, program)), now);
        match well {
            Some((_, since)) if now - since >= config.update.trial / STEADY => return true,
            None if now >= deadline => return false,
            Some(_) | None => sleep(LOOK_EVERY).await,
        }
    }
}

/// The daemon's process, if it runs this program and the gateway answers it.
fn answered(report: &Report, program: &Path) -> Option<u32> {
    let is_well = report.line.as_ref().is_some_and(|line| line.state == Link::Online && line.is_answering);
    let is_it = report.program.as_deref() == Some(program);
    report.process.filter(|_| is_well && is_it)
}

/// Which process has been well, and since when.
fn go_on(before: Option<(u32, Instant)>, well: Option<u32>, now: Instant) -> Option<(u32, Instant)> {
    let well = well?;
    before.filter(|(process, _)| *process == well).or(Some((well, now)))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::io::Write;
    use std::path::PathBuf;

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
    async fn a_trial_whose_order_is_lost_comes_to_its_end() {
        let Machine { config, release, _folder } = machine();
        fs::create_dir_all(&config.update.programs).expect("a folder");
        let programs = Programs::new(&config.update.programs);
        programs.put(release.version, b"the new program").expect("it is written");
        programs.begin(&Trial { from: None, to: release.version }).expect("it is linked");
        resume(&config, || true, async |_| false).await.expect("the disk is fine");
        assert_eq!((programs.trial().expect("it is read"), successor(&config)), (None, None));
    }

    #[tokio::test]
    async fn who_leaves_during_a_trial_is_not_called_back() {
        let Machine { config, release, _folder } = machine();
        let starts = Cell::new(0);
        let restart = || {
            starts.set(starts.get() + 1);
            true
        };
        let leave = async |_: &Path| {
            Programs::new(&config.update.programs).give_up().expect("the disk is fine");
            false
        };
        let stage = try_out(&config, &release, restart, leave).await.expect("the disk is fine");
        assert_eq!((stage, starts.get(), successor(&config)), (Stage::RolledBack, 1, None));
        settle(&config, release.version, Ok(stage)).expect("the disk is fine");
        assert!(!folder(&config).join(OUTCOME).exists(), "nobody waits for it");
    }

    #[tokio::test]
    async fn a_program_that_was_kept_is_not_tried_once_more() {
        let Machine { config, release, _folder } = machine();
        try_out(&config, &release, || true, async |_| true).await.expect("the disk is fine");
        // The power was cut before that was said.
        let stage = try_out(&config, &release, || panic!("started"), async |_| false).await;
        assert_eq!(stage.expect("the disk is fine"), Stage::Kept);
        assert!(successor(&config).is_some_and(|program| program.exists()));
    }

    #[test]
    fn what_failed_before_it_began_has_no_verdict() {
        let Machine { config, release, _folder } = machine();
        let (order, outcome) = (folder(&config).join(ORDER), folder(&config).join(OUTCOME));
        let check = |tried: io::Result<Stage>, is_ordered: bool, is_judged: bool| {
            fs::write(&order, "").expect("a folder");
            let told = format!("{tried:?}");
            let settled = settle(&config, release.version, tried);
            assert_eq!(settled.is_ok(), is_judged, "{told}");
            assert_eq!((order.exists(), outcome.exists()), (is_ordered, is_judged), "{told}");
        };
        let full = || Err(io::ErrorKind::StorageFull.into());
        check(full(), false, false);
        fs::create_dir_all(&config.update.programs).expect("a folder");
        let programs = Programs::new(&config.update.programs);
        programs.begin(&Trial { from: None, to: release.version }).expect("it is linked");
        check(full(), true, false);
        check(Ok(Stage::Kept), false, true);
    }

    #[test]
    fn only_a_process_that_stays_is_back() {
        let start = Instant::now();
        let mut well = None;
        let mut check = |second: u64, process: Option<u32>, since: Option<u64>| {
            well = go_on(well, process, start + Duration::from_secs(second));
            let expected = process.zip(since.map(|second| start + Duration::from_secs(second)));
            assert_eq!(well, expected, "{second}");
        };
        check(0, None, None);
        check(1, Some(7), Some(1));
        check(30, Some(7), Some(1));
        check(31, Some(8), Some(31));
        check(40, None, None);
        check(41, Some(8), Some(41));
    }

    #[tokio::test]
    async fn other_bytes_than_those_that_were_signed_are_refused() {
        let Machine { config, release, _folder } = machine();
        fs::write(part(&config, &release), packed(b"another program")).expect("a file");
        let stage = try_out(&config, &release, || panic!("started"), async |_| true).await;
        assert_eq!((stage.expect("the disk is fine"), successor(&config)), (Stage::Refused, None));
    }
}
