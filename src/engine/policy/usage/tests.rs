use super::*;
use pkcs11::constants::{CKA_CLASS, CKA_KEY_TYPE, CKK_EC, CKK_GENERIC_SECRET};

fn secret(key_type: KeyType, value_len: Option<u64>) -> Attributes {
    let mut template = Attributes::new();
    template.set_ulong(CKA_CLASS, CKO_SECRET_KEY);
    template.set_ulong(CKA_KEY_TYPE, key_type);
    if let Some(len) = value_len {
        template.set_ulong(CKA_VALUE_LEN, len);
    }
    template
}

fn private() -> Attributes {
    let mut template = Attributes::new();
    template.set_ulong(CKA_CLASS, CKO_PRIVATE_KEY);
    template.set_ulong(CKA_KEY_TYPE, CKK_EC);
    template
}

fn key_among(mechanism: MechanismType, len: usize, template: &Attributes) -> Result<Option<Range<usize>>> {
    wrapping_by(mechanism).key_among(len, template)
}

#[test]
fn the_same_mechanisms_wrap_and_unwrap_private_keys() {
    let mut key = private();
    key.set_bool(CKA_EXTRACTABLE, true);
    for row in WRAPPINGS {
        let wrapped = may_wrap(&Attributes::new(), &key, row.mechanism);
        let unwrapped = may_unwrap(&private(), row.mechanism);
        assert_eq!(wrapped.is_ok(), row.private_keys);
        assert_eq!(unwrapped.is_ok(), row.private_keys);
        assert!(row.private_keys || matches!(unwrapped, Err(Error::TemplateInconsistent(_))));
    }
    for altered_unseen in [CKM_AES_ECB, CKM_AES_CBC, CKM_AES_CTR, CKM_RSA_X_509, 0x7777_7777] {
        assert_eq!(may_wrap(&Attributes::new(), &key, altered_unseen), Err(Error::KeyNotWrappable));
        assert!(may_unwrap(&private(), altered_unseen).is_err());
    }
}

#[test]
fn a_key_that_wants_trust_is_wrapped_only_by_what_tells_nothing_of_it() {
    let mut trusted = Attributes::new();
    trusted.set_bool(CKA_TRUSTED, true);
    let mut key = secret(CKK_AES, None);
    key.set_bool(CKA_EXTRACTABLE, true);
    let mut picky = key.clone();
    picky.set_bool(CKA_WRAP_WITH_TRUSTED, true);
    for row in WRAPPINGS {
        assert_eq!(may_wrap(&trusted, &key, row.mechanism), Ok(()));
        assert_eq!(may_wrap(&trusted, &picky, row.mechanism).is_ok(), row.tells_nothing);
        assert_eq!(may_wrap(&Attributes::new(), &picky, row.mechanism), Err(Error::KeyNotWrappable));
    }
    // Vectors of the token's among them: they can be given with another key later.
    for tells in [CKM_AES_GCM, CKM_CLOUDHSM_AES_GCM, CKM_AES_CCM, CKM_AES_CTR, CKM_AES_CBC_PAD, CKM_AES_ECB] {
        assert_eq!(may_wrap(&trusted, &picky, tells), Err(Error::KeyNotWrappable));
    }
}

#[test]
fn blocks_are_cut_only_where_too_much_of_the_last_one_is_left_to_be_tried() {
    for by in [CKM_AES_ECB, CKM_AES_CBC, CKM_CAMELLIA_ECB, CKM_CAMELLIA_CBC] {
        for (key_type, wanted, len) in [
            (CKK_AES, 32, 32),
            (CKK_AES, 24, 32),
            (CKK_CAMELLIA, 24, 32),
            (CKK_GENERIC_SECRET, 14, 16),
            (CKK_GENERIC_SECRET, 31, 32),
        ] {
            let place = key_among(by, len, &secret(key_type, Some(wanted as u64)));
            assert_eq!(place, Ok(Some(0..wanted)));
        }
        for (key_type, wanted, len) in [
            (CKK_AES, 16, 32),
            (CKK_AES, 24, 16),
            (CKK_GENERIC_SECRET, 1, 16),
            (CKK_GENERIC_SECRET, 13, 16),
            // One byte that is not known after a block that is.
            (CKK_GENERIC_SECRET, 17, 32),
            (CKK_GENERIC_SECRET, 29, 32),
            (CKK_GENERIC_SECRET, 33, 32),
            (CKK_GENERIC_SECRET, u64::MAX, 32),
        ] {
            let place = key_among(by, len, &secret(key_type, Some(wanted)));
            assert_eq!(place, Err(Error::WrappedKeyLenRange), "{wanted} of {len}");
        }
        assert_eq!(key_among(by, 32, &secret(CKK_AES, None)), Ok(None));
    }
}

#[test]
fn the_other_mechanisms_cut_by_lengths_alone_too() {
    let generic = |len| secret(CKK_GENERIC_SECRET, Some(len));
    assert_eq!(key_among(CKM_AES_KEY_WRAP, 24, &generic(17)), Ok(Some(0..17)));
    assert_eq!(key_among(CKM_AES_KEY_WRAP, 24, &generic(16)), Err(Error::WrappedKeyLenRange));
    assert_eq!(key_among(CKM_AES_KEY_WRAP, 16, &generic(13)), Err(Error::WrappedKeyLenRange));
    assert_eq!(key_among(CKM_RSA_X_509, 256, &generic(14)), Ok(Some(242..256)));
    assert_eq!(key_among(CKM_RSA_X_509, 256, &generic(256)), Ok(Some(0..256)));
    for len in [0, 1, 13, 257, u64::MAX] {
        assert_eq!(key_among(CKM_RSA_X_509, 256, &generic(len)), Err(Error::WrappedKeyLenRange));
    }
    let untold = key_among(CKM_RSA_X_509, 256, &secret(CKK_GENERIC_SECRET, None));
    assert_eq!(untold, Err(Error::TemplateIncomplete(CKA_VALUE_LEN)));
    for stream in [
        CKM_AES_CTR,
        CKM_AES_CFB1,
        CKM_AES_CFB8,
        CKM_AES_CFB64,
        CKM_AES_CFB128,
        CKM_AES_OFB,
        CKM_AES_CTS,
        CKM_CHACHA20,
    ] {
        assert_eq!(key_among(stream, 14, &secret(CKK_GENERIC_SECRET, None)), Ok(Some(0..14)));
        assert_eq!(key_among(stream, 13, &generic(13)), Err(Error::WrappedKeyLenRange));
        assert_eq!(key_among(stream, 20, &generic(19)), Err(Error::WrappedKeyLenRange));
    }
    assert_eq!(key_among(CKM_AES_KEY_WRAP_KWP, 8, &generic(3)), Ok(None), "the mechanism tells");
}

#[test]
fn what_was_wrong_with_padded_contents_is_not_told() {
    let wrong = [
        Error::WrappedKeyInvalid,
        Error::WrappedKeyLenRange,
        Error::CurveNotSupported,
        Error::TemplateInconsistent("of another curve"),
        Error::AttributeValueInvalid(CKA_VALUE_LEN),
    ];
    for error in wrong {
        assert_eq!(wrapping_by(CKM_AES_CBC_PAD).of_contents(error.clone()), Error::WrappedKeyInvalid);
        assert_eq!(wrapping_by(CKM_AES_KEY_WRAP).of_contents(error.clone()), error);
    }
    assert_eq!(wrapping_by(CKM_AES_CBC_PAD).of_contents(Error::HostMemory), Error::HostMemory);
}
