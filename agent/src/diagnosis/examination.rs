//! The daemon's own diagnosis: what it remembers, what it is looking for just now, and what it has found. It is
//! told when the gateway answers, when it does not, and when the network changes; it decides nothing about
//! the link.

use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use beffroi_protocol::diagnosis::Cause;
use beffroi_protocol::probe::Answer;
use tokio::task::JoinHandle;

use super::memory::Memory;
use super::telling::Telling;
use super::{CLOCK_RIGHT, Facts, Finding, Question, Told, Web, collect, diagnose, network};
use crate::channel::Channels;

/// The clock is written down at most that often: it is for the next start.
const WRITE_EVERY: i64 = 3_600;

#[derive(Debug)]
pub(crate) struct Examination {
    dir: PathBuf,
    memory: Memory,
    /// What of it is on disk.
    written: Memory,
    /// The network on which the gateway answers.
    network: Option<String>,
    /// What the web said on this network.
    web: Option<Web>,
    looking: Option<JoinHandle<Facts>>,
    findings: Vec<Finding>,
    clock: Option<Clock>,
    handshake: Option<Instant>,
    is_known_network: bool,
    telling: Telling,
    /// What was found last since then; it outlives a change of the network, which may be the cure.
    cause: Option<Cause>,
    /// Since the gateway was last reached, or since the start.
    since: Instant,
    /// What of this start was told already: a clock stays as it is.
    has_told_clock: bool,
}

/// What the gateway's clock showed, in seconds since 1970, and when that was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Clock {
    gateway: i64,
    at: Instant,
}

/// What is known, for whoever asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sight {
    pub(crate) handshake: Option<Instant>,
    /// By how many seconds this machine's clock is ahead of the gateway's.
    pub(crate) clock: Option<i64>,
    pub(crate) is_revoked: bool,
    pub(crate) is_known_network: bool,
    pub(crate) findings: Vec<Told>,
}

impl Examination {
    pub(crate) fn new(dir: PathBuf) -> Self {
        let memory = Memory::load(&dir);
        Self {
            written: memory.clone(),
            memory,
            dir,
            network: None,
            web: None,
            looking: None,
            findings: Vec::new(),
            clock: None,
            handshake: None,
            is_known_network: false,
            telling: Telling::default(),
            cause: None,
            since: Instant::now(),
            has_told_clock: false,
        }
    }

    /// The gateway answered: whatever was wrong is over.
    pub(crate) async fn answered(&mut self, answer: &Answer, tunnel: &str, now: Instant) {
        self.give_up();
        if let Some(cause) = self.cause.take() {
            self.telling.note(cause, now.saturating_duration_since(self.since), now);
        }
        self.since = now;
        self.findings.clear();
        self.clock = Some(Clock { gateway: answer.clock / 1_000, at: now });
        self.memory.clock = answer.clock / 1_000;
        self.memory.is_revoked = false;
        if self.network.is_none() {
            self.network = network(tunnel).await;
            self.network.iter().for_each(|network| self.memory.meet(network));
            self.is_known_network = self.network.is_some();
        }
        self.remember();
    }

    /// Tells the gateway what was wrong, while it answers.
    pub(crate) async fn tell(&mut self, channels: impl FnOnce() -> Channels, now: Instant) {
        let off = self.sight(now, SystemTime::now()).clock.filter(|off| off.abs() >= CLOCK_RIGHT);
        if let Some(off) = off.filter(|_| !self.has_told_clock) {
            let cause = if off < 0 { Cause::ClockBehind } else { Cause::ClockAhead };
            self.telling.note(cause, Duration::ZERO, now);
            self.has_told_clock = true;
        }
        self.telling.go_on(channels, now).await;
    }

    /// The gateway has said that it lets this machine in no more.
    pub(crate) fn dismissed(&mut self) {
        self.memory.is_revoked = true;
        self.remember();
    }

    /// The gateway has said so, and has not answered since.
    pub(crate) fn is_dismissed(&self) -> bool {
        self.memory.is_revoked
    }

    /// What was found holds no more, and the web may be asked again.
    pub(crate) fn network_changed(&mut self) {
        self.give_up();
        self.network = None;
        self.web = None;
        self.findings.clear();
    }

    /// The gateway does not answer. One look at a time. `handshake` is how long ago the last one was.
    pub(crate) async fn look(&mut self, question: Question, handshake: Option<Duration>, now: Instant) {
        self.handshake = handshake.and_then(|age| now.checked_sub(age));
        let network = network(&question.tunnel).await;
        self.is_known_network = network.is_some_and(|network| self.memory.knows(&network));
        if self.looking.is_some() {
            return;
        }
        let sight = self.sight(now, SystemTime::now());
        let mut question = Question { web: self.web.clone(), ..question };
        question.inside.handshake = handshake;
        question.inside.clock = sight.clock;
        question.inside.is_revoked = sight.is_revoked;
        question.inside.is_known_network = sight.is_known_network;
        self.looking = Some(tokio::spawn(collect(question)));
    }

    /// Returns when a look has ended; for ever when none is under way.
    pub(crate) async fn looked(&mut self) {
        let Some(looking) = &mut self.looking else {
            return std::future::pending().await;
        };
        let facts = looking.await;
        self.looking = None;
        let Ok(facts) = facts else { return };
        log::debug!("{facts:?}");
        if facts.web != Web::Unasked {
            self.web = Some(facts.web.clone());
        }
        let findings = diagnose(&facts);
        let first = |findings: &[Finding]| findings.first().map(|finding| finding.cause);
        if first(&findings) != first(&self.findings)
            && let Some(cause) = first(&findings)
        {
            log::info!("the gateway does not answer: {cause:?}");
        }
        self.cause = first(&findings).or(self.cause);
        self.findings = findings;
    }

    /// `wall` is this machine's clock.
    pub(crate) fn sight(&self, now: Instant, wall: SystemTime) -> Sight {
        let wall = seconds(wall);
        let clock = match self.clock {
            Some(Clock { gateway, at }) => {
                let since = now.saturating_duration_since(at).as_secs();
                Some(wall - gateway - i64::try_from(since).unwrap_or(i64::MAX))
            }
            None => self.memory.behind(wall),
        };
        Sight {
            handshake: self.handshake,
            clock,
            is_revoked: self.memory.is_revoked,
            is_known_network: self.is_known_network,
            findings: self.findings.iter().map(Finding::told).collect(),
        }
    }

    fn give_up(&mut self) {
        if let Some(looking) = self.looking.take() {
            looking.abort();
        }
    }

    fn remember(&mut self) {
        let is_news = !self.memory.is_but_for_the_clock(&self.written);
        let is_old = (self.memory.clock - self.written.clock).abs() >= WRITE_EVERY;
        if !is_news && !is_old {
            return;
        }
        if let Err(error) = self.memory.store(&self.dir) {
            log::debug!("what is worth remembering cannot be written: {error}");
        }
        // A full disk is not tried every ten seconds.
        self.written = self.memory.clone();
    }
}

impl Drop for Examination {
    fn drop(&mut self) {
        self.give_up();
    }
}

fn seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wall(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    async fn answered(examination: &mut Examination, seconds: i64, now: Instant) {
        let answer = Answer { sequence: 1, clock: seconds * 1_000, revision: 0 };
        examination.answered(&answer, "beffroi", now).await;
    }

    #[tokio::test]
    async fn the_gateway_s_clock_goes_on_while_it_is_silent() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let now = Instant::now();
        let mut examination = Examination::new(dir.path().to_owned());
        assert_eq!(examination.sight(now, wall(10)).clock, None);
        answered(&mut examination, 100_000, now).await;
        let later = now + Duration::from_secs(50);
        let check = |seconds, expected| {
            assert_eq!(examination.sight(later, wall(seconds)).clock, Some(expected), "{seconds}");
        };
        check(100_050, 0);
        check(100_000, -50);
        check(107_250, 7_200);
    }

    #[tokio::test]
    async fn a_clock_that_was_set_back_is_noticed_at_the_next_start() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let now = Instant::now();
        let mut before = Examination::new(dir.path().to_owned());
        answered(&mut before, 100_000, now).await;
        answered(&mut before, 100_012, now).await;
        let after = Examination::new(dir.path().to_owned());
        assert_eq!(after.sight(now, wall(96_400)).clock, Some(-3_600));
        assert_eq!(after.sight(now, wall(200_000)).clock, None, "it may have been off for long");
    }
}
