//! The page on which a referent says who is let in by a machine.

use std::net::Ipv4Addr;

use askama::Template;
use axum::extract::{Path, State as Held};
use beffroi_protocol::serving::Hosts;
use jiff::Timestamp;
use serde::Deserialize;

use super::print::{lines, print};
use super::store;
use super::typed::{WrongHosts, parse};
use crate::access::Referent;
use crate::audit::{self, About, Act, Entry};
use crate::directory::{self, Commune, Machine, MachineId};
use crate::links::Error;
use crate::links::machine::found_active;
use crate::store::{Read, ReadTx, Store, WriteTx};
use crate::web::{Form, Frame, Now, Refusal, Reply, filters, t, t_with};

#[derive(Template)]
#[template(path = "links/templates/serving.html")]
struct ServingPage {
    frame: Frame,
    machine: Machine,
    commune: Commune,
    form: ServingForm,
    /// Where a computer reads its own address, once some are let in.
    addresses: Vec<Ipv4Addr>,
    refused: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::links) struct ServingForm {
    #[serde(rename = "qui")]
    who: Who,
    #[serde(rename = "adresses")]
    addresses: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Who {
    #[default]
    Personne,
    Choisis,
    Tous,
}

impl ServingForm {
    fn of(hosts: &Hosts) -> Self {
        let who = match hosts {
            Hosts::All => Who::Tous,
            Hosts::Chosen(_) if hosts.is_empty() => Who::Personne,
            Hosts::Chosen(_) => Who::Choisis,
        };
        Self { who, addresses: lines(hosts) }
    }

    fn parse(&self) -> Result<Hosts, WrongHosts> {
        match self.who {
            Who::Personne => Ok(Hosts::default()),
            Who::Tous => Ok(Hosts::All),
            Who::Choisis => parse(&self.addresses).map(Hosts::Chosen),
        }
    }
}

pub(in crate::links) async fn page(
    Held(store): Held<Store>,
    Path(id): Path<MachineId>,
    frame: Frame,
) -> Result<Reply, Refusal> {
    let (machine, commune, hosts, addresses) = store
        .read(async move |tx: &ReadTx| {
            let (machine, commune) = found(tx, id).await?;
            let told = store::told(tx, id).await?.unwrap_or_default();
            let hosts = store::wanted(tx, id).await?.unwrap_or_default();
            Ok::<_, Error>((machine, commune, hosts, told.addresses))
        })
        .await?;
    let form = ServingForm::of(&hosts);
    Reply::page(&ServingPage { frame, machine, commune, form, addresses, refused: None })
}

/// The machine hears of it with the answer to its next probe.
pub(in crate::links) async fn set(
    Held(store): Held<Store>,
    Path(id): Path<MachineId>,
    who: Referent,
    Now(now): Now,
    frame: Frame,
    Form(form): Form<ServingForm>,
) -> Result<Reply, Refusal> {
    let (machine, commune) = store.read(async move |tx: &ReadTx| found(tx, id).await).await?;
    let hosts = match form.parse() {
        Ok(hosts) => hosts,
        Err(why) => {
            let (addresses, refused) = (Vec::new(), Some(explain(&why)));
            return Reply::kept(&ServingPage { frame, machine, commune, form, addresses, refused });
        }
    };
    let said = if hosts.is_empty() { "links-serving-ended" } else { "links-serving-saved" };
    let by = who.name().to_owned();
    store.write(async move |tx: &mut WriteTx| want(tx, id, &hosts, &by, now).await).await?;
    Ok(Reply::see_other(commune.id.path()).saying(t(said)))
}

async fn want(tx: &mut WriteTx, id: MachineId, hosts: &Hosts, by: &str, now: Timestamp) -> Result<(), Error> {
    let (machine, commune) = found(tx, id).await?;
    // Asking twice is asking once.
    if store::wanted(tx, id).await?.unwrap_or_default() == *hosts {
        return Ok(());
    }
    store::put(tx, id, hosts).await?;
    let about = About::machine(Some(commune.name.to_string()), machine.name.to_string(), id.number());
    let (act, about) = match hosts.is_empty() {
        true => (Act::OthersShutOut, about),
        false => (Act::OthersLetIn, about.with_detail(print(hosts))),
    };
    Ok(audit::record(tx, Entry { at: now, who: by.to_owned(), act, about }).await?)
}

/// A machine that can let others in: it is a member, and has our agent.
async fn found(tx: &impl Read, id: MachineId) -> Result<(Machine, Commune), Error> {
    let found = found_active(tx, id).await?;
    if directory::is_without_agent(tx, id).await? { Err(Error::WithoutAgent(id)) } else { Ok(found) }
}

fn explain(why: &WrongHosts) -> String {
    let (text, said) = match why {
        WrongHosts::Nobody => return t("links-serving-nobody"),
        WrongHosts::TooMany => return t("links-serving-too-many"),
        WrongHosts::NoAddress(said) => ("links-serving-no-address", said),
        WrongHosts::NotLocal(said) => ("links-serving-not-local", said),
        WrongHosts::Backwards(said) => ("links-serving-backwards", said),
        WrongHosts::TooWide(said) => ("links-serving-too-wide", said),
    };
    t_with(text, &[("said", said)])
}
