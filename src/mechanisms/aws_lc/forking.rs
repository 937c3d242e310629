//! Keeps forks apart from the calls that draw random bytes (docs/decisions/0038).
//!
//! AWS-LC's generator takes locks of its own: to see that the process was forked, to list the states of all threads, to
//! seed them. Nobody else can reach them. A fork while another thread holds one leaves the child a lock that nobody will
//! ever release, and its first signature waits for ever. So each call that may draw goes through `drawing`, and a fork
//! waits until nobody is inside.
//!
//! Entering costs an addition in a line of cache that few threads share. Calls that take seconds ask in between whether a
//! fork waits, and `make_way`.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::thread;

/// Over how many lines of cache threads are spread.
const LINES: usize = 32;

/// A count with a line of cache, and that of the prefetcher, to itself.
#[derive(Default)]
#[repr(align(128))]
struct Line(AtomicUsize);

/// Where calls go in and forks wait: atomics alone, so that a child finds it usable.
pub(super) struct Passage {
    /// How many forks are under way, each from before until after.
    forks: AtomicUsize,
    inside: [Line; LINES],
}

/// The passage of this process: AWS-LC's locks are the process's.
static PASSAGE: Passage = Passage::new();

/// Waits a little: first on the processor, then asleep.
fn pause(round: &mut u32) {
    *round = round.saturating_add(1);
    match *round {
        0..=32 => std::hint::spin_loop(),
        33..=64 => std::thread::yield_now(),
        _ => std::thread::sleep(Duration::from_micros(50)),
    }
}

/// A call inside; over when dropped.
pub(super) struct Inside<'a>(&'a Line);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Passage {
    const fn new() -> Self {
        Self { forks: AtomicUsize::new(0), inside: [const { Line(AtomicUsize::new(0)) }; LINES] }
    }

    /// Enters. Waits while a fork is under way. A thread that is inside must not enter again: a fork in between would
    /// wait for it, and it for the fork.
    fn enter(&self) -> Inside<'_> {
        let line = self.inside.get(thread::number(LINES)).unwrap_or(&self.inside[0]);
        let mut round = 0;
        loop {
            line.0.fetch_add(1, Ordering::SeqCst);
            let inside = Inside(line);
            if self.forks.load(Ordering::SeqCst) == 0 {
                return inside;
            }
            drop(inside);
            while self.forks.load(Ordering::SeqCst) != 0 {
                pause(&mut round);
            }
        }
    }

    /// Lets a fork pass that waits, from within a call that holds no lock at this moment.
    fn make_way(&self) {
        if self.forks.load(Ordering::SeqCst) == 0 {
            return;
        }
        let line = self.inside.get(thread::number(LINES)).unwrap_or(&self.inside[0]);
        line.0.fetch_sub(1, Ordering::SeqCst);
        std::mem::forget(self.enter());
    }

    /// Keeps newcomers out and waits until nobody is inside. Two forks do not wait for one another.
    fn prepare(&self) {
        self.forks.fetch_add(1, Ordering::SeqCst);
        let mut round = 0;
        for line in &self.inside {
            while line.0.load(Ordering::SeqCst) != 0 {
                pause(&mut round);
            }
        }
    }

    fn release_in_parent(&self) {
        self.forks.fetch_sub(1, Ordering::SeqCst);
    }

    /// Nobody is inside where one thread is alone, and no other fork is under way.
    fn release_in_child(&self) {
        for line in &self.inside {
            line.0.store(0, Ordering::SeqCst);
        }
        self.forks.store(0, Ordering::SeqCst);
    }
}

/// Makes a call that may draw random bytes. Not to be nested.
pub(super) fn drawing<T>(call: impl FnOnce() -> T) -> T {
    let _inside = PASSAGE.enter();
    call()
}

/// Lets a fork pass in the middle of a long call of [`drawing`].
pub(super) fn make_way() {
    PASSAGE.make_way();
}

/// To be called before a fork, in the thread that forks: waits until no call draws random bytes, and keeps new ones out.
///
/// Waits as long as a call inside takes: a signature at most, since generations make way.
pub fn prepare() {
    // Gives this thread its state in the generator's list, which the child then need not lock to have one. A failure
    // leaves it to the child.
    let _drawn = super::random(&mut [0]);
    PASSAGE.prepare();
}

/// To be called after a fork, in the parent, or after one that failed.
pub fn release_in_parent() {
    PASSAGE.release_in_parent();
}

/// To be called after a fork, in the child.
pub fn release_in_child() {
    PASSAGE.release_in_child();
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;

    fn shut(passage: &Passage) {
        while passage.forks.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_fork_waits_for_the_call_inside_and_newcomers_wait_for_the_fork() {
        let passage = Passage::new();
        let prepared = AtomicBool::new(false);
        let inside = passage.enter();
        std::thread::scope(|scope| {
            let forker = scope.spawn(|| {
                passage.prepare();
                prepared.store(true, Ordering::SeqCst);
            });
            shut(&passage);
            std::thread::sleep(Duration::from_millis(5));
            assert!(!prepared.load(Ordering::SeqCst), "prepared while a call was inside");
            drop(inside);
            forker.join().unwrap();
            let newcomer = scope.spawn(|| drop(passage.enter()));
            std::thread::sleep(Duration::from_millis(5));
            assert!(!newcomer.is_finished());
            passage.release_in_parent();
            newcomer.join().unwrap();
        });
    }

    #[test]
    fn a_long_call_makes_way_and_goes_on_after_the_fork() {
        let passage = Passage::new();
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let long = scope.spawn(|| {
                let inside = passage.enter();
                while !done.load(Ordering::SeqCst) {
                    passage.make_way();
                }
                drop(inside);
            });
            for _ in 0..100 {
                passage.prepare();
                assert!(passage.inside.iter().all(|line| line.0.load(Ordering::SeqCst) <= 1));
                passage.release_in_parent();
            }
            done.store(true, Ordering::SeqCst);
            long.join().unwrap();
        });
        assert!(passage.inside.iter().all(|line| line.0.load(Ordering::SeqCst) == 0));
    }

    #[test]
    fn two_forks_at_once_do_not_wait_for_one_another() {
        let passage = Passage::new();
        passage.prepare();
        passage.prepare();
        passage.release_in_parent();
        assert_eq!(passage.forks.load(Ordering::SeqCst), 1);
        passage.release_in_child();
        drop(passage.enter());
    }

    #[test]
    fn the_generation_of_a_long_rsa_key_lets_forks_pass() {
        let done = AtomicBool::new(false);
        let waits = std::thread::scope(|scope| {
            let key = scope.spawn(|| {
                let key = super::super::rsa::generate(4096, &[1, 0, 1]);
                done.store(true, Ordering::SeqCst);
                key.map(drop)
            });
            let mut waits = 0_u32;
            while !done.load(Ordering::SeqCst) {
                prepare();
                release_in_parent();
                waits += 1;
                std::thread::sleep(Duration::from_millis(1));
            }
            key.join().unwrap().unwrap();
            waits
        });
        assert!(waits > 2, "{waits} forks passed while the key was made");
    }
}
