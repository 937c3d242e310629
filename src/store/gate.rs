//! The fork gate: what a process that forks at any moment needs of a store.
//!
//! SQLite's table of locks belongs to the process, and the locks themselves do not follow into a child. A
//! connection that is open at the moment of a fork, even an idle one, leaves the child a table that says "locked"
//! where nothing is: the child's *new* connections to the same file believe it, and the next process to come may
//! delete or truncate the log under them. So no connection is open at that moment: [`ForkGate::prepare`] waits
//! until no call is inside, keeps new ones out, and closes the idle ones, which takes microseconds; whoever needs
//! one afterwards opens it anew.
//!
//! Lock descriptors do follow into a child, and an OFD lock lives as long as its last descriptor (`fcntl(2)`).
//! Each is therefore opened, noted and closed inside the gate, and [`ForkGate::release_in_child`] closes what is
//! noted. *Waiting* for a lock happens outside: nobody's fork waits for somebody else's lock.
//!
//! What the child touches are atomics and a list that nobody can be changing: no lock that a thread of the parent
//! may hold. The parent's stores are never used nor dropped in the child.

use std::os::fd::RawFd;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

/// Something that has handles which must not be open in a forked child.
pub(crate) trait Handles: Send + Sync {
    /// Closes all handles. Called with the gate shut and nobody inside.
    fn close(&self);
}

/// Keeps `fork` apart from the calls that must not be cut in two. One for each [`crate::Folder`].
#[derive(Default)]
pub struct ForkGate {
    inside: AtomicUsize,
    shut: AtomicBool,
    /// Changed only inside the gate.
    locks: Mutex<Vec<RawFd>>,
    /// Changed only inside the gate, read with the gate shut.
    handles: Mutex<Vec<Weak<dyn Handles>>>,
}

/// A call inside the gate; over when dropped.
pub(crate) struct Inside<'a>(&'a ForkGate);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        reentry::leave();
        self.0.inside.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Waits a little: first on the processor, then asleep. Atomics only, so that it works beside any fork.
fn pause(round: &mut u32) {
    *round = round.saturating_add(1);
    match *round {
        0..=32 => std::hint::spin_loop(),
        33..=64 => std::thread::yield_now(),
        _ => std::thread::sleep(Duration::from_micros(50)),
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ForkGate {
    /// An open gate.
    #[must_use]
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    /// Enters. Waits only while a fork is under way, whose turn comes before that of newcomers.
    ///
    /// Not to be entered twice by one thread: a fork in between would wait for ever.
    pub(crate) fn enter(&self) -> Inside<'_> {
        reentry::enter();
        let mut round = 0;
        loop {
            self.inside.fetch_add(1, Ordering::SeqCst);
            if !self.shut.load(Ordering::SeqCst) {
                return Inside(self);
            }
            self.inside.fetch_sub(1, Ordering::SeqCst);
            while self.shut.load(Ordering::SeqCst) {
                pause(&mut round);
            }
        }
    }

    /// Shuts the gate, waits until nobody is inside, and closes every idle connection. Called in the thread that
    /// is about to fork; of two such threads the second waits until the first has forked.
    ///
    /// Waits as long as a call inside takes: at most a commit's write to the disk.
    pub fn prepare(&self) {
        let mut round = 0;
        while self.shut.compare_exchange(false, true, Ordering::SeqCst, Ordering::SeqCst).is_err() {
            pause(&mut round);
        }
        while self.inside.load(Ordering::SeqCst) != 0 {
            pause(&mut round);
        }
        for handles in locked(&self.handles).iter().filter_map(Weak::upgrade) {
            handles.close();
        }
    }

    /// Opens the gate again after a fork, or one that failed.
    pub fn release_in_parent(&self) {
        self.shut.store(false, Ordering::SeqCst);
    }

    /// Closes the lock descriptors that this child inherited, so that no lock outlives its holder here. Only
    /// close(2) and atomics; the parent's threads are not here, and what they stood before is open.
    pub fn release_in_child(&self) {
        if let Ok(mut locks) = self.locks.try_lock() {
            for descriptor in locks.drain(..) {
                // Nothing can be done about a failure, and nothing follows from it: the number is free either way.
                let _ = nix::unistd::close(descriptor);
            }
        }
        self.inside.store(0, Ordering::SeqCst);
        self.shut.store(false, Ordering::SeqCst);
    }

    /// Notes a lock descriptor that was opened inside this same stay.
    pub(crate) fn note_lock(&self, _inside: &Inside<'_>, descriptor: RawFd) {
        locked(&self.locks).push(descriptor);
    }

    /// Forgets a lock descriptor that is closed inside this same stay.
    pub(crate) fn forget_lock(&self, _inside: &Inside<'_>, descriptor: RawFd) {
        let mut locks = locked(&self.locks);
        if let Some(at) = locks.iter().position(|noted| *noted == descriptor) {
            locks.swap_remove(at);
        }
    }

    /// Notes handles to close before a fork.
    pub(crate) fn note_handles(&self, _inside: &Inside<'_>, handles: Weak<dyn Handles>) {
        let mut noted = locked(&self.handles);
        noted.retain(|handles| handles.strong_count() > 0);
        noted.push(handles);
    }
}

/// Finds a thread that enters twice, in builds with debug assertions.
mod reentry {
    use std::cell::Cell;

    thread_local! {
        static INSIDE: Cell<bool> = const { Cell::new(false) };
    }

    pub(super) fn enter() {
        if cfg!(debug_assertions) {
            let twice = INSIDE.with(|inside| inside.replace(true));
            assert!(!twice, "a thread entered the fork gate twice");
        }
    }

    pub(super) fn leave() {
        if cfg!(debug_assertions) {
            INSIDE.with(|inside| inside.set(false));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::IntoRawFd;
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn prepare_waits_for_the_call_inside_and_keeps_newcomers_out() {
        let gate = ForkGate::new();
        let (told, tell) = mpsc::channel();
        let inside = gate.enter();
        std::thread::scope(|scope| {
            let forker = scope.spawn(|| {
                gate.prepare();
                told.send("prepared").unwrap();
            });
            while !gate.shut.load(Ordering::SeqCst) {
                std::thread::yield_now();
            }
            assert!(tell.try_recv().is_err(), "prepared while a call was inside");
            drop(inside);
            forker.join().unwrap();
            assert_eq!(tell.recv().unwrap(), "prepared");
            let newcomer = scope.spawn(|| drop(gate.enter()));
            assert!(!newcomer.is_finished());
            gate.release_in_parent();
            newcomer.join().unwrap();
        });
    }

    #[test]
    fn prepare_comes_through_busy_readers() {
        let gate = ForkGate::new();
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while !stop.load(Ordering::SeqCst) {
                        drop(gate.enter());
                    }
                });
            }
            for _ in 0..200 {
                gate.prepare();
                gate.release_in_parent();
            }
            stop.store(true, Ordering::SeqCst);
        });
        assert_eq!(gate.inside.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn two_forking_threads_take_turns() {
        let gate = ForkGate::new();
        let forking = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..100 {
                        gate.prepare();
                        assert_eq!(forking.fetch_add(1, Ordering::SeqCst), 0);
                        forking.fetch_sub(1, Ordering::SeqCst);
                        gate.release_in_parent();
                    }
                });
            }
        });
    }

    #[test]
    fn the_child_closes_the_lock_descriptors_that_are_noted() {
        let gate = ForkGate::new();
        let (reader, writer) = std::io::pipe().unwrap();
        let noted = writer.into_raw_fd();
        gate.note_lock(&gate.enter(), noted);
        gate.prepare();
        gate.release_in_child();
        // The pipe's only writing end is closed, so that its reader sees the end.
        let mut reader = reader;
        assert_eq!(std::io::Read::read(&mut reader, &mut [0; 1]).unwrap(), 0);
        drop(gate.enter());
    }

    #[test]
    fn prepare_closes_noted_handles_and_forgets_those_that_went() {
        struct Counted(AtomicUsize);
        impl Handles for Counted {
            fn close(&self) {
                self.0.fetch_add(1, Ordering::SeqCst);
            }
        }
        let gate = ForkGate::new();
        let kept = Arc::new(Counted(AtomicUsize::new(0)));
        let gone = Arc::new(Counted(AtomicUsize::new(0)));
        let weak = Arc::downgrade(&gone);
        gate.note_handles(&gate.enter(), weak);
        drop(gone);
        let weak = Arc::downgrade(&kept);
        gate.note_handles(&gate.enter(), weak);
        assert_eq!(locked(&gate.handles).len(), 1);
        gate.prepare();
        gate.release_in_parent();
        assert_eq!(kept.0.load(Ordering::SeqCst), 1);
    }
}
