//! What a process gives up before it hears anyone: every capability but those it keeps, in every set,
//! and the way to get one back. To be called while the process has one thread: capabilities are each
//! thread's own, and later threads get what their maker has.

use caps::errors::CapsError;
use caps::{CapSet, Capability, CapsHashSet};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("this process needs the capability {0}, and was started without it")]
    Missing(Capability),
    #[error("cannot give up capabilities")]
    Capabilities(#[source] CapsError),
    #[error("cannot set no_new_privs")]
    NoNewPrivileges(#[source] nix::Error),
}

/// Afterwards this process, and every program that it starts, have the capabilities `kept` and nothing
/// else.
///
/// # Errors
/// When the process lacks one of them, or the kernel refuses.
pub fn keep_only(kept: &[Capability]) -> Result<(), Error> {
    nix::sys::prctl::set_no_new_privs().map_err(Error::NoNewPrivileges)?;
    let permitted = caps::read(None, CapSet::Permitted).map_err(Error::Capabilities)?;
    if let Some(missing) = kept.iter().find(|capability| !permitted.contains(capability)) {
        return Err(Error::Missing(*missing));
    }
    narrow(&kept.iter().copied().collect()).map_err(Error::Capabilities)
}

fn narrow(kept: &CapsHashSet) -> Result<(), CapsError> {
    // Without CAP_SETPCAP the bounding set cannot be narrowed: systemd has done it, and for want of
    // new privileges nothing could be taken from it.
    if caps::has_cap(None, CapSet::Effective, Capability::CAP_SETPCAP)? {
        for capability in caps::read(None, CapSet::Bounding)?.difference(kept) {
            caps::drop(None, CapSet::Bounding, *capability)?;
        }
    }
    caps::set(None, CapSet::Inheritable, kept)?;
    // Ambient ones are what a child has that is not root's.
    caps::set(None, CapSet::Ambient, kept)?;
    caps::set(None, CapSet::Effective, kept)?;
    caps::set(None, CapSet::Permitted, kept)
}
