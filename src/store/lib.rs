//! Where sealed rows live: SQLite files, memory, and the counters of PIN trials.
#![forbid(unsafe_code)]

pub mod faulty;
mod limits;
pub mod memory;
