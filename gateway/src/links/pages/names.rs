//! Giving a commune or a machine another name.

use askama::Template;
use axum::extract::{Path, State as Held};
use serde::Deserialize;

use super::Desk;
use crate::access::Referent;
use crate::audit::{self, About, Act, Entry};
use crate::directory::{
    self, Changes, Commune, CommuneId, CommuneName, InvalidName, Machine, MachineId, MachineName, to_the_end,
};
use crate::links::Error;
use crate::store::{Read, ReadTx, Store, WriteTx};
use crate::web::{Form, Frame, Now, Refusal, Reply, filters, t, t_with};

#[derive(Template)]
#[template(path = "links/templates/rename.html")]
struct RenamePage {
    frame: Frame,
    /// The name of a text.
    title: &'static str,
    former: String,
    name: String,
    back: String,
    refused: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct NameForm {
    name: String,
}

pub(super) async fn commune_page(
    Held(store): Held<Store>,
    Path(id): Path<CommuneId>,
    frame: Frame,
) -> Result<Reply, Refusal> {
    let commune = store.read(async move |tx: &ReadTx| commune(tx, id).await).await?;
    Reply::page(&RenamePage::of_commune(frame, &commune, commune.name.to_string(), None))
}

pub(super) async fn rename_commune(
    Held(store): Held<Store>,
    Held(desk): Held<Desk>,
    Path(id): Path<CommuneId>,
    who: Referent,
    Now(now): Now,
    frame: Frame,
    Form(form): Form<NameForm>,
) -> Result<Reply, Refusal> {
    let former = store.read(async move |tx: &ReadTx| commune(tx, id).await).await?;
    let name = match CommuneName::parse(&form.name) {
        Ok(name) => name,
        Err(why) => {
            return Reply::kept(&RenamePage::of_commune(frame, &former, form.name, Some(invalid(why))));
        }
    };
    let by = who.name().to_owned();
    let renamed = carried_out(store, desk.changes, async move |tx: &mut WriteTx| {
        let former = commune(tx, id).await?;
        // Asking twice is asking once.
        if former.name == name {
            return Ok(());
        }
        directory::rename_commune(tx, id, &name).await?;
        let about = About {
            commune: Some(name.to_string()),
            detail: Some(former_name(former.name.as_str())),
            ..About::default()
        };
        audit::record(tx, Entry { at: now, who: by.clone(), act: Act::CommuneRenamed, about }).await?;
        Ok(())
    })
    .await;
    match renamed {
        Ok(()) => Ok(Reply::see_other(id.path()).saying(t("links-renamed"))),
        Err(Error::Directory(directory::Error::CommuneNameTaken(_))) => {
            let why = Some(t("links-commune-name-taken"));
            Reply::kept(&RenamePage::of_commune(frame, &former, form.name, why))
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn machine_page(
    Held(store): Held<Store>,
    Path(id): Path<MachineId>,
    frame: Frame,
) -> Result<Reply, Refusal> {
    let machine = store.read(async move |tx: &ReadTx| machine(tx, id).await).await?;
    Reply::page(&RenamePage::of_machine(frame, &machine, machine.name.to_string(), None))
}

pub(super) async fn rename_machine(
    Held(store): Held<Store>,
    Held(desk): Held<Desk>,
    Path(id): Path<MachineId>,
    who: Referent,
    Now(now): Now,
    frame: Frame,
    Form(form): Form<NameForm>,
) -> Result<Reply, Refusal> {
    let former = store.read(async move |tx: &ReadTx| machine(tx, id).await).await?;
    let name = match MachineName::parse(&form.name) {
        Ok(name) => name,
        Err(why) => {
            return Reply::kept(&RenamePage::of_machine(frame, &former, form.name, Some(invalid(why))));
        }
    };
    let by = who.name().to_owned();
    let renamed = carried_out(store, desk.changes, async move |tx: &mut WriteTx| {
        let former = machine(tx, id).await?;
        if former.name == name {
            return Ok(());
        }
        directory::rename_machine(tx, id, name.clone()).await?;
        let commune = commune(tx, former.commune).await?.name.to_string();
        let about = About::machine(Some(commune), name.to_string(), id.number())
            .with_detail(former_name(former.name.as_str()));
        audit::record(tx, Entry { at: now, who: by.clone(), act: Act::MachineRenamed, about }).await?;
        Ok(())
    })
    .await;
    match renamed {
        Ok(()) => Ok(Reply::see_other(former.commune.path()).saying(t("links-renamed"))),
        Err(Error::Directory(directory::Error::MachineNameTaken(_))) => {
            let why = Some(t("links-machine-name-taken"));
            Reply::kept(&RenamePage::of_machine(frame, &former, form.name, why))
        }
        Err(error) => Err(error.into()),
    }
}

/// Writes, and lets the journal of the links know the new name.
async fn carried_out<F>(store: Store, changes: Changes, write: F) -> Result<(), Error>
where
    F: AsyncFn(&mut WriteTx) -> Result<(), Error> + Send + 'static,
{
    to_the_end(async move {
        store.write(write).await?;
        changes.announce();
        Ok(())
    })
    .await
}

impl RenamePage {
    fn of_commune(frame: Frame, commune: &Commune, name: String, refused: Option<String>) -> Self {
        let (title, former) = ("links-rename-commune", commune.name.to_string());
        Self { frame, title, former, name, back: commune.id.path(), refused }
    }

    fn of_machine(frame: Frame, machine: &Machine, name: String, refused: Option<String>) -> Self {
        let (title, former) = ("links-rename-machine", machine.name.to_string());
        Self { frame, title, former, name, back: machine.commune.path(), refused }
    }
}

pub(super) async fn commune(tx: &impl Read, id: CommuneId) -> Result<Commune, Error> {
    directory::commune(tx, id).await?.ok_or(Error::NoSuchCommune(id))
}

async fn machine(tx: &impl Read, id: MachineId) -> Result<Machine, Error> {
    directory::machine(tx, id).await?.ok_or(Error::NoSuchMachine(id))
}

fn former_name(name: &str) -> String {
    t_with("links-former-name", &[("name", &name)])
}

fn invalid(why: InvalidName) -> String {
    match why {
        InvalidName::Empty => t("links-name-empty"),
        InvalidName::TooLong(longest) => t_with("links-name-too-long", &[("longest", &longest)]),
        InvalidName::Unprintable => t("links-name-unprintable"),
    }
}
