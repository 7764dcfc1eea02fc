//! netd's keys in a directory of their own, and which key of the gateway each machine has on its disk: what is known at
//! both ends while the gateway changes from one key to another.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use beffroi_protocol::PublicKey;
use tempfile::TempDir;

use crate::directory::MachineId;
use crate::netd::{Chest, KeyWish, Keyring};

pub(super) struct Keys {
    directory: TempDir,
    chest: Chest,
    keyring: Keyring,
    /// The key of the device, which changes after that of the disk.
    in_use: PublicKey,
    machines: BTreeMap<MachineId, Known>,
    /// Machines that the referent agreed to leave behind.
    left_behind: BTreeSet<MachineId>,
    /// Keys that the gateway had, and has no more.
    former: BTreeSet<PublicKey>,
}

/// As a machine's state has it.
struct Known {
    gateway: PublicKey,
    next: Option<PublicKey>,
}

impl Keys {
    pub(super) fn new() -> Self {
        let directory = tempfile::tempdir().expect("a place for files");
        let chest = Chest::open(directory.path()).expect("a directory");
        let keyring = Keyring::open(&chest).expect("a first key");
        let in_use = keyring.key().public();
        let (machines, left_behind, former) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
        Self { directory, chest, keyring, in_use, machines, left_behind, former }
    }

    /// How often the gateway has changed its key.
    pub(super) fn changes(&self) -> usize {
        self.former.len()
    }

    /// What netd tells: the key in use, and the next.
    pub(super) fn told(&self) -> (PublicKey, Option<PublicKey>) {
        (self.in_use, self.keyring.next())
    }

    /// Gives whether the device has another key than before: every session has ended then.
    pub(super) fn follow(&mut self, wish: KeyWish) -> bool {
        self.keyring.follow(wish, &self.chest);
        self.take_into_use()
    }

    /// netd dies between the disk and the device, in the middle of a file or before; then it is started.
    pub(super) fn die(&mut self, wish: Option<KeyWish>) -> bool {
        if let Some(wish) = wish {
            self.keyring.follow(wish, &self.chest);
        }
        fs::write(self.directory.path().join("next.key.new"), "half a k").expect("a directory of ours");
        self.start()
    }

    pub(super) fn start(&mut self) -> bool {
        self.keyring = Keyring::open(&self.chest).expect("there is a key");
        self.take_into_use()
    }

    /// The machine is there, with a sheet that has this key.
    pub(super) fn joins(&mut self, machine: MachineId, gateway: PublicKey) {
        self.machines.insert(machine, Known { gateway, next: None });
        self.left_behind.remove(&machine);
    }

    pub(super) fn leaves(&mut self, machine: MachineId) {
        self.machines.remove(&machine);
    }

    /// Gives whether the machine's tunnel carries: it calls each key that it knows, and keeps the one that answers.
    pub(super) fn calls(&mut self, machine: MachineId) -> bool {
        let Some(known) = self.machines.get_mut(&machine) else { return false };
        if known.next == Some(self.in_use) {
            *known = Known { gateway: self.in_use, next: None };
        }
        known.gateway == self.in_use
    }

    /// What it is told is on its disk before it tells that it knows it.
    pub(super) fn learns(&mut self, machine: MachineId, next: Option<PublicKey>) {
        if let Some(known) = self.machines.get_mut(&machine) {
            known.next = next.filter(|next| *next != known.gateway);
        }
    }

    pub(super) fn leave_behind(&mut self, unaware: impl IntoIterator<Item = MachineId>) {
        self.left_behind.extend(unaware);
    }

    /// One key in use, on disk and in the device, which the gateway never had before; and every machine that was not
    /// left behind knows it.
    pub(super) fn check(&self, told: &str) {
        let again = Keyring::open(&self.chest).expect("there is a key");
        assert_eq!(again.key().public(), self.in_use, "{told}: the disk has another key");
        assert_eq!(again.next(), self.keyring.next(), "{told}: the disk has another next key");
        assert!(!self.former.contains(&self.in_use), "{told}: a former key is back");
        for (machine, known) in &self.machines {
            let reaches = known.gateway == self.in_use || known.next == Some(self.in_use);
            // Its sheet was printed after the order.
            let reaches = reaches || self.keyring.next() == Some(known.gateway);
            assert!(reaches || self.left_behind.contains(machine), "{told}: {machine} is lost");
        }
    }

    fn take_into_use(&mut self) -> bool {
        let key = self.keyring.key().public();
        let before = std::mem::replace(&mut self.in_use, key);
        if before != key {
            self.former.insert(before);
        }
        before != key
    }
}
