//! Rates: how many operations a second threads make together.

use std::fs;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use cryptoki_sys::CK_RV;

use crate::interface::Answer;
use crate::worker::Worker;

/// How long a thread works before it is measured.
const WARM_UP: Duration = Duration::from_millis(4);
/// The clock is read about this often.
const BETWEEN_READINGS: f64 = 20e-6;

/// What the warming up tells.
enum Warm {
    /// How many operations go between two looks at the clock.
    Batch(u32),
    /// One operation takes longer than the measurement is meant to: this rate is all there is.
    Slow(f64),
}

/// Operations a second of all workers together, each in a thread of its own.
///
/// The time that a thread waits for a core while other programs have it is left out, as far as the kernel tells.
///
/// # Errors
/// What the first failing call answered.
pub(crate) fn rate(workers: &mut [Worker], duration: Duration) -> Answer<f64> {
    let start = Barrier::new(workers.len());
    thread::scope(|scope| {
        let start = &start;
        let running: Vec<_> = workers
            .iter_mut()
            .map(|worker| {
                scope.spawn(move || {
                    // One that fails here still meets the others at the barrier.
                    let warm = warm_up(worker, duration);
                    start.wait();
                    let batch = match warm? {
                        Warm::Slow(rate) => return Ok(rate),
                        Warm::Batch(batch) => batch,
                    };
                    let rate = work(worker, duration, batch)?;
                    check_once_more(worker)?;
                    Ok(rate)
                })
            })
            .collect();
        running.into_iter().map(|thread| thread.join().expect("a thread that measures")).sum()
    })
}

/// Checks an answer, and looks how long an operation takes.
fn warm_up(worker: &mut Worker, duration: Duration) -> Answer<Warm> {
    let first = one(worker)?;
    worker.check()?;
    worker.clear()?;
    // Finding in a large store, not generating keys: that takes very different times.
    if !worker.leaves_objects() && first > duration.as_secs_f64() {
        return Ok(Warm::Slow(1.0 / first));
    }
    if worker.leaves_objects() {
        return Ok(Warm::Batch(1));
    }
    let (begin, mut count) = (Instant::now(), 0_u32);
    while begin.elapsed() < WARM_UP {
        worker.operate()?;
        count += 1;
    }
    let each = begin.elapsed().as_secs_f64() / f64::from(count);
    let batch = (1..=256).take_while(|batch| f64::from(*batch) * each < BETWEEN_READINGS).last().unwrap_or(1);
    Ok(Warm::Batch(batch))
}

/// How long one operation takes, in seconds.
fn one(worker: &mut Worker) -> Answer<f64> {
    let (begin, waited) = (Instant::now(), waited_for_a_core());
    worker.operate()?;
    let waited = waited_for_a_core() - waited;
    Ok((begin.elapsed().as_secs_f64() - waited).max(f64::MIN_POSITIVE))
}

fn work(worker: &mut Worker, duration: Duration, batch: u32) -> Answer<f64> {
    // The waiting is read within what the clock measures, on both ends: never more is left out than was in.
    let (begin, mut busy, mut count) = (Instant::now(), Duration::ZERO, 0_u32);
    let waited = waited_for_a_core();
    while begin.elapsed() < duration {
        let operation = Instant::now();
        for _ in 0..batch {
            worker.operate()?;
        }
        busy += operation.elapsed();
        count += batch;
        worker.clear()?;
    }
    let waited = waited_for_a_core() - waited;
    // Waiting falls on what is measured and on what is not in the same measure.
    let waited = waited * busy.as_secs_f64() / begin.elapsed().as_secs_f64();
    Ok(f64::from(count) / (busy.as_secs_f64() - waited).max(f64::MIN_POSITIVE))
}

fn check_once_more(worker: &mut Worker) -> Result<(), CK_RV> {
    worker.operate()?;
    worker.check()?;
    worker.clear()
}

/// Seconds that this thread has waited for a core; 0 where the kernel does not tell.
pub(crate) fn waited_for_a_core() -> f64 {
    let told = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = told.split_whitespace().nth(1).and_then(|number| number.parse::<f64>().ok());
    nanoseconds.unwrap_or(0.0) / 1e9
}

/// The middle one.
///
/// # Panics
/// Without any.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
