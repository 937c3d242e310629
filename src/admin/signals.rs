//! Signals that would end the process half-way, held back for a while.

use std::os::fd::{AsFd, BorrowedFd};

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

/// What would end the process half-way.
const ENDINGS: [Signal; 3] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP];

/// Signals held back in this thread. When dropped, those that came and were not taken by [`Held::has_come`] do what they
/// always do.
pub(crate) struct Held {
    before: SigSet,
    waiting: SignalFd,
}

impl Held {
    pub(crate) fn begin() -> nix::Result<Self> {
        let signals: SigSet = ENDINGS.into_iter().collect();
        let before = SigSet::thread_get_mask()?;
        signals.thread_block()?;
        match SignalFd::with_flags(&signals, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC) {
            Ok(waiting) => Ok(Self { before, waiting }),
            Err(error) => {
                before.thread_set_mask()?;
                Err(error)
            }
        }
    }

    /// Whether one has come since; it is taken, and does nothing more.
    pub(crate) fn has_come(&self) -> bool {
        matches!(self.waiting.read_signal(), Ok(Some(_)))
    }
}

impl AsFd for Held {
    /// What can be read from once a signal has come.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.waiting.as_fd()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Err(error) = self.before.thread_set_mask() {
            log::debug!("signals stay held back: {error}");
        }
    }
}
