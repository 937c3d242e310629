//! Much at once: many threads, many sessions, many lives of the library.
//!
//! `make test` runs a short form of each; `make stress` the long one: a minute of 64 threads, and 10,000 turns of
//! `C_Initialize` and `C_Finalize`.
#![allow(clippy::disallowed_types, reason = "the tests are a C application: they speak the C types")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the tests' bodies are functions that the test macro calls"
)]

mod changing;
mod crowd;
mod finalizing;
mod lives;
mod sessions;

/// What a test does so often, unless `STRESS=long` is in the environment.
fn amount<T>(short: T, long: T) -> T {
    if std::env::var_os("STRESS").is_some_and(|form| form == "long") { long } else { short }
}
