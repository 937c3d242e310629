//! Many processes and threads on one token: forks, locks of PINs, threads, growth.
#![allow(clippy::disallowed_types, reason = "the tests are a C application: they speak the C types")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the tests' bodies are functions that the test macro calls"
)]

mod changing;
mod forking;
mod growth;
mod locking;
mod passwords;
mod threads;
