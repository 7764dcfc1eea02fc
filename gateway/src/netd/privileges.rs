//! What netd gives up before it hears anyone: every capability but CAP_NET_ADMIN, in every set, and
//! the way to get one back. To be called while the process has one thread: capabilities are each
//! thread's own, and later threads get what their maker has.

use caps::errors::CapsError;
use caps::{CapSet, Capability, CapsHashSet};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("beffroi-netd needs the capability CAP_NET_ADMIN, and was started without it")]
    Missing,
    #[error("cannot give up capabilities")]
    Capabilities(#[source] CapsError),
    #[error("cannot set no_new_privs")]
    NoNewPrivileges(#[source] nix::Error),
}

/// Afterwards this process, and the `nft` that it starts, have CAP_NET_ADMIN and nothing else.
pub(crate) fn keep_only_net_admin() -> Result<(), Error> {
    nix::sys::prctl::set_no_new_privs().map_err(Error::NoNewPrivileges)?;
    if !caps::has_cap(None, CapSet::Permitted, Capability::CAP_NET_ADMIN).map_err(Error::Capabilities)? {
        return Err(Error::Missing);
    }
    narrow().map_err(Error::Capabilities)
}

fn narrow() -> Result<(), CapsError> {
    // Without CAP_SETPCAP the bounding set cannot be narrowed: systemd has done it, and for want of
    // new privileges nothing could be taken from it.
    if caps::has_cap(None, CapSet::Effective, Capability::CAP_SETPCAP)? {
        for capability in caps::read(None, CapSet::Bounding)? {
            if capability != Capability::CAP_NET_ADMIN {
                caps::drop(None, CapSet::Bounding, capability)?;
            }
        }
    }
    let kept = CapsHashSet::from([Capability::CAP_NET_ADMIN]);
    caps::set(None, CapSet::Inheritable, &kept)?;
    // Ambient ones are what a child has that is not root's: `nft`.
    caps::set(None, CapSet::Ambient, &kept)?;
    caps::set(None, CapSet::Effective, &kept)?;
    caps::set(None, CapSet::Permitted, &kept)
}
