//! Programs that people use, over the module: each installed from Debian, none skipped.
#![allow(clippy::disallowed_types, reason = "the tests are a C application: they speak the C types")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the tests' bodies are functions that the test macro calls"
)]

mod c_programs;
mod command;
mod command_keys;
mod command_signals;
mod demo;
mod doctor;
mod engine;
mod nginx;
mod p11tool;
mod pkcs11_tool;
mod terminal;
