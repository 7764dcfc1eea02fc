//! Groups: those that form by themselves, which are looked at, and those that somebody puts together.

use askama::Template;
use axum::extract::{Path, Query, State};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

use super::{people, today, unfit_name};
use crate::access::{Once, Referent};
use crate::directory::{self, Circle, Group, GroupId, GroupKind, GroupName, Person, PersonId, Register};
use crate::people::Error;
use crate::people::acts::{self, By, Seat};
use crate::people::search::{Places, Wanted};
use crate::store::{ReadTx, Store, WriteTx};
use crate::web::{Form, Frame, Now, Refusal, Reply, filters, t, t_with};

const GROUPS: &str = "/annuaire/groupes";
/// People among whom a member is chosen.
const CHOICES: usize = 20;

fn path(id: GroupId) -> String {
    format!("{GROUPS}/{id}")
}

#[derive(Template)]
#[template(path = "people/templates/groups.html")]
struct GroupsPage {
    frame: Frame,
    once: Once,
    form: GroupForm,
    refused: Option<String>,
    groups: Vec<Summary>,
    circles: Vec<Summary>,
    by_commune: Vec<Summary>,
}

struct Summary {
    path: String,
    name: String,
    /// The name of a text; of groups that somebody put together.
    kind: Option<&'static str>,
    count: usize,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct GroupForm {
    once: Once,
    name: String,
    kind: String,
}

impl GroupForm {
    fn is_kind(&self, kind: &GroupKind) -> bool {
        self.kind == kind.word()
    }
}

#[derive(Template)]
#[template(path = "people/templates/group.html")]
struct GroupPage {
    frame: Frame,
    /// Absent for one that forms by itself.
    group: Option<Group>,
    name: String,
    /// What is typed as another name, or as somebody to be added.
    form: ChangeForm,
    refused: Option<String>,
    members: Vec<Member>,
    out_of_office: Vec<Member>,
    choices: Vec<Member>,
}

struct Member {
    id: PersonId,
    path: String,
    name: String,
    posts: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ChangeForm {
    name: String,
    /// Whom somebody looks for.
    q: String,
    person: String,
}

/// "Tous les maires", "Alvimare : délégués communautaires".
fn circle_name(circle: Circle, places: &Places) -> String {
    match circle {
        Circle::Council => t("people-circle-council"),
        Circle::Bureau => t("people-circle-bureau"),
        Circle::Everyone(function) => {
            t_with("people-circle-everyone", &[("functions", &t(function.plural()))])
        }
        Circle::Of(function, commune) => t_with(
            "people-circle-of",
            &[("functions", &t(function.plural())), ("commune", &places.name(commune))],
        ),
    }
}

struct Known {
    groups: Vec<Group>,
    register: Register,
    communes: Vec<directory::Commune>,
}

async fn known(store: &Store) -> Result<Known, Refusal> {
    let read = store
        .read(async |tx: &ReadTx| {
            Ok::<_, Error>(Known {
                groups: directory::groups(tx).await?,
                register: directory::register(tx).await?,
                communes: directory::communes(tx).await?,
            })
        })
        .await?;
    Ok(read)
}

pub(super) async fn all(State(store): State<Store>, Now(now): Now, frame: Frame) -> Result<Reply, Refusal> {
    Reply::page(&groups_page(&store, frame, now, GroupForm::default(), None).await?)
}

async fn groups_page(
    store: &Store,
    frame: Frame,
    now: Timestamp,
    form: GroupForm,
    refused: Option<String>,
) -> Result<GroupsPage, Refusal> {
    let Known { groups, register, communes } = known(store).await?;
    let (today, places) = (today(&frame, now), Places::new(&communes));
    let circle = |circle: Circle| Summary {
        path: format!("{GROUPS}/{circle}"),
        name: circle_name(circle, &places),
        kind: None,
        count: circle.members(&register, today).len(),
    };
    let group = |group: Group| Summary {
        path: path(group.id),
        name: group.name.to_string(),
        kind: Some(group.kind.text()),
        count: group.members(&register, today).len(),
    };
    let delegates = communes.iter().map(|commune| Summary {
        name: commune.name.to_string(),
        ..circle(Circle::Of(directory::Function::Delegate, commune.id))
    });
    let by_commune = delegates.filter(|summary| summary.count > 0).collect();
    let circles = Circle::all().map(circle).collect();
    let once = form.once.clone();
    let groups = groups.into_iter().map(group).collect();
    Ok(GroupsPage { frame, once, form, refused, groups, circles, by_commune })
}

pub(super) async fn add(
    State(store): State<Store>,
    who: Referent,
    Now(now): Now,
    frame: Frame,
    Form(form): Form<GroupForm>,
) -> Result<Reply, Refusal> {
    let name = match GroupName::parse(&form.name) {
        Ok(name) => name,
        Err(error) => {
            return Reply::kept(&groups_page(&store, frame, now, form, Some(unfit_name(error))).await?);
        }
    };
    let Some(kind) = GroupKind::of_word(&form.kind) else {
        let refused = Some(t("people-group-no-kind"));
        return Reply::kept(&groups_page(&store, frame, now, form, refused).await?);
    };
    let (by, once) = (By::new(&who, now), form.once.clone());
    let added = store
        .write(async move |tx: &mut WriteTx| {
            if let Some(path) = once.led_to(tx).await? {
                return Ok::<_, Error>(path);
            }
            let path = path(acts::add_group(tx, &name, kind, &by).await?);
            once.leads_to(tx, &path, now).await?;
            Ok(path)
        })
        .await;
    match added {
        Ok(path) => Ok(Reply::see_other(path)),
        Err(Error::Directory(directory::Error::GroupNameTaken(_))) => {
            let refused = Some(t("people-group-taken"));
            Reply::kept(&groups_page(&store, frame, now, form, refused).await?)
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn page(
    State(store): State<Store>,
    Path(name): Path<String>,
    Query(form): Query<ChangeForm>,
    Now(now): Now,
    frame: Frame,
) -> Result<Reply, Refusal> {
    if let Ok(id) = name.parse() {
        return Reply::page(&group_page(&store, frame, now, id, form, None).await?);
    }
    let circle: Circle = name.parse().map_err(|_| Refusal::not_found())?;
    let Known { register, communes, .. } = known(&store).await?;
    if let Circle::Of(_, commune) = circle
        && !communes.iter().any(|known| known.id == commune)
    {
        return Err(Refusal::not_found());
    }
    let (today, places) = (today(&frame, now), Places::new(&communes));
    let members =
        circle.members(&register, today).into_iter().map(|one| member(one, &places, today)).collect();
    let name = circle_name(circle, &places);
    let (out_of_office, choices) = (Vec::new(), Vec::new());
    Reply::page(&GroupPage { frame, group: None, name, form, refused: None, members, out_of_office, choices })
}

fn member(person: &Person, places: &Places, today: Date) -> Member {
    let posts: Vec<_> = person.mandates_on(today).map(|mandate| places.post(mandate.post)).collect();
    Member {
        id: person.id,
        path: people::path(person.id),
        name: person.details.name.listed(),
        posts: posts.join(" ; "),
    }
}

async fn group_page(
    store: &Store,
    frame: Frame,
    now: Timestamp,
    id: GroupId,
    form: ChangeForm,
    refused: Option<String>,
) -> Result<GroupPage, Refusal> {
    let Known { groups, register, communes } = known(store).await?;
    let group = groups.into_iter().find(|group| group.id == id).ok_or_else(Refusal::not_found)?;
    let (today, places) = (today(&frame, now), Places::new(&communes));
    let shown = |people: Vec<&Person>| people.into_iter().map(|one| member(one, &places, today)).collect();
    let choices = if form.q.trim().is_empty() {
        Vec::new()
    } else {
        let former = !group.kind.needs_mandate();
        let wanted = Wanted { words: form.q.clone(), former, ..Wanted::default() };
        let mut found = wanted.found(&register, &places, today);
        found.retain(|person| !group.listed.contains(&person.id));
        found.truncate(CHOICES);
        shown(found)
    };
    Ok(GroupPage {
        name: group.name.to_string(),
        members: shown(group.members(&register, today)),
        out_of_office: shown(group.out_of_office(&register, today)),
        choices,
        group: Some(group),
        frame,
        form,
        refused,
    })
}

pub(super) async fn rename(
    State(store): State<Store>,
    Path(id): Path<GroupId>,
    who: Referent,
    Now(now): Now,
    frame: Frame,
    Form(form): Form<ChangeForm>,
) -> Result<Reply, Refusal> {
    let name = match GroupName::parse(&form.name) {
        Ok(name) => name,
        Err(error) => {
            return Reply::kept(&group_page(&store, frame, now, id, form, Some(unfit_name(error))).await?);
        }
    };
    let by = By::new(&who, now);
    let renamed =
        store.write(async move |tx: &mut WriteTx| acts::rename_group(tx, id, &name, &by).await).await;
    match renamed {
        Ok(()) => Ok(Reply::see_other(path(id)).saying(t("people-group-renamed"))),
        Err(Error::Directory(directory::Error::GroupNameTaken(_))) => {
            let refused = Some(t("people-group-taken"));
            Reply::kept(&group_page(&store, frame, now, id, form, refused).await?)
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn add_member(
    State(store): State<Store>,
    Path(id): Path<GroupId>,
    who: Referent,
    Now(now): Now,
    Form(form): Form<ChangeForm>,
) -> Result<Reply, Refusal> {
    set_seat(&store, id, &form, Seat::Taken, By::new(&who, now)).await?;
    Ok(Reply::see_other(path(id)).saying(t("people-member-added")))
}

pub(super) async fn remove_member(
    State(store): State<Store>,
    Path(id): Path<GroupId>,
    who: Referent,
    Now(now): Now,
    Form(form): Form<ChangeForm>,
) -> Result<Reply, Refusal> {
    set_seat(&store, id, &form, Seat::Left, By::new(&who, now)).await?;
    Ok(Reply::see_other(path(id)).saying(t("people-member-removed")))
}

async fn set_seat(store: &Store, id: GroupId, form: &ChangeForm, seat: Seat, by: By) -> Result<(), Refusal> {
    let person: PersonId = form.person.parse().map_err(|_| Refusal::not_found())?;
    let write = async move |tx: &mut WriteTx| acts::set_seat(tx, id, person, seat, &by).await;
    Ok(store.write(write).await?)
}

pub(super) async fn remove(
    State(store): State<Store>,
    Path(id): Path<GroupId>,
    who: Referent,
    Now(now): Now,
) -> Result<Reply, Refusal> {
    let by = By::new(&who, now);
    store.write(async move |tx: &mut WriteTx| acts::remove_group(tx, id, &by).await).await?;
    Ok(Reply::see_other(GROUPS).saying(t("people-group-removed")))
}
