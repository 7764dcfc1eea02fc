//! Files that are the same for everyone: built in, served for ever under an address that holds their hash.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::{IntoResponse, Response};

/// One built-in file.
#[derive(Debug)]
pub struct Asset {
    /// `/-/name.hash.ext`: another content is another address, so that a browser never asks again.
    pub path: String,
    content_type: &'static str,
    content: String,
}

impl Asset {
    fn new(extension: &str, content_type: &'static str, content: String) -> Asset {
        let hash = blake3::hash(content.as_bytes()).to_hex();
        Asset { path: format!("/-/beffroi.{}.{extension}", &hash[..8]), content_type, content }
    }

    pub(super) fn content(&self) -> &str {
        &self.content
    }

    /// May be kept for ever.
    pub(super) fn answer(&'static self) -> Response {
        let headers = [
            (header::CONTENT_TYPE, self.content_type),
            (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        ];
        (headers, self.content.as_str()).into_response()
    }
}

/// The one stylesheet.
pub static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("css", "text/css; charset=utf-8", squeezed_style(include_str!("static/beffroi.css")))
});

/// The one script: pages work without it.
pub static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("js", "text/javascript; charset=utf-8", squeezed_script(include_str!("static/beffroi.js")))
});

/// The belfry, for the browser's tab.
pub static TOWER: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("svg", "image/svg+xml", include_str!("static/beffroi.svg").trim_end().to_owned())
});

/// Every one of them.
pub fn all() -> [&'static Asset; 3] {
    [&STYLE, &SCRIPT, &TOWER]
}

/// Without comments and without the spaces that are there for us: a seventh less on the line. Our stylesheet has
/// no string with a brace, a colon or a comment in it.
fn squeezed_style(text: &str) -> String {
    let mut rest = text;
    let mut bare = String::new();
    while let Some((before, comment)) = rest.split_once("/*") {
        bare.push_str(before);
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    bare.push_str(rest);
    let mut squeezed = bare.split_whitespace().collect::<Vec<_>>().join(" ");
    for sign in ["{", "}", ";", ","] {
        squeezed = squeezed.replace(&format!(" {sign}"), sign).replace(&format!("{sign} "), sign);
    }
    squeezed.replace(": ", ":")
}

/// Without the lines that are comments and without indentation. The lines stay: no semicolon is lost.
fn squeezed_script(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_for_us_is_not_sent() {
        let check = |text: &str, expected: &str| assert_eq!(squeezed_style(text), expected);
        check("/* a */\na { b: c d; e: f }\n", "a{b:c d;e:f}");
        check(".a :focus,\n.b > p { width: calc(1px - 2px) }", ".a :focus,.b > p{width:calc(1px - 2px)}");
        check("@media (max-width: 4rem) {\n  a { b: c }\n}", "@media (max-width:4rem){a{b:c}}");
        assert_eq!(squeezed_script("// a\nif (b)\n    c();\n\n"), "if (b)\nc();");
    }
}
