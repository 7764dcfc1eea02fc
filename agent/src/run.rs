//! The daemon: waits until this machine has joined, keeps the link until it has left, and begins
//! again. Sockets, clocks and the tunnel are here; what to do with them is decided in
//! [`crate::keep`].

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use beffroi_protocol::membership::Membership as Told;
use beffroi_protocol::probe::Probe;
use beffroi_tunnel::Tunnel;
use sd_notify::NotifyState;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Interval, interval, sleep_until};

use crate::config::Config;
use crate::diagnosis::{Examination, Inside, Question, Service};
use crate::folder::Folder;
use crate::jitter::Jitter;
use crate::keep::{Action, Event, Keeper, Link};
use crate::membership::{self, Inquiry};
use crate::network::Network;
use crate::probe::Probes;
use crate::sleep::Sleep;
use crate::state::{self, Joined, Lock, State};
use crate::status::{self, Known};
use crate::texts::{t, t_with};
use crate::{VERSION, hosts, link, lookup, trust};

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
    let known = watch::Sender::new(Known { state, ..Known::default() });
    let mut tasks = JoinSet::new();
    tasks.spawn(status::serve(listener, known.subscribe()));

    let heartbeat = interval(sd_notify::watchdog_enabled().map_or(HEARTBEAT, |wanted| wanted / 2));
    let mut daemon = Daemon { config, folder, known, heartbeat };
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
    ended
}

struct Daemon {
    config: Config,
    folder: Folder,
    known: watch::Sender<Known>,
    heartbeat: Interval,
}

/// What a member's link is made of while it is kept.
struct Membership {
    joined: Joined,
    tunnel: Tunnel,
    probes: Probes,
    network: Network,
    sleep: Sleep,
    keeper: Keeper,
    examination: Examination,
    inquiry: Inquiry,
    lookup: Option<JoinHandle<Event>>,
    names: Names,
    /// Whoever holds it owns the interface.
    _lock: Lock,
}

/// How the intranet's names were found when they were last looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Names {
    Unseen,
    Kept,
    /// Which was said once, and is not said every minute.
    NotKept,
}

impl Daemon {
    async fn keep_on(&mut self) -> Result<(), Error> {
        loop {
            let (joined, lock) = self.membership().await?;
            log::info!(COMMUNE = joined.welcome.commune; "this machine is a member, keeping its link");
            let membership = Membership::open(&self.config, joined, lock).await?;
            self.keep(membership).await?;
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
                answer = membership.probes.receive() => {
                    membership.examination.answered(&answer, &self.config.interface, Instant::now()).await;
                    membership.inquiry.heard(answer.revision, &membership.joined, Instant::now());
                    Event::Answered(answer.sequence)
                }
                told = membership.inquiry.answer() => {
                    membership.follow(&self.config, told);
                    let state = State::Joined(Box::new(membership.joined.clone()));
                    self.known.send_modify(|known| known.state = Some(state));
                    continue;
                }
                () = membership.examination.looked() => {
                    self.see(&membership);
                    continue;
                }
                found = ended(&mut membership.lookup) => found,
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
                let reason = journal_text(error);
                log::warn!(COMMUNE = membership.joined.welcome.commune; "the interface is made anew: {reason}");
                return Ok(());
            }
            handled?;
            self.see(&membership);
        }
    }

    /// Puts what is known now where the status is told from.
    fn see(&self, membership: &Membership) {
        let seen = membership.keeper.seen();
        let sight = membership.examination.sight(Instant::now(), SystemTime::now());
        self.known.send_modify(|known| (known.seen, known.sight) = (seen, sight));
    }

    fn know(&self, state: Option<State>) {
        self.known.send_replace(Known { state, ..Known::default() });
    }
}

impl Membership {
    async fn open(config: &Config, joined: Joined, lock: Lock) -> Result<Self, Error> {
        let mut tunnel = Tunnel::open(&config.interface, &joined.key, &[joined.invitation]).await?;
        tunnel.reconcile(&link::own(&joined, None)).await?;
        let services = joined.welcome.probe.clone();
        let mut membership = Self {
            tunnel,
            probes: Probes::open(&config.interface, services.clone()).map_err(Error::Probes)?,
            network: Network::watch(&config.interface).map_err(Error::Network)?,
            sleep: Sleep::watch().map_err(Error::Sleep)?,
            keeper: Keeper::new(services, greeting(&joined)?, Jitter::from_system()?, Instant::now()),
            examination: Examination::new(config.state.clone()),
            inquiry: Inquiry::new(&config.interface, Jitter::from_system()?, Instant::now()),
            lookup: None,
            names: Names::Unseen,
            joined,
            _lock: lock,
        };
        membership.keep_names(config)?;
        Ok(membership)
    }

    fn is_still(&self, state: Option<&State>) -> bool {
        matches!(state, Some(State::Joined(joined)) if **joined == self.joined)
    }

    /// Writes down what the gateway wants now; it is made so at once, and the link stays.
    fn follow(&mut self, config: &Config, told: Told) {
        let followed = membership::followed(&self.joined, told);
        if followed == self.joined {
            return;
        }
        let [before, after] = [&self.joined, &followed].map(|joined| State::Joined(Box::new(joined.clone())));
        match state::exchange(&config.state, &before, after) {
            Ok(true) => {}
            // Someone leaves: the folder tells.
            Ok(false) => return,
            Err(error) => {
                log::error!("what the gateway wants is not followed: {}", journal_text(&error));
                return self.inquiry.failed(Instant::now());
            }
        }
        log::info!(COMMUNE = followed.welcome.commune; "the gateway's wishes have changed, and are followed");
        let before = std::mem::replace(&mut self.joined, followed);
        let welcome = &self.joined.welcome;
        self.probes.follow(welcome.probe.clone());
        self.keeper.follow(welcome.probe.clone(), welcome.mtu, Instant::now());
        if welcome.authority != before.welcome.authority {
            trust_anew(welcome.authority.clone());
        }
    }

    async fn handle(&mut self, config: &Config, event: Event) -> Result<(), Error> {
        let mut actions = VecDeque::from(self.keeper.handle(event, Instant::now()));
        while let Some(action) = actions.pop_front() {
            if let Some(event) = self.act(config, action).await? {
                actions.extend(self.keeper.handle(event, Instant::now()));
            }
        }
        Ok(())
    }

    /// Gives the event that this was the cause of.
    async fn act(&mut self, config: &Config, action: Action) -> Result<Option<Event>, Error> {
        match action {
            Action::Lookup if self.lookup.is_some() => {}
            Action::Lookup => {
                let endpoint = self.joined.endpoint.clone();
                self.lookup =
                    Some(tokio::spawn(async move { Event::Found(lookup::lookup(&endpoint).await) }));
            }
            Action::Renew(endpoint) => {
                log::debug!("calling the gateway at {endpoint}");
                if let Err(error) = self.tunnel.renew(&self.joined.gateway, Some(endpoint)).await {
                    // No route today may be one tomorrow: the recovery goes on.
                    log::debug!("{}", journal_text(&error));
                }
            }
            Action::Probe(probe, to) => {
                if let Err(error) = self.probes.send(&probe, to).await {
                    log::debug!("a probe to {to} cannot be sent: {error}");
                    return Ok(Some(Event::Unsent(probe.sequence)));
                }
            }
            Action::Reconcile => {
                let endpoint = self.keeper.seen().endpoint;
                for change in self.tunnel.reconcile(&link::own(&self.joined, endpoint)).await? {
                    log::info!(COMMUNE = self.joined.welcome.commune; "the interface differed: {change:?}");
                }
                self.keep_names(config)?;
            }
            Action::Examine => {
                let present = self.tunnel.present().await?;
                let peer = present.peers.get(&self.joined.gateway);
                let handshake = peer.and_then(|peer| peer.handshake_age);
                self.examination.look(self.question(config), handshake, Instant::now()).await;
            }
            Action::Tell(link) => tell(&self.joined, link),
        }
        Ok(None)
    }

    fn question(&self, config: &Config) -> Question {
        let last_answer = self.keeper.seen().last_answer;
        let inside = Inside {
            last_answer: last_answer.map(|at| at.elapsed()),
            addresses: self.joined.welcome.addresses.clone(),
            gateway: self.joined.welcome.gateway.clone(),
            endpoint: self.joined.endpoint.to_string(),
            ..Inside::default()
        };
        Question {
            service: Service::Running,
            inside,
            endpoint: self.joined.endpoint.clone(),
            tunnel: config.interface.clone(),
            check: config.check.clone(),
            web: None,
        }
    }

    /// # Errors
    /// When the service manager must give the file anew.
    fn keep_names(&mut self, config: &Config) -> Result<(), Error> {
        match hosts::keep(&config.hosts, &self.joined.welcome.names) {
            Ok(wrote) => {
                if wrote {
                    log::info!("the intranet's names are in {} again", config.hosts.display());
                }
                self.names = Names::Kept;
            }
            Err(source) if needs_new_start(self.names, &source) => {
                return Err(Error::Hosts { path: config.hosts.clone(), source });
            }
            Err(error) => {
                if self.names != Names::NotKept {
                    log::warn!("the intranet's names cannot be kept in {}: {error}", config.hosts.display());
                }
                self.names = Names::NotKept;
            }
        }
        Ok(())
    }
}

/// Where the unit forbids the daemon to write, `join` does it.
fn trust_anew(authority: String) {
    tokio::task::spawn_blocking(move || {
        for problem in trust::install(Path::new("/"), &authority) {
            log::warn!(
                "the communauté has another authority, which is not trusted yet: {}",
                journal_text(&problem)
            );
        }
    });
}

/// What every probe says of this program and its tunnel.
fn greeting(joined: &Joined) -> Result<Probe, getrandom::Error> {
    let instance = getrandom::u32()?;
    Ok(Probe { instance, mtu: joined.welcome.mtu, version: VERSION.to_owned(), ..Probe::default() })
}

/// In the unit the file alone is writable, as a mount of its own. Who renames another file over it
/// ends that mount, and what is seen then is the new file in a read-only folder. A file that was read-only
/// from the start is not helped by starting again.
fn needs_new_start(names: Names, error: &io::Error) -> bool {
    names == Names::Kept && error.kind() == io::ErrorKind::ReadOnlyFilesystem
}

/// The end of a lookup that is under way; for ever when none is.
async fn ended(lookup: &mut Option<JoinHandle<Event>>) -> Event {
    let Some(handle) = lookup else {
        return std::future::pending().await;
    };
    let found = handle.await.unwrap_or(Event::Found(Vec::new()));
    *lookup = None;
    found
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

/// An error with its causes, on one line.
pub(crate) fn journal_text(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    std::iter::once(error.to_string()).chain(causes.map(ToString::to_string)).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_file_that_could_be_written_is_given_anew() {
        fn check(names: Names, kind: io::ErrorKind, expected: bool) {
            assert_eq!(needs_new_start(names, &kind.into()), expected, "{names:?} {kind}");
        }
        check(Names::Kept, io::ErrorKind::ReadOnlyFilesystem, true);
        check(Names::Kept, io::ErrorKind::PermissionDenied, false);
        check(Names::Unseen, io::ErrorKind::ReadOnlyFilesystem, false);
        check(Names::NotKept, io::ErrorKind::ReadOnlyFilesystem, false);
    }
}
