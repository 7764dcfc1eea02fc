//! The namespaces of one host: its network, its mounts, its name. They do not know what the host is for.
//!
//! Linux gives namespaces to threads. A thread that is started for it makes them, and they live as long as
//! their descriptors are open or a process is in it; whatever must happen inside happens on another such thread, whose
//! children and sockets are then inside too. So nothing here is unsafe, and no process is needed to hold a namespace.

use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::thread;

use anyhow::{Context, Result};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, setns, unshare};
use nix::unistd::sethostname;

#[derive(Debug)]
pub struct Namespaces {
    network: File,
    mounts: File,
    name: File,
}

impl Namespaces {
    /// New ones: an empty network, and the file system as it is, privately; `prepare` mounts over it.
    pub(crate) fn new(hostname: &str, prepare: impl FnOnce() -> Result<()> + Send) -> Result<Namespaces> {
        on_a_thread(|| {
            unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWUTS)
                .context("cannot make namespaces: was this started through tests/enter?")?;
            mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>)?;
            sethostname(hostname)?;
            prepare()?;
            Namespaces::current()
        })
    }

    /// Those of the calling thread.
    pub fn current() -> Result<Namespaces> {
        let open = |kind| File::open(format!("/proc/thread-self/ns/{kind}"));
        Ok(Namespaces { network: open("net")?, mounts: open("mnt")?, name: open("uts")? })
    }

    /// Runs `action` inside: the processes it starts and the sockets it opens belong there, and stay there.
    pub fn inside<T: Send>(&self, action: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        on_a_thread(|| {
            self.enter()?;
            action()
        })
    }

    /// Moves the calling thread inside, for good.
    pub(crate) fn enter(&self) -> Result<()> {
        // A thread that shares its working directory with others may not change mount namespace.
        unshare(CloneFlags::CLONE_FS)?;
        setns(&self.mounts, CloneFlags::CLONE_NEWNS)?;
        setns(&self.network, CloneFlags::CLONE_NEWNET)?;
        setns(&self.name, CloneFlags::CLONE_NEWUTS)?;
        Ok(())
    }

    /// How `ip link … netns` names this network.
    pub(crate) fn network_path(&self) -> String {
        format!("/proc/{}/fd/{}", std::process::id(), self.network.as_raw_fd())
    }
}

/// Shows `source` at `target`, for the calling thread's mount namespace.
pub(crate) fn bind(source: &Path, target: &str) -> Result<()> {
    fs::create_dir_all(source)?;
    mount(Some(source), target, None::<&str>, MsFlags::MS_BIND, None::<&str>)
        .with_context(|| format!("cannot mount over {target}"))
}

pub(crate) fn empty(target: &str) -> Result<()> {
    mount(Some("tmpfs"), target, Some("tmpfs"), MsFlags::empty(), None::<&str>)
        .with_context(|| format!("cannot mount over {target}"))
}

fn on_a_thread<T: Send>(action: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    thread::scope(|scope| scope.spawn(action).join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
}
