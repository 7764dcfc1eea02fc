//! How many connections there may be at once, in all and from one address, or one network of strangers.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A handle to the one count of a listener. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Room {
    inside: Arc<Mutex<HashMap<IpAddr, usize>>>,
    in_all: usize,
    from_one: usize,
    whose: fn(IpAddr) -> IpAddr,
}

/// Given back when it is dropped.
#[derive(Debug)]
pub struct Place {
    room: Room,
    address: IpAddr,
}

impl Room {
    /// For those who have one address each, as machines have inside the tunnel.
    pub fn new(in_all: usize, from_one: usize) -> Self {
        Self { inside: Arc::default(), in_all, from_one, whose: |address| address }
    }

    /// For strangers, who share what one of their networks may have.
    pub fn for_strangers(in_all: usize, from_one: usize) -> Self {
        Self { whose: network, ..Self::new(in_all, from_one) }
    }

    /// `None` when there is no room, in all or for this address.
    pub fn enter(&self, address: IpAddr) -> Option<Place> {
        let address = (self.whose)(address);
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

/// A host has all addresses of an IPv6 network of 64 bits, and as many as it likes of them (RFC 7934).
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
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

    #[test]
    fn a_stranger_has_one_ipv6_network_and_a_machine_one_address() {
        let check = |room: Room, addresses: [&str; 3], expected: usize| {
            let addresses = addresses.map(|text| text.parse::<IpAddr>().expect("an address"));
            let places: Vec<_> = addresses.into_iter().filter_map(|address| room.enter(address)).collect();
            assert_eq!(places.len(), expected, "{addresses:?}");
            drop(places);
            assert!(room.inside().is_empty());
        };
        let of_one_host = ["2001:db8::1", "2001:db8::2", "2001:db8::ffff:0:0:1"];
        check(Room::for_strangers(64, 1), of_one_host, 1);
        check(Room::for_strangers(64, 1), ["2001:db8::1", "2001:db8:0:1::1", "2001:db8:0:2::1"], 3);
        check(Room::for_strangers(64, 1), ["192.0.2.1", "192.0.2.2", "::ffff:192.0.2.2"], 2);
        check(Room::new(64, 1), of_one_host, 3);
    }
}
