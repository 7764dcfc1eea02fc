//! The page where a referent writes the notice.

use askama::Template;
use axum::extract::{FromRef, State};
use serde::Deserialize;

use super::{Draft, Error, Notice, NoticeId, TEXT_MAX, TITLE_MAX, Unfit};
use crate::access::{Audience, Once, Referent, Route};
use crate::store::{ReadTx, Store, WriteTx};
use crate::web::{Form, Frame, Now, Refusal, Reply, filters, t, t_with};

/// Where a referent writes the notice.
pub const PATH: &str = "/annonce";
/// Earlier notices shown below the form.
const SHOWN: usize = 20;

pub fn routes<S>() -> Vec<Route<S>>
where
    Store: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    vec![
        Route::get(PATH, Audience::Referent, edit),
        Route::post(PATH, Audience::Referent, publish),
        Route::post("/annonce/retirer", Audience::Referent, withdraw),
    ]
}

#[derive(Template)]
#[template(path = "news/templates/edit.html")]
struct EditPage {
    frame: Frame,
    once: Once,
    form: NoticeForm,
    refused: Option<String>,
    current: Option<Notice>,
    earlier: Vec<Notice>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct NoticeForm {
    once: Once,
    /// The latest notice when the form was shown.
    seen: Option<NoticeId>,
    title: String,
    text: String,
}

#[derive(Deserialize)]
struct WithdrawForm {
    id: NoticeId,
}

async fn edit(State(store): State<Store>, frame: Frame) -> Result<Reply, Refusal> {
    let notices = notices(&store).await?;
    let seen = notices.first().map(|notice| notice.id);
    page(frame, NoticeForm { seen, ..NoticeForm::default() }, None, notices).reply()
}

async fn publish(
    State(store): State<Store>,
    who: Referent,
    Now(now): Now,
    frame: Frame,
    Form(form): Form<NoticeForm>,
) -> Result<Reply, Refusal> {
    let draft = match Draft::parse(&form.title, &form.text) {
        Ok(draft) => draft,
        Err(why) => return kept(&store, frame, form, sentence(why)).await,
    };
    let (once, seen) = (form.once.clone(), form.seen);
    let published = store
        .write(async move |tx: &mut WriteTx| -> Result<(), Error> {
            if once.led_to(tx).await?.is_some() {
                return Ok(());
            }
            super::publish(tx, &who, &draft, seen, now).await?;
            Ok(once.leads_to(tx, PATH, now).await?)
        })
        .await;
    match published {
        Ok(()) => Ok(Reply::see_other(PATH).saying(t("news-published"))),
        Err(Error::Overtaken(latest)) => {
            let form = NoticeForm { seen: Some(latest.id), ..form };
            kept(&store, frame, form, t_with("news-overtaken", &[("who", &latest.by)])).await
        }
        Err(error) => Err(Refusal::broken(&error)),
    }
}

async fn withdraw(
    State(store): State<Store>,
    who: Referent,
    Now(now): Now,
    Form(form): Form<WithdrawForm>,
) -> Result<Reply, Refusal> {
    let withdrawn =
        store.write(async move |tx: &mut WriteTx| super::withdraw(tx, &who, form.id, now).await).await;
    match withdrawn {
        Ok(()) => Ok(Reply::see_other(PATH).saying(t("news-withdrawn"))),
        Err(error) => Err(Refusal::broken(&error)),
    }
}

/// The form again, nothing lost.
async fn kept(store: &Store, frame: Frame, form: NoticeForm, why: String) -> Result<Reply, Refusal> {
    Reply::kept(&page(frame, form, Some(why), notices(store).await?))
}

fn page(frame: Frame, form: NoticeForm, refused: Option<String>, mut notices: Vec<Notice>) -> EditPage {
    let current = notices.first().filter(|notice| notice.withdrawn.is_none()).cloned();
    let earlier = notices.split_off(usize::from(current.is_some()));
    EditPage { frame, once: form.once.clone(), form, refused, current, earlier }
}

impl EditPage {
    fn reply(&self) -> Result<Reply, Refusal> {
        Reply::page(self)
    }
}

async fn notices(store: &Store) -> Result<Vec<Notice>, Refusal> {
    Ok(store.read(async |tx: &ReadTx| super::history(tx, SHOWN).await).await?)
}

fn sentence(why: Unfit) -> String {
    match why {
        Unfit::NoTitle => t("news-no-title"),
        Unfit::LongTitle { over } => t_with("news-long-title", &[("over", &over)]),
        Unfit::NoText => t("news-no-text"),
        Unfit::LongText { over } => t_with("news-long-text", &[("over", &over)]),
    }
}
