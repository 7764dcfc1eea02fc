//! Asking a machine to make itself a new key.

use axum::extract::{Path, State as Held};

use crate::access::Referent;
use crate::audit::{self, About, Act, Entry};
use crate::directory::{self, MachineId};
use crate::links::Error;
use crate::store::{Store, WriteTx};
use crate::web::{Now, Refusal, Reply, t};

pub(super) async fn ask(
    Held(store): Held<Store>,
    Path(id): Path<MachineId>,
    who: Referent,
    Now(now): Now,
) -> Result<Reply, Refusal> {
    let by = who.name().to_owned();
    let machine = store
        .write(async move |tx: &mut WriteTx| {
            let machine = directory::ask_rotation(tx, id, now).await?;
            let commune = directory::commune(tx, machine.commune).await?;
            let commune = commune.map(|commune| commune.name.to_string());
            let about = About::machine(commune, machine.name.to_string(), id.number());
            audit::record(tx, Entry { at: now, who: by.clone(), act: Act::KeyChangeAsked, about }).await?;
            Ok::<_, Error>(machine)
        })
        .await?;
    Ok(Reply::see_other(machine.commune.path()).saying(t("links-key-asked")))
}
