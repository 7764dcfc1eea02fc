//! A text as a drawing that a camera reads (QR code, ISO/IEC 18004), for a page and for paper.

use std::fmt::{self, Write};

use qrcode::types::QrError;
use qrcode::{Color, EcLevel, QrCode};

/// Modules of white around the drawing, which readers need.
const QUIET: usize = 4;

/// Dark runs on a white square; a module is a unit, the origin is at the top left.
#[derive(Clone, PartialEq, Eq)]
pub struct Drawing {
    side: usize,
    runs: Vec<Run>,
}

/// Dark modules beside one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    pub x: usize,
    pub y: usize,
    pub length: usize,
}

impl Drawing {
    /// A sheet that was folded, or a screen with a reflection, still reads: level M.
    ///
    /// # Errors
    /// When the text is longer than a drawing can hold, 2,331 bytes.
    pub fn of(text: &str) -> Result<Self, QrError> {
        let drawn = QrCode::with_error_correction_level(text, EcLevel::M)?;
        let width = drawn.width();
        let mut runs = Vec::new();
        for (y, row) in drawn.to_colors().chunks(width).enumerate() {
            let mut x = QUIET;
            for run in row.chunk_by(|one, next| one == next) {
                if run[0] == Color::Dark {
                    runs.push(Run { x, y: y + QUIET, length: run.len() });
                }
                x += run.len();
            }
        }
        Ok(Self { side: width + 2 * QUIET, runs })
    }

    /// Of the square, white edge included.
    pub fn side(&self) -> usize {
        self.side
    }

    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// In a page: one path, and the words for who does not see it.
    pub fn svg(&self, label: impl fmt::Display) -> String {
        let side = self.side;
        let mut path = String::new();
        for Run { x, y, length } in &self.runs {
            write!(path, "M{x} {y}h{length}v1h-{length}z").expect("a string takes everything");
        }
        format!(
            "<svg class=\"qr\" viewBox=\"0 0 {side} {side}\" role=\"img\" aria-label=\"{label}\" \
             shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{side}v{side}h-{side}z\"/><path d=\"{path}\"/></svg>"
        )
    }
}

/// What is drawn is a secret as a rule.
impl fmt::Debug for Drawing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Drawing({0} x {0})", self.side)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drawing_holds_the_dark_modules_of_the_text() {
        let text = "B1A2C3-".repeat(20);
        let drawing = Drawing::of(&text).expect("the text is short");
        let drawn = QrCode::with_error_correction_level(&text, EcLevel::M).expect("the text is short");
        assert_eq!(drawing.side(), drawn.width() + 8);
        let dark = drawn.to_colors().iter().filter(|color| **color == Color::Dark).count();
        assert_eq!(drawing.runs().iter().map(|run| run.length).sum::<usize>(), dark);
        let svg = drawing.svg("Code QR");
        assert!(svg.contains(&format!("viewBox=\"0 0 {0} {0}\"", drawing.side())), "{svg}");
        let path = svg.rsplit("d=\"").next().expect("a path").trim_end_matches("\"/></svg>");
        assert_eq!(path.matches('M').count(), drawing.runs().len());
        // Upper case and hyphens are the dense alphanumeric mode.
        assert!(drawn.width() <= 57, "{}", drawn.width());
    }

    #[test]
    fn what_is_too_long_is_not_drawn() {
        assert!(Drawing::of(&"a".repeat(2332)).is_err());
        assert!(Drawing::of(&"a".repeat(2331)).is_ok());
    }
}
