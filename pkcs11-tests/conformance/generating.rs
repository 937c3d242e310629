//! Section 5.18: C_GenerateKeyPair.

use std::fs;

use cryptoki_sys::{
    CKA_CLASS, CKA_EC_PARAMS, CKA_EXTRACTABLE, CKA_KEY_TYPE, CKA_LABEL, CKA_LOCAL, CKA_MODULUS,
    CKA_MODULUS_BITS, CKA_PRIVATE, CKA_PUBLIC_EXPONENT, CKA_SENSITIVE, CKA_SIGN, CKA_TOKEN, CKA_TRUSTED,
    CKA_UNIQUE_ID, CKA_VERIFY, CKK_EC, CKK_RSA, CKM_EC_KEY_PAIR_GEN, CKM_RSA_PKCS, CKM_RSA_PKCS_KEY_PAIR_GEN,
    CKM_SHA256, CKM_SHA256_RSA_PKCS, CKO_PUBLIC_KEY, CKO_SECRET_KEY, CKR_ARGUMENTS_BAD,
    CKR_ATTRIBUTE_READ_ONLY, CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_VALUE_INVALID,
    CKR_CURVE_NOT_SUPPORTED, CKR_DOMAIN_PARAMS_INVALID, CKR_MECHANISM_INVALID, CKR_MECHANISM_PARAM_INVALID,
    CKR_OK, CKR_SESSION_HANDLE_INVALID, CKR_SESSION_READ_ONLY, CKR_SIGNATURE_INVALID,
    CKR_TEMPLATE_INCOMPLETE, CKR_TEMPLATE_INCONSISTENT, CKR_USER_NOT_LOGGED_IN,
};
use pkcs11_tests::keys::{BRAINPOOL, Kind, P256, attribute, flag, generate, sign, spki, verify};
use pkcs11_tests::program::{openssl, run, unhex};
use pkcs11_tests::raw::parameters::with;
use pkcs11_tests::{Attribute, Template, Test, Token, Value, assert_rv, mechanism, on_both, on_claviger};

on_both!(
    pairs_of_every_kind_sign_and_verify,
    a_template_without_size_or_curve_is_incomplete,
    a_read_only_session_makes_session_keys_alone,
    without_login_no_private_key_is_made,
    a_mechanism_that_makes_no_pairs_is_refused,
    a_type_that_is_not_the_mechanisms_is_refused,
    a_refused_template_makes_neither_key,
    computed_attributes_cannot_be_given,
    a_public_exponent_left_out_is_65537,
    rsa_keys_have_the_size_asked_for,
    a_signature_of_an_rsa_key_of_4096_bits_is_one_for_openssl,
    an_imported_rsa_key_of_8192_bits_verifies_what_openssl_signed,
);
on_claviger!(
    nulls_and_wild_counts_are_refused,
    sizes_and_exponents_out_of_bounds_are_refused,
    curves_that_are_not_offered_are_refused,
    a_user_cannot_make_a_trusted_key,
    usage_defaults_to_what_the_key_can_do,
    a_parameter_makes_no_pair,
);

fn refused(t: &Test, session: u64, kind: Kind, public: &Template, private: &Template) -> u64 {
    let (rv, ..) = t.module.generate_key_pair(session, Some(&kind.generator()), public, private);
    rv
}

fn pairs_of_every_kind_sign_and_verify(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    for kind in [Kind::Rsa, Kind::P256, Kind::P384] {
        for on_token in [false, true] {
            let pair = generate(t.module, session, kind, on_token, "a pair");
            assert_ne!(pair.public, pair.private);
            let plain = mechanism(if kind == Kind::Rsa { CKM_RSA_PKCS } else { cryptoki_sys::CKM_ECDSA });
            let signature =
                pkcs11_tests::keys::sign(t.module, session, &plain, pair.private, &[5; 32]).unwrap();
            let verify = |data: &[u8]| {
                pkcs11_tests::keys::verify(t.module, session, &plain, pair.public, data, &signature)
            };
            assert_rv!(verify(&[5; 32]), CKR_OK);
            assert_rv!(verify(&[6; 32]), cryptoki_sys::CKR_SIGNATURE_INVALID);
            assert!(flag(t.module, session, pair.public, CKA_LOCAL));
            assert_eq!(flag(t.module, session, pair.private, CKA_TOKEN), on_token);
        }
    }
    assert_eq!(token.find(session, &Template::new()).len(), 12);
}

fn a_template_without_size_or_curve_is_incomplete(t: &Test) {
    let session = t.token().user_session();
    let private = Template::new();
    let rsa = Kind::Rsa.public_template().without(CKA_MODULUS_BITS);
    assert_rv!(refused(t, session, Kind::Rsa, &rsa, &private), CKR_TEMPLATE_INCOMPLETE);
    let ec = Kind::P256.public_template().without(CKA_EC_PARAMS);
    assert_rv!(refused(t, session, Kind::P256, &ec, &private), CKR_TEMPLATE_INCOMPLETE);
}

fn a_read_only_session_makes_session_keys_alone(t: &Test) {
    let token = t.token();
    let _logged_in = token.user_session();
    let session = token.open_ro();
    let _pair = generate(t.module, session, Kind::P256, false, "passing");
    let on_token = |template: Template| template.boolean(CKA_TOKEN, true);
    let (public, private) = (Kind::P256.public_template(), Kind::P256.private_template());
    for (public, private) in [
        (on_token(public.clone()), on_token(private.clone())),
        (public.clone(), on_token(private.clone())),
        (on_token(public), private),
    ] {
        assert_rv!(refused(t, session, Kind::P256, &public, &private), CKR_SESSION_READ_ONLY);
    }
    assert_eq!(token.find(session, &Template::new()).len(), 2);
}

fn without_login_no_private_key_is_made(t: &Test) {
    let token = t.token();
    let session = token.open_rw();
    let (public, private) = (Kind::P256.public_template(), Kind::P256.private_template());
    for on_token in [true, false] {
        let private = private.clone().boolean(CKA_TOKEN, on_token);
        assert_rv!(refused(t, session, Kind::P256, &public, &private), CKR_USER_NOT_LOGGED_IN);
    }
    let by_default = Template::new().boolean(CKA_SIGN, true);
    assert_rv!(refused(t, session, Kind::P256, &public, &by_default), CKR_USER_NOT_LOGGED_IN);
    assert_rv!(t.module.close_session(session), CKR_OK);
    let officer = token.so_session();
    assert_rv!(refused(t, officer, Kind::P256, &public, &private), CKR_USER_NOT_LOGGED_IN);
    assert_eq!(token.find(officer, &Template::new()), []);
}

fn a_mechanism_that_makes_no_pairs_is_refused(t: &Test) {
    let session = t.token().user_session();
    for kind in [CKM_SHA256, CKM_RSA_PKCS, 0x7FFF_FFFF, u64::MAX] {
        let (rv, ..) = t.module.generate_key_pair(
            session,
            Some(&mechanism(kind)),
            &Kind::Rsa.public_template(),
            &Template::new(),
        );
        assert_rv!(rv, CKR_MECHANISM_INVALID);
    }
}

/// Section 5.18.2: a class or key type of another mechanism is CKR_TEMPLATE_INCONSISTENT.
fn a_type_that_is_not_the_mechanisms_is_refused(t: &Test) {
    let session = t.token().user_session();
    let (public, private) = (Kind::P256.public_template(), Kind::P256.private_template());
    for (public, private) in [
        (public.clone().ulong(CKA_KEY_TYPE, CKK_RSA), private.clone()),
        (public.clone(), private.clone().ulong(CKA_KEY_TYPE, CKK_RSA)),
        (public.clone().ulong(CKA_CLASS, CKO_SECRET_KEY), private.clone()),
        (public.clone(), private.clone().ulong(CKA_CLASS, CKO_SECRET_KEY)),
    ] {
        let rv = refused(t, session, Kind::P256, &public, &private);
        if t.is_claviger() {
            assert_rv!(rv, CKR_TEMPLATE_INCONSISTENT);
        } else {
            assert_ne!(rv, CKR_OK);
        }
    }
    let private = private.ulong(CKA_KEY_TYPE, CKK_EC);
    assert_rv!(refused(t, session, Kind::P256, &public.ulong(CKA_KEY_TYPE, CKK_EC), &private), CKR_OK);
}

fn a_refused_template_makes_neither_key(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let (public, private) = (Kind::Rsa.public_template(), Kind::Rsa.private_template());
    let foreign = private.ulong(CKA_CLASS, CKO_SECRET_KEY);
    let without_size = public.clone().without(CKA_MODULUS_BITS);
    for (public, ours) in [(public, CKR_TEMPLATE_INCONSISTENT), (without_size, CKR_TEMPLATE_INCOMPLETE)] {
        let rv = refused(t, session, Kind::Rsa, &public, &foreign);
        assert!(rv != CKR_OK && (rv == ours || !t.is_claviger()), "{rv:#x}");
    }
    assert_eq!(token.find(session, &Template::new()), []);
    let _pair = generate(t.module, session, Kind::P256, true, "works");
}

/// SoftHSM 2.6.1 crashes here: the process ends with status 5.
fn nulls_and_wild_counts_are_refused(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let m = t.module;
    let (public, private) = (Kind::P256.public_template(), Kind::P256.private_template());
    assert_rv!(m.generate_key_pair(session, None, &public, &private).0, CKR_ARGUMENTS_BAD);
    let ec = mechanism(CKM_EC_KEY_PAIR_GEN);
    assert_rv!(m.generate_key_pair_nowhere(session, &ec, &public, &private), CKR_ARGUMENTS_BAD);
    for count in [1, u64::MAX, 1 << 63, u64::MAX / 24 + 1] {
        assert_rv!(m.generate_key_pair_from_null(session, &ec, count), CKR_ARGUMENTS_BAD);
    }
    assert_rv!(m.generate_key_pair_from_null(session, &ec, 0), CKR_TEMPLATE_INCOMPLETE);
    for value in [Value::Null(1), Value::Null(u64::MAX), Value::Claiming(vec![1], u64::MAX)] {
        let attribute = Attribute { kind: CKA_LABEL, value };
        for (public, private) in [
            (public.clone().with(attribute.clone()), private.clone()),
            (public.clone(), private.clone().with(attribute)),
        ] {
            let rv = refused(t, session, Kind::P256, &public, &private);
            assert!([CKR_ARGUMENTS_BAD, CKR_ATTRIBUTE_VALUE_INVALID].contains(&rv), "{rv:#x}");
        }
    }
    assert_rv!(m.generate_key_pair(0, Some(&ec), &public, &private).0, CKR_SESSION_HANDLE_INVALID);
    assert_eq!(token.find(session, &Template::new()), []);
}

/// SoftHSM answers `CKR_TEMPLATE_INCOMPLETE` (0xd0) to 0 bits, which were given; section 4.1.1 has
/// `CKR_ATTRIBUTE_VALUE_INVALID` for a value that is none.
fn sizes_and_exponents_out_of_bounds_are_refused(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let private = Kind::Rsa.private_template();
    for bits in [0, 1, 512, 1023, 1025, 16385, 16512, 1 << 32, u64::MAX, 0x1_0000_0800] {
        let public = Kind::Rsa.public_template().without(CKA_MODULUS_BITS).ulong(CKA_MODULUS_BITS, bits);
        let rv = refused(t, session, Kind::Rsa, &public, &private);
        let listed = [CKR_ATTRIBUTE_VALUE_INVALID, CKR_TEMPLATE_INCONSISTENT];
        assert!(listed.contains(&rv), "{bits} bits gave {rv:#x}");
    }
    for exponent in [&[][..], &[0], &[1], &[2], &[1, 0, 0], &[0xFF; 300]] {
        let public =
            Kind::Rsa.public_template().without(CKA_PUBLIC_EXPONENT).bytes(CKA_PUBLIC_EXPONENT, exponent);
        let rv = refused(t, session, Kind::Rsa, &public, &private);
        let listed = [CKR_ATTRIBUTE_VALUE_INVALID, CKR_TEMPLATE_INCONSISTENT];
        assert!(listed.contains(&rv), "exponent {exponent:?} gave {rv:#x}");
    }
    assert_eq!(token.find(session, &Template::new()), []);
}

/// SoftHSM offers this curve (`CKR_OK`); which ones a token offers is its own affair.
fn curves_that_are_not_offered_are_refused(t: &Test) {
    let session = t.token().user_session();
    let private = Kind::P256.private_template();
    let truncated = &P256[..P256.len() - 1];
    for curve in [BRAINPOOL, truncated, &[], &[0x06], &[0x06, 0x80], &[0x13, 0x01, b'x'], &[0xFF; 2000]] {
        let public = Template::new().bytes(CKA_EC_PARAMS, curve);
        let rv = refused(t, session, Kind::P256, &public, &private);
        let listed = [CKR_CURVE_NOT_SUPPORTED, CKR_DOMAIN_PARAMS_INVALID, CKR_ATTRIBUTE_VALUE_INVALID];
        assert!(listed.contains(&rv), "{curve:?} gave {rv:#x}");
    }
}

fn computed_attributes_cannot_be_given(t: &Test) {
    let session = t.token().user_session();
    let (public, private) = (Kind::Rsa.public_template(), Kind::Rsa.private_template());
    let listed = [CKR_ATTRIBUTE_READ_ONLY, CKR_TEMPLATE_INCONSISTENT, CKR_ATTRIBUTE_TYPE_INVALID];
    for (public, private) in [
        (public.clone(), private.clone().boolean(CKA_LOCAL, true)),
        (public.clone(), private.clone().bytes(CKA_UNIQUE_ID, "mine")),
        (public.clone().bytes(CKA_MODULUS, [0xC1; 256]), private.clone()),
        (public.clone(), private.clone().boolean(CKA_VERIFY, true)),
        (public.clone().boolean(CKA_SIGN, true), private.clone()),
    ] {
        let rv = refused(t, session, Kind::Rsa, &public, &private);
        assert!(listed.contains(&rv), "{rv:#x}");
    }
}

/// Footnote 10 of section 4.2: only the officer sets CKA_TRUSTED.
/// SoftHSM refuses with the same value, but keeps an object; section 5.18.2 never makes one key alone.
fn a_user_cannot_make_a_trusted_key(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let public = Kind::Rsa.public_template().boolean(CKA_TRUSTED, true);
    let rv = refused(t, session, Kind::Rsa, &public, &Kind::Rsa.private_template());
    assert_rv!(rv, CKR_ATTRIBUTE_READ_ONLY);
    assert_eq!(token.find(session, &Template::new()), []);
}

/// SoftHSM leaves CKA_SENSITIVE FALSE; section 4.10 leaves the default to the token, and ours is in docs/decisions.
fn usage_defaults_to_what_the_key_can_do(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let public = Template::new().bytes(CKA_EC_PARAMS, P256);
    let ec = mechanism(CKM_EC_KEY_PAIR_GEN);
    let (rv, public, private) = t.module.generate_key_pair(session, Some(&ec), &public, &Template::new());
    assert_rv!(rv, CKR_OK);
    assert!(flag(t.module, session, private, CKA_SIGN));
    assert!(flag(t.module, session, public, CKA_VERIFY));
    assert!(flag(t.module, session, private, CKA_PRIVATE));
    assert!(flag(t.module, session, private, CKA_SENSITIVE));
    assert!(!flag(t.module, session, private, CKA_EXTRACTABLE));
    assert!(!flag(t.module, session, private, CKA_TOKEN));
}

fn a_public_exponent_left_out_is_65537(t: &Test) {
    let token: Token = t.token();
    let session = token.user_session();
    let public = Kind::Rsa.public_template().without(CKA_PUBLIC_EXPONENT);
    let rsa = mechanism(CKM_RSA_PKCS_KEY_PAIR_GEN);
    let (rv, public, _) = t.module.generate_key_pair(session, Some(&rsa), &public, &Template::new());
    assert_rv!(rv, CKR_OK);
    assert_eq!(attribute(t.module, session, public, CKA_PUBLIC_EXPONENT), [1, 0, 1]);
}

fn rsa_keys_have_the_size_asked_for(t: &Test) {
    let session = t.token().user_session();
    for bits in [2048, 3072] {
        let public = Kind::Rsa.public_template().without(CKA_MODULUS_BITS).ulong(CKA_MODULUS_BITS, bits);
        let rsa = mechanism(CKM_RSA_PKCS_KEY_PAIR_GEN);
        let (rv, public, _) =
            t.module.generate_key_pair(session, Some(&rsa), &public, &Kind::Rsa.private_template());
        assert_rv!(rv, CKR_OK);
        let modulus = attribute(t.module, session, public, CKA_MODULUS);
        assert_eq!(modulus.len() as u64 * 8, bits);
        assert!(modulus[0] >= 0x80);
    }
}

fn a_signature_of_an_rsa_key_of_4096_bits_is_one_for_openssl(t: &Test) {
    let session = t.token().user_session();
    let public = Kind::Rsa.public_template().without(CKA_MODULUS_BITS).ulong(CKA_MODULUS_BITS, 4096);
    let rsa = mechanism(CKM_RSA_PKCS_KEY_PAIR_GEN);
    let (rv, public, private) =
        t.module.generate_key_pair(session, Some(&rsa), &public, &Kind::Rsa.private_template());
    assert_rv!(rv, CKR_OK);
    let by = mechanism(CKM_SHA256_RSA_PKCS);
    let signature = sign(t.module, session, &by, private, b"what is signed").unwrap();
    assert_eq!(signature.len(), 512);
    assert_rv!(verify(t.module, session, &by, public, b"what is signed", &signature), CKR_OK);
    let write = |name: &str, bytes: &[u8]| fs::write(t.installation.folder().join(name), bytes).unwrap();
    write("key.der", &spki(t.module, session, public, Kind::Rsa));
    write("signature", &signature);
    write("message", b"what is signed");
    let judge =
        ["dgst", "-sha256", "-verify", "key.der", "-keyform", "DER", "-signature", "signature", "message"];
    assert_eq!(run(openssl(judge).current_dir(t.installation.folder())), b"Verified OK\n");
}

fn an_imported_rsa_key_of_8192_bits_verifies_what_openssl_signed(t: &Test) {
    let session = t.token().user_session();
    let does = |arguments: &[&str]| run(openssl(arguments).current_dir(t.installation.folder()));
    fs::write(t.installation.folder().join("message"), b"what is signed").unwrap();
    let _ = does(&["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:8192", "-out", "key.pem"]);
    let mut signature = does(&["dgst", "-sha256", "-sign", "key.pem", "message"]);
    assert_eq!(signature.len(), 1024);
    let told = String::from_utf8(does(&["rsa", "-in", "key.pem", "-noout", "-modulus"])).unwrap();
    let modulus = unhex(told.trim().strip_prefix("Modulus=").unwrap());
    let key = Template::new()
        .ulong(CKA_CLASS, CKO_PUBLIC_KEY)
        .ulong(CKA_KEY_TYPE, CKK_RSA)
        .bytes(CKA_MODULUS, modulus)
        .bytes(CKA_PUBLIC_EXPONENT, [1, 0, 1])
        .boolean(CKA_VERIFY, true);
    let (rv, public) = t.module.create_object(session, &key);
    assert_rv!(rv, CKR_OK);
    let by = mechanism(CKM_SHA256_RSA_PKCS);
    assert_rv!(verify(t.module, session, &by, public, b"what is signed", &signature), CKR_OK);
    signature[1023] ^= 1;
    assert_rv!(verify(t.module, session, &by, public, b"what is signed", &signature), CKR_SIGNATURE_INVALID);
}

/// Sections 6.1.4 and 6.3.7: these mechanisms do not have one.
/// SoftHSM takes one (`CKR_OK`).
fn a_parameter_makes_no_pair(t: &Test) {
    let session = t.token().user_session();
    for kind in [Kind::Rsa, Kind::P256] {
        let by = with(kind.generator().mechanism, &[1u8; 4]);
        let (public, private) = (kind.public_template(), kind.private_template());
        let (rv, ..) = t.module.generate_key_pair(session, Some(&by), &public, &private);
        assert_rv!(rv, CKR_MECHANISM_PARAM_INVALID, "{kind:?}");
    }
}
