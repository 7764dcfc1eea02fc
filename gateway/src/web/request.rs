//! What a handler takes from a request: a form, the time, a cookie. Who is calling is `access`'s business.

use std::convert::Infallible;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use super::refusal::Refusal;
use super::texts::t;

/// The fields of a form. Give every field `#[serde(default)]`: an empty one is for the feature to explain.
#[derive(Debug)]
pub struct Form<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Form<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Form<T>, Refusal> {
        match axum::Form::<T>::from_request(request, state).await {
            Ok(axum::Form(fields)) => Ok(Form(fields)),
            Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                Err(Refusal::too_large(t("web-form-too-large")))
            }
            Err(rejection) => {
                log::debug!("unreadable form: {rejection}");
                Err(Refusal::Refused { status: StatusCode::BAD_REQUEST, sentence: t("web-form-unreadable") })
            }
        }
    }
}

/// When the request came. The clock is read here and nowhere below.
#[derive(Debug, Clone, Copy)]
pub struct Now(pub Timestamp);

impl<S: Send + Sync> FromRequestParts<S> for Now {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Now, Infallible> {
        let now = parts.extensions.get::<Now>().copied();
        Ok(now.unwrap_or_else(|| Now(Timestamp::now())))
    }
}

/// The cookie of that name, if it was sent.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let check = |sent: &'static str, expected: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, sent.parse().expect("a header value"));
            assert_eq!(cookie(&headers, "__Host-dit"), expected, "{sent}");
        };
        check("__Host-dit=a", Some("a"));
        check("x=1; __Host-dit=a=b; y=2", Some("a=b"));
        check("__Host-dits=a", None);
        check("", None);
    }
}
