//! A row of bars, one for each day or month, drawn inside the page: full height is up all the time, a piece cut
//! off the top is time down, a dash at the foot is time in which nobody looked.

use std::fmt;

use super::tally::Tally;

const HEIGHT: u32 = 24;
/// From one bar to the next, and what of it is bar.
const STEP: usize = 5;
const WIDTH: usize = 4;
/// Between the two pieces of a bar, so that they are told apart without their colours.
const GAP: u32 = 2;
/// However short, time down is seen.
const LEAST: u32 = 5;

pub(in crate::links) struct Bars {
    count: usize,
    /// For each piece: which bar, from where downwards, how high.
    up: Vec<Piece>,
    down: Vec<Piece>,
    unknown: Vec<Piece>,
}

type Piece = (usize, u32, u32);

impl Bars {
    pub(super) fn of(tallies: impl IntoIterator<Item = Option<Tally>>) -> Self {
        let mut bars = Self { count: 0, up: Vec::new(), down: Vec::new(), unknown: Vec::new() };
        for tally in tallies {
            bars.draw(tally.and_then(|tally| tally.permille()));
            bars.count += 1;
        }
        bars
    }

    fn draw(&mut self, permille: Option<u16>) {
        let at = self.count;
        match permille.map(u32::from) {
            None => self.unknown.push((at, HEIGHT - 2, 2)),
            Some(1000) => self.up.push((at, 0, HEIGHT)),
            Some(0) => self.down.push((at, 0, HEIGHT)),
            Some(permille) => {
                let cut = ((1000 - permille) * HEIGHT / 1000).clamp(LEAST, HEIGHT - GAP - 1);
                self.down.push((at, 0, cut));
                self.up.push((at, cut + GAP, HEIGHT - cut - GAP));
            }
        }
    }
}

impl fmt::Display for Bars {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.count * STEP - (STEP - WIDTH);
        write!(
            out,
            r#"<svg class="bars" viewBox="0 0 {width} {HEIGHT}" preserveAspectRatio="none" aria-hidden="true">"#
        )?;
        for (class, pieces) in [("up", &self.up), ("down", &self.down), ("unknown", &self.unknown)] {
            if pieces.is_empty() {
                continue;
            }
            write!(out, r#"<path class="{class}" d=""#)?;
            for (at, top, height) in pieces {
                write!(out, "M{} {top}h{WIDTH}v{height}h-{WIDTH}z", at * STEP)?;
            }
            out.write_str(r#""/>"#)?;
        }
        out.write_str("</svg>")
    }
}

// It writes numbers and its own words.
impl askama::filters::HtmlSafe for Bars {}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::links::state::Seen;

    #[test]
    fn every_day_is_a_bar() {
        let part = |up: u64, down: u64| {
            let mut tally = Tally::of(Seen::Up, Duration::from_secs(up));
            tally.add(&Tally::of(Seen::Down, Duration::from_secs(down)));
            Some(tally)
        };
        let bars = Bars::of([part(10, 0), part(9999, 1), None, part(1, 1), part(1, 999), part(0, 10)]);
        assert_eq!(
            bars.to_string(),
            "<svg class=\"bars\" viewBox=\"0 0 29 24\" preserveAspectRatio=\"none\" aria-hidden=\"true\">\
             <path class=\"up\" d=\"M0 0h4v24h-4zM5 7h4v17h-4zM15 14h4v10h-4zM20 23h4v1h-4z\"/>\
             <path class=\"down\" d=\"M5 0h4v5h-4zM15 0h4v12h-4zM20 0h4v21h-4zM25 0h4v24h-4z\"/>\
             <path class=\"unknown\" d=\"M10 22h4v2h-4z\"/></svg>"
        );
    }
}
