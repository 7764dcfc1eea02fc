//! From the paper to a membership: `beffroi-agent join`.
//!
//! The order is what makes it safe to switch the machine off at any moment. The new key is on disk
//! before anything is sent; the welcome is on disk before the new key is used; every step after that
//! can be done again. The same command finishes what an earlier one began.

mod reach;
mod told;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use beffroi_protocol::code::{Code, CodeError, Endpoint};
use beffroi_protocol::enrolment::{Reason, Refused, Request, Welcome};
use beffroi_protocol::probe::Probe;
use beffroi_protocol::{PrivateKey, temporary};
use beffroi_tunnel::Tunnel;
use tokio::time::{Instant, timeout};

use crate::config::Config;
use crate::enrol::{self, Answer};
use crate::journal::journal_text;
use crate::probe::Probes;
use crate::state::{self, Joined, Joining, Lock, State};
use crate::terminal::say;
use crate::texts::{reason, t, t_with};
use crate::{VERSION, channel, hosts, link, trust};
use reach::Reach;

/// How long the gateway is called before giving up: at least three rounds over two addresses.
const CALL: Duration = Duration::from_secs(60);
/// How long one address is waited for in the first round over all of them; each further one twice as long,
/// so that a dead address costs little and a slow line is given its time.
const PATIENCE: Duration = Duration::from_secs(4);
/// How long the gateway may take to know the machine's own key.
const CONFIRM: Duration = Duration::from_secs(30);
/// How long the first answer to the own key is awaited; each further one twice as long.
const ASK_AGAIN: Duration = Duration::from_millis(300);
/// Between two rounds over every address.
const PAUSE: Duration = Duration::from_millis(500);
/// A file that carries a code is smaller, in bytes.
const FILE_MAX: u64 = 64 * 1024;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the code is wrong")]
    Code(#[from] CodeError),
    #[error("{} cannot be read", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("the state cannot be used")]
    State(#[from] state::Error),
    #[error("another beffroi-agent is joining or leaving")]
    Busy,
    #[error("this machine is a member already, of {commune}")]
    Already { commune: String },
    #[error("the system has no randomness to give")]
    Random(#[from] getrandom::Error),
    #[error("the tunnel cannot be made")]
    Tunnel(#[from] beffroi_tunnel::Error),
    #[error("{endpoint} leads to no address")]
    NoAddress { endpoint: Endpoint },
    #[error("{endpoint} does not answer")]
    Unreachable { endpoint: Endpoint, tried: BTreeSet<SocketAddr>, source: enrol::Error },
    #[error("the gateway refused: {}", .0.message)]
    Refused(Refused),
    #[error("probes cannot be sent")]
    Probes(#[source] io::Error),
}

/// Whether the gateway knows the machine's own key already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Confirmation {
    Answered,
    Awaited,
}

/// `typed` is a code, or the name of the file that carries one.
///
/// # Errors
/// A wrong code is told before anything is written or sent. After any other error the same command
/// goes on from where it was.
pub(crate) async fn join(config: &Config, typed: &str) -> Result<(Joined, Confirmation), Error> {
    let code = read_code(typed)?;
    let lock = Lock::take(&config.state)?;
    match (state::load(&config.state)?, lock) {
        (Some(State::Joined(joined)), _) if joined.invitation != code.secret.key().public() => {
            Err(Error::Already { commune: joined.welcome.commune.clone() })
        }
        // The daemon keeps the link that this very code made already.
        (Some(State::Joined(joined)), None) => {
            settle(config, &joined);
            Ok((*joined, Confirmation::Awaited))
        }
        (_, None) => Err(Error::Busy),
        (state, Some(lock)) => go_on(config, code, state, &lock).await,
    }
}

/// From wherever an earlier command came, with the right to use the interface.
async fn go_on(
    config: &Config,
    code: Code,
    state: Option<State>,
    _: &Lock,
) -> Result<(Joined, Confirmation), Error> {
    let mut reach = Reach::new(code.gateway.clone(), code.key);
    let (joined, mut tunnel) = match state {
        Some(State::Joined(joined)) => {
            let tunnel = Tunnel::open(&config.interface, &joined.key, &joined.keys()).await?;
            (*joined, tunnel)
        }
        Some(State::Joining(begun)) if begun.code == code => {
            say(&t("join-resumed"));
            enrol(config, begun, &mut reach).await?
        }
        other => {
            // Before the keys are forgotten by which an interface is known to be our own. And someone
            // else's is told of before anything is written.
            let keys = other.map(|state| state.keys()).unwrap_or_default();
            Tunnel::remove(&config.interface, &keys).await?;
            enrol(config, begin(config, code)?, &mut reach).await?
        }
    };
    let confirmed = confirm(config, &joined, &mut tunnel, &mut reach).await;
    settle(config, &joined);
    // The daemon makes it anew: from here on the interface is its own.
    tunnel.close().await?;
    confirmed.map(|confirmation| (joined, confirmation))
}

/// The text of a code as it was typed, or a file that carries one.
fn read_code(typed: &str) -> Result<Code, Error> {
    let path = Path::new(typed);
    if !path.is_file() && !typed.contains(['/', '.']) {
        return Ok(Code::parse(typed)?);
    }
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(FILE_MAX).read_to_string(&mut text))
        .map_err(|source| Error::File { path: path.to_owned(), source })?;
    Ok(Code::parse(&text)?)
}

/// Makes the machine's own key, durable before anything is sent.
fn begin(config: &Config, code: Code) -> Result<Joining, Error> {
    let joining = Joining { key: PrivateKey::generate()?, code };
    state::store(&config.state, State::Joining(joining.clone()))?;
    Ok(joining)
}

/// With the temporary key: asks to be taken in, and keeps the answer.
async fn enrol(config: &Config, joining: Joining, reach: &mut Reach) -> Result<(Joined, Tunnel), Error> {
    let temporary = joining.code.secret.key();
    let mut tunnel = Tunnel::open(&config.interface, &temporary, &[]).await?;
    let welcome = match call(config, &joining, &mut tunnel, reach).await {
        Ok(Answer::Welcome(welcome)) => *welcome,
        Ok(Answer::Refused(refused)) => {
            tunnel.close().await?;
            if is_final(refused.reason) {
                state::remove(&config.state)?;
            }
            return Err(Error::Refused(refused));
        }
        Err(error) => {
            tunnel.close().await?;
            return Err(error);
        }
    };
    let joined = member(joining, welcome);
    state::store(&config.state, State::Joined(Box::new(joined.clone())))?;
    tunnel.set_key(&joined.key).await?;
    Ok((joined, tunnel))
}

/// Nothing was recorded for this key, and nothing ever will be with this code. A request that came in
/// mangled says nothing of an earlier one, whose answer may have been lost.
fn is_final(reason: Reason) -> bool {
    match reason {
        Reason::Expired | Reason::Used | Reason::Cancelled | Reason::Unknown => true,
        Reason::Malformed | Reason::Broken | Reason::Other => false,
    }
}

fn member(joining: Joining, welcome: Welcome) -> Joined {
    Joined {
        next: None,
        preshared: welcome.preshared.then(|| joining.code.secret.preshared()),
        next_gateway: None,
        gateway: joining.code.key,
        invitation: joining.code.secret.key().public(),
        endpoint: joining.code.gateway,
        former: None,
        key: joining.key,
        welcome,
        serving: None,
    }
}

/// Calls every address of the gateway in turn until one answers.
async fn call(
    config: &Config,
    joining: &Joining,
    tunnel: &mut Tunnel,
    reach: &mut Reach,
) -> Result<Answer, Error> {
    let code = &joining.code;
    let from = temporary::address(&code.secret.key().public());
    let request = Request {
        key: joining.key.public(),
        name: enrol::machine_name(),
        version: VERSION.to_owned(),
        preshared: true,
    };
    tunnel.reconcile(&link::temporary(code, None)).await?;
    say(&t_with("join-calling", &[("gateway", code.gateway.to_string().into())]));

    let deadline = Instant::now() + CALL;
    let mut tried = BTreeSet::new();
    let mut patience = PATIENCE;
    loop {
        let mut last = None;
        for endpoint in reach.addresses().await {
            if !endpoint.ip().is_loopback() {
                tried.insert(endpoint);
            }
            if let Err(error) = tunnel.renew(&code.key, Some(endpoint)).await {
                // No route to this address; another one may have one.
                log::debug!("{error}");
                continue;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            match enrol::ask(&config.interface, from, &request, patience.min(left)).await {
                Ok(answer) => return Ok(answer),
                Err(error) => {
                    log::debug!("{endpoint}: {}", journal_text(&error));
                    last = Some(error);
                }
            }
        }
        if Instant::now() >= deadline {
            let endpoint = code.gateway.clone();
            let silent = || channel::Error::Silent(io::ErrorKind::NetworkUnreachable.into()).into();
            return Err(match tried.is_empty() {
                true => Error::NoAddress { endpoint },
                false => Error::Unreachable { endpoint, tried, source: last.unwrap_or_else(silent) },
            });
        }
        reach.widen().await;
        patience = doubled(patience, CALL);
        tokio::time::sleep(PAUSE).await;
    }
}

/// With the own key: a probe must come back through the real tunnel.
async fn confirm(
    config: &Config,
    joined: &Joined,
    tunnel: &mut Tunnel,
    reach: &mut Reach,
) -> Result<Confirmation, Error> {
    tunnel.reconcile(&link::own(joined, joined.gateway, None, None)).await?;
    let services = joined.welcome.probe.clone();
    let probes = Probes::open(&config.interface, services.clone()).map_err(Error::Probes)?;
    let deadline = Instant::now() + CONFIRM;
    let mut wait = ASK_AGAIN;
    let mut sequence = 0;
    while Instant::now() < deadline {
        for endpoint in reach.addresses().await {
            if let Err(error) = tunnel.renew(&joined.gateway, Some(endpoint)).await {
                log::debug!("{error}");
                continue;
            }
            let service = services[sequence as usize % services.len()];
            let mtu = joined.welcome.mtu;
            let probe = Probe { sequence, mtu, version: VERSION.to_owned(), ..Probe::default() };
            sequence += 1;
            if let Err(error) = probes.send(&probe, service).await {
                log::debug!("a probe to {service} cannot be sent: {error}");
                continue;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if timeout(wait.min(left), probes.receive()).await.is_ok() {
                return Ok(Confirmation::Answered);
            }
        }
        if wait >= PATIENCE {
            reach.widen().await;
        }
        // A slow line needs more time for the handshake and the probe that follows it.
        tokio::time::sleep(PAUSE).await;
        wait = doubled(wait, CONFIRM);
    }
    Ok(Confirmation::Awaited)
}

/// For the next round, which is not waited for longer than for all of them.
fn doubled(wait: Duration, most: Duration) -> Duration {
    (wait * 2).min(most)
}

/// What the machine needs to find and trust the intranet. A problem here is told and stops nothing:
/// the link is there.
fn settle(config: &Config, joined: &Joined) {
    if let Err(error) = hosts::keep(&config.hosts, &joined.welcome.names) {
        let values = [("path", config.hosts.display().to_string().into()), ("reason", reason(&error).into())];
        say(&t_with("join-hosts-problem", &values));
    }
    for problem in trust::install(Path::new("/"), &joined.welcome.authority) {
        say(&t_with("join-trust-problem", &[("reason", problem.message().into())]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::tests::{joined, joining};

    fn config(dir: &Path) -> Config {
        Config { state: dir.join("state"), ..Config::default() }
    }

    #[test]
    fn a_code_is_read_from_the_command_line_or_from_a_file() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let code = joining().code;
        let file = dir.path().join("bon.beffroi");
        std::fs::write(&file, code.file("Bon de raccordement\n\nMairie d'Alvimare"))
            .expect("a writable folder");
        for typed in [code.text(), code.text().replace('-', " "), file.display().to_string()] {
            assert_eq!(read_code(&typed).expect("a code"), code);
        }
        assert!(matches!(read_code("./nowhere.beffroi"), Err(Error::File { .. })));
        assert!(matches!(read_code("bon.beffroi"), Err(Error::File { .. })));
        assert!(matches!(read_code("ABCDEF"), Err(Error::Code(_))));
    }

    #[tokio::test]
    async fn a_mistyped_code_leaves_no_trace() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let config = config(dir.path());
        let wrong = joining().code.text().replacen('1', "2", 1);
        let error = join(&config, &wrong).await.expect_err("a mistyped code");
        assert!(matches!(error, Error::Code(CodeError::Group { .. })), "{error}");
        assert!(!config.state.exists());
    }

    #[tokio::test]
    async fn a_member_is_told_so_and_stays_one() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let config = config(dir.path());
        let member = State::Joined(Box::new(joined()));
        state::store(&config.state, member.clone()).expect("a writable folder");
        let other = Code { secret: temporary::Secret::from_bytes([9; 16]), ..joining().code };
        let error = join(&config, &other.text()).await.expect_err("a member already");
        assert!(matches!(&error, Error::Already { commune } if commune == "Alvimare"), "{error}");
        assert_eq!(state::load(&config.state).expect("a state"), Some(member));
    }

    #[tokio::test]
    async fn two_commands_at_once_do_not_meet() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let config = config(dir.path());
        let _held = Lock::take(&config.state).expect("a writable folder").expect("nobody has it");
        let error = join(&config, &joining().code.text()).await.expect_err("the other has the interface");
        assert!(matches!(error, Error::Busy), "{error}");
        assert_eq!(state::load(&config.state).expect("no state"), None);
    }

    #[test]
    fn rounds_that_fail_at_once_are_as_many_as_they_may_be() {
        let last = (0..200).fold(PATIENCE, |patience, _| doubled(patience, CALL));
        assert_eq!(last, CALL);
        assert_eq!(doubled(PATIENCE, CALL), PATIENCE * 2);
    }

    #[test]
    fn the_key_is_kept_while_the_gateway_may_know_it() {
        fn check(reason: Reason, expected: bool) {
            assert_eq!(is_final(reason), expected, "{reason:?}");
        }
        check(Reason::Expired, true);
        check(Reason::Used, true);
        check(Reason::Cancelled, true);
        check(Reason::Unknown, true);
        check(Reason::Malformed, false);
        check(Reason::Broken, false);
        check(Reason::Other, false);
    }

    #[test]
    fn the_key_is_on_disk_before_anything_is_sent() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let config = config(dir.path());
        let begun = begin(&config, joining().code).expect("a writable folder");
        assert_eq!(state::load(&config.state).expect("a state"), Some(State::Joining(begun)));
    }
}
