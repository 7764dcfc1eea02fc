//! Files that are the same for everyone: built in, served for ever under an address that holds their hash.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::{IntoResponse, Response};

/// One built-in file.
#[derive(Debug)]
pub struct Asset {
    /// `/-/name.hash.ext`: another content is another address, so that a browser never asks again.
    pub path: String,
    /// With its charset where it has one.
    pub content_type: &'static str,
    /// As it was built in.
    pub content: &'static str,
}

impl Asset {
    fn new(name: &str, extension: &str, content_type: &'static str, content: &'static str) -> Asset {
        let hash = blake3::hash(content.as_bytes()).to_hex();
        Asset { path: format!("/-/{name}.{}.{extension}", &hash[..8]), content_type, content }
    }

    /// May be kept for ever.
    pub(super) fn answer(&'static self) -> Response {
        let headers = [
            (header::CONTENT_TYPE, self.content_type),
            (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        ];
        (headers, self.content).into_response()
    }
}

/// The one stylesheet.
pub static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("beffroi", "css", "text/css; charset=utf-8", include_str!("static/beffroi.css"))
});

/// The one script: pages work without it.
pub static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("beffroi", "js", "text/javascript; charset=utf-8", include_str!("static/beffroi.js"))
});

/// The belfry, for the browser's tab.
pub static TOWER: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("beffroi", "svg", "image/svg+xml", include_str!("static/beffroi.svg")));

/// Every one of them.
pub fn all() -> [&'static Asset; 3] {
    [&STYLE, &SCRIPT, &TOWER]
}
