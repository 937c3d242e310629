//! The token's files, as somebody sees them who can read or write them, and what a crash leaves.
#![allow(clippy::disallowed_types, reason = "the tests are a C application: they speak the C types")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the tests' bodies are functions that the test macro calls"
)]

mod attacker;
mod audit;
mod conditions;
mod configuration;
mod deleting;
mod failing_writes;
mod kills;
mod one_time;
mod secrets;
mod tampering;
mod traces;
