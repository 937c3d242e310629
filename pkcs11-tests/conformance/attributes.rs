//! Section 5.7.5: C_GetAttributeValue.

use cryptoki_sys::{
    CK_UNAVAILABLE_INFORMATION, CKA_ALLOWED_MECHANISMS, CKA_ALWAYS_SENSITIVE, CKA_CLASS, CKA_EC_PARAMS,
    CKA_EXTRACTABLE, CKA_ID, CKA_KEY_GEN_MECHANISM, CKA_KEY_TYPE, CKA_LABEL, CKA_LOCAL, CKA_MODULUS,
    CKA_MODULUS_BITS, CKA_NEVER_EXTRACTABLE, CKA_PRIME_1, CKA_PRIVATE, CKA_PRIVATE_EXPONENT,
    CKA_PUBLIC_EXPONENT, CKA_SENSITIVE, CKA_SIGN, CKA_TOKEN, CKA_VALUE, CKK_RSA, CKM_RSA_PKCS_KEY_PAIR_GEN,
    CKO_PRIVATE_KEY, CKR_ARGUMENTS_BAD, CKR_ATTRIBUTE_SENSITIVE, CKR_ATTRIBUTE_TYPE_INVALID,
    CKR_BUFFER_TOO_SMALL, CKR_OBJECT_HANDLE_INVALID, CKR_OK, CKR_SESSION_HANDLE_INVALID,
};
use pkcs11_tests::keys::{Kind, P256, attribute, flag, generate};
use pkcs11_tests::{Template, Test, assert_rv, on_both, on_claviger};

on_both!(
    a_query_gives_the_length_and_a_buffer_of_that_length_the_value,
    a_buffer_too_small_is_marked_and_the_rest_is_filled,
    an_attribute_that_is_not_there_is_marked_and_the_rest_is_filled,
    a_sensitive_attribute_is_marked_and_the_rest_is_filled,
    a_handle_that_never_was_is_refused,
    a_generated_private_key_says_where_it_comes_from,
    nulls_and_wild_counts_are_refused,
    no_secret_component_shows_unless_the_key_is_open,
    an_open_key_shows_its_components,
    unset_allowed_mechanisms_are_empty_not_unknown,
);
on_claviger!(public_key_info_is_on_both_keys, nothing_asked_is_answered);

fn a_query_gives_the_length_and_a_buffer_of_that_length_the_value(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let pair = generate(t.module, session, Kind::P256, false, "measured");
    let asked = [(CKA_LABEL, None), (CKA_EC_PARAMS, None), (CKA_TOKEN, None), (CKA_CLASS, None)];
    let (rv, answers) = t.module.attribute_values(session, pair.public, &asked);
    assert_rv!(rv, CKR_OK);
    let lengths: Vec<u64> = answers.iter().map(|(_, len)| *len).collect();
    assert_eq!(lengths, [8, 10, 1, 8]);
    let asked = [(CKA_LABEL, Some(8)), (CKA_EC_PARAMS, Some(10)), (CKA_TOKEN, Some(1)), (CKA_CLASS, Some(8))];
    let (rv, answers) = t.module.attribute_values(session, pair.public, &asked);
    assert_rv!(rv, CKR_OK);
    assert_eq!(answers[0].0, b"measured");
    assert_eq!(answers[1].0, P256);
    assert_eq!(answers[2].0, [0]);
}

fn a_buffer_too_small_is_marked_and_the_rest_is_filled(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let pair = generate(t.module, session, Kind::P256, false, "measured");
    let asked = [(CKA_LABEL, Some(3)), (CKA_EC_PARAMS, Some(10)), (CKA_ID, Some(64))];
    let (rv, answers) = t.module.attribute_values(session, pair.public, &asked);
    assert_rv!(rv, CKR_BUFFER_TOO_SMALL);
    assert_eq!(answers[0], (vec![0xA5; 3], CK_UNAVAILABLE_INFORMATION), "left alone and marked");
    assert_eq!(answers[1].0, P256);
    assert_eq!(answers[2].1, 8, "the exact length, in a longer buffer too");
    assert_eq!(&answers[2].0[..8], b"measured");
}

fn an_attribute_that_is_not_there_is_marked_and_the_rest_is_filled(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let pair = generate(t.module, session, Kind::P256, false, "measured");
    let asked = [(CKA_MODULUS, Some(512)), (CKA_LABEL, Some(64)), (0x7FFF_FFFF, None), (CKA_ID, None)];
    let (rv, answers) = t.module.attribute_values(session, pair.public, &asked);
    assert_rv!(rv, CKR_ATTRIBUTE_TYPE_INVALID);
    let lengths: Vec<u64> = answers.iter().map(|(_, len)| *len).collect();
    assert_eq!(lengths, [CK_UNAVAILABLE_INFORMATION, 8, CK_UNAVAILABLE_INFORMATION, 8]);
    assert_eq!(&answers[1].0[..8], b"measured");
}

fn a_sensitive_attribute_is_marked_and_the_rest_is_filled(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let pair = generate(t.module, session, Kind::Rsa, false, "measured");
    let asked =
        [(CKA_PRIVATE_EXPONENT, Some(512)), (CKA_LABEL, Some(64)), (CKA_PRIME_1, None), (CKA_MODULUS, None)];
    let (rv, answers) = t.module.attribute_values(session, pair.private, &asked);
    assert_rv!(rv, CKR_ATTRIBUTE_SENSITIVE);
    assert_eq!(answers[0].1, CK_UNAVAILABLE_INFORMATION);
    assert_eq!(answers[0].0, [0xA5; 512], "no byte of it");
    assert_eq!(answers[1].1, 8);
    assert_eq!(answers[2].1, CK_UNAVAILABLE_INFORMATION, "not even its length");
    assert_eq!(answers[3].1, 256);
}

fn a_handle_that_never_was_is_refused(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    for object in [0, 4711, u64::MAX, 1 << 62, (1 << 62) + 1] {
        let (rv, _) = t.module.attribute_values(session, object, &[(CKA_LABEL, Some(64))]);
        assert_rv!(rv, CKR_OBJECT_HANDLE_INVALID);
    }
    let (rv, _) = t.module.attribute_values(0, 1, &[(CKA_LABEL, Some(64))]);
    assert_rv!(rv, CKR_SESSION_HANDLE_INVALID);
}

fn nulls_and_wild_counts_are_refused(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let pair = generate(t.module, session, Kind::P256, false, "measured");
    for count in [1, u64::MAX, 1 << 63, u64::MAX / 24 + 1] {
        assert_rv!(t.module.attribute_values_from_null(session, pair.public, count), CKR_ARGUMENTS_BAD);
    }
}

/// SoftHSM answers `CKR_ARGUMENTS_BAD`; section 5.7.5 goes through the attributes of the template, and of none it has
/// nothing to refuse.
fn nothing_asked_is_answered(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let pair = generate(t.module, session, Kind::P256, false, "measured");
    assert_rv!(t.module.attribute_values_from_null(session, pair.public, 0), CKR_OK);
}

fn a_generated_private_key_says_where_it_comes_from(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let m = t.module;
    let private = Kind::Rsa.private_template().boolean(CKA_SENSITIVE, true);
    let generator = Kind::Rsa.generator();
    let public = Kind::Rsa.public_template();
    let (rv, _, key) = m.generate_key_pair(session, Some(&generator), &public, &private);
    assert_rv!(rv, CKR_OK);
    for kind in [CKA_SENSITIVE, CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE, CKA_LOCAL, CKA_PRIVATE, CKA_SIGN]
    {
        assert!(flag(m, session, key, kind), "{kind:#x}");
    }
    assert!(!flag(m, session, key, CKA_EXTRACTABLE));
    let number = |kind| u64::from_ne_bytes(attribute(m, session, key, kind).try_into().unwrap());
    assert_eq!(number(CKA_CLASS), CKO_PRIVATE_KEY);
    assert_eq!(number(CKA_KEY_TYPE), CKK_RSA);
    assert_eq!(number(CKA_KEY_GEN_MECHANISM), CKM_RSA_PKCS_KEY_PAIR_GEN);
    assert_eq!(attribute(m, session, key, CKA_PUBLIC_EXPONENT), [1, 0, 1]);
}

/// Footnote 7 of section 4.2: hidden when sensitive *or* not extractable.
fn no_secret_component_shows_unless_the_key_is_open(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    for (sensitive, extractable) in [(true, true), (true, false), (false, false)] {
        for kind in [Kind::Rsa, Kind::P256] {
            let private = kind
                .private_template()
                .boolean(CKA_SENSITIVE, sensitive)
                .boolean(CKA_EXTRACTABLE, extractable);
            let (rv, _, key) = t.module.generate_key_pair(
                session,
                Some(&kind.generator()),
                &kind.public_template(),
                &private,
            );
            assert_rv!(rv, CKR_OK);
            let secrets: &[u64] = if kind == Kind::Rsa {
                &[CKA_PRIVATE_EXPONENT, CKA_PRIME_1, 0x125, 0x126, 0x127, 0x128]
            } else {
                &[CKA_VALUE]
            };
            for secret in secrets {
                let (rv, answers) = t.module.attribute_values(session, key, &[(*secret, Some(512))]);
                assert_rv!(rv, CKR_ATTRIBUTE_SENSITIVE, "{secret:#x} {sensitive} {extractable}");
                assert_eq!(answers[0].0, [0xA5; 512]);
            }
        }
    }
}

fn an_open_key_shows_its_components(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let private = Kind::P256.private_template().boolean(CKA_SENSITIVE, false).boolean(CKA_EXTRACTABLE, true);
    let generator = Kind::P256.generator();
    let public = Kind::P256.public_template();
    let (rv, _, key) = t.module.generate_key_pair(session, Some(&generator), &public, &private);
    assert_rv!(rv, CKR_OK);
    assert_eq!(attribute(t.module, session, key, CKA_VALUE).len(), 32);
    assert!(!flag(t.module, session, key, CKA_ALWAYS_SENSITIVE));
    assert!(!flag(t.module, session, key, CKA_NEVER_EXTRACTABLE));
}

fn unset_allowed_mechanisms_are_empty_not_unknown(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let pair = generate(t.module, session, Kind::P256, false, "free");
    assert_eq!(attribute(t.module, session, pair.private, CKA_ALLOWED_MECHANISMS), b"");
}

/// SoftHSM gives an empty value, which section 4.9 allows ("MAY be empty").
fn public_key_info_is_on_both_keys(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    for kind in [Kind::Rsa, Kind::P256, Kind::P384] {
        let pair = generate(t.module, session, kind, false, "with its info");
        let expected = pkcs11_tests::keys::spki(t.module, session, pair.public, kind);
        for key in [pair.public, pair.private] {
            assert_eq!(attribute(t.module, session, key, cryptoki_sys::CKA_PUBLIC_KEY_INFO), expected);
        }
    }
    let rsa = token.find(session, &Template::new().ulong(CKA_MODULUS_BITS, 2048));
    assert_eq!(rsa.len(), 1);
}
