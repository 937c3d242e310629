//! The engine's locks. In builds with debug assertions each acquisition is counted per thread and can be paused by
//! a test; in others these are `parking_lot`'s mutexes and nothing more.

use std::time::Instant;

use parking_lot::MutexGuard;

/// A mutex with a name, by which tests find it.
#[derive(Debug, Default)]
pub struct Mutex<T> {
    #[cfg(debug_assertions)]
    name: &'static str,
    inner: parking_lot::Mutex<T>,
}

impl<T> Mutex<T> {
    /// A free mutex.
    pub fn new(name: &'static str, value: T) -> Self {
        #[cfg(not(debug_assertions))]
        let _ = name;
        Self {
            #[cfg(debug_assertions)]
            name,
            inner: parking_lot::Mutex::new(value),
        }
    }

    /// Takes the lock if it is free.
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        self.inner.try_lock()
    }

    /// Takes the lock; waits.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        let guard = self.inner.lock();
        #[cfg(debug_assertions)]
        watch::acquired(self.name);
        guard
    }

    /// Takes the lock; waits, but not beyond a moment.
    pub fn lock_until(&self, moment: Instant) -> Option<MutexGuard<'_, T>> {
        let guard = self.inner.try_lock_until(moment)?;
        #[cfg(debug_assertions)]
        watch::acquired(self.name);
        Some(guard)
    }
}

/// What tests learn about locks; only in builds with debug assertions.
#[cfg(debug_assertions)]
pub mod watch {
    use std::cell::RefCell;
    use std::collections::BTreeMap;

    /// The name of a lock, and what to run while it is held.
    pub type Pause = Option<(&'static str, Box<dyn FnMut()>)>;

    thread_local! {
        static TAKEN: RefCell<BTreeMap<&'static str, u64>> = const { RefCell::new(BTreeMap::new()) };
        static PAUSE: RefCell<Pause> = const { RefCell::new(None) };
    }

    /// How many of the engine's locks this thread has taken.
    #[must_use]
    pub fn count() -> u64 {
        TAKEN.with_borrow(|taken| taken.values().sum())
    }

    /// How often this thread has taken locks of this name.
    #[must_use]
    pub fn taken(name: &str) -> u64 {
        TAKEN.with_borrow(|taken| taken.get(name).copied().unwrap_or_default())
    }

    /// Has `action` run in this thread each time it holds a lock of this name; `None` ends that.
    pub fn pause_at(pause: Pause) {
        PAUSE.with(|place| place.replace(pause));
    }

    pub(super) fn acquired(name: &'static str) {
        let _ = TAKEN.try_with(|taken| *taken.borrow_mut().entry(name).or_default() += 1);
        let _ = PAUSE.try_with(|place| {
            if let Ok(mut place) = place.try_borrow_mut()
                && let Some((wanted, action)) = place.as_mut()
                && *wanted == name
            {
                action();
            }
        });
    }
}
