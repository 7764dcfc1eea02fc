//! The invitations that were made, and what became of them.

use std::time::Instant;

use askama::Template;
use axum::extract::{Path, State};
use jiff::Timestamp;

use super::{Desk, PATH};
use crate::access::Referent;
use crate::directory::{self, to_the_end};
use crate::enrolment::{self, Error, Invitation, InvitationId, Purpose, Standing, standing};
use crate::store::{ReadTx, Store, WriteTx};
use crate::web::{Frame, Now, Refusal, Reply, filters, t};

/// The latest: a year of a communauté.
const SHOWN: usize = 100;

#[derive(Template)]
#[template(path = "enrolment/templates/invitations.html")]
struct InvitationsPage {
    frame: Frame,
    rows: Vec<Row>,
}

/// A line of the list.
struct Row {
    id: InvitationId,
    commune: String,
    commune_path: String,
    /// The machine that is to be replaced.
    replaces: Option<String>,
    created: Timestamp,
    by: String,
    expires: Timestamp,
    standing: Standing,
    /// Whether its sheet can still be printed by the one who looks.
    printable: bool,
}

impl Row {
    const fn state(&self) -> &'static str {
        match self.standing {
            Standing::Open => "enrolment-state-open",
            Standing::Expired => "enrolment-state-expired",
            Standing::Used => "enrolment-state-used",
            Standing::Cancelled => "enrolment-state-cancelled",
        }
    }

    /// The colour that goes with the word.
    const fn colour(&self) -> &'static str {
        match self.standing {
            Standing::Open => "doubtful",
            Standing::Used => "online",
            Standing::Expired | Standing::Cancelled => "never",
        }
    }

    fn is_open(&self) -> bool {
        self.standing == Standing::Open
    }
}

pub(super) async fn page(
    State(store): State<Store>,
    State(desk): State<Desk>,
    who: Referent,
    Now(now): Now,
    frame: Frame,
) -> Result<Reply, Refusal> {
    let listed = store.read(async move |tx: &ReadTx| list(tx, now).await).await?;
    let at = Instant::now();
    let rows = listed
        .into_iter()
        .map(|Listed { invitation, commune, replaces, standing }| Row {
            printable: desk.tray.shown(invitation.id, who.id(), at).is_some(),
            id: invitation.id,
            commune,
            commune_path: invitation.commune.path(),
            replaces,
            created: invitation.created,
            expires: invitation.expires,
            standing,
            by: invitation.by,
        })
        .collect();
    Reply::page(&InvitationsPage { frame, rows })
}

pub(super) async fn cancel(
    State(store): State<Store>,
    State(desk): State<Desk>,
    Path(id): Path<InvitationId>,
    who: Referent,
    Now(now): Now,
) -> Result<Reply, Refusal> {
    let by = who.name().to_owned();
    to_the_end(async move {
        store.write(async move |tx: &mut WriteTx| enrolment::cancel(tx, id, &by, now).await).await?;
        desk.tray.remove(id);
        desk.changes.announce();
        Ok::<_, Error>(())
    })
    .await?;
    Ok(Reply::see_other(PATH).saying(t("enrolment-cancelled")))
}

struct Listed {
    invitation: Invitation,
    commune: String,
    replaces: Option<String>,
    standing: Standing,
}

async fn list(tx: &ReadTx, now: Timestamp) -> Result<Vec<Listed>, Error> {
    let mut listed = Vec::new();
    for invitation in enrolment::invitations(tx, SHOWN).await? {
        let id = invitation.commune;
        let commune = directory::commune(tx, id).await?.ok_or(Error::NoSuchCommune(id))?.name.to_string();
        let replaces = match invitation.purpose {
            Purpose::New => None,
            Purpose::Replace(machine) => {
                directory::machine(tx, machine).await?.map(|machine| machine.name.to_string())
            }
        };
        let standing = standing(tx, &invitation, now).await?;
        listed.push(Listed { invitation, commune, replaces, standing });
    }
    Ok(listed)
}
