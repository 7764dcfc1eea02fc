//! The home page: whose it is, what the communauté says, how the link is, whom to ask.

use std::time::{Duration, Instant};

use askama::Template;
use axum::extract::State;
use jiff::Timestamp;

use super::Gate;
use super::quality::Quality;
use crate::access::{Audience, Route, TownHall};
use crate::links::{Board, Link};
use crate::news::{self, Notice};
use crate::store::{ReadTx, Store};
use crate::web::{Frame, Now, Refusal, Reply, filters};

pub(super) fn routes() -> Vec<Route<Gate>> {
    vec![Route::get("/", Audience::TownHall, page)]
}

#[derive(Template)]
#[template(path = "portal/templates/home.html")]
struct HomePage {
    frame: Frame,
    town_hall: String,
    today: Timestamp,
    notice: Option<Notice>,
    link: Option<Line>,
}

/// The link as the page says it.
struct Line {
    quality: Quality,
    milliseconds: Option<u64>,
    lost_percent: Option<u8>,
}

impl Line {
    fn of(link: &Link) -> Line {
        Line {
            quality: Quality::of(link),
            milliseconds: link.round_trip.map(milliseconds),
            lost_percent: link.loss.map(|loss| loss.percent()).filter(|percent| *percent > 0),
        }
    }
}

async fn page(
    State(store): State<Store>,
    State(board): State<Board>,
    Now(now): Now,
    who: TownHall,
    frame: Frame,
) -> Result<Reply, Refusal> {
    let notice = store.read(async |tx: &ReadTx| news::current(tx).await).await?;
    let link = board.link(who.machine().id, Instant::now()).as_ref().map(Line::of);
    Reply::page(&HomePage { frame, town_hall: who.commune().name.town_hall(), today: now, notice, link })
}

/// Rounded as people say it, so that the page is the same as long as the link is.
fn milliseconds(round_trip: Duration) -> u64 {
    let exact = u64::try_from(round_trip.as_millis()).unwrap_or(u64::MAX);
    let step = match exact {
        0..=20 => 1,
        21..=100 => 5,
        101..=400 => 20,
        _ => 100,
    };
    exact.div_ceil(step).saturating_mul(step).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips_are_rounded() {
        let check =
            |exact, expected| assert_eq!(milliseconds(Duration::from_millis(exact)), expected, "{exact}");
        check(0, 1);
        check(17, 17);
        check(43, 45);
        check(312, 320);
        check(1234, 1300);
    }
}
