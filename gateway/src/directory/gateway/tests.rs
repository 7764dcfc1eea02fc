//! The change of the gateway's key, over a real store.

use tempfile::TempDir;

use super::*;
use crate::directory::tests::{at, key, name, network, new_machine, open, written};
use crate::directory::{add_commune, add_machine, mark_without_agent, replace_key};
use crate::store::{Store, WriteTx};

const OWN: u8 = 200;
const NEXT: u8 = 201;

struct Rig {
    _directory: TempDir,
    store: Store,
    machines: [MachineId; 2],
}

impl Rig {
    /// A gateway whose key netd has told, and a town hall with two machines and a telephone.
    async fn new() -> Rig {
        let (directory, store) = open();
        let machines = written(&store, async |tx| {
            let commune = add_commune(tx, &name("Alvimare"), false).await?.id;
            let [mut first, mut second] = [MachineId(0); 2];
            for (seed, id) in [(1, &mut first), (2, &mut second)] {
                *id = add_machine(tx, &network(), new_machine(commune, "poste", seed)).await?.id;
            }
            let telephone = add_machine(tx, &network(), new_machine(commune, "téléphone", 3)).await?.id;
            mark_without_agent(tx, telephone).await?;
            Ok([first, second])
        })
        .await;
        let rig = Rig { _directory: directory, store, machines };
        assert_eq!(rig.netd_tells(OWN, None).await, Some(News::First));
        rig
    }

    async fn netd_tells(&self, own: u8, next: Option<u8>) -> Option<News> {
        let told = async move |tx: &mut WriteTx| note_gateway_keys(tx, &key(own), next.map(key)).await;
        written(&self.store, told).await
    }

    async fn prepare(&self) -> bool {
        written(&self.store, async |tx| prepare_key_change(tx, "Le référent", at(10)).await).await
    }

    async fn give_up(&self) -> Result<bool, Error> {
        self.store.write(async |tx| give_up_key_change(tx).await).await
    }

    /// At most so many machines are left behind.
    async fn order(&self, next: u8, behind: usize) -> Result<bool, Error> {
        let order = async move |tx: &mut WriteTx| {
            order_key_change(tx, &key(next), behind, "Le référent", at(20)).await
        };
        self.store.write(order).await
    }

    async fn learns(&self, machine: usize, next: u8) -> Result<(), Error> {
        let id = self.machines[machine];
        self.store.write(async move |tx| note_aware(tx, id, &key(next)).await).await
    }

    async fn stage(&self) -> Option<Stage> {
        let change = self.store.read(async |tx| key_change(tx).await).await.expect("it is read");
        change.map(|change| change.stage)
    }

    /// How many of the two know the next key.
    async fn aware(&self, next: u8) -> usize {
        let known = self.store.read(async move |tx| awareness(tx, &key(next)).await).await;
        let known = known.expect("they are read");
        assert_eq!(known.len(), 2, "the telephone is not told");
        known.values().filter(|is_aware| **is_aware).count()
    }
}

#[tokio::test]
async fn a_change_goes_from_the_preparation_to_its_end() {
    let rig = Rig::new().await;
    assert!(rig.prepare().await);
    assert_eq!(rig.stage().await, Some(Stage::Prepared(None)));
    assert!(matches!(rig.order(NEXT, 2).await, Err(Error::NoNextKey)), "none is made yet");
    assert_eq!(rig.netd_tells(OWN, Some(NEXT)).await, Some(News::Prepared(key(NEXT))));
    assert_eq!(rig.netd_tells(OWN, Some(NEXT)).await, None);
    assert!(!rig.prepare().await, "it is under way");
    let both = rig.store.read(async |tx| gateway_keys(tx).await).await.expect("they are read");
    assert_eq!(both, [key(OWN), key(NEXT)]);

    rig.learns(0, NEXT).await.expect("it is the next key");
    assert_eq!(rig.aware(NEXT).await, 1);
    assert!(matches!(rig.order(NEXT, 0).await, Err(Error::Unaware(1))));
    rig.learns(1, NEXT).await.expect("it is the next key");
    assert!(rig.order(NEXT, 0).await.expect("all know it"));
    assert!(!rig.order(NEXT, 0).await.expect("it is ordered"));
    assert!(matches!(rig.give_up().await, Err(Error::KeyChangeOrdered)));
    assert_eq!(rig.netd_tells(OWN, Some(NEXT)).await, None, "netd has not heard of it");
    assert_eq!(rig.stage().await, Some(Stage::Ordered(key(NEXT))));

    assert_eq!(rig.netd_tells(NEXT, None).await, Some(News::Changed));
    assert_eq!(rig.stage().await, Some(Stage::Done(key(NEXT))));
    assert_eq!(rig.aware(NEXT).await, 2, "who came over is still known");
    let own = rig.store.read(async |tx| gateway_keys(tx).await).await.expect("they are read");
    assert_eq!(own, [key(NEXT)]);
    assert!(rig.prepare().await, "the next one can begin");
    assert_eq!(rig.aware(NEXT).await, 0);
}

#[tokio::test]
async fn machines_that_do_not_know_it_are_left_behind_only_when_that_is_meant() {
    let rig = Rig::new().await;
    rig.prepare().await;
    rig.netd_tells(OWN, Some(NEXT)).await;
    assert!(matches!(rig.order(NEXT, 0).await, Err(Error::Unaware(2))));
    assert!(matches!(rig.order(NEXT, 1).await, Err(Error::Unaware(2))), "one more than was seen");
    assert!(rig.order(NEXT, 2).await.expect("it is meant"));
    let coming = rig.store.read(async |tx| coming_gateway_key(tx).await).await.expect("it is read");
    assert_eq!(coming, Some(key(NEXT)), "a sheet that is printed now is good for later");
}

#[tokio::test]
async fn what_was_given_up_is_nobody_s_next_key() {
    let rig = Rig::new().await;
    rig.prepare().await;
    rig.netd_tells(OWN, Some(NEXT)).await;
    rig.learns(0, NEXT).await.expect("it is the next key");
    assert!(rig.give_up().await.expect("nothing was ordered"));
    assert!(!rig.give_up().await.expect("nothing was ordered"));
    assert_eq!(rig.netd_tells(OWN, None).await, None);
    assert!(matches!(rig.learns(1, NEXT).await, Err(Error::NoNextKey)));
    rig.prepare().await;
    rig.netd_tells(OWN, Some(NEXT + 1)).await;
    assert_eq!(rig.aware(NEXT + 1).await, 0);
    assert!(matches!(rig.learns(0, NEXT).await, Err(Error::NoNextKey)), "it was told of another one");
}

/// As after a restoration.
#[tokio::test]
async fn what_netd_has_goes_before_what_was_expected() {
    let rig = Rig::new().await;
    rig.prepare().await;
    rig.netd_tells(OWN, Some(NEXT)).await;
    rig.learns(0, NEXT).await.expect("it is the next key");
    assert_eq!(rig.netd_tells(OWN, Some(NEXT + 1)).await, Some(News::Prepared(key(NEXT + 1))));
    assert_eq!(rig.aware(NEXT + 1).await, 0, "everyone is told anew");
    assert_eq!(
        rig.netd_tells(NEXT + 1, None).await,
        Some(News::Changed),
        "the backup is older than the change"
    );
    assert_eq!(rig.netd_tells(9, None).await, Some(News::Another));

    rig.prepare().await;
    rig.netd_tells(9, Some(10)).await;
    assert!(matches!(rig.order(NEXT, 2).await, Err(Error::NoNextKey)), "another one was seen");
    rig.order(10, 2).await.expect("it is meant");
    assert_eq!(rig.netd_tells(9, None).await, Some(News::Lost));
    assert_eq!(rig.stage().await, None);
}

#[tokio::test]
async fn another_computer_in_the_place_of_a_machine_knows_nothing() {
    let rig = Rig::new().await;
    rig.prepare().await;
    rig.netd_tells(OWN, Some(NEXT)).await;
    rig.learns(0, NEXT).await.expect("it is the next key");
    let id = rig.machines[0];
    written(&rig.store, async move |tx| replace_key(tx, id, key(7), at(30)).await).await;
    assert_eq!(rig.aware(NEXT).await, 0);
    let refused = rig.store.write(async move |tx| replace_key(tx, id, key(NEXT), at(30)).await).await;
    assert!(matches!(refused, Err(Error::KeyReserved)), "the gateway's next key is no machine's");
}
