//! How an object is named in the roster's list of trusted keys.

use pkcs11::Attributes;
use pkcs11::constants::{
    CKA_PRIVATE, CKA_PUBLIC_KEY_INFO, CKA_TRUSTED, CKA_UNIQUE_ID, CKA_VALUE, CKO_CERTIFICATE, CKO_OTP_KEY,
    CKO_SECRET_KEY,
};

use crate::primitives::Primitives;
use crate::quorum::roster::{Roster, TrustedKey};

/// What identifies an object beside its unique id: SHA-384 of its SPKI or certificate; none for a secret key.
fn identity(primitives: &dyn Primitives, object: &Attributes) -> Option<[u8; 48]> {
    let bytes = match object.class() {
        Some(CKO_CERTIFICATE) => object.bytes(CKA_VALUE),
        Some(CKO_SECRET_KEY | CKO_OTP_KEY) => None,
        _ => object.bytes(CKA_PUBLIC_KEY_INFO).filter(|info| !info.is_empty()),
    };
    bytes.map(|bytes| primitives.sha384(&[bytes]))
}

/// The name of an object in the roster.
pub(crate) fn name(primitives: &dyn Primitives, object: &Attributes) -> TrustedKey {
    let unique_id = object.bytes(CKA_UNIQUE_ID).unwrap_or_default().to_vec();
    TrustedKey { unique_id, public_key: identity(primitives, object) }
}

/// Sets `CKA_TRUSTED` of an opened object to what the roster says; objects without the attribute stay without.
pub(crate) fn mark(primitives: &dyn Primitives, roster: &Roster, object: &mut Attributes) {
    if object.value(CKA_TRUSTED).is_none() {
        return;
    }
    let name = name(primitives, object);
    let private = object.is(CKA_PRIVATE);
    object.set_bool(CKA_TRUSTED, roster.trusts(&name.unique_id, name.public_key.as_ref(), private));
}

/// The object as its row holds it.
pub(crate) fn unmarked(object: &Attributes) -> Attributes {
    let mut row = object.clone();
    if row.is(CKA_TRUSTED) {
        row.set_bool(CKA_TRUSTED, false);
    }
    row
}
