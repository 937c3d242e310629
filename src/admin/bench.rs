//! `claviger bench`: what a token does in a second here, by keys of a session that leave nothing behind.

mod operations;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use pkcs11::{Access, Error};
use serde::Serialize;

use crate::command::{Stage, Verb};
use crate::failure::{Failure, Result};
use crate::session::{Door, UserSession};
use crate::show::table;
use crate::token::write_json;
use operations::{OPERATIONS, Operation, Operator};

/// The most threads that may be asked for.
const MOST_THREADS: u16 = 256;
/// How long one operation may be measured, in seconds: from, to.
const SECONDS: (f64, f64) = (0.01, 60.0);
/// Operations between two looks at the clock.
const BATCH: u32 = 4;

/// Measures how many operations a second a token does, with keys that are gone afterwards.
#[derive(Debug, Args)]
pub(crate) struct Bench {
    #[command(flatten)]
    door: Door,
    /// How long each operation is measured
    #[arg(long, value_name = "S", default_value_t = 0.3, value_parser = seconds)]
    seconds: f64,
    /// Measure with one thread and with this many; without it, as many as there are cores
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=i64::from(MOST_THREADS)))]
    threads: Option<u16>,
    /// Write JSON, for programs
    #[arg(long)]
    json: bool,
}

/// In JSON. A field is never renamed or taken away once released; new ones may come.
#[derive(Serialize)]
struct Report {
    token: String,
    /// How long each operation was measured.
    seconds: f64,
    results: Vec<Measured>,
}

/// One operation, by so many threads.
#[derive(Serialize)]
struct Measured {
    operation: &'static str,
    threads: u16,
    /// Operations a second of all threads together.
    per_second: f64,
}

fn seconds(text: &str) -> std::result::Result<f64, String> {
    let (from, to) = SECONDS;
    let number = text.parse().ok().filter(|number| (from..=to).contains(number));
    number.ok_or_else(|| format!("a number from {from} to {to}"))
}

impl Verb for Bench {
    fn run(self, stage: &mut Stage<'_>) -> Result<()> {
        let session = self.door.enter(stage, Access::ReadOnly)?;
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let many =
            self.threads.unwrap_or_else(|| u16::try_from(cores).unwrap_or(MOST_THREADS)).min(MOST_THREADS);
        let counts = if many == 1 { vec![1] } else { vec![1, many] };
        let duration = Duration::from_secs_f64(self.seconds);
        let mut results = Vec::new();
        let progress = stage.screen.progress("measuring");
        let all = OPERATIONS.len().try_into().unwrap_or(u64::MAX);
        for (done, row) in (0..).zip(OPERATIONS) {
            progress.set(done, all);
            let failed = |error| Failure::token(format!("{} cannot be measured", row.name), error);
            let keys = row.keys(&session).map_err(failed)?;
            for threads in &counts {
                let per_second = rate(&session, row, keys, *threads, duration).map_err(failed)?;
                results.push(Measured { operation: row.name, threads: *threads, per_second });
            }
        }
        drop(progress);
        let report = Report { token: session.info.label.clone(), seconds: self.seconds, results };
        if self.json { write_json(stage.out, &report) } else { show(stage, &report, &counts) }
    }
}

/// Operations a second of so many threads together, each with a session of its own.
fn rate(
    session: &UserSession,
    row: &'static Operation,
    keys: operations::Keys,
    threads: u16,
    duration: Duration,
) -> pkcs11::Result<f64> {
    let slot = session.token.session_info(session.handle)?.slot;
    let start = Barrier::new(usize::from(threads));
    let one = || {
        // One that cannot begin still meets the others at the start.
        let operator = Operator::new(Arc::clone(&session.token), slot, row, keys);
        start.wait();
        count(&mut operator?, duration)
    };
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
        let joined = running.into_iter().map(|thread| thread.join());
        joined.map(|rate| rate.unwrap_or(Err(Error::Bug("a thread of the measurement panicked")))).sum()
    })
}

fn count(operator: &mut Operator, duration: Duration) -> pkcs11::Result<f64> {
    let (begin, mut count) = (Instant::now(), 0_u32);
    while begin.elapsed() < duration {
        for _ in 0..BATCH {
            operator.operate()?;
        }
        count = count.saturating_add(BATCH);
    }
    Ok(f64::from(count) / begin.elapsed().as_secs_f64())
}

fn show(stage: &mut Stage<'_>, report: &Report, counts: &[u16]) -> Result<()> {
    let named = |count: &u16| if *count == 1 { "1 THREAD".to_owned() } else { format!("{count} THREADS") };
    let of = |name: &str, threads: Option<&u16>| {
        let fits = |result: &&Measured| result.operation == name && Some(&result.threads) == threads;
        report.results.iter().find(fits).map_or_else(String::new, |result| grouped(result.per_second))
    };
    let (one, many) = (counts.first(), counts.get(1));
    let heading = [
        "A SECOND, WITH".to_owned(),
        one.map_or_else(String::new, named),
        many.map_or_else(String::new, named),
    ];
    let rows = OPERATIONS.iter().map(|row| [row.name.to_owned(), of(row.name, one), of(row.name, many)]);
    let rows: Vec<_> = std::iter::once(heading).chain(rows).collect();
    Ok(table(stage.out, stage.screen, &rows)?)
}

/// A rate with its thousands apart; below 100, with a tenth.
fn grouped(rate: f64) -> String {
    if rate < 100.0 {
        return format!("{rate:.1}");
    }
    let digits = format!("{rate:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
