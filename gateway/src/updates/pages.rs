//! The page on which a referent uploads a release, offers it, sees what becomes of it, and stops it.

use std::env::consts::ARCH;
use std::io::ErrorKind;

use askama::Template;
use axum::extract::{FromRef, State};
use beffroi_protocol::release::{HEAD_MAX, MAX, Stage, Version};
use jiff::Timestamp;
use serde::Deserialize;

use super::incoming::{self, Refused};
use super::plan::{self, Candidate, Standing};
use super::shelf::{OnShelf, Shelf};
use super::{Error, Rollout, Stopped, Wave, store};
use crate::access::{Audience, Referent, Route};
use crate::audit::Act;
use crate::directory::{self, CommuneName, Machine, MachineName};
use crate::journal::chain;
use crate::store::{Read, ReadTx, Store, WriteTx};
use crate::web::{Form, Frame, Now, Refusal, Reply, Unread, Upload, filters, t, t_with};

pub const PATH: &str = "/mises-a-jour";
/// A release, and what the form puts around it.
const TAKEN: usize = MAX as usize + HEAD_MAX + 64 * 1024;

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
        Route::post("/mises-a-jour/deposer", Audience::Referent, upload).taking(TAKEN),
        Route::post("/mises-a-jour/proposer", Audience::Referent, offer),
        Route::post("/mises-a-jour/suite", Audience::Referent, hurry),
    ]
}

#[derive(Template)]
#[template(path = "updates/templates/updates.html")]
struct UpdatesPage {
    frame: Frame,
    has_key: bool,
    /// Why the file that was uploaded is not kept.
    refused: Option<String>,
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
    /// Who does not have it cannot fetch it.
    is_gone: bool,
}

struct Row {
    commune: CommuneName,
    name: MachineName,
    told: Option<(Version, Timestamp)>,
    standing: &'static str,
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

async fn page(
    State(store): State<Store>,
    State(desk): State<Desk>,
    Now(now): Now,
    frame: Frame,
) -> Result<Reply, Refusal> {
    Reply::page(&whole(&store, &desk, now, frame).await?)
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct OfferForm {
    /// What the referent has seen.
    version: String,
}

async fn offer(
    State(store): State<Store>,
    State(desk): State<Desk>,
    who: Referent,
    Now(now): Now,
    Form(form): Form<OfferForm>,
) -> Result<Reply, Refusal> {
    let latest = desk.shelf.releases().await.into_iter().next();
    let is_seen = |on_shelf: &OnShelf| on_shelf.release.version.to_string() == form.version;
    let latest = latest.filter(is_seen).ok_or(Error::NoRelease)?;
    let write = async move |tx: &mut WriteTx| {
        super::begin(tx, &who, &latest.release, latest.offer.clone(), now).await
    };
    store.write(write).await?;
    Ok(Reply::see_other(PATH).saying(t("updates-offered")))
}

async fn upload(
    State(store): State<Store>,
    State(desk): State<Desk>,
    who: Referent,
    Now(now): Now,
    frame: Frame,
    mut upload: Upload,
) -> Result<Reply, Refusal> {
    let offered = store.read(async |tx: &ReadTx| store::rollout(tx).await).await?;
    let offered = offered.map(|rollout| rollout.version);
    let version = match incoming::keep(&desk.shelf, offered, &mut upload).await {
        Ok(version) => version,
        Err(Refused::Known(version)) => {
            return Ok(
                Reply::see_other(PATH).saying(t_with("updates-known", &[("version", &version.to_string())]))
            );
        }
        Err(why) => {
            log::warn!("a file that a referent uploaded is not kept: {}", chain(&why));
            let page = whole(&store, &desk, now, frame).await?;
            return Reply::kept(&UpdatesPage { refused: Some(sentence(&why)), ..page });
        }
    };
    let write =
        async move |tx: &mut WriteTx| super::record(tx, &who, Act::ReleaseUploaded, version, now).await;
    store.write(write).await?;
    log::info!("version {version} of the agent was uploaded");
    Ok(Reply::see_other(PATH).saying(t_with("updates-uploaded", &[("version", &version.to_string())])))
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

/// The page as it is now.
async fn whole(store: &Store, desk: &Desk, now: Timestamp, frame: Frame) -> Result<UpdatesPage, Error> {
    let (rollout, machines) = store.read(async |tx: &ReadTx| seen(tx).await).await?;
    let releases = desk.shelf.releases().await;
    let latest = releases.first().map(|on_shelf| on_shelf.release.version);
    let before = rollout.as_ref().map(|rollout| rollout.version);
    let is_stopped = rollout.as_ref().is_some_and(|rollout| rollout.stopped.is_some());
    let is_again = is_stopped && latest == before;
    let next = latest.filter(|latest| before < Some(*latest) || is_again).map(|latest| latest.to_string());
    let rows = rows(rollout.as_ref(), &machines, now);
    let rollout = rollout.as_ref().map(|rollout| shown(rollout, &machines, &releases));
    let has_key = desk.shelf.has_key();
    Ok(UpdatesPage { frame, has_key, refused: None, next, is_again, rollout, machines: rows })
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

fn rows(rollout: Option<&Rollout>, machines: &[Known], now: Timestamp) -> Vec<Row> {
    let Some(rollout) = rollout else { return Vec::new() };
    let row = |(commune, machine, candidate): &Known| {
        let standing = plan::standing(rollout, candidate, now);
        Row {
            commune: commune.clone(),
            name: machine.name.clone(),
            told: candidate.told.map(|(version, _, at)| (version, at)),
            standing: words(standing),
            is_bad: matches!(standing, Standing::Silent | Standing::At(Stage::RolledBack | Stage::Refused)),
        }
    };
    machines.iter().map(row).collect()
}

fn shown(rollout: &Rollout, machines: &[Known], releases: &[OnShelf]) -> Shown {
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
    let is_gone = kept < machines.len() && releases.iter().all(|on_shelf| on_shelf.offer != rollout.offer);
    Shown { version, started: rollout.started, wave: rollout.wave, stopped, kept, is_gone }
}

const fn words(standing: Standing) -> &'static str {
    match standing {
        Standing::Later => "updates-stage-later",
        Standing::Offered => "updates-stage-offered",
        Standing::Silent => "updates-stage-silent",
        Standing::Without => "updates-stage-without",
        Standing::At(Stage::Fetching) => "updates-stage-fetching",
        Standing::At(Stage::Ready) => "updates-stage-ready",
        Standing::At(Stage::Installing) => "updates-stage-installing",
        Standing::At(Stage::Kept) => "updates-stage-kept",
        Standing::At(Stage::RolledBack) => "updates-stage-rolled-back",
        Standing::At(Stage::Refused) => "updates-stage-refused",
        Standing::At(Stage::Unfit) => "updates-stage-unfit",
    }
}

/// What to do about a file that is not kept.
fn sentence(why: &Refused) -> String {
    match why {
        Refused::Nothing => t("updates-no-file"),
        Refused::NoKey => t("updates-no-key"),
        Refused::NotARelease => t("updates-not-a-release"),
        Refused::Forged => t("updates-forged"),
        Refused::Architecture(found) => t_with("updates-architecture", &[("found", found), ("ours", &ARCH)]),
        Refused::Older { version, latest } => {
            t_with("updates-older", &[("version", &version.to_string()), ("latest", &latest.to_string())])
        }
        Refused::SameNumber(version) | Refused::Known(version) => {
            t_with("updates-same-number", &[("version", &version.to_string())])
        }
        Refused::Unread(Unread::TooLong) => t_with("updates-too-long", &[("megabytes", &(MAX >> 20))]),
        Refused::Unread(Unread::Cut(_)) => t("updates-cut"),
        Refused::Damaged => t("updates-damaged"),
        Refused::Unwritable(error) if error.kind() == ErrorKind::StorageFull => t("updates-disk-full"),
        Refused::Unwritable(_) => t("updates-unwritable"),
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        match error {
            Error::NoRelease => Refusal::conflict(t("updates-gone")),
            Error::Directory(_) | Error::Audit(_) | Error::Store(_) => Refusal::broken(&error),
        }
    }
}
