//! A model of what a session remembers, held against the library: random sequences of calls, and the return value of
//! each one foretold.
//!
//! `machine.rs` is the model: it knows the standard and nothing of the library. `play.rs` makes the calls. A sequence on
//! which both disagree is shrunk to the shortest that shows it, and told call by call.
#![allow(clippy::disallowed_types, reason = "the tests are a C application: they speak the C types")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the tests' bodies are functions that the test macro calls"
)]

mod calls;
mod machine;
mod play;

use std::cell::Cell;

use pkcs11_tests::{Test, on_claviger};
use proptest::test_runner::{Config, TestRunner};

on_claviger!(a_hundred_thousand_random_calls_are_answered_as_the_model_foretells);

/// Calls in all.
const CALLS: u64 = 100_000;
/// Sequences of the long form, which `make model` runs; they are shorter.
const SEQUENCES: u64 = 100_000;

fn a_hundred_thousand_random_calls_are_answered_as_the_model_foretells(t: &Test) {
    let player = play::Player::new(t);
    let long = std::env::var_os("MODEL").is_some_and(|form| form == "long");
    let longest = if long { 40 } else { 400 };
    let (calls, sequences) = (Cell::new(0), Cell::new(0));
    while if long { sequences.get() < SEQUENCES } else { calls.get() < CALLS } {
        let config =
            Config { cases: 50, failure_persistence: None, max_shrink_iters: 5000, ..Config::default() };
        let outcome = TestRunner::new(config).run(&calls::sequence(longest), |sequence| {
            sequences.set(sequences.get() + 1);
            calls.set(calls.get() + sequence.len() as u64);
            player.play(&sequence)
        });
        if let Err(difference) = outcome {
            panic!("after {} calls: {difference}", calls.get());
        }
    }
    println!("{} calls in {} sequences", calls.get(), sequences.get());
}
