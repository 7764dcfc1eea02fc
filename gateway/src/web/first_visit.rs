//! A first visit: the style and the script are in the page itself, and the page is drawn one round trip earlier. On
//! a line where that takes 300 ms, people see it.
//!
//! Who comes back has the page, and is told that it is still the same; or gets it as it always is, small, with the
//! addresses of the style and of the script, which are then kept for ever. Within the site pages are asked for as
//! they always are.

use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderValue, header};
use data_encoding::BASE64;
use sha2::{Digest, Sha256};

use super::answer::POLICY;
use super::assets::{SCRIPT, STYLE};

/// What takes the place of a line of the frame.
struct Place {
    line: String,
    content: String,
}

static PLACES: LazyLock<[Place; 2]> = LazyLock::new(|| {
    [
        Place {
            line: format!("<link rel=\"stylesheet\" href=\"{}\">", STYLE.path),
            content: format!("<style>{}</style>", STYLE.content()),
        },
        Place {
            line: format!("<script src=\"{}\" defer></script>", SCRIPT.path),
            // A module waits for the whole page, as the other one does.
            content: format!("<script type=\"module\">{}</script>", SCRIPT.content()),
        },
    ]
});

/// The policy of every page, and these two texts by their hashes: no other is let in.
static POLICY_WITH_BOTH: LazyLock<HeaderValue> = LazyLock::new(|| {
    let also = |text: &str| format!("'self' 'sha256-{}'", BASE64.encode(&Sha256::digest(text.as_bytes())));
    let policy = POLICY
        .replace("style-src 'self'", &format!("style-src {}", also(STYLE.content())))
        .replace("script-src 'self'", &format!("script-src {}", also(SCRIPT.content())));
    HeaderValue::from_str(&policy).expect("the policy is ASCII")
});

/// Whether somebody comes from elsewhere, by a link or an address typed, and has nothing of this page.
pub(super) fn is_one(headers: &HeaderMap) -> bool {
    let says = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    says("sec-fetch-dest") == Some("document")
        && matches!(says("sec-fetch-site"), Some("none" | "cross-site"))
        && !headers.contains_key(header::IF_NONE_MATCH)
}

/// The page with style and script in it; `None` when it is no page with our frame.
pub(super) fn embedded(page: &[u8]) -> Option<String> {
    let mut page = std::str::from_utf8(page).ok()?.to_owned();
    for Place { line, content } in &*PLACES {
        let (before, after) = page.split_once(line.as_str())?;
        page = [before, content, after].concat();
    }
    Some(page)
}

/// What such a page may do.
pub(super) fn policy() -> HeaderValue {
    POLICY_WITH_BOTH.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_from_elsewhere_with_nothing_is_on_a_first_visit() {
        let check = |sent: &[(&'static str, &'static str)], expected: bool| {
            let headers = sent.iter().map(|(name, value)| {
                (name.parse().expect("a header name"), value.parse().expect("a header value"))
            });
            assert_eq!(is_one(&HeaderMap::from_iter(headers)), expected, "{sent:?}");
        };
        check(&[("sec-fetch-dest", "document"), ("sec-fetch-site", "none")], true);
        check(&[("sec-fetch-dest", "document"), ("sec-fetch-site", "cross-site")], true);
        check(&[("sec-fetch-dest", "document"), ("sec-fetch-site", "same-origin")], false);
        check(&[("sec-fetch-dest", "empty"), ("sec-fetch-site", "none")], false);
        check(
            &[("sec-fetch-dest", "document"), ("sec-fetch-site", "none"), ("if-none-match", "W/\"a\"")],
            false,
        );
        check(&[], false);
    }

    #[test]
    fn what_is_embedded_ends_where_it_should() {
        assert!(!STYLE.content().contains("</"), "the style would end early");
        assert!(!SCRIPT.content().contains("</script"), "the script would end early");
    }
}
