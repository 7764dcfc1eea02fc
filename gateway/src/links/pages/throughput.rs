//! Asking for a measure of a machine's line, and what is shown of it.

use std::time::Instant;

use axum::extract::{Path, State as Held};
use beffroi_protocol::throughput::{Enough, Reason, Refused};
use jiff::Timestamp;

use super::Desk;
use crate::access::Referent;
use crate::audit::{self, About, Act, Entry};
use crate::directory::{self, MachineId};
use crate::links::machine::found_active;
use crate::links::throughput::{Measure, Standing};
use crate::links::{Error, State, words};
use crate::store::{ReadTx, Store, WriteTx};
use crate::web::{Now, Refusal, Reply, Text, t, t_with};

/// What a commune's page shows of a machine's line.
pub(super) struct Shown {
    standing: Standing,
    /// The newest first.
    pub(super) measures: Vec<Measure>,
}

impl Shown {
    pub(super) fn of(desk: &Desk, machine: MachineId, measures: Vec<Measure>, now: Instant) -> Self {
        Self { standing: desk.measuring.standing(machine, now), measures }
    }

    /// What is being done about it.
    pub(super) const fn word(&self) -> Option<&'static str> {
        match self.standing {
            Standing::Free => None,
            Standing::Ordered => Some("links-throughput-ordered"),
            Standing::UnderWay => Some("links-throughput-measuring"),
            Standing::Failed => Some("links-throughput-failed"),
        }
    }

    /// Whether it may be asked for.
    pub(super) const fn is_free(&self) -> bool {
        matches!(self.standing, Standing::Free | Standing::Failed)
    }

    /// Those before the last one.
    pub(super) fn earlier(&self) -> &[Measure] {
        self.measures.get(1..).unwrap_or_default()
    }
}

impl Measure {
    pub(super) fn figures(&self) -> Text {
        let (received, sent) = (words::rate(self.received), words::rate(self.sent));
        Text::new("links-throughput-figures").with("received", &received).with("sent", &sent)
    }

    pub(super) fn enough(&self) -> &'static str {
        match Enough::of(self.received, self.sent) {
            Enough::Reading => "links-throughput-reading",
            Enough::Documents => "links-throughput-documents",
            Enough::Everyone => "links-throughput-everyone",
        }
    }

    /// Who asked, when it was not the town hall.
    pub(super) fn asker(&self) -> Text {
        match &self.by {
            Some(by) => Text::new("links-throughput-asked").with("who", by),
            None => Text::new("links-throughput-asked-there"),
        }
    }
}

pub(super) async fn ask(
    Held(store): Held<Store>,
    Held(desk): Held<Desk>,
    Path(id): Path<MachineId>,
    who: Referent,
    Now(now): Now,
) -> Result<Reply, Refusal> {
    let read = async move |tx: &ReadTx| {
        let (machine, _) = found_active(tx, id).await?;
        Ok::<_, Error>((machine, directory::is_without_agent(tx, id).await?))
    };
    let (machine, without_agent) = store.read(read).await?;
    let back = |said: String| Ok(Reply::see_other(machine.commune.path()).saying(said));
    if without_agent {
        return back(t("links-throughput-no-agent"));
    }
    let at = Instant::now();
    if desk.board.link(id, at).is_none_or(|link| link.state != State::Online) {
        return back(t("links-throughput-down"));
    }
    // Seconds of the clock: an order from before a restart has another number.
    let number = now.as_second() as u32;
    if let Err(refused) = desk.measuring.order(id, who.name(), number, at) {
        return back(explain(refused));
    }
    let by = who.name().to_owned();
    let recorded = store.write(async move |tx: &mut WriteTx| record(tx, id, &by, now).await).await;
    if let Err(error) = recorded {
        desk.measuring.withdraw(id);
        return Err(error.into());
    }
    back(t("links-throughput-taken"))
}

async fn record(tx: &mut WriteTx, id: MachineId, by: &str, now: Timestamp) -> Result<(), Error> {
    let (machine, commune) = found_active(tx, id).await?;
    let about = About::machine(Some(commune.name.to_string()), machine.name.to_string(), id.number());
    let entry = Entry { at: now, who: by.to_owned(), act: Act::ThroughputAsked, about };
    Ok(audit::record(tx, entry).await?)
}

fn explain(refused: Refused) -> String {
    match refused.reason {
        Reason::TooSoon => t_with("links-throughput-too-soon", &[("minutes", &refused.wait.div_ceil(60))]),
        Reason::UnderWay | Reason::Lapsed | Reason::Broken | Reason::Other => t("links-throughput-under-way"),
    }
}
