//! Where sealed rows live: SQLite files, memory, and the counters of PIN trials.
//!
//! [`Folder::open`] gives the tokens of an installation; [`Folder::fork_gate`] what a process that may fork must
//! pass. [`memory`] and [`faulty`] serve tests.
#![forbid(unsafe_code)]

#[cfg(test)]
mod child;
#[cfg(test)]
mod contract;
mod counters;
pub mod faulty;
mod folder;
mod gate;
mod limits;
mod lock;
pub mod memory;
mod migrations;
mod permissions;
mod reason;
mod sqlite;
mod turn;

pub use folder::{Folder, Layout};
pub use gate::ForkGate;
pub use permissions::Permissions;
