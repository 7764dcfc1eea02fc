//! The rules of enrolment, over a real store.

use std::collections::BTreeSet;

use beffroi_protocol::code::{Code, Endpoint};
use beffroi_protocol::enrolment::Request;
use beffroi_protocol::temporary::Secret;
use tempfile::TempDir;

use super::*;
use crate::audit::{self, Act};
use crate::directory::{Commune, CommuneName, Machine, Network, Revocation};
use crate::store::Store;

/// A store with two communes, whose gateway has a key.
struct Rig {
    store: Store,
    alvimare: Commune,
    yebleron: Commune,
    directory: TempDir,
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_750_000_000 + second).expect("within range")
}

fn network() -> Network {
    Network::new("10.66.0.0/16".parse().expect("a network"), "fd00::/64".parse().expect("a network"))
}

fn endpoint() -> Endpoint {
    "passerelle.coeur-de-caux.example:51820".parse().expect("an endpoint")
}

fn key(seed: u8) -> PublicKey {
    PublicKey::from_bytes([seed; 32])
}

fn request(seed: u8) -> Request {
    Request { key: key(seed), name: "accueil".to_owned(), version: "0.1.0".to_owned(), preshared: true }
}

impl Rig {
    async fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory for the test");
        let store = Store::open(directory.path()).expect("an empty directory becomes a store");
        let (alvimare, yebleron) = store
            .write(async |tx| {
                directory::note_gateway_keys(tx, &key(200), None).await?;
                let name = |text| CommuneName::parse(text).expect("a name");
                let alvimare = directory::add_commune(tx, &name("Alvimare"), false).await?;
                let yebleron = directory::add_commune(tx, &name("Yébleron"), true).await?;
                Ok::<_, Error>((alvimare, yebleron))
            })
            .await
            .expect("two communes are added");
        Self { store, alvimare, yebleron, directory }
    }

    async fn order(&self, wish: Wish, second: i64) -> Result<Vec<Ordered>, Error> {
        self.store.write(async move |tx| order(tx, &wish, &endpoint(), "Le référent", at(second)).await).await
    }

    async fn invite(&self, wish: Wish, second: i64) -> Ordered {
        self.order(wish, second).await.expect("the wish is granted").remove(0)
    }

    async fn invite_alvimare(&self, second: i64) -> Ordered {
        self.invite(Wish::Communes(vec![self.alvimare.id]), second).await
    }

    async fn answer(&self, ordered: &Ordered, seed: u8, second: i64) -> Result<Outcome, Refused> {
        self.answer_with(ordered, request(seed), second).await
    }

    async fn answer_with(
        &self,
        ordered: &Ordered,
        request: Request,
        second: i64,
    ) -> Result<Outcome, Refused> {
        let address = ordered.invitation.address();
        self.store.write(async move |tx| answer(tx, &network(), address, &request, at(second)).await).await
    }

    async fn cancel(&self, ordered: &Ordered, second: i64) -> Result<(), Error> {
        let id = ordered.invitation.id;
        self.store.write(async move |tx| cancel(tx, id, "Le référent", at(second)).await).await
    }

    async fn revoke(&self, machine: &Machine, second: i64) {
        let id = machine.id;
        let revocation =
            Revocation { at: at(second), by: "Le référent".to_owned(), reason: "volé".to_owned() };
        self.store
            .write(async move |tx| directory::revoke(tx, id, revocation.clone()).await)
            .await
            .expect("the machine is there");
    }

    async fn machines(&self) -> Vec<Machine> {
        self.store.read(async |tx| directory::machines(tx).await).await.expect("the machines are read")
    }

    async fn guests(&self, second: i64) -> BTreeSet<PublicKey> {
        let guests = self.store.read(async move |tx| directory::guests(tx, at(second)).await).await;
        guests.expect("the guests are read").into_iter().map(|guest| guest.key).collect()
    }

    async fn acts(&self) -> Vec<Act> {
        let page = self.store.read(async |tx| audit::page(tx, None, 100).await).await;
        page.expect("the entries are read").entries.into_iter().rev().map(|entry| entry.act).collect()
    }
}

/// Seconds from the making of an invitation to its end.
fn lifetime() -> i64 {
    LIFETIME.as_secs()
}

#[tokio::test]
async fn the_secret_leads_to_the_machine_and_is_not_stored() {
    let rig = Rig::new().await;
    let ordered = rig.invite_alvimare(0).await;
    assert_eq!(ordered.code.key, key(200));
    assert_eq!(ordered.code.gateway, endpoint());
    assert_eq!(ordered.code.secret.key().public(), ordered.invitation.key);
    assert_eq!(rig.guests(0).await, [ordered.invitation.key].into());

    let outcome = rig.answer(&ordered, 1, 60).await.expect("the invitation is open");
    assert_eq!(outcome.commune, rig.alvimare);
    assert_eq!((outcome.machine.key, outcome.first), (key(1), true));
    assert_eq!(rig.machines().await, [outcome.machine]);
    assert_eq!(rig.acts().await, [Act::InvitationCreated, Act::MachineEnrolled]);

    let written = std::fs::read(rig.directory.path().join("beffroi.redb")).expect("the database is a file");
    let secret = ordered.code.secret.as_bytes();
    assert!(!written.windows(secret.len()).any(|window| window == secret), "the secret is on the disk");
}

#[tokio::test]
async fn asking_again_with_the_same_key_gives_the_same_answer() {
    let rig = Rig::new().await;
    let ordered = rig.invite_alvimare(0).await;
    let first = rig.answer(&ordered, 1, 60).await.expect("the invitation is open");
    // The agent was killed and comes back after the invitation's time.
    let again = rig.answer(&ordered, 1, lifetime() + 60).await.expect("it is the same machine");
    assert_eq!(again, Outcome { first: false, ..first });
    assert_eq!(rig.machines().await.len(), 1);
    assert_eq!(rig.acts().await, [Act::InvitationCreated, Act::MachineEnrolled]);
}

#[tokio::test]
async fn another_machine_is_refused_once_it_is_used() {
    let rig = Rig::new().await;
    let ordered = rig.invite_alvimare(0).await;
    let outcome = rig.answer(&ordered, 1, 60).await.expect("the invitation is open");
    let refused = rig.answer(&ordered, 2, 61).await;
    assert!(matches!(refused, Err(Refused::Used)), "{refused:?}");
    rig.revoke(&outcome.machine, 62).await;
    let refused = rig.answer(&ordered, 1, 63).await;
    assert!(matches!(refused, Err(Refused::Revoked)), "{refused:?}");
    assert_eq!(rig.machines().await.len(), 1);
}

#[tokio::test]
async fn crossed_requests_bring_in_one_machine() {
    let rig = Rig::new().await;
    let ordered = rig.invite_alvimare(0).await;
    let (one, other, again) =
        tokio::join!(rig.answer(&ordered, 1, 60), rig.answer(&ordered, 2, 60), rig.answer(&ordered, 1, 60));
    let let_in: BTreeSet<PublicKey> =
        [&one, &other, &again].into_iter().flatten().map(|outcome| outcome.machine.key).collect();
    assert_eq!(let_in.len(), 1, "{one:?} {other:?} {again:?}");
    assert_eq!(one.is_ok(), again.is_ok());
    assert_eq!(rig.machines().await.len(), 1);
}

#[tokio::test]
async fn every_refusal_has_its_reason_and_writes_nothing() {
    let rig = Rig::new().await;
    let expired = rig.invite_alvimare(0).await;
    let cancelled = rig.invite_alvimare(1).await;
    let open = rig.invite_alvimare(2).await;
    rig.cancel(&cancelled, 3).await.expect("the invitation is open");

    let never_made = Ordered {
        invitation: Invitation { key: Secret::from_bytes([9; 16]).key().public(), ..open.invitation.clone() },
        ..open.clone()
    };
    let named = |name: &str| Request { name: name.to_owned(), ..request(1) };
    let check = async |ordered: &Ordered, request: Request, second: i64, expected: &str| {
        let refused = rig.answer_with(ordered, request, second).await;
        assert_eq!(refused.expect_err("it is refused").to_string(), expected);
    };
    check(&expired, request(1), lifetime(), "the invitation has expired").await;
    check(&cancelled, request(1), 4, "the invitation was cancelled").await;
    check(&never_made, request(1), 4, "no invitation goes with the temporary address").await;
    check(&open, named(" "), 4, "the name of the machine is not one").await;
    check(&open, named(&"x".repeat(65)), 4, "the name of the machine is not one").await;
    let own_keys = "the key is not the machine's own";
    check(&open, request(200), 4, own_keys).await;
    check(&open, Request { key: open.invitation.key, ..request(1) }, 4, own_keys).await;
    check(&open, Request { key: expired.invitation.key, ..request(1) }, 4, own_keys).await;
    assert_eq!(rig.machines().await, []);

    let first = rig.answer(&open, 1, 5).await.expect("it is still open");
    let next = rig.invite_alvimare(6).await;
    check(&next, request(1), 7, own_keys).await;
    assert_eq!(rig.machines().await, [first.machine]);
}

#[tokio::test]
async fn the_holder_of_a_sheet_is_told_what_became_of_it_for_a_while() {
    let rig = Rig::new().await;
    let expired = rig.invite_alvimare(0).await.invitation.key;
    let cancelled = rig.invite_alvimare(1).await;
    rig.cancel(&cancelled, 10).await.expect("the invitation is open");
    let cancelled = cancelled.invitation.key;
    let farewell = FAREWELL.as_secs();
    assert_eq!(rig.guests(farewell + 9).await, [expired, cancelled].into());
    assert_eq!(rig.guests(farewell + 10).await, [expired].into());
    assert_eq!(rig.guests(lifetime() + farewell - 1).await, [expired].into());
    assert_eq!(rig.guests(lifetime() + farewell).await, [].into());
}

#[tokio::test]
async fn replacing_keeps_the_town_hall_and_the_address() {
    let rig = Rig::new().await;
    let first = rig.invite_alvimare(0).await;
    let old = rig.answer(&first, 1, 1).await.expect("the invitation is open").machine;
    let stale = rig.invite(Wish::Replace(old.id), 2).await;
    let ordered = rig.invite(Wish::Replace(old.id), 3).await;
    let refused = rig.answer(&stale, 2, 4).await;
    assert!(matches!(refused, Err(Refused::Cancelled)), "a machine is replaced once: {refused:?}");

    let outcome = rig.answer(&ordered, 2, 5).await.expect("the invitation is open");
    assert_eq!(outcome.machine, Machine { key: key(2), enrolled: at(5), ..old.clone() });
    assert_eq!(rig.machines().await, [outcome.machine]);
    // The sheet of the machine that was replaced brings nobody in any more.
    let refused = rig.answer(&first, 1, 6).await;
    assert!(matches!(refused, Err(Refused::Used)), "{refused:?}");
}

#[tokio::test]
async fn replacing_outlives_a_revocation_that_came_before_it_and_not_one_that_came_after() {
    let rig = Rig::new().await;
    let first = rig.invite_alvimare(0).await;
    let machine = rig.answer(&first, 1, 1).await.expect("the invitation is open").machine;
    let before = rig.invite(Wish::Replace(machine.id), 2).await;
    rig.revoke(&machine, 3).await;
    let refused = rig.answer(&before, 2, 4).await;
    assert!(matches!(refused, Err(Refused::Cancelled)), "{refused:?}");
    let (invitation, alvimare) = (before.invitation.clone(), rig.alvimare.clone());
    rig.store
        .read(async move |tx| {
            assert_eq!(standing(tx, &invitation, at(4)).await?, Standing::Cancelled);
            assert!(invited(tx, at(4)).await?.is_empty());
            assert!(without(tx, at(4)).await?.contains(&alvimare), "nobody is expected there any more");
            Ok::<_, Error>(())
        })
        .await
        .expect("it is read");

    let after = rig.invite(Wish::Replace(machine.id), 5).await;
    let outcome = rig.answer(&after, 2, 6).await.expect("a referent wants the place taken again");
    assert_eq!((outcome.machine.id, outcome.machine.is_active()), (machine.id, true));
    let refused = rig.answer(&before, 3, 7).await;
    assert!(
        matches!(refused, Err(Refused::Cancelled)),
        "it does not come back with the machine: {refused:?}"
    );
}

#[tokio::test]
async fn a_clock_that_is_set_back_revives_no_machine() {
    let rig = Rig::new().await;
    let first = rig.invite_alvimare(0).await;
    let machine = rig.answer(&first, 1, 1).await.expect("the invitation is open").machine;
    let ordered = rig.invite(Wish::Replace(machine.id), 10_000).await;
    rig.revoke(&machine, 3).await;
    let refused = rig.answer(&ordered, 2, 10_001).await;
    assert!(matches!(refused, Err(Refused::Cancelled)), "{refused:?}");

    // The other way round: the revocation is of a later hour, and known to who invites.
    let after = rig.invite(Wish::Replace(machine.id), 2).await;
    rig.answer(&after, 2, 3).await.expect("a referent wants the place taken again");
    rig.revoke(&machine, 20_000).await;
    let again = rig.invite(Wish::Replace(machine.id), 4).await;
    rig.answer(&again, 3, 5).await.expect("a referent wants the place taken again");
}

#[tokio::test]
async fn an_invitation_of_the_future_waits_for_its_time_and_can_be_cancelled() {
    let rig = Rig::new().await;
    let year = 365 * 86_400;
    let (ordered, other) = (rig.invite_alvimare(year).await, rig.invite_alvimare(year).await);
    assert_eq!(rig.guests(0).await, [].into(), "a lost sheet is no way in for a year");
    let refused = rig.answer(&ordered, 1, 0).await;
    assert!(matches!(refused, Err(Refused::Expired)), "{refused:?}");
    rig.cancel(&other, 0).await.expect("it is not answered yet");
    rig.answer(&ordered, 1, year).await.expect("its time has come");
    let refused = rig.answer(&other, 2, year).await;
    assert!(matches!(refused, Err(Refused::Cancelled)), "{refused:?}");
}

#[tokio::test]
async fn two_invitations_at_once_bring_in_two_machines() {
    let rig = Rig::new().await;
    let (one, other) = (rig.invite_alvimare(0).await, rig.invite_alvimare(1).await);
    let (first, second) = tokio::join!(rig.answer(&one, 1, 2), rig.answer(&other, 2, 2));
    let names: BTreeSet<String> =
        [first, second].into_iter().flatten().map(|outcome| outcome.machine.name.to_string()).collect();
    assert_eq!(names, ["accueil".to_owned(), "accueil (2)".to_owned()].into());
}

#[tokio::test]
async fn invitations_made_together_have_numbers_that_follow_one_another() {
    let rig = Rig::new().await;
    rig.invite_alvimare(0).await;
    let made = rig.order(Wish::Communes(vec![rig.alvimare.id, rig.yebleron.id]), 1).await;
    let ids: Vec<u32> = made.expect("the wish is granted").iter().map(|made| made.invitation.id.0).collect();
    assert_eq!(ids, [2, 3]);
    let (first, last) = (InvitationId(2), InvitationId(9));
    let found = rig.store.read(async move |tx| invitations_between(tx, first, last).await).await;
    let found: Vec<u32> = found.expect("they are read").iter().map(|invitation| invitation.id.0).collect();
    assert_eq!(found, [2, 3]);
}

#[tokio::test]
async fn those_without_a_machine_are_invited_together() {
    let rig = Rig::new().await;
    let first = rig.invite_alvimare(0).await;
    let made = rig.order(Wish::Without, 1).await.expect("one is without");
    let communes: Vec<&Commune> = made.iter().map(|ordered| &ordered.commune).collect();
    assert_eq!(communes, [&rig.yebleron], "the other has an open invitation");

    rig.answer(&first, 1, 2).await.expect("the invitation is open");
    rig.cancel(&made[0], 3).await.expect("the invitation is open");
    let made = rig.order(Wish::Without, 4).await.expect("one is without");
    assert_eq!(made[0].commune, rig.yebleron);
    let refused = rig.order(Wish::Without, 5).await;
    assert!(matches!(refused, Err(Error::NothingChosen)), "{refused:?}");
}

#[tokio::test]
async fn an_invitation_that_was_answered_cannot_be_cancelled() {
    let rig = Rig::new().await;
    let ordered = rig.invite_alvimare(0).await;
    rig.answer(&ordered, 1, 1).await.expect("the invitation is open");
    let refused = rig.cancel(&ordered, 2).await;
    assert!(matches!(refused, Err(Error::NotOpen(_))), "{refused:?}");

    let other = rig.invite_alvimare(3).await;
    rig.cancel(&other, 4).await.expect("the invitation is open");
    rig.cancel(&other, 5).await.expect("asking twice is asking once");
    assert_eq!(rig.acts().await.iter().filter(|act| **act == Act::InvitationCancelled).count(), 1);
}

#[tokio::test]
async fn nothing_is_promised_before_the_gateway_has_a_key() {
    let directory = tempfile::tempdir().expect("a directory for the test");
    let store = Store::open(directory.path()).expect("an empty directory becomes a store");
    let refused =
        store.write(async |tx| order(tx, &Wish::Without, &endpoint(), "Le référent", at(0)).await).await;
    assert!(matches!(refused, Err(Error::NoGatewayKey)), "{refused:?}");
}

#[tokio::test]
async fn a_list_adds_what_is_not_there_yet() {
    let rig = Rig::new().await;
    let listing = read_list("nom,siege\nYebleron,\nL’Étang,\nSaint-Pierre-Lavis,\n".as_bytes());
    let lines = listing.lines.clone();
    let communes = rig
        .store
        .write(async move |tx| import(tx, &lines, "Le référent", at(0)).await)
        .await
        .expect("the communes are added");
    let found: Vec<(&str, bool)> =
        communes.iter().map(|(commune, new)| (commune.name.as_str(), *new)).collect();
    assert_eq!(found, [("Yébleron", false), ("L’Étang", true), ("Saint-Pierre-Lavis", true)]);
}

#[tokio::test]
async fn a_list_invites_those_that_are_without() {
    let rig = Rig::new().await;
    let invite = async |list: &'static str, second: i64| {
        let batch = rig
            .store
            .write(async move |tx| invite_list(tx, list.as_bytes(), &endpoint(), "root", at(second)).await)
            .await;
        batch.expect("the list is taken")
    };
    rig.invite_alvimare(0).await;
    let batch = invite("nom,siege\nAlvimare,\nYébleron,\nSaint-Pierre-Lavis,\n", 1).await;
    let Batch::Made { sheets, passed_over } = batch else { panic!("{batch:?}") };
    let names: Vec<&str> = sheets.iter().map(|sheet| sheet.commune.as_str()).collect();
    assert_eq!((names, passed_over), (vec!["Yébleron", "Saint-Pierre-Lavis"], vec!["Alvimare".to_owned()]));
    assert!(sheets.iter().all(|sheet| Code::parse(&sheet.code).is_ok()));

    let batch = invite("nom\nYébleron\n", 2).await;
    assert_eq!(batch, Batch::Made { sheets: Vec::new(), passed_over: vec!["Yébleron".to_owned()] });
    let before = rig.acts().await;
    assert!(
        matches!(invite("nom\nFoucart\n\"\"\nFOUCART\n", 3).await, Batch::Wrong(wrong) if wrong.len() == 1)
    );
    assert_eq!(rig.acts().await, before, "nothing is done with a list that is wrong");
}

#[test]
fn an_invitation_stands_as_it_was_left() {
    let invitation = Invitation {
        id: InvitationId(1),
        commune: "1".parse().expect("a number"),
        purpose: Purpose::New,
        key: key(1),
        created: at(0),
        by: "Le référent".to_owned(),
        expires: at(0) + LIFETIME,
        state: State::Open,
    };
    let check = |state: State, second: i64, expected: Standing| {
        let invitation = Invitation { state, ..invitation.clone() };
        assert_eq!(invitation.recorded_standing(at(second)), expected);
    };
    let day = 24 * 3600;
    check(State::Open, 14 * day - 1, Standing::Open);
    check(State::Open, 14 * day, Standing::Expired);
    let machine = "256".parse().expect("a number");
    check(State::Used { machine, key: key(2), at: at(5) }, 14 * day, Standing::Used);
    check(State::Cancelled { at: at(5), by: "Le référent".to_owned() }, 6, Standing::Cancelled);
}
