//! How fast the bare algorithms are here: what no path through the C interface can beat.
//!
//! Each line of standard input names a row of the meter, a number of threads and seconds, as in
//! `sign/ecdsa-p256 2 0.5`; the answer is a line with the operations a second of all threads together, or `-` for a row
//! that has no bare algorithm. Each thread has a key of its own, so that they share nothing. The time that a thread
//! waits for a core while other programs have it is left out.

mod operations;

use std::io::{BufRead as _, Write as _, stdin, stdout};
use std::process::ExitCode;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use operations::operation;
use pkcs11::{Error, Result};

/// How long a thread works before it is measured.
const WARM_UP: Duration = Duration::from_millis(4);
/// The clock is read about this often.
const BETWEEN_READINGS: f64 = 20e-6;

fn main() -> ExitCode {
    for line in stdin().lock().lines() {
        let answer = match line.ok().as_deref().and_then(read) {
            Some((row, threads, duration)) => answer(row, threads, duration),
            None => Err("ROW THREADS SECONDS".to_owned()),
        };
        let told = match answer {
            Ok(rate) => {
                let rate = rate.map_or("-".to_owned(), |rate| format!("{rate}"));
                writeln!(stdout(), "{rate}").and_then(|()| stdout().flush())
            }
            Err(why) => {
                eprintln!("{why}");
                return ExitCode::FAILURE;
            }
        };
        if told.is_err() {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn read(line: &str) -> Option<(&str, usize, Duration)> {
    let mut words = line.split_whitespace();
    let (row, threads, seconds) = (words.next()?, words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let duration = Duration::try_from_secs_f64(seconds).ok()?;
    (1..=1024).contains(&threads).then_some((row, threads, duration))
}

fn answer(row: &str, threads: usize, duration: Duration) -> std::result::Result<Option<f64>, String> {
    // Made here once, so that a key that takes long is there before the threads ask.
    match operation(row) {
        Ok(Some(_)) => measure(row, threads, duration).map(Some).map_err(|error| format!("{row}: {error}")),
        Ok(None) => Ok(None),
        Err(error) => Err(format!("{row}: {error}")),
    }
}

/// Operations a second over all threads.
fn measure(row: &str, threads: usize, duration: Duration) -> Result<f64> {
    let start = Barrier::new(threads);
    let one = || {
        let prepared = prepare(row);
        start.wait();
        let (mut operation, batch) = prepared?;
        let (begin, mut count) = (Instant::now(), 0_u32);
        let waited = waited_for_a_core();
        while begin.elapsed() < duration {
            for _ in 0..batch {
                operation()?;
            }
            count += batch;
        }
        // Read before the clock: never more is left out than was in.
        let waited = waited_for_a_core() - waited;
        Ok(f64::from(count) / (begin.elapsed().as_secs_f64() - waited))
    };
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
        let joined = running.into_iter().map(|thread| thread.join());
        joined.map(|rate| rate.unwrap_or(Err(Error::Bug("a thread of the measurement panicked")))).sum()
    })
}

/// The operation, and how many go between two looks at the clock.
fn prepare(row: &str) -> Result<(operations::Operation, u32)> {
    let mut operation = operation(row)?.ok_or(Error::Bug("a row without an algorithm"))?;
    let (begin, mut count) = (Instant::now(), 0_u32);
    while count == 0 || begin.elapsed() < WARM_UP {
        operation()?;
        count += 1;
    }
    let each = begin.elapsed().as_secs_f64() / f64::from(count);
    let batch = (1..=256).take_while(|batch| f64::from(*batch) * each < BETWEEN_READINGS).last().unwrap_or(1);
    Ok((operation, batch))
}

/// Seconds that this thread has waited for a core; 0 where the kernel does not tell.
fn waited_for_a_core() -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = told.split_whitespace().nth(1).and_then(|number| number.parse::<f64>().ok());
    nanoseconds.unwrap_or(0.0) / 1e9
}
