//! The release that a member may fetch, in the parts that it asks for, and what it tells of it.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use beffroi_protocol::release::{Progress, Release};
use jiff::Timestamp;

pub(super) use beffroi_protocol::release::PATH;

use super::Members;
use super::members::Member;
use crate::journal::chain;
use crate::store::WriteTx;
use crate::updates;

/// Bytes that are given at once: what is asked for at a time is less.
const PART_MAX: u64 = 64 * 1024;

/// `Range: bytes=FROM-LAST` (RFC 9110, 14.2); nobody asks for more than one, or for the end.
pub(super) async fn part(
    State(members): State<Members>,
    Extension(who): Extension<Member>,
    headers: HeaderMap,
) -> Response {
    // What is offered was signed, or it would not have been on the shelf.
    let offered = who.release.and_then(|offer| serde_json::from_str::<Release>(&offer.statement).ok());
    let Some(release) = offered else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let range = headers.get(header::RANGE).and_then(|range| range.to_str().ok()).and_then(range);
    let Some((from, last)) = range.filter(|(from, last)| from <= last && *last < release.size) else {
        return StatusCode::RANGE_NOT_SATISFIABLE.into_response();
    };
    let last = last.min(from + PART_MAX - 1);
    match members.shelf.part(release.hash, from..last + 1).await {
        Ok(Some(part)) => {
            let place = [(header::CONTENT_RANGE, format!("bytes {from}-{last}/{}", release.size))];
            (StatusCode::PARTIAL_CONTENT, place, Bytes::from(part)).into_response()
        }
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => {
            log::error!("the release {} cannot be read: {error}", release.version);
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

pub(super) async fn note(
    State(members): State<Members>,
    Extension(who): Extension<Member>,
    Json(told): Json<Progress>,
) -> StatusCode {
    let (machine, now) = (who.machine, Timestamp::now());
    let id = machine.id;
    let write = async move |tx: &mut WriteTx| updates::note(tx, &machine, told.clone(), now).await;
    match members.store.write(write).await {
        Ok(()) => StatusCode::NO_CONTENT,
        Err(error) => {
            log::error!("what machine {id} told of an update is not written down: {}", chain(&error));
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}

fn range(text: &str) -> Option<(u64, u64)> {
    let (from, last) = text.strip_prefix("bytes=")?.split_once('-')?;
    Some((from.parse().ok()?, last.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::range;

    #[test]
    fn one_range_with_both_ends_is_read() {
        let check = |text, expected| assert_eq!(range(text), expected, "{text}");
        check("bytes=0-16383", Some((0, 16383)));
        check("bytes=5-", None);
        check("bytes=-5", None);
        check("bytes=0-1,4-5", None);
        check("lines=0-1", None);
    }
}
