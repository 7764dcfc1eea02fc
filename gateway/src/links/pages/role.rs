//! Whether the admin page opens on a machine.

use axum::extract::{Path, State as Held};
use serde::Deserialize;

use crate::access::Referent;
use crate::audit::{self, About, Act, Entry};
use crate::directory::{self, MachineId, MachineRole};
use crate::links::Error;
use crate::store::{Store, WriteTx};
use crate::web::{Form, Now, Refusal, Reply, t};

#[derive(Deserialize)]
pub(super) struct RoleForm {
    role: Wanted,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Wanted {
    Referent,
    Mairie,
}

pub(super) async fn set(
    Held(store): Held<Store>,
    Path(id): Path<MachineId>,
    who: Referent,
    Now(now): Now,
    Form(form): Form<RoleForm>,
) -> Result<Reply, Refusal> {
    let (role, act, said) = match form.role {
        Wanted::Referent => (MachineRole::Referent, Act::RoleGiven, "links-role-given"),
        Wanted::Mairie => (MachineRole::TownHall, Act::RoleTaken, "links-role-taken"),
    };
    let by = who.name().to_owned();
    let machine = store
        .write(async move |tx: &mut WriteTx| {
            let before = directory::machine(tx, id).await?.ok_or(Error::NoSuchMachine(id))?;
            // Asking twice is asking once.
            if before.role == role {
                return Ok::<_, Error>(before);
            }
            let machine = directory::set_role(tx, id, role).await?;
            let commune = directory::commune(tx, machine.commune).await?;
            let commune = commune.map(|commune| commune.name.to_string());
            let about = About::machine(commune, machine.name.to_string(), id.number());
            audit::record(tx, Entry { at: now, who: by.clone(), act, about }).await?;
            Ok(machine)
        })
        .await?;
    Ok(Reply::see_other(machine.commune.path()).saying(t(said)))
}
