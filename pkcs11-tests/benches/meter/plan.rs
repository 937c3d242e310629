//! How long and how often: the two forms, and what the environment changes about them.

use std::env;
use std::path::PathBuf;

/// How a run goes.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// What was typed, for the page.
    pub(crate) command: &'static str,
    /// Each row is measured so often, with every contender in turn.
    pub(crate) rounds: usize,
    /// Each measurement takes so long.
    pub(crate) seconds: f64,
    /// Objects in the store of the rows about stores.
    pub(crate) objects: usize,
    /// Threads of the rows that are measured with one and with several.
    pub(crate) threads: [usize; 2],
    /// Session keys with several threads too.
    pub(crate) all_variants: bool,
    /// Only rows with this in their name.
    pub(crate) only: String,
    /// Where the page goes: a folder, `docs`.
    pub(crate) page: PathBuf,
}

fn number<T: std::str::FromStr>(variable: &str, default: T) -> T {
    env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

impl Plan {
    /// `METER=long` asks for the long form; `METER_ROUNDS`, `METER_SECONDS`, `METER_OBJECTS`, `METER_THREADS`,
    /// `METER_ONLY` and `METER_PAGE` change a part of either.
    pub(crate) fn from_environment() -> Self {
        let long = env::var("METER").is_ok_and(|form| form == "long");
        let (command, rounds, seconds, objects) =
            if long { ("make bench", 7, 0.2, 1_000) } else { ("make bench-quick", 3, 0.06, 200) };
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let docs = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs");
        Self {
            command,
            rounds: number("METER_ROUNDS", rounds),
            seconds: number("METER_SECONDS", seconds),
            objects: number("METER_OBJECTS", objects),
            threads: [1, number("METER_THREADS", cores.clamp(2, 64))],
            all_variants: long,
            only: env::var("METER_ONLY").unwrap_or_default(),
            page: env::var_os("METER_PAGE").map_or(docs, PathBuf::from),
        }
    }

    /// Whether a row is asked for.
    pub(crate) fn wants(&self, row: &str) -> bool {
        row.contains(&self.only)
    }
}
