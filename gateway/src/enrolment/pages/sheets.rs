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
use crate::enrolment::{
    self, Error, Invitation, InvitationId, Letterhead, Ordered, PaperSheet, Purpose, Standing, standing,
};
use crate::store::{ReadTx, Store};
use crate::web::{Drawing, Frame, Now, Refusal, Reply, filters, t, t_with};

#[derive(Template)]
#[template(path = "enrolment/templates/sheets.html")]
struct SheetsPage {
    frame: Frame,
    sheets: Vec<Sheet>,
    /// How many of those asked for can no longer be shown.
    gone: usize,
    /// Where the same are as one file.
    pdf: String,
}

/// One page of paper.
struct Sheet {
    id: InvitationId,
    town_hall: String,
    /// The machine whose place the new one takes.
    replaces: Option<String>,
    drawing: Drawing,
    groups: Vec<String>,
    expires: Timestamp,
}

/// An open invitation with its code.
struct Shown {
    invitation: Invitation,
    commune: CommuneName,
    replaces: Option<String>,
    code: Code,
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
    let pdf = format!("{PATH}/feuilles.pdf?de={}&a={}", numbers.de, numbers.a);
    let (shown, gone) = shown(&store, &desk, &numbers, &who, now).await?;
    let sheets = shown.iter().map(Sheet::of).collect::<Result<_, _>>()?;
    Ok(Reply::page(&SheetsPage { frame, sheets, gone, pdf })?.never_kept())
}

/// All of them as one file to print or to hand on. It is made while it is sent, and written nowhere.
pub(super) async fn pdf(
    State(store): State<Store>,
    State(desk): State<Desk>,
    Query(numbers): Query<Numbers>,
    who: Referent,
    Now(now): Now,
    frame: Frame,
) -> Result<Reply, Refusal> {
    let (shown, _) = shown(&store, &desk, &numbers, &who, now).await?;
    if shown.is_empty() {
        return Err(Refusal::conflict(t("enrolment-codes-gone")));
    }
    let sheets: Vec<PaperSheet> = shown.into_iter().map(|shown| shown.on_paper(&frame)).collect();
    let head = Letterhead { community: frame.community().to_owned(), help: frame.help().to_owned() };
    let pdf = enrolment::paper(&head, &sheets).map_err(|error| Refusal::broken(&error))?;
    Ok(Reply::file("bons-de-raccordement.pdf", "application/pdf", pdf).never_kept())
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
    let code = desk.tray.shown(id, who.id(), Instant::now()).filter(|_| standing == Standing::Open);
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

/// Those asked for whose code can be shown, and how many there are that can not.
async fn shown(
    store: &Store,
    desk: &Desk,
    Numbers { de, a }: &Numbers,
    who: &Referent,
    now: Timestamp,
) -> Result<(Vec<Shown>, usize), Error> {
    let (first, last) = (*de, *a);
    let found = store
        .read(async move |tx: &ReadTx| {
            let mut found = Vec::new();
            for invitation in enrolment::invitations_between(tx, first, last).await? {
                let is_open = standing(tx, &invitation, now).await? == Standing::Open;
                found.push((details(tx, invitation).await?, is_open));
            }
            Ok::<_, Error>(found)
        })
        .await?;
    let (asked, at) = (found.len(), Instant::now());
    let open = found.into_iter().filter(|(_, is_open)| *is_open);
    let shown: Vec<Shown> = open
        .filter_map(|((invitation, commune, replaces), _)| {
            let code = desk.tray.shown(invitation.id, who.id(), at)?;
            Some(Shown { invitation, commune, replaces, code })
        })
        .collect();
    let gone = asked - shown.len();
    Ok((shown, gone))
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

impl Shown {
    fn on_paper(self, frame: &Frame) -> PaperSheet {
        PaperSheet {
            number: self.invitation.id,
            town_hall: self.commune.town_hall(),
            replaces: self.replaces,
            code: self.code,
            until: frame.moment(&self.invitation.expires).to_string(),
        }
    }
}

impl Sheet {
    fn of(shown: &Shown) -> Result<Self, Refusal> {
        Ok(Self {
            id: shown.invitation.id,
            town_hall: shown.commune.town_hall(),
            replaces: shown.replaces.clone(),
            drawing: Drawing::of(&shown.code.text()).map_err(|error| Refusal::broken(&error))?,
            groups: shown.code.groups(),
            expires: shown.invitation.expires,
        })
    }
}
