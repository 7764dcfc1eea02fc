//! With which key this machine calls, and which key of the gateway it calls. Pure: who calls says what time it is.
//!
//! While a key is being exchanged at either end, there are several pairs that may be the right one: the gateway
//! decides, and its answer may have been lost. Each gets its turn until one is answered, so that whatever was
//! killed at whatever moment, the link comes back by itself.

use std::time::{Duration, Instant};

use beffroi_protocol::membership::CHANGE_AFTER;
use beffroi_protocol::{PrivateKey, PublicKey};

use crate::state::Joined;

/// For a handshake and a probe over a slow line, in the first round; each further one takes twice as long, up to
/// the second, so that a slower line is given its time and one that is cut is spared.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(3), Duration::from_secs(60));
/// The same just after a change that was agreed: the gateway may be a moment late.
const INSISTENCE: Duration = Duration::from_secs(1);
/// For a gateway that says that it changes its key to do so.
const MOMENT: Duration = Duration::from_millis(500);
/// How often the gateway is called again then, before the former identity has its turn.
const INSIST: u32 = 3;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) key: PrivateKey,
    pub(crate) gateway: PublicKey,
}

impl Identity {
    /// That which was answered last comes first.
    pub(crate) fn all(joined: &Joined) -> Vec<Self> {
        let keys = |gateway| {
            let keys = std::iter::once(&joined.key).chain(&joined.next);
            keys.map(move |key| Self { key: key.clone(), gateway })
        };
        joined.gateways().into_iter().flat_map(keys).collect()
    }

    /// What the machine is from now on: this identity was answered, the others are over or to come.
    pub(crate) fn settled(&self, joined: &Joined) -> Joined {
        let is_next = joined.next.as_ref() == Some(&self.key);
        let is_next_gateway = joined.next_gateway == Some(self.gateway);
        Joined {
            key: self.key.clone(),
            next: joined.next.clone().filter(|_| !is_next),
            gateway: self.gateway,
            next_gateway: joined.next_gateway.filter(|_| !is_next_gateway),
            ..joined.clone()
        }
    }
}

/// Whose turn it is.
#[derive(Debug)]
pub(crate) struct Turns {
    identities: Vec<Identity>,
    current: usize,
    /// Which probe was the first one of the current identity: what answers an earlier one says nothing of it.
    first: u32,
    /// How long each is waited for.
    patience: Duration,
    /// When the next one gets its turn, should nobody answer.
    unanswered: Option<Instant>,
    /// When an end changes keys, as was agreed, and to what.
    agreed: Option<(Instant, Identity)>,
    /// How often the current one is tried again before the next.
    insist: u32,
}

impl Turns {
    pub(crate) fn new(joined: &Joined) -> Self {
        Self {
            identities: Identity::all(joined),
            current: 0,
            first: 0,
            patience: PATIENCE.0,
            unanswered: None,
            agreed: None,
            insist: 0,
        }
    }

    pub(crate) fn current(&self) -> &Identity {
        &self.identities[self.current]
    }

    /// The state has changed. The identity in use stays in use, if it is one still.
    pub(crate) fn follow(&mut self, joined: &Joined) {
        let identities = Identity::all(joined);
        self.current = identities.iter().position(|identity| identity == self.current()).unwrap_or(0);
        self.identities = identities;
    }

    /// The gateway is being called. Who calls again does not put off the next one's turn.
    pub(crate) fn called(&mut self, now: Instant) {
        let patience = if self.insist > 0 { INSISTENCE } else { self.patience };
        if self.identities.len() > 1 {
            self.unanswered.get_or_insert(now + patience);
        }
    }

    /// What was waited for may have been the line's fault, and the line is another now.
    pub(crate) fn network_changed(&mut self) {
        self.patience = PATIENCE.0;
        self.unanswered = None;
    }

    /// The gateway answered the probe of this number. Gives the identity by which it did, if that is not yet the
    /// one on disk.
    pub(crate) fn answered(&mut self, sequence: u32) -> Option<&Identity> {
        // Numbers go round: an earlier one is far behind.
        if sequence.wrapping_sub(self.first) > u32::MAX / 2 {
            return None;
        }
        self.unanswered = None;
        self.insist = 0;
        self.patience = PATIENCE.0;
        (self.current > 0).then(|| self.current())
    }

    /// The gateway changes to the machine's new key in a moment.
    pub(crate) fn agreed(&mut self, now: Instant) {
        let current = self.current();
        let is_next = |one: &&Identity| one.gateway == current.gateway && one.key != current.key;
        let next = self.identities.iter().find(is_next).cloned();
        self.agree(now + CHANGE_AFTER, next.filter(|_| self.identities[0].key == current.key));
    }

    /// The gateway is about to have its next key. One of which nothing is known is found out about by its silence.
    pub(crate) fn gateway_changes(&mut self, now: Instant) {
        let current = self.current();
        let is_next = |one: &&Identity| one.key == current.key && one.gateway != current.gateway;
        let next = self.identities.iter().find(is_next).cloned();
        self.agree(now + MOMENT, next.filter(|_| self.identities[0].gateway == current.gateway));
    }

    fn agree(&mut self, at: Instant, identity: Option<Identity>) {
        self.agreed = identity.map(|identity| (at, identity)).or(self.agreed.take());
    }

    /// When [`Turns::change`] is due.
    pub(crate) fn wake(&self) -> Option<Instant> {
        self.unanswered.into_iter().chain(self.agreed.as_ref().map(|(at, _)| *at)).min()
    }

    /// Whether the gateway is to be called now, with what may be another identity. `next` is the number of the next
    /// probe.
    pub(crate) fn change(&mut self, now: Instant, next: u32) -> bool {
        let agreed = self.agreed.take_if(|(at, _)| *at <= now).map(|(_, identity)| identity);
        let agreed = agreed.and_then(|agreed| self.identities.iter().position(|one| *one == agreed));
        let is_silent = self.unanswered.take_if(|at| *at <= now).is_some();
        if let Some(agreed) = agreed.filter(|agreed| *agreed != self.current) {
            self.insist = INSIST;
            self.current = agreed;
            self.first = next;
            return true;
        }
        if is_silent && self.insist > 0 {
            self.insist -= 1;
        } else if is_silent {
            self.current = (self.current + 1) % self.identities.len();
            self.first = next;
        }
        if is_silent && self.current == 0 {
            self.patience = (self.patience * 2).min(PATIENCE.1);
        }
        is_silent
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::tests::joined;

    const SECOND: Duration = Duration::from_secs(1);
    const NEXT: PublicKey = PublicKey::from_bytes([8; 32]);

    fn next() -> PrivateKey {
        PrivateKey::from_bytes([7; 32])
    }

    fn exchanging() -> Joined {
        Joined { next: Some(next()), next_gateway: Some(NEXT), ..joined() }
    }

    #[test]
    fn a_machine_that_exchanges_nothing_has_one_identity() {
        let now = Instant::now();
        let mut turns = Turns::new(&joined());
        turns.called(now);
        assert_eq!(turns.wake(), None);
        assert_eq!(turns.answered(0), None);
    }

    #[test]
    fn each_identity_gets_its_turn_until_one_is_answered() {
        let mut now = Instant::now();
        let mut turns = Turns::new(&exchanging());
        let mut seen = Vec::new();
        for _ in 0..4 {
            seen.push(turns.current().clone());
            turns.called(now);
            assert!(!turns.change(now + SECOND, 0), "it is given its time");
            now += PATIENCE.0;
            assert!(turns.change(now, 0));
        }
        assert_eq!(seen, Identity::all(&exchanging()));
        assert_eq!(*turns.current(), seen[0], "the first again");
        turns.called(now);
        assert_eq!(turns.answered(0), None);
        assert!(!turns.change(now + 60 * SECOND, 0), "who is answered stays");
    }

    #[test]
    fn an_answer_to_the_former_identity_says_nothing_of_this_one() {
        let now = Instant::now();
        let mut turns = Turns::new(&exchanging());
        turns.called(now);
        assert!(turns.change(now + PATIENCE.0, 7));
        turns.called(now + PATIENCE.0);
        assert_eq!(turns.answered(6), None);
        assert!(turns.wake().is_some(), "it is still waited for");
        assert!(turns.answered(7).is_some());

        let mut turns = Turns::new(&exchanging());
        turns.called(now);
        assert!(turns.change(now + PATIENCE.0, u32::MAX));
        assert_eq!(turns.answered(u32::MAX - 1), None);
        assert!(turns.answered(3).is_some(), "numbers go round");
    }

    #[test]
    fn a_cut_line_is_called_less_and_less_often() {
        let mut now = Instant::now();
        let mut turns = Turns::new(&Joined { next: Some(next()), ..joined() });
        let mut pauses = Vec::new();
        for _ in 0..12 {
            turns.called(now);
            turns.called(now + SECOND);
            let due = turns.wake().expect("there are two");
            pauses.push((due - now).as_secs());
            now = due;
            assert!(turns.change(now, 0));
        }
        assert_eq!(pauses, [3, 3, 6, 6, 12, 12, 24, 24, 48, 48, 60, 60]);
        turns.called(now);
        turns.network_changed();
        turns.called(now);
        assert_eq!(turns.wake(), Some(now + PATIENCE.0), "another line");
    }

    #[test]
    fn what_was_agreed_happens_although_the_old_key_is_still_answered() {
        let mut now = Instant::now();
        let joined = Joined { next: Some(next()), ..joined() };
        let mut turns = Turns::new(&joined);
        turns.agreed(now);
        assert_eq!(turns.answered(0), None);
        assert!(!turns.change(now + SECOND, 0));
        assert!(turns.change(now + CHANGE_AFTER, 0));
        for _ in 0..INSIST {
            now += CHANGE_AFTER;
            turns.called(now);
            assert!(turns.change(now + INSISTENCE, 0), "a gateway that is late is called again");
            assert_eq!(turns.current().key, next());
        }
        turns.called(now);
        let answered = turns.answered(0).expect("it is not on disk yet").clone();
        let settled = answered.settled(&joined);
        assert_eq!((&settled.key, &settled.next), (&next(), &None));
        turns.follow(&settled);
        assert_eq!(turns.answered(0), None, "it is on disk now");
        assert_eq!(*turns.current(), answered);
    }

    #[test]
    fn a_gateway_that_says_so_is_called_by_its_next_key_at_once() {
        let now = Instant::now();
        let mut turns = Turns::new(&exchanging());
        turns.gateway_changes(now);
        assert_eq!(turns.answered(0), None, "an answer that was under way");
        assert!(turns.change(now + MOMENT, 0));
        assert_eq!((turns.current().gateway, &turns.current().key), (NEXT, &joined().key));
        turns.called(now + MOMENT);
        assert!(turns.change(now + MOMENT + INSISTENCE, 0));
        assert_eq!(turns.current().gateway, NEXT, "a gateway that is late is called again");
        let settled = turns.answered(0).expect("it is not on disk yet").settled(&exchanging());
        assert_eq!((settled.gateway, settled.next_gateway), (NEXT, None));
        turns.follow(&settled);
        turns.gateway_changes(now);
        assert!(!turns.change(now + 60 * SECOND, 0), "said again, it changes nothing");
    }

    #[test]
    fn a_machine_that_knows_no_next_key_of_the_gateway_stays_where_it_is() {
        let now = Instant::now();
        let mut turns = Turns::new(&joined());
        turns.gateway_changes(now);
        assert_eq!(turns.wake(), None);
    }

    #[test]
    fn what_is_still_to_come_is_kept() {
        let check = |number: usize, next_is_kept: bool, next_gateway_is_kept: bool| {
            let settled = Identity::all(&exchanging())[number].settled(&exchanging());
            let kept = (settled.next.is_some(), settled.next_gateway.is_some());
            assert_eq!(kept, (next_is_kept, next_gateway_is_kept), "{number}");
        };
        check(0, true, true);
        check(1, false, true);
        check(2, true, false);
        check(3, false, false);
    }
}
