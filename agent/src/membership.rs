//! What the gateway wants of this machine: when to ask for it, asking, and what changes in the state. Carrying
//! it out is the business of [`crate::run`].

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use beffroi_protocol::membership::{
    KEY_PATH, KnownKey, Membership, NEXT_GATEWAY_PATH, NewKey, PATH, PORT, UNKNOWN,
};
use beffroi_protocol::{PrivateKey, PublicKey};
use hyper::StatusCode;
use ipnet::IpNet;
use tokio::task::JoinHandle;

use crate::channel::{self, Channel, Channels};
use crate::enrol;
use crate::jitter::Jitter;
use crate::journal::journal_text;
use crate::state::Joined;

/// Even when no answer says that something is new.
const EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// Between two attempts: doubles from the first to the second.
const RETRY: (Duration, Duration) = (Duration::from_secs(15), Duration::from_secs(60 * 60));
/// After a good answer: a gateway that cannot make up its mind does not fill a slow line.
const QUIET: Duration = Duration::from_secs(5);
/// For a connection through a tunnel that is up.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    NotAnswered(#[from] channel::Error),
    #[error("the gateway answers with status {0}")]
    Status(StatusCode),
    #[error("what the gateway wants is not understood")]
    NotUnderstood(#[from] serde_json::Error),
    #[error("what the gateway wants cannot be followed")]
    Unusable(#[source] enrol::Error),
}

#[derive(Debug)]
enum Question {
    Wanted,
    Offer(NewKey),
    Confirm(KnownKey),
}

/// What the gateway said.
#[derive(Debug)]
pub(crate) enum Said {
    Wanted(Box<Membership>),
    /// Both ends change to the key that was offered, in a moment.
    Agreed,
    /// That this machine knows the gateway's next key.
    Noted,
}

/// Asks when it is time to, one question at a time.
#[derive(Debug)]
pub(crate) struct Inquiry {
    interface: String,
    schedule: Schedule,
    asking: Option<JoinHandle<Result<Said, Error>>>,
    /// What is asked after that.
    waiting: VecDeque<(Channels, Question)>,
}

impl Inquiry {
    pub(crate) fn new(interface: &str, jitter: Jitter, now: Instant) -> Self {
        let (interface, schedule) = (interface.to_owned(), Schedule::new(jitter, now));
        Self { interface, schedule, asking: None, waiting: VecDeque::new() }
    }

    /// The link is up, and this is the revision of what is wanted.
    pub(crate) fn heard(&mut self, revision: u32, joined: &Joined, now: Instant) {
        if self.asking.is_none() && self.schedule.is_due(revision, now) {
            self.ask(Question::Wanted, joined);
        }
    }

    /// Offers the machine's new key, which is on disk already.
    pub(crate) fn offer(&mut self, key: PublicKey, joined: &Joined) {
        self.ask(Question::Offer(NewKey { key }), joined);
    }

    /// Tells that the gateway's next key is on disk.
    pub(crate) fn confirm(&mut self, key: PublicKey, joined: &Joined) {
        self.ask(Question::Confirm(KnownKey { key }), joined);
    }

    fn ask(&mut self, question: Question, joined: &Joined) {
        self.waiting.push_back((channels(&self.interface, joined), question));
        if self.asking.is_none() {
            self.ask_next();
        }
    }

    fn ask_next(&mut self) {
        let next = self.waiting.pop_front();
        self.asking = next.map(|(channels, question)| tokio::spawn(ask(channels, question)));
    }

    /// The next good answer; for ever when there is none.
    pub(crate) async fn answer(&mut self) -> Said {
        loop {
            let Some(asking) = &mut self.asking else {
                return std::future::pending().await;
            };
            let answer = asking.await;
            self.asking = None;
            match answer {
                Ok(Ok(said)) => {
                    self.ask_next();
                    if let Said::Wanted(wanted) = &said {
                        self.schedule.answered(wanted.revision, Instant::now());
                    }
                    return said;
                }
                Ok(Err(error)) => log::debug!("{}", journal_text(&error)),
                Err(panicked) => log::error!("asking the gateway: {panicked}"),
            }
            self.failed(Instant::now());
        }
    }

    /// What was told could not be written down: to be asked for again, and what follows from it.
    pub(crate) fn failed(&mut self, now: Instant) {
        self.waiting.clear();
        self.schedule.failed(now);
    }
}

impl Drop for Inquiry {
    fn drop(&mut self) {
        if let Some(asking) = &self.asking {
            asking.abort();
        }
    }
}

/// What the machine is when it does as it is told. It makes itself a new key when it is to have one, and forgets
/// one that was given up before the gateway knew it.
///
/// # Errors
/// When the system has no randomness to give.
pub(crate) fn followed(joined: &Joined, told: Membership) -> Result<Joined, getrandom::Error> {
    let next = match (&joined.next, told.rotate) {
        (None, true) => Some(PrivateKey::generate()?),
        (Some(_), false) if told.key == joined.key.public() => None,
        (next, _) => next.clone(),
    };
    let next_gateway = told.next_gateway.filter(|key| *key != joined.gateway);
    let Membership { endpoint, welcome, serving, .. } = told;
    // The last one that is known to be right, of which the gateway may have lost sight.
    let proven = joined.former.as_ref().unwrap_or(&joined.endpoint);
    let former = Some(proven.clone()).filter(|proven| *proven != endpoint);
    Ok(Joined { next, next_gateway, endpoint, former, welcome, serving, ..joined.clone() })
}

/// The ways to the gateway, one for each address family that both ends have.
pub(crate) fn channels(interface: &str, joined: &Joined) -> Channels {
    ways(interface, &joined.welcome.addresses, &joined.welcome.gateway)
}

/// The same from the addresses of both.
pub(crate) fn ways(interface: &str, own: &[IpNet], gateway: &[IpAddr]) -> Channels {
    let own =
        |gateway: &IpAddr| own.iter().map(IpNet::addr).find(|address| address.is_ipv4() == gateway.is_ipv4());
    let channel = |gateway: &IpAddr| {
        let to = SocketAddr::new(*gateway, PORT);
        Some(Channel { interface: interface.to_owned(), from: own(gateway)?, to })
    };
    gateway.iter().filter_map(channel).collect()
}

async fn ask(channels: Channels, question: Question) -> Result<Said, Error> {
    let answered = match &question {
        Question::Wanted => channels.get(PATH, PATIENCE).await,
        Question::Offer(key) => channels.post(KEY_PATH, key, PATIENCE).await,
        Question::Confirm(key) => channels.post(NEXT_GATEWAY_PATH, key, PATIENCE).await,
    };
    match answered? {
        (StatusCode::OK, body) => read(&question, &body),
        (status, _) => Err(Error::Status(status)),
    }
}

fn read(question: &Question, body: &[u8]) -> Result<Said, Error> {
    match question {
        Question::Wanted => {
            let wanted: Membership = serde_json::from_slice(body)?;
            enrol::check(&wanted.welcome).map_err(Error::Unusable)?;
            Ok(Said::Wanted(Box::new(wanted)))
        }
        Question::Offer(_) => Ok(Said::Agreed),
        Question::Confirm(_) => Ok(Said::Noted),
    }
}

/// When to ask. Pure: who calls says what time it is.
#[derive(Debug)]
struct Schedule {
    jitter: Jitter,
    known: Option<u32>,
    /// When it is asked although nothing is new.
    next: Instant,
    /// Nothing is asked before.
    quiet_until: Instant,
    failures: u32,
}

impl Schedule {
    fn new(jitter: Jitter, now: Instant) -> Self {
        Self { jitter, known: None, next: now, quiet_until: now, failures: 0 }
    }

    fn is_due(&self, revision: u32, now: Instant) -> bool {
        let is_new = revision != UNKNOWN && self.known != Some(revision);
        now >= self.quiet_until && (is_new || now >= self.next)
    }

    fn answered(&mut self, revision: u32, now: Instant) {
        self.known = Some(revision);
        self.failures = 0;
        self.next = now + self.jitter.around(EVERY);
        self.quiet_until = now + QUIET;
    }

    fn failed(&mut self, now: Instant) {
        let pause = RETRY.0.saturating_mul(1 << self.failures.min(8)).min(RETRY.1);
        self.failures += 1;
        self.known = None;
        self.quiet_until = now + self.jitter.around(pause);
    }
}

#[cfg(test)]
mod tests {
    use beffroi_protocol::code::Endpoint;

    use super::*;
    use crate::state::tests::joined;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn it_is_asked_at_the_start_when_something_is_new_and_once_a_day() {
        let start = Instant::now();
        let mut schedule = Schedule::new(Jitter::new(7), start);
        assert!(schedule.is_due(5, start));
        schedule.answered(5, start);
        let check = |schedule: &Schedule, revision, seconds: u32, expected| {
            assert_eq!(schedule.is_due(revision, start + seconds * SECOND), expected, "{revision} {seconds}");
        };
        check(&schedule, 5, 60, false);
        check(&schedule, UNKNOWN, 60, false);
        check(&schedule, 6, 1, false);
        check(&schedule, 6, 10, true);
        check(&schedule, 5, 12 * 60 * 60, false);
        check(&schedule, 5, 30 * 60 * 60, true);
    }

    #[test]
    fn a_gateway_that_does_not_answer_is_asked_less_and_less() {
        let start = Instant::now();
        let mut schedule = Schedule::new(Jitter::new(7), start);
        let mut asked = Vec::new();
        for second in 0..24 * 60 * 60 {
            let now = start + second * SECOND;
            if schedule.is_due(5, now) {
                asked.push(second);
                schedule.failed(now);
            }
        }
        assert!(asked[1] < 20 && asked.len() < 40, "{asked:?}");
    }

    /// That nothing is to change.
    fn told_by(joined: &Joined) -> Membership {
        Membership {
            revision: 1,
            endpoint: joined.endpoint.clone(),
            welcome: joined.welcome.clone(),
            key: joined.key.public(),
            rotate: false,
            next_gateway: None,
            release: None,
            serving: None,
            measure: None,
        }
    }

    /// What becomes of a new key, by what the gateway says.
    #[test]
    fn a_new_key_is_kept_until_the_gateway_is_known_to_have_the_old_one() {
        let next = PrivateKey::from_bytes([7; 32]);
        let check = |made: bool, rotate: bool, known: PublicKey, expected: bool| {
            let joined = Joined { next: made.then(|| next.clone()), ..joined() };
            let told = Membership { key: known, rotate, ..told_by(&joined) };
            let followed = followed(&joined, told).expect("the system has randomness");
            assert_eq!(followed.next.is_some(), expected, "{made} {rotate} {known}");
            assert!(!made || !expected || followed.next == Some(next.clone()), "it is not made anew");
        };
        let (old, new) = (joined().key.public(), next.public());
        check(false, false, old, false);
        check(false, true, old, true);
        check(true, true, old, true);
        check(true, false, old, false);
        check(true, false, new, true);
    }

    #[test]
    fn the_last_proven_endpoint_is_kept_until_the_new_one_is() {
        let [first, typo, second] = ["a.example.fr:1", "b.example.fr:1", "c.example.fr:1"]
            .map(|text| text.parse::<Endpoint>().expect("an endpoint"));
        let check = |before: (&Endpoint, Option<&Endpoint>), told: &Endpoint, former: Option<&Endpoint>| {
            let joined = Joined { endpoint: before.0.clone(), former: before.1.cloned(), ..joined() };
            let told = Membership { endpoint: told.clone(), ..told_by(&joined) };
            let followed = followed(&joined, told.clone()).expect("the system has randomness");
            assert_eq!((&followed.endpoint, followed.former.as_ref()), (&told.endpoint, former));
        };
        check((&first, None), &first, None);
        check((&first, None), &typo, Some(&first));
        check((&typo, Some(&first)), &typo, Some(&first));
        check((&typo, Some(&first)), &second, Some(&first));
        check((&typo, Some(&first)), &first, None);
    }

    #[test]
    fn both_families_are_tried() {
        let ways: Vec<_> = channels("beffroi", &joined())
            .iter()
            .map(|way| (way.from.to_string(), way.to.to_string()))
            .collect();
        let way = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        assert_eq!(ways, [way("10.66.1.0", "10.66.0.1:4710"), way("fd00::100", "[fd00::1]:4710")]);
    }
}
