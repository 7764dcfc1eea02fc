//! A code as a drawing that a camera reads (QR code, ISO/IEC 18004), as SVG in the page.

use std::fmt::Write;

use beffroi_protocol::code::Code;
use qrcode::types::QrError;
use qrcode::{Color, EcLevel, QrCode};

/// Modules of white around the drawing, which readers need.
const QUIET: usize = 4;

/// One path of dark runs, a module a unit. Its code is upper case and hyphens: the dense alphanumeric mode.
///
/// # Errors
/// When the code is longer than a drawing can hold, which no code is.
pub(super) fn drawing(code: &Code, label: &str) -> Result<String, QrError> {
    let drawn = QrCode::with_error_correction_level(code.text(), EcLevel::M)?;
    let width = drawn.width();
    let mut path = String::new();
    for (y, row) in drawn.to_colors().chunks(width).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|one, next| one == next) {
            if run[0] == Color::Dark {
                let (left, top, length) = (x + QUIET, y + QUIET, run.len());
                write!(path, "M{left} {top}h{length}v1h-{length}z").expect("a string takes everything");
            }
            x += run.len();
        }
    }
    let side = width + 2 * QUIET;
    Ok(format!(
        "<svg class=\"qr\" viewBox=\"0 0 {side} {side}\" role=\"img\" aria-label=\"{label}\" \
         shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{side}v{side}h-{side}z\"/><path d=\"{path}\"/></svg>"
    ))
}

#[cfg(test)]
mod tests {
    use beffroi_protocol::PublicKey;
    use beffroi_protocol::temporary::Secret;

    use super::*;

    #[test]
    fn the_drawing_holds_the_dark_modules_of_the_code() {
        let code = Code {
            gateway: "passerelle.coeur-de-caux.example:51820".parse().expect("an endpoint"),
            key: PublicKey::from_bytes([1; 32]),
            secret: Secret::from_bytes([2; 16]),
        };
        let svg = drawing(&code, "Code QR").expect("a code is short");
        let drawn = QrCode::with_error_correction_level(code.text(), EcLevel::M).expect("a code is short");
        let side = drawn.width() + 8;
        assert!(svg.contains(&format!("viewBox=\"0 0 {side} {side}\"")), "{svg}");
        let dark = drawn.to_colors().iter().filter(|color| **color == Color::Dark).count();
        let path = svg.rsplit("d=\"").next().expect("a path").trim_end_matches("\"/></svg>");
        let lengths = path.split('h').skip(1).step_by(2).map(|run| run.split('v').next().expect("a length"));
        assert_eq!(lengths.map(|length| length.parse::<usize>().expect("a number")).sum::<usize>(), dark);
        // Alphanumeric mode, with a quarter of it to lose: a sheet that was folded still reads.
        assert!(drawn.width() <= 57, "{}", drawn.width());
    }
}
