//! Lists: sent, compared, asked about, put right, applied.

use askama::Template;
use axum::extract::{Path, Query, State};
use jiff::Timestamp;
use serde::Deserialize;

use super::people::days;
use super::{PATH, today};
use crate::access::Referent;
use crate::directory::{Details, PersonId, Post, Term};
use crate::people::Error;
use crate::people::acts::By;
use crate::people::list::{
    self, Answer, Applied, CORRECTED, Candidate, Column, Current, Line, ListId, Listing, Scope, Unfit, stamp,
};
use crate::people::search::Places;
use crate::spreadsheet::Writer;
use crate::store::{ReadTx, Store, WriteTx};
use crate::web::{Form, Frame, Now, Refusal, Reply, Unread, Upload, filters, t, t_with};

const LISTS: &str = "/annuaire/listes";
/// The field of a form in which a file is chosen.
const FIELD: &str = "list";

fn path(id: ListId) -> String {
    format!("{LISTS}/{id}")
}

#[derive(Template)]
#[template(path = "people/templates/lists.html")]
struct ListsPage {
    frame: Frame,
    refused: Option<String>,
    /// Lists that wait: where, by whom, when.
    waiting: Vec<(String, String, Timestamp)>,
}

pub(super) async fn all(State(store): State<Store>, frame: Frame) -> Result<Reply, Refusal> {
    Reply::page(&lists_page(&store, frame, None).await?)
}

async fn lists_page(store: &Store, frame: Frame, refused: Option<String>) -> Result<ListsPage, Refusal> {
    let lists = store.read(async |tx: &ReadTx| list::lists(tx).await).await?;
    let waiting = lists.into_iter().map(|(id, by, at)| (path(id), by, at)).collect();
    Ok(ListsPage { frame, refused, waiting })
}

pub(super) async fn send(
    State(store): State<Store>,
    who: Referent,
    Now(now): Now,
    frame: Frame,
    mut upload: Upload,
) -> Result<Reply, Refusal> {
    let listing = match received(&mut upload, list::read).await {
        Ok(listing) => listing,
        Err(why) => return Reply::kept(&lists_page(&store, frame, Some(why)).await?),
    };
    let by = who.name().to_owned();
    let id = store.write(async move |tx: &mut WriteTx| list::keep(tx, &listing, &by, now).await).await?;
    Ok(Reply::see_other(path(id)))
}

/// The list of a form, or the sentence that says what to do.
async fn received(upload: &mut Upload, read: fn(&[u8]) -> Result<Listing, Unfit>) -> Result<Listing, String> {
    let unread = |error: Unread| {
        log::debug!("a list does not come to its end: {error}");
        match error {
            Unread::TooLong => Unfit::TooLong.explain(),
            Unread::Cut(_) => t("people-list-cut"),
        }
    };
    let mut bytes = Vec::new();
    let mut file = upload.file(FIELD).await.map_err(unread)?.ok_or_else(|| t("people-list-none"))?;
    while let Some(more) = file.more().await.map_err(unread)? {
        bytes.extend_from_slice(&more);
    }
    // A workbook is unpacked, which takes a while.
    let read = tokio::task::spawn_blocking(move || read(&bytes)).await;
    let read = read.map_err(|_| t("people-list-damaged"))?;
    read.map_err(|why| why.explain())
}

#[derive(Template)]
#[template(path = "people/templates/list.html")]
struct ListPage {
    frame: Frame,
    id: ListId,
    /// How much the list says.
    is_part: bool,
    /// By what it is known that the differences are still those that were shown.
    stamp: String,
    refused: Option<String>,
    shown: Shown,
}

/// The differences in words.
struct Shown {
    by: String,
    at: Timestamp,
    passed_over: String,
    count: usize,
    is_empty: bool,
    /// Wrong lines or questions keep mandates from ending.
    is_withheld: bool,
    unchanged: usize,
    newcomers: Vec<(String, String)>,
    changed: Vec<(String, String)>,
    begun: Vec<(String, String)>,
    moved: Vec<(String, String)>,
    ended: Vec<(String, String)>,
    mistakes: Vec<WrongLine>,
    /// The wrong lines as they can be put right.
    to_correct: String,
    questions: Vec<Asked>,
}

struct WrongLine {
    line: u64,
    text: String,
    why: String,
}

struct Asked {
    line: u64,
    text: String,
    /// Value of the field, and words.
    choices: Vec<(String, String)>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct ApplyForm {
    /// Anything: the list is only a part.
    partie: Option<String>,
    stamp: String,
}

impl ApplyForm {
    const fn scope(&self) -> Scope {
        if self.partie.is_some() { Scope::Part } else { Scope::Whole }
    }
}

pub(super) async fn page(
    State(store): State<Store>,
    Path(id): Path<ListId>,
    Query(form): Query<ApplyForm>,
    Now(now): Now,
    frame: Frame,
) -> Result<Reply, Refusal> {
    Reply::page(&list_page(&store, frame, now, id, form.scope(), None).await?)
}

async fn list_page(
    store: &Store,
    frame: Frame,
    now: Timestamp,
    id: ListId,
    scope: Scope,
    refused: Option<String>,
) -> Result<ListPage, Refusal> {
    let today = today(&frame, now);
    let current = store.read(async move |tx: &ReadTx| list::current(tx, id, scope, today).await).await?;
    let (stamp, shown) = (stamp(&current.differences), shown(&current));
    Ok(ListPage { frame, id, is_part: scope == Scope::Part, stamp, refused, shown })
}

/// All that was shown and nothing else: what has changed meanwhile is shown again.
pub(super) async fn apply(
    State(store): State<Store>,
    Path(id): Path<ListId>,
    who: Referent,
    Now(now): Now,
    frame: Frame,
    Form(form): Form<ApplyForm>,
) -> Result<Reply, Refusal> {
    let (by, today, scope) = (By::new(&who, now), today(&frame, now), form.scope());
    let applied = store
        .write(async move |tx: &mut WriteTx| list::apply(tx, id, scope, &form.stamp, &by, today).await)
        .await;
    match applied {
        Ok(Applied::Whole) => Ok(Reply::see_other(PATH).saying(t("people-list-applied"))),
        Ok(Applied::InPart) => Ok(Reply::see_other(path(id)).saying(t("people-list-applied-in-part"))),
        Err(Error::Overtaken) => {
            let refused = Some(t("people-list-overtaken"));
            Reply::kept(&list_page(&store, frame, now, id, scope, refused).await?)
        }
        // Sent twice: all of it was applied the first time.
        Err(Error::NoSuchList) => Ok(Reply::see_other(LISTS)),
        Err(error) => Err(error.into()),
    }
}

/// Each field is named after its line.
pub(super) async fn answer(
    State(store): State<Store>,
    Path(id): Path<ListId>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Reply, Refusal> {
    let answers: Vec<_> = fields
        .iter()
        .filter_map(|(name, value)| Some((name.strip_prefix("ligne-")?.parse().ok()?, understood(value)?)))
        .collect();
    store.write(async move |tx: &mut WriteTx| list::answer(tx, id, &answers).await).await?;
    Ok(Reply::see_other(path(id)))
}

fn understood(value: &str) -> Option<Answer> {
    let candidate = match value.split_once('-') {
        None if value == "nouvelle" => return Some(Answer::New),
        Some(("personne", id)) => Candidate::Known(id.parse().ok()?),
        Some(("ligne", line)) => Candidate::Line(line.parse().ok()?),
        _ => return None,
    };
    Some(Answer::Candidate(candidate))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct CorrectForm {
    lines: String,
}

pub(super) async fn correct(
    State(store): State<Store>,
    Path(id): Path<ListId>,
    Now(now): Now,
    frame: Frame,
    Form(form): Form<CorrectForm>,
) -> Result<Reply, Refusal> {
    let listing = match list::corrections(form.lines.as_bytes()) {
        Ok(listing) => listing,
        Err(why) => {
            let mut page = list_page(&store, frame, now, id, Scope::Whole, Some(why.explain())).await?;
            page.shown.to_correct = form.lines;
            return Reply::kept(&page);
        }
    };
    store.write(async move |tx: &mut WriteTx| list::correct(tx, id, &listing.lines).await).await?;
    Ok(Reply::see_other(path(id)))
}

/// The same as a file.
pub(super) async fn correct_by_file(
    State(store): State<Store>,
    Path(id): Path<ListId>,
    Now(now): Now,
    frame: Frame,
    mut upload: Upload,
) -> Result<Reply, Refusal> {
    let listing = match received(&mut upload, list::corrections).await {
        Ok(listing) => listing,
        Err(why) => {
            return Reply::kept(&list_page(&store, frame, now, id, Scope::Whole, Some(why)).await?);
        }
    };
    store.write(async move |tx: &mut WriteTx| list::correct(tx, id, &listing.lines).await).await?;
    Ok(Reply::see_other(path(id)))
}

pub(super) async fn wrong_lines(
    State(store): State<Store>,
    Path(id): Path<ListId>,
    Now(now): Now,
    frame: Frame,
) -> Result<Reply, Refusal> {
    let today = today(&frame, now);
    let current =
        store.read(async move |tx: &ReadTx| list::current(tx, id, Scope::Whole, today).await).await?;
    let name = format!("liste-{id}-a-corriger.csv");
    Ok(Reply::file(&name, "text/csv; charset=utf-8", to_correct(&current)).never_kept())
}

pub(super) async fn give_up(State(store): State<Store>, Path(id): Path<ListId>) -> Result<Reply, Refusal> {
    store.write(async move |tx: &mut WriteTx| list::forget(tx, id).await).await?;
    Ok(Reply::see_other(LISTS).saying(t("people-list-forgotten")))
}

/// The wrong lines with what is wrong, in the form in which they come back.
fn to_correct(current: &Current) -> Vec<u8> {
    let mut out = Writer::default();
    out.row([CORRECTED].into_iter().chain(Column::ALL.map(Column::title)).chain(["motif"]));
    for mistake in &current.mistakes {
        let Some(line) = line(current, mistake.line) else { continue };
        let cells = line.cells().iter().cloned();
        out.row([line.number.to_string()].into_iter().chain(cells).chain([mistake.wrong.explain()]));
    }
    out.finish()
}

fn line(current: &Current, number: u64) -> Option<&Line> {
    current.kept.lines.iter().find(|line| line.number == number)
}

fn shown(current: &Current) -> Shown {
    let places = Places::new(&current.communes);
    let differences = &current.differences;
    let name = |id: &PersonId| {
        current.register.person(*id).map_or_else(String::new, |person| person.details.name.to_string())
    };
    let held = |post: &Post, term: &Term| format!("{} ({})", places.post(*post), days(*term));
    let newcomer = |(details, mandates): &(Details, Vec<(Post, Term)>)| {
        let held: Vec<_> = mandates.iter().map(|(post, term)| held(post, term)).collect();
        (details.name.to_string(), held.join(" ; "))
    };
    let text = |number: u64| {
        let cells = line(current, number).map(Line::cells).unwrap_or_default();
        cells.iter().filter(|cell| !cell.is_empty()).cloned().collect::<Vec<_>>().join(" ; ")
    };
    let to_correct = String::from_utf8_lossy(&to_correct(current)).trim_start_matches('\u{feff}').to_owned();
    Shown {
        by: current.kept.by.clone(),
        at: current.kept.at,
        passed_over: current.kept.passed_over.join(", "),
        count: current.kept.lines.len(),
        is_empty: differences.is_empty(),
        is_withheld: !current.mistakes.is_empty() || !differences.questions.is_empty(),
        unchanged: differences.unchanged,
        newcomers: differences.newcomers.iter().map(newcomer).collect(),
        changed: differences
            .changed
            .iter()
            .map(|(_, before, after)| (before.name.to_string(), contrast(before, after)))
            .collect(),
        begun: differences.begun.iter().map(|(id, post, term)| (name(id), held(post, term))).collect(),
        moved: differences
            .moved
            .iter()
            .map(|(id, _, post, before, after)| {
                (name(id), format!("{}, {} → {}", places.post(*post), days(*before), days(*after)))
            })
            .collect(),
        ended: differences.ended.iter().map(|(id, _, post, term)| (name(id), held(post, term))).collect(),
        mistakes: current
            .mistakes
            .iter()
            .map(|one| WrongLine { line: one.line, text: text(one.line), why: one.wrong.explain() })
            .collect(),
        to_correct,
        questions: differences
            .questions
            .iter()
            .map(|one| Asked {
                line: one.line,
                text: text(one.line),
                choices: one.candidates.iter().map(|one| choice(one, current, &places)).collect(),
            })
            .collect(),
    }
}

/// What becomes other, before and after.
fn contrast(before: &Details, after: &Details) -> String {
    let cells = |details: &Details| {
        [
            details.civility.map(|civility| civility.short().to_owned()),
            Some(details.name.to_string()),
            details.phone.as_ref().map(ToString::to_string),
            details.email.as_ref().map(ToString::to_string),
        ]
        .map(|cell| cell.unwrap_or_else(|| t("people-nothing")))
    };
    let pairs = cells(before).into_iter().zip(cells(after));
    let others = pairs.filter(|(before, after)| before != after);
    others.map(|(before, after)| format!("{before} → {after}")).collect::<Vec<_>>().join(" ; ")
}

fn choice(candidate: &Candidate, current: &Current, places: &Places) -> (String, String) {
    match candidate {
        Candidate::Line(line) => {
            (format!("ligne-{line}"), t_with("people-list-same-as-line", &[("line", line)]))
        }
        Candidate::Known(id) => {
            let person = current.register.person(*id);
            let posts = person.iter().flat_map(|person| &person.mandates).map(|one| places.post(one.post));
            let posts: Vec<_> = posts.collect();
            let name = person.map_or_else(String::new, |person| person.details.name.to_string());
            let words = if posts.is_empty() { name } else { format!("{name} ({})", posts.join(" ; ")) };
            (format!("personne-{id}"), words)
        }
    }
}
