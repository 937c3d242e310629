//! Sections 5.18.1, 5.18.3 and 5.18.4: making secret keys, wrapping and unwrapping keys.

use cryptoki_sys::{
    CKA_ALLOWED_MECHANISMS, CKA_ALWAYS_AUTHENTICATE, CKA_ALWAYS_SENSITIVE, CKA_CLASS, CKA_DECRYPT,
    CKA_ENCRYPT, CKA_EXTRACTABLE, CKA_KEY_GEN_MECHANISM, CKA_KEY_TYPE, CKA_LABEL, CKA_LOCAL,
    CKA_NEVER_EXTRACTABLE, CKA_PRIVATE, CKA_SENSITIVE, CKA_SIGN, CKA_TOKEN, CKA_TRUSTED, CKA_UNWRAP,
    CKA_UNWRAP_TEMPLATE, CKA_VALUE, CKA_VALUE_LEN, CKA_WRAP, CKA_WRAP_TEMPLATE, CKA_WRAP_WITH_TRUSTED,
    CKK_AES, CKK_EC, CKK_GENERIC_SECRET, CKK_RSA, CKM_AES_CBC_PAD, CKM_AES_ECB, CKM_AES_KEY_GEN,
    CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_KWP, CKM_AES_KEY_WRAP_PAD, CKM_GENERIC_SECRET_KEY_GEN, CKM_RSA_PKCS,
    CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_SHA256, CKO_DATA, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY, CKO_SECRET_KEY,
    CKR_ARGUMENTS_BAD, CKR_ATTRIBUTE_READ_ONLY, CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_VALUE_INVALID,
    CKR_BUFFER_TOO_SMALL, CKR_CURVE_NOT_SUPPORTED, CKR_DOMAIN_PARAMS_INVALID, CKR_KEY_FUNCTION_NOT_PERMITTED,
    CKR_KEY_HANDLE_INVALID, CKR_KEY_NOT_WRAPPABLE, CKR_KEY_SIZE_RANGE, CKR_KEY_UNEXTRACTABLE,
    CKR_MECHANISM_INVALID, CKR_MECHANISM_PARAM_INVALID, CKR_OK, CKR_SESSION_READ_ONLY,
    CKR_TEMPLATE_INCOMPLETE, CKR_TEMPLATE_INCONSISTENT, CKR_UNWRAPPING_KEY_HANDLE_INVALID,
    CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT, CKR_USER_NOT_LOGGED_IN, CKR_WRAPPED_KEY_INVALID,
    CKR_WRAPPED_KEY_LEN_RANGE, CKR_WRAPPING_KEY_HANDLE_INVALID, CKR_WRAPPING_KEY_TYPE_INCONSISTENT,
};
use pkcs11_tests::keys::{Kind, P256, attribute, flag, generate, sign, verify};
use pkcs11_tests::program::{openssl, run, run_with_input, unhex};
use pkcs11_tests::raw::Attributes;
use pkcs11_tests::raw::parameters::with;
use pkcs11_tests::{
    Attribute, Module, Out, Sent, Template, Test, assert_rv, mechanism, on_both, on_claviger,
};

use crate::secret_keys::{DECRYPTION, ENCRYPTION, aes, create, open_aes, opened, secret_template, whole};

on_both!(
    a_generated_key_encrypts,
    a_generated_key_says_where_it_comes_from,
    a_key_needs_a_length,
    key_wrap_gives_what_the_published_vector_says,
    what_is_wrapped_unwraps_to_the_same_key,
    an_unextractable_key_is_not_wrapped,
    a_key_that_may_not_wrap_or_unwrap_is_refused,
    wrapping_keeps_the_rules_of_buffers,
    a_key_for_trusted_wrapping_keys_alone_is_wrapped_by_no_other,
    allowed_mechanisms_hold_for_wrapping_too,
    rsa_wraps_secret_keys_and_no_longer_ones,
);
on_claviger!(
    a_private_key_is_wrapped_and_signs_again,
    a_length_that_no_key_has_is_refused,
    generation_wants_a_good_template,
    generation_wants_a_good_mechanism,
    kwp_gives_what_the_published_vectors_say,
    every_wrapping_mechanism_brings_the_key_back,
    an_unwrapped_key_is_extractable_unless_the_template_says_otherwise,
    wrapping_wants_keys_that_are_there,
    an_object_that_is_no_key_is_not_wrapped,
    a_wrap_template_chooses_what_is_wrapped,
    an_unwrap_template_is_part_of_the_template,
    an_officer_trusts_a_public_key_which_then_wraps_what_wants_trust,
    damaged_wrapping_is_refused,
    a_length_that_is_not_the_keys_is_refused,
    unwrapping_wants_a_good_template,
    a_key_cannot_be_unwrapped_into_what_it_is_not,
    a_key_of_a_curve_that_is_none_does_not_unwrap,
    a_parameter_that_does_not_fit_unwraps_nothing,
    a_key_that_wants_a_login_for_each_use_unwraps_nothing,
);

fn generation(len: u64) -> Template {
    Template::new().ulong(CKA_VALUE_LEN, len)
}

fn made(t: &Test, session: u64, by: u64, template: &Template) -> u64 {
    let (rv, key) = t.module.generate_key(session, Some(&mechanism(by)), template);
    assert_rv!(rv, CKR_OK);
    key
}

pub(crate) fn wrapped(m: &Module, session: u64, by: u64, wrapping: u64, key: u64) -> Result<Vec<u8>, u64> {
    let mut out = vec![0; 4096];
    let (rv, len) = m.wrap_key(session, Some(&mechanism(by)), wrapping, key, Out::buffer(&mut out));
    out.truncate(usize::try_from(len).unwrap_or(0));
    if rv == CKR_OK { Ok(out) } else { Err(rv) }
}

fn unwrap(t: &Test, session: u64, by: u64, key: u64, bytes: &[u8], template: &Template) -> (u64, u64) {
    t.module.unwrap_key(session, Some(&mechanism(by)), key, Sent::from(bytes), template)
}

pub(crate) fn kind(class: u64, key_type: u64) -> Template {
    Template::new().ulong(CKA_CLASS, class).ulong(CKA_KEY_TYPE, key_type).boolean(CKA_TOKEN, false)
}

fn a_generated_key_encrypts(t: &Test) {
    let session = t.token().user_session();
    for len in [16, 24, 32] {
        for on_token in [false, true] {
            let template = generation(len).boolean(CKA_TOKEN, on_token);
            let template = template.boolean(CKA_ENCRYPT, true).boolean(CKA_DECRYPT, true);
            let key = made(t, session, CKM_AES_KEY_GEN, &template);
            let by = mechanism(CKM_AES_ECB);
            let sealed = whole(t.module, ENCRYPTION, session, &by, key, &[1; 32]).unwrap();
            assert_ne!(sealed, [1; 32]);
            assert_eq!(whole(t.module, DECRYPTION, session, &by, key, &sealed).unwrap(), [1; 32]);
        }
    }
}

fn a_generated_key_says_where_it_comes_from(t: &Test) {
    let session = t.token().user_session();
    let template = generation(32).boolean(CKA_SENSITIVE, true).boolean(CKA_EXTRACTABLE, false);
    for (by, key_type) in [(CKM_AES_KEY_GEN, CKK_AES), (CKM_GENERIC_SECRET_KEY_GEN, CKK_GENERIC_SECRET)] {
        let key = made(t, session, by, &template);
        for kind in [CKA_LOCAL, CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE, CKA_SENSITIVE] {
            assert!(flag(t.module, session, key, kind), "{kind:#x}");
        }
        let number = |kind| u64::from_ne_bytes(attribute(t.module, session, key, kind).try_into().unwrap());
        assert_eq!((number(CKA_CLASS), number(CKA_KEY_TYPE)), (CKO_SECRET_KEY, key_type));
        assert_eq!((number(CKA_KEY_GEN_MECHANISM), number(CKA_VALUE_LEN)), (by, 32));
    }
}

fn a_key_needs_a_length(t: &Test) {
    let session = t.token().user_session();
    for by in [CKM_AES_KEY_GEN, CKM_GENERIC_SECRET_KEY_GEN] {
        let (rv, _) =
            t.module.generate_key(session, Some(&mechanism(by)), &Template::new().boolean(CKA_TOKEN, false));
        assert_rv!(rv, CKR_TEMPLATE_INCOMPLETE);
    }
}

/// Section 5.18.1 does not list `CKR_KEY_SIZE_RANGE`. SoftHSM answers `CKR_TEMPLATE_INCOMPLETE` to 0; section 5.1.8.
fn a_length_that_no_key_has_is_refused(t: &Test) {
    let session = t.token().user_session();
    for len in [0, 1, 8, 15, 17, 31, 33, 40, 64, 128, 0x1_0000_0010, u64::MAX] {
        let (rv, _) = t.module.generate_key(session, Some(&mechanism(CKM_AES_KEY_GEN)), &generation(len));
        assert_rv!(rv, CKR_ATTRIBUTE_VALUE_INVALID, "{len}");
    }
    for len in [0, 0x1_0000_0010, u64::MAX] {
        let by = mechanism(CKM_GENERIC_SECRET_KEY_GEN);
        let (rv, _) = t.module.generate_key(session, Some(&by), &generation(len));
        assert_rv!(rv, CKR_ATTRIBUTE_VALUE_INVALID, "{len}");
    }
}

/// SoftHSM answers `CKR_ATTRIBUTE_VALUE_INVALID` to another class; section 5.18.1 names the value.
fn generation_wants_a_good_template(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let by = mechanism(CKM_AES_KEY_GEN);
    let all = [
        (Attribute::ulong(CKA_CLASS, CKO_PUBLIC_KEY), CKR_TEMPLATE_INCONSISTENT),
        (Attribute::ulong(CKA_KEY_TYPE, CKK_GENERIC_SECRET), CKR_TEMPLATE_INCONSISTENT),
        (Attribute::bytes(CKA_VALUE, [1; 16]), CKR_ATTRIBUTE_READ_ONLY),
        (Attribute::boolean(CKA_LOCAL, true), CKR_ATTRIBUTE_READ_ONLY),
        (Attribute::boolean(CKA_TRUSTED, true), CKR_ATTRIBUTE_READ_ONLY),
        (Attribute::bytes(CKA_ENCRYPT, 1u64.to_ne_bytes()), CKR_ATTRIBUTE_VALUE_INVALID),
        (Attribute::bytes(CKA_VALUE_LEN, [16]), CKR_ATTRIBUTE_VALUE_INVALID),
        (Attribute::ulong(CKA_VALUE_LEN, 32), CKR_TEMPLATE_INCONSISTENT),
        (Attribute::bytes(0x7777_7777, [16]), CKR_ATTRIBUTE_TYPE_INVALID),
    ];
    for (wrong, expected) in all {
        let (rv, _) = t.module.generate_key(session, Some(&by), &generation(16).with(wrong.clone()));
        assert_rv!(rv, expected, "{wrong:?}");
    }
    assert_rv!(t.module.generate_key(session, Some(&by), Attributes::Null(1)).0, CKR_ARGUMENTS_BAD);
    assert_rv!(t.module.generate_key_nowhere(session, &by, &generation(16)), CKR_ARGUMENTS_BAD);
    assert_eq!(
        token.find(session, &Template::new().ulong(CKA_CLASS, CKO_SECRET_KEY)),
        [0; 0],
        "nothing was made"
    );
    let reader = token.open_ro();
    let on_token = generation(16).boolean(CKA_TOKEN, true);
    assert_rv!(t.module.generate_key(reader, Some(&by), &on_token).0, CKR_SESSION_READ_ONLY);
    assert_rv!(t.module.logout(session), CKR_OK);
    assert_rv!(t.module.generate_key(session, Some(&by), &generation(16)).0, CKR_USER_NOT_LOGGED_IN);
}

/// SoftHSM overlooks a parameter (`CKR_OK`); section 6.10.3: AES key generation has none.
fn generation_wants_a_good_mechanism(t: &Test) {
    let session = t.token().user_session();
    assert_rv!(t.module.generate_key(session, None, &generation(16)).0, CKR_ARGUMENTS_BAD);
    for by in [CKM_AES_ECB, CKM_RSA_PKCS_KEY_PAIR_GEN, 0x7777_7777] {
        assert_rv!(
            t.module.generate_key(session, Some(&mechanism(by)), &generation(16)).0,
            CKR_MECHANISM_INVALID
        );
    }
    let parameter = with(CKM_AES_KEY_GEN, &[1u8; 4]);
    assert_rv!(
        t.module.generate_key(session, Some(&parameter), &generation(16)).0,
        CKR_MECHANISM_PARAM_INVALID
    );
}

/// RFC 3394 section 4.1.
fn key_wrap_gives_what_the_published_vector_says(t: &Test) {
    let session = t.token().user_session();
    let wrapping = aes(t.module, session, &unhex("000102030405060708090a0b0c0d0e0f"));
    let key = open_aes(t.module, session, &unhex("00112233445566778899aabbccddeeff"));
    let bytes = wrapped(t.module, session, CKM_AES_KEY_WRAP, wrapping, key).unwrap();
    assert_eq!(bytes, unhex("1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5"));
}

/// RFC 5649 section 6. SoftHSM does not have the mechanism (`CKR_MECHANISM_INVALID`); section 6.16.
fn kwp_gives_what_the_published_vectors_say(t: &Test) {
    let session = t.token().user_session();
    let wrapping = aes(t.module, session, &unhex("5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8"));
    for (value, expected) in [
        (
            "c37b7e6492584340bed12207808941155068f738",
            "138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a",
        ),
        ("466f7250617369", "afbeb0f07dfbf5419200f2ccb50bb24f"),
    ] {
        let key = create(t.module, session, &opened(secret_template(CKK_GENERIC_SECRET, &unhex(value))));
        let bytes = wrapped(t.module, session, CKM_AES_KEY_WRAP_KWP, wrapping, key).unwrap();
        assert_eq!(bytes, unhex(expected));
    }
}

fn what_is_wrapped_unwraps_to_the_same_key(t: &Test) {
    let session = t.token().user_session();
    let wrapping = aes(t.module, session, &[1; 32]);
    let key = open_aes(t.module, session, &[2; 16]);
    let bytes = wrapped(t.module, session, CKM_AES_KEY_WRAP, wrapping, key).unwrap();
    let template = opened(kind(CKO_SECRET_KEY, CKK_AES)).boolean(CKA_ENCRYPT, true);
    let (rv, again) = unwrap(t, session, CKM_AES_KEY_WRAP, wrapping, &bytes, &template);
    assert_rv!(rv, CKR_OK);
    assert_eq!(attribute(t.module, session, again, CKA_VALUE), [2; 16]);
    for kind in [CKA_LOCAL, CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE] {
        assert!(!flag(t.module, session, again, kind));
    }
}

/// SoftHSM does not wrap by CKM_AES_ECB (`CKR_MECHANISM_INVALID`); section 6.10.4 does.
fn every_wrapping_mechanism_brings_the_key_back(t: &Test) {
    let session = t.token().user_session();
    let wrapping = aes(t.module, session, &[1; 32]);
    let key = open_aes(t.module, session, &[2; 16]);
    let iv = [3; 16];
    let counter = pkcs11_tests::raw::parameters::ctr(128, iv);
    let sealing = pkcs11_tests::raw::parameters::gcm(Sent::from(&iv), Sent::null(0), 128);
    let all = [
        mechanism(CKM_AES_ECB),
        with(cryptoki_sys::CKM_AES_CBC, &iv),
        with(CKM_AES_CBC_PAD, &iv),
        counter.mechanism(),
        sealing.mechanism(),
        mechanism(CKM_AES_KEY_WRAP),
        mechanism(CKM_AES_KEY_WRAP_PAD),
        mechanism(CKM_AES_KEY_WRAP_KWP),
    ];
    for by in all {
        let mut out = [0; 64];
        let (rv, len) = t.module.wrap_key(session, Some(&by), wrapping, key, Out::buffer(&mut out));
        assert_rv!(rv, CKR_OK, "{:#x}", by.mechanism);
        let bytes = &out[..usize::try_from(len).unwrap()];
        let template = opened(kind(CKO_SECRET_KEY, CKK_AES));
        let (rv, again) = t.module.unwrap_key(session, Some(&by), wrapping, Sent::from(bytes), &template);
        assert_rv!(rv, CKR_OK, "{:#x}", by.mechanism);
        assert_eq!(attribute(t.module, session, again, CKA_VALUE), [2; 16]);
    }
}

/// SoftHSM's is not both by default; section 5.18.4: CKA_EXTRACTABLE is TRUE (footnote 9 leaves CKA_SENSITIVE open).
fn an_unwrapped_key_is_extractable_unless_the_template_says_otherwise(t: &Test) {
    let session = t.token().user_session();
    let wrapping = aes(t.module, session, &[1; 32]);
    let key = open_aes(t.module, session, &[2; 16]);
    let bytes = wrapped(t.module, session, CKM_AES_KEY_WRAP, wrapping, key).unwrap();
    let bare = kind(CKO_SECRET_KEY, CKK_AES);
    let (_, again) = unwrap(t, session, CKM_AES_KEY_WRAP, wrapping, &bytes, &bare);
    assert!(flag(t.module, session, again, CKA_EXTRACTABLE) && flag(t.module, session, again, CKA_SENSITIVE));
    let closed = bare.boolean(CKA_EXTRACTABLE, false);
    let (_, again) = unwrap(t, session, CKM_AES_KEY_WRAP, wrapping, &bytes, &closed);
    assert!(!flag(t.module, session, again, CKA_EXTRACTABLE));
    assert!(!flag(t.module, session, again, CKA_NEVER_EXTRACTABLE));
}

fn an_unextractable_key_is_not_wrapped(t: &Test) {
    let session = t.token().user_session();
    let wrapping = aes(t.module, session, &[1; 32]);
    let template = secret_template(CKK_AES, &[2; 16]).boolean(CKA_EXTRACTABLE, false);
    let key = create(t.module, session, &template);
    let refused = wrapped(t.module, session, CKM_AES_KEY_WRAP, wrapping, key);
    assert_eq!(refused, Err(CKR_KEY_UNEXTRACTABLE));
}

/// Section 5.1.6: a key whose attributes do not allow the use.
fn a_key_that_may_not_wrap_or_unwrap_is_refused(t: &Test) {
    let session = t.token().user_session();
    let template = secret_template(CKK_AES, &[2; 16]).boolean(CKA_WRAP, false).boolean(CKA_UNWRAP, false);
    let wrapping = create(t.module, session, &template);
    let key = open_aes(t.module, session, &[2; 16]);
    let refused = CKR_KEY_FUNCTION_NOT_PERMITTED;
    assert_eq!(wrapped(t.module, session, CKM_AES_KEY_WRAP, wrapping, key), Err(refused));
    let template = kind(CKO_SECRET_KEY, CKK_AES);
    let (rv, _) = unwrap(t, session, CKM_AES_KEY_WRAP, wrapping, &[1; 24], &template);
    assert_rv!(rv, refused);
}

/// SoftHSM does not wrap by CKM_AES_CBC_PAD (`CKR_MECHANISM_INVALID`); the table of section 6.10 lists it.
fn a_private_key_is_wrapped_and_signs_again(t: &Test) {
    let session = t.token().user_session();
    let wrapping = aes(t.module, session, &[1; 32]);
    let by = with(CKM_AES_CBC_PAD, &[9u8; 16]);
    for (pair_kind, key_type, signing) in
        [(Kind::Rsa, CKK_RSA, CKM_RSA_PKCS), (Kind::P256, CKK_EC, cryptoki_sys::CKM_ECDSA)]
    {
        let private = pair_kind.private_template().boolean(CKA_EXTRACTABLE, true);
        let generator = pair_kind.generator();
        let (rv, public, key) =
            t.module.generate_key_pair(session, Some(&generator), &pair_kind.public_template(), &private);
        assert_rv!(rv, CKR_OK);
        let mut out = vec![0; 4096];
        let (rv, len) = t.module.wrap_key(session, Some(&by), wrapping, key, Out::buffer(&mut out));
        assert_rv!(rv, CKR_OK);
        out.truncate(usize::try_from(len).unwrap());
        let template = kind(CKO_PRIVATE_KEY, key_type).boolean(CKA_SIGN, true).boolean(CKA_SENSITIVE, true);
        let (rv, again) = t.module.unwrap_key(session, Some(&by), wrapping, Sent::from(&out), &template);
        assert_rv!(rv, CKR_OK);
        let signing = mechanism(signing);
        let signature = sign(t.module, session, &signing, again, &[5; 32]).unwrap();
        assert_rv!(verify(t.module, session, &signing, public, &[5; 32], &signature), CKR_OK);
    }
}

fn wrapping_keeps_the_rules_of_buffers(t: &Test) {
    let session = t.token().user_session();
    let m = t.module;
    let wrapping = aes(m, session, &[1; 32]);
    let key = open_aes(m, session, &[2; 16]);
    let by = mechanism(CKM_AES_KEY_WRAP);
    let mut room = [0xA5; 24];
    assert_eq!(m.wrap_key(session, Some(&by), wrapping, key, Out::query()), (CKR_OK, 24));
    let answer = m.wrap_key(session, Some(&by), wrapping, key, Out::buffer(&mut room[..23]));
    assert_eq!(answer, (CKR_BUFFER_TOO_SMALL, 24));
    assert_eq!(room, [0xA5; 24]);
    assert_eq!(m.wrap_key(session, Some(&by), wrapping, key, Out::buffer(&mut room)), (CKR_OK, 24));
    let (rv, _) = m.wrap_key(session, Some(&by), wrapping, key, Out::without_length(&mut room));
    assert_rv!(rv, CKR_ARGUMENTS_BAD);
    assert_rv!(m.wrap_key(session, None, wrapping, key, Out::query()).0, CKR_ARGUMENTS_BAD);
}

/// SoftHSM does not wrap by CKM_AES_ECB (`CKR_MECHANISM_INVALID`); section 6.10.4 does.
fn wrapping_wants_keys_that_are_there(t: &Test) {
    let session = t.token().user_session();
    let m = t.module;
    let wrapping = aes(m, session, &[1; 32]);
    let key = open_aes(m, session, &[2; 16]);
    let pair = generate(m, session, Kind::Rsa, false, "pair");
    let by = CKM_AES_KEY_WRAP;
    assert_eq!(wrapped(m, session, by, 0, key), Err(CKR_WRAPPING_KEY_HANDLE_INVALID));
    assert_eq!(wrapped(m, session, by, wrapping, 0), Err(CKR_KEY_HANDLE_INVALID));
    assert_eq!(wrapped(m, session, by, pair.public, key), Err(CKR_WRAPPING_KEY_TYPE_INCONSISTENT));
    assert_eq!(wrapped(m, session, CKM_SHA256, wrapping, key), Err(CKR_MECHANISM_INVALID));
    let template = kind(CKO_SECRET_KEY, CKK_AES);
    let (rv, _) = unwrap(t, session, by, 0, &[1; 24], &template);
    assert_rv!(rv, CKR_UNWRAPPING_KEY_HANDLE_INVALID);
    let (rv, _) = unwrap(t, session, by, pair.private, &[1; 24], &template);
    assert_rv!(rv, CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT);
    assert_rv!(unwrap(t, session, CKM_SHA256, wrapping, &[1; 24], &template).0, CKR_MECHANISM_INVALID);
    let parameter = with(CKM_AES_ECB, &[1u8; 3]);
    let (rv, _) = m.wrap_key(session, Some(&parameter), wrapping, key, Out::query());
    assert_rv!(rv, CKR_MECHANISM_PARAM_INVALID);
}

/// SoftHSM does not have CKM_AES_KEY_WRAP_KWP (`CKR_MECHANISM_INVALID`); section 6.16.
fn an_object_that_is_no_key_is_not_wrapped(t: &Test) {
    let session = t.token().user_session();
    let wrapping = aes(t.module, session, &[1; 32]);
    let pair = generate(t.module, session, Kind::P256, false, "pair");
    let data = create(t.module, session, &Template::new().ulong(CKA_CLASS, CKO_DATA));
    for object in [pair.public, data] {
        let refused = wrapped(t.module, session, CKM_AES_KEY_WRAP_KWP, wrapping, object);
        assert_eq!(refused, Err(CKR_KEY_NOT_WRAPPABLE));
    }
}

/// Section 5.18.3: a mismatch "SHALL return `CKR_KEY_HANDLE_INVALID`". SoftHSM does not wrap what matches either.
fn a_wrap_template_chooses_what_is_wrapped(t: &Test) {
    let session = t.token().user_session();
    let only = Template::new().ulong(CKA_KEY_TYPE, CKK_AES).bytes(CKA_LABEL, "may go");
    let template = secret_template(CKK_AES, &[1; 32]).with(Attribute::nested(CKA_WRAP_TEMPLATE, only));
    let wrapping = create(t.module, session, &template);
    let named = |name: &str| opened(secret_template(CKK_AES, &[2; 16])).bytes(CKA_LABEL, name);
    let (good, bad) =
        (create(t.module, session, &named("may go")), create(t.module, session, &named("stays")));
    assert!(wrapped(t.module, session, CKM_AES_KEY_WRAP, wrapping, good).is_ok());
    assert_eq!(wrapped(t.module, session, CKM_AES_KEY_WRAP, wrapping, bad), Err(CKR_KEY_HANDLE_INVALID));
}

/// Section 5.18.4. SoftHSM answers `CKR_TEMPLATE_INCONSISTENT` to a template that does not conflict.
fn an_unwrap_template_is_part_of_the_template(t: &Test) {
    let session = t.token().user_session();
    let added = Template::new().boolean(CKA_EXTRACTABLE, false).bytes(CKA_LABEL, "came in");
    let template = secret_template(CKK_AES, &[1; 32]).with(Attribute::nested(CKA_UNWRAP_TEMPLATE, added));
    let wrapping = create(t.module, session, &template);
    let key = open_aes(t.module, session, &[2; 16]);
    let bytes = wrapped(t.module, session, CKM_AES_KEY_WRAP, wrapping, key).unwrap();
    let bare = kind(CKO_SECRET_KEY, CKK_AES);
    let (rv, again) = unwrap(t, session, CKM_AES_KEY_WRAP, wrapping, &bytes, &bare);
    assert_rv!(rv, CKR_OK);
    assert!(!flag(t.module, session, again, CKA_EXTRACTABLE));
    assert_eq!(attribute(t.module, session, again, CKA_LABEL), b"came in");
    let against = bare.boolean(CKA_EXTRACTABLE, true);
    let (rv, _) = unwrap(t, session, CKM_AES_KEY_WRAP, wrapping, &bytes, &against);
    assert_rv!(rv, CKR_TEMPLATE_INCONSISTENT);
}

fn a_key_for_trusted_wrapping_keys_alone_is_wrapped_by_no_other(t: &Test) {
    let session = t.token().user_session();
    let wrapping = aes(t.module, session, &[1; 32]);
    let template = opened(secret_template(CKK_AES, &[2; 16])).boolean(CKA_WRAP_WITH_TRUSTED, true);
    let key = create(t.module, session, &template);
    let refused = wrapped(t.module, session, CKM_AES_KEY_WRAP, wrapping, key);
    assert_eq!(refused, Err(CKR_KEY_NOT_WRAPPABLE));
}

/// SoftHSM answers `CKR_ATTRIBUTE_READ_ONLY` to the officer; footnote 10 of section 4.2 lets him.
fn an_officer_trusts_a_public_key_which_then_wraps_what_wants_trust(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let pair = generate(t.module, session, Kind::Rsa, true, "trusted");
    assert_rv!(t.module.logout(session), CKR_OK);
    let officer = token.so_session();
    let trust = Template::new().boolean(CKA_TRUSTED, true);
    assert_rv!(t.module.set_attribute_values(officer, pair.public, &trust), CKR_OK);
    assert_rv!(t.module.close_session(officer), CKR_OK);
    assert_rv!(t.module.logout(session), CKR_OK);
    assert_rv!(t.module.login(session, cryptoki_sys::CKU_USER, pkcs11_tests::USER_PIN.into()), CKR_OK);
    assert!(flag(t.module, session, pair.public, CKA_TRUSTED));
    let template = opened(secret_template(CKK_AES, &[2; 16])).boolean(CKA_WRAP_WITH_TRUSTED, true);
    let key = create(t.module, session, &template);
    assert_eq!(wrapped(t.module, session, CKM_RSA_PKCS, pair.public, key).unwrap().len(), 256);
}

/// SoftHSM answers `CKR_GENERAL_ERROR`; section 5.1.6 has `CKR_WRAPPED_KEY_INVALID`.
fn damaged_wrapping_is_refused(t: &Test) {
    let session = t.token().user_session();
    let wrapping = aes(t.module, session, &[1; 32]);
    let key = open_aes(t.module, session, &[2; 16]);
    let template = kind(CKO_SECRET_KEY, CKK_AES);
    for by in [CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_PAD, CKM_AES_KEY_WRAP_KWP] {
        let bytes = wrapped(t.module, session, by, wrapping, key).unwrap();
        for place in [0, 8, bytes.len() - 1] {
            let mut wrong = bytes.clone();
            wrong[place] ^= 0x80;
            assert_rv!(unwrap(t, session, by, wrapping, &wrong, &template).0, CKR_WRAPPED_KEY_INVALID);
        }
        for len in [0, 1, 7, 8, 15, bytes.len() - 1] {
            let (rv, _) = unwrap(t, session, by, wrapping, &bytes[..len], &template);
            assert_rv!(rv, CKR_WRAPPED_KEY_LEN_RANGE, "{by:#x} {len}");
        }
    }
    for data in [Sent::null(24), Sent::null(u64::MAX), Sent::claiming(b"x", u64::MAX)] {
        let by = mechanism(CKM_AES_KEY_WRAP);
        assert_rv!(t.module.unwrap_key(session, Some(&by), wrapping, data, &template).0, CKR_ARGUMENTS_BAD);
    }
}

/// Section 5.18.4: a conflict "SHALL return `CKR_WRAPPED_KEY_LEN_RANGE`". SoftHSM refuses the right length too.
fn a_length_that_is_not_the_keys_is_refused(t: &Test) {
    let session = t.token().user_session();
    let wrapping = aes(t.module, session, &[1; 32]);
    let key = open_aes(t.module, session, &[2; 16]);
    let bytes = wrapped(t.module, session, CKM_AES_KEY_WRAP, wrapping, key).unwrap();
    let exact = kind(CKO_SECRET_KEY, CKK_AES).ulong(CKA_VALUE_LEN, 16);
    assert_rv!(unwrap(t, session, CKM_AES_KEY_WRAP, wrapping, &bytes, &exact).0, CKR_OK);
    for len in [24, 32] {
        let other = kind(CKO_SECRET_KEY, CKK_AES).ulong(CKA_VALUE_LEN, len);
        let (rv, _) = unwrap(t, session, CKM_AES_KEY_WRAP, wrapping, &bytes, &other);
        assert_rv!(rv, CKR_WRAPPED_KEY_LEN_RANGE, "{len}");
    }
    let secret = create(t.module, session, &opened(secret_template(CKK_GENERIC_SECRET, &[2; 20])));
    let bytes = wrapped(t.module, session, CKM_AES_KEY_WRAP_KWP, wrapping, secret).unwrap();
    let (rv, _) = unwrap(t, session, CKM_AES_KEY_WRAP_KWP, wrapping, &bytes, &kind(CKO_SECRET_KEY, CKK_AES));
    assert_rv!(rv, CKR_WRAPPED_KEY_LEN_RANGE, "no AES key has 20 bytes");
}

/// SoftHSM takes a CKA_ENCRYPT of the one byte 2; section 4.1.1 has a value for an invalid value.
fn unwrapping_wants_a_good_template(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let wrapping = aes(t.module, session, &[1; 32]);
    let key = open_aes(t.module, session, &[2; 16]);
    let bytes = wrapped(t.module, session, CKM_AES_KEY_WRAP, wrapping, key).unwrap();
    let by = mechanism(CKM_AES_KEY_WRAP);
    let good = kind(CKO_SECRET_KEY, CKK_AES);
    let all = [
        (good.clone().without(CKA_CLASS), CKR_TEMPLATE_INCOMPLETE),
        (good.clone().without(CKA_KEY_TYPE), CKR_TEMPLATE_INCOMPLETE),
        (good.clone().bytes(CKA_VALUE, [1; 16]), CKR_ATTRIBUTE_READ_ONLY),
        (good.clone().boolean(CKA_LOCAL, true), CKR_ATTRIBUTE_READ_ONLY),
        (good.clone().bytes(CKA_ENCRYPT, [2]), CKR_ATTRIBUTE_VALUE_INVALID),
        (good.clone().bytes(0x7777_7777, [2]), CKR_ATTRIBUTE_TYPE_INVALID),
        (good.clone().boolean(CKA_PRIVATE, true).boolean(CKA_PRIVATE, false), CKR_TEMPLATE_INCONSISTENT),
        (kind(CKO_DATA, CKK_AES), CKR_ATTRIBUTE_TYPE_INVALID),
    ];
    for (template, expected) in all {
        let (rv, _) = t.module.unwrap_key(session, Some(&by), wrapping, Sent::from(&bytes), &template);
        assert_rv!(rv, expected, "{template:?}");
    }
    let (rv, _) = t.module.unwrap_key(session, Some(&by), wrapping, Sent::from(&bytes), Attributes::Null(3));
    assert_rv!(rv, CKR_ARGUMENTS_BAD);
    assert_rv!(t.module.unwrap_key(session, None, wrapping, Sent::from(&bytes), &good).0, CKR_ARGUMENTS_BAD);
    let reader = token.open_ro();
    let on_token = good.without(CKA_TOKEN).boolean(CKA_TOKEN, true);
    let (rv, _) = t.module.unwrap_key(reader, Some(&by), wrapping, Sent::from(&bytes), &on_token);
    assert_rv!(rv, CKR_SESSION_READ_ONLY);
}

/// SoftHSM answers `CKR_FUNCTION_FAILED`; section 5.1.6: "should return `CKR_WRAPPED_KEY_INVALID`".
fn a_key_cannot_be_unwrapped_into_what_it_is_not(t: &Test) {
    let session = t.token().user_session();
    let wrapping = aes(t.module, session, &[1; 32]);
    let key = open_aes(t.module, session, &[2; 32]);
    let bytes = wrapped(t.module, session, CKM_AES_KEY_WRAP, wrapping, key).unwrap();
    for key_type in [CKK_RSA, CKK_EC] {
        let template = kind(CKO_PRIVATE_KEY, key_type);
        let (rv, _) = unwrap(t, session, CKM_AES_KEY_WRAP, wrapping, &bytes, &template);
        assert_rv!(rv, CKR_WRAPPED_KEY_INVALID);
    }
}

fn allowed_mechanisms_hold_for_wrapping_too(t: &Test) {
    let session = t.token().user_session();
    let allowed = CKM_AES_KEY_WRAP.to_ne_bytes();
    let template = secret_template(CKK_AES, &[1; 32]).bytes(CKA_ALLOWED_MECHANISMS, allowed);
    let wrapping = create(t.module, session, &template);
    let key = open_aes(t.module, session, &[2; 16]);
    assert!(wrapped(t.module, session, CKM_AES_KEY_WRAP, wrapping, key).is_ok());
    assert_eq!(wrapped(t.module, session, CKM_AES_KEY_WRAP_KWP, wrapping, key), Err(CKR_MECHANISM_INVALID));
    let rv = t.module.encrypt_init(session, Some(&mechanism(CKM_AES_ECB)), wrapping);
    assert_rv!(rv, CKR_MECHANISM_INVALID);
}

fn rsa_wraps_secret_keys_and_no_longer_ones(t: &Test) {
    let session = t.token().user_session();
    let pair = generate(t.module, session, Kind::Rsa, false, "pair");
    let key = open_aes(t.module, session, &[2; 32]);
    let bytes = wrapped(t.module, session, CKM_RSA_PKCS, pair.public, key).unwrap();
    let template = opened(kind(CKO_SECRET_KEY, CKK_AES));
    let (rv, again) = unwrap(t, session, CKM_RSA_PKCS, pair.private, &bytes, &template);
    assert_rv!(rv, CKR_OK);
    assert_eq!(attribute(t.module, session, again, CKA_VALUE), [2; 32]);
    let long = create(t.module, session, &opened(secret_template(CKK_GENERIC_SECRET, &[2; 246])));
    assert_eq!(wrapped(t.module, session, CKM_RSA_PKCS, pair.public, long), Err(CKR_KEY_SIZE_RANGE));
}

/// Section 5.18.4 lists both: what is wrong is not how the key was wrapped. SoftHSM cannot encrypt by this mechanism.
fn a_key_of_a_curve_that_is_none_does_not_unwrap(t: &Test) {
    let session = t.token().user_session();
    let wrapping = aes(t.module, session, &[1; 32]);
    // A mechanism that checks the whole: of CBC's padding every error is one (decision 0023).
    let by = mechanism(CKM_AES_KEY_WRAP_PAD);
    let pkcs8 = |curve: &str| {
        let curve = format!("ec_paramgen_curve:{curve}");
        let key = run(&mut openssl(["genpkey", "-algorithm", "EC", "-pkeyopt", &curve]));
        run_with_input(&mut openssl(["pkcs8", "-topk8", "-nocrypt", "-outform", "DER"]), &key)
    };
    // Where the curve's object identifier stands, an octet string is no parameters at all.
    let mut neither = pkcs8("P-256");
    let place = neither.windows(P256.len()).position(|bytes| bytes == P256).unwrap();
    neither[place] = 0x04;
    for (key, expected) in
        [(pkcs8("brainpoolP512r1"), CKR_CURVE_NOT_SUPPORTED), (neither, CKR_DOMAIN_PARAMS_INVALID)]
    {
        let sealed = whole(t.module, ENCRYPTION, session, &by, wrapping, &key).unwrap();
        let template = kind(CKO_PRIVATE_KEY, CKK_EC);
        let (rv, _) = t.module.unwrap_key(session, Some(&by), wrapping, Sent::from(&sealed), &template);
        assert_rv!(rv, expected);
    }
}

/// SoftHSM does not unwrap by CKM_AES_CBC_PAD (`CKR_MECHANISM_INVALID`); the table of section 6.10 lists it.
fn a_parameter_that_does_not_fit_unwraps_nothing(t: &Test) {
    let session = t.token().user_session();
    let wrapping = aes(t.module, session, &[1; 32]);
    let template = kind(CKO_SECRET_KEY, CKK_AES);
    for by in
        [mechanism(CKM_AES_CBC_PAD), with(CKM_AES_CBC_PAD, &[9u8; 15]), with(CKM_AES_KEY_WRAP, &[9u8; 3])]
    {
        let (rv, _) = t.module.unwrap_key(session, Some(&by), wrapping, Sent::from(&[1; 32]), &template);
        assert_rv!(rv, CKR_MECHANISM_PARAM_INVALID);
    }
}

/// Section 4.10: the PIN comes between an operation's start and its end, no moment here. SoftHSM unwraps (`CKR_OK`).
fn a_key_that_wants_a_login_for_each_use_unwraps_nothing(t: &Test) {
    let session = t.token().user_session();
    let m = t.module;
    let private = Kind::Rsa.private_template().boolean(CKA_ALWAYS_AUTHENTICATE, true);
    let private = private.boolean(CKA_UNWRAP, true);
    let public = Kind::Rsa.public_template().boolean(CKA_WRAP, true);
    let (rv, public, private) = m.generate_key_pair(session, Some(&Kind::Rsa.generator()), &public, &private);
    assert_rv!(rv, CKR_OK);
    let key = open_aes(m, session, &[2; 16]);
    let bytes = wrapped(m, session, CKM_RSA_PKCS, public, key).unwrap();
    let (rv, _) = unwrap(t, session, CKM_RSA_PKCS, private, &bytes, &kind(CKO_SECRET_KEY, CKK_AES));
    assert_rv!(rv, CKR_USER_NOT_LOGGED_IN);
}
