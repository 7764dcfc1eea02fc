//! What the daemon gives away at its start: every capability but the one that WireGuard needs, and
//! the right to gain any back. As uid 0 it still owns its files; it owns nobody else's.

use caps::{CapSet, Capability, CapsHashSet};

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("CAP_NET_ADMIN is missing")]
    Missing,
    #[error("capabilities cannot be dropped")]
    Caps(#[from] caps::errors::CapsError),
    #[error("no_new_privs cannot be set")]
    NoNewPrivileges(#[from] nix::errno::Errno),
}

/// For this thread and those that it starts: call it before there are others.
///
/// # Errors
/// When the process does not have CAP_NET_ADMIN, or the kernel refuses.
pub(crate) fn drop() -> Result<(), Error> {
    if !caps::has_cap(None, CapSet::Permitted, Capability::CAP_NET_ADMIN)? {
        return Err(Error::Missing);
    }
    // Without CAP_SETPCAP the bounding set is the service manager's to make small.
    if caps::has_cap(None, CapSet::Effective, Capability::CAP_SETPCAP)? {
        for capability in caps::read(None, CapSet::Bounding)? {
            if capability != Capability::CAP_NET_ADMIN {
                caps::drop(None, CapSet::Bounding, capability)?;
            }
        }
    }
    let kept = CapsHashSet::from([Capability::CAP_NET_ADMIN]);
    caps::clear(None, CapSet::Ambient)?;
    caps::set(None, CapSet::Inheritable, &CapsHashSet::new())?;
    caps::set(None, CapSet::Effective, &kept)?;
    caps::set(None, CapSet::Permitted, &kept)?;
    nix::sys::prctl::set_no_new_privs()?;
    Ok(())
}
