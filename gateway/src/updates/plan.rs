//! Who is offered a release, and when. Pure: who calls says what there is and what time it is.
//!
//! One machine first, a referent's if there is one: who offered the release sees what becomes of it. A day later a
//! tenth of all, a day later the rest. The first machine that does not come back with the release stops it.

use beffroi_protocol::release::{Stage, Version};
use jiff::{SignedDuration, Timestamp};

use super::{Rollout, Wave};
use crate::directory::MachineId;

/// From one wave to the next.
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// A machine that installs is not heard of for a few minutes; after this it did not come back.
const LOST: SignedDuration = SignedDuration::from_hours(1);

/// A machine with an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) id: MachineId,
    pub(super) is_referent: bool,
    /// The release of the day is offered to it.
    pub(super) is_offered: bool,
    /// What it last told.
    pub(super) told: Option<(Version, Stage, Timestamp)>,
    /// It told that before the release was offered (again).
    pub(super) is_past: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Wait,
    Offer(Wave, Vec<MachineId>),
    /// This machine did not come back with the release.
    Stop(MachineId),
}

/// Where a machine is with the release of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Its turn will come.
    Later,
    Offered,
    /// As the machine told.
    At(Stage),
    /// It was to be back with the release by now.
    Silent,
    /// It does not have it, and does not get it: the release was stopped before.
    Without,
}

/// What is to be done now.
pub(super) fn step(rollout: &Rollout, candidates: &[Candidate], now: Timestamp) -> Step {
    if rollout.stopped.is_some() {
        return Step::Wait;
    }
    if let Some(failed) = candidates.iter().find(|candidate| has_failed(rollout, candidate, now)) {
        return Step::Stop(failed.id);
    }
    let proven = candidates.iter().any(|candidate| stage(rollout, candidate) == Some(Stage::Kept));
    let is_unfit = |candidate: &Candidate| stage(rollout, candidate) == Some(Stage::Unfit);
    match rollout.wave {
        // Nothing can be learnt from a machine of another kind: the next one is the first.
        Wave::First if candidates.iter().filter(|candidate| candidate.is_offered).all(is_unfit) => {
            offer(Wave::First, candidates)
        }
        // Machines that join later.
        Wave::Rest => offer(Wave::Rest, candidates),
        wave if proven && now.duration_since(rollout.since) >= DAY => offer(wave.next(), candidates),
        _ => Step::Wait,
    }
}

/// To whom the release is offered in this wave, besides those to whom it is.
pub(super) fn chosen(wave: Wave, candidates: &[Candidate]) -> Vec<MachineId> {
    let mut left: Vec<_> = candidates.iter().filter(|candidate| !candidate.is_offered).collect();
    left.sort_by_key(|candidate| (!candidate.is_referent, candidate.id));
    let most = match wave {
        Wave::First => 1,
        Wave::Tenth => candidates.len().div_ceil(10),
        Wave::Rest => left.len(),
    };
    left.iter().take(most).map(|candidate| candidate.id).collect()
}

/// How far the machine has come with the release of the day.
pub(super) fn stage(rollout: &Rollout, candidate: &Candidate) -> Option<Stage> {
    candidate.told.filter(|(version, ..)| *version == rollout.version).map(|(_, stage, _)| stage)
}

pub(super) fn standing(rollout: &Rollout, candidate: &Candidate, now: Timestamp) -> Standing {
    let is_lost = candidate.told.is_some_and(|(.., at)| now.duration_since(at) >= LOST);
    match stage(rollout, candidate) {
        Some(Stage::Installing) if is_lost => Standing::Silent,
        Some(
            stage @ (Stage::Installing | Stage::Kept | Stage::RolledBack | Stage::Refused | Stage::Unfit),
        ) => Standing::At(stage),
        None | Some(Stage::Fetching | Stage::Ready) if rollout.stopped.is_some() => Standing::Without,
        Some(stage) => Standing::At(stage),
        None if candidate.is_offered => Standing::Offered,
        None => Standing::Later,
    }
}

fn offer(wave: Wave, candidates: &[Candidate]) -> Step {
    let machines = chosen(wave, candidates);
    if machines.is_empty() && wave != Wave::Tenth { Step::Wait } else { Step::Offer(wave, machines) }
}

fn has_failed(rollout: &Rollout, candidate: &Candidate, now: Timestamp) -> bool {
    let Some((version, stage, at)) = candidate.told else { return false };
    let is_lost = now.duration_since(at) >= LOST;
    version == rollout.version
        && !candidate.is_past
        && match stage {
            Stage::RolledBack | Stage::Refused => true,
            Stage::Installing => is_lost,
            Stage::Fetching | Stage::Ready | Stage::Kept | Stage::Unfit => false,
        }
}

#[cfg(test)]
mod tests {
    use super::super::Stopped;
    use super::*;

    const HOUR: SignedDuration = SignedDuration::from_hours(1);

    fn start() -> Timestamp {
        "2026-11-24T08:00:00Z".parse().expect("a timestamp")
    }

    fn version(text: &str) -> Version {
        Version::parse(text).expect("a version")
    }

    fn rollout(wave: Wave) -> Rollout {
        Rollout::new(version("0.2.0"), wave, start())
    }

    /// 22 town halls; the third one is a referent's machine.
    fn candidates() -> Vec<Candidate> {
        let candidate = |number: u32| Candidate {
            id: number.to_string().parse().expect("a number"),
            is_referent: number == 258,
            is_offered: false,
            told: None,
            is_past: false,
        };
        (256..278).map(candidate).collect()
    }

    fn told(candidates: &mut [Candidate], number: usize, stage: Stage, at: Timestamp) {
        candidates[number].is_offered = true;
        candidates[number].told = Some((version("0.2.0"), stage, at));
    }

    #[test]
    fn one_then_a_tenth_then_the_rest() {
        let mut candidates = candidates();
        let mut sizes = Vec::new();
        for wave in [Wave::First, Wave::Tenth, Wave::Rest] {
            let chosen = chosen(wave, &candidates);
            for candidate in &mut candidates {
                candidate.is_offered |= chosen.contains(&candidate.id);
            }
            sizes.push(chosen.len());
        }
        assert_eq!(sizes, [1, 3, 18]);
    }

    #[test]
    fn a_referents_machine_is_the_first() {
        let mut candidates = candidates();
        assert_eq!(chosen(Wave::First, &candidates), [candidates[2].id]);
        candidates[2].is_referent = false;
        assert_eq!(chosen(Wave::First, &candidates), [candidates[0].id]);
        assert_eq!(chosen(Wave::First, &[]), []);
    }

    #[test]
    fn the_next_wave_comes_a_day_later_when_someone_has_the_release() {
        let mut candidates = candidates();
        let check = |candidates: &[Candidate], hours: i32, expected: usize| {
            let found = match step(&rollout(Wave::First), candidates, start() + HOUR * hours) {
                Step::Offer(Wave::Tenth, machines) => machines.len(),
                Step::Wait => 0,
                other => panic!("{other:?}"),
            };
            assert_eq!(found, expected, "after {hours} hours");
        };
        told(&mut candidates, 2, Stage::Ready, start());
        check(&candidates, 48, 0);
        told(&mut candidates, 2, Stage::Kept, start() + HOUR);
        check(&candidates, 23, 0);
        check(&candidates, 24, 3);
    }

    #[test]
    fn the_first_failure_stops_it() {
        let check = |stage, hours: i32, expected: bool| {
            let mut candidates = candidates();
            told(&mut candidates, 2, Stage::Kept, start());
            told(&mut candidates, 3, stage, start() + HOUR);
            let step = step(&rollout(Wave::Tenth), &candidates, start() + HOUR * hours);
            let stop = Step::Stop(candidates[3].id);
            assert_eq!(step == stop, expected, "{stage:?} after {hours} hours: {step:?}");
        };
        check(Stage::RolledBack, 1, true);
        check(Stage::Refused, 1, true);
        check(Stage::Installing, 1, false);
        check(Stage::Installing, 2, true);
        check(Stage::Ready, 12, false);
    }

    #[test]
    fn failures_with_another_release_or_before_it_was_offered_again_do_not_count() {
        let mut candidates = candidates();
        candidates[2].is_offered = true;
        candidates[2].told = Some((version("0.1.9"), Stage::RolledBack, start() + HOUR));
        assert_eq!(step(&rollout(Wave::First), &candidates, start() + HOUR), Step::Wait);
        told(&mut candidates, 2, Stage::RolledBack, start() + HOUR);
        candidates[2].is_past = true;
        assert_eq!(step(&rollout(Wave::First), &candidates, start() + HOUR), Step::Wait);
    }

    #[test]
    fn a_machine_of_another_kind_stops_nothing() {
        let mut candidates = candidates();
        told(&mut candidates, 2, Stage::Unfit, start() + HOUR);
        let next = Step::Offer(Wave::First, vec![candidates[0].id]);
        assert_eq!(step(&rollout(Wave::First), &candidates, start() + HOUR), next);
        told(&mut candidates, 0, Stage::Kept, start() + HOUR);
        assert_eq!(step(&rollout(Wave::First), &candidates, start() + HOUR), Step::Wait);
        for number in 0..22 {
            told(&mut candidates, number, Stage::Unfit, start() + HOUR);
        }
        assert_eq!(step(&rollout(Wave::First), &candidates, start() + HOUR * 48), Step::Wait);
    }

    #[test]
    fn what_is_stopped_stays_so() {
        let mut candidates = candidates();
        told(&mut candidates, 2, Stage::Kept, start());
        let stopped = Some(Stopped::By("Le référent".to_owned()));
        let rollout = Rollout { stopped, ..rollout(Wave::First) };
        assert_eq!(step(&rollout, &candidates, start() + HOUR * 48), Step::Wait);
    }

    #[test]
    fn a_machine_is_shown_where_it_is_and_not_where_it_was_going() {
        let stopped = Some(Stopped::By("Le référent".to_owned()));
        let (running, stopped) = (rollout(Wave::Tenth), Rollout { stopped, ..rollout(Wave::Tenth) });
        let check = |told: Option<Stage>, hours: i32, while_running: Standing, once_stopped: Standing| {
            let told = told.map(|stage| (version("0.2.0"), stage, start()));
            let candidate = Candidate { is_offered: true, told, ..candidates()[0] };
            let found =
                [&running, &stopped].map(|rollout| standing(rollout, &candidate, start() + HOUR * hours));
            assert_eq!(found, [while_running, once_stopped], "{told:?} after {hours} hours");
        };
        let at = Standing::At;
        check(None, 0, Standing::Offered, Standing::Without);
        check(Some(Stage::Fetching), 5, at(Stage::Fetching), Standing::Without);
        check(Some(Stage::Ready), 5, at(Stage::Ready), Standing::Without);
        check(Some(Stage::Installing), 0, at(Stage::Installing), at(Stage::Installing));
        check(Some(Stage::Installing), 1, Standing::Silent, Standing::Silent);
        check(Some(Stage::Kept), 5, at(Stage::Kept), at(Stage::Kept));
        check(Some(Stage::RolledBack), 5, at(Stage::RolledBack), at(Stage::RolledBack));
        assert_eq!(standing(&running, &candidates()[0], start()), Standing::Later);
        assert_eq!(standing(&stopped, &candidates()[0], start()), Standing::Without);
    }

    #[test]
    fn a_machine_that_joins_later_has_its_turn_in_the_last_wave() {
        let mut candidates = candidates();
        for candidate in &mut candidates[1..] {
            candidate.is_offered = true;
        }
        let expected = Step::Offer(Wave::Rest, vec![candidates[0].id]);
        assert_eq!(step(&rollout(Wave::Rest), &candidates, start()), expected);
        candidates[0].is_offered = true;
        assert_eq!(step(&rollout(Wave::Rest), &candidates, start()), Step::Wait);
    }
}
