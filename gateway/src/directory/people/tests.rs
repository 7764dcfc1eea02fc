//! The rules about people, mandates and groups, over a real store.

use jiff::civil::date;
use tempfile::TempDir;

use super::*;
use crate::directory::{CommuneName, Error, add_commune};
use crate::store::{Store, WriteTx};

const TODAY: Date = date(2026, 11, 24);
const YESTERDAY: Date = date(2026, 11, 23);
const ELECTED: Date = date(2026, 3, 22);

fn details(family: &str) -> Details {
    let name = PersonName::parse(family, "").expect("a name");
    Details { civility: None, name, phone: None, email: None }
}

fn since(from: Date) -> Term {
    Term::new(from, None).expect("in order")
}

fn until(last: Date) -> Term {
    Term::new(ELECTED, Some(last)).expect("in order")
}

/// Two communes.
async fn open() -> (TempDir, Store, [CommuneId; 2]) {
    let directory = tempfile::tempdir().expect("a directory for the test");
    let store = Store::open(directory.path()).expect("an empty directory becomes a store");
    let communes = written(&store, async |tx| {
        let mut ids = Vec::new();
        for name in ["Alvimare", "Foucart"] {
            let name = CommuneName::parse(name).expect("a name");
            ids.push(add_commune(tx, &name, false).await?.id);
        }
        Ok([ids[0], ids[1]])
    })
    .await;
    (directory, store, communes)
}

async fn written<T: Send + 'static>(
    store: &Store,
    closure: impl AsyncFn(&mut WriteTx) -> Result<T, Error> + Send + 'static,
) -> T {
    store.write(closure).await.expect("the rules allow it")
}

async fn everybody(store: &Store) -> Register {
    store.read(async |tx| register(tx).await).await.expect("the register is read")
}

fn names(people: &[&Person]) -> Vec<String> {
    people.iter().map(|person| person.details.name.to_string()).collect()
}

#[tokio::test]
async fn two_people_of_the_same_name_are_two_people() {
    let (_directory, store, [alvimare, foucart]) = open().await;
    let [first, second] = written(&store, async move |tx| {
        let first = add_person(tx, &details("Maire d’Alvimare")).await?.id;
        let second = add_person(tx, &details("maire d'alvimare")).await?.id;
        give_mandate(tx, first, Post::new(Function::Mayor, Some(alvimare)).expect("a post"), since(ELECTED))
            .await?;
        Ok([first, second])
    })
    .await;
    assert_ne!(first, second);
    let register = everybody(&store).await;
    let name = PersonName::parse("MAIRE D’ALVIMARE", "").expect("a name");
    assert_eq!(register.named(&name).len(), 2);
    assert!(register.person(first).expect("is there").holds(Function::Mayor, Some(alvimare), TODAY));
    assert!(!register.person(first).expect("is there").holds(Function::Mayor, Some(foucart), TODAY));
    assert!(!register.person(second).expect("is there").holds(Function::Mayor, None, TODAY));
}

#[tokio::test]
async fn one_person_has_two_functions_in_two_communes_and_no_address() {
    let (_directory, store, [alvimare, foucart]) = open().await;
    let id = written(&store, async move |tx| {
        let id = add_person(tx, &details("Secrétaire d’Alvimare et de Foucart")).await?.id;
        for commune in [alvimare, foucart] {
            let post = Post::new(Function::Secretary, Some(commune)).expect("a post");
            give_mandate(tx, id, post, since(ELECTED)).await?;
        }
        Ok(id)
    })
    .await;
    let register = everybody(&store).await;
    let person = register.person(id).expect("is there");
    assert_eq!((person.mandates_on(TODAY).count(), &person.details.email), (2, &None));
    assert_eq!(Circle::Everyone(Function::Secretary).members(&register, TODAY), [person]);
    assert_eq!(Circle::Of(Function::Secretary, foucart).members(&register, TODAY), [person]);
}

#[tokio::test]
async fn groups_follow_from_mandates_on_the_day() {
    let (_directory, store, [alvimare, foucart]) = open().await;
    written(&store, async move |tx| {
        let held = [
            ("Présidente", Function::President, None, since(ELECTED)),
            ("Déléguée 1 d’Alvimare", Function::Delegate, Some(alvimare), since(ELECTED)),
            ("Délégué 2 d’Alvimare", Function::Delegate, Some(alvimare), until(YESTERDAY)),
            ("Délégué de Foucart", Function::Delegate, Some(foucart), until(TODAY)),
            ("Maire de Foucart", Function::Mayor, Some(foucart), since(TODAY)),
        ];
        for (name, function, commune, term) in held {
            let id = add_person(tx, &details(name)).await?.id;
            give_mandate(tx, id, Post::new(function, commune).expect("a post"), term).await?;
        }
        Ok(())
    })
    .await;
    let register = everybody(&store).await;
    let check = |circle: Circle, day: Date, expected: &[&str]| {
        assert_eq!(names(&circle.members(&register, day)), expected, "{circle} on {day}");
        assert_eq!(circle.to_string().parse(), Ok(circle));
    };
    check(Circle::Council, TODAY, &["Délégué de Foucart", "Déléguée 1 d’Alvimare", "Présidente"]);
    check(
        Circle::Council,
        YESTERDAY,
        &["Délégué 2 d’Alvimare", "Délégué de Foucart", "Déléguée 1 d’Alvimare", "Présidente"],
    );
    check(Circle::Bureau, TODAY, &["Présidente"]);
    check(Circle::Everyone(Function::Mayor), YESTERDAY, &[]);
    check(Circle::Everyone(Function::Mayor), TODAY, &["Maire de Foucart"]);
    check(Circle::Of(Function::Delegate, alvimare), TODAY, &["Déléguée 1 d’Alvimare"]);
    check(Circle::Of(Function::Delegate, foucart), date(2026, 11, 25), &[]);
    for circle in Circle::all().chain(Circle::of(alvimare)) {
        assert_eq!(circle.to_string().parse(), Ok(circle));
    }
    assert_eq!("délégués".parse::<Circle>(), Err(NoSuchCircle));
}

#[tokio::test]
async fn a_listed_member_sits_as_long_as_the_mandate_lasts() {
    let (_directory, store, [alvimare, _]) = open().await;
    let (commission, inhabitants, person) = written(&store, async move |tx| {
        let name = |text| GroupName::parse(text).expect("a name");
        let commission = add_group(tx, &name("Commission voirie"), GroupKind::Commission).await?.id;
        let inhabitants = add_group(tx, &name("Conseil des habitants"), GroupKind::AdvisoryCouncil).await?.id;
        let person = add_person(tx, &details("Délégué d’Alvimare")).await?.id;
        let post = Post::new(Function::Delegate, Some(alvimare)).expect("a post");
        give_mandate(tx, person, post, until(TODAY)).await?;
        assert!(add_member(tx, commission, person).await?);
        assert!(!add_member(tx, commission, person).await?, "once is enough");
        assert!(add_member(tx, inhabitants, person).await?);
        let taken = add_group(tx, &name("COMMISSION VOIRIE"), GroupKind::Commission).await;
        assert!(matches!(taken, Err(Error::GroupNameTaken(_))), "{taken:?}");
        Ok((commission, inhabitants, person))
    })
    .await;
    let register = everybody(&store).await;
    let [commission, inhabitants] = store
        .read(async move |tx| {
            let found = [group(tx, commission).await?, group(tx, inhabitants).await?];
            Ok::<_, Error>(found.map(|group| group.expect("is there")))
        })
        .await
        .expect("the groups are read");
    let tomorrow = date(2026, 11, 25);
    assert_eq!(names(&commission.members(&register, TODAY)), ["Délégué d’Alvimare"]);
    assert_eq!(names(&commission.members(&register, tomorrow)), Vec::<String>::new());
    assert_eq!(names(&commission.out_of_office(&register, tomorrow)), ["Délégué d’Alvimare"]);
    assert_eq!(names(&inhabitants.members(&register, tomorrow)), ["Délégué d’Alvimare"]);

    let (id, removed) = (commission.id, person);
    let left = written(&store, async move |tx| {
        remove_person(tx, removed).await?;
        group(tx, id).await
    })
    .await;
    assert!(left.expect("the group stays").listed.is_empty());
    assert!(everybody(&store).await.people().is_empty());
}

#[tokio::test]
async fn nobody_holds_the_same_twice_at_once() {
    let (_directory, store, [alvimare, foucart]) = open().await;
    written(&store, async move |tx| {
        let id = add_person(tx, &details("Maire d’Alvimare")).await?.id;
        let post = Post::new(Function::Mayor, Some(alvimare)).expect("a post");
        let first = give_mandate(tx, id, post, until(YESTERDAY)).await?.id;
        let twice = give_mandate(tx, id, post, since(YESTERDAY)).await;
        assert!(matches!(twice, Err(Error::AlreadyHeld(_))), "{twice:?}");
        let second = give_mandate(tx, id, post, since(TODAY)).await?.id;
        assert_ne!(first, second);
        let longer = change_mandate(tx, id, first, post, until(TODAY)).await;
        assert!(matches!(longer, Err(Error::AlreadyHeld(_))), "{longer:?}");
        let elsewhere = Post::new(Function::Mayor, Some(foucart)).expect("a post");
        change_mandate(tx, id, first, elsewhere, until(TODAY)).await?;
        remove_mandate(tx, id, second).await?;
        let third = give_mandate(tx, id, post, since(TODAY)).await?.id;
        assert_ne!(third, second, "a number is not given again");
        let person = person(tx, id).await?.expect("is there");
        assert_eq!(person.mandates.iter().map(|mandate| mandate.id).collect::<Vec<_>>(), [third, first]);
        Ok(())
    })
    .await;
}
