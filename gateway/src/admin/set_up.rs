//! The first account, made with the code that the gateway printed at its first start.

use std::net::SocketAddr;
use std::time::Instant;

use askama::Template;
use axum::extract::{ConnectInfo, State};
use serde::Deserialize;

use super::sign_in::{entry, seconds};
use super::{Error, Gate};
use crate::access::{
    self, Access, Audience, InvalidName, Password, PersonName, Route, SET_UP, Token, Unrecognised,
    WeakPassword,
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

async fn page(frame: Frame) -> Result<Reply, Refusal> {
    Ok(Reply::page(&SetUpPage { frame, form: SetUpForm::default(), refused: None })?.never_kept())
}

async fn create(
    State(access): State<Access>,
    State(store): State<Store>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Now(now): Now,
    frame: Frame,
    Form(form): Form<SetUpForm>,
) -> Result<Reply, Refusal> {
    let refused = |form, why| Ok(Reply::kept(&SetUpPage { frame, form, refused: Some(why) })?.never_kept());
    if let Err(error) = access.recognise_code(peer.ip(), &form.code, Instant::now).await {
        let why = match error {
            Unrecognised::Wrong => t("access-wrong-code"),
            Unrecognised::Wait(wait) => t_with("admin-wait", &[("seconds", &seconds(wait))]),
            Unrecognised::Broken(error) => return Err(error.into()),
        };
        return refused(form, why);
    }
    let (name, password) = match parse(&form) {
        Ok(parsed) => parsed,
        Err(why) => return refused(form, why),
    };
    let password = access.hash(password).await;
    let token = Token::random();
    let (code, kept) = (form.code, token.clone());
    store
        .write(async move |tx: &mut WriteTx| -> Result<(), Error> {
            let who = access::create_first(tx, &code, &name, &password, now).await?;
            access::open_session(tx, &kept, who.id(), now).await?;
            let about = About { detail: Some(who.name().to_owned()), ..About::default() };
            Ok(audit::record(tx, Entry { about, ..entry(&who, Act::AccountCreated, now) }).await?)
        })
        .await?;
    log::info!("the first referent's account was made");
    Ok(Reply::see_other("/").saying(t("admin-welcome")).with_cookie(&token.cookie()))
}

fn parse(form: &SetUpForm) -> Result<(PersonName, Password), String> {
    let name = PersonName::parse(&form.name).map_err(|why| match why {
        InvalidName::Empty => t("admin-no-name"),
        InvalidName::TooLong => t("admin-long-name"),
    })?;
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
