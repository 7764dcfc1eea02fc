//! The sheets of paper, and the same as a file. A code is shown to the one who made it, for half an hour.

use std::time::Instant;

use askama::Template;
use axum::extract::{Path, Query, State};
use beffroi_protocol::code::Code;
use jiff::Timestamp;
use serde::Deserialize;

use super::{Desk, PATH};
use crate::access::Referent;
use crate::directory::{self, CommuneName};
use crate::enrolment::drawing::drawing;
use crate::enrolment::{self, Error, Invitation, InvitationId, Ordered, Purpose, Standing, standing};
use crate::store::{ReadTx, Store};
use crate::web::{Frame, Now, Refusal, Reply, filters, t, t_with};

#[derive(Template)]
#[template(path = "enrolment/templates/sheets.html")]
struct SheetsPage {
    frame: Frame,
    sheets: Vec<Sheet>,
    /// How many of those asked for can no longer be shown.
    gone: usize,
}

/// One page of paper.
struct Sheet {
    id: InvitationId,
    town_hall: String,
    /// The machine whose place the new one takes.
    replaces: Option<String>,
    drawing: String,
    groups: Vec<String>,
    expires: Timestamp,
}

/// The first and the last number of invitations that were made together.
#[derive(Deserialize)]
pub(super) struct Numbers {
    de: InvitationId,
    a: InvitationId,
}

/// Where the sheets of invitations just made are.
pub(super) fn path(made: &[Ordered]) -> String {
    match made {
        [first, .., last] => format!("{PATH}/feuilles?de={}&a={}", first.invitation.id, last.invitation.id),
        [only] => format!("{PATH}/feuilles?de={0}&a={0}", only.invitation.id),
        [] => PATH.to_owned(),
    }
}

pub(super) async fn page(
    State(store): State<Store>,
    State(desk): State<Desk>,
    Query(numbers): Query<Numbers>,
    who: Referent,
    Now(now): Now,
    frame: Frame,
) -> Result<Reply, Refusal> {
    let found = store
        .read(async move |tx: &ReadTx| {
            let mut found = Vec::new();
            for invitation in enrolment::invitations_between(tx, numbers.de, numbers.a).await? {
                let is_open = standing(tx, &invitation, now).await? == Standing::Open;
                found.push((details(tx, invitation).await?, is_open));
            }
            Ok::<_, Error>(found)
        })
        .await?;
    let now = Instant::now();
    let asked = found.len();
    let mut sheets = Vec::new();
    for ((invitation, commune, replaces), _) in found.into_iter().filter(|(_, is_open)| *is_open) {
        if let Some(code) = desk.tray.code(invitation.id, who.id(), now) {
            sheets.push(Sheet::of(&invitation, &commune, replaces, &code)?);
        }
    }
    let gone = asked - sheets.len();
    Ok(Reply::page(&SheetsPage { frame, sheets, gone })?.never_kept())
}

pub(super) async fn file(
    State(store): State<Store>,
    State(desk): State<Desk>,
    Path(id): Path<InvitationId>,
    who: Referent,
    Now(now): Now,
    frame: Frame,
) -> Result<Reply, Refusal> {
    let ((invitation, commune, _), standing) = store
        .read(async move |tx: &ReadTx| {
            let invitation = enrolment::invitation(tx, id).await?.ok_or(Error::NoSuchInvitation(id))?;
            let standing = standing(tx, &invitation, now).await?;
            Ok::<_, Error>((details(tx, invitation).await?, standing))
        })
        .await?;
    let code = desk.tray.code(id, who.id(), Instant::now()).filter(|_| standing == Standing::Open);
    let code = code.ok_or_else(|| Refusal::conflict(t("enrolment-code-gone")))?;
    let comment = t_with(
        "enrolment-file-comment",
        &[
            ("community", &frame.community()),
            ("town_hall", &commune.town_hall()),
            ("until", &frame.moment(&invitation.expires)),
        ],
    );
    let name = format!("bon-{}.beffroi", commune.slug());
    Ok(Reply::file(&name, "text/plain; charset=utf-8", code.file(&comment)).never_kept())
}

async fn details(
    tx: &ReadTx,
    invitation: Invitation,
) -> Result<(Invitation, CommuneName, Option<String>), Error> {
    let id = invitation.commune;
    let commune = directory::commune(tx, id).await?.ok_or(Error::NoSuchCommune(id))?;
    let replaces = match invitation.purpose {
        Purpose::New => None,
        Purpose::Replace(machine) => {
            directory::machine(tx, machine).await?.map(|machine| machine.name.to_string())
        }
    };
    Ok((invitation, commune.name, replaces))
}

impl Sheet {
    fn of(
        invitation: &Invitation,
        commune: &CommuneName,
        replaces: Option<String>,
        code: &Code,
    ) -> Result<Self, Refusal> {
        Ok(Self {
            id: invitation.id,
            town_hall: commune.town_hall(),
            replaces,
            drawing: drawing(code, &t("enrolment-drawing")).map_err(|error| Refusal::broken(&error))?,
            groups: code.groups(),
            expires: invitation.expires,
        })
    }
}
