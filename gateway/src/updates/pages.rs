//! The page on which a referent offers a release, sees what becomes of it, and stops it.

use askama::Template;
use axum::extract::{FromRef, State};
use beffroi_protocol::release::{Stage, Version};
use jiff::Timestamp;
use serde::Deserialize;

use super::plan::{self, Candidate};
use super::{Error, Rollout, Shelf, Stopped, Wave, store};
use crate::access::{Audience, Referent, Route};
use crate::directory::{self, CommuneName, Machine, MachineName};
use crate::store::{Read, ReadTx, Store, WriteTx};
use crate::web::{Form, Frame, Now, Refusal, Reply, filters, t};

pub const PATH: &str = "/mises-a-jour";

/// What the pages need beside the store.
#[derive(Debug, Clone)]
pub struct Desk {
    pub shelf: Shelf,
}

pub fn routes<S>() -> Vec<Route<S>>
where
    Store: FromRef<S>,
    Desk: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    vec![
        Route::get(PATH, Audience::Referent, page),
        Route::post("/mises-a-jour/arreter", Audience::Referent, stop),
        Route::post("/mises-a-jour/proposer", Audience::Referent, offer),
        Route::post("/mises-a-jour/suite", Audience::Referent, hurry),
    ]
}

#[derive(Template)]
#[template(path = "updates/templates/updates.html")]
struct UpdatesPage {
    frame: Frame,
    has_key: bool,
    /// The latest release on this server that is not under way.
    next: Option<String>,
    /// It is the one that was stopped.
    is_again: bool,
    rollout: Option<Shown>,
    machines: Vec<Row>,
}

/// The release under way, in words.
struct Shown {
    version: String,
    started: Timestamp,
    wave: Wave,
    /// Why it was stopped.
    stopped: Option<String>,
    kept: usize,
}

struct Row {
    commune: CommuneName,
    name: MachineName,
    told: Option<(Version, Timestamp)>,
    stage: &'static str,
    is_bad: bool,
}

impl Wave {
    const fn number(self) -> u8 {
        match self {
            Self::First => 1,
            Self::Tenth => 2,
            Self::Rest => 3,
        }
    }

    const fn message(self) -> &'static str {
        match self {
            Self::First => "updates-wave-first",
            Self::Tenth => "updates-wave-tenth",
            Self::Rest => "updates-wave-rest",
        }
    }

    const fn is_last(self) -> bool {
        matches!(self, Self::Rest)
    }
}

async fn page(State(store): State<Store>, State(desk): State<Desk>, frame: Frame) -> Result<Reply, Refusal> {
    let (rollout, machines) = store.read(async |tx: &ReadTx| seen(tx).await).await?;
    let latest = desk.shelf.releases().await.into_iter().next().map(|on_shelf| on_shelf.release.version);
    let under_way = rollout.as_ref().filter(|rollout| rollout.stopped.is_none()).map(|found| found.version);
    let is_again = latest.is_some() && latest == rollout.as_ref().map(|rollout| rollout.version);
    let next = latest.filter(|latest| under_way < Some(*latest)).map(|latest| latest.to_string());
    let rows = rows(rollout.as_ref(), &machines);
    let rollout = rollout.as_ref().map(|rollout| shown(rollout, &machines));
    let has_key = desk.shelf.has_key();
    Reply::page(&UpdatesPage { frame, has_key, next, is_again, rollout, machines: rows })
}

async fn offer(
    State(store): State<Store>,
    State(desk): State<Desk>,
    who: Referent,
    Now(now): Now,
) -> Result<Reply, Refusal> {
    let latest = desk.shelf.releases().await.into_iter().next().ok_or(Error::NoRelease)?;
    let write = async move |tx: &mut WriteTx| {
        super::begin(tx, &who, &latest.release, latest.offer.clone(), now).await
    };
    store.write(write).await?;
    Ok(Reply::see_other(PATH).saying(t("updates-offered")))
}

async fn stop(State(store): State<Store>, who: Referent, Now(now): Now) -> Result<Reply, Refusal> {
    store.write(async move |tx: &mut WriteTx| super::stop(tx, &who, now).await).await?;
    Ok(Reply::see_other(PATH).saying(t("updates-stopped")))
}

#[derive(Deserialize)]
struct HurryForm {
    wave: Wave,
}

async fn hurry(
    State(store): State<Store>,
    who: Referent,
    Now(now): Now,
    Form(form): Form<HurryForm>,
) -> Result<Reply, Refusal> {
    store.write(async move |tx: &mut WriteTx| super::hurry(tx, &who, form.wave, now).await).await?;
    Ok(Reply::see_other(PATH).saying(t("updates-hurried")))
}

/// A machine with its commune, and what is known of it.
type Known = (CommuneName, Machine, Candidate);

async fn seen(tx: &impl Read) -> Result<(Option<Rollout>, Vec<Known>), Error> {
    let rollout = store::rollout(tx).await?;
    let machines = super::machines(tx).await?;
    let communes = directory::communes(tx).await?;
    let candidates = match &rollout {
        Some(rollout) => super::candidates(tx, rollout, &machines).await?,
        None => Vec::new(),
    };
    let mut known = Vec::new();
    for (machine, candidate) in machines.into_iter().zip(candidates) {
        if let Some(commune) = communes.iter().find(|commune| commune.id == machine.commune) {
            known.push((commune.name.clone(), machine, candidate));
        }
    }
    known.sort_by_key(|(commune, machine, _)| (commune.folded(), machine.id));
    Ok((rollout, known))
}

fn rows(rollout: Option<&Rollout>, machines: &[Known]) -> Vec<Row> {
    let Some(rollout) = rollout else { return Vec::new() };
    let row = |(commune, machine, candidate): &Known| {
        let stage = plan::stage(rollout, candidate);
        Row {
            commune: commune.clone(),
            name: machine.name.clone(),
            told: candidate.told.map(|(version, _, at)| (version, at)),
            stage: words(stage, candidate.is_offered),
            is_bad: matches!(stage, Some(Stage::RolledBack | Stage::Refused)),
        }
    };
    machines.iter().map(row).collect()
}

fn shown(rollout: &Rollout, machines: &[Known]) -> Shown {
    let has_it = |known: &&Known| plan::stage(rollout, &known.2) == Some(Stage::Kept);
    let kept = machines.iter().filter(has_it).count();
    let stopped = rollout.stopped.as_ref().map(|stopped| match stopped {
        Stopped::By(name) => name.clone(),
        Stopped::For(id) => {
            let found = machines.iter().find(|(_, machine, _)| machine.id == *id);
            found.map_or_else(
                || id.to_string(),
                |(commune, machine, _)| format!("{}, {commune}", machine.name),
            )
        }
    });
    let version = rollout.version.to_string();
    Shown { version, started: rollout.started, wave: rollout.wave, stopped, kept }
}

const fn words(stage: Option<Stage>, is_offered: bool) -> &'static str {
    match stage {
        None if is_offered => "updates-stage-offered",
        None => "updates-stage-later",
        Some(Stage::Fetching) => "updates-stage-fetching",
        Some(Stage::Ready) => "updates-stage-ready",
        Some(Stage::Installing) => "updates-stage-installing",
        Some(Stage::Kept) => "updates-stage-kept",
        Some(Stage::RolledBack) => "updates-stage-rolled-back",
        Some(Stage::Refused) => "updates-stage-refused",
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        match error {
            Error::NoRelease => Refusal::not_found(),
            Error::Directory(_) | Error::Audit(_) | Error::Store(_) => Refusal::broken(&error),
        }
    }
}
