//! Section 6.3.14: EdDSA on edwards25519 and edwards448.

use cryptoki_sys::{
    CK_MECHANISM, CKA_CLASS, CKA_EC_PARAMS, CKA_EC_POINT, CKA_EXTRACTABLE, CKA_KEY_TYPE, CKA_PRIVATE,
    CKA_PUBLIC_KEY_INFO, CKA_SENSITIVE, CKA_SIGN, CKA_TOKEN, CKA_UNWRAP, CKA_VALUE, CKA_VALUE_LEN,
    CKA_VERIFY, CKA_WRAP, CKF_EC_CURVENAME, CKF_EC_OID, CKF_GENERATE_KEY_PAIR, CKF_SIGN, CKF_VERIFY,
    CKK_EC_EDWARDS, CKM_AES_KEY_GEN, CKM_AES_KEY_WRAP_KWP, CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_EC_KEY_PAIR_GEN,
    CKM_ECDSA, CKM_EDDSA, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY, CKR_ATTRIBUTE_VALUE_INVALID,
    CKR_CURVE_NOT_SUPPORTED, CKR_DOMAIN_PARAMS_INVALID, CKR_KEY_TYPE_INCONSISTENT,
    CKR_MECHANISM_PARAM_INVALID, CKR_OK, CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE,
};
use pkcs11_tests::keys::{attribute, flag, sign, verify};
use pkcs11_tests::program::{openssl, run, unhex};
use pkcs11_tests::raw::parameters::{claiming, eddsa};
use pkcs11_tests::{Sent, Template, Test, assert_rv, mechanism, on_claviger};

use super::{file, info, pair, sign_in_parts, verify_in_parts};
use crate::wrapping::{kind, wrapped};

on_claviger!(
    openssl_verifies_what_is_signed,
    an_imported_key_signs_as_rfc_8032_says,
    context_and_prehash_are_told_by_parameters,
    parameters_of_eddsa_are_checked,
    the_mechanisms_say_what_they_can,
    the_curve_belongs_to_its_own_generator,
    a_public_key_is_told_with_its_information,
    a_wrapped_key_signs_again,
    a_pair_does_what_it_is_made_for,
);

const PARAMETERS: &[u8] = b"\x06\x03\x2b\x65\x70";
const NAME: &[u8] = b"\x13\x0cedwards25519";
const ED448: &[u8] = b"\x06\x03\x2b\x65\x71";
const ED448_NAME: &[u8] = b"\x13\x0aedwards448";

fn signs() -> Template {
    Template::new().boolean(CKA_SIGN, true)
}

fn imported(t: &Test, session: u64, class: u64, attribute: u64, value: &str) -> u64 {
    let usage = if class == CKO_PRIVATE_KEY { CKA_SIGN } else { CKA_VERIFY };
    let template = Template::new()
        .ulong(CKA_CLASS, class)
        .ulong(CKA_KEY_TYPE, CKK_EC_EDWARDS)
        .boolean(CKA_TOKEN, false)
        .boolean(usage, true)
        .bytes(CKA_EC_PARAMS, NAME)
        .bytes(attribute, unhex(value));
    let (rv, key) = t.module.create_object(session, &template);
    assert_rv!(rv, CKR_OK);
    key
}

fn openssl_verifies_what_is_signed(t: &Test) {
    let session = t.token().user_session();
    for parameters in [PARAMETERS, ED448] {
        openssl_verifies(t, session, parameters);
    }
}

fn openssl_verifies(t: &Test, session: u64, parameters: &[u8]) {
    let pair = pair(t, session, CKM_EC_EDWARDS_KEY_PAIR_GEN, parameters, &signs());
    let by = mechanism(CKM_EDDSA);
    let public = file(t, "public.der", &attribute(t.module, session, pair.public, CKA_PUBLIC_KEY_INFO));
    for message in [&b""[..], b"message", &[0x5a; 10_000]] {
        let signature = sign(t.module, session, &by, pair.private, message).unwrap();
        let (message_file, signature_file) = (file(t, "message", message), file(t, "signature", &signature));
        let mut command = openssl(["pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER", "-inkey"]);
        // OpenSSL 3.0 reads no empty file here.
        if !message.is_empty() {
            run(command.arg(&public).arg("-in").arg(message_file).arg("-sigfile").arg(signature_file));
        }
        assert_eq!(sign_in_parts(t, session, &by, pair.private, message), signature);
        assert_rv!(verify_in_parts(t, session, &by, pair.public, message, &signature), CKR_OK);
        let wrong = verify(t.module, session, &by, pair.public, b"Message", &signature);
        assert_rv!(wrong, CKR_SIGNATURE_INVALID);
        let short = verify(t.module, session, &by, pair.public, message, &signature[1..]);
        assert_rv!(short, CKR_SIGNATURE_LEN_RANGE);
    }
}

/// RFC 8032 section 7.1, test 3.
fn an_imported_key_signs_as_rfc_8032_says(t: &Test) {
    let session = t.token().user_session();
    let seed = "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7";
    let point = "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025";
    let expected = unhex(
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659\
         4a7c15e9716ed28dc027beceea1ec40a",
    );
    let key = imported(t, session, CKO_PRIVATE_KEY, CKA_VALUE, seed);
    let by = mechanism(CKM_EDDSA);
    assert_eq!(sign(t.module, session, &by, key, &[0xaf, 0x82]).unwrap(), expected);
    for point in [point.to_owned(), format!("0420{point}")] {
        let key = imported(t, session, CKO_PUBLIC_KEY, CKA_EC_POINT, &point);
        assert_rv!(verify(t.module, session, &by, key, &[0xaf, 0x82], &expected), CKR_OK);
        assert_eq!(attribute(t.module, session, key, CKA_EC_PARAMS), PARAMETERS);
    }
}

fn context_and_prehash_are_told_by_parameters(t: &Test) {
    let session = t.token().user_session();
    for name in [NAME, ED448_NAME] {
        context_and_prehash_are_told(t, session, name);
    }
}

fn context_and_prehash_are_told(t: &Test, session: u64, name: &[u8]) {
    let pair = pair(t, session, CKM_EC_EDWARDS_KEY_PAIR_GEN, name, &signs());
    let none = Sent::null(0);
    let given = [eddsa(0, Sent::from(b"context")), eddsa(1, none), eddsa(1, Sent::from(b"context"))];
    let mut mechanisms: Vec<CK_MECHANISM> = given.iter().map(|given| given.mechanism()).collect();
    mechanisms.push(mechanism(CKM_EDDSA));
    for (place, by) in mechanisms.iter().enumerate() {
        let signature = sign_in_parts(t, session, by, pair.private, b"the message");
        assert_eq!(sign(t.module, session, by, pair.private, b"the message").unwrap(), signature);
        for (other, verifier) in mechanisms.iter().enumerate() {
            let expected = if other == place { CKR_OK } else { CKR_SIGNATURE_INVALID };
            let found = verify_in_parts(t, session, verifier, pair.public, b"the message", &signature);
            assert_rv!(found, expected, "signed by {place}, verified by {other}");
        }
    }
    let same = eddsa(0, none);
    let signature = sign(t.module, session, &same.mechanism(), pair.private, b"message").unwrap();
    assert_rv!(verify(t.module, session, &mechanisms[3], pair.public, b"message", &signature), CKR_OK);
}

fn parameters_of_eddsa_are_checked(t: &Test) {
    let session = t.token().user_session();
    let pair = pair(t, session, CKM_EC_EDWARDS_KEY_PAIR_GEN, NAME, &signs());
    let long = [7; 256];
    for wrong in [
        eddsa(2, Sent::null(0)),
        eddsa(0, Sent::from(&long)),
        eddsa(1, Sent::from(&long)),
        eddsa(0, Sent::null(7)),
        eddsa(0, Sent::claiming(&long, u64::MAX)),
    ] {
        let rv = t.module.sign_init(session, Some(&wrong.mechanism()), pair.private);
        assert_rv!(rv, CKR_MECHANISM_PARAM_INVALID);
        let rv = t.module.verify_init(session, Some(&wrong.mechanism()), pair.public);
        assert_rv!(rv, CKR_MECHANISM_PARAM_INVALID);
    }
    let short = claiming(CKM_EDDSA, Sent::from(&long[..23]));
    assert_rv!(t.module.sign_init(session, Some(&short), pair.private), CKR_MECHANISM_PARAM_INVALID);
    let rv = t.module.sign_init(session, Some(&mechanism(CKM_ECDSA)), pair.private);
    assert_rv!(rv, CKR_KEY_TYPE_INCONSISTENT);
}

fn the_mechanisms_say_what_they_can(t: &Test) {
    let token = t.token();
    for (by, can) in
        [(CKM_EDDSA, CKF_SIGN | CKF_VERIFY), (CKM_EC_EDWARDS_KEY_PAIR_GEN, CKF_GENERATE_KEY_PAIR)]
    {
        let (flags, smallest, largest) = info(t, &token, by);
        assert_eq!((smallest, largest), (255, 448));
        assert_eq!(flags & (CKF_SIGN | CKF_VERIFY | CKF_GENERATE_KEY_PAIR), can);
        assert_eq!(flags & (CKF_EC_OID | CKF_EC_CURVENAME), CKF_EC_OID | CKF_EC_CURVENAME);
    }
}

/// Section 6.3.10: "Attempts to generate keys over these curves using any other EC key pair generation mechanism will
/// fail".
fn the_curve_belongs_to_its_own_generator(t: &Test) {
    let session = t.token().user_session();
    let p256 = pkcs11_tests::keys::P256;
    for (by, parameters, expected) in [
        (CKM_EC_KEY_PAIR_GEN, PARAMETERS, CKR_CURVE_NOT_SUPPORTED),
        (CKM_EC_KEY_PAIR_GEN, NAME, CKR_CURVE_NOT_SUPPORTED),
        (CKM_EC_KEY_PAIR_GEN, ED448, CKR_CURVE_NOT_SUPPORTED),
        (CKM_EC_EDWARDS_KEY_PAIR_GEN, p256, CKR_CURVE_NOT_SUPPORTED),
        (CKM_EC_EDWARDS_KEY_PAIR_GEN, b"\x06\x03\x2b\x65\x6f", CKR_CURVE_NOT_SUPPORTED),
        (CKM_EC_EDWARDS_KEY_PAIR_GEN, b"\x05\x00", CKR_DOMAIN_PARAMS_INVALID),
    ] {
        let public = Template::new().bytes(CKA_EC_PARAMS, parameters);
        let (rv, ..) = t.module.generate_key_pair(session, Some(&mechanism(by)), &public, &Template::new());
        assert_rv!(rv, expected, "{parameters:x?}");
    }
    // Another length, no point, and the neutral element.
    for (name, len, first) in [
        (NAME, 31, 1),
        (NAME, 32, 2),
        (NAME, 32, 1),
        (ED448_NAME, 56, 1),
        (ED448_NAME, 57, 2),
        (ED448_NAME, 57, 1),
    ] {
        let mut point = vec![0; len];
        point[0] = first;
        let template = kind(CKO_PUBLIC_KEY, CKK_EC_EDWARDS).bytes(CKA_EC_PARAMS, name);
        let (rv, _) = t.module.create_object(session, &template.bytes(CKA_EC_POINT, point));
        assert_rv!(rv, CKR_ATTRIBUTE_VALUE_INVALID, "{len} bytes from {first}");
    }
}

fn a_public_key_is_told_with_its_information(t: &Test) {
    let session = t.token().user_session();
    for (name, parameters, before) in [
        (NAME, PARAMETERS, &b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00"[..]),
        (ED448_NAME, ED448, b"\x30\x43\x30\x05\x06\x03\x2b\x65\x71\x03\x3a\x00"),
    ] {
        let pair = pair(t, session, CKM_EC_EDWARDS_KEY_PAIR_GEN, name, &signs());
        let point = attribute(t.module, session, pair.public, CKA_EC_POINT);
        let expected = [before, &point[2..]].concat();
        for key in [pair.public, pair.private] {
            assert_eq!(attribute(t.module, session, key, CKA_PUBLIC_KEY_INFO), expected);
            assert_eq!(attribute(t.module, session, key, CKA_EC_PARAMS), parameters);
        }
    }
}

fn a_wrapped_key_signs_again(t: &Test) {
    let session = t.token().user_session();
    for parameters in [PARAMETERS, ED448] {
        a_wrapped_key_signs(t, session, parameters);
    }
}

fn a_wrapped_key_signs(t: &Test, session: u64, parameters: &[u8]) {
    let open = signs().boolean(CKA_EXTRACTABLE, true).boolean(CKA_SENSITIVE, false);
    let pair = pair(t, session, CKM_EC_EDWARDS_KEY_PAIR_GEN, parameters, &open);
    let wrapping = Template::new().ulong(CKA_VALUE_LEN, 32).boolean(CKA_WRAP, true).boolean(CKA_UNWRAP, true);
    let (rv, wrapping) = t.module.generate_key(session, Some(&mechanism(CKM_AES_KEY_GEN)), &wrapping);
    assert_rv!(rv, CKR_OK);
    let bytes = wrapped(t.module, session, CKM_AES_KEY_WRAP_KWP, wrapping, pair.private).unwrap();
    let template = kind(CKO_PRIVATE_KEY, CKK_EC_EDWARDS).boolean(CKA_SIGN, true);
    let by = mechanism(CKM_AES_KEY_WRAP_KWP);
    let (rv, again) = t.module.unwrap_key(session, Some(&by), wrapping, Sent::from(&bytes), &template);
    assert_rv!(rv, CKR_OK);
    let by = mechanism(CKM_EDDSA);
    let signature = sign(t.module, session, &by, again, b"message").unwrap();
    assert_rv!(verify(t.module, session, &by, pair.public, b"message", &signature), CKR_OK);
}

fn a_pair_does_what_it_is_made_for(t: &Test) {
    let session = t.token().user_session();
    let public = Template::new().bytes(CKA_EC_PARAMS, NAME);
    let by = mechanism(CKM_EC_EDWARDS_KEY_PAIR_GEN);
    let (rv, public, private) = t.module.generate_key_pair(session, Some(&by), &public, &Template::new());
    assert_rv!(rv, CKR_OK);
    assert!(flag(t.module, session, public, CKA_VERIFY));
    for kind in [CKA_SIGN, CKA_PRIVATE, CKA_SENSITIVE] {
        assert!(flag(t.module, session, private, kind), "{kind:#x}");
    }
}
