//! What the daemon remembers from one start to the next, so that it can tell what is wrong when nothing
//! answers. Losing it costs a less certain word, never a link: a file that cannot be read is as good as none.

use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::replace;

/// Beside the state file.
const FILE: &str = "memory.json";
/// The networks that a machine knows: a portable one visits a few.
const NETWORKS: usize = 8;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Memory {
    /// The latest that the gateway's clock is known to have been, in seconds since 1970.
    pub(crate) clock: i64,
    /// Where the link has been up, the latest last.
    networks: Vec<String>,
    /// The gateway has said farewell.
    pub(crate) is_revoked: bool,
}

impl Memory {
    pub(crate) fn load(dir: &Path) -> Self {
        let bytes = fs::read(dir.join(FILE)).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    /// # Errors
    /// When the folder cannot be written.
    pub(crate) fn store(&self, dir: &Path) -> io::Result<()> {
        let bytes = serde_json::to_vec_pretty(self).expect("plain data");
        replace::replace(&dir.join(FILE), &bytes, 0o600)
    }

    /// # Errors
    /// When the folder cannot be written.
    pub(crate) fn remove(dir: &Path) -> io::Result<()> {
        replace::remove(&dir.join(FILE))
    }

    /// A router whose hardware is not known just now may well be the one that was.
    pub(crate) fn knows(&self, network: &str) -> bool {
        let is_same = |known: &str| known == network || known.split(' ').next() == Some(network);
        self.networks.iter().any(|known| is_same(known))
    }

    /// The clock alone goes on all the time.
    pub(crate) fn is_but_for_the_clock(&self, other: &Self) -> bool {
        (&self.networks, self.is_revoked) == (&other.networks, other.is_revoked)
    }

    /// The link is up on this network.
    pub(crate) fn meet(&mut self, network: &str) {
        if self.networks.last().is_some_and(|last| last == network) {
            return;
        }
        self.networks.retain(|known| known != network);
        self.networks.push(network.to_owned());
        let surplus = self.networks.len().saturating_sub(NETWORKS);
        self.networks.drain(..surplus);
    }

    /// By how many seconds the clock is ahead, which it cannot be by less than nothing: a clock that shows less
    /// than has been is behind.
    pub(crate) fn behind(&self, now: i64) -> Option<i64> {
        Some(now - self.clock).filter(|off| *off < 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_memory_is_kept_and_a_damaged_one_is_none() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        assert_eq!(Memory::load(dir.path()), Memory::default());
        let mut memory = Memory { clock: 1_700_000_000, ..Memory::default() };
        memory.meet("192.168.1.1 02:00:00:00:00:01");
        memory.store(dir.path()).expect("a writable folder");
        assert_eq!(Memory::load(dir.path()), memory);
        fs::write(dir.path().join(FILE), "{\"clock\": 17").expect("a writable folder");
        assert_eq!(Memory::load(dir.path()), Memory::default());
        Memory::remove(dir.path()).expect("a writable folder");
        Memory::remove(dir.path()).expect("that there is none is fine");
    }

    #[test]
    fn the_last_networks_are_known() {
        let mut memory = Memory::default();
        for number in 0..10 {
            memory.meet(&number.to_string());
            memory.meet("9");
        }
        assert!(memory.knows("9") && memory.knows("2"));
        assert!(!memory.knows("1"), "{memory:?}");
        assert_eq!(memory.networks.len(), NETWORKS);
    }

    #[test]
    fn a_clock_that_shows_less_than_has_been_is_behind() {
        let memory = Memory { clock: 1_000, ..Memory::default() };
        assert_eq!(memory.behind(900), Some(-100));
        assert_eq!(memory.behind(1_000), None);
        assert_eq!(memory.behind(9_000), None);
    }
}
