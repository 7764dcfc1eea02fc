//! Compression, remembered: a page that is the same as a moment ago is not compressed again.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use axum::body::Bytes;
use axum::http::{HeaderMap, header};

/// Below this, compressing gains less than the header that says so.
const WORTH: usize = 200;
/// Above this, brotli takes longer than a line saves.
const BROTLI: usize = 128 * 1024;
/// Bytes of compressed bodies that are remembered.
const REMEMBERED: usize = 4 * 1024 * 1024;

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Encoding {
    Brotli,
    Zstd,
    Gzip,
}

impl Encoding {
    const ALL: [Encoding; 3] = [Encoding::Brotli, Encoding::Zstd, Encoding::Gzip];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Encoding::Brotli => "br",
            Encoding::Zstd => "zstd",
            Encoding::Gzip => "gzip",
        }
    }

    /// Those that the browser names, without those that it refuses with `q=0`.
    pub(super) fn accepted(headers: &HeaderMap) -> Vec<Encoding> {
        let named = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
        let named: Vec<(&str, &str)> = named
            .unwrap_or_default()
            .split(',')
            .map(|part| part.split_once(';').unwrap_or((part, "")))
            .map(|(name, weight)| (name.trim(), weight.trim()))
            .collect();
        let is_accepted = |encoding: &Encoding| {
            named.iter().any(|(name, weight)| {
                name.eq_ignore_ascii_case(encoding.name()) && !matches!(*weight, "q=0" | "q=0.0")
            })
        };
        Encoding::ALL.into_iter().filter(is_accepted).collect()
    }

    /// The smallest for a page, the fastest for something large.
    pub(super) fn choose(accepted: &[Encoding], size: usize) -> Option<Encoding> {
        let fits = |encoding: &&Encoding| size <= BROTLI || **encoding != Encoding::Brotli;
        if size < WORTH { None } else { accepted.iter().find(fits).copied() }
    }
}

/// How long it may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effort {
    /// While somebody waits.
    Quick,
    /// While somebody waits on a slow line for much that is new: some milliseconds for some kilobytes less.
    More,
    /// Once for each release, for what never changes.
    Most,
}

/// Bodies compressed lately, by the hash of what they hold.
#[derive(Debug, Default)]
pub(super) struct Packed(Mutex<Shelf>);

#[derive(Debug, Default)]
struct Shelf {
    bodies: HashMap<([u8; 32], Encoding), Bytes>,
    size: usize,
}

impl Packed {
    /// The body compressed.
    pub(super) fn get(&self, hash: &blake3::Hash, encoding: Encoding, effort: Effort, body: &[u8]) -> Bytes {
        let key = (*hash.as_bytes(), encoding);
        let shelf = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(packed) = shelf().bodies.get(&key) {
            return packed.clone();
        }
        let packed = pack(encoding, effort, body);
        let mut shelf = shelf();
        if shelf.size + packed.len() > REMEMBERED {
            *shelf = Shelf::default();
        }
        if shelf.bodies.insert(key, packed.clone()).is_none() {
            shelf.size += packed.len();
        }
        packed
    }
}

/// The same, forgotten: for what is shown once.
pub(super) fn pack(encoding: Encoding, effort: Effort, body: &[u8]) -> Bytes {
    let level = |quick: u8, more, most| match effort {
        Effort::Quick => quick,
        Effort::More => more,
        Effort::Most => most,
    };
    let packed: io::Result<Vec<u8>> = match encoding {
        Encoding::Brotli => {
            let mut writer = brotli::CompressorWriter::new(Vec::new(), 4096, u32::from(level(5, 9, 11)), 22);
            writer.write_all(body).map(|()| writer.into_inner())
        }
        Encoding::Zstd => zstd::bulk::compress(body, i32::from(level(3, 12, 19))),
        Encoding::Gzip => {
            let level = flate2::Compression::new(u32::from(level(6, 9, 9)));
            let mut writer = flate2::write::GzEncoder::new(Vec::new(), level);
            writer.write_all(body).and_then(|()| writer.finish())
        }
    };
    packed.expect("writing to memory does not fail").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_says_what_it_reads() {
        let check = |sent: &'static str, expected: &[Encoding]| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, sent.parse().expect("a header value"));
            assert_eq!(Encoding::accepted(&headers), expected, "{sent}");
        };
        check("gzip, deflate, br, zstd", &[Encoding::Brotli, Encoding::Zstd, Encoding::Gzip]);
        check("gzip;q=0.5, zstd ; q=0", &[Encoding::Gzip]);
        check("identity", &[]);
    }

    #[test]
    fn small_pages_are_brotli_and_large_ones_are_not() {
        let check = |size, expected| assert_eq!(Encoding::choose(&Encoding::ALL, size), expected, "{size}");
        check(100, None);
        check(8_000, Some(Encoding::Brotli));
        check(400_000, Some(Encoding::Zstd));
    }

    #[test]
    fn every_encoding_is_smaller_than_the_text() {
        let text = "La mairie d’Alvimare est en ligne. ".repeat(100);
        for encoding in Encoding::ALL {
            let lengths = [Effort::Quick, Effort::More, Effort::Most]
                .map(|effort| pack(encoding, effort, text.as_bytes()).len());
            assert!(lengths.iter().all(|length| *length < text.len() / 10), "{encoding:?}: {lengths:?}");
        }
    }
}
