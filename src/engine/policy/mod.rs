//! What the standard allows, as tables and as one function an event: each turns a template into complete, typed
//! attributes or into the error that the standard lists, and after it nobody checks again.
//!
//! | event | function |
//! |---|---|
//! | `C_CreateObject` | [`created`], then [`add_material`] |
//! | `C_GenerateKey`, `C_GenerateKeyPair` | [`generated_one`], [`generated_pair`], then [`add_material`] |
//! | `C_UnwrapKey`, `C_UnwrapKeyAuthenticated` | [`unwrapped`], then [`add_material`] |
//! | `C_EncapsulateKey`, `C_DecapsulateKey` | [`encapsulated`], [`decapsulated`], then [`add_material`] |
//! | `C_DeriveKey` | [`derived`], [`derived_data`] or [`derived_public`], then [`add_material`] |
//! | `C_CopyObject` | [`copied`] |
//! | `C_SetAttributeValue` | [`changed`] |
//! | `C_GetAttributeValue` | [`revealed`] |
//! | `C_FindObjectsInit` | [`searched`], [`matches()`] |
//! | `C_DestroyObject` | [`may_destroy`] |
//! | a one-time password | [`one_time::taken`] |
//! | an operation with a key | [`usage::permitted`] |
//! | anything, in approved mode | [`approved::judge`] |
//!
//! `CKA_UNIQUE_ID` is the engine's to set on every object made, copies included.

pub mod access;
mod agreeing;
pub mod approved;
pub mod attributes;
pub mod changing;
pub mod joining;
pub mod making;
pub mod one_time;
pub mod showing;
pub mod usage;
pub mod values;

#[cfg(test)]
mod tests;

pub use access::{Caller, may_change, may_destroy, may_make, may_see};
pub use attributes::INDEXED;
pub use changing::{changed, copied};
pub use making::{
    Inheritance, add_material, created, decapsulated, derived, derived_data, derived_public, encapsulated,
    generated_one, generated_pair, unwrapped,
};
pub use showing::{matches, revealed, searched};
