//! A form that another site made the browser send is refused: Sec-Fetch-Site where the browser says it, Origin
//! where it says only that. A program that says neither carries no cookie that it did not choose to send.

use axum::extract::Request;
use axum::http::{HeaderMap, Method, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::refusal::Refusal;
use super::texts::t;

/// Lets through what changes nothing, and what our own pages send.
pub(super) async fn refuse_other_sites(request: Request, next: Next) -> Response {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if changes && !is_ours(request.uri(), request.headers()) {
        return Refusal::forbidden(t("web-other-site")).into_response();
    }
    next.run(request).await
}

fn is_ours(uri: &Uri, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    // `none` is a person's own doing, such as sending a form again after the browser came back.
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text("origin") else { return true };
    // HTTP/2 carries the name asked for in the address, HTTP/1 in a header.
    let host = uri.authority().map(|authority| authority.as_str()).or_else(|| text(header::HOST.as_str()));
    host.is_some_and(|host| {
        origin.strip_prefix("https://").is_some_and(|rest| rest.eq_ignore_ascii_case(host))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_send_forms() {
        let check = |uri: &'static str, sent: &[(&'static str, &'static str)], expected: bool| {
            let headers = sent.iter().map(|(name, value)| {
                (name.parse().expect("a header name"), value.parse().expect("a header value"))
            });
            let headers = HeaderMap::from_iter(headers);
            assert_eq!(is_ours(&Uri::from_static(uri), &headers), expected, "{uri} {sent:?}");
        };
        check("/annonce", &[("sec-fetch-site", "same-origin")], true);
        check("/annonce", &[("sec-fetch-site", "none")], true);
        check("/annonce", &[("sec-fetch-site", "cross-site")], false);
        check("/annonce", &[("sec-fetch-site", "same-site"), ("origin", "https://a"), ("host", "a")], false);
        check("/annonce", &[("host", "admin.caux.fr:8443"), ("origin", "https://admin.caux.fr:8443")], true);
        check("https://admin.caux.fr:8443/annonce", &[("origin", "https://admin.caux.fr:8443")], true);
        check("https://admin.caux.fr:8443/annonce", &[("origin", "https://intranet.caux.fr")], false);
        check("/annonce", &[("host", "admin.caux.fr:8443"), ("origin", "http://admin.caux.fr:8443")], false);
        check("/annonce", &[("host", "admin.caux.fr:8443"), ("origin", "null")], false);
        check("/annonce", &[("host", "admin.caux.fr:8443")], true);
    }
}
