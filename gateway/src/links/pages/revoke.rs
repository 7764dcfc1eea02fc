//! Taking a machine out of the network. The commune's name has to be typed, so that it is the right one.

use askama::Template;
use axum::extract::{Path, State as Held};
use jiff::Timestamp;
use serde::Deserialize;

use super::{Desk, PATIENCE};
use crate::access::Referent;
use crate::audit::{self, About, Act, Entry};
use crate::directory::{self, Commune, Machine, MachineId, Revocation, to_the_end};
use crate::links::machine::found;
use crate::links::{Error, serving};
use crate::store::{ReadTx, Store, WriteTx};
use crate::web::{Form, Frame, Now, Refusal, Reply, filters, t, t_with};

/// The longest reason, in characters.
const REASON_MAX: usize = 300;

#[derive(Template)]
#[template(path = "links/templates/revoke.html")]
struct RevokePage {
    frame: Frame,
    machine: Machine,
    commune: Commune,
    form: RevokeForm,
    refused: Option<Refused>,
}

/// Which field is wrong, and what to do.
struct Refused {
    field: Field,
    why: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Reason,
    Commune,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct RevokeForm {
    reason: String,
    commune: String,
}

impl RevokePage {
    fn is_wrong(&self, field: Field) -> bool {
        self.refused.as_ref().is_some_and(|refused| refused.field == field)
    }

    fn commune_path(&self) -> String {
        self.commune.id.path()
    }
}

pub(super) async fn page(
    Held(store): Held<Store>,
    Path(id): Path<MachineId>,
    frame: Frame,
) -> Result<Reply, Refusal> {
    let (machine, commune) = store.read(async move |tx: &ReadTx| found(tx, id).await).await?;
    if !machine.is_active() {
        return Ok(already(&machine));
    }
    Reply::page(&RevokePage { frame, machine, commune, form: RevokeForm::default(), refused: None })
}

pub(super) async fn revoke(
    Held(store): Held<Store>,
    Held(desk): Held<Desk>,
    Path(id): Path<MachineId>,
    who: Referent,
    Now(now): Now,
    frame: Frame,
    Form(form): Form<RevokeForm>,
) -> Result<Reply, Refusal> {
    let (machine, commune) = store.read(async move |tx: &ReadTx| found(tx, id).await).await?;
    if !machine.is_active() {
        // Whoever was faster may not have seen it carried out.
        let cut_off = desk.changes.carry_out(PATIENCE).await;
        return Ok(if cut_off { already(&machine) } else { back_to(&machine, "links-revoked-later") });
    }
    let reason = match form.check(&commune) {
        Ok(reason) => reason,
        Err(refused) => {
            return Reply::kept(&RevokePage { frame, machine, commune, form, refused: Some(refused) });
        }
    };
    let by = who.name().to_owned();
    to_the_end(async move {
        store.write(async move |tx: &mut WriteTx| note(tx, id, &by, &reason, now).await).await?;
        log::info!(COMMUNE = commune.name.as_str(); "revoked: {}, {}", machine.name, machine.key);
        let cut_off = desk.changes.carry_out(PATIENCE).await;
        Ok(back_to(&machine, if cut_off { "links-revoked" } else { "links-revoked-later" }))
    })
    .await
}

impl RevokeForm {
    fn check(&self, commune: &Commune) -> Result<String, Refused> {
        let reason = self.reason.split_whitespace().collect::<Vec<_>>().join(" ");
        let refused = |field, why| Err(Refused { field, why });
        if reason.is_empty() {
            return refused(Field::Reason, t("links-revoke-no-reason"));
        }
        if reason.chars().count() > REASON_MAX {
            return refused(Field::Reason, t_with("links-revoke-long-reason", &[("longest", &REASON_MAX)]));
        }
        if !commune.name.is_meant_by(&self.commune) {
            let name = commune.name.as_str();
            return refused(Field::Commune, t_with("links-revoke-other-commune", &[("commune", &name)]));
        }
        Ok(reason)
    }
}

async fn note(tx: &mut WriteTx, id: MachineId, by: &str, reason: &str, now: Timestamp) -> Result<(), Error> {
    let (machine, commune) = found(tx, id).await?;
    // Someone else was faster.
    if !machine.is_active() {
        return Ok(());
    }
    let revocation = Revocation { at: now, by: by.to_owned(), reason: reason.to_owned() };
    directory::revoke(tx, id, revocation).await?;
    // Who comes back may be another computer, elsewhere.
    serving::forget(tx, id).await?;
    let about = About::machine(Some(commune.name.to_string()), machine.name.to_string(), id.number())
        .with_detail(reason.to_owned());
    let entry = Entry { at: now, who: by.to_owned(), act: Act::MachineRevoked, about };
    Ok(audit::record(tx, entry).await?)
}

fn already(machine: &Machine) -> Reply {
    back_to(machine, "links-already-revoked")
}

/// To the machine's commune, with the text of this name.
fn back_to(machine: &Machine, said: &str) -> Reply {
    Reply::see_other(machine.commune.path()).saying(t(said))
}
