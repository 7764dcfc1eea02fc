//! The change of the gateway's key: prepared, awaited, carried out, and what is left to do afterwards.
//!
//! The key itself is netd's, and its change the `directory`'s. Here it is put before a referent together with those
//! whom it concerns: machines, devices without an agent, sheets that are under way.

mod seen;

use std::time::{Duration, Instant};

use askama::Template;
use axum::extract::State;
use beffroi_protocol::PublicKey;
use jiff::Timestamp;
use serde::Deserialize;

use self::seen::{Known, Seen, Sheet, since};
use super::Gate;
use super::sign_in::entry;
use crate::access::{Audience, Referent, Route};
use crate::audit::{self, About, Act, Entry};
use crate::directory::{self, KeyChange, MachineName, Stage};
use crate::links::{self, Board};
use crate::store::{ReadTx, Store, WriteTx};
use crate::web::{Form, Frame, Now, Refusal, Reply, Text, filters, t, t_with};
use crate::{enrolment, paths};

pub(super) const PATH: &str = "/reglages/cle";
/// For netd to carry it out before the page says that it will be carried out later.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) fn routes() -> Vec<Route<Gate>> {
    let referent = Audience::Referent;
    vec![
        Route::get(PATH, referent, page),
        Route::post("/reglages/cle/changer", referent, change),
        Route::post("/reglages/cle/preparer", referent, prepare),
        Route::post("/reglages/cle/renoncer", referent, give_up),
    ]
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Directory(#[from] directory::Error),
    #[error(transparent)]
    Enrolment(#[from] enrolment::Error),
    #[error(transparent)]
    Audit(#[from] audit::Error),
    #[error(transparent)]
    Store(#[from] crate::store::Error),
}

#[derive(Template)]
#[template(path = "admin/templates/gateway_key.html")]
struct KeyPage {
    frame: Frame,
    change: Option<KeyChange>,
    key: Option<PublicKey>,
    /// Of how many machines, and how many of them know the next key, or came back with it.
    all: usize,
    ready: usize,
    /// The others.
    rows: Vec<Row>,
    devices: Vec<Row>,
    sheets: Vec<Sheet>,
    refused: Option<String>,
}

struct Row {
    commune: String,
    commune_path: String,
    machine: MachineName,
    replace_path: String,
    age: Option<Text>,
    is_aware: bool,
}

impl KeyPage {
    fn next(&self) -> Option<PublicKey> {
        self.change.as_ref().and_then(KeyChange::next)
    }

    fn is_ordered(&self) -> bool {
        self.change.as_ref().is_some_and(|change| matches!(change.stage, Stage::Ordered(_)))
    }

    fn is_prepared(&self) -> bool {
        self.change.as_ref().is_some_and(|change| matches!(change.stage, Stage::Prepared(_)))
    }
}

#[derive(Deserialize)]
struct ChangeForm {
    /// The next key, as the page showed it.
    cle: PublicKey,
    /// How many machines the referent has agreed to leave behind: the box was ticked.
    #[serde(default)]
    quand_meme: usize,
}

async fn page(
    State(store): State<Store>,
    State(links): State<links::Desk>,
    Now(now): Now,
    frame: Frame,
) -> Result<Reply, Refusal> {
    Reply::page(&shown(&store, &links.board, now, frame, None).await?)
}

async fn prepare(
    State(store): State<Store>,
    State(links): State<links::Desk>,
    who: Referent,
    Now(now): Now,
) -> Result<Reply, Refusal> {
    let write = async move |tx: &mut WriteTx| -> Result<(), Error> {
        if directory::prepare_key_change(tx, who.name(), now).await? {
            audit::record(tx, entry(&who, Act::GatewayKeyPrepared, now)).await?;
        }
        Ok(())
    };
    let carried_out = links.changes.make(async move { store.write(write).await }, PATIENCE).await?;
    Ok(said(carried_out, "admin-key-is-prepared"))
}

async fn give_up(
    State(store): State<Store>,
    State(links): State<links::Desk>,
    who: Referent,
    Now(now): Now,
) -> Result<Reply, Refusal> {
    let write = async move |tx: &mut WriteTx| -> Result<(), Error> {
        if directory::give_up_key_change(tx).await? {
            audit::record(tx, entry(&who, Act::GatewayKeyGivenUp, now)).await?;
        }
        Ok(())
    };
    let carried_out = links.changes.make(async move { store.write(write).await }, PATIENCE).await?;
    Ok(said(carried_out, "admin-key-is-given-up"))
}

async fn change(
    State(store): State<Store>,
    State(links): State<links::Desk>,
    State(invitations): State<enrolment::Desk>,
    who: Referent,
    Now(now): Now,
    frame: Frame,
    Form(form): Form<ChangeForm>,
) -> Result<Reply, Refusal> {
    let written = store.clone();
    let order = async move |tx: &mut WriteTx| order(tx, &form, who.name(), now).await;
    let ordered = async move {
        for cancelled in written.write(order).await? {
            invitations.tray.remove(cancelled);
        }
        Ok(())
    };
    let why = match links.changes.make(ordered, PATIENCE).await {
        Ok(done) => return Ok(said(done, "admin-key-is-changed")),
        Err(Error::Directory(directory::Error::Unaware(count))) => {
            t_with("admin-key-unaware", &[("count", &count)])
        }
        Err(Error::Directory(directory::Error::NoNextKey)) => t("admin-key-another"),
        Err(error) => return Err(error.into()),
    };
    Reply::kept(&shown(&store, &links.board, now, frame, Some(why)).await?)
}

/// The sheets with the former key lead nowhere from now on. Gives those that are taken back.
async fn order(
    tx: &mut WriteTx,
    form: &ChangeForm,
    who: &str,
    at: Timestamp,
) -> Result<Vec<enrolment::InvitationId>, Error> {
    if !directory::order_key_change(tx, &form.cle, form.quand_meme, who, at).await? {
        return Ok(Vec::new());
    }
    let unaware = directory::unaware(tx, &form.cle).await?;
    let detail = (unaware > 0).then(|| t_with("admin-key-left-behind", &[("count", &unaware)]));
    let about = About { detail, ..About::default() };
    audit::record(tx, Entry { at, who: who.to_owned(), act: Act::GatewayKeyChanged, about }).await?;
    Ok(enrolment::cancel_all(tx, who, at).await?)
}

fn said(done: bool, text: &str) -> Reply {
    Reply::see_other(PATH).saying(t(if done { text } else { "admin-key-later" }))
}

async fn shown(
    store: &Store,
    board: &Board,
    now: Timestamp,
    frame: Frame,
    refused: Option<String>,
) -> Result<KeyPage, Error> {
    let seen = store.read(async move |tx: &ReadTx| seen::seen(tx, now).await).await?;
    let Seen { change, key, machines, devices, sheets } = seen;
    let over = change.as_ref().filter(|change| !change.is_under_way()).map(|change| since(change.since, now));
    let at = Instant::now();
    let is_ready = |known: &Known| match over {
        // It was heard since the change.
        Some(over) => {
            board.link(known.machine.id, at).and_then(|link| link.age).is_some_and(|age| age < over)
        }
        None => known.is_aware,
    };
    let all = machines.len();
    let [rows, devices] = [machines, devices].map(|known| {
        let waiting = known.into_iter().filter(|known| !is_ready(known));
        waiting.map(|known| row(known, board, at)).collect::<Vec<_>>()
    });
    Ok(KeyPage { frame, change, key, all, ready: all - rows.len(), rows, devices, sheets, refused })
}

fn row(known: Known, board: &Board, at: Instant) -> Row {
    let Known { machine, commune, commune_path, is_aware } = known;
    let age = board.link(machine.id, at).and_then(|link| link.age).map(links::age);
    let replace_path = paths::replace_machine(machine.id);
    Row { commune, commune_path, replace_path, age, is_aware, machine: machine.name }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        match error {
            Error::Directory(directory::Error::KeyChangeOrdered) => {
                Refusal::conflict(t("admin-key-too-late"))
            }
            other => Refusal::broken(&other),
        }
    }
}
