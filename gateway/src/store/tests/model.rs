//! Closures drawn by chance do to the store what they do to a map in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::disk::Chance;
use super::*;

type Model = BTreeMap<u32, Bell>;

/// Few keys, so that closures meet the rows of one another.
const KEYS: usize = 24;

#[derive(Clone, Debug)]
enum Step {
    Put(u32, u32),
    Remove(u32),
    Page { from: u32, to: u32, limit: usize, order: Order },
}

impl Step {
    fn draw(chance: &mut Chance) -> Step {
        let key = |chance: &mut Chance| chance.of(KEYS) as u32;
        match chance.of(4) {
            0 => Step::Remove(key(chance)),
            1 => {
                let order = [Order::Ascending, Order::Descending][chance.of(2)];
                Step::Page { from: key(chance), to: key(chance), limit: 1 + chance.of(6), order }
            }
            _ => Step::Put(key(chance), chance.of(1000) as u32),
        }
    }

    async fn take(&self, tx: &mut WriteTx, model: &mut Model) -> Result<(), Error> {
        match *self {
            Step::Put(key, kilograms) => {
                let bell = Bell { name: "Marie".to_owned(), kilograms };
                tx.put(&BELLS, &key, &bell).await?;
                model.insert(key, bell);
            }
            Step::Remove(key) => assert_eq!(tx.remove(&BELLS, &key).await?, model.remove(&key).is_some()),
            Step::Page { from, to, limit, order } => {
                let page = match order {
                    Order::Ascending => tx.page(&BELLS, from..=to, limit).await?,
                    Order::Descending => tx.page_back(&BELLS, from..=to, limit).await?,
                };
                assert_eq!(page, expected(model, from, to, limit, order), "{self:?}");
            }
        }
        Ok(())
    }
}

fn expected(model: &Model, from: u32, to: u32, limit: usize, order: Order) -> Page<u32, Bell> {
    let mut rows: Vec<_> =
        model.iter().filter(|(key, _)| (from..=to).contains(key)).map(|(k, v)| (*k, v.clone())).collect();
    if order == Order::Descending {
        rows.reverse();
    }
    let next = rows.get(limit).map(|(key, _)| *key);
    rows.truncate(limit);
    Page { rows, next }
}

#[tokio::test]
async fn closures_do_to_the_store_what_they_do_to_a_map() {
    let (_directory, store) = open();
    let model = Arc::new(Mutex::new(Model::new()));
    let mut chance = Chance::new(3);
    for _ in 0..40 {
        // Left with the thread all at once, so that some run over what others have not committed yet.
        let mut closures = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let steps: Vec<_> = (0..chance.of(12)).map(|_| Step::draw(&mut chance)).collect();
            let refuse = chance.of(3) == 0;
            let (store, model) = (store.clone(), model.clone());
            closures.spawn(async move {
                store.write(async move |tx| run(tx, &model, &steps, refuse).await).await
            });
        }
        for outcome in closures.join_all().await {
            assert!(matches!(outcome, Ok(()) | Err(Refusal::Full)), "{outcome:?}");
        }
        let rows = store.read(async |tx| tx.all(&BELLS).await).await.expect("the table is read");
        let model = model.lock().expect("no closure panicked").clone();
        assert_eq!(rows, model.into_iter().collect::<Vec<_>>());
    }
}

/// The map takes what the closure did only when the closure agrees.
async fn run(tx: &mut WriteTx, model: &Mutex<Model>, steps: &[Step], refuse: bool) -> Result<(), Refusal> {
    let mut changed = model.lock().expect("no closure panicked").clone();
    for step in steps {
        step.take(tx, &mut changed).await?;
    }
    if refuse {
        return Err(Refusal::Full);
    }
    *model.lock().expect("no closure panicked") = changed;
    Ok(())
}
