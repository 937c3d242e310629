//! The words of PKCS#11 as Rust values: no pointers, no C layout.
//!
//! Everything above and below speaks through these types: the engine implements [`Token`], the shared library
//! translates C memory into it, and a network client may implement it later.
#![forbid(unsafe_code)]

pub mod administration;
pub mod attribute;
pub mod constants;
pub mod cryptoki;
pub mod encode;
pub mod error;
pub mod mechanism;
pub mod object;
pub mod output;
pub mod secret;
pub mod session;
pub mod token;

pub use administration::{Administration, Token};
pub use attribute::{Attribute, AttributeType, AttributeValue, Attributes, RawValue, Reveal, Template};
pub use cryptoki::Cryptoki;
pub use error::{Error, Result};
pub use mechanism::{
    CounterParameters, Ecdh1Parameters, EddsaParameters, GcmParameters, HkdfParameters, HkdfSalt, Mechanism,
    MechanismInfo, MechanismType, OaepParameters, Parameters, Pbkd2Parameters, PssParameters,
};
pub use object::{KeyType, ObjectClass, ObjectHandle};
pub use output::Room;
pub use secret::Secret;
pub use session::{Access, SessionHandle, SessionInfo, SessionState, UserType};
pub use token::{LibraryInfo, SlotId, SlotInfo, TokenInfo, Version};
