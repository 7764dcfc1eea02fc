//! What is done about a gateway that does not answer: a new handshake, another address, another way. Pure.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use beffroi_protocol::probe::Carrier;

use super::{Action, Flying, Keeper, Link, PROBE_EVERY, Patience, Recovery};

/// So many misses in a row start the recovery.
const MISSES: u32 = 2;
/// Between two attempts of the recovery: doubles from the first to the second.
const RETRY: (Duration, Duration) = (Duration::from_secs(4), Duration::from_secs(60));

impl Keeper {
    pub(super) fn missed(&mut self, flying: &Flying, now: Instant, actions: &mut Vec<Action>) {
        if flying.patience == Patience::Trial {
            self.trial_failed(flying, now, actions);
            return;
        }
        self.line.lost(flying.sequence);
        self.misses += 1;
        if self.misses.is_multiple_of(MISSES) {
            self.service += 1;
        }
        let silence = now.saturating_duration_since(self.last_answer.unwrap_or(self.start));
        self.next_probe = match Link::of_age(Some(silence)) {
            // Nobody waits for an answer any more: a line that pays by the byte is spared.
            Link::Offline => now + self.jitter.between(PROBE_EVERY.0, PROBE_EVERY.1),
            Link::Never | Link::Online | Link::Doubtful => now,
        };
        // An answer to an earlier probe says as well that the session lives.
        let is_silent = self.last_answer.is_none_or(|at| at < flying.sent);
        let enough = self.misses >= MISSES || (flying.patience == Patience::Short && is_silent);
        match &self.recovery {
            None if enough => self.attempt(0, 0, now, actions),
            _ if self.is_heard => {}
            Some(_) if self.ways.can_change() => self.board(now, actions),
            Some(_) if self.ways.want_carrier() => actions.push(Action::OpenCarrier),
            None | Some(_) => {}
        }
    }

    /// The first attempt goes where the gateway was, each further one to the next address. The first is
    /// made at once, for a single machine that is switched on; the pauses after it are spread, so that
    /// town halls that come back together from one power cut, or call a gateway that is not up yet,
    /// fall out of step. While something is heard, nobody is called: a new handshake would lose what is on
    /// its way.
    pub(super) fn attempt(&mut self, attempt: u32, calls: u32, now: Instant, actions: &mut Vec<Action>) {
        let pause = RETRY.0.saturating_mul(1 << attempt.min(4)).min(RETRY.1);
        let next = now + self.jitter.around(pause);
        self.recovery =
            Some(Recovery { attempt: attempt + 1, calls: calls + u32::from(!self.is_heard), next });
        if attempt > 0 {
            actions.push(Action::Examine);
        }
        actions.push(Action::Lookup);
        if self.is_heard {
            self.probe(Patience::Usual, now, actions);
            return;
        }
        if self.ways.turn(calls) == Carrier::Tls {
            self.board(now, actions);
            return;
        }
        self.ways.use_udp();
        let next = if calls == 0 { self.endpoint } else { self.next_endpoint() };
        if let Some(endpoint) = next {
            self.renew(endpoint, now, actions);
        }
    }

    fn next_endpoint(&self) -> Option<SocketAddr> {
        let after = self.endpoints.iter().skip_while(|endpoint| Some(**endpoint) != self.endpoint).nth(1);
        after.or(self.endpoints.first()).copied().or(self.endpoint)
    }

    pub(super) fn renew(&mut self, endpoint: SocketAddr, now: Instant, actions: &mut Vec<Action>) {
        self.endpoint = Some(endpoint);
        actions.push(Action::Renew(endpoint));
        self.probe(Patience::Usual, now, actions);
    }

    /// The carrier is given its time before the recovery goes on.
    fn board(&mut self, now: Instant, actions: &mut Vec<Action>) {
        if let Some(recovery) = &mut self.recovery {
            recovery.next = recovery.next.max(now + RETRY.0);
        }
        self.ride(now, actions);
    }

    pub(super) fn ride(&mut self, now: Instant, actions: &mut Vec<Action>) {
        self.ways.use_carrier(now);
        actions.push(Action::Ride);
        self.probe(Patience::Usual, now, actions);
    }

    /// While UDP does not answer, the carrier is taken as soon as it stands. A new connection of a carrier in use
    /// is made known to the gateway, which answers to wherever the last good packet came from.
    pub(super) fn connected(&mut self, is_ready: bool, now: Instant, actions: &mut Vec<Action>) {
        self.ways.connected(is_ready);
        match (is_ready, self.ways.used()) {
            (true, Carrier::Udp) if self.recovery.is_some() && !self.is_heard => self.board(now, actions),
            (true, Carrier::Tls) => self.probe(Patience::Usual, now, actions),
            _ => {}
        }
    }

    /// One packet of the living session goes by UDP, and the gateway answers by the way that it came. When none
    /// comes, the session is in the carrier again and has lost what this machine sent meanwhile.
    pub(super) fn try_udp(&mut self, now: Instant, actions: &mut Vec<Action>) {
        actions.push(Action::Lookup);
        let Some(endpoint) = self.next_endpoint() else {
            self.ways.trial_failed(now);
            return;
        };
        self.endpoint = Some(endpoint);
        actions.push(Action::Try(endpoint));
        self.probe(Patience::Trial, now, actions);
    }

    fn trial_failed(&mut self, flying: &Flying, now: Instant, actions: &mut Vec<Action>) {
        self.line.forget(flying.sequence);
        self.ways.trial_failed(now);
        actions.push(Action::Return);
        self.next_probe = now;
    }
}
