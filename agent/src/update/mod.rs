//! Updates of the agent's own program. The daemon fetches what the gateway offers, checks it and waits for a quiet
//! hour; then it leaves an order, and another process installs ([`install`]). The daemon itself cannot change a
//! program, its own or another.

mod fetch;
pub(crate) mod install;
pub(crate) mod programs;
pub(crate) mod quiet;

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use beffroi_protocol::release::{self, Offer, Progress, Release, ReleaseKey, Stage, Version};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use self::programs::Programs;
use self::quiet::Quiet;
use crate::channel::Channels;
use crate::config::Config;
use crate::jitter::Jitter;
use crate::journal::journal_text;
use crate::replace;

/// What the daemon leaves for the other process: the offer that is to be installed.
const ORDER: &str = "order.json";
/// What the other process leaves for the daemon: a [`Progress`].
const OUTCOME: &str = "outcome.json";
/// Town halls have the same quiet hours: within the first of them they come one after the other.
const SPREAD: Duration = Duration::from_secs(15 * 60);
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// How often it is looked whether there is a verdict.
const VERDICT: Duration = Duration::from_secs(2);
/// How long a verdict stands: it may have been the line's fault, and who offers the same release again means it.
const STANDS: Duration = Duration::from_secs(24 * 60 * 60);
/// Between two attempts after the disk was full or something else came than was signed.
const RETRY: Duration = Duration::from_secs(60 * 60);
/// For a connection through a tunnel that is up.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    NotFetched(#[from] fetch::Error),
    #[error("what is noted of an update cannot be written")]
    Unwritable(#[from] io::Error),
    #[error("it was ordered, and could not be begun")]
    NotBegun,
}

/// The settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Update {
    /// Whose releases are believed; without it, nobody's.
    pub(crate) key: Option<ReleaseKey>,
    /// Where programs are put.
    pub(crate) programs: PathBuf,
    /// When they may be exchanged.
    pub(crate) quiet: Quiet,
    /// How fast they are fetched, in bytes a second.
    pub(crate) rate: u64,
    /// How long the link may take to come back with a new one.
    pub(crate) trial: Duration,
}

impl Default for Update {
    fn default() -> Self {
        Self {
            // Who builds packages says whose releases they follow.
            key: option_env!("BEFFROI_RELEASE_KEY").and_then(|key| key.parse().ok()),
            programs: "/var/lib/beffroi-update".into(),
            quiet: Quiet::usual(),
            rate: 4000,
            trial: Duration::from_secs(5 * 60),
        }
    }
}

/// What is being done about the offer of the day.
#[derive(Debug, Default)]
pub(crate) struct Updates {
    offer: Option<Offer>,
    channels: Channels,
    task: Option<JoinHandle<()>>,
}

impl Updates {
    /// The gateway offers this now, or nothing.
    pub(crate) fn follow(&mut self, config: &Config, channels: Channels, offer: Option<Offer>) {
        if self.offer == offer && self.channels == channels {
            return;
        }
        self.stop();
        self.offer.clone_from(&offer);
        self.channels.clone_from(&channels);
        let Some(offer) = offer else { return forget(&folder(config)) };
        let config = config.clone();
        self.task = Some(tokio::spawn(async move {
            while let Err(error) = carry_out(&config, &channels, &offer).await {
                log::warn!("an update of the agent waits: {}", journal_text(&error));
                sleep(RETRY).await;
            }
        }));
    }

    fn stop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}

impl Drop for Updates {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Of what is fetched, below the state's.
fn folder(config: &Config) -> PathBuf {
    config.state.join("update")
}

/// The release as far as it is there.
fn part(config: &Config, release: &Release) -> PathBuf {
    folder(config).join(format!("{}.gz", release.hash))
}

/// Everything that was fetched and noted; who leaves has no use for it.
///
/// # Errors
/// When the folder cannot be removed.
pub(crate) fn remove(state: &Path) -> io::Result<()> {
    match fs::remove_dir_all(state.join("update")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

async fn carry_out(config: &Config, channels: &Channels, offer: &Offer) -> Result<(), Error> {
    let Some(key) = &config.update.key else {
        log::info!("the gateway offers an update; this agent follows no release key");
        return Ok(());
    };
    let release = match offer.verified(key) {
        Ok(release) => release,
        Err(error) => {
            log::error!("the gateway offers an update that is refused: {error}");
            return Ok(());
        }
    };
    if has_verdict(config, channels, release.version).await {
        return Ok(());
    }
    let Release { version, architecture, .. } = &release;
    let said = |stage| Progress { version: *version, stage };
    if Programs::new(&config.update.programs).latest() >= Some(*version) {
        // A package was faster.
        tell(channels, &said(Stage::Kept)).await;
        return Ok(());
    }
    if architecture != std::env::consts::ARCH {
        log::error!("version {version} of the agent is for {architecture}, and left alone");
        tell(channels, &said(Stage::Unfit)).await;
        return Ok(());
    }
    log::info!("version {version} of the agent is offered");
    make_folder(config)?;
    tell(channels, &said(Stage::Fetching)).await;
    fetch::fetch(channels, &release, &part(config, &release), config.update.rate).await?;
    tell(channels, &said(Stage::Ready)).await;
    let quiet = &config.update.quiet;
    loop {
        wait_for_quiet(quiet).await;
        // Answered, so that the link is known to be up before it is risked. That may have taken until the morning.
        tell(channels, &said(Stage::Installing)).await;
        if quiet.has(minute()) {
            break;
        }
    }
    log::info!("version {version} of the agent is installed now");
    let order = serde_json::to_vec(offer).expect("plain data");
    replace::replace(&folder(config).join(ORDER), &order, 0o600)?;
    // The daemon ends with this program, unless nothing came of it.
    if has_verdict(config, channels, *version).await { Ok(()) } else { Err(Error::NotBegun) }
}

/// Whether it is known what became of this version, once nothing is being tried out. The gateway is told.
async fn has_verdict(config: &Config, channels: &Channels, version: Version) -> bool {
    verdict(config).await;
    let Some(outcome) = outcome(config).filter(|outcome| outcome.version == version) else { return false };
    tell(channels, &outcome).await;
    forget(&folder(config));
    true
}

fn make_folder(config: &Config) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder(config))
}

/// Until nothing is being tried out: this may be the program that is.
async fn verdict(config: &Config) {
    while folder(config).join(ORDER).exists() {
        sleep(VERDICT).await;
    }
}

/// What became of the last program that was tried.
fn outcome(config: &Config) -> Option<Progress> {
    let path = folder(config).join(OUTCOME);
    let is_old = fs::metadata(&path).ok()?.modified().ok()?.elapsed().is_ok_and(|age| age > STANDS);
    serde_json::from_slice(&fs::read(path).ok()?).ok().filter(|_| !is_old)
}

/// What was fetched is of no use any more. The outcome stays: the same release may be offered again.
fn forget(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten().filter(|entry| entry.path().extension().is_some_and(|end| end == "gz")) {
        if let Err(error) = fs::remove_file(entry.path()) {
            log::debug!("{} stays: {error}", entry.path().display());
        }
    }
}

/// Until the gateway has taken it.
async fn tell(channels: &Channels, told: &Progress) {
    loop {
        match channels.post(release::PATH, told, PATIENCE).await {
            Ok((status, _)) if status.is_success() => return,
            Ok((status, _)) => log::debug!("the gateway takes no news of an update: {status}"),
            Err(error) => log::debug!("news of an update: {}", journal_text(&error)),
        }
        sleep(LOOK_EVERY).await;
    }
}

async fn wait_for_quiet(quiet: &Quiet) {
    if *quiet == Quiet::Always {
        return;
    }
    loop {
        if quiet.has(minute()) {
            // Without randomness they come together, which is no harm to speak of.
            let spread = Jitter::from_system()
                .map_or(Duration::ZERO, |mut jitter| jitter.between(Duration::ZERO, SPREAD));
            sleep(spread).await;
            if quiet.has(minute()) {
                return;
            }
        }
        sleep(LOOK_EVERY).await;
    }
}

/// Of the day, in local time.
fn minute() -> u16 {
    let time = jiff::ZonedDateTime::now().time();
    u16::from(time.hour().unsigned_abs()) * 60 + u16::from(time.minute().unsigned_abs())
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::channel::Channel;

    #[test]
    fn a_verdict_stands_for_a_day() {
        let root = tempfile::tempdir().expect("a folder");
        let config = Config { state: root.path().to_owned(), ..Config::default() };
        make_folder(&config).expect("a folder");
        let told =
            Progress { version: Version::parse("900.0.0").expect("a version"), stage: Stage::RolledBack };
        let path = folder(&config).join(OUTCOME);
        fs::write(&path, serde_json::to_vec(&told).expect("plain data")).expect("a folder");
        assert_eq!(outcome(&config), Some(told));
        let yesterday = SystemTime::now() - STANDS - Duration::from_secs(60);
        let file = fs::File::options().write(true).open(&path).expect("it is there");
        file.set_modified(yesterday).expect("it is ours");
        assert_eq!(outcome(&config), None);
    }

    #[tokio::test]
    async fn an_update_goes_on_by_the_gateway_s_new_address() {
        let (config, offer) =
            (Config::default(), Some(Offer { statement: String::new(), signature: String::new() }));
        let by = |to: &str| {
            let (from, to) = ([10, 66, 1, 0].into(), to.parse().expect("an address"));
            Channels::from_iter([Channel { interface: "lo".into(), from, to }])
        };
        let mut updates = Updates::default();
        let mut started = Vec::new();
        for channels in [by("10.66.0.1:4710"), by("10.66.0.1:4710"), by("10.77.0.1:4710")] {
            updates.follow(&config, channels, offer.clone());
            started.push(updates.task.as_ref().expect("there is an offer").id());
        }
        assert!(started[0] == started[1] && started[1] != started[2], "{started:?}");
    }
}
