use super::*;
use crate::fixtures::{
    complete, error, from_bytes, generate_key, of_class, plain, secret_attributes, to_bytes, with,
};
use engine::policy::usage::WRAPPINGS;
use pkcs11::Parameters;
use pkcs11::constants::CKA_LABEL;

fn template(key_type: KeyType, len: Option<u64>) -> Attributes {
    let mut template = Attributes::new();
    if let Some(len) = len {
        template.set_ulong(CKA_VALUE_LEN, len);
    }
    of_class(CKO_SECRET_KEY, key_type, template)
}

#[test]
fn generic_secrets_are_made_from_one_byte_up() {
    let generation = plain(CKM_GENERIC_SECRET_KEY_GEN);
    for len in [1, 7, 20, 4096, LONGEST as u64] {
        let made = generate_key(&generation, &template(CKK_GENERIC_SECRET, Some(len))).unwrap();
        assert_eq!(made.bytes(CKA_VALUE).unwrap().len() as u64, len);
        assert_eq!(made.ulong(CKA_VALUE_LEN), Some(len));
    }
    for len in [0, LONGEST as u64 + 1, 0x1_0000_0010, u64::MAX] {
        let refused = error(generate_key(&generation, &template(CKK_GENERIC_SECRET, Some(len))));
        assert_eq!(refused, Some(Error::AttributeValueInvalid(CKA_VALUE_LEN)));
    }
    let refused = error(generate_key(&generation, &template(CKK_GENERIC_SECRET, None)));
    assert_eq!(refused, Some(Error::TemplateIncomplete(CKA_VALUE_LEN)));
    let with_parameter = with(CKM_GENERIC_SECRET_KEY_GEN, Parameters::Unknown);
    let refused = error(generate_key(&with_parameter, &template(CKK_GENERIC_SECRET, Some(16))));
    assert!(matches!(refused, Some(Error::MechanismParamInvalid(_))));
}

#[test]
fn the_check_value_is_the_start_of_the_sha_1_digest() {
    for row in KEY_TYPES {
        // FIPS 180-4's example message.
        let complete = complete(&secret_attributes(row.key_type, b"abc")).unwrap();
        assert_eq!(complete.bytes(CKA_CHECK_VALUE), Some(&[0xa9, 0x99, 0x3e][..]));
        assert_eq!(complete.ulong(CKA_VALUE_LEN), Some(3));
    }
}

#[test]
fn a_check_value_that_is_given_must_be_right_and_an_empty_one_asks_for_none() {
    let given = |check: &[u8]| {
        let mut attributes = secret_attributes(CKK_GENERIC_SECRET, b"abc");
        attributes.set_bytes(CKA_CHECK_VALUE, check);
        complete(&attributes)
    };
    assert!(given(&[0xa9, 0x99, 0x3e]).is_ok());
    assert_eq!(given(&[]).unwrap().bytes(CKA_CHECK_VALUE), None);
    for wrong in [&[0xa9, 0x99, 0x3f][..], &[0xa9, 0x99], &[0xa9, 0x99, 0x3e, 0x36]] {
        assert_eq!(given(wrong), Err(Error::AttributeValueInvalid(CKA_CHECK_VALUE)));
    }
}

#[test]
fn a_value_of_a_length_that_the_type_cannot_have_is_refused() {
    for len in [0, 1, 8, 15, 17, 40] {
        let refused = complete(&secret_attributes(CKK_AES, &vec![7; len]));
        assert_eq!(refused, Err(Error::AttributeValueInvalid(CKA_VALUE)));
    }
    for len in [0, LONGEST + 1] {
        let refused = complete(&secret_attributes(CKK_GENERIC_SECRET, &vec![7; len]));
        assert_eq!(refused, Err(Error::AttributeValueInvalid(CKA_VALUE)));
    }
    let without = of_class(CKO_SECRET_KEY, CKK_AES, Attributes::new());
    assert_eq!(complete(&without), Err(Error::TemplateIncomplete(CKA_VALUE)));
    let mut contradicting = secret_attributes(CKK_AES, &[7; 16]);
    contradicting.set_ulong(CKA_VALUE_LEN, 24);
    assert!(matches!(complete(&contradicting), Err(Error::TemplateInconsistent(_))));
}

#[test]
fn a_secret_key_is_wrapped_as_its_value_and_comes_back() {
    for key_type in [CKK_AES, CKK_GENERIC_SECRET, CKK_SHA512_256_HMAC] {
        let key = complete(&secret_attributes(key_type, &[7; 24])).unwrap();
        let key = of_class(CKO_SECRET_KEY, key_type, key);
        let bytes = to_bytes(&key).unwrap();
        assert_eq!(bytes, [7; 24]);
        let back = from_bytes(&template(key_type, None), &bytes).unwrap();
        assert_eq!(back.bytes(CKA_VALUE), Some(&[7; 24][..]));
        assert_eq!(back.bytes(CKA_CHECK_VALUE), key.bytes(CKA_CHECK_VALUE));
    }
    let mut without = Attributes::new();
    without.set_bytes(CKA_LABEL, b"no value");
    let without = of_class(CKO_SECRET_KEY, CKK_AES, without);
    assert_eq!(to_bytes(&without), Err(Error::KeyNotWrappable));
}

#[test]
fn an_unwrapped_key_has_the_length_that_its_template_says_and_its_type_can_have() {
    let read = |len, bytes: &[u8]| {
        from_bytes(&template(CKK_AES, Some(len)), bytes).map(|key| key.bytes(CKA_VALUE).unwrap().to_vec())
    };
    assert_eq!(read(24, &[7; 24]), Ok(vec![7; 24]));
    // Zeros at either end are as good as any other bytes.
    let (after, before) = ([[7; 24].as_slice(), &[0; 8]].concat(), [[0; 8].as_slice(), &[7; 24]].concat());
    for (len, bytes) in [(16, &[7; 32][..]), (24, &[7; 16]), (24, &after), (24, &before)] {
        assert_eq!(read(len, bytes), Err(Error::WrappedKeyLenRange));
    }
    assert_eq!(read(u64::MAX, &[7; 16]), Err(Error::AttributeValueInvalid(CKA_VALUE_LEN)));
    for bytes in [&[][..], &[7; 15], &[7; 17], &[7; 256]] {
        assert_eq!(from_bytes(&template(CKK_AES, None), bytes), Err(Error::WrappedKeyLenRange));
    }
    assert_eq!(from_bytes(&template(CKK_GENERIC_SECRET, None), &[]), Err(Error::WrappedKeyLenRange));
}

#[test]
fn every_mechanism_that_wraps_has_its_row_in_the_engines_table() {
    let wraps = |can: &Can| matches!(can, Can::Wrap(_) | Can::Unwrap(_));
    let mut found = 0;
    for row in crate::MECHANISMS.rows().filter(|row| row.can.iter().any(wraps)) {
        let policy = WRAPPINGS.iter().filter(|policy| policy.mechanism == row.mechanism);
        assert_eq!(policy.count(), 1, "{:#x}", row.mechanism);
        found += 1;
    }
    assert_eq!(found, WRAPPINGS.len());
}
