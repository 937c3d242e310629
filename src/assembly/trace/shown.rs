//! What a trace shows: numbers, types and names of the standard; of everything else the length. One table for the library
//! and for the command, so that neither tells what the other keeps.

use pkcs11::AttributeType;
use pkcs11::constants::{
    CK_UNAVAILABLE_INFORMATION, CKA_ALWAYS_AUTHENTICATE, CKA_ALWAYS_SENSITIVE, CKA_CERTIFICATE_TYPE,
    CKA_CLASS, CKA_COPYABLE, CKA_DECRYPT, CKA_DERIVE, CKA_DESTROYABLE, CKA_ENCRYPT, CKA_EXTRACTABLE,
    CKA_KEY_GEN_MECHANISM, CKA_KEY_TYPE, CKA_LOCAL, CKA_MODIFIABLE, CKA_MODULUS_BITS, CKA_NEVER_EXTRACTABLE,
    CKA_PRIVATE, CKA_SENSITIVE, CKA_SIGN, CKA_SIGN_RECOVER, CKA_TOKEN, CKA_TRUSTED, CKA_UNWRAP,
    CKA_VALUE_LEN, CKA_VERIFY, CKA_VERIFY_RECOVER, CKA_WRAP, CKA_WRAP_WITH_TRUSTED, name,
};

/// The longest key that a `CKA_MODULUS_BITS` or `CKA_VALUE_LEN` can mean; a larger number is something else.
pub const LONGEST: u64 = 1 << 20;

/// How the value of a public attribute is shown.
pub enum Public {
    /// By its name, which begins with this.
    Name(&'static str),
    /// As a number, up to [`LONGEST`].
    Number,
    /// As true or false.
    Boolean,
}

/// TABLE: the attributes whose value says nothing about what is stored, only about its kind.
#[must_use]
pub fn public(attribute: AttributeType) -> Option<Public> {
    Some(match attribute {
        CKA_CLASS => Public::Name("CKO_"),
        CKA_KEY_TYPE => Public::Name("CKK_"),
        CKA_CERTIFICATE_TYPE => Public::Name("CKC_"),
        CKA_KEY_GEN_MECHANISM => Public::Name("CKM_"),
        CKA_MODULUS_BITS | CKA_VALUE_LEN => Public::Number,
        CKA_TOKEN
        | CKA_PRIVATE
        | CKA_MODIFIABLE
        | CKA_COPYABLE
        | CKA_DESTROYABLE
        | CKA_SENSITIVE
        | CKA_ALWAYS_SENSITIVE
        | CKA_EXTRACTABLE
        | CKA_NEVER_EXTRACTABLE
        | CKA_LOCAL
        | CKA_TRUSTED
        | CKA_ENCRYPT
        | CKA_DECRYPT
        | CKA_SIGN
        | CKA_SIGN_RECOVER
        | CKA_VERIFY
        | CKA_VERIFY_RECOVER
        | CKA_WRAP
        | CKA_UNWRAP
        | CKA_DERIVE
        | CKA_WRAP_WITH_TRUSTED
        | CKA_ALWAYS_AUTHENTICATE => Public::Boolean,
        _ => return None,
    })
}

/// The name of a value, or its number.
#[must_use]
pub fn named(prefix: &str, value: u64) -> String {
    name(prefix, value).map_or_else(|| format!("{value:#x}"), str::to_owned)
}

/// A handle: those of session objects are easier to tell apart in hexadecimal.
#[must_use]
pub fn handle(value: u64) -> String {
    if value > u64::from(u32::MAX) { format!("{value:#x}") } else { value.to_string() }
}

/// A length, or that there is none.
#[must_use]
pub fn bytes(len: u64) -> String {
    if len == CK_UNAVAILABLE_INFORMATION { "unavailable".to_owned() } else { format!("{len} bytes") }
}

/// Items in brackets, and how many more there are.
#[must_use]
pub fn listed(items: &[String], count: u64) -> String {
    let more = count.saturating_sub(u64::try_from(items.len()).unwrap_or(u64::MAX));
    let end = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("[{}]{end}", items.join(", "))
}
