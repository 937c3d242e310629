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
                    let batch = warm_up(worker);
                    start.wait();
                    let rate = batch.and_then(|batch| work(worker, duration, batch))?;
                    check_once_more(worker)?;
                    Ok(rate)
                })
            })
            .collect();
        running.into_iter().map(|thread| thread.join().expect("a thread that measures")).sum()
    })
}

/// Checks an answer, and gives how many operations go between two looks at the clock.
fn warm_up(worker: &mut Worker) -> Answer<u32> {
    worker.operate()?;
    worker.check()?;
    worker.clear()?;
    if worker.leaves_objects() {
        return Ok(1);
    }
    let (begin, mut count) = (Instant::now(), 0_u32);
    while begin.elapsed() < WARM_UP {
        worker.operate()?;
        count += 1;
    }
    let each = begin.elapsed().as_secs_f64() / f64::from(count);
    Ok((1..=256).take_while(|batch| f64::from(*batch) * each < BETWEEN_READINGS).last().unwrap_or(1))
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
