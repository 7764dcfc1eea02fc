//! Choosing for whom invitations are made, and making them.

use std::collections::BTreeMap;
use std::time::Instant;

use askama::Template;
use axum::extract::{Path, Query, State};
use serde::Deserialize;

use super::{Desk, sheets};
use crate::access::{Once, Referent};
use crate::directory::{self, CommuneId, Machine, MachineId, to_the_end};
use crate::enrolment::{self, Error, Ordered, Wish};
use crate::store::{ReadTx, Store, WriteTx};
use crate::web::{Form, Frame, Now, Refusal, Reply, filters, t};

#[derive(Template)]
#[template(path = "enrolment/templates/order.html")]
struct OrderPage {
    frame: Frame,
    once: Once,
    /// How many communes a list has just added.
    added: Option<usize>,
    choices: Vec<Choice>,
    /// How many communes have neither a machine nor an open invitation.
    without: usize,
    refused: Option<String>,
}

/// A commune that can be ticked.
struct Choice {
    id: CommuneId,
    name: String,
    machines: usize,
    /// Has an invitation that waits for its machine.
    is_invited: bool,
    ticked: bool,
}

#[derive(Template)]
#[template(path = "enrolment/templates/replace.html")]
struct ReplacePage {
    frame: Frame,
    once: Once,
    machine: Machine,
    town_hall: String,
    commune_path: String,
}

#[derive(Deserialize)]
pub(super) struct Preset {
    commune: Option<CommuneId>,
    ajoutees: Option<usize>,
}

/// Every ticked commune is a field of its own: `commune-7=on`.
#[derive(Deserialize)]
pub(super) struct OrderForm {
    #[serde(default)]
    once: Once,
    /// The button: those that are ticked, or all that are without.
    #[serde(default)]
    pour: Target,
    #[serde(flatten)]
    fields: BTreeMap<String, String>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Target {
    #[default]
    Choix,
    Toutes,
}

#[derive(Default, Deserialize)]
pub(super) struct ReplaceForm {
    #[serde(default)]
    once: Once,
}

impl OrderForm {
    fn ticked(&self) -> Vec<CommuneId> {
        let names = self.fields.keys().filter_map(|name| name.strip_prefix("commune-"));
        names.filter_map(|number| number.parse().ok()).collect()
    }
}

pub(super) async fn page(
    State(store): State<Store>,
    Query(preset): Query<Preset>,
    frame: Frame,
    now: Now,
) -> Result<Reply, Refusal> {
    let ticked = preset.commune.into_iter().collect();
    let page = order_page(&store, frame, now, Once::fresh(), ticked, None).await?;
    Reply::page(&OrderPage { added: preset.ajoutees, ..page })
}

pub(super) async fn create(
    State(store): State<Store>,
    State(desk): State<Desk>,
    who: Referent,
    now: Now,
    frame: Frame,
    Form(form): Form<OrderForm>,
) -> Result<Reply, Refusal> {
    let ticked = form.ticked();
    let wish = match form.pour {
        Target::Choix => Wish::Communes(ticked.clone()),
        Target::Toutes => Wish::Without,
    };
    match make(&store, &desk, &who, now, form.once.clone(), wish).await {
        Ok(path) => Ok(Reply::see_other(path)),
        Err(Error::NothingChosen) => {
            let why = match form.pour {
                Target::Choix => t("enrolment-nothing-chosen"),
                Target::Toutes => t("enrolment-nobody-without"),
            };
            Reply::kept(&order_page(&store, frame, now, form.once, ticked, Some(why)).await?)
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn replace_page(
    State(store): State<Store>,
    Path(machine): Path<MachineId>,
    frame: Frame,
) -> Result<Reply, Refusal> {
    let (machine, commune) = store
        .read(async move |tx: &ReadTx| {
            let found = directory::machine(tx, machine).await?.ok_or(Error::NoSuchMachine(machine))?;
            let commune = directory::commune(tx, found.commune).await?;
            let commune = commune.ok_or(Error::NoSuchCommune(found.commune))?;
            Ok::<_, Error>((found, commune))
        })
        .await?;
    let (town_hall, commune_path) = (commune.name.town_hall(), commune.id.path());
    Reply::page(&ReplacePage { frame, once: Once::fresh(), machine, town_hall, commune_path })
}

pub(super) async fn replace(
    State(store): State<Store>,
    State(desk): State<Desk>,
    Path(machine): Path<MachineId>,
    who: Referent,
    now: Now,
    Form(form): Form<ReplaceForm>,
) -> Result<Reply, Refusal> {
    let path = make(&store, &desk, &who, now, form.once, Wish::Replace(machine)).await?;
    Ok(Reply::see_other(path))
}

/// Makes the invitations, keeps their codes for the sheets, and gives the address of these. A form that was
/// sent before makes nothing and leads to the same sheets.
async fn make(
    store: &Store,
    desk: &Desk,
    who: &Referent,
    Now(now): Now,
    once: Once,
    wish: Wish,
) -> Result<String, Error> {
    let (store, desk) = (store.clone(), desk.clone());
    let (endpoint, by, owner) = (desk.endpoint.clone(), who.name().to_owned(), who.id());
    to_the_end(async move {
        let (path, made) = store
            .write(async move |tx: &mut WriteTx| -> Result<(String, Vec<Ordered>), Error> {
                if let Some(path) = once.led_to(tx).await? {
                    return Ok((path, Vec::new()));
                }
                let made = enrolment::order(tx, &wish, &endpoint, &by, now).await?;
                let path = sheets::path(&made);
                once.leads_to(tx, &path, now).await?;
                Ok((path, made))
            })
            .await?;
        for ordered in made {
            for cancelled in ordered.instead_of {
                desk.tray.remove(cancelled);
            }
            desk.tray.put(ordered.invitation.id, ordered.code, owner, Instant::now());
        }
        desk.changes.announce();
        Ok(path)
    })
    .await
}

async fn order_page(
    store: &Store,
    frame: Frame,
    Now(now): Now,
    once: Once,
    ticked: Vec<CommuneId>,
    refused: Option<String>,
) -> Result<OrderPage, Error> {
    let (communes, machines, invited, without) = store
        .read(async move |tx: &ReadTx| {
            let communes = directory::communes(tx).await?;
            let machines = directory::machines(tx).await?;
            let invited = enrolment::invited(tx, now).await?;
            let without = enrolment::without(tx, now).await?.len();
            Ok::<_, Error>((communes, machines, invited, without))
        })
        .await?;
    let choices = communes
        .into_iter()
        .map(|commune| Choice {
            id: commune.id,
            name: commune.name.to_string(),
            machines: machines
                .iter()
                .filter(|machine| machine.commune == commune.id && machine.is_active())
                .count(),
            is_invited: invited.contains(&commune.id),
            ticked: ticked.contains(&commune.id),
        })
        .collect();
    Ok(OrderPage { frame, once, added: None, choices, without, refused })
}
