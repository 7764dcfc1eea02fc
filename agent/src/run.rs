//! The daemon: waits until this machine has joined, keeps the link until it has left, and begins
//! again. Sockets, clocks and the tunnel are here; what to do with them is decided in
//! [`crate::keep`].

mod carried;
mod kept;
mod measured;
mod served;

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use sd_notify::NotifyState;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Interval, interval, sleep_until};

use self::carried::connected;
use self::kept::{Membership, ended};
use crate::config::Config;
use crate::folder::Folder;
use crate::journal::journal_text;
use crate::keep::{Event, Link};
use crate::serve;
use crate::state::{self, Joined, Lock, State};
use crate::status::{self, Known};
use crate::texts::{t, t_with};

/// How often the service manager hears from us when it does not say how often it wants to.
const HEARTBEAT: Duration = Duration::from_secs(30);

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the state cannot be used")]
    State(#[from] state::Error),
    #[error("another agent is running: it answers at {}", .0.display())]
    Running(PathBuf),
    #[error("the status socket {} cannot be made", path.display())]
    Socket { path: PathBuf, source: io::Error },
    #[error("the status socket broke")]
    Serve(#[source] io::Error),
    #[error("the tunnel cannot be kept")]
    Tunnel(#[from] beffroi_tunnel::Error),
    #[error("the machine's network cannot be watched")]
    Network(#[source] io::Error),
    #[error("the machine's sleep cannot be watched")]
    Sleep(#[source] io::Error),
    #[error("probes cannot be sent")]
    Probes(#[source] io::Error),
    #[error("the state folder cannot be watched")]
    Folder(#[source] io::Error),
    #[error("the system has no randomness to give")]
    Random(#[from] getrandom::Error),
    #[error("{} was exchanged for another file, which only a new start can write to", path.display())]
    Hosts { path: PathBuf, source: io::Error },
}

/// Until `shutdown` ends. A kernel device goes on without the daemon.
///
/// # Errors
/// When the state is damaged, or what the daemon needs of the system is refused.
pub(crate) async fn run(config: Config, shutdown: impl Future<Output = ()>) -> Result<(), Error> {
    let state = state::load(&config.state)?;
    let listener = status::listen(&config.socket).await.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => Error::Running(config.socket.clone()),
        _ => Error::Socket { path: config.socket.clone(), source },
    })?;
    state::make_folder(&config.state)?;
    let folder = Folder::watch(&config.state).map_err(Error::Folder)?;
    if !matches!(state, Some(State::Joined(_))) {
        close(&config).await;
    }
    let known = watch::Sender::new(Known { state, ..Known::default() });
    let mut tasks = JoinSet::new();
    tasks.spawn(status::serve(listener, known.subscribe()));

    let heartbeat = interval(sd_notify::watchdog_enabled().map_or(HEARTBEAT, |wanted| wanted / 2));
    let mut daemon = Daemon { config: config.clone(), folder, known, heartbeat };
    notify(&[NotifyState::Ready]);
    let ended = tokio::select! {
        kept = daemon.keep_on() => kept,
        Some(served) = tasks.join_next() => match served {
            Ok(Err(error)) => Err(Error::Serve(error)),
            Ok(Ok(())) => Ok(()),
            Err(panicked) => Err(Error::Serve(io::Error::other(panicked))),
        },
        () = shutdown => Ok(()),
    };
    notify(&[NotifyState::Stopping]);
    drop(daemon);
    close(&config).await;
    ended
}

/// No other computer is let in any more.
async fn close(config: &Config) {
    if let Err(error) = serve::clean(&config.interface).await {
        log::warn!("what lets other computers in stays: {}", journal_text(&error));
    }
}

struct Daemon {
    config: Config,
    folder: Folder,
    known: watch::Sender<Known>,
    heartbeat: Interval,
}

impl Daemon {
    async fn keep_on(&mut self) -> Result<(), Error> {
        loop {
            let (joined, lock) = self.membership().await?;
            log::info!(COMMUNE = joined.welcome.commune; "this machine is a member, keeping its link");
            let membership = Membership::open(&self.config, joined, lock).await?;
            self.keep(membership).await?;
            close(&self.config).await;
        }
    }

    /// Waits quietly until `join` has done its work.
    async fn membership(&mut self) -> Result<(Joined, Lock), Error> {
        loop {
            let state = state::load(&self.config.state)?;
            self.know(state.clone());
            if let Some(State::Joined(joined)) = state
                && let Some(lock) = Lock::take(&self.config.state)?
            {
                return Ok((*joined, lock));
            }
            notify(&[NotifyState::Status(&t("service-waiting"))]);
            loop {
                tokio::select! {
                    changed = self.folder.changed() => break changed.map_err(Error::Folder)?,
                    _ = self.heartbeat.tick() => notify(&[NotifyState::Watchdog]),
                }
            }
        }
    }

    /// Until the machine has left, or the interface was taken away.
    async fn keep(&mut self, mut membership: Membership) -> Result<(), Error> {
        tell(&membership.joined, Link::Never);
        loop {
            let event = tokio::select! {
                () = sleep_until(membership.keeper.wake().into()) => Event::Woken,
                heard = membership.probes.receive() => match membership.hear(&self.config, heard).await {
                    Some(event) => event,
                    None => continue,
                },
                said = membership.inquiry.answer() => {
                    membership.obey(&self.config, said)?;
                    membership.serve().await;
                    self.see(&membership);
                    continue;
                }
                () = at(membership.turns.wake()) => match membership.change_keys().await {
                    Ok(Some(event)) => event,
                    Ok(None) => continue,
                    Err(error) => return anew(&membership.joined, &error),
                },
                () = at(membership.width.wake()) => match membership.measure().await {
                    Ok(()) => {
                        self.see(&membership);
                        continue;
                    }
                    Err(error) => return anew(&membership.joined, &error),
                },
                () = membership.serving.changed() => {
                    membership.serve().await;
                    self.see(&membership);
                    continue;
                }
                () = membership.examination.looked() => {
                    self.see(&membership);
                    continue;
                }
                found = ended(&mut membership.lookup) => membership.found(found),
                is_ready = connected(&mut membership.carrier) => Event::Connected(is_ready),
                changed = membership.network.changed() => {
                    changed.map_err(Error::Network)?;
                    membership.examination.network_changed();
                    Event::NetworkChanged
                }
                slept = membership.sleep.woken() => {
                    let slept = slept.map_err(Error::Sleep)?;
                    log::info!("this machine has slept for {} s, or its clock was set", slept.as_secs());
                    membership.examination.network_changed();
                    Event::Awake(slept)
                }
                changed = self.folder.changed() => {
                    changed.map_err(Error::Folder)?;
                    match state::load(&self.config.state) {
                        Ok(state) if membership.is_still(state.as_ref()) => continue,
                        Ok(_) => {
                            log::info!(COMMUNE = membership.joined.welcome.commune; "this machine has left");
                            return membership.tunnel.close().await.map_err(Error::Tunnel);
                        }
                        Err(error) => {
                            // What is known still holds: the link serves on until the next start.
                            log::error!("{}", journal_text(&error));
                            continue;
                        }
                    }
                }
                _ = self.heartbeat.tick() => {
                    notify(&[NotifyState::Watchdog]);
                    continue;
                }
            };
            let handled = membership.handle(&self.config, event).await;
            if let Err(Error::Tunnel(error)) = &handled {
                return anew(&membership.joined, error);
            }
            handled?;
            self.see(&membership);
        }
    }

    /// Puts what is known now where the status is told from.
    fn see(&self, membership: &Membership) {
        let seen = membership.keeper.seen();
        let sight = membership.examination.sight(Instant::now(), SystemTime::now());
        let state = Some(State::Joined(Box::new(membership.joined.clone())));
        self.known.send_modify(|known| {
            let serving = membership.serving.standing().cloned();
            *known = Known { state, seen, sight, longest: membership.width.longest(), serving };
        });
    }

    fn know(&self, state: Option<State>) {
        self.known.send_replace(Known { state, ..Known::default() });
    }
}

/// For ever when there is no such moment.
async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment.into()).await,
        None => std::future::pending().await,
    }
}

fn anew(joined: &Joined, error: &beffroi_tunnel::Error) -> Result<(), Error> {
    let reason = journal_text(error);
    log::warn!(COMMUNE = joined.welcome.commune; "the interface is made anew: {reason}");
    Ok(())
}

fn tell(joined: &Joined, link: Link) {
    let commune = &joined.welcome.commune;
    match link {
        Link::Never => log::debug!(COMMUNE = commune; "no answer of the gateway yet"),
        Link::Online => log::info!(COMMUNE = commune; "link online"),
        Link::Doubtful => log::info!(COMMUNE = commune; "link doubtful: no answer for three minutes"),
        Link::Offline => log::warn!(COMMUNE = commune; "link offline: no answer for five minutes"),
    }
    let values = [("commune", commune.as_str().into()), ("link", t(status::link_text(link)).into())];
    notify(&[NotifyState::Status(&t_with("service-status", &values))]);
}

fn notify(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        log::debug!("the service manager does not listen: {error}");
    }
}
