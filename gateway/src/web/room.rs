//! How many connections there may be at once, in all and from one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A handle to the one count of a listener. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Room {
    inside: Arc<Mutex<HashMap<IpAddr, usize>>>,
    in_all: usize,
    from_one: usize,
}

/// Given back when it is dropped.
#[derive(Debug)]
pub struct Place {
    room: Room,
    address: IpAddr,
}

impl Room {
    pub fn new(in_all: usize, from_one: usize) -> Self {
        Self { inside: Arc::default(), in_all, from_one }
    }

    /// `None` when there is no room, in all or for this address.
    pub fn enter(&self, address: IpAddr) -> Option<Place> {
        let mut inside = self.inside();
        let own = inside.get(&address).copied().unwrap_or_default();
        if own >= self.from_one || inside.values().sum::<usize>() >= self.in_all {
            return None;
        }
        inside.insert(address, own + 1);
        Some(Place { room: self.clone(), address })
    }

    /// A count is whole whenever the lock is free.
    fn inside(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
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
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn one_address_cannot_take_the_room_of_the_others() {
        let room = Room::new(64, 4);
        let address = |last| IpAddr::from(Ipv4Addr::new(198, 18, 0, last));
        let mut places: Vec<_> = (0..4).map_while(|_| room.enter(address(2))).collect();
        assert_eq!(places.len(), 4);
        assert!(room.enter(address(2)).is_none());
        let others: Vec<_> = (3..=255).map_while(|last| room.enter(address(last))).collect();
        assert_eq!(others.len(), 60);
        places.pop();
        assert!(room.enter(address(2)).is_some());
        drop((places, others));
        assert!(room.inside().is_empty());
    }
}
