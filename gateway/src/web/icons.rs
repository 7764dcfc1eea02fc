//! Drawings, inline in the page so that they cost no request. They say nothing that the text beside them does
//! not say: every one is hidden from screen readers.

use std::fmt;

/// One drawing of 24 by 24, in the colour of the text around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Icon(&'static str);

/// How strongly a line carries.
pub const LINK: Icon = Icon("M4 20v-4M9.3 20v-8M14.7 20V8M20 20V4");
/// A sheet with a stub to tear off.
pub const SHEET: Icon = Icon("M6 3h9l4 4v14H6zM15 3v4h4M9 12h7M9 16h7");
/// A bell: something is announced.
pub const BELL: Icon = Icon("M6 17V11a6 6 0 0 1 12 0v6l2 2H4zM10 21h4M12 5V3");
/// An arrow onto a base: something new comes in.
pub const ARROW: Icon = Icon("M12 3v12M6 10l6 6 6-6M4 20h16");
/// A register with its lines.
pub const REGISTER: Icon = Icon("M5 4h14v16H5zM9 4v16M12 9h4M12 13h4");
/// Two switches, one on and one off.
pub const SWITCH: Icon =
    Icon("M7 4h10a3 3 0 0 1 0 6H7a3 3 0 0 1 0-6zM17 5.5v3M7 14h10a3 3 0 0 1 0 6H7a3 3 0 0 1 0-6zM7 15.5v3");
/// A head and shoulders.
pub const PERSON: Icon = Icon("M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21a8 8 0 0 1 16 0");
/// The house of the commune.
pub const TOWN_HALL: Icon = Icon("M4 20V10l8-6 8 6v10M2 20h20M10 20v-6h4v6M12 4V2");
/// A question.
pub const HELP: Icon =
    Icon("M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM9.5 9.5a2.5 2.5 0 1 1 3.5 2.3c-.7.3-1 .8-1 1.7M12 16.5v.5");
/// Done, or well.
pub const CHECK: Icon = Icon("M4 12l5 5L20 6");
/// Stop and read.
pub const WARNING: Icon = Icon("M12 3l10 18H2zM12 10v5M12 17.5v.5");

impl fmt::Display for Icon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, r#"<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="{}"/></svg>"#, self.0)
    }
}

// It writes nothing but its own constant.
impl askama::filters::HtmlSafe for Icon {}
