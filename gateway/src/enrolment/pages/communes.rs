//! The list of communes, typed or pasted.

use askama::Template;
use axum::extract::State;
use serde::Deserialize;

use crate::access::{Once, Referent};
use crate::enrolment::{self, Error, Listing, Mistake};
use crate::paths;
use crate::store::{Store, WriteTx};
use crate::web::{Form, Frame, Now, Refusal, Reply, filters, t, t_with};

#[derive(Template)]
#[template(path = "enrolment/templates/communes.html")]
struct CommunesPage {
    frame: Frame,
    once: Once,
    text: String,
    mistakes: Vec<Mistake>,
    refused: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ListForm {
    once: Once,
    text: String,
}

pub(super) async fn page(frame: Frame) -> Result<Reply, Refusal> {
    Reply::page(&CommunesPage {
        frame,
        once: Once::fresh(),
        text: String::new(),
        mistakes: Vec::new(),
        refused: None,
    })
}

/// All of the list, or the list again with what is wrong: nobody has to find out which half was taken.
pub(super) async fn add(
    State(store): State<Store>,
    who: Referent,
    Now(now): Now,
    frame: Frame,
    Form(form): Form<ListForm>,
) -> Result<Reply, Refusal> {
    let Listing { lines, mistakes } = enrolment::read_typed(&form.text);
    let refused = match (lines.is_empty(), mistakes.len()) {
        (true, 0) => Some(t("enrolment-list-empty")),
        (_, 0) => None,
        (_, count) => Some(t_with("enrolment-list-wrong", &[("count", &count)])),
    };
    if refused.is_some() {
        return Reply::kept(&CommunesPage { frame, once: form.once, text: form.text, mistakes, refused });
    }
    let (once, by) = (form.once, who.name().to_owned());
    let path = store
        .write(async move |tx: &mut WriteTx| {
            if let Some(path) = once.led_to(tx).await? {
                return Ok::<_, Error>(path);
            }
            let communes = enrolment::import(tx, &lines, &by, now).await?;
            let added = communes.iter().filter(|(_, is_new)| *is_new).count();
            // Where they can be invited; told how many there are more, which a form sent twice tells twice.
            let path = format!("{}?ajoutees={added}", paths::INVITE);
            once.leads_to(tx, &path, now).await?;
            Ok(path)
        })
        .await?;
    Ok(Reply::see_other(path))
}
