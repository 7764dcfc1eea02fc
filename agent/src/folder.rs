//! Notices when something in the state folder changes: `join` and `leave` are other processes, and
//! the daemon follows them without being told.

use std::io;
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::path::Path;

use nix::errno::Errno;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

#[derive(Debug)]
pub(crate) struct Folder {
    inotify: AsyncFd<Watch>,
}

#[derive(Debug)]
struct Watch(Inotify);

impl AsRawFd for Watch {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_fd().as_raw_fd()
    }
}

impl Folder {
    /// The folder must exist.
    ///
    /// # Errors
    /// When it cannot be watched.
    pub(crate) fn watch(dir: &Path) -> io::Result<Self> {
        let inotify = Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC)?;
        // A lock that is given back shows as a file that was open for writing and is closed.
        let events = AddWatchFlags::IN_MOVED_TO | AddWatchFlags::IN_DELETE | AddWatchFlags::IN_CLOSE_WRITE;
        inotify.add_watch(dir, events)?;
        #[expect(
            unsafe_code,
            reason = "`Watch` owns its descriptor, never gives it away and closes it at its end"
        )]
        let inotify = unsafe { AsyncFd::register_with_interest(Watch(inotify), Interest::READABLE) };
        Ok(Self { inotify: inotify? })
    }

    /// Returns after the next change, however many files it was.
    ///
    /// # Errors
    /// When the kernel's watch is broken.
    pub(crate) async fn changed(&mut self) -> io::Result<()> {
        loop {
            let mut ready = self.inotify.readable().await?;
            match ready.get_inner().0.read_events() {
                Ok(_) => return Ok(()),
                Err(Errno::EAGAIN) => ready.clear_ready(),
                Err(error) => return Err(error.into()),
            }
        }
    }
}
