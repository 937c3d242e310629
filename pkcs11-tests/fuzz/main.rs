//! Random calls of all 68 functions of 2.40, mostly well formed, often not.
//!
//! An application may not lend memory that it does not have: what a call points to is always there, unless the length
//! that goes with it is one that no memory has. Everything else about a call is random.
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

mod caller;
mod dice;
mod mechanisms;
mod memory;
mod templates;

use std::env;
use std::time::Instant;

use pkcs11_tests::{Test, on_claviger};

use caller::Caller;

on_claviger!(random_calls_crash_nothing_and_are_answered_as_the_standard_lists);

/// Half a minute of them.
const CALLS: u64 = 500_000;

/// Functions that random arguments may never satisfy in so many calls: those that want a PIN or a right signature.
const SELDOM: usize = 6;

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
        let unlisted =
            if caller.made().is_multiple_of(1000) { t.module.recorder.unlisted() } else { Vec::new() };
        assert!(unlisted.is_empty(), "SEED={seed}, before call {}: {unlisted:?}", caller.made());
    }
    println!("{}", caller.told());
    println!("{} calls in {} s", caller.made(), began.elapsed().as_secs());
    let never = caller.never_succeeded();
    println!("never through: {never:?}");
    assert!(
        never.len() <= SELDOM || calls < CALLS,
        "a generator that never gets through tests little: {never:?}"
    );
}
