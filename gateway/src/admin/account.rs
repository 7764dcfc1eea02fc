//! One's own account: the password.

use std::net::SocketAddr;
use std::time::Instant;

use askama::Template;
use axum::extract::{ConnectInfo, State};
use serde::Deserialize;

use super::set_up::new_password;
use super::sign_in::{entry, refused};
use super::{Error, Gate};
use crate::access::{self, Access, Audience, Once, PersonName, Referent, Route, Token, Unrecognised};
use crate::audit::{self, Act};
use crate::store::{ReadTx, Store, WriteTx};
use crate::web::{Form, Frame, Now, Refusal, Reply, filters, t};

pub(super) const PATH: &str = "/compte";

pub(super) fn routes() -> Vec<Route<Gate>> {
    vec![Route::get(PATH, Audience::Referent, page), Route::post(PATH, Audience::Referent, change)]
}

#[derive(Template)]
#[template(path = "admin/templates/account.html")]
struct AccountPage {
    frame: Frame,
    once: Once,
    name: String,
    refused: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PasswordForm {
    once: Once,
    current: String,
    password: String,
    again: String,
}

async fn page(frame: Frame, who: Referent) -> Result<Reply, Refusal> {
    let name = who.name().to_owned();
    Ok(Reply::page(&AccountPage { frame, once: Once::fresh(), name, refused: None })?.never_kept())
}

async fn change(
    State(access): State<Access>,
    State(store): State<Store>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Now(now): Now,
    who: Referent,
    frame: Frame,
    Form(form): Form<PasswordForm>,
) -> Result<Reply, Refusal> {
    // Sent again, it has another current password than the one that was typed.
    let once = form.once.clone();
    if store.read(async move |tx: &ReadTx| once.led_to(tx).await).await?.is_some() {
        return Ok(changed());
    }
    let once = form.once.clone();
    let page = |why| AccountPage { frame, once, name: who.name().to_owned(), refused: Some(why) };
    let recognised = match access.recognise_again(peer.ip(), &who, &form.current, Instant::now).await {
        Ok(recognised) => recognised,
        Err(error) => return refused(error, page),
    };
    let Ok(name) = PersonName::parse(who.name()) else { return Err(access::Error::NoAccount.into()) };
    let password = match new_password(&form.password, &form.again, &name) {
        Ok(password) => password,
        Err(why) => return Ok(Reply::kept(&page(why))?.never_kept()),
    };
    let password = access.hash(password).await;
    let token = Token::random();
    let (kept, owner) = (token.clone(), who.clone());
    let done = store
        .write(async move |tx: &mut WriteTx| -> Result<(), Error> {
            access::is_still_right(tx, &recognised).await?;
            access::change_password(tx, owner.id(), &password).await?;
            access::close_sessions_of(tx, owner.id()).await?;
            access::open_session(tx, &kept, owner.id(), now).await?;
            form.once.leads_to(tx, PATH, now).await?;
            Ok(audit::record(tx, entry(&owner, Act::PasswordChanged, now)).await?)
        })
        .await;
    if let Err(Error::Access(access::Error::PasswordChanged)) = done {
        return refused(Unrecognised::Wrong, page);
    }
    done?;
    Ok(changed().with_cookie(&token.cookie()))
}

fn changed() -> Reply {
    Reply::see_other(PATH).saying(t("admin-password-changed"))
}
