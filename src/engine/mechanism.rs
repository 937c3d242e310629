//! PORT: the algorithms of the token. One row a mechanism; what it can is the constructors in its row, so that a
//! flag without code cannot exist.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use pkcs11::constants::{
    CKA_KEY_TYPE, CKO_CERTIFICATE, CKO_DOMAIN_PARAMETERS, CKO_OTP_KEY, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY,
    CKO_SECRET_KEY,
};
use pkcs11::{
    Attributes, Error, KeyType, Mechanism, MechanismType, MessageParameters, Result, Secret, Template,
};

use crate::policy::Inheritance;

mod can;
pub mod vector;

pub use can::Can;

/// A key as an algorithm uses it: parsed once, shared by all operations. Wiped when dropped.
pub trait Key: Send + Sync + Any {
    /// Size in the unit of the mechanisms' bounds (bits for RSA and EC).
    fn size(&self) -> u64;
    /// The bytes of a secret key, for what is derived from them; nothing of other keys.
    fn value(&self) -> Option<&Secret> {
        None
    }
    /// For the family that parsed it.
    fn as_any(&self) -> &dyn Any;
}

/// State that an operation can be saved and taken up again with (`C_GetOperationState`).
pub trait Saving {
    /// The state so far, without the key; `None` where it cannot be told.
    fn save(&self) -> Option<Secret> {
        None
    }

    /// Takes up a saved state, in an operation that has just begun with the same mechanism and key.
    ///
    /// # Errors
    /// [`pkcs11::Error::SavedStateInvalid`]
    fn restore(&mut self, state: &[u8]) -> Result<()> {
        let _ = state;
        Err(Error::SavedStateInvalid)
    }
}

/// A running digest.
pub trait Digesting: Saving + Send {
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
pub trait Signing: Saving + Send {
    /// Length of the signature in bytes.
    fn signature_len(&self) -> usize;
    /// Whether the signature is a one-time password, made with the key's counter: [`Signing::give_counter`].
    fn takes_counter(&self) -> bool {
        false
    }
    /// Gives the counter, which no other password has or will have, right before [`Signing::finish`].
    fn give_counter(&mut self, counter: [u8; 8]) {
        let _ = counter;
    }
    /// Adds to the message.
    ///
    /// # Errors
    /// [`pkcs11::Error::DataLenRange`] when the mechanism cannot take that much.
    fn update(&mut self, part: &[u8]) -> Result<()>;
    /// Writes the signature, in which addresses may stand that point into `out`, the caller's own place; it is exactly [`Signing::signature_len`] long.
    ///
    /// # Errors
    /// [`pkcs11::Error::DataLenRange`], [`pkcs11::Error::DataInvalid`], [`pkcs11::Error::Primitive`]
    fn finish(self: Box<Self>, out: &mut [u8]) -> Result<()>;
}

/// A running verification.
pub trait Verifying: Saving + Send {
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

/// A running encryption, decryption or recovery. Lengths are in bytes.
pub trait Ciphering: Saving + Send {
    /// What [`Ciphering::update`] will write for `len` more bytes: exact.
    fn update_len(&self, len: usize) -> usize;
    /// Takes a part; `out` is exactly [`Ciphering::update_len`] long.
    ///
    /// # Errors
    /// [`pkcs11::Error::DataLenRange`] or [`pkcs11::Error::EncryptedDataLenRange`] when the mechanism cannot take
    /// that much.
    fn update(&mut self, part: &[u8], out: &mut [u8]) -> Result<()>;
    /// The most that [`Ciphering::finish`] will write.
    fn finish_len(&self) -> usize;
    /// Ends, and gives the length written; `out` is at least [`Ciphering::finish_len`] long.
    ///
    /// # Errors
    /// [`pkcs11::Error::DataLenRange`], [`pkcs11::Error::DataInvalid`], [`pkcs11::Error::EncryptedDataInvalid`],
    /// [`pkcs11::Error::EncryptedDataLenRange`], [`pkcs11::Error::Primitive`]
    fn finish(self: Box<Self>, out: &mut [u8]) -> Result<usize>;
    /// The most that [`Ciphering::whole`] will write for `len` bytes, right after the start.
    fn whole_len(&self, len: usize) -> usize;
    /// All at once, right after the start; `out` is at least [`Ciphering::whole_len`] long.
    ///
    /// # Errors
    /// Those of [`Ciphering::finish`].
    fn whole(self: Box<Self>, data: &[u8], out: &mut [u8]) -> Result<usize>;
}

/// A process of encrypting or of decrypting messages, each as long as its ciphertext. Vectors that it generates are counted
/// from its start to its end.
pub trait Messages: Send {
    /// A whole message; `out` is as long as `data`. An encryption writes the vector that it generated, and the tag, into the
    /// parameters.
    ///
    /// # Errors
    /// [`pkcs11::Error::MechanismParamInvalid`], also when the vectors are exhausted; [`pkcs11::Error::DataLenRange`] and
    /// [`pkcs11::Error::EncryptedDataLenRange`]; [`pkcs11::Error::AeadDecryptFailed`] when the tag does not hold.
    fn whole(
        &mut self,
        parameters: &mut MessageParameters,
        associated: &[u8],
        data: &[u8],
        out: &mut [u8],
    ) -> Result<()>;
    /// Begins a message that comes in parts. An encryption writes the vector that it generated into the parameters.
    ///
    /// # Errors
    /// [`pkcs11::Error::MechanismParamInvalid`]
    fn begin(&mut self, parameters: &mut MessageParameters, associated: &[u8]) -> Result<Box<dyn Message>>;
}

/// A message that comes in parts. Lengths are in bytes.
pub trait Message: Send {
    /// What [`Message::update`] will write for `len` more bytes: exact.
    fn update_len(&self, len: usize) -> usize;
    /// Takes a part; `out` is exactly [`Message::update_len`] long.
    ///
    /// # Errors
    /// [`pkcs11::Error::DataLenRange`], [`pkcs11::Error::EncryptedDataLenRange`]
    fn update(&mut self, part: &[u8], out: &mut [u8]) -> Result<()>;
    /// What [`Message::finish`] will write for a last part of `len` bytes: exact.
    fn finish_len(&self, len: usize) -> usize;
    /// Takes the last part; `out` is exactly [`Message::finish_len`] long. An encryption writes the tag into the parameters;
    /// a decryption judges by the one that it finds there.
    ///
    /// # Errors
    /// Those of [`Messages::whole`].
    fn finish(self: Box<Self>, parameters: &mut MessageParameters, part: &[u8], out: &mut [u8])
    -> Result<()>;
}

/// A key encapsulation that is about to happen.
pub trait Encapsulating: Send {
    /// Length of the ciphertext in bytes.
    fn ciphertext_len(&self) -> usize;
    /// Makes a secret for the completed attributes of a new key and writes what lets the private key's owner have it
    /// too; `ciphertext` is exactly [`Encapsulating::ciphertext_len`] long. Gives the attributes to add.
    ///
    /// # Errors
    /// [`pkcs11::Error::Primitive`]
    fn finish(self: Box<Self>, attributes: &Attributes, ciphertext: &mut [u8]) -> Result<Attributes>;
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
/// Starts an encryption, a decryption, a recovery, a wrapping (of a key's bytes) or an unwrapping.
pub type StartCipher = fn(&Mechanism, &Arc<dyn Key>) -> Result<Box<dyn Ciphering>>;
/// Starts a process of encrypting or of decrypting messages.
pub type StartMessages = fn(&Arc<dyn Key>) -> Result<Box<dyn Messages>>;
/// Makes a key pair from the completed attributes of the public and the private key.
pub type MakeKeyPair = fn(&Mechanism, &Attributes, &Attributes) -> Result<GeneratedPair>;
/// Makes a secret key from its completed attributes; gives the attributes to add.
pub type MakeKey = fn(&Mechanism, &Attributes) -> Result<Attributes>;
/// Derives a secret key or data from keys for the completed attributes; gives the attributes to add.
pub type Derive = fn(&Mechanism, &Bases<'_>, &Attributes) -> Result<Attributes>;
/// Begins an encapsulation to a public key.
pub type StartEncapsulate = fn(&Mechanism, &Arc<dyn Key>) -> Result<Box<dyn Encapsulating>>;
/// The attributes to add to the completed ones of a key, from the private key and a ciphertext. A ciphertext of another
/// length than the key's is [`pkcs11::Error::WrappedKeyLenRange`], one that is none [`pkcs11::Error::WrappedKeyInvalid`].
pub type Decapsulate = fn(&Mechanism, &Arc<dyn Key>, &Attributes, &[u8]) -> Result<Attributes>;

/// How a ciphertext becomes a key again.
#[derive(Clone, Copy)]
pub enum Decapsulation {
    /// The mechanism gives the secret.
    Secret(Decapsulate),
    /// The ciphertext is a wrapped key, all of it, and is unwrapped.
    Unwrapping(StartCipher),
}

/// Gives the components of the public key that belongs to a private one, from the attributes of that.
pub type DerivePublic = fn(&Mechanism, &Attributes) -> Result<Attributes>;

/// What a derivation starts from.
#[derive(Clone, Copy)]
pub struct Bases<'a> {
    /// The key that the derivation was called with.
    pub key: &'a Arc<dyn Key>,
    /// Those that its parameters name, in the order of [`Mechanism::keys`].
    pub named: &'a [Arc<dyn Key>],
}

impl fmt::Debug for Bases<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bases(1 + {})", self.named.len())
    }
}

/// A derivation of several keys in one call.
#[derive(Clone, Copy)]
pub struct DeriveSeveral {
    /// Smallest and largest base key in the unit of [`Key::size`], where `C_GetMechanismInfo` tells other bounds
    /// ([`MechanismRow::sizes`]): in another unit, or of keys of one kind alone.
    pub bases: (u64, u64),
    /// How the base keys' protection is handed on.
    pub inheritance: Inheritance,
    /// The template of each key, made of the call's own and of the parameters; nothing in the place of a key that is not
    /// asked for.
    pub templates: fn(&Mechanism, Template) -> Result<Vec<Option<Template>>>,
    /// Derives them all for their completed attributes, in the same order.
    pub derive: fn(&Mechanism, &Bases<'_>, &[Option<Attributes>]) -> Result<Several>,
}

/// What a derivation of several keys gives.
#[derive(Debug)]
pub struct Several {
    /// The attributes to add to each key, in the order of the templates.
    pub keys: Vec<Option<Attributes>>,
    /// What is told in the clear beside the keys: [`pkcs11::DerivedKeys::told`].
    pub told: Vec<u8>,
}

/// What a derivation makes, and by what.
#[derive(Clone, Copy)]
pub enum Derivation {
    /// A secret key, protected like this.
    Key(Inheritance, Derive),
    /// A data object.
    Data(Derive),
    /// The public key of a pair.
    Public(DerivePublic),
    /// Several secret keys.
    Several(DeriveSeveral),
}

/// One mechanism.
#[derive(Clone, Copy, Debug)]
pub struct MechanismRow {
    /// Which.
    pub mechanism: MechanismType,
    /// Types of the keys that it uses, or of those that it makes, of which the template chooses one; none for digests.
    pub key_types: &'static [KeyType],
    /// Smallest and largest key, in bits for RSA and EC, in bytes for AES, HMAC and the public keys of post-quantum pairs, in bits for generic secrets as the
    /// standard's tables have it; 0 and 0 where no key is used.
    pub sizes: (u64, u64),
    /// `CKF_` flags beyond those that `can` implies: the EC ones.
    pub flags: u64,
    /// What it can.
    pub can: &'static [Can],
}

impl MechanismRow {
    /// Smallest and largest key that verifies. `C_GetMechanismInfo` has room for [`MechanismRow::sizes`] alone.
    #[must_use]
    pub fn sizes_to_verify(&self) -> (u64, u64) {
        let wider = |can: &Can| if let Can::VerifyOf(sizes, _) = can { Some(*sizes) } else { None };
        self.can.iter().find_map(wider).unwrap_or(self.sizes)
    }

    /// Smallest and largest key that something is derived from.
    #[must_use]
    pub fn sizes_to_derive(&self) -> (u64, u64) {
        let own = |can: &Can| if let Can::DeriveSeveral(several) = can { Some(several.bases) } else { None };
        self.can.iter().find_map(own).unwrap_or(self.sizes)
    }

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
    /// The bytes of a private or secret key that wrapping wraps: `CKA_VALUE`, or a PKCS #8 `PrivateKeyInfo` (RFC 5958).
    pub to_bytes: fn(&Attributes) -> Result<Secret>,
    /// Reads those bytes into the attributes of a key that a template describes; what it gives is then completed.
    /// Errors: [`pkcs11::Error::WrappedKeyInvalid`], [`pkcs11::Error::TemplateInconsistent`].
    pub from_bytes: fn(&Attributes, &[u8]) -> Result<Attributes>,
}

impl fmt::Debug for KeyTypeRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyTypeRow({:#x})", self.key_type)
    }
}

/// All algorithms: two tables, and what reads certificates.
#[derive(Clone, Copy)]
pub struct Mechanisms {
    /// Every mechanism once.
    pub mechanisms: &'static [&'static [MechanismRow]],
    /// Every key type once.
    pub key_types: &'static [&'static [KeyTypeRow]],
    /// Checks an X.509 certificate and gives the attributes to add: `CKA_CHECK_VALUE`, `CKA_PUBLIC_KEY_INFO`. Error:
    /// [`pkcs11::Error::AttributeValueInvalid`].
    pub certificate: fn(&Attributes) -> Result<Attributes>,
    /// Whether a number without leading zeros is a prime of Diffie-Hellman that a standard names.
    pub is_known_prime: fn(&[u8]) -> bool,
    /// What shows that the algorithms work: tests with known answers.
    pub self_tests: &'static [SelfTest],
    /// Tries a new pair, public key and private one: whether what one does the other undoes. Any error is a failure.
    pub pair_test: fn(&Mechanisms, &Attributes, &Attributes) -> Result<()>,
}

/// A test with a known answer.
#[derive(Clone, Copy, Debug)]
pub struct SelfTest {
    /// What it tests.
    pub name: &'static str,
    /// Whether it stands for a mechanism, alone or with others.
    pub covers: fn(MechanismType) -> bool,
    /// Runs it: any error is a failure.
    pub run: fn(&Mechanisms) -> Result<()>,
}

impl fmt::Debug for Mechanisms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mechanisms")
            .field("mechanisms", &self.mechanisms)
            .field("key_types", &self.key_types)
            .finish_non_exhaustive()
    }
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

    /// What an object from outside brings beside what was said of it, after a check that the parts belong together;
    /// nothing for data objects.
    ///
    /// # Errors
    /// [`Error::AttributeValueInvalid`] for a key type without a row; those of [`KeyTypeRow::complete`] and
    /// [`Mechanisms::certificate`].
    pub fn completed(&self, object: &Attributes) -> Result<Attributes> {
        match (object.class(), object.key_type()) {
            (Some(CKO_CERTIFICATE), _) => (self.certificate)(object),
            (
                Some(CKO_PUBLIC_KEY | CKO_PRIVATE_KEY | CKO_SECRET_KEY | CKO_OTP_KEY | CKO_DOMAIN_PARAMETERS),
                Some(key_type),
            ) => {
                let row = self.key_type(key_type);
                (row.ok_or(Error::AttributeValueInvalid(CKA_KEY_TYPE))?.complete)(object)
            }
            _ => Ok(Attributes::new()),
        }
    }

    /// The row of a key type.
    #[must_use]
    pub fn key_type(&self, key_type: KeyType) -> Option<&'static KeyTypeRow> {
        self.key_types.iter().copied().flatten().find(|row| row.key_type == key_type)
    }
}

#[cfg(test)]
mod tests {
    use pkcs11::constants::CKF_DERIVE;

    use super::*;

    fn nothing(_: &Mechanism, _: &Bases<'_>, _: &Attributes) -> Result<Attributes> {
        Ok(Attributes::new())
    }

    #[test]
    fn a_row_says_what_its_derivation_makes_and_how_it_is_protected() {
        let several = DeriveSeveral {
            bases: (1, 2),
            inheritance: Inheritance::AsBase,
            templates: |_, template| Ok(vec![Some(template)]),
            derive: |_, _, _| Ok(Several { keys: Vec::new(), told: Vec::new() }),
        };
        for (can, makes) in [
            (Can::Derive(nothing), Some(Inheritance::Free)),
            (Can::DeriveProtected(nothing), Some(Inheritance::FromBase)),
            (Can::DeriveSeveral(several), Some(Inheritance::AsBase)),
            (Can::DeriveData(nothing), None),
        ] {
            assert_eq!(can.flag(), CKF_DERIVE);
            let made = match can.derive().unwrap() {
                Derivation::Key(inheritance, _) => Some(inheritance),
                Derivation::Several(several) => Some(several.inheritance),
                Derivation::Data(_) | Derivation::Public(_) => None,
            };
            assert_eq!(made, makes);
        }
    }

    #[test]
    fn bounds_of_base_keys_go_before_those_that_are_told() {
        let several = |_: &Mechanism, _: &Bases<'_>, _: &[Option<Attributes>]| {
            Ok(Several { keys: Vec::new(), told: Vec::new() })
        };
        let own = DeriveSeveral {
            bases: (1, 7),
            inheritance: Inheritance::Free,
            templates: |_, template| Ok(vec![Some(template)]),
            derive: several,
        };
        let can: &'static [Can] = Box::leak(Box::new([Can::DeriveSeveral(own)]));
        let row = MechanismRow { mechanism: 1, key_types: &[], sizes: (8, 56), flags: 0, can };
        assert_eq!(row.sizes_to_derive(), (1, 7));
        let row = MechanismRow { can: &[Can::Derive(nothing)], ..row };
        assert_eq!(row.sizes_to_derive(), (8, 56));
    }
}
