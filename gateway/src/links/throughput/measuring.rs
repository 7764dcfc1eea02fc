//! Whose turn it is: one measure at a time, for the gateway's own line is the same for all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use beffroi_protocol::throughput::{Reason, Refused};

use crate::directory::MachineId;

/// A machine hears of an order within 15 s, when its line is up. One that hears of it later does not obey.
const ORDER_LASTS: Duration = Duration::from_secs(120);
/// Between two measures of one line.
const APART: Duration = Duration::from_secs(5 * 60);

/// A handle to the one list. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Measuring(Arc<Mutex<Turns>>);

#[derive(Debug, Default)]
struct Turns {
    current: Option<Current>,
    /// When each line was measured last.
    begun: BTreeMap<MachineId, Instant>,
    /// Those of which nothing came in the end.
    failed: BTreeSet<MachineId>,
}

#[derive(Debug)]
struct Current {
    machine: MachineId,
    order: Option<Order>,
    stage: Stage,
}

#[derive(Debug, Clone)]
struct Order {
    number: u32,
    /// Name of the referent.
    by: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Waits for the machine, since then.
    Ordered(Instant),
    UnderWay,
}

/// How it stands with one machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::links) enum Standing {
    Free,
    Ordered,
    UnderWay,
    /// The last measure came to nothing.
    Failed,
}

/// A machine's turn, which ends with this.
#[derive(Debug)]
pub struct Turn {
    measuring: Measuring,
    machine: MachineId,
    by: Option<String>,
    end: End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Failed,
    Done,
}

impl Measuring {
    /// A referent wants this line measured. `number` is one that no other order has, also before a restart.
    ///
    /// # Errors
    /// When another line is being measured, or this one was a moment ago.
    pub fn order(&self, machine: MachineId, by: &str, number: u32, now: Instant) -> Result<(), Refused> {
        let mut turns = self.turns(now);
        turns.check(machine, now)?;
        turns.failed.remove(&machine);
        let order = Some(Order { number, by: by.to_owned() });
        turns.current = Some(Current { machine, order, stage: Stage::Ordered(now) });
        Ok(())
    }

    /// The order is taken back, unless the machine was faster.
    pub fn withdraw(&self, machine: MachineId) {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        turns.current.take_if(|current| current.machine == machine && current.stage != Stage::UnderWay);
    }

    /// The number of the order that stands for this machine, also while it is carried out.
    pub fn ordered(&self, machine: MachineId, now: Instant) -> Option<u32> {
        let turns = self.turns(now);
        let current = turns.current.as_ref().filter(|current| current.machine == machine)?;
        current.order.as_ref().map(|order| order.number)
    }

    /// A machine asks to be measured: because it was ordered, or by itself.
    ///
    /// # Errors
    /// When the order does not stand any more, another line is being measured, or this one was a moment ago.
    pub fn begin(&self, machine: MachineId, order: Option<u32>, now: Instant) -> Result<Turn, Refused> {
        let mut turns = self.turns(now);
        let order = match (order, &turns.current) {
            (
                Some(number),
                Some(Current { machine: whose, order: Some(order), stage: Stage::Ordered(_) }),
            ) if *whose == machine && order.number == number => Some(order.clone()),
            (Some(_), _) => return Err(Refused { reason: Reason::Lapsed, wait: 0 }),
            (None, _) => {
                turns.check(machine, now)?;
                None
            }
        };
        let by = order.as_ref().map(|order| order.by.clone());
        turns.begun.insert(machine, now);
        turns.failed.remove(&machine);
        turns.current = Some(Current { machine, order, stage: Stage::UnderWay });
        Ok(Turn { measuring: self.clone(), machine, by, end: End::Failed })
    }

    pub(in crate::links) fn standing(&self, machine: MachineId, now: Instant) -> Standing {
        let turns = self.turns(now);
        match turns.current.as_ref().filter(|current| current.machine == machine) {
            Some(Current { stage: Stage::Ordered(_), .. }) => Standing::Ordered,
            Some(Current { stage: Stage::UnderWay, .. }) => Standing::UnderWay,
            None if turns.failed.contains(&machine) => Standing::Failed,
            None => Standing::Free,
        }
    }

    /// As they stand now. A panic elsewhere leaves them whole: each change is one assignment.
    fn turns(&self, now: Instant) -> MutexGuard<'_, Turns> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_late = |stage| matches!(stage, Stage::Ordered(since) if now.saturating_duration_since(since) > ORDER_LASTS);
        if let Some(current) = turns.current.take_if(|current| is_late(current.stage)) {
            turns.failed.insert(current.machine);
        }
        turns
    }
}

impl Turns {
    fn check(&self, machine: MachineId, now: Instant) -> Result<(), Refused> {
        if self.current.is_some() {
            return Err(Refused { reason: Reason::UnderWay, wait: 0 });
        }
        let since = self.begun.get(&machine).map(|begun| now.saturating_duration_since(*begun));
        match since.and_then(|since| APART.checked_sub(since)).filter(|left| !left.is_zero()) {
            Some(left) => Err(Refused { reason: Reason::TooSoon, wait: left.as_secs().max(1) }),
            None => Ok(()),
        }
    }
}

impl Turn {
    /// Name of the referent who has ordered it.
    pub fn by(&self) -> Option<&str> {
        self.by.as_deref()
    }

    /// It came to a good end.
    pub fn done(mut self) {
        self.end = End::Done;
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut turns = self.measuring.0.lock().unwrap_or_else(PoisonError::into_inner);
        turns.current = None;
        if self.end == End::Failed {
            turns.failed.insert(self.machine);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const BY: &str = "Le référent";

    fn machine(number: u32) -> MachineId {
        number.to_string().parse().expect("a number")
    }

    fn reason<T>(outcome: Result<T, Refused>) -> Option<Reason> {
        outcome.err().map(|refused| refused.reason)
    }

    #[test]
    fn an_order_is_carried_out_once() {
        let (measuring, now) = (Measuring::default(), Instant::now());
        let alvimare = machine(256);
        measuring.order(alvimare, BY, 7, now).expect("nobody else is measured");
        assert_eq!(measuring.standing(alvimare, now), Standing::Ordered);
        assert_eq!(measuring.ordered(alvimare, now), Some(7));
        assert_eq!(measuring.ordered(machine(257), now), None);
        let turn = measuring.begin(alvimare, Some(7), now).expect("it is ordered");
        assert_eq!((turn.by(), measuring.standing(alvimare, now)), (Some(BY), Standing::UnderWay));
        assert_eq!(measuring.ordered(alvimare, now), Some(7), "nothing is new until it is done");
        assert_eq!(reason(measuring.begin(alvimare, Some(7), now)), Some(Reason::Lapsed));
        turn.done();
        assert_eq!(measuring.standing(alvimare, now), Standing::Free);
        assert_eq!(measuring.ordered(alvimare, now), None);
        assert_eq!(reason(measuring.begin(alvimare, Some(7), now)), Some(Reason::Lapsed));
    }

    #[test]
    fn an_old_order_is_not_obeyed() {
        let (measuring, now) = (Measuring::default(), Instant::now());
        let alvimare = machine(256);
        measuring.order(alvimare, BY, 7, now).expect("nobody else is measured");
        let late = now + 121 * SECOND;
        assert_eq!(measuring.ordered(alvimare, now + 119 * SECOND), Some(7));
        assert_eq!(measuring.ordered(alvimare, late), None);
        assert_eq!(reason(measuring.begin(alvimare, Some(7), late)), Some(Reason::Lapsed));
        assert_eq!(measuring.standing(alvimare, late), Standing::Failed);
        measuring.order(alvimare, BY, 8, late).expect("nothing was measured");
        assert_eq!(reason(measuring.begin(alvimare, Some(7), late)), Some(Reason::Lapsed));
        measuring.withdraw(alvimare);
        assert_eq!(measuring.standing(alvimare, late), Standing::Free);
    }

    #[test]
    fn one_line_at_a_time_and_not_twice_in_a_row() {
        let (measuring, now) = (Measuring::default(), Instant::now());
        let (alvimare, bennetot) = (machine(256), machine(257));
        let turn = measuring.begin(alvimare, None, now).expect("nobody else is measured");
        assert_eq!(turn.by(), None);
        assert_eq!(reason(measuring.begin(bennetot, None, now)), Some(Reason::UnderWay));
        assert_eq!(reason(measuring.order(bennetot, BY, 7, now)), Some(Reason::UnderWay));
        drop(turn);
        assert_eq!(measuring.standing(alvimare, now), Standing::Failed);
        let refused = measuring.begin(alvimare, None, now + 100 * SECOND).expect_err("it is too soon");
        assert_eq!(refused, Refused { reason: Reason::TooSoon, wait: 200 });
        assert_eq!(reason(measuring.order(alvimare, BY, 7, now + 100 * SECOND)), Some(Reason::TooSoon));
        measuring.begin(bennetot, None, now).expect("another line").done();
        measuring.begin(alvimare, None, now + 300 * SECOND).expect("later").done();
    }
}
