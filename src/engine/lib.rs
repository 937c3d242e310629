//! The token: sessions, objects, people and keys, over ports that parts fill.
//!
//! The engine knows nothing of C, SQL, sockets or any crypto library. It is handed [`place::Places`],
//! [`mechanism::Mechanisms`], [`primitives::Primitives`] and a [`clock::Clock`].
#![forbid(unsafe_code)]

// Ports.
pub mod clock;
pub mod mechanism;
pub mod place;
pub mod policy;
pub mod primitives;
pub mod store;

// Tables.
pub mod policy;

// Rooms, each built on those above it.
pub mod sync;
pub mod slab;
pub mod vault;
pub mod quorum;
pub mod audit;
pub mod head;
pub mod commit;
pub mod object;
pub mod login;
pub mod slot;
pub mod search;
pub mod operations;
pub mod session;
pub mod application;

// The chapters of the standard.
mod administration;
mod authentication;
mod digesting;
mod key_management;
mod object_management;
mod people;
mod session_management;
mod signing;
mod token_management;
