//! Why something failed. One variant a reason, with what a log needs; `src/module/rv.rs` maps each to its `CKR_`
//! once. No variant carries a PIN, a key or any other secret.

use std::fmt;
use std::path::PathBuf;

use crate::{AttributeType, MechanismType};

/// A result of this library.
pub type Result<T> = std::result::Result<T, Error>;

/// A reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    // The library.
    /// A defect of ours: `CKR_GENERAL_ERROR`, and logged as one.
    Bug(&'static str),
    /// Memory is exhausted.
    HostMemory,
    /// An argument that no reading of the standard allows.
    ArgumentsBad(&'static str),
    /// Not there yet (`docs/roadmap.md`).
    FunctionNotSupported,
    /// The legacy functions of section 5.20.
    FunctionNotParallel,
    /// Not initialised, finalised, or in the child of a fork.
    NotInitialized,
    /// `C_Initialize` a second time.
    AlreadyInitialized,
    /// Locking with the application's own callbacks alone.
    CantLock,
    /// A configuration file or folder that cannot be used.
    Configuration {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    // Slots, tokens, the store.
    /// No such slot.
    SlotIdInvalid,
    /// The slot is there, its token is not initialised.
    TokenNotInitialized,
    /// The token's device key is missing or of another token.
    DeviceKey {
        /// Where it should be.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The store was written by a newer version.
    StoreNewer {
        /// The store's file.
        path: PathBuf,
        /// Its format.
        found: u64,
        /// The newest that this version knows.
        known: u64,
    },
    /// The store is truncated, no database, or of another token.
    StoreDamaged {
        /// The store's file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Another process held the store for longer than the configured wait.
    StoreBusy(PathBuf),
    /// The store cannot be written by this process.
    StoreReadOnly(PathBuf),
    /// The disk is full.
    StoreFull(PathBuf),
    /// Reading or writing failed.
    StoreIo {
        /// The file.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// Something in the store does not carry the check value that only this token could have written.
    Forged {
        /// What: "row 17", "link 3", "keyring of ...", "public head".
        what: String,
        /// What did not hold.
        reason: &'static str,
    },
    /// Canonical bytes that are not.
    Encoding(&'static str),
    /// The rows that a batch was planned on have changed: plan again.
    Conflict,

    // Sessions.
    /// No such session.
    SessionHandleInvalid,
    /// A panic left this session unusable.
    SessionPoisoned,
    /// The limit of sessions is reached.
    SessionCount,
    /// `CKF_SERIAL_SESSION` was not given.
    SessionParallelNotSupported,
    /// A job goes on with what was asked.
    Pending,
    /// `CKF_ASYNC_SESSION` was given, and the library may have no threads.
    SessionAsyncNotSupported,
    /// The session may not change token objects.
    SessionReadOnly,
    /// An officer cannot log in while read-only sessions are open.
    SessionReadOnlyExists,
    /// No read-only session while an officer is logged in.
    SessionReadWriteSoExists,
    /// `C_InitToken` while sessions are open.
    SessionExists,

    // People.
    /// The PIN is wrong, or nobody of that name is known (which must look the same).
    PinIncorrect,
    /// The new PIN has a form that cannot be.
    PinInvalid(&'static str),
    /// The PIN's length is out of bounds.
    PinLenRange,
    /// Too many failures.
    PinLocked,
    /// Somebody is logged in as this kind of user already.
    UserAlreadyLoggedIn,
    /// The other kind of user is logged in.
    UserAnotherAlreadyLoggedIn,
    /// Nobody, or not the right one, is logged in.
    UserNotLoggedIn,
    /// The user has no PIN yet.
    UserPinNotInitialized,
    /// No such kind of user.
    UserTypeInvalid,
    /// The quorum is not reached yet.
    QuorumPending,
    /// Policy or quorum does not allow it.
    ActionProhibited(&'static str),

    // Objects and templates.
    /// No such object, or not visible to this session.
    ObjectHandleInvalid,
    /// The attribute is computed, or frozen.
    AttributeReadOnly(AttributeType),
    /// The attribute is not shown.
    AttributeSensitive,
    /// No such attribute for such an object.
    AttributeTypeInvalid(AttributeType),
    /// A value that the attribute cannot have.
    AttributeValueInvalid(AttributeType),
    /// An attribute is missing.
    TemplateIncomplete(AttributeType),
    /// Attributes contradict one another or the mechanism.
    TemplateInconsistent(&'static str),

    // Keys.
    /// No such key, or not visible to this session.
    KeyHandleInvalid,
    /// The mechanism is for another type of key.
    KeyTypeInconsistent,
    /// The key's attributes do not allow this.
    KeyFunctionNotPermitted,
    /// The key's size is out of the mechanism's bounds.
    KeySizeRange,
    /// The key's value does not leave the token.
    KeyUnextractable,
    /// The key cannot be wrapped, or not by this key.
    KeyNotWrappable,
    /// The key's value cannot be digested.
    KeyIndigestible,
    /// A saved operation wants a key that was not given.
    KeyNeeded,
    /// A saved operation wants no such key.
    KeyNotNeeded,
    /// Another key than the one that the operation was saved with.
    KeyChanged,
    /// No such wrapping key, or not visible to this session.
    WrappingKeyHandleInvalid,
    /// The wrapping key's size is out of the mechanism's bounds.
    WrappingKeySizeRange,
    /// The mechanism is for another type of wrapping key.
    WrappingKeyTypeInconsistent,
    /// No such unwrapping key, or not visible to this session.
    UnwrappingKeyHandleInvalid,
    /// The unwrapping key's size is out of the mechanism's bounds.
    UnwrappingKeySizeRange,
    /// The mechanism is for another type of unwrapping key.
    UnwrappingKeyTypeInconsistent,
    /// The wrapped key is none.
    WrappedKeyInvalid,
    /// A wrapped key of an impossible length.
    WrappedKeyLenRange,
    /// A curve that is not offered.
    CurveNotSupported,
    /// Domain parameters that are none.
    DomainParamsInvalid,
    /// A parameter set that is not offered.
    ParameterSetNotSupported,

    // Mechanisms and operations.
    /// Not offered, or not for this function.
    MechanismInvalid(MechanismType),
    /// Parameters that the mechanism does not take.
    MechanismParamInvalid(&'static str),
    /// An operation of this kind is active.
    OperationActive,
    /// No operation of this kind is active.
    OperationNotInitialized,
    /// The buffer is too small; the operation stays active.
    BufferTooSmall {
        /// The length that is needed, in bytes.
        needed: usize,
    },
    /// Data of a length that the mechanism does not take.
    DataLenRange,
    /// Data that the mechanism does not take.
    DataInvalid,
    /// Ciphertext that does not decrypt.
    EncryptedDataInvalid,
    /// Ciphertext of an impossible length.
    EncryptedDataLenRange,
    /// A message, its associated data or its tag is another than was encrypted.
    AeadDecryptFailed,
    /// A saved state that is none, or of another application.
    SavedStateInvalid,
    /// The state of this operation cannot be saved.
    StateUnsaveable,
    /// Nothing has happened to any slot.
    NoEvent,
    /// The signature is wrong.
    SignatureInvalid,
    /// The signature has a length that none of this key has.
    SignatureLenRange,
    /// A self-test failed, now or before: a token in approved mode does nothing more.
    SelfTest(&'static str),
    /// The algorithm failed where it must not.
    Primitive(&'static str),
    /// What is wrong with one of the further keys of a derivation: [`crate::DerivedKeys`].
    OfDerivedKey {
        /// Which, the first of the further ones being 1.
        index: usize,
        /// What is wrong with it.
        error: Box<Error>,
    },
}

impl Error {
    /// This error as that of a derivation's key; of the first key, which the call itself describes, it is told as it is.
    #[must_use]
    pub fn of_derived_key(self, index: usize) -> Self {
        match (index, self) {
            (0, error) => error,
            (index, error) => Self::OfDerivedKey { index, error: Box::new(error) },
        }
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bug(what) => write!(f, "a defect of claviger: {what}"),
            Self::HostMemory => f.write_str("out of memory"),
            Self::ArgumentsBad(what) => write!(f, "bad argument: {what}"),
            Self::FunctionNotSupported => f.write_str("this function is not there yet"),
            Self::FunctionNotParallel => f.write_str("nothing runs in parallel in a session"),
            Self::NotInitialized => f.write_str("C_Initialize has not been called in this process"),
            Self::AlreadyInitialized => f.write_str("C_Initialize has been called already"),
            Self::CantLock => f.write_str("locking with the application's callbacks alone is not possible"),
            Self::Configuration { path, reason } => write!(f, "{}: {reason}", path.display()),
            Self::SlotIdInvalid => f.write_str("there is no such slot"),
            Self::TokenNotInitialized => f.write_str("the token is not initialised"),
            Self::DeviceKey { path, reason } => write!(f, "device key {}: {reason}", path.display()),
            Self::StoreNewer { path, found, known } => write!(
                f,
                "{}: written in format {found} by a newer version; this one knows {known} at most",
                path.display()
            ),
            Self::StoreDamaged { path, reason } => write!(f, "{}: {reason}", path.display()),
            Self::StoreBusy(path) => write!(f, "{}: held by another process for too long", path.display()),
            Self::StoreReadOnly(path) => write!(f, "{}: cannot be written", path.display()),
            Self::StoreFull(path) => write!(f, "{}: no space left on the disk", path.display()),
            Self::StoreIo { path, reason } => write!(f, "{}: {reason}", path.display()),
            Self::Forged { what, reason } => write!(f, "{what} is refused: {reason}"),
            Self::Encoding(what) => write!(f, "not in canonical form: {what}"),
            Self::Conflict => f.write_str("somebody else changed the same rows"),
            Self::SessionHandleInvalid => f.write_str("there is no such session"),
            Self::SessionPoisoned => f.write_str("an earlier defect left this session unusable"),
            Self::SessionCount => f.write_str("too many sessions"),
            Self::SessionParallelNotSupported => f.write_str("CKF_SERIAL_SESSION must be set"),
            Self::Pending => f.write_str("a job goes on with it"),
            Self::SessionAsyncNotSupported => f.write_str("there are no asynchronous sessions"),
            Self::SessionReadOnly => f.write_str("the session is read-only"),
            Self::SessionReadOnlyExists => f.write_str("a read-only session is open"),
            Self::SessionReadWriteSoExists => f.write_str("an officer is logged in"),
            Self::SessionExists => f.write_str("a session is open"),
            Self::PinIncorrect => f.write_str("wrong PIN, or nobody of that name"),
            Self::PinInvalid(why) => write!(f, "the PIN is not possible: {why}"),
            Self::PinLenRange => f.write_str("the PIN is too short or too long"),
            Self::PinLocked => f.write_str("locked after too many wrong PINs"),
            Self::UserAlreadyLoggedIn => f.write_str("already logged in"),
            Self::UserAnotherAlreadyLoggedIn => f.write_str("somebody else is logged in"),
            Self::UserNotLoggedIn => f.write_str("not logged in"),
            Self::UserPinNotInitialized => f.write_str("the user has no PIN yet"),
            Self::UserTypeInvalid => f.write_str("there is no such kind of user"),
            Self::QuorumPending => f.write_str("more officers must agree"),
            Self::ActionProhibited(why) => write!(f, "not allowed: {why}"),
            Self::ObjectHandleInvalid => f.write_str("there is no such object for this session"),
            Self::AttributeReadOnly(t) => write!(f, "attribute {t:#x} cannot be set"),
            Self::AttributeSensitive => f.write_str("the value is not shown"),
            Self::AttributeTypeInvalid(t) => write!(f, "attribute {t:#x} is not one of this object"),
            Self::AttributeValueInvalid(t) => write!(f, "attribute {t:#x} cannot have this value"),
            Self::TemplateIncomplete(t) => write!(f, "attribute {t:#x} is missing"),
            Self::TemplateInconsistent(why) => write!(f, "the template contradicts itself: {why}"),
            Self::KeyHandleInvalid => f.write_str("there is no such key for this session"),
            Self::KeyTypeInconsistent => f.write_str("the mechanism is for another type of key"),
            Self::KeyFunctionNotPermitted => f.write_str("the key's attributes do not allow this"),
            Self::KeySizeRange => f.write_str("the key's size is out of bounds"),
            Self::KeyUnextractable => f.write_str("the key's value does not leave the token"),
            Self::KeyNotWrappable => f.write_str("the key cannot be wrapped by this key"),
            Self::KeyIndigestible => f.write_str("the key's value cannot be digested"),
            Self::KeyNeeded => f.write_str("the saved operation wants its key"),
            Self::KeyNotNeeded => f.write_str("the saved operation wants no such key"),
            Self::KeyChanged => f.write_str("the operation was saved with another key"),
            Self::WrappingKeyHandleInvalid => f.write_str("there is no such wrapping key for this session"),
            Self::WrappingKeySizeRange => f.write_str("the wrapping key's size is out of bounds"),
            Self::WrappingKeyTypeInconsistent => {
                f.write_str("the mechanism is for another type of wrapping key")
            }
            Self::UnwrappingKeyHandleInvalid => {
                f.write_str("there is no such unwrapping key for this session")
            }
            Self::UnwrappingKeySizeRange => f.write_str("the unwrapping key's size is out of bounds"),
            Self::UnwrappingKeyTypeInconsistent => {
                f.write_str("the mechanism is for another type of unwrapping key")
            }
            Self::WrappedKeyInvalid => f.write_str("the wrapped key is none"),
            Self::WrappedKeyLenRange => f.write_str("the wrapped key has an impossible length"),
            Self::EncryptedDataInvalid => f.write_str("the ciphertext does not decrypt"),
            Self::EncryptedDataLenRange => f.write_str("the ciphertext has an impossible length"),
            Self::AeadDecryptFailed => f.write_str("the tag of the message does not hold"),
            Self::SavedStateInvalid => f.write_str("the saved state is not one of this application"),
            Self::StateUnsaveable => f.write_str("the state of this operation cannot be saved"),
            Self::NoEvent => f.write_str("nothing has happened to any slot"),
            Self::CurveNotSupported => f.write_str("the curve is not offered"),
            Self::DomainParamsInvalid => f.write_str("the domain parameters are none"),
            Self::ParameterSetNotSupported => f.write_str("the parameter set is not offered"),
            Self::MechanismInvalid(m) => write!(f, "mechanism {m:#x} is not offered for this function"),
            Self::MechanismParamInvalid(why) => write!(f, "mechanism parameters: {why}"),
            Self::OperationActive => f.write_str("such an operation is active already"),
            Self::OperationNotInitialized => f.write_str("no such operation is active"),
            Self::BufferTooSmall { needed } => write!(f, "{needed} bytes are needed"),
            Self::DataLenRange => f.write_str("the data's length is out of bounds"),
            Self::DataInvalid => f.write_str("the data is not what the mechanism takes"),
            Self::SignatureInvalid => f.write_str("the signature is wrong"),
            Self::SignatureLenRange => f.write_str("the signature has an impossible length"),
            Self::SelfTest(which) => {
                write!(f, "a self-test failed, and the token is out of service: {which}")
            }
            Self::Primitive(what) => write!(f, "the algorithm failed: {what}"),
            Self::OfDerivedKey { index, error } => write!(f, "further key {index}: {error}"),
        }
    }
}
