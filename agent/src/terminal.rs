//! What a command says to the person who typed it.

use std::io::{self, Write};

/// A closed terminal is not an error of the command: nobody is reading.
pub(crate) fn say(text: &str) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// For what went wrong.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
