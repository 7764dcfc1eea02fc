//! How much is done at once, in all and for one computer: what one of them asks too much, the others do not wait for.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Debug, Clone)]
pub(super) struct Room {
    inside: Arc<Mutex<HashMap<Ipv4Addr, usize>>>,
    in_all: usize,
    for_one: usize,
}

/// Given back when it is dropped.
#[derive(Debug)]
pub(super) struct Taken {
    room: Room,
    address: Ipv4Addr,
}

impl Room {
    pub(super) fn new(in_all: usize, for_one: usize) -> Self {
        Self { inside: Arc::default(), in_all, for_one }
    }

    /// `None` when there is none.
    pub(super) fn take(&self, address: Ipv4Addr) -> Option<Taken> {
        let mut inside = self.inside();
        let own = inside.get(&address).copied().unwrap_or_default();
        if own >= self.for_one || inside.values().sum::<usize>() >= self.in_all {
            return None;
        }
        inside.insert(address, own + 1);
        Some(Taken { room: self.clone(), address })
    }

    /// A count is whole whenever the lock is free.
    fn inside(&self) -> MutexGuard<'_, HashMap<Ipv4Addr, usize>> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut inside = self.room.inside();
        match inside.get_mut(&self.address) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                inside.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_computer_cannot_take_the_room_of_the_others() {
        let room = Room::new(3, 2);
        let address = |last| Ipv4Addr::new(192, 168, 1, last);
        let (first, second) = (room.take(address(1)), room.take(address(1)));
        assert!(first.is_some() && second.is_some() && room.take(address(1)).is_none());
        let third = room.take(address(2));
        assert!(third.is_some() && room.take(address(3)).is_none());
        drop((first, second, third));
        assert!(room.inside().is_empty());
    }
}
