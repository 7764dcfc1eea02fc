//! The process `beffroi-netd` from start to end: what it does with privileges first, then without.

use std::future::Future;
use std::io;
use std::time::Duration;

use beffroi_tunnel::firewall::{Outcome, Watch};
use caps::Capability;
use sd_notify::NotifyState;
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep_until};

use super::chest::{self, Chest};
use super::keeper::{self, Keeper};
use super::keyring::Keyring;
use super::server::{self, Asked, Door};
use crate::config::Config;
use crate::journal::chain;
use crate::privileges;

/// How often all is compared with what is wanted, unasked.
const TICK: Duration = Duration::from_secs(60);
/// The same after something could not be done.
const SOON: Duration = Duration::from_secs(5);

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Privileges(#[from] privileges::Error),
    #[error(transparent)]
    Chest(#[from] chest::Error),
    #[error(transparent)]
    Door(#[from] server::Error),
    #[error("cannot keep the links")]
    Keeper(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the socket is served no more")]
    Unserved(#[source] io::Error),
    #[error("the socket is served no more")]
    Panicked(#[source] JoinError),
}

/// What was made with the privileges of the start.
#[derive(Debug)]
pub struct Prepared {
    config: Config,
    chest: Chest,
    door: Door,
}

/// Makes netd's directory and its socket, and gives up every capability but CAP_NET_ADMIN. To be
/// called while the process has one thread.
///
/// # Errors
/// When the files cannot be made, another netd is running, or there is no CAP_NET_ADMIN.
pub fn prepare(config: Config) -> Result<Prepared, Error> {
    let chest = Chest::open(&config.netd.directory)?;
    let door = Door::open(&config.netd.socket, &config.netd.user)?;
    // The `nft` that it starts needs it too.
    privileges::keep_only(&[Capability::CAP_NET_ADMIN])?;
    Ok(Prepared { config, chest, door })
}

enum Event {
    Asked(Asked),
    Tick,
    /// Somebody has changed rules of the firewall.
    Disturbed,
    Watchdog,
    Unserved(Result<io::Result<()>, JoinError>),
    Stop,
}

/// Keeps tunnel and firewall as wanted until `stop` completes. A kernel device and its links stay
/// afterwards; an embedded one ends with the process.
///
/// # Errors
/// When the interface cannot be had, or was removed by someone else: to be started anew.
pub async fn run(prepared: Prepared, stop: impl Future<Output = ()>) -> Result<(), Error> {
    let Prepared { config, chest, door } = prepared;
    let keyring = Keyring::open(&chest)?;
    let mut keeper = Keeper::open(config, chest, keyring).await.map_err(broken)?;
    let mut trouble = Trouble::default();
    let mut due = Instant::now() + trouble.after(keeper.settle(Instant::now().into_std()).await)?;
    let (asking, mut asked) = mpsc::channel(1);
    let mut tasks = JoinSet::from_iter([door.serve(asking)]);
    notify(&[NotifyState::Ready]);
    let mut watchdog = watchdog();
    let mut watch = watch();
    let mut stop = std::pin::pin!(stop);
    loop {
        let event = tokio::select! {
            () = &mut stop => Event::Stop,
            Some(ended) = tasks.join_next() => Event::Unserved(ended),
            () = tick(watchdog.as_mut()) => Event::Watchdog,
            Some(asked) = asked.recv() => Event::Asked(asked),
            () = sleep_until(due) => Event::Tick,
            () = changed(watch.as_mut()) => Event::Disturbed,
        };
        match event {
            Event::Asked(Asked { request, reply }) => {
                let (answer, outcome) = keeper.answer(request).await;
                // Who asked may have left: what was done stays done.
                drop(reply.send(answer));
                if let Err(error) = outcome {
                    due = Instant::now() + trouble.after(Err(error))?;
                }
            }
            Event::Tick => {
                due = Instant::now() + trouble.after(keeper.settle(Instant::now().into_std()).await)?;
            }
            Event::Disturbed => match keeper.settle_firewall().await {
                Ok(Outcome::AsWanted) => {}
                Ok(Outcome::Written) => log::warn!("somebody took the firewall away: it is back"),
                Err(error) => due = Instant::now() + trouble.after(Err(error))?,
            },
            Event::Watchdog => notify(&[NotifyState::Watchdog]),
            Event::Unserved(Ok(Ok(()))) => return Err(Error::Unserved(io::ErrorKind::UnexpectedEof.into())),
            Event::Unserved(Ok(Err(error))) => return Err(Error::Unserved(error)),
            Event::Unserved(Err(error)) => return Err(Error::Panicked(error)),
            Event::Stop => break,
        }
    }
    notify(&[NotifyState::Stopping]);
    Ok(())
}

/// What could not be done, so that the journal has it once and not at every attempt.
#[derive(Debug, Default)]
struct Trouble(Option<String>);

impl Trouble {
    /// Tells when to look again.
    fn after(&mut self, settled: Result<usize, keeper::Error>) -> Result<Duration, Error> {
        match settled {
            Ok(changes) => {
                if self.0.take().is_some() {
                    log::info!("all is as wanted again");
                }
                if changes > 0 {
                    log::info!("put back {changes} differences");
                }
                Ok(TICK)
            }
            Err(error) if error.is_final() => Err(broken(error)),
            Err(error) => {
                let text = chain(&error);
                if self.0.as_ref() != Some(&text) {
                    log::error!("{text}; trying every {} s", SOON.as_secs());
                    self.0 = Some(text);
                }
                Ok(SOON)
            }
        }
    }
}

fn broken(error: keeper::Error) -> Error {
    Error::Keeper(Box::new(error))
}

/// Twice in the time that systemd allows between two signs of life.
fn watchdog() -> Option<Interval> {
    let mut signs = interval(sd_notify::watchdog_enabled()? / 2);
    signs.set_missed_tick_behavior(MissedTickBehavior::Skip);
    Some(signs)
}

async fn tick(interval: Option<&mut Interval>) {
    match interval {
        Some(interval) => drop(interval.tick().await),
        None => std::future::pending().await,
    }
}

/// Without it the firewall is looked at as often as everything else.
fn watch() -> Option<Watch> {
    Watch::open()
        .inspect_err(|error| log::warn!("the kernel does not tell when the firewall changes: {error}"))
        .ok()
}

async fn changed(watch: Option<&mut Watch>) {
    match watch {
        Some(watch) => watch.changed().await,
        None => std::future::pending().await,
    }
}

fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        log::debug!("systemd was not told: {error}");
    }
}
