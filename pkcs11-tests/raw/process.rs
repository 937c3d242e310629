//! `fork`, as a host process does it.

use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, alarm};

use super::Module;

/// Seconds after which a child of [`Module::fork`] is called hung.
const CHILD_HUNG_AFTER: u32 = 60;

/// The child of a fork, seen by its parent.
pub struct Forked(Pid);

impl Forked {
    /// Waits for the child's end: its exit status, or `None` when a signal ended it.
    ///
    /// # Panics
    /// When there is no such child.
    #[must_use]
    pub fn status(self) -> Option<i32> {
        match waitpid(self.0, None).expect("a child to wait for") {
            WaitStatus::Exited(_, status) => Some(status),
            _ => None,
        }
    }
}

impl Forked {
    /// Ends the child at once, wherever it is.
    ///
    /// # Panics
    /// When there is no such child.
    pub fn kill(self) {
        nix::sys::signal::kill(self.0, nix::sys::signal::Signal::SIGKILL).expect("a child to end");
        let _ended = self.status();
    }
}

impl Module {
    /// Forks; `child` runs in the child, whose exit status is what it gives. A child that hangs is ended by SIGALRM.
    ///
    /// # Panics
    /// When the system refuses.
    pub fn fork(&self, child: impl FnOnce() -> i32) -> Forked {
        // Another thread may be recording an answer: its lock must not be held in the child for ever.
        let recording = self.recorder.pause();
        // SAFETY: the child calls only the module under test and the allocator, which glibc keeps usable after a fork.
        match unsafe { nix::unistd::fork() }.expect("fork") {
            ForkResult::Parent { child } => {
                drop(recording);
                Forked(child)
            }
            ForkResult::Child => {
                drop(recording);
                alarm::set(CHILD_HUNG_AFTER);
                let status = std::panic::catch_unwind(std::panic::AssertUnwindSafe(child)).unwrap_or(101);
                exit_now(status)
            }
        }
    }
}

/// Sets a variable of this process's environment, which a module reads when it is initialised.
pub fn set_variable(name: &str, value: impl AsRef<std::ffi::OsStr>) {
    // SAFETY: a test's process has no other thread yet that reads the environment.
    unsafe { std::env::set_var(name, value) };
}

/// Ends the process without running any handler of its exit.
fn exit_now(status: i32) -> ! {
    // SAFETY: never returns and touches no memory.
    unsafe { nix::libc::_exit(status) }
}
