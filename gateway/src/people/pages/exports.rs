//! What leaves: everybody as a list, one person's data, and a list to be filled in.

use axum::extract::{Path, State};

use super::today;
use crate::directory::{self, PersonId};
use crate::people::search::Places;
use crate::people::{Error, export};
use crate::store::{ReadTx, Store};
use crate::web::{Frame, Now, Refusal, Reply};

const CSV: &str = "text/csv; charset=utf-8";

pub(super) async fn table(State(store): State<Store>, Now(now): Now, frame: Frame) -> Result<Reply, Refusal> {
    let table = store
        .read(async |tx: &ReadTx| {
            let (communes, register) = (directory::communes(tx).await?, directory::register(tx).await?);
            let groups = directory::groups(tx).await?;
            Ok::<_, Error>(export::table(&register, &groups, &Places::new(&communes)))
        })
        .await?;
    let name = format!("annuaire-{}.csv", today(&frame, now));
    Ok(Reply::file(&name, CSV, table).never_kept())
}

pub(super) async fn person(State(store): State<Store>, Path(id): Path<PersonId>) -> Result<Reply, Refusal> {
    let known = store
        .read(async move |tx: &ReadTx| {
            let person = directory::person(tx, id).await?.ok_or(Error::NoSuchPerson(id))?;
            let places = Places::new(&directory::communes(tx).await?);
            Ok::<_, Error>(export::person(&person, &directory::groups(tx).await?, &places))
        })
        .await?;
    let name = format!("personne-{id}.json");
    Ok(Reply::file(&name, "application/json", known).never_kept())
}

pub(super) async fn model(State(store): State<Store>) -> Result<Reply, Refusal> {
    let communes = store.read(async |tx: &ReadTx| Ok::<_, Error>(directory::communes(tx).await?)).await?;
    let commune = communes.first().map_or("", |commune| commune.name.as_str());
    Ok(Reply::file("modele-annuaire.csv", CSV, export::model(commune)))
}
