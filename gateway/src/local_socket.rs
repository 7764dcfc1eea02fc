//! A Unix socket at a path, in the place of one that a killed process left. Who may speak on it, and what about, is for
//! who listens.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

/// Binds it, with this mode.
///
/// # Errors
/// [`io::ErrorKind::AddrInUse`] when somebody answers there already, and what the system refuses.
pub(crate) fn bind(path: &Path, mode: u32) -> io::Result<UnixListener> {
    if let Some(directory) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o755).create(directory)?;
    }
    match UnixStream::connect(path) {
        Ok(_) => return Err(io::ErrorKind::AddrInUse.into()),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let listener = UnixListener::bind(path)?;
    // Before anyone is served; whoever was faster is still asked who they are.
    fs::set_permissions(path, Permissions::from_mode(mode))?;
    Ok(listener)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_socket_is_replaced_and_a_living_one_is_not() {
        let place = tempfile::tempdir().expect("a folder");
        let path = place.path().join("run/one.sock");
        let first = bind(&path, 0o660).expect("there is nothing");
        assert_eq!(fs::metadata(&path).expect("it is bound").permissions().mode() & 0o777, 0o660);
        let refused = bind(&path, 0o660).expect_err("somebody listens");
        assert_eq!(refused.kind(), io::ErrorKind::AddrInUse);
        drop(first);
        bind(&path, 0o600).expect("nobody listens any more");
        assert_eq!(fs::metadata(&path).expect("it is bound").permissions().mode() & 0o777, 0o600);
    }
}
