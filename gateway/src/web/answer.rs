//! What every answer goes through on its way out: compressed, given an ETag, told how browsers must treat it.
//! The lines are bad: what a browser already has is not sent again.

use std::sync::Arc;

use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::http::response::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;

use super::first_visit;
use super::packing::{Effort, Encoding, Packed, pack};

/// Larger bodies are files: they pass as they are.
const WHOLE: u64 = 512 * 1024;

/// Nothing but what this door itself serves, and no script or style in the page.
pub(super) const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const PROTECTION: [(HeaderName, HeaderValue); 4] = [
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    (header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    // Not `no-referrer`: browsers would then send `Origin: null` with our own forms.
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
];

/// Finishes one answer.
pub(super) async fn finish(State(packed): State<Arc<Packed>>, request: Request, next: Next) -> Response {
    let accepted = Encoding::accepted(request.headers());
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    let asked = matches!(*request.method(), Method::GET | Method::HEAD);
    let is_first_visit = asked && first_visit::is_one(request.headers());
    let (mut parts, body) = next.run(request).await.into_parts();

    parts.headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-cache"));
    let whole = body.size_hint().exact().is_some_and(|size| size > 0 && size <= WHOLE);
    if !whole || !is_text(&parts.headers) {
        return protected(parts, body);
    }
    let Ok(body) = body.collect().await.map(|body| body.to_bytes()) else {
        log::error!("a body that was whole in memory could not be read");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));

    let mut hash = blake3::hash(&body);
    let mut body = body;
    let mut policy = None;
    if asked && parts.status == StatusCode::OK && !cache(&parts.headers).contains("no-store") {
        let tag = format!("W/\"{}\"", &hash.to_hex()[..16]);
        let same = known.is_some_and(|known| known.to_str().is_ok_and(|known| known.contains(&tag)));
        parts.headers.insert(
            header::ETAG,
            HeaderValue::from_str(&tag).expect("quotes and hexadecimal digits are ASCII"),
        );
        if same {
            // The browser keeps the other headers with the page that it has.
            parts.status = StatusCode::NOT_MODIFIED;
            parts.headers.remove(header::CONTENT_TYPE);
            return Response::from_parts(parts, Body::empty());
        }
        // The same page by the same tag, whatever it carries with it.
        if is_first_visit && let Some(embedded) = first_visit::embedded(&body) {
            body = embedded.into();
            hash = blake3::hash(&body);
            policy = Some(first_visit::policy());
        }
    }

    let encoding = Encoding::choose(&accepted, body.len());
    if let Some(encoding) = encoding {
        parts.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding.name()));
        let is_immutable = cache(&parts.headers).contains("immutable");
        let effort = match policy {
            // A page with all it needs is another one for each visitor: it is compressed while they wait.
            Some(_) => Effort::More,
            None if is_immutable => Effort::Most,
            None => Effort::Quick,
        };
        // What the browser must not keep is not kept here either.
        let is_kept = asked && !cache(&parts.headers).contains("no-store");
        body =
            if is_kept { packed.get(&hash, encoding, effort, &body) } else { pack(encoding, effort, &body) };
    }
    let mut response = protected(parts, Body::from(body));
    if let Some(policy) = policy {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

fn protected(mut parts: Parts, body: Body) -> Response {
    parts.headers.extend(PROTECTION);
    Response::from_parts(parts, body)
}

fn cache(headers: &HeaderMap) -> &str {
    headers.get(header::CACHE_CONTROL).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn is_text(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.starts_with("text/") || kind.starts_with("image/svg") || kind.starts_with("application/json")
}
