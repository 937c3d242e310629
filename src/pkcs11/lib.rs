//! The words of PKCS#11 as Rust values: no pointers, no C layout.
//!
//! Everything above and below speaks through these types: the engine implements [`Token`], the shared library
//! translates C memory into it, and a network client may implement it later.
#![forbid(unsafe_code)]

pub mod administration;
pub mod attribute;
pub mod constants;
pub mod cryptoki;
pub mod draft;
pub mod encode;
pub mod error;
pub mod mechanism;
pub mod object;
pub mod output;
pub mod parameters;
pub mod secret;
pub mod session;
pub mod token;
pub mod vendor;

pub use administration::{Administration, Token};
pub use attribute::{Attribute, AttributeType, AttributeValue, Attributes, RawValue, Reveal, Template};
pub use cryptoki::{Cryptoki, Since3};
pub use error::{Error, Result};
pub use mechanism::{Mechanism, MechanismInfo, MechanismType};
pub use object::{DerivedKeys, KeyType, ObjectClass, ObjectHandle};
pub use output::Room;
pub use parameters::message::{
    CcmMessageParameters, CcmWrapParameters, ChaCha20Poly1305MessageParameters, GcmMessageParameters,
    GcmWrapParameters, MessageParameters, Messaging,
};
pub use parameters::{
    CbcEncryptDataParameters, CcmParameters, ChaCha20Parameters, ChaCha20Poly1305Parameters, CounterFormat,
    CounterParameters, DkmLengthFormat, Ecdh1Parameters, EcdhAesKeyWrapParameters, EddsaParameters,
    GcmParameters, HashSignContextParameters, HkdfParameters, HkdfSalt, OaepParameters, OtpParameter,
    Parameters, Pbkd2Parameters, PrfData, PssParameters, RsaAesKeyWrapParameters, SignContextParameters,
    Sp800108Parameters, Tls12ExtendedMasterParameters, Tls12KeyMaterialParameters, Tls12MasterParameters,
    TlsKdfParameters, TlsMacParameters, TlsRandoms,
};
pub use secret::Secret;
pub use session::{Access, SessionHandle, SessionInfo, SessionState, UserType};
pub use token::{LibraryInfo, SlotId, SlotInfo, TokenInfo, Version};
