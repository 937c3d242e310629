//! How long and how often: the two forms, and what the environment changes about them.

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use crate::cases::{self, Case};

/// How a run goes.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// What was typed, for the page.
    pub(crate) command: &'static str,
    /// Each row is measured so often, with every contender in turn, while there is time.
    pub(crate) rounds: usize,
    /// How long all rows but those of stores may take: it is shared out among them.
    pub(crate) time: Duration,
    /// How many objects are in the token of the rows about stores, from one size to the next.
    pub(crate) stores: Vec<usize>,
    /// How long the rows of each size may take, filling the token apart.
    pub(crate) store_time: Duration,
    /// A contender that has not filled its token to the next size by then is measured no further.
    pub(crate) fill_time: Duration,
    /// Threads of the rows that are measured with one and with several.
    pub(crate) threads: [usize; 2],
    /// The rare rows too, and session keys with several threads.
    pub(crate) long: bool,
    /// Only rows with this in their name.
    pub(crate) only: String,
    /// Where the page goes: a folder, `docs`.
    pub(crate) page: PathBuf,
}

/// What a measurement takes beside the time that it is meant to: warming up, checking, taking away.
const BESIDE: f64 = 0.012;
/// The shortest and the longest measurement, in seconds.
const SHORTEST: f64 = 0.02;
const LONGEST: f64 = 0.4;

fn number<T: std::str::FromStr>(variable: &str, default: T) -> T {
    env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

impl Plan {
    /// `METER=long` asks for the long form; `METER_ROUNDS`, `METER_SECONDS` (of all rows but the stores'),
    /// `METER_OBJECTS` (the largest store), `METER_THREADS`, `METER_ONLY` and `METER_PAGE` change a part of either.
    pub(crate) fn from_environment() -> Self {
        let long = env::var("METER").is_ok_and(|form| form == "long");
        let (command, rounds, time, largest, store_time, fill_time) = if long {
            ("make bench", 7, 500, 100_000, 75, 180)
        } else {
            ("make bench-quick", 3, 95, 1_000, 8, 20)
        };
        let largest = number("METER_OBJECTS", largest);
        let smaller = [1_000, 10_000, 100_000].into_iter().filter(|size| *size < largest);
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
        let only = env::var("METER_ONLY").unwrap_or_default();
        // A page of some rows does not take the place of that of all.
        let page = root.join(if only.is_empty() { "docs" } else { "target/meter" });
        Self {
            command,
            rounds: number("METER_ROUNDS", rounds),
            time: Duration::from_secs(number("METER_SECONDS", time)),
            stores: smaller.chain([largest]).collect(),
            store_time: Duration::from_secs(store_time),
            fill_time: Duration::from_secs(fill_time),
            threads: [1, number("METER_THREADS", cores.clamp(2, 64))],
            long,
            only,
            page: env::var_os("METER_PAGE").map_or(page, PathBuf::from),
        }
    }

    /// Whether a row is asked for.
    pub(crate) fn wants(&self, row: &str) -> bool {
        row.contains(&self.only)
    }

    /// The rows that are asked for, those of stores apart, each with its place among all.
    pub(crate) fn cases(&self) -> impl Iterator<Item = (usize, &'static Case)> {
        let of_this_form = |case: &Case| self.long || !case.rare || !self.only.is_empty();
        cases::all().enumerate().filter(move |(_, case)| of_this_form(case) && self.wants(case.name))
    }

    /// How long each of so many measurements is, when all of them share `time` in every round.
    pub(crate) fn each(&self, time: Duration, measurements: f64) -> f64 {
        let rounds = f64::from(u32::try_from(self.rounds).unwrap_or(u32::MAX));
        (time.as_secs_f64() / (rounds * measurements).max(1.0) - BESIDE).clamp(SHORTEST, LONGEST)
    }
}
