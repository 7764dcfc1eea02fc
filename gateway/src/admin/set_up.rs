//! A password set with a code: that of the first account, with the code that the gateway printed at its first start;
//! and that of a referent who has none, with a code asked for at the terminal.

use std::net::SocketAddr;
use std::time::Instant;

use askama::Template;
use axum::extract::{ConnectInfo, State};
use serde::Deserialize;

use super::sign_in::{entry, seconds};
use super::{Error, Gate};
use crate::access::{
    self, Access, Audience, Done, InvalidName, Password, PersonName, Purpose, Route, SET_UP, Token,
    Unrecognised, WeakPassword,
};
use crate::audit::{self, About, Act, Entry};
use crate::store::{Store, WriteTx};
use crate::web::{Form, Frame, Now, Refusal, Reply, filters, t, t_with};

pub(super) fn routes() -> Vec<Route<Gate>> {
    vec![Route::get(SET_UP, Audience::SetUp, page), Route::post(SET_UP, Audience::SetUp, create)]
}

#[derive(Template)]
#[template(path = "admin/templates/set_up.html")]
struct SetUpPage {
    frame: Frame,
    /// Whether it is the first account.
    is_first: bool,
    form: SetUpForm,
    refused: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SetUpForm {
    code: String,
    name: String,
    password: String,
    again: String,
}

async fn page(State(access): State<Access>, frame: Frame) -> Result<Reply, Refusal> {
    let is_first = !access.is_set_up().await?;
    Ok(Reply::page(&SetUpPage { frame, is_first, form: SetUpForm::default(), refused: None })?.never_kept())
}

async fn create(
    State(access): State<Access>,
    State(store): State<Store>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Now(now): Now,
    frame: Frame,
    Form(form): Form<SetUpForm>,
) -> Result<Reply, Refusal> {
    let is_first = !access.is_set_up().await?;
    let refused =
        |form, why| Ok(Reply::kept(&SetUpPage { frame, is_first, form, refused: Some(why) })?.never_kept());
    let purpose = match access.recognise_code(peer.ip(), &form.code, now, Instant::now).await {
        Ok(purpose) => purpose,
        Err(Unrecognised::Wrong) => return refused(form, t("access-wrong-code")),
        Err(Unrecognised::Wait(wait)) => {
            return refused(form, t_with("admin-wait", &[("seconds", &seconds(wait))]));
        }
        Err(Unrecognised::Broken(error)) => return Err(error.into()),
    };
    let (name, password) = match parse(&form, &purpose) {
        Ok(parsed) => parsed,
        Err(why) => return refused(form, why),
    };
    let password = access.hash(password).await;
    let token = Token::random();
    let (code, kept) = (form.code, token.clone());
    let done = store
        .write(async move |tx: &mut WriteTx| -> Result<Done, Error> {
            let done = access::set_up(tx, &code, &name, &password, now).await?;
            let who = done.referent();
            access::open_session(tx, &kept, who.id(), now).await?;
            let (act, detail) = match &done {
                Done::Created(who) => (Act::AccountCreated, who.name().to_owned()),
                Done::PasswordSet(_) => (Act::PasswordChanged, t("admin-with-a-code")),
            };
            let about = About { detail: Some(detail), ..About::default() };
            audit::record(tx, Entry { about, ..entry(who, act, now) }).await?;
            Ok(done)
        })
        .await?;
    let said = match done {
        Done::Created(_) => {
            log::info!("a referent's account was made with a code");
            t("admin-welcome")
        }
        Done::PasswordSet(_) => {
            log::info!("a referent's password was set with a code");
            t("admin-password-changed")
        }
    };
    Ok(Reply::see_other("/").saying(said).with_cookie(&token.cookie()))
}

fn parse(form: &SetUpForm, purpose: &Purpose) -> Result<(PersonName, Password), String> {
    let name = PersonName::parse(&form.name).map_err(|why| match why {
        InvalidName::Empty => t("admin-no-name"),
        InvalidName::TooLong => t("admin-long-name"),
    })?;
    if let Purpose::Of(whose) = purpose
        && !whose.is(&name)
    {
        return Err(t_with("admin-code-of-another", &[("name", &whose.as_str())]));
    }
    let password = new_password(&form.password, &form.again, &name)?;
    Ok((name, password))
}

/// A password that is good enough and was typed the same way twice, or what to change.
pub(super) fn new_password(typed: &str, again: &str, name: &PersonName) -> Result<Password, String> {
    let password = Password::parse(typed, name).map_err(|why| match why {
        WeakPassword::TooShort => t("admin-short-password"),
        WeakPassword::TooLong => t("admin-long-password"),
        WeakPassword::Common => t("admin-common-password"),
    })?;
    if typed == again { Ok(password) } else { Err(t("admin-passwords-differ")) }
}
