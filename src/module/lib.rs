//! The shared library libclaviger.so: C memory in, C memory out, nothing decided.
//!
//! A call goes through these rooms: `exports.rs` names the kind of each C argument, `pointers.rs` reads and writes the
//! application's memory, `parameters.rs` gives mechanism parameters their form, `library.rs` finds the token, and
//! `rv.rs` turns a reason into a number. `trace.rs` writes down what passed, if asked.

// This crate is where the C structures end; clippy.toml keeps them out of the others.
#![allow(clippy::disallowed_types)]

mod ending;
mod exports;
mod jobs;
mod journal;
mod library;
mod opening;
mod parameters;
mod pointers;
mod points;
mod records;
mod rv;
mod trace;

#[cfg(test)]
mod listed;
