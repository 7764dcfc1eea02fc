//! What somebody does: given, corrected, ended, and taken back when it never was.

use askama::Template;
use axum::extract::{Path, State};
use serde::Deserialize;

use super::people::path;
use super::today;
use crate::access::{Once, Referent};
use crate::directory::{
    self, Commune, CommuneId, Function, Mandate, MandateId, Person, PersonId, Post, Term,
};
use crate::people::Error;
use crate::people::acts::{self, By};
use crate::people::typed::{Wrong, date, known, written};
use crate::store::{ReadTx, Store, WriteTx};
use crate::web::{Form, Frame, Now, Refusal, Reply, filters, t};

#[derive(Template)]
#[template(path = "people/templates/mandate.html")]
struct MandatePage {
    frame: Frame,
    once: Once,
    person: Person,
    /// Absent while one is being given.
    mandate: Option<MandateId>,
    communes: Vec<Commune>,
    form: MandateForm,
    refused: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct MandateForm {
    once: Once,
    function: String,
    commune: String,
    from: String,
    until: String,
}

impl MandateForm {
    fn of(mandate: &Mandate) -> Self {
        Self {
            function: mandate.post.function().word().to_owned(),
            commune: mandate.post.commune().map(|commune| commune.to_string()).unwrap_or_default(),
            from: written(mandate.term.from()),
            until: mandate.term.until().map(written).unwrap_or_default(),
            ..Self::default()
        }
    }

    fn parse(&self) -> Result<(Post, Term), Wrong> {
        let function = Function::of_word(&self.function).ok_or(Wrong::NoFunction)?;
        let commune: Option<CommuneId> =
            known(&self.commune, |text| text.parse().map_err(|_| Wrong::NoCommune))?;
        let post = Post::new(function, commune).map_err(|_| Wrong::NoCommune)?;
        let from = known(&self.from, date)?.ok_or_else(|| Wrong::Date(String::new()))?;
        let term = Term::new(from, known(&self.until, date)?).map_err(|_| Wrong::Backwards)?;
        Ok((post, term))
    }

    fn is_function(&self, function: &Function) -> bool {
        self.function == function.word()
    }

    fn is_commune(&self, id: &CommuneId) -> bool {
        self.commune == id.to_string()
    }
}

pub(super) async fn add_page(
    State(store): State<Store>,
    Path(id): Path<PersonId>,
    Now(now): Now,
    frame: Frame,
) -> Result<Reply, Refusal> {
    let form = MandateForm { from: written(today(&frame, now)), ..MandateForm::default() };
    Reply::page(&shown(&store, frame, id, None, form, None).await?)
}

pub(super) async fn add(
    State(store): State<Store>,
    Path(id): Path<PersonId>,
    who: Referent,
    Now(now): Now,
    frame: Frame,
    Form(form): Form<MandateForm>,
) -> Result<Reply, Refusal> {
    let (post, term) = match form.parse() {
        Ok(typed) => typed,
        Err(wrong) => return kept(&store, frame, id, None, form, wrong).await,
    };
    let (by, once) = (By::new(&who, now), form.once.clone());
    let given = store
        .write(async move |tx: &mut WriteTx| {
            if once.led_to(tx).await?.is_some() {
                return Ok::<_, Error>(());
            }
            acts::give_mandate(tx, id, post, term, &by).await?;
            Ok(once.leads_to(tx, &path(id), now).await?)
        })
        .await;
    match given {
        Ok(()) => Ok(Reply::see_other(path(id)).saying(t("people-mandate-given"))),
        Err(Error::Directory(directory::Error::AlreadyHeld(_))) => {
            kept(&store, frame, id, None, form, Wrong::Overlaps).await
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn page(
    State(store): State<Store>,
    Path((id, mandate)): Path<(PersonId, MandateId)>,
    frame: Frame,
) -> Result<Reply, Refusal> {
    let page = shown(&store, frame, id, Some(mandate), MandateForm::default(), None).await?;
    let form = page.person.mandate(mandate).map(MandateForm::of).ok_or_else(Refusal::not_found)?;
    Reply::page(&MandatePage { form, ..page })
}

pub(super) async fn change(
    State(store): State<Store>,
    Path((id, mandate)): Path<(PersonId, MandateId)>,
    who: Referent,
    Now(now): Now,
    frame: Frame,
    Form(form): Form<MandateForm>,
) -> Result<Reply, Refusal> {
    let (post, term) = match form.parse() {
        Ok(typed) => typed,
        Err(wrong) => return kept(&store, frame, id, Some(mandate), form, wrong).await,
    };
    let by = By::new(&who, now);
    let changed = store
        .write(async move |tx: &mut WriteTx| acts::change_mandate(tx, id, mandate, post, term, &by).await)
        .await;
    match changed {
        Ok(()) => Ok(Reply::see_other(path(id)).saying(t("people-mandate-changed"))),
        Err(Error::Directory(directory::Error::AlreadyHeld(_))) => {
            kept(&store, frame, id, Some(mandate), form, Wrong::Overlaps).await
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn remove(
    State(store): State<Store>,
    Path((id, mandate)): Path<(PersonId, MandateId)>,
    who: Referent,
    Now(now): Now,
) -> Result<Reply, Refusal> {
    let by = By::new(&who, now);
    store.write(async move |tx: &mut WriteTx| acts::remove_mandate(tx, id, mandate, &by).await).await?;
    Ok(Reply::see_other(path(id)).saying(t("people-mandate-removed")))
}

async fn kept(
    store: &Store,
    frame: Frame,
    id: PersonId,
    mandate: Option<MandateId>,
    form: MandateForm,
    wrong: Wrong,
) -> Result<Reply, Refusal> {
    let why = match &wrong {
        Wrong::Date(text) if text.is_empty() => t("people-no-start"),
        wrong => wrong.explain(),
    };
    Reply::kept(&shown(store, frame, id, mandate, form, Some(why)).await?)
}

async fn shown(
    store: &Store,
    frame: Frame,
    id: PersonId,
    mandate: Option<MandateId>,
    form: MandateForm,
    refused: Option<String>,
) -> Result<MandatePage, Refusal> {
    let (person, communes) = store
        .read(async move |tx: &ReadTx| {
            let person = directory::person(tx, id).await?.ok_or(Error::NoSuchPerson(id))?;
            Ok::<_, Error>((person, directory::communes(tx).await?))
        })
        .await?;
    let once = form.once.clone();
    Ok(MandatePage { frame, once, person, mandate, communes, form, refused })
}
