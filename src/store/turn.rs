//! Whose turn it is to write a store: a queue over all processes of the machine (decision 0011).
//!
//! SQLite decides who *may* write; left alone with its polling, busy writers starve the others. So each writer
//! first takes a ticket: the next number in the queue's file, and a lock on the byte of that number, which the
//! kernel gives back when the writer dies. Its turn has come when nobody holds the byte of a smaller number. The
//! order is that of arrival, however the waiting is done; and somebody who stops waiting leaves no gap.
//!
//! A queue's file that is deleted or damaged costs fairness, never safety.

use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use pkcs11::Result;

use crate::gate::ForkGate;
use crate::lock::{Kind, LockFile, Patience};
use crate::permissions::Permissions;
use crate::reason;

/// The byte under whose lock tickets are drawn.
const DRAWER: i64 = 0;
/// A byte that nobody locks, so that the range before the first ticket is not empty: an empty one means
/// "to the end" to the system.
const BEFORE: i64 = 15;
/// The byte of ticket 0.
const FIRST: i64 = 16;
/// Those within this many tickets of the front ask more often, so that a turn is not idle for long.
const NEAR: i64 = 3;
/// Tickets begin again at 0 beyond this one: never, at a million draws a second for 70,000 years.
const LAST: u64 = 1 << 61;

/// A turn to write; over when dropped.
pub(crate) struct Turn {
    _ticket: LockFile,
}

/// Draws a ticket of the queue in the file `path`, and waits until its turn has come, for `bound` at most.
///
/// # Errors
/// [`pkcs11::Error::StoreBusy`] when it did not come in time, [`pkcs11::Error::StoreReadOnly`],
/// [`pkcs11::Error::StoreFull`], [`pkcs11::Error::StoreIo`].
pub(crate) fn take(
    gate: &Arc<ForkGate>,
    path: &Path,
    permissions: Permissions,
    bound: Duration,
) -> Result<Turn> {
    let patience = Patience::new(bound);
    let file = LockFile::open_or_make(gate, path, permissions)?;
    let ticket = draw(&file, &patience)?;
    while file.is_held_by_another(BEFORE..ticket)? {
        let front = ticket - NEAR;
        if front > BEFORE && file.is_held_by_another(BEFORE..front)? {
            patience.wait(path)?;
        } else {
            patience.wait_briefly(path)?;
        }
    }
    Ok(Turn { _ticket: file })
}

/// Gives the byte of the ticket, locked.
fn draw(file: &LockFile, patience: &Patience) -> Result<i64> {
    file.lock(DRAWER..DRAWER + 1, Kind::Exclusive, patience)?;
    let mut number = [0; 8];
    let read = file.file()?.read_at(&mut number, 0).map_err(|e| reason::reading(file.path(), &e))?;
    let mut number = if read == number.len() { u64::from_be_bytes(number) } else { 0 };
    let ticket = loop {
        number = if number < LAST { number } else { 0 };
        let ticket = FIRST.saturating_add_unsigned(number);
        number += 1;
        if file.try_lock(ticket..ticket + 1, Kind::Exclusive)? {
            break ticket;
        }
    };
    let written = file.file()?.write_all_at(&number.to_be_bytes(), 0);
    written.map_err(|e| reason::writing(file.path(), &e))?;
    file.unlock(DRAWER..DRAWER + 1)?;
    Ok(ticket)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use pkcs11::Error;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);
    const SHORT: Duration = Duration::from_millis(5);

    struct Queue {
        folder: tempfile::TempDir,
        gate: Arc<ForkGate>,
    }

    impl Queue {
        fn new() -> Self {
            Self { folder: tempfile::tempdir().unwrap(), gate: ForkGate::new() }
        }

        fn take(&self, bound: Duration) -> Result<Turn> {
            take(&self.gate, &self.folder.path().join("lock"), Permissions::Private, bound)
        }

        fn drawn(&self) -> u64 {
            let bytes = std::fs::read(self.folder.path().join("lock")).unwrap();
            u64::from_be_bytes(bytes.try_into().unwrap())
        }
    }

    #[test]
    fn turns_come_in_the_order_of_arrival() {
        let queue = Queue::new();
        let order = Mutex::new(Vec::new());
        let first = queue.take(LONG).unwrap();
        std::thread::scope(|scope| {
            for arrival in 0..6 {
                scope.spawn({
                    let (queue, order) = (&queue, &order);
                    move || {
                        let turn = queue.take(LONG).unwrap();
                        order.lock().unwrap().push(arrival);
                        drop(turn);
                    }
                });
                while queue.drawn() < arrival + 2 {
                    std::thread::yield_now();
                }
            }
            drop(first);
        });
        assert_eq!(*order.lock().unwrap(), [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn somebody_who_gives_up_leaves_no_gap_and_no_way_in() {
        let queue = Queue::new();
        let first = queue.take(LONG).unwrap();
        assert!(matches!(queue.take(SHORT), Err(Error::StoreBusy(_))));
        assert!(matches!(queue.take(SHORT), Err(Error::StoreBusy(_))));
        drop(first);
        queue.take(SHORT).unwrap();
    }

    #[test]
    fn a_damaged_queue_begins_again() {
        let queue = Queue::new();
        for content in [b"".as_slice(), b"abc", &[0xff; 8], &[0; 8]] {
            std::fs::write(queue.folder.path().join("lock"), content).unwrap();
            drop(queue.take(LONG).unwrap());
            assert!(queue.drawn() >= 1);
        }
    }
}
