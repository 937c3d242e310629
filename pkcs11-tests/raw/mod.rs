//! The one room with unsafe code: calls through the module's function list, `dlopen`, `fork`.
//!
//! A test must be able to send what a broken application sends, so nothing here judges what it passes on.

mod absent;
mod calls;
pub mod derivations;
pub mod image;
mod interfaces;
pub mod key_wraps;
mod legacy;
pub mod limits;
mod managing;
pub mod messages;
mod module;
pub mod one_time;
pub mod parameters;
pub mod process;
mod sent;
pub mod shim;
mod since_3;
mod transforming;
pub mod words;

pub use interfaces::Through;
pub use managing::Attributes;
pub use module::{Interface, Module};
pub use process::Forked;
pub use sent::{Attribute, Out, Sent, Template, Value, mechanism, pss};
