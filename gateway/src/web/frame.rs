//! What surrounds every page of a door: its title, its navigation, the sentence that follows a POST. And the
//! page that a refusal becomes.
//!
//! It does not know the doors: each gives its [`Door`]. It does not know who may come in: `access` tells it the
//! caller's name, to be shown.

use std::sync::Arc;

use askama::Template;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use data_encoding::BASE64URL_NOPAD;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::dates;
use super::filters;
use super::icons::Icon;
use super::refusal::{Refusal, Told};
use super::reply::NOTICE_COOKIE;
use super::request::cookie;
use super::texts::{Text, t};

/// What the pages of every door say about the communauté, as written in the configuration.
#[derive(Debug, Clone)]
pub struct Community {
    pub name: String,
    /// In which dates are shown.
    pub time_zone: TimeZone,
    /// What a person in need rings or writes to; may be empty.
    pub help: String,
}

/// What the pages of one door have in common.
#[derive(Debug)]
pub struct Door {
    pub community: Community,
    /// What this door is called on screen: the name of a text.
    pub name: &'static str,
    /// In their order on screen; shown to those who may follow them.
    pub entries: Vec<Entry>,
    /// At doors where people sign in.
    pub account: Option<Account>,
    /// At doors whose pages are explained in one.
    pub guide: Option<Guide>,
}

/// One page that explains the others of its door.
#[derive(Debug)]
pub struct Guide {
    pub path: &'static str,
    /// The beginning of a path, with `*` for any one segment, and the anchor of what explains the pages below it.
    /// The longest that fits counts.
    pub paragraphs: &'static [(&'static str, &'static str)],
}

/// Where people look after their own account.
#[derive(Debug)]
pub struct Account {
    /// The page about it.
    pub page: &'static str,
    /// Takes a POST.
    pub sign_out: &'static str,
}

/// One word of the navigation.
#[derive(Debug)]
pub struct Entry {
    /// Where it leads; the entry is marked on every page below.
    pub path: &'static str,
    /// The beginnings of other pages on which it is marked.
    pub also: &'static [&'static str],
    /// The name of a text.
    pub text: &'static str,
    /// Beside the text.
    pub icon: Icon,
}

/// The frame of one answer. Every page holds one as its field `frame`.
#[derive(Debug, Clone)]
pub struct Frame {
    door: Arc<Door>,
    path: String,
    caller: Option<String>,
    notice: Option<String>,
}

impl Frame {
    /// Shows who is calling, and the navigation with it.
    #[must_use]
    pub fn with_caller(mut self, name: impl Into<String>) -> Frame {
        self.caller = Some(name.into());
        self
    }

    /// The communauté's name.
    pub fn community(&self) -> &str {
        &self.door.community.name
    }

    /// "24 novembre 2026"
    pub fn day(&self, at: &Timestamp) -> Text {
        dates::day(*at, &self.door.community.time_zone)
    }

    /// "24 novembre 2026 à 8 h 05"
    pub fn moment(&self, at: &Timestamp) -> Text {
        dates::moment(*at, &self.door.community.time_zone)
    }

    /// In which dates are shown.
    pub fn time_zone(&self) -> &TimeZone {
        &self.door.community.time_zone
    }

    /// The name of the text that names this door.
    pub fn name(&self) -> &'static str {
        self.door.name
    }

    /// The navigation, for those who may follow it.
    pub fn entries(&self) -> &[Entry] {
        if self.caller.is_some() { &self.door.entries } else { &[] }
    }

    /// Who is calling, as shown.
    pub fn caller(&self) -> Option<&str> {
        self.caller.as_deref()
    }

    /// The sentence that follows a POST.
    pub fn notice(&self) -> Option<&str> {
        self.notice.as_deref()
    }

    /// Where the caller looks after the account that this door knows.
    pub fn account(&self) -> Option<&Account> {
        self.door.account.as_ref()
    }

    /// Where this page is explained.
    pub fn guide(&self) -> Option<String> {
        let guide = self.door.guide.as_ref().filter(|guide| guide.path != self.path)?;
        guide.explains(&self.path).map(|anchor| format!("{}#{anchor}", guide.path))
    }

    /// What a person in need rings or writes to.
    pub fn help(&self) -> &str {
        &self.door.community.help
    }

    /// Whether the page is the one that the entry leads to, or belongs to it.
    pub fn is_here(&self, entry: &Entry) -> bool {
        let is_below = |path: &str| match self.path.strip_prefix(path) {
            Some(rest) => rest.is_empty() || path != "/" && rest.starts_with('/'),
            None => false,
        };
        is_below(entry.path) || entry.also.iter().copied().any(is_below)
    }
}

impl Guide {
    fn explains(&self, path: &str) -> Option<&'static str> {
        let fitting = self.paragraphs.iter().filter(|(pattern, _)| fits(pattern, path));
        fitting.max_by_key(|(pattern, _)| segments(pattern).count()).map(|(_, anchor)| *anchor)
    }
}

fn fits(pattern: &str, path: &str) -> bool {
    let mut path = segments(path);
    segments(pattern).all(|wanted| path.next().is_some_and(|found| wanted == "*" || wanted == found))
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

impl<S: Send + Sync> FromRequestParts<S> for Frame {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Frame, Refusal> {
        parts.extensions.get::<Frame>().cloned().ok_or_else(|| Refusal::broken(&NoFrame))
    }
}

#[derive(Debug, thiserror::Error)]
#[error("a page was asked for outside of any door")]
struct NoFrame;

/// Gives every request of a door its frame, and every refusal its page.
pub(super) async fn surround(State(door): State<Arc<Door>>, mut request: Request, next: Next) -> Response {
    let notice = notice(request.headers());
    let spend = notice.is_some() && request.method() == Method::GET && is_looked_at(request.headers());
    let frame = Frame { door, path: request.uri().path().to_owned(), caller: None, notice };
    request.extensions_mut().insert(frame.clone());
    let mut response = dress(frame, next.run(request).await);
    if spend && response.status() == StatusCode::OK {
        let gone = format!("{NOTICE_COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0");
        let gone = HeaderValue::from_str(&gone).expect("the cookie is ASCII");
        response.headers_mut().append(header::SET_COOKIE, gone);
    }
    response
}

/// A refusal becomes a page in that frame; any other answer is left as it is.
pub fn dress(frame: Frame, mut response: Response) -> Response {
    let said = |id| Told { sentence: t(id), incident: None };
    let told = match (response.extensions_mut().remove::<Told>(), response.status()) {
        (Some(told), _) => told,
        (None, _) if is_page(response.headers()) => return response,
        (None, StatusCode::NOT_FOUND) => said("web-not-found"),
        (None, StatusCode::METHOD_NOT_ALLOWED) => said("web-not-allowed"),
        (None, StatusCode::REQUEST_TIMEOUT) => said("web-too-slow"),
        // An address that we would not have written, such as `/communes/x`.
        (None, StatusCode::BAD_REQUEST) => {
            *response.status_mut() = StatusCode::NOT_FOUND;
            said("web-not-found")
        }
        (None, _) => return response,
    };
    let title = match response.status() {
        StatusCode::NOT_FOUND => "web-not-found-title",
        StatusCode::FORBIDDEN => "web-forbidden-title",
        status if status.is_server_error() => "web-broken-title",
        _ => "web-refused-title",
    };
    let incident = told.incident.map(|incident| incident.to_string());
    let page = RefusalPage { frame, title, sentence: told.sentence, incident };
    match page.render() {
        Ok(page) => {
            let mut dressed = (response.status(), Html(page)).into_response();
            for (name, value) in response.headers() {
                if name != header::CONTENT_LENGTH && name != header::CONTENT_TYPE {
                    dressed.headers_mut().append(name, value.clone());
                }
            }
            dressed
        }
        Err(error) => {
            log::error!("the page of a refusal cannot be written: {error}");
            response
        }
    }
}

#[derive(Template)]
#[template(path = "web/templates/refusal.html")]
struct RefusalPage {
    frame: Frame,
    /// The name of a text.
    title: &'static str,
    sentence: String,
    incident: Option<String>,
}

fn notice(headers: &HeaderMap) -> Option<String> {
    let bytes = BASE64URL_NOPAD.decode(cookie(headers, NOTICE_COOKIE)?.as_bytes()).ok()?;
    String::from_utf8(bytes).ok()
}

/// What a handler wrote, not the few words with which the router says that it has none.
fn is_page(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| !kind.as_bytes().starts_with(b"text/plain"))
}

/// Whether a page was asked for by somebody, not a part of it by the script that keeps it up to date: that must
/// not eat the sentence that a person has yet to read, nor keep a session open.
pub fn is_looked_at(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-dest").is_none_or(|dest| dest == "document")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_beginning_that_fits_explains_a_page() {
        let paragraphs =
            &[("/", "all"), ("/communes", "one"), ("/communes/ajouter", "add"), ("/communes/*/nom", "name")];
        let guide = Guide { path: "/guide", paragraphs };
        let check = |path: &str, expected: &str| assert_eq!(guide.explains(path), Some(expected), "{path}");
        check("/", "all");
        check("/elsewhere", "all");
        check("/communes/3", "one");
        check("/communes/3/nom", "name");
        check("/communes/ajouter", "add");
        check("/communesque", "all");
    }
}
