//! Which peers have said nothing for so long that no session with them can be left. Pure.
//!
//! WireGuard takes a handshake only when the other end's clock says a later time than at the last one. A machine whose
//! clock was ahead and has been put right would be refused for as long as it was ahead, were its peer not forgotten
//! meanwhile (docs/decisions/0027-a-clock-that-was-ahead.md).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use beffroi_protocol::PublicKey;
use beffroi_tunnel::PresentPeer;

/// A session ends so long after its handshake, which came with a packet.
const SESSION: Duration = Duration::from_secs(180);

#[derive(Debug, Default)]
pub(super) struct Silences(BTreeMap<PublicKey, Silence>);

#[derive(Debug, Clone, Copy)]
struct Silence {
    received: u64,
    since: Instant,
}

impl Silences {
    /// Whom to forget. A peer that was forgotten has received nothing yet, and is left in peace until it has.
    pub(super) fn over(&mut self, peers: &BTreeMap<PublicKey, PresentPeer>, now: Instant) -> Vec<PublicKey> {
        let mut silences = BTreeMap::new();
        for (key, peer) in peers {
            let before = self.0.get(key).filter(|before| before.received == peer.received);
            let fresh = Silence { received: peer.received, since: now };
            silences.insert(*key, before.copied().unwrap_or(fresh));
        }
        self.0 = silences;
        let is_over = |silence: &Silence| {
            silence.received > 0 && now.saturating_duration_since(silence.since) >= SESSION
        };
        self.0.iter().filter(|(_, silence)| is_over(silence)).map(|(key, _)| *key).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_that_was_heard_and_is_silent_is_forgotten_once() {
        let (key, other) = (PublicKey::from_bytes([1; 32]), PublicKey::from_bytes([2; 32]));
        let start = Instant::now();
        let mut silences = Silences::default();
        let mut check = |seconds: u64, received: u64, expected: &[PublicKey]| {
            let peer = |received| PresentPeer { received, ..PresentPeer::default() };
            let peers = BTreeMap::from([(key, peer(received)), (other, peer(1000 + seconds))]);
            let now = start + Duration::from_secs(seconds);
            assert_eq!(silences.over(&peers, now), expected, "{received} bytes after {seconds} s");
        };
        check(0, 0, &[]);
        check(1000, 0, &[]);
        check(1060, 148, &[]);
        check(1120, 500, &[]);
        check(1299, 500, &[]);
        check(1300, 500, &[key]);
        check(1360, 0, &[]);
        check(3000, 0, &[]);
        check(3060, 148, &[]);
        check(3240, 148, &[key]);
    }
}
