//! The two forms of `CKA_EC_POINT` on Edwards and Montgomery curves (docs/decisions/0027).
//!
//! Version 3.0 had the DER encoding of the key's bytes there, which callers before it expected too, and 3.1 has the
//! bytes themselves (PKCS#11 v3.2 sections 6.3.5 and 6.3.7). The token keeps the bytes.

use pkcs11::constants::{CKA_EC_POINT, CKK_EC_EDWARDS, CKK_EC_MONTGOMERY};
use pkcs11::{Attribute, AttributeType, AttributeValue, KeyType, RawValue, Reveal, Secret};

/// TABLE: the key types whose points have two forms.
const TWO_FORMS: [KeyType; 2] = [CKK_EC_EDWARDS, CKK_EC_MONTGOMERY];

/// TABLE: the forms that are not kept, as what stands before the 32 bytes of a key on curve25519: an `OCTET STRING` and
/// a `BIT STRING`. No point of another curve is of their lengths.
const BEFORE_THE_BYTES: [&[u8]; 2] = [&[0x04, 32], &[0x03, 33, 0]];

/// Gives the points among the answers the form of 3.0, where the key is of such a type.
pub(crate) fn wrap(types: &[AttributeType], answers: &mut [Reveal], key_type: &Reveal) {
    let Reveal::Value(AttributeValue::Ulong(key_type)) = key_type else { return };
    if !TWO_FORMS.contains(key_type) {
        return;
    }
    for (_, answer) in types.iter().zip(answers).filter(|(asked, _)| **asked == CKA_EC_POINT) {
        if let Reveal::Value(AttributeValue::Bytes(point)) = answer
            && let Ok(len) = u8::try_from(point.len())
            && len < 0x80
        {
            *point = Secret::new([&[0x04, len][..], point.expose()].concat());
        }
    }
}

/// Gives a point that is searched for the form that is kept.
pub(crate) fn unwrap(attribute: &mut Attribute) {
    let RawValue::Bytes(value) = &mut attribute.value else { return };
    if attribute.attribute_type != CKA_EC_POINT {
        return;
    }
    let kept = BEFORE_THE_BYTES.iter().find_map(|before| value.expose().strip_prefix(*before));
    if let Some(kept) = kept.filter(|kept| kept.len() == 32) {
        *value = Secret::from(kept);
    }
}
