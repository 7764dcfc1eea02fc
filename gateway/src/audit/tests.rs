//! The chain over a real store, and what is done to it behind our back.

use jiff::tz::TimeZone;
use tempfile::TempDir;

use super::store::{ANCHOR, CHAIN, ENTRIES, HEAD, Link};
use super::*;
use crate::store::{Read, Store, Write, WriteTx};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("within range")
}

async fn written<F>(store: &Store, closure: F)
where
    F: AsyncFn(&mut WriteTx) -> Result<(), Error> + Send + 'static,
{
    store.write(closure).await.expect("entries are small");
}

/// A store with six entries, one a second from the first second on.
async fn six() -> (TempDir, Store) {
    let directory = tempfile::tempdir().expect("a directory for the test");
    let store = Store::open(directory.path()).expect("an empty directory becomes a store");
    written(&store, async |tx| {
        for second in 1..=6 {
            let about = About { machine_number: Some(256), ..About::default() };
            let entry = Entry { at: at(second), who: "Le référent".to_owned(), act: Act::SignedIn, about };
            record(tx, entry).await?;
        }
        Ok(())
    })
    .await;
    (directory, store)
}

async fn verified(store: &Store) -> Report {
    store.read(async |tx| verify(tx, None).await).await.expect("the chain is read")
}

async fn check<F>(tampering: F, expected: &[Fault])
where
    F: AsyncFn(&mut WriteTx) -> Result<(), Error> + Send + 'static,
{
    let (_directory, store) = six().await;
    written(&store, tampering).await;
    assert_eq!(verified(&store).await.faults, expected);
}

#[tokio::test]
async fn a_chain_that_nobody_touched_holds() {
    let (_directory, store) = six().await;
    let report = verified(&store).await;
    assert_eq!((report.entries, report.first, report.fault_count), (6, Some(1), 0));
    let last = store.read(async |tx| last(tx).await).await.expect("it is read");
    assert_eq!(report.last, last);
    assert_eq!(last.map(|(number, _)| number), Some(6));
}

#[tokio::test]
async fn an_empty_chain_holds() {
    let directory = tempfile::tempdir().expect("a directory for the test");
    let store = Store::open(directory.path()).expect("an empty directory becomes a store");
    assert_eq!(verified(&store).await, Report::default());
}

#[tokio::test]
async fn an_entry_that_was_changed_is_named() {
    let change = async |tx: &mut WriteTx| {
        let mut entry = tx.get(&ENTRIES, &3).await?.expect("it is there");
        entry.who = "Personne".to_owned();
        Ok(tx.put(&ENTRIES, &3, &entry).await?)
    };
    check(change, &[Fault::Altered(3)]).await;
    let change_the_last = async |tx: &mut WriteTx| {
        let mut entry = tx.get(&ENTRIES, &6).await?.expect("it is there");
        entry.at += 1;
        Ok(tx.put(&ENTRIES, &6, &entry).await?)
    };
    check(change_the_last, &[Fault::Altered(6)]).await;
}

#[tokio::test]
async fn a_fingerprint_that_was_made_to_fit_shows_at_the_next_entry() {
    let change = async |tx: &mut WriteTx| {
        let mut entry = tx.get(&ENTRIES, &3).await?.expect("it is there");
        entry.who = "Personne".to_owned();
        let before = tx.get(&CHAIN, &2).await?.expect("it is there");
        tx.put(&CHAIN, &3, &Fingerprint::of(before, 3, &entry)).await?;
        Ok(tx.put(&ENTRIES, &3, &entry).await?)
    };
    check(change, &[Fault::Altered(4)]).await;
}

#[tokio::test]
async fn entries_that_were_removed_are_missed() {
    let remove = async |tx: &mut WriteTx| {
        for number in [3, 4] {
            tx.remove(&ENTRIES, &number).await?;
            tx.remove(&CHAIN, &number).await?;
        }
        Ok(())
    };
    check(remove, &[Fault::Missing(3, 4)]).await;
    let remove_the_first = async |tx: &mut WriteTx| {
        tx.remove(&CHAIN, &1).await?;
        tx.remove(&ENTRIES, &1).await?;
        Ok(())
    };
    check(remove_the_first, &[Fault::Missing(1, 1)]).await;
}

#[tokio::test]
async fn entries_that_were_moved_or_closed_up_show() {
    let exchange = async |tx: &mut WriteTx| {
        let (third, fourth) = (tx.get(&ENTRIES, &3).await?, tx.get(&ENTRIES, &4).await?);
        tx.put(&ENTRIES, &3, &fourth.expect("it is there")).await?;
        Ok(tx.put(&ENTRIES, &4, &third.expect("it is there")).await?)
    };
    check(exchange, &[Fault::Altered(3), Fault::Altered(4)]).await;
    let close_up = async |tx: &mut WriteTx| {
        for number in 3..6 {
            let entry = tx.get(&ENTRIES, &(number + 1)).await?.expect("it is there");
            let fingerprint = tx.get(&CHAIN, &(number + 1)).await?.expect("it is there");
            tx.put(&ENTRIES, &number, &entry).await?;
            tx.put(&CHAIN, &number, &fingerprint).await?;
        }
        tx.remove(&ENTRIES, &6).await?;
        tx.remove(&CHAIN, &6).await?;
        Ok(())
    };
    check(close_up, &[Fault::Altered(3), Fault::Altered(4), Fault::Altered(5), Fault::Missing(6, 6)]).await;
}

async fn cut_the_tail(tx: &mut WriteTx) -> Result<(), Error> {
    for number in [5, 6] {
        tx.remove(&ENTRIES, &number).await?;
        tx.remove(&CHAIN, &number).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_tail_that_was_cut_off_is_missed() {
    check(cut_the_tail, &[Fault::Missing(5, 6)]).await;
}

/// The chain itself cannot know it: the next entry does, and a fingerprint that was noted elsewhere.
#[tokio::test]
async fn a_tail_that_was_cut_off_with_care_shows_by_what_was_noted_and_by_what_comes_after() {
    let (_directory, store) = six().await;
    let (_, head) = verified(&store).await.last.expect("there are entries");
    written(&store, async |tx| {
        cut_the_tail(tx).await?;
        let fingerprint = tx.get(&CHAIN, &4).await?.expect("it is there");
        Ok(tx.put(&HEAD, &(), &Link { number: 4, fingerprint }).await?)
    })
    .await;
    let noted: Noted = head.to_string().parse().expect("a fingerprint");
    let report = store.read(async move |tx| verify(tx, Some(&noted)).await).await.expect("it is read");
    assert_eq!((report.fault_count, report.noted), (0, None));

    written(&store, async |tx| {
        let about = About::default();
        record(tx, Entry { at: at(7), who: "Le référent".to_owned(), act: Act::SignedOut, about }).await
    })
    .await;
    assert_eq!(verified(&store).await.faults, [Fault::Missing(5, 6)]);
}

#[tokio::test]
async fn a_noted_fingerprint_is_found() {
    let (_directory, store) = six().await;
    let third = store.read(async |tx| Ok::<_, Error>(tx.get(&CHAIN, &3).await?)).await.expect("it is read");
    let noted: Noted = third.expect("it is there").to_string().parse().expect("a fingerprint");
    let report = store.read(async move |tx| verify(tx, Some(&noted)).await).await.expect("it is read");
    assert_eq!(report.noted, Some(3));
}

#[tokio::test]
async fn what_is_old_is_forgotten_and_the_chain_still_holds() {
    let (_directory, store) = six().await;
    let forgotten = store.write(async |tx| forget(tx, at(4), at(50)).await).await.expect("it is written");
    assert_eq!(forgotten, 3);
    let report = verified(&store).await;
    assert_eq!((report.entries, report.first, report.fault_count), (3, Some(4), 0));
    let history = store.read(async |tx| about_machine(tx, 256, 10).await).await.expect("it is read");
    assert_eq!(history.len(), 3);

    let move_the_anchor = async |tx: &mut WriteTx| {
        tx.remove(&ENTRIES, &4).await?;
        let fingerprint = Fingerprint::BEGINNING;
        Ok(tx.put(&ANCHOR, &(), &Link { number: 4, fingerprint }).await?)
    };
    written(&store, move_the_anchor).await;
    assert_eq!(verified(&store).await.faults, [Fault::Altered(5)]);

    let all = store.write(async |tx| forget(tx, at(100), at(200)).await).await.expect("it is written");
    assert_eq!(all, 2);
    assert_eq!(verified(&store).await.fault_count, 0);
}

#[tokio::test]
async fn an_entry_of_the_future_does_not_keep_the_log() {
    let check = async |times: &[i64], expected: usize| {
        let directory = tempfile::tempdir().expect("a directory for the test");
        let store = Store::open(directory.path()).expect("an empty directory becomes a store");
        for &second in times {
            let entry = Entry {
                at: at(second),
                who: "Le référent".to_owned(),
                act: Act::SignedIn,
                about: About::default(),
            };
            written(&store, async move |tx| record(tx, entry.clone()).await).await;
        }
        let forgotten = store.write(async |tx| forget(tx, at(10), at(20)).await).await;
        assert_eq!(forgotten.expect("it is written"), expected, "{times:?}");
    };
    check(&[900, 1, 2, 12], 3).await;
    check(&[1, 900, 901, 2, 12], 4).await;
    check(&[1, 900, 12, 2], 1).await;
    check(&[900, 901], 0).await;
}

#[tokio::test]
async fn the_table_opens_in_a_french_spreadsheet() {
    let (_directory, store) = six().await;
    written(&store, async |tx| {
        let about = About {
            commune: Some("L’Étang".to_owned()),
            detail: Some("=1+1; «\u{a0}volé\u{a0}»\n\"hier\"".to_owned()),
            ..About::default()
        };
        let at = "2026-11-24T07:05:00Z".parse().expect("a timestamp");
        record(tx, Entry { at, who: "Jeanne".to_owned(), act: Act::MachineRevoked, about }).await
    })
    .await;
    let zone = TimeZone::get("Europe/Paris").expect("the zone is known");
    let table = store.read(async move |tx| table(tx, &zone).await).await.expect("it is read");
    let table = String::from_utf8(table).expect("it is UTF-8");
    let lines: Vec<&str> = table.split("\r\n").collect();
    assert_eq!(lines[0], "\u{feff}Nº;Quand;Qui;A fait;Commune;Poste;Précision;Empreinte");
    assert!(lines[1].starts_with("1;1970-01-01 01:00:01;Le référent;a ouvert sa session;;;;"), "{table}");
    let last = "7;2026-11-24 08:05:00;Jeanne;a retiré le poste;L’Étang;;\"'=1+1; «\u{a0}volé\u{a0}»\n\"\"hier\"\"\";";
    assert!(lines[7].starts_with(last), "{table}");
    assert_eq!(lines.len(), 9);
}
