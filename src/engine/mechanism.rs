//! PORT: the algorithms of the token. One row a mechanism; what it can is the constructors in its row, so that a
//! flag without code cannot exist.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use pkcs11::constants::{CKF_DIGEST, CKF_GENERATE_KEY_PAIR, CKF_SIGN, CKF_VERIFY};
use pkcs11::{Attributes, KeyType, Mechanism, MechanismType, Result};

/// A key as an algorithm uses it: parsed once, shared by all operations. Wiped when dropped.
pub trait Key: Send + Sync + Any {
    /// Size in the unit of the mechanisms' bounds (bits for RSA and EC).
    fn size(&self) -> u64;
    /// For the family that parsed it.
    fn as_any(&self) -> &dyn Any;
}

/// A running digest.
pub trait Digesting: Send {
    /// Length of the result in bytes.
    fn digest_len(&self) -> usize;
    /// Adds to the message.
    ///
    /// # Errors
    /// [`pkcs11::Error::Primitive`]
    fn update(&mut self, part: &[u8]) -> Result<()>;
    /// Writes the digest; `out` is exactly [`Digesting::digest_len`] long.
    ///
    /// # Errors
    /// [`pkcs11::Error::Primitive`]
    fn finish(self: Box<Self>, out: &mut [u8]) -> Result<()>;
}

/// A running signature.
pub trait Signing: Send {
    /// Length of the signature in bytes.
    fn signature_len(&self) -> usize;
    /// Adds to the message.
    ///
    /// # Errors
    /// [`pkcs11::Error::DataLenRange`] when the mechanism cannot take that much.
    fn update(&mut self, part: &[u8]) -> Result<()>;
    /// Writes the signature; `out` is exactly [`Signing::signature_len`] long.
    ///
    /// # Errors
    /// [`pkcs11::Error::DataLenRange`], [`pkcs11::Error::DataInvalid`], [`pkcs11::Error::Primitive`]
    fn finish(self: Box<Self>, out: &mut [u8]) -> Result<()>;
}

/// A running verification.
pub trait Verifying: Send {
    /// Adds to the message.
    ///
    /// # Errors
    /// [`pkcs11::Error::DataLenRange`] when the mechanism cannot take that much.
    fn update(&mut self, part: &[u8]) -> Result<()>;
    /// Judges.
    ///
    /// # Errors
    /// [`pkcs11::Error::SignatureInvalid`]; [`pkcs11::Error::SignatureLenRange`] for a length that no signature of
    /// this key has; [`pkcs11::Error::DataLenRange`].
    fn finish(self: Box<Self>, signature: &[u8]) -> Result<()>;
}

/// Attributes that generation adds to those of the two templates.
#[derive(Debug, Default)]
pub struct GeneratedPair {
    /// Of the public key: `CKA_MODULUS`, `CKA_EC_POINT`, `CKA_PUBLIC_KEY_INFO`...
    pub public: Attributes,
    /// Of the private key.
    pub private: Attributes,
}

/// Starts a digest.
pub type StartDigest = fn(&Mechanism) -> Result<Box<dyn Digesting>>;
/// Starts a signature.
pub type StartSign = fn(&Mechanism, &Arc<dyn Key>) -> Result<Box<dyn Signing>>;
/// Starts a verification.
pub type StartVerify = fn(&Mechanism, &Arc<dyn Key>) -> Result<Box<dyn Verifying>>;
/// Makes a key pair from the completed attributes of the public and the private key.
pub type MakeKeyPair = fn(&Mechanism, &Attributes, &Attributes) -> Result<GeneratedPair>;

/// What a mechanism can, each with its constructor. Constructors check the parameters
/// ([`pkcs11::Error::MechanismParamInvalid`]) and the key's type ([`pkcs11::Error::KeyTypeInconsistent`]); the
/// engine has checked the size and every attribute.
#[derive(Clone, Copy)]
pub enum Can {
    /// `CKF_DIGEST`
    Digest(StartDigest),
    /// `CKF_SIGN`
    Sign(StartSign),
    /// `CKF_VERIFY`
    Verify(StartVerify),
    /// `CKF_GENERATE_KEY_PAIR`
    GenerateKeyPair(MakeKeyPair),
}

impl Can {
    /// The constructor of a digest, if this is one.
    #[must_use]
    pub fn digest(&self) -> Option<StartDigest> {
        if let Self::Digest(start) = self { Some(*start) } else { None }
    }

    /// The constructor of a signature, if this is one.
    #[must_use]
    pub fn sign(&self) -> Option<StartSign> {
        if let Self::Sign(start) = self { Some(*start) } else { None }
    }

    /// The constructor of a verification, if this is one.
    #[must_use]
    pub fn verify(&self) -> Option<StartVerify> {
        if let Self::Verify(start) = self { Some(*start) } else { None }
    }

    /// The maker of key pairs, if this is one.
    #[must_use]
    pub fn generate_key_pair(&self) -> Option<MakeKeyPair> {
        if let Self::GenerateKeyPair(make) = self { Some(*make) } else { None }
    }

    fn flag(&self) -> u64 {
        match self {
            Self::Digest(_) => CKF_DIGEST,
            Self::Sign(_) => CKF_SIGN,
            Self::Verify(_) => CKF_VERIFY,
            Self::GenerateKeyPair(_) => CKF_GENERATE_KEY_PAIR,
        }
    }
}

impl fmt::Debug for Can {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Digest(_) => "Digest",
            Self::Sign(_) => "Sign",
            Self::Verify(_) => "Verify",
            Self::GenerateKeyPair(_) => "GenerateKeyPair",
        })
    }
}

/// One mechanism.
#[derive(Clone, Copy, Debug)]
pub struct MechanismRow {
    /// Which.
    pub mechanism: MechanismType,
    /// Type of the keys that it uses or makes; `None` for digests.
    pub key_type: Option<KeyType>,
    /// Smallest and largest key, in bits for RSA and EC; 0 and 0 where no key is used.
    pub sizes: (u64, u64),
    /// `CKF_` flags beyond those that `can` implies: the EC ones.
    pub flags: u64,
    /// What it can.
    pub can: &'static [Can],
}

impl MechanismRow {
    /// The `CKF_` flags that `C_GetMechanismInfo` tells.
    #[must_use]
    pub fn info_flags(&self) -> u64 {
        self.can.iter().fold(self.flags, |flags, can| flags | can.flag())
    }
}

/// One type of key: how its components are completed when they come from outside, and parsed for use.
#[derive(Clone, Copy)]
pub struct KeyTypeRow {
    /// A `CKK_` value.
    pub key_type: KeyType,
    /// Checks the components of an imported key and gives the attributes to add: lost primes, `CKA_PUBLIC_KEY_INFO`,
    /// `CKA_MODULUS_BITS`. Errors: [`pkcs11::Error::AttributeValueInvalid`], [`pkcs11::Error::TemplateIncomplete`],
    /// [`pkcs11::Error::TemplateInconsistent`], [`pkcs11::Error::CurveNotSupported`],
    /// [`pkcs11::Error::DomainParamsInvalid`], [`pkcs11::Error::KeySizeRange`].
    pub complete: fn(&Attributes) -> Result<Attributes>,
    /// Parses a complete key (public, private or secret, as `CKA_CLASS` says).
    pub parse: fn(&Attributes) -> Result<Arc<dyn Key>>,
}

impl fmt::Debug for KeyTypeRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyTypeRow({:#x})", self.key_type)
    }
}

/// All algorithms: two tables.
#[derive(Clone, Copy, Debug)]
pub struct Mechanisms {
    /// Every mechanism once.
    pub mechanisms: &'static [&'static [MechanismRow]],
    /// Every key type once.
    pub key_types: &'static [KeyTypeRow],
}

impl Mechanisms {
    /// The row of a mechanism.
    #[must_use]
    pub fn row(&self, mechanism: MechanismType) -> Option<&'static MechanismRow> {
        self.rows().find(|row| row.mechanism == mechanism)
    }

    /// All rows.
    pub fn rows(&self) -> impl Iterator<Item = &'static MechanismRow> + use<> {
        self.mechanisms.iter().copied().flatten()
    }

    /// The row of a key type.
    #[must_use]
    pub fn key_type(&self, key_type: KeyType) -> Option<&'static KeyTypeRow> {
        self.key_types.iter().find(|row| row.key_type == key_type)
    }
}
