//! TABLE: which key may do what.

use pkcs11::constants::{
    CKA_ALLOWED_MECHANISMS, CKA_ALWAYS_AUTHENTICATE, CKA_DECAPSULATE, CKA_DECRYPT, CKA_DERIVE,
    CKA_ENCAPSULATE, CKA_ENCRYPT, CKA_EXTRACTABLE, CKA_SIGN, CKA_SIGN_RECOVER, CKA_TRUSTED, CKA_UNWRAP,
    CKA_VERIFY, CKA_VERIFY_RECOVER, CKA_WRAP, CKA_WRAP_TEMPLATE, CKA_WRAP_WITH_TRUSTED, CKM_AES_CBC,
    CKM_AES_ECB, CKM_RSA_PKCS, CKM_RSA_PKCS_OAEP, CKM_RSA_X_509, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY,
    CKO_SECRET_KEY,
};
use pkcs11::{AttributeType, AttributeValue, Attributes, Error, KeyType, MechanismType, ObjectClass, Result};

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
    row(Operation::Sign, CKA_SIGN, &[CKO_PRIVATE_KEY, CKO_SECRET_KEY], true),
    row(Operation::SignRecover, CKA_SIGN_RECOVER, &[CKO_PRIVATE_KEY], true),
    row(Operation::Verify, CKA_VERIFY, &[CKO_PUBLIC_KEY, CKO_SECRET_KEY], true),
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
    let is_key = |class| matches!(class, CKO_PUBLIC_KEY | CKO_PRIVATE_KEY | CKO_SECRET_KEY);
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

/// An empty `CKA_ALLOWED_MECHANISMS` names no restriction.
fn allows(key: &Attributes, mechanism: MechanismType) -> bool {
    match key.value(CKA_ALLOWED_MECHANISMS) {
        Some(AttributeValue::Ulongs(allowed)) => allowed.is_empty() || allowed.contains(&mechanism),
        Some(_) => false,
        None => true,
    }
}

/// Mechanisms that wrap secret keys alone (sections 6.1.6, 6.1.8, 6.1.9, 6.10.3, 6.10.4): a private key does not fit what
/// they take, or would lie there without a check on its integrity.
const FOR_SECRET_KEYS: &[MechanismType] =
    &[CKM_RSA_PKCS, CKM_RSA_PKCS_OAEP, CKM_RSA_X_509, CKM_AES_ECB, CKM_AES_CBC];

/// Whether `wrapping` may wrap `key` by a mechanism (section 5.18.3).
///
/// # Errors
/// [`Error::KeyNotWrappable`] for what is no private or secret key, for a private key by a mechanism that wraps secret
/// ones, and for a key that wants a trusted wrapping key;
/// [`Error::KeyUnextractable`]; [`Error::KeyHandleInvalid`] for a key that `CKA_WRAP_TEMPLATE` leaves out, as that
/// section says.
pub fn may_wrap(wrapping: &Attributes, key: &Attributes, mechanism: MechanismType) -> Result<()> {
    let class_fits = match key.class() {
        Some(CKO_SECRET_KEY) => true,
        Some(CKO_PRIVATE_KEY) => !FOR_SECRET_KEYS.contains(&mechanism),
        _ => false,
    };
    if !class_fits {
        return Err(Error::KeyNotWrappable);
    }
    if !key.is(CKA_EXTRACTABLE) {
        return Err(Error::KeyUnextractable);
    }
    if key.is(CKA_WRAP_WITH_TRUSTED) && !wrapping.is(CKA_TRUSTED) {
        return Err(Error::KeyNotWrappable);
    }
    match wrapping.value(CKA_WRAP_TEMPLATE) {
        Some(AttributeValue::Template(wanted)) if !matches(key, wanted) => Err(Error::KeyHandleInvalid),
        _ => Ok(()),
    }
}
