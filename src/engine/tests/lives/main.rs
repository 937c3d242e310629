//! The engine over memory: whole lives of a token, without C and without files.

#![allow(missing_docs, unreachable_pub, reason = "nothing here is a public interface")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::wildcard_imports,
    clippy::panic,
    reason = "a panic is how a test fails, and the harness is every test's vocabulary"
)]

mod approved;
mod attacks;
mod ciphers;
mod contention;
mod defects;
mod harness;
mod life;
mod locks;
mod people;
mod tampering;
