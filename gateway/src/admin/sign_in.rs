//! Signing in and out. What was being sent when a session ended waits behind the sign-in page.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use askama::Template;
use axum::extract::{ConnectInfo, Query, State};
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::{Error, Gate};
use crate::access::{
    self, Access, Audience, Kept, Referent, Route, SET_UP, SIGN_IN, SIGN_OUT, Token, Unrecognised,
};
use crate::audit::{self, About, Act, Entry};
use crate::store::{Store, WriteTx};
use crate::web::{Form, Frame, Now, Refusal, Reply, filters, t, t_with};

/// What waits behind the sign-in page is a whole form, written once more into a field of another: each of its signs
/// may take three.
const WITH_WHAT_WAITS: usize = 256 * 1024;

pub(super) fn routes() -> Vec<Route<Gate>> {
    vec![
        Route::get(SIGN_IN, Audience::Anyone, page),
        Route::post(SIGN_IN, Audience::Anyone, sign_in).taking(WITH_WHAT_WAITS),
        Route::post(SIGN_OUT, Audience::Anyone, sign_out),
    ]
}

#[derive(Template)]
#[template(path = "admin/templates/sign_in.html")]
struct SignInPage {
    frame: Frame,
    form: SignInForm,
    /// Whether somebody asked for a code at the terminal.
    awaits_a_code: bool,
    refused: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SignInForm {
    name: String,
    password: String,
    /// Where to go afterwards.
    suite: String,
    /// The fields of a form that waits, as a browser writes them; a form may have none.
    fields: Option<String>,
}

/// What was being sent, one press of a button away.
#[derive(Template)]
#[template(path = "admin/templates/resume.html")]
struct ResumePage {
    frame: Frame,
    path: String,
    fields: Vec<(String, String)>,
}

/// How the guard asks somebody whose session ended while they were writing.
pub(super) fn ask(frame: Frame, kept: Kept) -> Result<Reply, Refusal> {
    let form = SignInForm { suite: kept.path, fields: Some(kept.fields), ..SignInForm::default() };
    Ok(Reply::page(&SignInPage {
        frame,
        form,
        awaits_a_code: false,
        refused: Some(t("admin-session-over")),
    })?
    .never_kept())
}

async fn page(
    State(access): State<Access>,
    frame: Frame,
    Now(now): Now,
    Query(form): Query<SignInForm>,
) -> Result<Reply, Refusal> {
    if !access.is_set_up().await? {
        return Ok(Reply::see_other(SET_UP));
    }
    let form = SignInForm { suite: form.suite, ..SignInForm::default() };
    let awaits_a_code = access.awaits_a_code(now).await?;
    Ok(Reply::page(&SignInPage { frame, form, awaits_a_code, refused: None })?.never_kept())
}

async fn sign_in(
    State(access): State<Access>,
    State(store): State<Store>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Now(now): Now,
    frame: Frame,
    Form(form): Form<SignInForm>,
) -> Result<Reply, Refusal> {
    let who = match access.recognise(peer.ip(), &form.name, &form.password, Instant::now).await {
        Ok(who) => who,
        Err(error) => {
            let awaits_a_code = access.awaits_a_code(now).await?;
            return refused(error, |why| SignInPage { frame, form, awaits_a_code, refused: Some(why) });
        }
    };
    let token = Token::random();
    let (kept, recognised) = (token.clone(), who.clone());
    let opened = store
        .write(async move |tx: &mut WriteTx| -> Result<(), Error> {
            access::is_still_right(tx, &recognised).await?;
            let who = recognised.referent();
            access::open_session(tx, &kept, who.id(), now).await?;
            Ok(audit::record(tx, entry(who, Act::SignedIn, now)).await?)
        })
        .await;
    if let Err(Error::Access(access::Error::PasswordChanged)) = opened {
        let page = |why| SignInPage { frame, form, awaits_a_code: false, refused: Some(why) };
        return refused(Unrecognised::Wrong, page);
    }
    opened?;
    let path = local(&form.suite);
    let reply = match form.fields {
        None => Reply::see_other(path),
        Some(fields) => {
            let fields = form_urlencoded::parse(fields.as_bytes()).into_owned().collect();
            let frame = frame.with_caller(who.referent().name());
            Reply::page(&ResumePage { frame, path: path.to_owned(), fields })?.never_kept()
        }
    };
    Ok(reply.with_cookie(&token.cookie()))
}

async fn sign_out(
    State(access): State<Access>,
    State(store): State<Store>,
    Now(now): Now,
    headers: HeaderMap,
) -> Result<Reply, Refusal> {
    if let Some((token, who)) = access.session(&headers, now).await? {
        store
            .write(async move |tx: &mut WriteTx| -> Result<(), Error> {
                access::close_session(tx, &token).await?;
                Ok(audit::record(tx, entry(&who, Act::SignedOut, now)).await?)
            })
            .await?;
    }
    Ok(Reply::see_other(SIGN_IN).saying(t("admin-signed-out")).with_cookie(&Token::gone()))
}

/// The form again, with why nobody was recognised.
pub(super) fn refused<P: Template>(
    error: Unrecognised,
    page: impl FnOnce(String) -> P,
) -> Result<Reply, Refusal> {
    let reply = match error {
        Unrecognised::Wrong => Reply::kept(&page(t("admin-unrecognised")))?,
        Unrecognised::Wait(wait) => {
            let page = page(t_with("admin-wait", &[("seconds", &seconds(wait))]));
            Reply::kept(&page)?.with_status(StatusCode::TOO_MANY_REQUESTS)
        }
        Unrecognised::Broken(error) => return Err(error.into()),
    };
    Ok(reply.never_kept())
}

/// Whole ones, never less than what has to be waited.
pub(super) fn seconds(wait: Duration) -> u64 {
    wait.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX)
}

pub(super) fn entry(who: &Referent, act: Act, at: jiff::Timestamp) -> Entry {
    Entry { at, who: who.name().to_owned(), act, about: About::default() }
}

/// An address of this door, whatever somebody wrote into the link.
fn local(path: &str) -> &str {
    let is_local = path.starts_with('/') && !path.starts_with("//") && !path.contains('\\');
    if is_local && path.bytes().all(|byte| byte.is_ascii_graphic()) { path } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_leads_nowhere_else() {
        let check = |path: &str, expected: &str| assert_eq!(local(path), expected, "{path:?}");
        check("/communes/3?tri=nom", "/communes/3?tri=nom");
        check("", "/");
        check("https://example.org/", "/");
        check("//example.org/", "/");
        check("/\\example.org", "/");
        check("/a\r\nSet-Cookie: x", "/");
    }
}
