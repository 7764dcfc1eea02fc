//! The first layout. Nothing comes before it, so there is nothing to rewrite.

use super::{Error, Rows};

pub(super) fn run(_: &Rows<'_>) -> Result<(), Error> {
    Ok(())
}
