//! The token: sessions, objects, people and keys, over ports that parts fill.
//!
//! The engine knows nothing of C, SQL, sockets or any crypto library. It is handed [`place::Places`],
//! [`mechanism::Mechanisms`], [`primitives::Primitives`] and a [`clock::Clock`].
#![forbid(unsafe_code)]

pub mod application;
pub mod clock;
pub mod mechanism;
pub mod place;
pub mod policy;
pub mod primitives;
pub mod store;
