//! Random calls of all 68 functions of 2.40, mostly well formed, often not.
//!
//! An application may not lend memory that it does not have: what a call points to is always there, unless the length
//! that goes with it is one that no memory has. Everything else about a call is random, or belongs to an errand: see
//! `errands.rs`.
//!
//! `make test` runs [`CALLS`] calls from one seed; `make fuzz CALLS=2000000` as many as one likes, from another seed
//! each time. A failure names the seed: `make fuzz SEED=... CALLS=...` runs it again, with `TRACE=1` in the environment
//! every call is told before it is made.
#![allow(clippy::disallowed_types, reason = "the tests are a C application: they speak the C types")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "the tests' bodies are functions that the test macro calls; a generator cuts numbers on purpose"
)]

mod answers;
mod cabinet;
mod caller;
mod dice;
mod errands;
mod mechanisms;
mod memory;
mod pins;
mod templates;

use std::env;
use std::time::Instant;

use pkcs11_tests::{Test, on_claviger};

use caller::Caller;

on_claviger!(random_calls_crash_nothing_and_are_answered_as_the_standard_lists);

/// About a minute: they took 52 seconds of one core of 2026, and waits for the disk.
const CALLS: u64 = 800_000;

/// So often each function must succeed, and so often refuse, in [`CALLS`] calls or more.
const LEAST: u64 = 10;

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok()?.parse().ok()
}

fn random_calls_crash_nothing_and_are_answered_as_the_standard_lists(t: &Test) {
    let seed = number("SEED").unwrap_or(1);
    let calls = number("CALLS").unwrap_or(CALLS);
    println!("SEED={seed} CALLS={calls}");
    let began = Instant::now();
    let mut caller = Caller::new(t, seed, env::var_os("TRACE").is_some());
    while caller.made() < calls {
        caller.call();
    }
    println!("{}", caller.answers().told());
    println!("{} calls in {} s", caller.made(), began.elapsed().as_secs());
    let lopsided = caller.answers().lopsided(LEAST);
    assert!(
        lopsided.is_empty() || calls < CALLS,
        "SEED={seed}: a generator that always or never gets through tests little: {lopsided:?}"
    );
}
