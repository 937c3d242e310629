//! TABLE: which key may do what.

use std::ops::Range;

use pkcs11::constants::{
    CKA_ALLOWED_MECHANISMS, CKA_ALWAYS_AUTHENTICATE, CKA_DECAPSULATE, CKA_DECRYPT, CKA_DERIVE,
    CKA_ENCAPSULATE, CKA_ENCRYPT, CKA_EXTRACTABLE, CKA_SIGN, CKA_SIGN_RECOVER, CKA_TRUSTED, CKA_UNWRAP,
    CKA_VALUE_LEN, CKA_VERIFY, CKA_VERIFY_RECOVER, CKA_WRAP, CKA_WRAP_TEMPLATE, CKA_WRAP_WITH_TRUSTED,
    CKK_AES, CKK_CAMELLIA, CKM_AES_CBC, CKM_AES_CBC_PAD, CKM_AES_CCM, CKM_AES_CFB1, CKM_AES_CFB8,
    CKM_AES_CFB64, CKM_AES_CFB128, CKM_AES_CTR, CKM_AES_CTS, CKM_AES_ECB, CKM_AES_GCM, CKM_AES_KEY_WRAP,
    CKM_AES_KEY_WRAP_KWP, CKM_AES_KEY_WRAP_PAD, CKM_AES_KEY_WRAP_PKCS7, CKM_AES_OFB, CKM_CAMELLIA_CBC,
    CKM_CAMELLIA_CBC_PAD, CKM_CAMELLIA_ECB, CKM_CHACHA20, CKM_DES_CBC, CKM_DES_CBC_PAD, CKM_DES_ECB,
    CKM_DES3_CBC, CKM_DES3_CBC_PAD, CKM_DES3_ECB, CKM_ECDH_AES_KEY_WRAP, CKM_ECDH_COF_AES_KEY_WRAP,
    CKM_ECDH_X_AES_KEY_WRAP, CKM_RSA_AES_KEY_WRAP, CKM_RSA_PKCS, CKM_RSA_PKCS_OAEP, CKM_RSA_X_509,
    CKO_OTP_KEY, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY, CKO_SECRET_KEY,
};
use pkcs11::vendor::{CKM_CLOUDHSM_AES_GCM, meant};
use pkcs11::{AttributeType, AttributeValue, Attributes, Error, KeyType, MechanismType, ObjectClass, Result};

use super::joining::keeps_its_mark;
use super::showing::matches;

/// What a key is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// `C_EncryptInit`, `C_MessageEncryptInit`
    Encrypt,
    /// `C_DecryptInit`, `C_MessageDecryptInit`
    Decrypt,
    /// `C_SignInit`, `C_MessageSignInit`
    Sign,
    /// `C_SignRecoverInit`
    SignRecover,
    /// `C_VerifyInit`, `C_MessageVerifyInit`, `C_VerifySignatureInit`
    Verify,
    /// `C_VerifyRecoverInit`
    VerifyRecover,
    /// `C_WrapKey`, `C_WrapKeyAuthenticated`, of the wrapping key
    Wrap,
    /// `C_UnwrapKey`, `C_UnwrapKeyAuthenticated`
    Unwrap,
    /// `C_DeriveKey`
    Derive,
    /// `C_EncapsulateKey`
    Encapsulate,
    /// `C_DecapsulateKey`
    Decapsulate,
}

/// One use of a key.
#[derive(Clone, Copy, Debug)]
pub struct Use {
    /// Which.
    pub operation: Operation,
    /// The attribute of the key that must be TRUE.
    pub attribute: AttributeType,
    /// The classes that have the attribute (sections 4.9 to 4.11).
    pub classes: &'static [ObjectClass],
    /// Whether a context login can come between the start of the operation and the use of the key.
    pub pauses: bool,
}

const fn row(
    operation: Operation,
    attribute: AttributeType,
    classes: &'static [ObjectClass],
    pauses: bool,
) -> Use {
    Use { operation, attribute, classes, pauses }
}

/// Every use once.
pub const USES: &[Use] = &[
    row(Operation::Encrypt, CKA_ENCRYPT, &[CKO_PUBLIC_KEY, CKO_SECRET_KEY], true),
    row(Operation::Decrypt, CKA_DECRYPT, &[CKO_PRIVATE_KEY, CKO_SECRET_KEY], true),
    row(Operation::Sign, CKA_SIGN, &[CKO_PRIVATE_KEY, CKO_SECRET_KEY, CKO_OTP_KEY], true),
    row(Operation::SignRecover, CKA_SIGN_RECOVER, &[CKO_PRIVATE_KEY], true),
    row(Operation::Verify, CKA_VERIFY, &[CKO_PUBLIC_KEY, CKO_SECRET_KEY, CKO_OTP_KEY], true),
    row(Operation::VerifyRecover, CKA_VERIFY_RECOVER, &[CKO_PUBLIC_KEY], true),
    row(Operation::Wrap, CKA_WRAP, &[CKO_PUBLIC_KEY, CKO_SECRET_KEY], false),
    row(Operation::Unwrap, CKA_UNWRAP, &[CKO_PRIVATE_KEY, CKO_SECRET_KEY], false),
    row(Operation::Derive, CKA_DERIVE, &[CKO_PUBLIC_KEY, CKO_PRIVATE_KEY, CKO_SECRET_KEY], false),
    row(Operation::Encapsulate, CKA_ENCAPSULATE, &[CKO_PUBLIC_KEY], false),
    row(Operation::Decapsulate, CKA_DECAPSULATE, &[CKO_PRIVATE_KEY], false),
];

/// Whether the user must give the PIN again before a permitted operation touches the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContextLogin {
    /// No.
    NotNeeded,
    /// Yes: `C_Login` with `CKU_CONTEXT_SPECIFIC` after the operation's start, once for each operation. Until then its
    /// calls answer [`Error::UserNotLoggedIn`].
    Needed,
}

/// Whether a key may do an operation by a mechanism, whose keys are of one of `key_types`.
///
/// Every refusal by class or attribute is [`Error::KeyFunctionNotPermitted`], for `C_WrapKey`, `C_UnwrapKey`,
/// `C_DeriveKey` and the KEM functions too: their lists leave it out, section 5.1.6 describes exactly this case by it,
/// and section 5.1 allows it.
///
/// # Errors
/// [`Error::KeyHandleInvalid`] for an object that is no key; [`Error::KeyTypeInconsistent`], which goes before
/// [`Error::KeyFunctionNotPermitted`] (section 5.1.6); [`Error::MechanismInvalid`] for a mechanism outside
/// `CKA_ALLOWED_MECHANISMS`; [`Error::UserNotLoggedIn`] for a key with `CKA_ALWAYS_AUTHENTICATE` in a function that
/// leaves no moment for the PIN.
pub fn permitted(
    operation: Operation,
    key: &Attributes,
    mechanism: MechanismType,
    key_types: &[KeyType],
) -> Result<ContextLogin> {
    let is_key = |class| matches!(class, CKO_PUBLIC_KEY | CKO_PRIVATE_KEY | CKO_SECRET_KEY | CKO_OTP_KEY);
    let class = key.class().filter(|class| is_key(*class)).ok_or(Error::KeyHandleInvalid)?;
    if !key_types.is_empty() && !key.key_type().is_some_and(|found| key_types.contains(&found)) {
        return Err(Error::KeyTypeInconsistent);
    }
    let usage = USES.iter().find(|usage| usage.operation == operation);
    let usage = usage.ok_or(Error::Bug("an operation without a row"))?;
    if !usage.classes.contains(&class) || !key.is(usage.attribute) {
        return Err(Error::KeyFunctionNotPermitted);
    }
    if !allows(key, mechanism) {
        return Err(Error::MechanismInvalid(mechanism));
    }
    match (key.is(CKA_ALWAYS_AUTHENTICATE), usage.pauses) {
        (false, _) => Ok(ContextLogin::NotNeeded),
        (true, true) => Ok(ContextLogin::Needed),
        (true, false) => Err(Error::UserNotLoggedIn),
    }
}

/// An empty `CKA_ALLOWED_MECHANISMS` names no restriction. An alias in it allows what it means.
fn allows(key: &Attributes, mechanism: MechanismType) -> bool {
    match key.value(CKA_ALLOWED_MECHANISMS) {
        Some(AttributeValue::Ulongs(allowed)) => {
            allowed.is_empty() || allowed.iter().any(|allowed| meant(*allowed) == mechanism)
        }
        Some(_) => false,
        None => true,
    }
}

/// How a mechanism wraps keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wrapping {
    /// Which mechanism.
    pub mechanism: MechanismType,
    /// Whether private keys too. Where not, one does not fit what the mechanism takes, or would lie there in a form
    /// that can be altered piece by piece.
    pub private_keys: bool,
    /// Whether what it makes tells nothing of the key, whatever parameters the caller chooses for this wrapping and for
    /// others by the same key. A stream of key bits that comes twice tells the difference of two keys, whoever made its
    /// vector the first time; a chain of blocks tells which are equal; and a number without padding tells its root.
    pub tells_nothing: bool,
    /// Which of the bytes that unwrapping gives are the key.
    pub extent: Extent,
}

/// Which of the bytes that unwrapping gives are the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of them: the mechanism knows how many were wrapped, and that nobody has altered them.
    Known,
    /// All of them, as padding tells it that anybody can alter.
    Padded,
    /// All of them, as many as were wrapped; each, or (by ciphertext stealing) each block, can be altered alone.
    Stream,
    /// `CKA_VALUE_LEN`: zeros fill the last block of 16 bytes (section 6.10.4).
    Blocks,
    /// `CKA_VALUE_LEN`: zeros fill the last 8 bytes (section 6.16), and nobody has altered them.
    Semiblocks,
    /// The last `CKA_VALUE_LEN` of them (section 6.1.9).
    LowOrder,
}

const fn wrapping(
    mechanism: MechanismType,
    private_keys: bool,
    tells_nothing: bool,
    extent: Extent,
) -> Wrapping {
    Wrapping { mechanism, private_keys, tells_nothing, extent }
}

/// Every mechanism that wraps, once (sections 6.1.6 to 6.1.9, 6.1.21, 6.3.20, 6.10 to 6.13, 6.16, 6.18, 6.47 and 6.58).
/// Decisions 0023 and 0033.
pub const WRAPPINGS: &[Wrapping] = &[
    wrapping(CKM_RSA_PKCS, false, true, Extent::Known),
    wrapping(CKM_RSA_PKCS_OAEP, false, true, Extent::Known),
    wrapping(CKM_RSA_X_509, false, false, Extent::LowOrder),
    wrapping(CKM_AES_ECB, false, false, Extent::Blocks),
    wrapping(CKM_AES_CBC, false, false, Extent::Blocks),
    wrapping(CKM_AES_CBC_PAD, true, false, Extent::Padded),
    wrapping(CKM_AES_CTR, false, false, Extent::Stream),
    wrapping(CKM_AES_CFB1, false, false, Extent::Stream),
    wrapping(CKM_AES_CFB8, false, false, Extent::Stream),
    wrapping(CKM_AES_CFB64, false, false, Extent::Stream),
    wrapping(CKM_AES_CFB128, false, false, Extent::Stream),
    wrapping(CKM_AES_OFB, false, false, Extent::Stream),
    wrapping(CKM_AES_CTS, false, false, Extent::Stream),
    wrapping(CKM_AES_GCM, true, false, Extent::Known),
    // The vector is the token's, and can be given to CKM_AES_GCM with another key.
    wrapping(CKM_CLOUDHSM_AES_GCM, true, false, Extent::Known),
    wrapping(CKM_AES_CCM, true, false, Extent::Known),
    wrapping(CKM_AES_KEY_WRAP, true, true, Extent::Semiblocks),
    wrapping(CKM_AES_KEY_WRAP_PAD, true, true, Extent::Known),
    wrapping(CKM_AES_KEY_WRAP_PKCS7, true, true, Extent::Known),
    wrapping(CKM_AES_KEY_WRAP_KWP, true, true, Extent::Known),
    wrapping(CKM_RSA_AES_KEY_WRAP, true, true, Extent::Known),
    wrapping(CKM_ECDH_AES_KEY_WRAP, true, true, Extent::Known),
    wrapping(CKM_ECDH_COF_AES_KEY_WRAP, true, true, Extent::Known),
    wrapping(CKM_ECDH_X_AES_KEY_WRAP, true, true, Extent::Known),
    // By blocks of 8 bytes alone keys are wrapped and not unwrapped.
    wrapping(CKM_DES_ECB, false, false, Extent::Blocks),
    wrapping(CKM_DES_CBC, false, false, Extent::Blocks),
    wrapping(CKM_DES_CBC_PAD, true, false, Extent::Padded),
    wrapping(CKM_DES3_ECB, false, false, Extent::Blocks),
    wrapping(CKM_DES3_CBC, false, false, Extent::Blocks),
    wrapping(CKM_DES3_CBC_PAD, true, false, Extent::Padded),
    wrapping(CKM_CAMELLIA_ECB, false, false, Extent::Blocks),
    wrapping(CKM_CAMELLIA_CBC, false, false, Extent::Blocks),
    wrapping(CKM_CAMELLIA_CBC_PAD, true, false, Extent::Padded),
    wrapping(CKM_CHACHA20, false, false, Extent::Stream),
];

/// A mechanism without a row gets the narrowest one.
fn wrapping_by(mechanism: MechanismType) -> Wrapping {
    let row = WRAPPINGS.iter().find(|row| row.mechanism == mechanism);
    row.copied().unwrap_or(wrapping(mechanism, false, false, Extent::Known))
}

/// Whether `wrapping` may wrap `key` by a mechanism (section 5.18.3).
///
/// # Errors
/// [`Error::KeyNotWrappable`] for what is no private or secret key, for a private key by a mechanism that wraps secret
/// ones, and for a key that wants a trusted wrapping key and has another, or a mechanism that would tell something of it;
/// [`Error::KeyUnextractable`]; [`Error::KeyHandleInvalid`] for a key that `CKA_WRAP_TEMPLATE` leaves out, as that
/// section says.
pub fn may_wrap(wrapping: &Attributes, key: &Attributes, mechanism: MechanismType) -> Result<()> {
    let how = wrapping_by(mechanism);
    let class_fits = match key.class() {
        Some(CKO_SECRET_KEY) => true,
        Some(CKO_PRIVATE_KEY) => how.private_keys,
        _ => false,
    };
    if !class_fits {
        return Err(Error::KeyNotWrappable);
    }
    if !key.is(CKA_EXTRACTABLE) {
        return Err(Error::KeyUnextractable);
    }
    if key.is(CKA_WRAP_WITH_TRUSTED) {
        if !wrapping.is(CKA_TRUSTED) {
            return Err(Error::KeyNotWrappable);
        }
        if !how.tells_nothing {
            log::warn!(
                "a key with CKA_WRAP_WITH_TRUSTED is not wrapped by mechanism {mechanism:#x}, which would tell of it"
            );
            return Err(Error::KeyNotWrappable);
        }
    }
    if !keeps_its_mark(key, mechanism) {
        return Err(Error::KeyNotWrappable);
    }
    match wrapping.value(CKA_WRAP_TEMPLATE) {
        Some(AttributeValue::Template(wanted)) if !matches(key, wanted) => Err(Error::KeyHandleInvalid),
        _ => Ok(()),
    }
}

/// How a key of this complete template is unwrapped by a mechanism (section 5.18.4).
///
/// # Errors
/// [`Error::TemplateInconsistent`] for what is no private or secret key, and for a private key by a mechanism that
/// unwraps secret ones.
pub fn may_unwrap(template: &Attributes, mechanism: MechanismType) -> Result<Wrapping> {
    let how = wrapping_by(mechanism);
    match template.class() {
        Some(CKO_SECRET_KEY) => Ok(how),
        Some(CKO_PRIVATE_KEY) if how.private_keys => Ok(how),
        Some(CKO_PRIVATE_KEY) => Err(Error::TemplateInconsistent("this mechanism unwraps secret keys alone")),
        _ => Err(Error::TemplateInconsistent("only private and secret keys are unwrapped")),
    }
}

/// Bytes of a secret that are too many to be tried: 112 bits (SP 800-131A section 1.2.1).
const TOO_MANY_TO_TRY: usize = 14;
/// Bytes of a block, and of the half that key wrapping works with.
const BLOCK: usize = 16;
const SEMIBLOCK: usize = 8;

impl Wrapping {
    /// Which of the `len` bytes that unwrapping will give are the key; `None` for all. Judged before anything is
    /// decrypted, and by lengths alone: what is cut off is never looked at, and what is left cannot be tried.
    ///
    /// # Errors
    /// [`Error::WrappedKeyLenRange`]; [`Error::TemplateIncomplete`] where the template must tell the length.
    pub fn key_among(&self, len: usize, template: &Attributes) -> Result<Option<Range<usize>>> {
        let wanted =
            template.ulong(CKA_VALUE_LEN).map(|wanted| usize::try_from(wanted).unwrap_or(usize::MAX));
        let (wanted, surplus) = match (self.extent, wanted) {
            (Extent::Known | Extent::Padded, _) | (Extent::Blocks | Extent::Semiblocks, None) => {
                return Ok(None);
            }
            (Extent::LowOrder, None) => return Err(Error::TemplateIncomplete(CKA_VALUE_LEN)),
            (Extent::Stream, None) => (len, 0),
            (_, Some(wanted)) => (wanted, len.checked_sub(wanted).ok_or(Error::WrappedKeyLenRange)?),
        };
        // Of the last block alone: those before it may be known to who asks.
        let least_of_block = match template.key_type() {
            // The only length of these types that leaves a block half full.
            Some(CKK_AES | CKK_CAMELLIA) => BLOCK / 2,
            _ => TOO_MANY_TO_TRY,
        };
        let good = match self.extent {
            Extent::Known | Extent::Padded => true,
            Extent::Stream => surplus == 0 && wanted >= TOO_MANY_TO_TRY,
            Extent::Blocks => surplus == 0 || surplus + least_of_block <= BLOCK,
            Extent::Semiblocks => surplus == 0 || surplus < SEMIBLOCK && wanted >= TOO_MANY_TO_TRY,
            Extent::LowOrder => wanted >= TOO_MANY_TO_TRY,
        };
        match (good, self.extent) {
            (false, _) => Err(Error::WrappedKeyLenRange),
            (true, Extent::LowOrder) => Ok(Some(surplus..len)),
            (true, _) => Ok(Some(0..wanted)),
        }
    }

    /// What is said of an error in the bytes that were unwrapped. Of padding that anybody can alter it is one and the
    /// same, whether the padding, the length or what stands in it is wrong.
    #[must_use]
    pub fn of_contents(&self, error: Error) -> Error {
        match (self.extent, error) {
            (_, error @ (Error::HostMemory | Error::Primitive(_) | Error::Bug(_))) => error,
            (Extent::Padded, _) => Error::WrappedKeyInvalid,
            (_, error) => error,
        }
    }
}

/// Whether a derived key of so many bytes cannot be found by trying: its check value and its uses tell when a guess is
/// right, and a series of keys each a byte longer would tell the value byte by byte. Decision 0023.
///
/// # Errors
/// [`Error::KeySizeRange`]
pub fn may_derive_len(len: usize) -> Result<()> {
    if len >= TOO_MANY_TO_TRY { Ok(()) } else { Err(Error::KeySizeRange) }
}

#[cfg(test)]
mod tests;
