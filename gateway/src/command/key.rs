//! `beffroi-gateway key`: the pair of keys of the backups. The file opens them and belongs in a safe; what
//! is printed seals them and belongs in the configuration.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::{Told, say};
use crate::store::backup::Identity;
use crate::web::{t, t_with};

/// A file that is there already may be the only key of earlier backups, and stays.
pub(super) fn run(file: &Path) -> Result<(), Told> {
    let identity = Identity::generate();
    let recipient = identity.recipient().to_string();
    let comment = t("command-key-comment");
    let text = format!("# {comment}\n# public key: {recipient}\n{}\n", identity.secret());
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)
        .and_then(|mut out| out.write_all(text.as_bytes()).and_then(|()| out.sync_all()));
    let path = file.display().to_string();
    written
        .map_err(|error| t_with("command-key-failed", &[("path", &path), ("cause", &error.to_string())]))?;
    say(&t_with("command-key-done", &[("path", &path), ("recipient", &recipient)]));
    Ok(())
}
