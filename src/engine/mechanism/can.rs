//! What a mechanism can.

use std::fmt;

use pkcs11::ObjectClass;
use pkcs11::constants::{
    CKF_DECAPSULATE, CKF_DECRYPT, CKF_DERIVE, CKF_DIGEST, CKF_ENCAPSULATE, CKF_ENCRYPT, CKF_GENERATE,
    CKF_GENERATE_KEY_PAIR, CKF_MESSAGE_DECRYPT, CKF_MESSAGE_ENCRYPT, CKF_MESSAGE_SIGN, CKF_MESSAGE_VERIFY,
    CKF_MULTI_MESSAGE, CKF_SIGN, CKF_SIGN_RECOVER, CKF_UNWRAP, CKF_VERIFY, CKF_VERIFY_RECOVER, CKF_WRAP,
    CKO_DOMAIN_PARAMETERS, CKO_OTP_KEY, CKO_SECRET_KEY,
};

use super::{
    Decapsulate, Decapsulation, Derivation, Derive, DerivePublic, DeriveSeveral, MakeKey, MakeKeyPair,
    StartCipher, StartDigest, StartEncapsulate, StartMessages, StartSign, StartVerify,
};
use crate::policy::Inheritance;
use crate::policy::approved::Act;
use crate::policy::usage::Operation;

/// What a mechanism can, each with its constructor. Constructors check the parameters
/// ([`pkcs11::Error::MechanismParamInvalid`]) and the key's type ([`pkcs11::Error::KeyTypeInconsistent`]); the
/// engine has checked the size and every attribute.
#[derive(Clone, Copy)]
pub enum Can {
    /// `CKF_DIGEST`
    Digest(StartDigest),
    /// `CKF_SIGN`
    Sign(StartSign),
    /// `CKF_SIGN`, and no messages: each would be under the one vector or the one-time key that the process began with, or
    /// it is a one-time password, which is of no message.
    SignOnce(StartSign),
    /// `CKF_VERIFY`
    Verify(StartVerify),
    /// `CKF_VERIFY`, and no messages: of what [`Can::SignOnce`] makes.
    VerifyOnce(StartVerify),
    /// `CKF_VERIFY`, of keys of these sizes, which reach beyond the mechanism's: what others once signed.
    VerifyOf((u64, u64), StartVerify),
    /// `CKF_SIGN_RECOVER`
    SignRecover(StartCipher),
    /// `CKF_VERIFY_RECOVER`
    VerifyRecover(StartCipher),
    /// `CKF_ENCRYPT`
    Encrypt(StartCipher),
    /// `CKF_DECRYPT`
    Decrypt(StartCipher),
    /// `CKF_MESSAGE_ENCRYPT`
    MessageEncrypt(StartMessages),
    /// `CKF_MESSAGE_DECRYPT`
    MessageDecrypt(StartMessages),
    /// `CKF_WRAP`
    Wrap(StartCipher),
    /// `CKF_WRAP`, by `C_WrapKeyAuthenticated`: a process of one message.
    WrapAuthenticated(StartMessages),
    /// `CKF_UNWRAP`
    Unwrap(StartCipher),
    /// `CKF_UNWRAP`, by `C_UnwrapKeyAuthenticated`.
    UnwrapAuthenticated(StartMessages),
    /// `CKF_DERIVE`: a secret key, whose protection the template decides ([`Inheritance::Free`]).
    Derive(Derive),
    /// `CKF_DERIVE`: a secret key, to which all bases hand their protection on ([`Inheritance::FromBase`]).
    DeriveProtected(Derive),
    /// `CKF_DERIVE`: a data object, whose length `CKA_VALUE_LEN` tells.
    DeriveData(Derive),
    /// `CKF_DERIVE`: several secret keys, or one with something told beside it.
    DeriveSeveral(DeriveSeveral),
    /// `CKF_ENCAPSULATE`
    Encapsulate(StartEncapsulate),
    /// `CKF_DECAPSULATE`
    Decapsulate(Decapsulate),
    /// `CKF_DECAPSULATE`: exactly as `C_UnwrapKey` would, but that all that comes out is the key.
    DecapsulateWrapped(StartCipher),
    /// `CKF_DERIVE`: the public key that belongs to the private key that is derived from.
    DerivePublic(DerivePublic),
    /// `CKF_GENERATE`
    GenerateKey(MakeKey),
    /// `CKF_GENERATE`: the domain parameters of keys.
    GenerateParameters(MakeKey),
    /// `CKF_GENERATE`: a key of one-time passwords.
    GenerateOtpKey(MakeKey),
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
        if let Self::Sign(start) | Self::SignOnce(start) = self { Some(*start) } else { None }
    }

    /// The constructor of a message's signature, if this is one.
    #[must_use]
    pub fn message_sign(&self) -> Option<StartSign> {
        if let Self::Sign(start) = self { Some(*start) } else { None }
    }

    /// The constructor of a verification, if this is one.
    #[must_use]
    pub fn verify(&self) -> Option<StartVerify> {
        match self {
            Self::Verify(start) | Self::VerifyOf(_, start) | Self::VerifyOnce(start) => Some(*start),
            _ => None,
        }
    }

    /// The constructor of a message's verification, if this is one.
    #[must_use]
    pub fn message_verify(&self) -> Option<StartVerify> {
        if let Self::Verify(start) | Self::VerifyOf(_, start) = self { Some(*start) } else { None }
    }

    /// What starts a process of encrypting messages, if this is that.
    #[must_use]
    pub fn message_encrypt(&self) -> Option<StartMessages> {
        if let Self::MessageEncrypt(start) = self { Some(*start) } else { None }
    }

    /// What starts a process of decrypting messages, if this is that.
    #[must_use]
    pub fn message_decrypt(&self) -> Option<StartMessages> {
        if let Self::MessageDecrypt(start) = self { Some(*start) } else { None }
    }

    /// The constructor of a signature with recovery, if this is one.
    #[must_use]
    pub fn sign_recover(&self) -> Option<StartCipher> {
        if let Self::SignRecover(start) = self { Some(*start) } else { None }
    }

    /// The constructor of a verification with recovery, if this is one.
    #[must_use]
    pub fn verify_recover(&self) -> Option<StartCipher> {
        if let Self::VerifyRecover(start) = self { Some(*start) } else { None }
    }

    /// The constructor of an encryption, if this is one.
    #[must_use]
    pub fn encrypt(&self) -> Option<StartCipher> {
        if let Self::Encrypt(start) = self { Some(*start) } else { None }
    }

    /// The constructor of a decryption, if this is one.
    #[must_use]
    pub fn decrypt(&self) -> Option<StartCipher> {
        if let Self::Decrypt(start) = self { Some(*start) } else { None }
    }

    /// The constructor of a wrapping, if this is one.
    #[must_use]
    pub fn wrap(&self) -> Option<StartCipher> {
        if let Self::Wrap(start) = self { Some(*start) } else { None }
    }

    /// The constructor of an unwrapping, if this is one.
    #[must_use]
    pub fn unwrap(&self) -> Option<StartCipher> {
        if let Self::Unwrap(start) = self { Some(*start) } else { None }
    }

    /// What starts an authenticated wrapping, if this is that.
    #[must_use]
    pub fn wrap_authenticated(&self) -> Option<StartMessages> {
        if let Self::WrapAuthenticated(start) = self { Some(*start) } else { None }
    }

    /// What starts an authenticated unwrapping, if this is that.
    #[must_use]
    pub fn unwrap_authenticated(&self) -> Option<StartMessages> {
        if let Self::UnwrapAuthenticated(start) = self { Some(*start) } else { None }
    }

    /// What it derives, if it does.
    #[must_use]
    pub fn derive(&self) -> Option<Derivation> {
        match self {
            Self::Derive(derive) => Some(Derivation::Key(Inheritance::Free, *derive)),
            Self::DeriveProtected(derive) => Some(Derivation::Key(Inheritance::FromBase, *derive)),
            Self::DeriveData(derive) => Some(Derivation::Data(*derive)),
            Self::DeriveSeveral(several) => Some(Derivation::Several(*several)),
            Self::DerivePublic(derive) => Some(Derivation::Public(*derive)),
            _ => None,
        }
    }

    /// The constructor of an encapsulation, if this is one.
    #[must_use]
    pub fn encapsulate(&self) -> Option<StartEncapsulate> {
        if let Self::Encapsulate(start) = self { Some(*start) } else { None }
    }

    /// The decapsulation, if this is one.
    #[must_use]
    pub fn decapsulate(&self) -> Option<Decapsulation> {
        match self {
            Self::Decapsulate(decapsulate) => Some(Decapsulation::Secret(*decapsulate)),
            Self::DecapsulateWrapped(start) => Some(Decapsulation::Unwrapping(*start)),
            _ => None,
        }
    }

    /// The maker of secret keys, of domain parameters or of keys of one-time passwords, if this is one, and the class of what it makes.
    #[must_use]
    pub fn generate_key(&self) -> Option<(ObjectClass, MakeKey)> {
        match self {
            Self::GenerateKey(make) => Some((CKO_SECRET_KEY, *make)),
            Self::GenerateParameters(make) => Some((CKO_DOMAIN_PARAMETERS, *make)),
            Self::GenerateOtpKey(make) => Some((CKO_OTP_KEY, *make)),
            _ => None,
        }
    }

    /// The maker of key pairs, if this is one.
    #[must_use]
    pub fn generate_key_pair(&self) -> Option<MakeKeyPair> {
        if let Self::GenerateKeyPair(make) = self { Some(*make) } else { None }
    }

    /// What it does, for the table of approved mode.
    #[must_use]
    pub fn act(&self) -> Act {
        match self {
            Self::Digest(_) => Act::Digest,
            Self::Sign(_) | Self::SignOnce(_) => Act::Use(Operation::Sign),
            Self::Verify(_) | Self::VerifyOf(..) | Self::VerifyOnce(_) => Act::Use(Operation::Verify),
            Self::SignRecover(_) => Act::Use(Operation::SignRecover),
            Self::VerifyRecover(_) => Act::Use(Operation::VerifyRecover),
            Self::Encrypt(_) | Self::MessageEncrypt(_) => Act::Use(Operation::Encrypt),
            Self::Decrypt(_) | Self::MessageDecrypt(_) => Act::Use(Operation::Decrypt),
            Self::Wrap(_) | Self::WrapAuthenticated(_) => Act::Use(Operation::Wrap),
            Self::Unwrap(_) | Self::UnwrapAuthenticated(_) => Act::Use(Operation::Unwrap),
            Self::Derive(_)
            | Self::DeriveProtected(_)
            | Self::DeriveData(_)
            | Self::DeriveSeveral(_)
            | Self::DerivePublic(_) => Act::Use(Operation::Derive),
            Self::Encapsulate(_) => Act::Use(Operation::Encapsulate),
            Self::Decapsulate(_) | Self::DecapsulateWrapped(_) => Act::Use(Operation::Decapsulate),
            Self::GenerateKey(_)
            | Self::GenerateParameters(_)
            | Self::GenerateOtpKey(_)
            | Self::GenerateKeyPair(_) => Act::Generate,
        }
    }

    /// The `CKF_` flags that `C_GetMechanismInfo` tells.
    #[must_use]
    pub fn flag(&self) -> u64 {
        match self {
            Self::Digest(_) => CKF_DIGEST,
            Self::Sign(_) => CKF_SIGN | CKF_MESSAGE_SIGN | CKF_MULTI_MESSAGE,
            Self::SignOnce(_) => CKF_SIGN,
            Self::Verify(_) | Self::VerifyOf(..) => CKF_VERIFY | CKF_MESSAGE_VERIFY | CKF_MULTI_MESSAGE,
            Self::VerifyOnce(_) => CKF_VERIFY,
            Self::MessageEncrypt(_) => CKF_MESSAGE_ENCRYPT | CKF_MULTI_MESSAGE,
            Self::MessageDecrypt(_) => CKF_MESSAGE_DECRYPT | CKF_MULTI_MESSAGE,
            Self::SignRecover(_) => CKF_SIGN_RECOVER,
            Self::VerifyRecover(_) => CKF_VERIFY_RECOVER,
            Self::Encrypt(_) => CKF_ENCRYPT,
            Self::Decrypt(_) => CKF_DECRYPT,
            Self::Wrap(_) | Self::WrapAuthenticated(_) => CKF_WRAP,
            Self::Unwrap(_) | Self::UnwrapAuthenticated(_) => CKF_UNWRAP,
            Self::Derive(_)
            | Self::DeriveProtected(_)
            | Self::DeriveData(_)
            | Self::DeriveSeveral(_)
            | Self::DerivePublic(_) => CKF_DERIVE,
            Self::Encapsulate(_) => CKF_ENCAPSULATE,
            Self::Decapsulate(_) | Self::DecapsulateWrapped(_) => CKF_DECAPSULATE,
            Self::GenerateKey(_) | Self::GenerateParameters(_) | Self::GenerateOtpKey(_) => CKF_GENERATE,
            Self::GenerateKeyPair(_) => CKF_GENERATE_KEY_PAIR,
        }
    }
}

impl fmt::Debug for Can {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Can({:#x})", self.flag())
    }
}
