//! A small number for each thread, to spread what threads would otherwise meet over.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

thread_local! {
    static NUMBER: Cell<usize> = const { Cell::new(usize::MAX) };
}
static THREADS: AtomicUsize = AtomicUsize::new(0);

/// The number that stays with the thread, below `bound`: threads that follow one another have different ones.
pub(super) fn number(bound: usize) -> usize {
    let number = NUMBER.with(|number| {
        if number.get() == usize::MAX {
            number.set(THREADS.fetch_add(1, Ordering::Relaxed));
        }
        number.get()
    });
    number.checked_rem(bound).unwrap_or(0)
}
