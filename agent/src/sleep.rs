//! Notices that this machine has slept, or that its clock was set: nothing that was known a moment ago needs
//! to hold now. The kernel tells both through a timer that such an event cancels (timerfd_create(2)).

use std::io;
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use nix::time::clock_gettime;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// 9999-12-31: the timer never expires by itself.
const NEVER: i64 = 253_402_300_799;

#[derive(Debug)]
pub(crate) struct Sleep {
    timer: AsyncFd<Timer>,
    /// How long this machine has slept in all.
    slept: Duration,
}

#[derive(Debug)]
struct Timer(TimerFd);

impl AsRawFd for Timer {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_fd().as_raw_fd()
    }
}

impl Timer {
    fn arm(&self) -> nix::Result<()> {
        let flags = TimerSetTimeFlags::TFD_TIMER_ABSTIME | TimerSetTimeFlags::TFD_TIMER_CANCEL_ON_SET;
        self.0.set(Expiration::OneShot(TimeSpec::new(NEVER, 0)), flags)
    }
}

impl Sleep {
    /// # Errors
    /// When the kernel has no such timer.
    pub(crate) fn watch() -> io::Result<Self> {
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let timer = Timer(TimerFd::new(ClockId::CLOCK_REALTIME, flags)?);
        timer.arm()?;
        #[expect(
            unsafe_code,
            reason = "`Timer` owns its descriptor, never gives it away and closes it at its end"
        )]
        let timer = unsafe { AsyncFd::register_with_interest(timer, Interest::READABLE) };
        Ok(Self { timer: timer?, slept: slept()? })
    }

    /// Returns when this machine wakes, with how long it has slept; zero when only its clock was set.
    ///
    /// # Errors
    /// When the kernel no longer tells.
    pub(crate) async fn woken(&mut self) -> io::Result<Duration> {
        loop {
            let mut ready = self.timer.readable().await?;
            match ready.get_inner().0.wait() {
                Ok(()) => {
                    ready.get_inner().arm()?;
                    let before = std::mem::replace(&mut self.slept, slept()?);
                    return Ok(self.slept.saturating_sub(before));
                }
                Err(Errno::EAGAIN) => ready.clear_ready(),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Since the machine's start: one clock goes on while it sleeps, the other does not.
fn slept() -> nix::Result<Duration> {
    let awake = Duration::from(clock_gettime(nix::time::ClockId::CLOCK_MONOTONIC)?);
    let in_all = Duration::from(clock_gettime(nix::time::ClockId::CLOCK_BOOTTIME)?);
    Ok(in_all.saturating_sub(awake))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_machine_that_is_awake_is_not_woken() {
        let mut sleep = Sleep::watch().expect("every Linux has such a timer");
        let woken = tokio::time::timeout(Duration::from_millis(50), sleep.woken()).await;
        assert!(woken.is_err(), "{woken:?}");
    }
}
