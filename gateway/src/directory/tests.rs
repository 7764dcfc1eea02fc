//! The rules of the directory, over a real store.

use beffroi_protocol::{PrivateKey, PublicKey, temporary};
use ipnet::IpNet;
use tempfile::TempDir;

use super::*;
use crate::store::{Store, WriteTx};

pub(super) fn open() -> (TempDir, Store) {
    let directory = tempfile::tempdir().expect("a directory for the test");
    let store = Store::open(directory.path()).expect("an empty directory becomes a store");
    (directory, store)
}

pub(super) fn network() -> Network {
    Network::new("10.66.0.0/16".parse().expect("a network"), "fd00::/64".parse().expect("a network"))
}

pub(super) fn name(text: &str) -> CommuneName {
    CommuneName::parse(text).expect("a name")
}

pub(super) fn key(seed: u8) -> PublicKey {
    PublicKey::from_bytes([seed; 32])
}

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("within range")
}

pub(super) fn new_machine(commune: CommuneId, machine: &str, seed: u8) -> NewMachine {
    let name = MachineName::parse(machine).expect("a name");
    NewMachine { commune, name, key: key(seed), at: at(1000) }
}

fn revocation(reason: &str) -> Revocation {
    Revocation { at: at(2000), by: "Le référent".to_owned(), reason: reason.to_owned() }
}

pub(super) async fn written<T: Send + 'static>(
    store: &Store,
    closure: impl AsyncFn(&mut WriteTx) -> Result<T, Error> + Send + 'static,
) -> T {
    store.write(closure).await.expect("the rules allow it")
}

#[tokio::test]
async fn communes_are_listed_in_alphabetical_order_whatever_their_accents() {
    let (_directory, store) = open();
    written(&store, async |tx| {
        for text in ["Yébleron", "Étretat", "Foucart", "Alvimare", "L’Étang", "Cléville", "Cleuville"] {
            add_commune(tx, &name(text), false).await?;
        }
        Ok(())
    })
    .await;
    let communes = store.read(async |tx| communes(tx).await).await.expect("the communes are read");
    let names: Vec<&str> = communes.iter().map(|commune| commune.name.as_str()).collect();
    assert_eq!(names, ["Alvimare", "Cleuville", "Cléville", "Étretat", "Foucart", "L’Étang", "Yébleron"]);
}

#[tokio::test]
async fn two_spellings_of_a_name_are_one_commune() {
    let (_directory, store) = open();
    let first = written(&store, async |tx| add_commune(tx, &name("Saint-Pierre-Lavis"), false).await).await;
    let refused = store.write(async |tx| add_commune(tx, &name("saint pierre lavis"), false).await).await;
    assert!(matches!(refused, Err(Error::CommuneNameTaken(_))), "{refused:?}");
    let found = store.read(async |tx| commune_by_name(tx, &name("SAINT-PIERRE LAVIS")).await).await;
    assert_eq!(found.expect("the name is looked up"), Some(first));
}

#[tokio::test]
async fn a_renamed_commune_leaves_its_old_name_free() {
    let (_directory, store) = open();
    let (one, other) = written(&store, async |tx| {
        let one = add_commune(tx, &name("Fauville"), true).await?;
        let other = add_commune(tx, &name("Foucart"), false).await?;
        rename_commune(tx, one.id, &name("Fauville-en-Caux")).await?;
        Ok((one, other))
    })
    .await;
    let refused =
        store.write(async move |tx| rename_commune(tx, other.id, &name("fauville en caux")).await).await;
    assert!(matches!(refused, Err(Error::CommuneNameTaken(_))), "{refused:?}");
    written(&store, async move |tx| rename_commune(tx, other.id, &name("Fauville")).await).await;
    let renamed = store.read(async move |tx| commune(tx, one.id).await).await.expect("it is read");
    let renamed = renamed.expect("it is there");
    assert_eq!((renamed.name.as_str(), renamed.seat), ("Fauville-en-Caux", true));
}

#[tokio::test]
async fn a_machine_is_known_by_its_addresses_until_it_is_revoked() {
    let (_directory, store) = open();
    let machine = written(&store, async |tx| {
        let commune = add_commune(tx, &name("Alvimare"), false).await?;
        add_machine(tx, &network(), new_machine(commune.id, "accueil", 1)).await
    })
    .await;
    let at_address = async |address: IpNet| {
        store
            .read(async move |tx| machine_by_address(tx, &network(), address.addr()).await)
            .await
            .expect("the address is looked up")
    };
    for address in network().machine(machine.id) {
        assert_eq!(at_address(address).await.as_ref(), Some(&machine));
    }
    let id = machine.id;
    written(&store, async move |tx| revoke(tx, id, revocation("volé")).await).await;
    for address in network().machine(machine.id) {
        assert_eq!(at_address(address).await, None);
    }
}

#[tokio::test]
async fn addresses_are_never_given_twice() {
    let (_directory, store) = open();
    let (first, second) = written(&store, async |tx| {
        let commune = add_commune(tx, &name("Alvimare"), false).await?.id;
        let first = add_machine(tx, &network(), new_machine(commune, "accueil", 1)).await?;
        revoke(tx, first.id, revocation("perdu")).await?;
        let second = add_machine(tx, &network(), new_machine(commune, "accueil", 2)).await?;
        Ok((first, second))
    })
    .await;
    assert_ne!(network().machine(first.id), network().machine(second.id));
    assert_eq!(second.name, first.name, "the name of a revoked machine is free");
}

#[tokio::test]
async fn a_machine_that_is_replaced_keeps_its_place() {
    let (_directory, store) = open();
    let (old, new) = written(&store, async |tx| {
        let commune = add_commune(tx, &name("Alvimare"), false).await?.id;
        let old = add_machine(tx, &network(), new_machine(commune, "accueil", 1)).await?;
        mark_seen(tx, old.id, &key(1)).await?;
        let new = replace_key(tx, old.id, key(2), at(3000)).await?;
        // What was heard of the old one arrives late.
        mark_seen(tx, old.id, &key(1)).await?;
        Ok((old, new))
    })
    .await;
    assert_eq!(new, Machine { key: key(2), enrolled: at(3000), ..old });
    let stored = store.read(async move |tx| machine(tx, old.id).await).await.expect("it is read");
    assert_eq!(stored, Some(new));
}

#[tokio::test]
async fn a_key_never_comes_back_as_another_machine() {
    let (_directory, store) = open();
    let (commune, first) = written(&store, async |tx| {
        let commune = add_commune(tx, &name("Alvimare"), false).await?.id;
        let first = add_machine(tx, &network(), new_machine(commune, "accueil", 1)).await?;
        replace_key(tx, first.id, key(2), at(2000)).await?;
        revoke(tx, first.id, revocation("volé")).await?;
        Ok((commune, first.id))
    })
    .await;
    for seed in [1, 2] {
        let refused = store
            .write(async move |tx| add_machine(tx, &network(), new_machine(commune, "autre", seed)).await)
            .await;
        assert!(matches!(refused, Err(Error::KeyTaken(id)) if id == first), "{refused:?}");
    }
}

#[tokio::test]
async fn no_machine_has_the_gateways_key_or_one_of_an_invitation() {
    let (_directory, store) = open();
    let (commune, first) = written(&store, async |tx| {
        note_gateway_keys(tx, &key(200), None).await?;
        admit(tx, &key(9), at(5000), at(1000)).await?;
        let commune = add_commune(tx, &name("Alvimare"), false).await?.id;
        let first = add_machine(tx, &network(), new_machine(commune, "accueil", 1)).await?.id;
        ask_rotation(tx, first, at(1000)).await?;
        Ok((commune, first))
    })
    .await;
    for seed in [9, 200] {
        let refused = [
            store
                .write(async move |tx| {
                    add_machine(tx, &network(), new_machine(commune, "autre", seed)).await.map(drop)
                })
                .await,
            store.write(async move |tx| replace_key(tx, first, key(seed), at(1000)).await.map(drop)).await,
            store.write(async move |tx| rotate_key(tx, first, key(seed), at(1000)).await.map(drop)).await,
        ];
        assert!(refused.iter().all(|one| matches!(one, Err(Error::KeyReserved))), "{seed}: {refused:?}");
    }
}

#[tokio::test]
async fn machines_of_one_town_hall_have_different_names() {
    let (_directory, store) = open();
    let (first, second) = written(&store, async |tx| {
        let here = add_commune(tx, &name("Alvimare"), false).await?.id;
        let there = add_commune(tx, &name("Foucart"), false).await?.id;
        let first = add_machine(tx, &network(), new_machine(here, "Accueil", 1)).await?;
        let second = add_machine(tx, &network(), new_machine(here, "accueil", 2)).await?;
        let elsewhere = add_machine(tx, &network(), new_machine(there, "accueil", 3)).await?;
        assert_eq!(elsewhere.name.as_str(), "accueil");
        Ok((first, second))
    })
    .await;
    assert_eq!((first.name.as_str(), second.name.as_str()), ("Accueil", "accueil (2)"));
    let refused = store.write(async move |tx| rename_machine(tx, second.id, first.name.clone()).await).await;
    assert!(matches!(refused, Err(Error::MachineNameTaken(_))), "{refused:?}");
}

#[tokio::test]
async fn a_machine_that_comes_back_has_a_name_of_its_own() {
    let (_directory, store) = open();
    let (revived, as_it_was) = written(&store, async |tx| {
        let commune = add_commune(tx, &name("Alvimare"), false).await?.id;
        let first = add_machine(tx, &network(), new_machine(commune, "accueil", 1)).await?.id;
        let same = replace_key(tx, first, key(2), at(2000)).await?;
        revoke(tx, first, revocation("volé")).await?;
        add_machine(tx, &network(), new_machine(commune, "Accueil", 3)).await?;
        Ok((replace_key(tx, first, key(4), at(3000)).await?, same))
    })
    .await;
    assert_eq!((as_it_was.name.as_str(), revived.name.as_str()), ("accueil", "accueil (2)"));
}

#[tokio::test]
async fn a_revoked_machine_has_no_role_and_keeps_its_first_reason() {
    let (_directory, store) = open();
    let machine = written(&store, async |tx| {
        let commune = add_commune(tx, &name("Alvimare"), false).await?.id;
        let machine = add_machine(tx, &network(), new_machine(commune, "accueil", 1)).await?;
        set_role(tx, machine.id, MachineRole::Referent).await?;
        revoke(tx, machine.id, revocation("volé")).await?;
        revoke(tx, machine.id, revocation("encore")).await
    })
    .await;
    assert_eq!((machine.role, machine.revoked), (MachineRole::TownHall, Some(revocation("volé"))));
    let refused = store.write(async move |tx| set_role(tx, machine.id, MachineRole::Referent).await).await;
    assert!(matches!(refused, Err(Error::Revoked(_))), "{refused:?}");
}

#[tokio::test]
async fn a_full_network_refuses_and_leaves_nothing() {
    let (_directory, store) = open();
    let small = Network::new("10.66.0.0/23".parse().expect("a network"), "fd00::/64".parse().expect("a net"));
    let commune = written(&store, async |tx| add_commune(tx, &name("Alvimare"), false).await).await.id;
    written(&store, async move |tx| {
        for seed in 0..255 {
            add_machine(tx, &small, new_machine(commune, "poste", seed)).await?;
        }
        Ok(())
    })
    .await;
    let refused =
        store.write(async move |tx| add_machine(tx, &small, new_machine(commune, "poste", 255)).await).await;
    assert!(matches!(refused, Err(Error::NetworkFull)), "{refused:?}");
    let machines = store.read(async |tx| machines(tx).await).await.expect("the machines are read");
    assert_eq!(machines.len(), 255);
}

#[tokio::test]
async fn guests_are_let_in_until_their_time_is_over() {
    let (_directory, store) = open();
    written(&store, async |tx| admit(tx, &key(1), at(100), at(0)).await).await;
    written(&store, async |tx| admit(tx, &key(2), at(200), at(0)).await).await;
    let keys_at = async |second: i64| {
        let guests = store.read(async move |tx| guests(tx, at(second)).await).await.expect("they are read");
        guests.into_iter().map(|guest| guest.key).collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(keys_at(99).await, [key(1), key(2)].into());
    assert_eq!(keys_at(100).await, [key(2)].into());
    written(&store, async |tx| admit(tx, &key(2), at(150), at(0)).await).await;
    assert_eq!(keys_at(150).await, [].into());
}

#[tokio::test]
async fn two_guests_never_share_an_address() {
    // Two keys that fall on the same of 131,000 temporary addresses: a few hundred draws find a pair.
    let mut drawn = std::collections::HashMap::new();
    let (first, second) = (0_u32..)
        .find_map(|seed| {
            let mut bytes = [0; 32];
            bytes[..4].copy_from_slice(&seed.to_be_bytes());
            let key = PrivateKey::from_bytes(bytes).public();
            drawn
                .insert(temporary::address(&key), key)
                .filter(|other| *other != key)
                .map(|other| (other, key))
        })
        .expect("the draw goes on until there is a pair");
    let (_directory, store) = open();
    written(&store, async move |tx| admit(tx, &first, at(100), at(0)).await).await;
    let refused = store.write(async move |tx| admit(tx, &second, at(300), at(99)).await).await;
    assert!(matches!(refused, Err(Error::AddressTaken(_))), "{refused:?}");
    written(&store, async move |tx| admit(tx, &second, at(300), at(100)).await).await;
}
