//! Every hash in every mechanism that has one of its own: sections 6.1 (RSA), 6.20 (digests), 6.22 (HMAC and its keys),
//! and the key wrap that pads as PKCS #7 does (section 6.16).

use cryptoki_sys::{
    CK_RSA_PKCS_PSS_PARAMS, CKA_CLASS, CKA_DECRYPT, CKA_KEY_TYPE, CKA_MODULUS, CKA_PUBLIC_EXPONENT,
    CKA_PUBLIC_KEY_INFO, CKA_SIGN, CKA_VALUE, CKA_VALUE_LEN, CKG_MGF1_SHA1, CKG_MGF1_SHA224, CKG_MGF1_SHA256,
    CKG_MGF1_SHA384, CKG_MGF1_SHA512, CKK_AES, CKK_GENERIC_SECRET, CKK_RSA, CKK_SHA_1_HMAC, CKK_SHA224_HMAC,
    CKK_SHA256_HMAC, CKK_SHA384_HMAC, CKK_SHA512_224_HMAC, CKK_SHA512_256_HMAC, CKK_SHA512_HMAC,
    CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_PKCS7, CKM_RSA_X_509, CKM_SHA_1, CKM_SHA_1_HMAC, CKM_SHA1_RSA_PKCS,
    CKM_SHA1_RSA_PKCS_PSS, CKM_SHA224, CKM_SHA224_HMAC, CKM_SHA224_RSA_PKCS, CKM_SHA224_RSA_PKCS_PSS,
    CKM_SHA256, CKM_SHA256_HMAC, CKM_SHA256_RSA_PKCS, CKM_SHA256_RSA_PKCS_PSS, CKM_SHA384, CKM_SHA384_HMAC,
    CKM_SHA384_RSA_PKCS, CKM_SHA384_RSA_PKCS_PSS, CKM_SHA512, CKM_SHA512_224, CKM_SHA512_224_HMAC,
    CKM_SHA512_256, CKM_SHA512_256_HMAC, CKM_SHA512_HMAC, CKM_SHA512_RSA_PKCS, CKM_SHA512_RSA_PKCS_PSS,
    CKO_PUBLIC_KEY, CKO_SECRET_KEY, CKR_ATTRIBUTE_VALUE_INVALID, CKR_KEY_FUNCTION_NOT_PERMITTED,
    CKR_KEY_SIZE_RANGE, CKR_KEY_TYPE_INCONSISTENT, CKR_OK, CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE,
};
use pkcs11_tests::keys::{Kind, attribute, generate, sign, spki, verify};
use pkcs11_tests::program::unhex;
use pkcs11_tests::{Out, Sent, Template, Test, assert_rv, mechanism, on_both, on_claviger, pss};

use crate::curves::openssl_verifies;
use crate::secret_keys::{aes, create, generic, open_aes, opened, secret_template};
use crate::wrapping::{kind, wrapped};

on_both!(rsa_signs_with_every_hash_and_openssl_agrees);
on_claviger!(
    hmac_with_every_hash_gives_the_published_value,
    keys_of_one_hmac_alone_work_with_it_alone,
    the_two_cut_forms_of_sha_512_give_the_published_digests,
    a_key_is_wrapped_with_the_padding_of_pkcs7,
    rsa_verifies_with_keys_that_sign_nowhere_any_more,
);

const MESSAGE: &[u8] = b"a message that both sides know";

/// OpenSSL's name of a hash, the hash, its mask generation function, its PKCS #1 v1.5 and its PSS.
const RSA: [(&str, u64, u64, u64, u64); 5] = [
    ("sha1", CKM_SHA_1, CKG_MGF1_SHA1, CKM_SHA1_RSA_PKCS, CKM_SHA1_RSA_PKCS_PSS),
    ("sha224", CKM_SHA224, CKG_MGF1_SHA224, CKM_SHA224_RSA_PKCS, CKM_SHA224_RSA_PKCS_PSS),
    ("sha256", CKM_SHA256, CKG_MGF1_SHA256, CKM_SHA256_RSA_PKCS, CKM_SHA256_RSA_PKCS_PSS),
    ("sha384", CKM_SHA384, CKG_MGF1_SHA384, CKM_SHA384_RSA_PKCS, CKM_SHA384_RSA_PKCS_PSS),
    ("sha512", CKM_SHA512, CKG_MGF1_SHA512, CKM_SHA512_RSA_PKCS, CKM_SHA512_RSA_PKCS_PSS),
];

/// An HMAC, the type of its own keys, and its value of "what do ya want for nothing?" under "Jefe": RFC 2202 and RFC
/// 4231, case 2, and for the cut forms of SHA-512 what OpenSSL 3 computes.
const HMACS: [(u64, u64, &str); 7] = [
    (CKM_SHA_1_HMAC, CKK_SHA_1_HMAC, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
    (CKM_SHA224_HMAC, CKK_SHA224_HMAC, "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44"),
    (CKM_SHA256_HMAC, CKK_SHA256_HMAC, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
    (
        CKM_SHA384_HMAC,
        CKK_SHA384_HMAC,
        "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
    ),
    (
        CKM_SHA512_HMAC,
        CKK_SHA512_HMAC,
        "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaea\
         b1a34d4a6b4b636e070a38bce737",
    ),
    (CKM_SHA512_224_HMAC, CKK_SHA512_224_HMAC, "4a530b31a79ebcce36916546317c45f247d83241dfb818fd37254bde"),
    (
        CKM_SHA512_256_HMAC,
        CKK_SHA512_256_HMAC,
        "6df7b24630d5ccb2ee335407081a87188c221489768fa2020513b2d593359456",
    ),
];
const HMAC_KEY: &[u8] = b"Jefe";
const HMAC_MESSAGE: &[u8] = b"what do ya want for nothing?";

fn rsa_signs_with_every_hash_and_openssl_agrees(t: &Test) {
    let session = t.token().user_session();
    let pair = generate(t.module, session, Kind::Rsa, false, "signer");
    let key = spki(t.module, session, pair.public, Kind::Rsa);
    for (hash, digest, mgf, pkcs1, probabilistic) in RSA {
        let parameters = CK_RSA_PKCS_PSS_PARAMS { hashAlg: digest, mgf, sLen: 20 };
        let salted = ["rsa_padding_mode:pss", "rsa_pss_saltlen:20"].map(String::from).to_vec();
        for (by, options) in [(mechanism(pkcs1), Vec::new()), (pss(probabilistic, &parameters), salted)] {
            let what = format!("{:#x}", by.mechanism);
            let signature = sign(t.module, session, &by, pair.private, MESSAGE).unwrap();
            assert_rv!(verify(t.module, session, &by, pair.public, MESSAGE, &signature), CKR_OK, "{what}");
            assert!(openssl_verifies(t, &key, hash, &options, &signature, MESSAGE), "{what}");
            assert!(!openssl_verifies(t, &key, hash, &options, &signature, b"another"), "{what}");
            let rv = verify(t.module, session, &by, pair.public, b"another", &signature);
            assert_rv!(rv, CKR_SIGNATURE_INVALID, "{what}");
        }
    }
}

fn hmac_agrees(t: &Test, session: u64, by: u64, key: u64, value: &str) {
    let (by, value) = (mechanism(by), unhex(value));
    assert_eq!(sign(t.module, session, &by, key, HMAC_MESSAGE).unwrap(), value, "{:#x}", by.mechanism);
    assert_rv!(verify(t.module, session, &by, key, HMAC_MESSAGE, &value), CKR_OK);
    assert_rv!(verify(t.module, session, &by, key, b"another", &value), CKR_SIGNATURE_INVALID);
    let cut = &value[..value.len() - 1];
    assert_rv!(verify(t.module, session, &by, key, HMAC_MESSAGE, cut), CKR_SIGNATURE_LEN_RANGE);
}

/// SoftHSM wants keys as long as the digest (RFC 2104 section 3 discourages shorter ones), which the published one is not.
fn hmac_with_every_hash_gives_the_published_value(t: &Test) {
    let session = t.token().user_session();
    for (by, _, value) in HMACS {
        hmac_agrees(t, session, by, generic(t.module, session, HMAC_KEY), value);
    }
}

/// Section 6.22, and the attributes of section 6.8.2.
/// SoftHSM refuses the short key here too (`CKR_KEY_SIZE_RANGE`).
fn keys_of_one_hmac_alone_work_with_it_alone(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    for (by, key_type, value) in HMACS {
        let template = opened(secret_template(key_type, HMAC_KEY));
        let key = create(t.module, session, &template);
        hmac_agrees(t, session, by, key, value);
        assert_eq!(attribute(t.module, session, key, CKA_VALUE), HMAC_KEY);
        assert_eq!(attribute(t.module, session, key, CKA_VALUE_LEN), 4_u64.to_ne_bytes());
        assert_eq!(attribute(t.module, session, key, CKA_KEY_TYPE), key_type.to_ne_bytes());
        for (other, ..) in HMACS.iter().filter(|(other, ..)| *other != by) {
            let rv = t.module.sign_init(session, Some(&mechanism(*other)), key);
            assert_rv!(rv, CKR_KEY_TYPE_INCONSISTENT, "{other:#x} with {key_type:#x}");
        }
        let closed = template.without(CKA_SIGN).boolean(CKA_SIGN, false);
        let closed = create(t.module, session, &closed);
        let rv = t.module.sign_init(session, Some(&mechanism(by)), closed);
        assert_rv!(rv, CKR_KEY_FUNCTION_NOT_PERMITTED);
        let unable = Template::new().ulong(CKA_CLASS, CKO_SECRET_KEY).ulong(CKA_KEY_TYPE, key_type);
        let found = token.find(session, &unable.clone());
        assert_eq!(found.len(), 2, "keys are found by their type");
        assert!(token.find(session, &unable.boolean(CKA_DECRYPT, true)).is_empty());
    }
}

/// FIPS 180-4's figures of "abc".
/// SoftHSM does not have them (`CKR_MECHANISM_INVALID`).
fn the_two_cut_forms_of_sha_512_give_the_published_digests(t: &Test) {
    let session = t.token().open_ro();
    for (by, digest) in [
        (CKM_SHA512_224, "4634270f707b6a54daae7530460842e20e37ed265ceee9a43e8924aa"),
        (CKM_SHA512_256, "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"),
    ] {
        assert_rv!(t.module.digest_init(session, Some(&mechanism(by))), CKR_OK);
        let mut room = [0; 64];
        let (rv, len) = t.module.digest(session, Sent::from(b"abc"), Out::buffer(&mut room));
        assert_rv!(rv, CKR_OK);
        assert_eq!(room[..usize::try_from(len).unwrap()], unhex(digest));
    }
}

/// Section 6.16.3: the padding makes whole blocks of eight bytes, which are then wrapped as CKM_AES_KEY_WRAP wraps them.
/// SoftHSM does not have the mechanism (`CKR_MECHANISM_INVALID`).
fn a_key_is_wrapped_with_the_padding_of_pkcs7(t: &Test) {
    let session = t.token().user_session();
    let wrapping = aes(t.module, session, &[1; 32]);
    for len in [8, 9, 15, 16, 17, 31, 32, 40] {
        let value: Vec<u8> = (1..=len).collect();
        let key = create(t.module, session, &opened(secret_template(CKK_GENERIC_SECRET, &value)));
        let blob = wrapped(t.module, session, CKM_AES_KEY_WRAP_PKCS7, wrapping, key).unwrap();
        let pad = 8 - len % 8;
        let padded = [&value[..], &vec![pad; pad.into()]].concat();
        let padded = create(t.module, session, &opened(secret_template(CKK_GENERIC_SECRET, &padded)));
        assert_eq!(wrapped(t.module, session, CKM_AES_KEY_WRAP, wrapping, padded).unwrap(), blob, "{len}");
        let template = opened(kind(CKO_SECRET_KEY, CKK_GENERIC_SECRET));
        let by = mechanism(CKM_AES_KEY_WRAP_PKCS7);
        let (rv, back) = t.module.unwrap_key(session, Some(&by), wrapping, Sent::from(&blob), &template);
        assert_rv!(rv, CKR_OK, "{len}");
        assert_eq!(attribute(t.module, session, back, CKA_VALUE), value);
    }
    // SP 800-38F section 5.3.1: two blocks of eight bytes at least.
    let short = create(t.module, session, &opened(secret_template(CKK_GENERIC_SECRET, &[1; 7])));
    let refused = wrapped(t.module, session, CKM_AES_KEY_WRAP_PKCS7, wrapping, short);
    assert_eq!(refused, Err(CKR_KEY_SIZE_RANGE));
    let key = open_aes(t.module, session, &[7; 32]);
    let blob = wrapped(t.module, session, CKM_AES_KEY_WRAP_PKCS7, wrapping, key).unwrap();
    let by = mechanism(CKM_AES_KEY_WRAP_PKCS7);
    let template = opened(kind(CKO_SECRET_KEY, CKK_AES));
    let (rv, back) = t.module.unwrap_key(session, Some(&by), wrapping, Sent::from(&blob), &template);
    assert_rv!(rv, CKR_OK);
    assert_eq!(attribute(t.module, session, back, CKA_VALUE), [7; 32]);
}

/// Section 6.1: what is verified was signed by others, with keys that C_GetMechanismInfo's range of sizes may leave out.
/// The cube of 2 is 8 whatever the modulus.
/// SoftHSM encrypts with 512 bits; section 5.1.6 leaves a token its sizes (`CKR_KEY_SIZE_RANGE`).
fn rsa_verifies_with_keys_that_sign_nowhere_any_more(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let template = |len: usize| {
        Template::new()
            .ulong(CKA_CLASS, CKO_PUBLIC_KEY)
            .ulong(CKA_KEY_TYPE, CKK_RSA)
            .bytes(CKA_MODULUS, vec![0xFF; len])
            .bytes(CKA_PUBLIC_EXPONENT, [3])
    };
    let by = mechanism(CKM_RSA_X_509);
    for bits in [512, 1024, 1536, 2048, 8192, 8200, 16384] {
        let len = bits / 8;
        let (rv, key) = t.module.create_object(session, &template(len));
        assert_rv!(rv, CKR_OK, "{bits} bits");
        let number = |number: u8| [vec![0; len - 1], vec![number]].concat();
        assert_rv!(verify(t.module, session, &by, key, &number(8), &number(2)), CKR_OK, "{bits} bits");
        let rv = verify(t.module, session, &by, key, &number(9), &number(2));
        assert_rv!(rv, CKR_SIGNATURE_INVALID, "{bits} bits");
        let rv = t.module.encrypt_init(session, Some(&by), key);
        let offered = bits >= 1024;
        assert_rv!(rv, if offered { CKR_OK } else { CKR_KEY_SIZE_RANGE }, "{bits} bits");
        if offered {
            assert_rv!(t.module.encrypt_init(session, None, 0), CKR_OK);
        }
        assert_ne!(attribute(t.module, session, key, CKA_PUBLIC_KEY_INFO), b"");
    }
    for len in [63, 2049] {
        let rv = t.module.create_object(session, &template(len)).0;
        assert_rv!(rv, CKR_ATTRIBUTE_VALUE_INVALID, "{len} bytes");
    }
}
