//! Published vectors through the C functions, for every mechanism that the module lists; every mechanism in parts, and
//! beside OpenSSL.
//!
//! A file per family says which vectors there are for its mechanisms: tables of values with their source, or sets of
//! Wycheproof by name. A family is added by its file and its line in [`FAMILIES`]. `make test` takes every published
//! table and a few of each kind of Wycheproof's cases, `make vectors` all of them, and prints the table of mechanism,
//! source, vectors run and passed. A mechanism without a line fails the run, as does a vector that fails.
#![allow(clippy::disallowed_types, reason = "the tests are a C application: they speak the C types")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the tests' bodies are functions that the test macro calls"
)]

mod acceptable;
mod acvp;
mod aes;
mod agreed_keys;
mod botan;
mod ciphers;
mod derivations;
mod desk;
mod digests;
mod elliptic;
mod finite_fields;
mod generated;
mod hashes;
mod key_wraps;
mod macs;
mod one_time;
mod parts;
mod passwords;
mod post_quantum;
mod refusals;
mod report;
mod rsa;
mod second_opinion;
mod tls;
mod wycheproof_sets;

use pkcs11_tests::{Test, mechanisms, on_claviger};

use desk::Desk;

on_claviger!(
    every_mechanism_gives_what_was_published,
    every_mechanism_gives_in_parts_what_it_gives_at_once,
    openssl_makes_the_same_of_random_inputs,
);

/// Every family once.
const FAMILIES: &[fn(&Desk<'_>)] = &[
    digests::run,
    macs::run,
    one_time::run,
    aes::run,
    ciphers::run,
    rsa::run,
    botan::run,
    elliptic::run,
    agreed_keys::run,
    finite_fields::run,
    passwords::run,
    derivations::run,
    tls::run,
    generated::run,
    post_quantum::run,
    acvp::run,
    key_wraps::run,
];

fn every_mechanism_gives_what_was_published(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let desk = Desk::new(t.module, session, is_long());
    for family in FAMILIES {
        family(&desk);
    }
    desk.report.borrow().conclude(&mechanisms::listed(&token));
}

fn every_mechanism_gives_in_parts_what_it_gives_at_once(t: &Test) {
    parts::run(&t.token(), is_long());
}

fn openssl_makes_the_same_of_random_inputs(t: &Test) {
    second_opinion::run(t, is_long());
}

/// Whether every case is wanted: `VECTORS=long`.
fn is_long() -> bool {
    std::env::var_os("VECTORS").is_some_and(|form| form == "long")
}
