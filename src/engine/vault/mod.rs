//! The key hierarchy: a newtype for each key, and what each seals (docs/format.md).

pub mod escrow;
pub mod keyring;
pub mod pin;
pub mod row;
