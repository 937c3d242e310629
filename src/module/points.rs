//! The two forms of `CKA_EC_POINT` on Edwards and Montgomery curves (docs/decisions/0027).
//!
//! Version 3.0 had the DER encoding of the key's bytes there, which callers before it expected too, and 3.1 has the
//! bytes themselves (PKCS#11 v3.2 sections 6.3.5 and 6.3.7). The token keeps the bytes.

use pkcs11::constants::{CKA_EC_POINT, CKA_KEY_TYPE, CKK_EC_EDWARDS, CKK_EC_MONTGOMERY};
use pkcs11::{Attribute, AttributeType, AttributeValue, KeyType, RawValue, Reveal, Secret};

/// TABLE: the key types whose points have two forms.
const TWO_FORMS: [KeyType; 2] = [CKK_EC_EDWARDS, CKK_EC_MONTGOMERY];

/// TABLE: the forms that are not kept, as what stands before the bytes of a key on curve25519, curve448 and edwards448, and
/// the length of those: an `OCTET STRING` and a `BIT STRING` each.
const BEFORE_THE_BYTES: [(&[u8], usize); 6] = [
    (&[0x04, 32], 32),
    (&[0x03, 33, 0], 32),
    (&[0x04, 56], 56),
    (&[0x03, 57, 0], 56),
    (OF_EDWARDS448, 57),
    (&[0x03, 58, 0], 57),
];

/// What stands before the 57 bytes of a key on edwards448, and before a point of P-224, which has as many.
const OF_EDWARDS448: &[u8] = &[0x04, 57];
/// With this byte a point of P-224 begins, and one key in 256 on edwards448.
const UNCOMPRESSED: u8 = 4;

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

/// Gives a point that is searched for the form that is kept. Where it could be one of two curves, the key type that is
/// searched for beside it decides, and without one its first byte.
pub(crate) fn unwrap(template: &mut [Attribute]) {
    let is_number = |entry: &&Attribute| entry.attribute_type == CKA_KEY_TYPE;
    let key_type = template.iter().find(is_number).and_then(|entry| match &entry.value {
        RawValue::Bytes(value) => value.expose().try_into().ok().map(KeyType::from_ne_bytes),
        RawValue::Template(_) => None,
    });
    for attribute in template.iter_mut().filter(|entry| entry.attribute_type == CKA_EC_POINT) {
        let RawValue::Bytes(value) = &mut attribute.value else { continue };
        let bytes = value.expose();
        let kept = BEFORE_THE_BYTES.iter().find_map(|(before, len)| {
            let kept = bytes.strip_prefix(*before).filter(|kept| kept.len() == *len)?;
            let is_it = *before != OF_EDWARDS448
                || key_type
                    .map_or(kept.first() != Some(&UNCOMPRESSED), |key_type| key_type == CKK_EC_EDWARDS);
            is_it.then_some(kept)
        });
        if let Some(kept) = kept {
            *value = Secret::from(kept);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pkcs11::constants::CKK_EC;

    fn searched(key_type: Option<u64>, point: &[u8]) -> Vec<u8> {
        let mut template = vec![Attribute::bytes(CKA_EC_POINT, point)];
        template.extend(key_type.map(|key_type| Attribute::bytes(CKA_KEY_TYPE, &key_type.to_ne_bytes())));
        unwrap(&mut template);
        match &template[0].value {
            RawValue::Bytes(bytes) => bytes.expose().to_vec(),
            RawValue::Template(_) => panic!("a point is bytes"),
        }
    }

    #[test]
    fn a_point_is_searched_for_in_the_form_that_is_kept() {
        for len in [32, 56, 57] {
            let key = vec![7; len];
            let number = u8::try_from(len).unwrap();
            let octets = [&[4, number][..], &key].concat();
            let bits = [&[3, number + 1, 0][..], &key].concat();
            for form in [&key, &octets, &bits] {
                assert_eq!(searched(None, form), key);
            }
            assert_eq!(searched(None, &octets[..len]), octets[..len]);
        }
        let p256 = [&[4, 65, 4][..], &[7; 64]].concat();
        assert_eq!(searched(None, &p256), p256);
    }

    #[test]
    fn a_point_of_p_224_is_told_from_a_key_on_edwards448() {
        let either = [&[4, 57, 4][..], &[7; 56]].concat();
        for (key_type, kept) in
            [(None, &either[..]), (Some(CKK_EC), &either), (Some(CKK_EC_EDWARDS), &either[2..])]
        {
            assert_eq!(searched(key_type, &either), kept);
        }
    }
}
