//! TABLE: by which value a function refuses what a set calls invalid.

use cryptoki_sys::{
    CK_RV, CKR_ATTRIBUTE_VALUE_INVALID, CKR_ENCRYPTED_DATA_INVALID, CKR_ENCRYPTED_DATA_LEN_RANGE,
    CKR_KEY_SIZE_RANGE, CKR_MECHANISM_PARAM_INVALID, CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE,
    CKR_TEMPLATE_INCOMPLETE, CKR_WRAPPED_KEY_INVALID, CKR_WRAPPED_KEY_LEN_RANGE,
};
use pkcs11_tests::names::rv_name;

/// How the names of sets begin, the function that refuses, and the values that fit: of those that the standard lists for it
/// (chapter 5), the ones that say what is wrong with such a case.
const FITTING: &[(&str, &str, &[CK_RV])] = &[
    ("", "C_CreateObject", &[CKR_ATTRIBUTE_VALUE_INVALID]),
    // A seed of no bytes is none, and so is a value.
    ("MlDsa", "C_CreateObject", &[CKR_TEMPLATE_INCOMPLETE]),
    ("", "C_SignInit", &[CKR_MECHANISM_PARAM_INVALID]),
    ("", "C_VerifyInit", &[CKR_MECHANISM_PARAM_INVALID]),
    ("", "C_Verify", &[CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE]),
    ("", "C_DecryptInit", &[CKR_MECHANISM_PARAM_INVALID]),
    ("", "C_Decrypt", &[CKR_ENCRYPTED_DATA_INVALID, CKR_ENCRYPTED_DATA_LEN_RANGE]),
    ("", "C_UnwrapKey", &[CKR_WRAPPED_KEY_INVALID, CKR_WRAPPED_KEY_LEN_RANGE]),
    ("", "C_DecapsulateKey", &[CKR_WRAPPED_KEY_LEN_RANGE]),
    ("ecdh_", "C_DeriveKey", &[CKR_MECHANISM_PARAM_INVALID]),
    ("x", "C_DeriveKey", &[CKR_MECHANISM_PARAM_INVALID]),
    // More than 255 digests.
    ("hkdf_", "C_DeriveKey", &[CKR_KEY_SIZE_RANGE]),
];

/// What is odd about the refusal of an invalid case of a set, if anything is: the value that came of it, and the function that
/// was the last to answer anything but `CKR_OK`.
pub(crate) fn oddity(set: &str, rv: CK_RV, last: Option<(&str, CK_RV)>) -> Option<String> {
    let Some((function, refused)) = last else { return Some(format!("{} by nobody", rv_name(rv))) };
    let fits =
        FITTING.iter().any(|(of, by, values)| set.starts_with(of) && *by == function && values.contains(&rv));
    (!fits || refused != rv).then(|| format!("{} by {function}", rv_name(rv)))
}
