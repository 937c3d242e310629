//! The token: sessions, objects, people and keys, over ports that parts fill.
//!
//! The engine knows nothing of C, SQL, sockets or any crypto library. It is handed [`place::Places`],
//! [`mechanism::Mechanisms`], [`primitives::Primitives`] and a [`clock::Clock`].
#![forbid(unsafe_code)]

// Ports.
pub mod clock;
pub mod mechanism;
pub mod parts;
pub mod place;
pub mod primitives;
pub mod store;

// Tables.
pub mod policy;

// Rooms, each built on those above it.
pub mod application;
pub mod audit;
pub mod built_in;
pub mod commit;
pub mod handles;
pub mod head;
pub mod login;
pub mod object;
pub mod operations;
pub mod quorum;
pub mod search;
pub mod seed;
pub mod self_tests;
pub mod session;
pub mod slab;
pub mod slot;
pub mod slot_events;
pub mod sync;
pub mod vault;

// The chapters of the standard.
mod administration;
mod asking;
mod authentication;
mod deriving;
mod digesting;
mod encapsulating;
mod encryption;
mod key_management;
mod keys;
mod messages;
mod mode;
mod object_management;
mod people;
mod saved_state;
mod session_management;
mod signing;
mod token_management;
mod trust;
mod trusted;
mod wrapping_authenticated;
