//! What a handler answers when it does what it was asked: a page, the form again, another address, a file.

use askama::Template;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use data_encoding::BASE64URL_NOPAD;

use super::refusal::Refusal;

/// Carries one sentence over the redirect that follows a POST.
pub(super) const NOTICE_COOKIE: &str = "__Host-dit";

/// An answer.
#[derive(Debug)]
pub struct Reply(Response);

impl Reply {
    /// A page.
    pub fn page(page: &impl Template) -> Result<Reply, Refusal> {
        Ok(Reply(Html(page.render()?).into_response()))
    }

    /// The form again, with what was typed and the sentence that says what to change.
    pub fn kept(page: &impl Template) -> Result<Reply, Refusal> {
        Ok(Reply((StatusCode::UNPROCESSABLE_ENTITY, Html(page.render()?)).into_response()))
    }

    /// Where to look after a POST.
    pub fn see_other(path: impl AsRef<str>) -> Reply {
        let location = HeaderValue::from_str(path.as_ref())
            .expect("paths are written by us and percent-encode what others chose");
        Reply((StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response())
    }

    /// The same with one sentence that the next page shows once, at its top.
    #[must_use]
    pub fn saying(self, sentence: impl AsRef<str>) -> Reply {
        let text = BASE64URL_NOPAD.encode(sentence.as_ref().as_bytes());
        self.with_cookie(&format!(
            "{NOTICE_COOKIE}={text}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=60"
        ))
    }

    /// A file to keep, under a name of our own choosing.
    pub fn file(name: &str, content_type: &'static str, content: impl Into<Body>) -> Reply {
        let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""))
            .expect("file names are written by us in ASCII");
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
            (header::CONTENT_DISPOSITION, disposition),
        ];
        Reply((headers, content.into()).into_response())
    }

    /// Shown once: neither the browser nor the disk keeps it. For pages that carry a secret.
    #[must_use]
    pub fn never_kept(self) -> Reply {
        self.with_header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))
    }

    /// Several cookies may be set by one answer.
    #[must_use]
    pub fn with_cookie(mut self, cookie: &str) -> Reply {
        let cookie = HeaderValue::from_str(cookie).expect("cookies are written by us in ASCII");
        self.0.headers_mut().append(header::SET_COOKIE, cookie);
        self
    }

    /// Takes the place of one of the same name.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Reply {
        self.0.headers_mut().insert(name, value);
        self
    }

    /// For a page that is shown because something was refused.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Reply {
        *self.0.status_mut() = status;
        self
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        self.0
    }
}
