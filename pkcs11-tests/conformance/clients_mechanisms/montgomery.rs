//! Section 6.3.17 on curve25519 and curve448: X25519 and X448.

use cryptoki_sys::{
    CKA_CLASS, CKA_DERIVE, CKA_EC_PARAMS, CKA_EC_POINT, CKA_EXTRACTABLE, CKA_KEY_TYPE, CKA_PUBLIC_KEY_INFO,
    CKA_SENSITIVE, CKA_TOKEN, CKA_UNWRAP, CKA_VALUE, CKA_VALUE_LEN, CKA_WRAP, CKD_NULL, CKD_SHA256_KDF,
    CKF_GENERATE_KEY_PAIR, CKK_EC_MONTGOMERY, CKM_AES_CBC_PAD, CKM_AES_KEY_GEN, CKM_EC_KEY_PAIR_GEN,
    CKM_EC_MONTGOMERY_KEY_PAIR_GEN, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY, CKR_ATTRIBUTE_VALUE_INVALID,
    CKR_CURVE_NOT_SUPPORTED, CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_MECHANISM_PARAM_INVALID, CKR_OK,
    CKR_TEMPLATE_INCOMPLETE,
};
use pkcs11_tests::keys::attribute;
use pkcs11_tests::program::unhex;
use pkcs11_tests::raw::parameters::{ecdh1, with};
use pkcs11_tests::{Out, Sent, Template, Test, assert_rv, mechanism, on_claviger};

use super::{derived_by_openssl, derives, info, of_openssl, open_secret, pair};
use crate::wrapping::kind;

on_claviger!(
    openssl_derives_the_same_secret,
    an_imported_key_agrees_as_rfc_7748_says,
    a_secret_of_zeros_is_refused,
    the_curve_belongs_to_its_own_generator,
    a_wrapped_key_agrees_again,
    a_key_that_may_not_derive_is_refused,
);

const PARAMETERS: &[u8] = b"\x06\x03\x2b\x65\x6e";
const NAME: &[u8] = b"\x13\x0acurve25519";
const X448: &[u8] = b"\x06\x03\x2b\x65\x6f";

fn derive(t: &Test, session: u64, kdf: u64, key: u64, public: &[u8], template: &Template) -> (u64, u64) {
    let by = ecdh1(kdf, Sent::null(0), Sent::from(public));
    t.module.derive_key(session, Some(&by.mechanism()), key, template)
}

fn openssl_derives_the_same_secret(t: &Test) {
    let session = t.token().user_session();
    let curves = [("X25519", NAME, PARAMETERS, 32), ("X448", &b"\x13\x08curve448"[..], X448, 56)];
    for (algorithm, name, parameters, len) in curves {
        openssl_derives(t, session, algorithm, (name, parameters), len);
    }
}

fn openssl_derives(t: &Test, session: u64, algorithm: &str, (name, parameters): (&[u8], &[u8]), len: u8) {
    let (own, public) = of_openssl(t, "own.pem", &["-algorithm", algorithm]);
    let pair = pair(t, session, CKM_EC_MONTGOMERY_KEY_PAIR_GEN, name, &derives());
    assert_eq!(attribute(t.module, session, pair.public, CKA_EC_PARAMS), parameters);
    assert_eq!(attribute(t.module, session, pair.public, CKA_EC_POINT)[..2], [4, len]);
    let ours = attribute(t.module, session, pair.public, CKA_PUBLIC_KEY_INFO);
    let expected = derived_by_openssl(t, &own, &ours);
    let raw = &public[public.len() - usize::from(len)..];
    for public in [raw.to_vec(), [&[4, len], raw].concat()] {
        let (rv, key) = derive(t, session, CKD_NULL, pair.private, &public, &open_secret());
        assert_rv!(rv, CKR_OK);
        assert_eq!(attribute(t.module, session, key, CKA_VALUE), expected);
    }
    let template = open_secret().ulong(CKA_VALUE_LEN, 48);
    let (rv, key) = derive(t, session, CKD_SHA256_KDF, pair.private, raw, &template);
    assert_rv!(rv, CKR_OK);
    assert_eq!(attribute(t.module, session, key, CKA_VALUE).len(), 48);
}

/// RFC 7748 section 6.1.
fn an_imported_key_agrees_as_rfc_7748_says(t: &Test) {
    let session = t.token().user_session();
    let template = Template::new()
        .ulong(CKA_CLASS, CKO_PRIVATE_KEY)
        .ulong(CKA_KEY_TYPE, CKK_EC_MONTGOMERY)
        .boolean(CKA_TOKEN, false)
        .boolean(CKA_DERIVE, true)
        .bytes(CKA_EC_PARAMS, PARAMETERS)
        .bytes(CKA_VALUE, unhex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"));
    let (rv, key) = t.module.create_object(session, &template);
    assert_rv!(rv, CKR_OK);
    let peer = unhex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
    let (rv, secret) = derive(t, session, CKD_NULL, key, &peer, &open_secret());
    assert_rv!(rv, CKR_OK);
    let expected = unhex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
    assert_eq!(attribute(t.module, session, secret, CKA_VALUE), expected);
}

fn a_secret_of_zeros_is_refused(t: &Test) {
    let session = t.token().user_session();
    for (parameters, len) in [(PARAMETERS, 32), (X448, 56)] {
        let pair = pair(t, session, CKM_EC_MONTGOMERY_KEY_PAIR_GEN, parameters, &derives());
        let one = [&[1], &vec![0; len - 1][..]].concat();
        for point in [&vec![0; len], &one, &vec![9; len - 1], &vec![9; len + 1], &vec![]] {
            let (rv, _) = derive(t, session, CKD_NULL, pair.private, point, &open_secret());
            assert_rv!(rv, CKR_MECHANISM_PARAM_INVALID);
            let public = kind(CKO_PUBLIC_KEY, CKK_EC_MONTGOMERY).bytes(CKA_EC_PARAMS, parameters);
            let (rv, _) = t.module.create_object(session, &public.bytes(CKA_EC_POINT, point.as_slice()));
            let expected =
                if point.is_empty() { CKR_TEMPLATE_INCOMPLETE } else { CKR_ATTRIBUTE_VALUE_INVALID };
            assert_rv!(rv, expected);
        }
    }
}

fn the_curve_belongs_to_its_own_generator(t: &Test) {
    let token = t.token();
    let (flags, smallest, largest) = info(t, &token, CKM_EC_MONTGOMERY_KEY_PAIR_GEN);
    assert_eq!((smallest, largest), (255, 448));
    assert_ne!(flags & CKF_GENERATE_KEY_PAIR, 0);
    let session = token.user_session();
    for (by, parameters) in [
        (CKM_EC_KEY_PAIR_GEN, PARAMETERS),
        (CKM_EC_MONTGOMERY_KEY_PAIR_GEN, b"\x06\x03\x2b\x65\x71"),
        (CKM_EC_MONTGOMERY_KEY_PAIR_GEN, b"\x06\x03\x2b\x65\x70"),
    ] {
        let public = Template::new().bytes(CKA_EC_PARAMS, parameters);
        let (rv, ..) = t.module.generate_key_pair(session, Some(&mechanism(by)), &public, &Template::new());
        assert_rv!(rv, CKR_CURVE_NOT_SUPPORTED, "{parameters:x?}");
    }
}

fn a_wrapped_key_agrees_again(t: &Test) {
    let session = t.token().user_session();
    let open = derives().boolean(CKA_EXTRACTABLE, true).boolean(CKA_SENSITIVE, false);
    let pair = pair(t, session, CKM_EC_MONTGOMERY_KEY_PAIR_GEN, PARAMETERS, &open);
    let wrapping = Template::new().ulong(CKA_VALUE_LEN, 32).boolean(CKA_WRAP, true).boolean(CKA_UNWRAP, true);
    let (rv, wrapping) = t.module.generate_key(session, Some(&mechanism(CKM_AES_KEY_GEN)), &wrapping);
    assert_rv!(rv, CKR_OK);
    let (iv, mut bytes) = ([7u8; 16], vec![0; 256]);
    let by = with(CKM_AES_CBC_PAD, &iv);
    let (rv, len) = t.module.wrap_key(session, Some(&by), wrapping, pair.private, Out::buffer(&mut bytes));
    assert_rv!(rv, CKR_OK);
    bytes.truncate(usize::try_from(len).unwrap());
    let template = kind(CKO_PRIVATE_KEY, CKK_EC_MONTGOMERY).boolean(CKA_DERIVE, true);
    let (rv, again) = t.module.unwrap_key(session, Some(&by), wrapping, Sent::from(&bytes), &template);
    assert_rv!(rv, CKR_OK);
    let values = [pair.private, again].map(|key| {
        let (rv, secret) = derive(t, session, CKD_NULL, key, &[9; 32], &open_secret());
        assert_rv!(rv, CKR_OK);
        attribute(t.module, session, secret, CKA_VALUE)
    });
    assert_eq!(values[0], values[1]);
}

fn a_key_that_may_not_derive_is_refused(t: &Test) {
    let session = t.token().user_session();
    let pair = pair(t, session, CKM_EC_MONTGOMERY_KEY_PAIR_GEN, NAME, &Template::new());
    let (rv, _) = derive(t, session, CKD_NULL, pair.private, &[9; 32], &open_secret());
    assert_rv!(rv, CKR_KEY_FUNCTION_NOT_PERMITTED);
}
