//! Forgetting somebody who asks for it (article 17 of the GDPR).

use askama::Template;
use axum::extract::{Path, State};

use super::{PATH, person};
use crate::access::Referent;
use crate::directory::{self, Person, PersonId};
use crate::people::acts::{self, By};
use crate::people::{Error, list};
use crate::store::{Store, WriteTx};
use crate::web::{Frame, Now, Refusal, Reply, filters, t};

#[derive(Template)]
#[template(path = "people/templates/erase.html")]
struct ErasePage {
    frame: Frame,
    person: Person,
}

pub(super) async fn page(
    State(store): State<Store>,
    Path(id): Path<PersonId>,
    frame: Frame,
) -> Result<Reply, Refusal> {
    Reply::page(&ErasePage { frame, person: person(&store, id).await? })
}

/// In the lists that wait as well, or the next one to be applied would bring the person back.
pub(super) async fn erase(
    State(store): State<Store>,
    Path(id): Path<PersonId>,
    who: Referent,
    Now(now): Now,
) -> Result<Reply, Refusal> {
    let by = By::new(&who, now);
    store
        .write(async move |tx: &mut WriteTx| {
            // Asking twice is asking once.
            let Some(person) = directory::person(tx, id).await? else { return Ok::<_, Error>(()) };
            list::forget_person(tx, &person).await?;
            acts::erase_person(tx, id, &by).await
        })
        .await?;
    Ok(Reply::see_other(PATH).saying(t("people-erased")))
}
