//! A commune with its machines: their links, the four words, and what happened to them.

use std::time::Instant;

use askama::Template;
use axum::extract::{Path, State as Held};
use beffroi_protocol::words::words;

use super::{Desk, Shown, silence, throughput};
use crate::audit::{self, Entry};
use crate::directory::{self, Commune, CommuneId, Hours, Machine, MachineRole};
use crate::links::Error;
use crate::links::diagnosis::{Advice, Outage, advice, outage};
use crate::links::history::NinetyDays;
use crate::links::serving;
use crate::links::throughput::measures;
use crate::store::{ReadTx, Store};
use crate::web::{Frame, Now, Refusal, Reply, Text, filters};

/// Of each machine's history.
const ENTRIES: usize = 8;

#[derive(Template)]
#[template(path = "links/templates/commune.html")]
struct CommunePage {
    frame: Frame,
    silence: Option<Text>,
    commune: Commune,
    machines: Vec<MachineShown>,
    /// When the town hall is open, if it has said so.
    hours: Option<Hours>,
    past: Option<NinetyDays>,
    revoked: Vec<Machine>,
}

struct MachineShown {
    machine: Machine,
    link: Shown,
    /// Absent until netd has told the gateway's key.
    words: Option<String>,
    addresses: Vec<String>,
    without_agent: bool,
    keys: Keys,
    history: Vec<Entry>,
    /// What is wrong now, and what to do; nothing of a machine without the agent, which only its owner looks after.
    advice: Option<Advice>,
    /// The last cut that the machine told of.
    outage: Option<Outage>,
    throughput: throughput::Shown,
    /// The other computers that it lets in.
    serving: Option<serving::Shown>,
}

struct Keys {
    preshared: bool,
    /// The machine is to make itself a new key, and has not yet.
    awaited: bool,
}

impl MachineShown {
    fn is_referents(&self) -> bool {
        self.machine.role == MachineRole::Referent
    }
}

pub(super) async fn page(
    Held(store): Held<Store>,
    Held(desk): Held<Desk>,
    Path(id): Path<CommuneId>,
    Now(today): Now,
    frame: Frame,
) -> Result<Reply, Refusal> {
    let zone = frame.time_zone().clone();
    let (commune, machines, hours, past, gateway) = store
        .read(async move |tx: &ReadTx| {
            let commune = directory::commune(tx, id).await?.ok_or(Error::NoSuchCommune(id))?;
            let mut machines = Vec::new();
            for machine in directory::machines_of(tx, id).await? {
                let history = audit::about_machine(tx, machine.id.number(), ENTRIES).await?;
                let without_agent = directory::is_without_agent(tx, machine.id).await?;
                let keys = Keys {
                    preshared: directory::has_preshared(tx, machine.id).await?,
                    awaited: !without_agent && directory::is_to_rotate(tx, &machine, today).await?,
                };
                let told = (outage(tx, machine.id).await?, serving::shown(tx, machine.id).await?);
                let measures = measures(tx, machine.id).await?;
                machines.push((machine, history, without_agent, told, measures, keys));
            }
            let hours = directory::hours(tx, id).await?;
            let past = NinetyDays::of(tx, id, today, &zone).await?;
            Ok::<_, Error>((commune, machines, hours, past, directory::gateway_key(tx).await?))
        })
        .await?;
    let now = Instant::now();
    let (active, revoked): (Vec<_>, Vec<_>) =
        machines.into_iter().partition(|(machine, ..)| machine.is_active());
    let machines = active
        .into_iter()
        .map(|(machine, history, without_agent, (outage, serving), measures, keys)| MachineShown {
            without_agent,
            link: Shown::of(&desk.board, &machine, now),
            words: gateway.filter(|_| !without_agent).map(|gateway| words(&gateway, &machine.key).join(" ")),
            addresses: desk.network.machine(machine.id).map(|network| network.addr().to_string()).into(),
            keys,
            history,
            advice: (!without_agent).then(|| advice(desk.board.link(machine.id, now).as_ref())).flatten(),
            outage,
            throughput: throughput::Shown::of(&desk, machine.id, measures, now),
            serving,
            machine,
        })
        .collect();
    let revoked = revoked.into_iter().map(|(machine, ..)| machine).collect();
    let silence = silence(&desk.board, now);
    Reply::page(&CommunePage { frame, silence, commune, machines, hours, past, revoked })
}
