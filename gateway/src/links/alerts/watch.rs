//! When an alert is raised, when it is cleared, and what is its cause. Pure: the clocks are read elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::memory::{self, Clocks, Memory};
use super::{Alert, Event, Standing};
use crate::directory::CommuneId;
use crate::links::Service;
use crate::links::state::{ONLINE_UNTIL, Seen};

/// A link that is back must stay for as long before it counts as back: one that comes and goes is one alert.
const CLEAR_AFTER: Duration = Duration::from_secs(300);
/// Town halls that go down within so long of each other have one cause: their last proofs of life are 15 s to two
/// minutes apart.
const TOGETHER: Duration = Duration::from_secs(180);
/// Fewer that go down together are chance.
const FEWEST: usize = 3;
/// netd may be restarted by an update.
const NETD_AFTER: Duration = Duration::from_secs(120);
/// Time between two looks that is longer than this is not counted: the process was held up.
const LONGEST: Duration = Duration::from_secs(60);

/// What is seen at one moment.
#[derive(Debug, Clone)]
pub(super) struct Look {
    pub(super) now: Instant,
    pub(super) netd: Service,
    /// Every commune that has a machine.
    pub(super) communes: BTreeMap<CommuneId, Sight>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Sight {
    pub(super) seen: Option<Seen>,
    /// Since its last proof of life.
    pub(super) age: Option<Duration>,
    pub(super) is_open: bool,
}

#[derive(Debug)]
pub(super) struct Watch {
    /// Down for so long in its opening hours, and a town hall is told of.
    after: Duration,
    last: Option<Instant>,
    troubles: BTreeMap<CommuneId, Trouble>,
    line: Option<Line>,
    /// Since when netd does not do what it is asked.
    netd_silent: Option<Instant>,
    standing: Vec<Standing>,
}

/// A commune that is down, or has not been up for long enough.
#[derive(Debug)]
struct Trouble {
    since: Instant,
    /// How long it was down while it was open.
    open: Duration,
    back: Option<Instant>,
    is_told: bool,
}

/// Communes that went down together.
#[derive(Debug)]
struct Line {
    members: BTreeSet<CommuneId>,
    standing: Standing,
}

impl Watch {
    pub(super) fn new(after: Duration) -> Self {
        let (troubles, standing) = (BTreeMap::new(), Vec::new());
        Self { after, last: None, troubles, line: None, netd_silent: None, standing }
    }

    /// Goes on where a watch before a restart has ended: what it has told of stands, and is not told again.
    pub(super) fn recalling(after: Duration, memory: &Memory, clocks: Clocks) -> Self {
        let mut watch = Self::new(after);
        for (commune, kept) in &memory.troubles {
            let (since, back) = (clocks.instant(kept.since), kept.back.map(|at| clocks.instant(at)));
            let trouble = Trouble { since, open: kept.open, back, is_told: kept.is_told };
            watch.troubles.insert(*commune, trouble);
        }
        watch.line = memory.whole.line.as_ref().map(|line| {
            let members = memory.troubles.iter().filter(|(_, trouble)| trouble.of_the_line);
            let alert = Alert::GatewayLine { down: line.down as usize, of: line.of as usize };
            let standing = Standing { alert, since: clocks.instant(line.since) };
            Line { members: members.map(|(commune, _)| *commune).collect(), standing }
        });
        watch.netd_silent = memory.whole.netd.map(|since| clocks.instant(since));
        watch.standing = watch.found(clocks.now);
        watch
    }

    /// What a restart must not forget.
    pub(super) fn memory(&self, clocks: Clocks) -> Memory {
        let kept = |(commune, trouble): (&CommuneId, &Trouble)| {
            let kept = memory::Trouble {
                since: clocks.timestamp(trouble.since),
                open: trouble.open,
                back: trouble.back.map(|at| clocks.timestamp(at)),
                is_told: trouble.is_told,
                of_the_line: self.is_of_the_line(*commune),
            };
            (*commune, kept)
        };
        let line = self.line.as_ref().and_then(|line| {
            let Alert::GatewayLine { down, of } = line.standing.alert else { return None };
            let since = clocks.timestamp(line.standing.since);
            Some(memory::Line { down: down.try_into().ok()?, of: of.try_into().ok()?, since })
        });
        let netd = self.netd_silent.map(|since| clocks.timestamp(since));
        Memory { troubles: self.troubles.iter().map(kept).collect(), whole: memory::Whole { line, netd } }
    }

    /// Gives what has changed; what stands is [`Watch::standing`].
    pub(super) fn look(&mut self, look: &Look) -> Vec<Event> {
        self.netd_silent = match (look.netd, self.netd_silent) {
            (Service::Answers, _) => None,
            // Not asked yet: as it was before the restart.
            (Service::Unknown, before) => before,
            (Service::Silent { since }, before) => Some(before.map_or(since, |before| before.min(since))),
        };
        let elapsed = self.last.replace(look.now).map(|last| look.now.saturating_duration_since(last));
        let elapsed = elapsed.filter(|elapsed| *elapsed <= LONGEST).unwrap_or_default();
        self.troubles.retain(|commune, _| look.communes.contains_key(commune));
        for (commune, sight) in &look.communes {
            // While netd is silent that is the cause, whatever else there may be.
            let counted = if sight.is_open && self.netd_silent.is_none() { elapsed } else { Duration::ZERO };
            self.see(*commune, sight, look.now, counted);
        }
        if self.netd_silent.is_none() {
            self.blame_the_line(look.communes.values().filter(|sight| sight.seen.is_some()).count());
            self.tell_of_town_halls();
        }
        self.compare(look.now)
    }

    /// In the order in which they want attention.
    pub(super) fn standing(&self) -> Vec<Standing> {
        self.standing.clone()
    }

    fn see(&mut self, commune: CommuneId, sight: &Sight, now: Instant, counted: Duration) {
        match sight.seen {
            Some(Seen::Down) => {
                let since = sight.age.and_then(|age| now.checked_sub(age)).unwrap_or(now);
                let trouble = self.troubles.entry(commune).or_insert_with(|| {
                    // It was down before it was seen to be; since when it is open is not known here.
                    let unseen = (now - since).min(ONLINE_UNTIL).saturating_sub(counted);
                    let open = if counted.is_zero() { Duration::ZERO } else { unseen };
                    Trouble { since, open, back: None, is_told: false }
                });
                trouble.back = None;
                trouble.open += counted;
            }
            Some(Seen::Up) => {
                let Some(trouble) = self.troubles.get_mut(&commune) else { return };
                let back = *trouble.back.get_or_insert(now);
                if now.saturating_duration_since(back) >= CLEAR_AFTER {
                    self.troubles.remove(&commune);
                }
            }
            None => {}
        }
    }

    /// Half of the town halls and at least three, of which one is due to be told of: they are one alert, until not
    /// so many are left.
    fn blame_the_line(&mut self, of: usize) {
        let is_many = |count: usize| count >= FEWEST && 2 * count >= of;
        if let Some(line) = &mut self.line {
            line.members.retain(|member| self.troubles.contains_key(member));
            if is_many(line.members.len()) {
                line.standing.alert = Alert::GatewayLine { down: line.members.len(), of };
                return;
            }
            self.line = None;
        }
        let due = self.troubles.values().filter(|trouble| !trouble.is_told && trouble.open >= self.after);
        let Some(since) = due.map(|trouble| trouble.since).min() else { return };
        let together = |other: Instant| {
            other.saturating_duration_since(since).max(since.saturating_duration_since(other)) <= TOGETHER
        };
        let members: BTreeSet<CommuneId> = self
            .troubles
            .iter()
            .filter(|(_, trouble)| !trouble.is_told && trouble.back.is_none() && together(trouble.since))
            .map(|(commune, _)| *commune)
            .collect();
        if is_many(members.len()) {
            let alert = Alert::GatewayLine { down: members.len(), of };
            self.line = Some(Line { members, standing: Standing { alert, since } });
        }
    }

    fn is_of_the_line(&self, commune: CommuneId) -> bool {
        self.line.as_ref().is_some_and(|line| line.members.contains(&commune))
    }

    fn tell_of_town_halls(&mut self) {
        for (commune, trouble) in &mut self.troubles {
            let has_cause = self.line.as_ref().is_some_and(|line| line.members.contains(commune));
            // One that is back for a moment is not told of; what was told stands until it is back for good.
            let is_due = trouble.open >= self.after && trouble.back.is_none();
            trouble.is_told |= is_due && !has_cause;
        }
    }

    /// What is to be told, in the order in which it wants attention.
    fn found(&self, now: Instant) -> Vec<Standing> {
        let netd = self.netd_silent.filter(|since| now.saturating_duration_since(*since) >= NETD_AFTER);
        let netd = netd.map(|since| Standing { alert: Alert::Netd, since });
        let line = self.line.as_ref().map(|line| line.standing);
        let told = self.troubles.iter().filter(|(_, trouble)| trouble.is_told);
        let town_halls = told
            .map(|(commune, trouble)| Standing { alert: Alert::TownHall(*commune), since: trouble.since });
        netd.into_iter().chain(line).chain(town_halls).collect()
    }

    fn compare(&mut self, now: Instant) -> Vec<Event> {
        let found = self.found(now);
        let before = std::mem::replace(&mut self.standing, found);
        let is_in = |list: &[Standing], one: &Standing| {
            list.iter().any(|other| other.alert.is_about_the_same(one.alert))
        };
        let cleared = before.iter().filter(|one| !is_in(&self.standing, one)).copied().map(Event::Cleared);
        let raised = self.standing.iter().filter(|one| !is_in(&before, one)).copied().map(Event::Raised);
        cleared.chain(raised).collect()
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::*;

    const LOOK: Duration = Duration::from_secs(10);
    const MINUTE: Duration = Duration::from_secs(60);

    /// So many town halls, all of them up and open, and time that passes as told.
    struct World {
        watch: Watch,
        start: Instant,
        look: Look,
        proofs: BTreeMap<CommuneId, Instant>,
    }

    fn commune(number: u32) -> CommuneId {
        number.to_string().parse().expect("a number")
    }

    impl World {
        fn of(count: u32) -> Self {
            let start = Instant::now();
            let sight = Sight { seen: Some(Seen::Up), age: Some(Duration::ZERO), is_open: true };
            let communes = (1..=count).map(|number| (commune(number), sight)).collect();
            let look = Look { now: start, netd: Service::Answers, communes };
            let proofs = (1..=count).map(|number| (commune(number), start)).collect();
            Self { watch: Watch::new(15 * MINUTE), start, look, proofs }
        }

        fn set(&mut self, numbers: impl IntoIterator<Item = u32>, seen: Seen) -> &mut Self {
            for number in numbers {
                let sight = self.look.communes.get_mut(&commune(number)).expect("it is there");
                sight.seen = Some(seen);
            }
            self
        }

        fn down(&mut self, numbers: impl IntoIterator<Item = u32>) -> &mut Self {
            self.set(numbers, Seen::Down)
        }

        fn up(&mut self, numbers: impl IntoIterator<Item = u32>) -> &mut Self {
            self.set(numbers, Seen::Up)
        }

        fn open(&mut self, is_open: bool) -> &mut Self {
            for sight in self.look.communes.values_mut() {
                sight.is_open = is_open;
            }
            self
        }

        fn netd(&mut self, answers: bool) -> &mut Self {
            let since = self.look.now;
            self.look.netd = if answers { Service::Answers } else { Service::Silent { since } };
            self
        }

        /// The gateway's program is stopped, and started after so many minutes. Nobody has been heard yet.
        fn restart(&mut self, minutes: u32) -> &mut Self {
            let wall = Timestamp::UNIX_EPOCH;
            let memory = self.watch.memory(Clocks { now: self.look.now, wall });
            let off = minutes * MINUTE;
            self.look.now += off;
            let wall = wall + SignedDuration::try_from(off).expect("it is short");
            self.watch = Watch::recalling(15 * MINUTE, &memory, Clocks { now: self.look.now, wall });
            self.look.netd = Service::Unknown;
            self
        }

        /// Since which minute each alert stands.
        fn standing(&self) -> Vec<String> {
            let minute = |since: Instant| since.saturating_duration_since(self.start).as_secs() / 60;
            let standing = self.watch.standing().into_iter();
            standing.map(|one| format!("{} since {}", name(one.alert), minute(one.since))).collect()
        }

        /// What is raised (+) and cleared (-) in that time, with the minute at which it is.
        fn pass(&mut self, minutes: u32) -> Vec<String> {
            let mut told = Vec::new();
            for _ in 0..minutes * 6 {
                self.look.now += LOOK;
                for (commune, sight) in &mut self.look.communes {
                    let proof = self.proofs.get_mut(commune).expect("it is there");
                    if sight.seen == Some(Seen::Up) {
                        *proof = self.look.now;
                    }
                    sight.age = Some(self.look.now - *proof);
                }
                let minute = (self.look.now - self.start).as_secs() / 60;
                told.extend(self.watch.look(&self.look).into_iter().map(|event| match event {
                    Event::Raised(one) => format!("{minute} + {}", name(one.alert)),
                    Event::Cleared(one) => format!("{minute} - {}", name(one.alert)),
                }));
            }
            told
        }
    }

    fn name(alert: Alert) -> String {
        match alert {
            Alert::Netd => "netd".to_owned(),
            Alert::GatewayLine { down, of } => format!("line {down} of {of}"),
            Alert::TownHall(commune) => commune.to_string(),
        }
    }

    #[test]
    fn a_town_hall_is_told_of_after_a_while_and_until_it_is_back_for_good() {
        let mut world = World::of(4);
        assert_eq!(world.pass(60), [""; 0]);
        assert_eq!(world.down([2]).pass(14), [""; 0]);
        assert_eq!(world.pass(20), ["75 + 2"]);
        assert_eq!(world.up([2]).pass(4), [""; 0]);
        assert_eq!(world.down([2]).pass(4), [""; 0]);
        assert_eq!(world.up([2]).pass(20), ["107 - 2"]);
        assert!(world.watch.standing().is_empty());
    }

    #[test]
    fn a_link_that_flaps_is_one_alert() {
        let mut world = World::of(4);
        let mut told = Vec::new();
        for _ in 0..30 {
            told.extend(world.down([1]).pass(2));
            told.extend(world.up([1]).pass(1));
        }
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(world.pass(30), ["94 - 1"]);
    }

    #[test]
    fn a_short_cut_is_not_told_of() {
        let mut world = World::of(4);
        assert_eq!(world.down([1]).pass(13), [""; 0]);
        assert_eq!(world.up([1]).pass(6), [""; 0]);
        assert_eq!(world.down([1]).pass(13), [""; 0], "five minutes up is the end of the first cut");
    }

    #[test]
    fn only_the_time_in_which_it_is_open_counts() {
        let mut world = World::of(4);
        world.open(false);
        assert_eq!(world.down([1]).pass(600), [""; 0]);
        assert_eq!(world.open(true).pass(14), [""; 0]);
        assert_eq!(world.open(false).pass(600), [""; 0]);
        assert_eq!(world.open(true).pass(2), ["1215 + 1"]);
        // What was told stands overnight.
        assert_eq!(world.open(false).pass(600), [""; 0]);
        assert_eq!(world.watch.standing().len(), 1);
    }

    #[test]
    fn many_at_once_are_the_line_of_the_gateway() {
        let mut world = World::of(22);
        assert_eq!(world.down(1..=20).pass(16), ["15 + line 20 of 22"]);
        assert_eq!(world.pass(60), [""; 0]);
        // Some are back: it is the same alert, with what is so now.
        assert_eq!(world.up(15..=20).pass(10), [""; 0]);
        assert_eq!(world.watch.standing()[0].alert, Alert::GatewayLine { down: 14, of: 22 });
        // All but two are back: the line is back, and these two have another cause.
        assert_eq!(world.up(3..=20).pass(10), ["91 - line 14 of 22", "91 + 1", "91 + 2"]);
        assert_eq!(world.up([1, 2]).pass(10), ["101 - 1", "101 - 2"]);
    }

    #[test]
    fn some_or_one_after_the_other_are_not_the_line() {
        let mut world = World::of(22);
        assert_eq!(world.down(1..=10).pass(16).len(), 10, "fewer than half");
        let mut world = World::of(4);
        assert_eq!(world.down([1, 2]).pass(16), ["15 + 1", "15 + 2"], "two are chance");
        let mut world = World::of(4);
        world.down([1]).pass(4);
        world.down([2]).pass(4);
        assert_eq!(world.down([3]).pass(20), ["15 + 1", "19 + 2", "23 + 3"]);
    }

    #[test]
    fn netd_is_its_own_cause() {
        let mut world = World::of(22);
        world.pass(1);
        assert_eq!(world.netd(false).pass(4), ["3 + netd"]);
        assert_eq!(world.down(1..=22).pass(60), [""; 0]);
        assert_eq!(world.netd(true).up(1..=22).pass(20), ["65 - netd"]);
        assert_eq!(world.netd(false).pass(1), [""; 0], "a restart is not told of");
    }

    #[test]
    fn an_alert_goes_on_through_a_restart() {
        let mut world = World::of(4);
        world.pass(60);
        assert_eq!(world.down([2]).pass(20), ["75 + 2"]);
        assert_eq!(world.standing(), ["2 since 60"]);
        assert_eq!(world.restart(3).standing(), ["2 since 60"]);
        assert_eq!(world.netd(true).pass(10), [""; 0], "it is not told again");
        assert_eq!(world.up([2]).pass(3), [""; 0]);
        assert_eq!(world.restart(0).netd(true).pass(4), ["98 - 2"], "it was back for three minutes already");
        assert!(world.watch.standing().is_empty());
    }

    #[test]
    fn what_was_not_told_of_yet_is_not_forgotten_by_a_restart() {
        let mut world = World::of(4);
        assert_eq!(world.down([1]).pass(10), [""; 0]);
        // The hour in which nobody looked does not count.
        assert_eq!(world.restart(60).netd(true).pass(3), [""; 0]);
        assert_eq!(world.pass(10), ["75 + 1"]);
        assert_eq!(world.standing(), ["1 since 0"]);
    }

    #[test]
    fn the_gateway_s_line_is_still_the_cause_after_a_restart() {
        let mut world = World::of(22);
        assert_eq!(world.down(1..=20).pass(16), ["15 + line 20 of 22"]);
        assert_eq!(world.restart(2).netd(true).pass(60), [""; 0]);
        assert_eq!(world.up(1..=20).pass(10), ["83 - line 20 of 22"]);
    }

    #[test]
    fn netd_is_told_of_until_it_is_known_to_answer() {
        let mut world = World::of(4);
        assert_eq!(world.netd(false).pass(4), ["2 + netd"]);
        assert_eq!(world.restart(1).pass(1), [""; 0], "it was not asked yet");
        assert_eq!(world.netd(false).pass(4), [""; 0]);
        assert_eq!(world.standing(), ["netd since 0"]);
        assert_eq!(world.netd(true).pass(1), ["10 - netd"]);
    }

    #[test]
    fn what_is_not_known_is_not_told_of() {
        let mut world = World::of(3);
        for sight in world.look.communes.values_mut() {
            sight.seen = None;
        }
        assert_eq!(world.pass(60), [""; 0]);
        assert_eq!(world.down([1]).pass(20).len(), 1);
        world.look.communes.remove(&commune(1));
        assert_eq!(world.pass(1), ["80 - 1"], "a commune that has no machine any more");
    }
}
