//! What broken and hostile applications send, a test for each kind; other modules crash on a dozen of these.

use cryptoki_sys::{
    CKA_CLASS, CKA_EC_PARAMS, CKA_EC_POINT, CKA_ENCRYPT, CKA_KEY_TYPE, CKA_LABEL, CKA_PRIVATE, CKA_SENSITIVE,
    CKA_SIGN, CKA_TOKEN, CKA_VALUE, CKA_VALUE_LEN, CKA_VERIFY, CKK_AES, CKK_EC, CKK_GENERIC_SECRET,
    CKM_AES_CBC, CKM_AES_CTR, CKM_AES_GCM, CKM_AES_KEY_GEN, CKM_AES_KEY_WRAP, CKM_ECDSA, CKM_RSA_PKCS_OAEP,
    CKM_SHA256, CKM_SHA256_HMAC, CKO_DATA, CKO_PUBLIC_KEY, CKO_SECRET_KEY, CKR_ARGUMENTS_BAD,
    CKR_ATTRIBUTE_READ_ONLY, CKR_ATTRIBUTE_VALUE_INVALID, CKR_CURVE_NOT_SUPPORTED, CKR_DOMAIN_PARAMS_INVALID,
    CKR_KEY_TYPE_INCONSISTENT, CKR_MECHANISM_PARAM_INVALID, CKR_OK, CKR_OPERATION_NOT_INITIALIZED,
    CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE, CKR_TEMPLATE_INCONSISTENT, CKR_USER_NOT_LOGGED_IN,
    CKR_WRAPPED_KEY_LEN_RANGE,
};
use pkcs11_tests::keys::{BRAINPOOL, Kind, P256, generate, sign, verify};
use pkcs11_tests::program::{hex, openssl, run_with_input, unhex};
use pkcs11_tests::raw::Attributes;
use pkcs11_tests::raw::parameters::{claiming, gcm};
use pkcs11_tests::{Attribute, Out, Sent, Template, Test, Value, assert_rv, mechanism, on_both, on_claviger};

use crate::secret_keys::{aes, generic, secret_template};

on_both!(
    a_wrong_signature_ends_the_operation,
    an_hmac_of_impossible_length_is_told,
    kryoptic_null_templates_do_not_crash,
    kryoptic_a_class_does_not_change,
);
on_claviger!(
    templates_with_two_values_for_one_attribute_are_refused,
    booleans_of_the_size_of_a_number_are_refused,
    scalars_of_odd_length_are_refused,
    values_that_cannot_be_there_are_refused,
    gcm_with_nulls_that_claim_a_length_is_refused,
    gcm_wants_a_vector_and_a_tag,
    ecdsa_wants_no_rsa_key,
    a_curve_that_is_none_is_refused,
    a_shorter_ecdsa_signature_is_judged,
    an_hmac_key_of_any_length_signs,
    parameters_absent_short_long_and_wild_are_refused,
    lengths_near_the_end_of_numbers_neither_abort_nor_hang,
    kryoptic_aes_keys_of_64_and_320_bits_are_refused,
    kryoptic_an_empty_blob_is_no_key,
    kryoptic_a_null_state_does_not_crash,
    softhsm_a_derivation_needs_no_length,
);

fn key_template() -> Template {
    secret_template(CKK_AES, &[1; 16])
}

fn create(t: &Test, session: u64, template: &Template) -> u64 {
    t.module.create_object(session, template).0
}

/// SoftHSM takes two labels; section 4.1.1 names two values for one attribute as an example of what is inconsistent.
fn templates_with_two_values_for_one_attribute_are_refused(t: &Test) {
    let session = t.token().user_session();
    for twice in [
        key_template().bytes(CKA_LABEL, "one").bytes(CKA_LABEL, "two"),
        key_template().bytes(CKA_VALUE, [2; 16]),
        key_template().boolean(CKA_TOKEN, true),
        key_template().boolean(CKA_SENSITIVE, true).boolean(CKA_SENSITIVE, false),
    ] {
        assert_rv!(create(t, session, &twice), CKR_TEMPLATE_INCONSISTENT, "{twice:?}");
    }
    for impossible in
        [key_template().ulong(CKA_VALUE_LEN, 32), key_template().boolean(cryptoki_sys::CKA_LOCAL, true)]
    {
        let rv = create(t, session, &impossible);
        assert!([CKR_ATTRIBUTE_READ_ONLY, CKR_TEMPLATE_INCONSISTENT].contains(&rv), "{rv:#x}");
    }
}

/// SoftHSM takes a CKA_ENCRYPT of the one byte 2; section 4.1.1: an invalid value is `CKR_ATTRIBUTE_VALUE_INVALID`.
fn booleans_of_the_size_of_a_number_are_refused(t: &Test) {
    let session = t.token().user_session();
    for kind in [CKA_ENCRYPT, CKA_PRIVATE, CKA_SIGN, CKA_SENSITIVE] {
        for value in [&1u64.to_ne_bytes()[..], &0u64.to_ne_bytes(), &[], &[1, 0], &[2], &[255]] {
            let template = key_template().bytes(kind, value);
            assert_rv!(create(t, session, &template), CKR_ATTRIBUTE_VALUE_INVALID, "{kind:#x} {value:?}");
        }
    }
}

/// SoftHSM answers `CKR_TEMPLATE_INCOMPLETE` to a class of no bytes; section 4.1.1 has a value for an invalid value.
fn scalars_of_odd_length_are_refused(t: &Test) {
    let session = t.token().user_session();
    for kind in [CKA_CLASS, CKA_KEY_TYPE] {
        for len in [0, 1, 4, 7, 9, 16] {
            let template = key_template().without(kind).bytes(kind, vec![3; len]);
            assert_rv!(create(t, session, &template), CKR_ATTRIBUTE_VALUE_INVALID, "{kind:#x} {len}");
        }
    }
    for len in [0, 1, 4, 7, 9] {
        let template = Template::new().bytes(CKA_VALUE_LEN, vec![16; len]);
        let (rv, _) = t.module.generate_key(session, Some(&mechanism(CKM_AES_KEY_GEN)), &template);
        assert_rv!(rv, CKR_ATTRIBUTE_VALUE_INVALID, "{len}");
    }
}

/// SoftHSM 2.6.1 crashes here; section 4.1.1: an invalid value is `CKR_ATTRIBUTE_VALUE_INVALID`.
fn values_that_cannot_be_there_are_refused(t: &Test) {
    let session = t.token().user_session();
    for value in [
        Value::Null(1),
        Value::Null(u64::MAX),
        Value::Claiming(vec![1], u64::MAX),
        Value::Claiming(vec![1], u64::MAX / 2),
        Value::Claiming(vec![1], 1 << 40),
    ] {
        for kind in [CKA_LABEL, CKA_VALUE, CKA_TOKEN, CKA_CLASS] {
            let wrong = Attribute { kind, value: value.clone() };
            let template = key_template().without(kind).with(wrong);
            assert_rv!(create(t, session, &template), CKR_ATTRIBUTE_VALUE_INVALID, "{kind:#x} {value:?}");
        }
    }
}

/// SoftHSM 2.6.1 crashes here; section 6.13.2: pAAD may be NULL if ulAADLen is 0.
fn gcm_with_nulls_that_claim_a_length_is_refused(t: &Test) {
    let session = t.token().user_session();
    let key = aes(t.module, session, &[1; 16]);
    let good = Sent::from(&[1; 12]);
    for wild in
        [Sent::null(12), Sent::null(u64::MAX), Sent::claiming(b"x", u64::MAX), Sent::claiming(b"x", 1 << 40)]
    {
        for by in [gcm(wild, Sent::null(0), 128), gcm(good, wild, 128)] {
            let by = by.mechanism();
            assert_rv!(t.module.encrypt_init(session, Some(&by), key), CKR_MECHANISM_PARAM_INVALID);
            assert_rv!(t.module.decrypt_init(session, Some(&by), key), CKR_MECHANISM_PARAM_INVALID);
        }
    }
}

/// SoftHSM takes an empty vector; SP 800-38D section 5.2.1.1 wants one bit of it at least, section 5.2.1.2 32 of a tag.
fn gcm_wants_a_vector_and_a_tag(t: &Test) {
    let session = t.token().user_session();
    let key = aes(t.module, session, &[1; 16]);
    for by in [gcm(Sent::null(0), Sent::null(0), 128), gcm(Sent::from(&[1; 12]), Sent::null(0), 0)] {
        let rv = t.module.encrypt_init(session, Some(&by.mechanism()), key);
        assert_rv!(rv, CKR_MECHANISM_PARAM_INVALID);
    }
}

/// SoftHSM begins to sign (`CKR_OK`); section 5.1.6: not the type of key for the mechanism.
fn ecdsa_wants_no_rsa_key(t: &Test) {
    let session = t.token().user_session();
    let pair = generate(t.module, session, Kind::Rsa, false, "pair");
    let by = mechanism(CKM_ECDSA);
    assert_rv!(t.module.sign_init(session, Some(&by), pair.private), CKR_KEY_TYPE_INCONSISTENT);
    assert_rv!(t.module.verify_init(session, Some(&by), pair.public), CKR_KEY_TYPE_INCONSISTENT);
}

/// SoftHSM makes keys on brainpoolP512r1; section 5.1.6 leaves a token its curves (`CKR_CURVE_NOT_SUPPORTED`).
fn a_curve_that_is_none_is_refused(t: &Test) {
    let session = t.token().user_session();
    let generator = Kind::P256.generator();
    for curve in
        [BRAINPOOL, b"", b"\x06", b"\x06\xFF", b"no curve", &P256[..9], &[0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF]]
    {
        let template = Template::new().bytes(CKA_EC_PARAMS, curve);
        let private = Kind::P256.private_template();
        let (rv, _, _) = t.module.generate_key_pair(session, Some(&generator), &template, &private);
        let refused = [CKR_CURVE_NOT_SUPPORTED, CKR_DOMAIN_PARAMS_INVALID, CKR_ATTRIBUTE_VALUE_INVALID];
        assert!(refused.contains(&rv), "{curve:?}: {rv:#x}");
        let key = Template::new().ulong(CKA_CLASS, CKO_PUBLIC_KEY).ulong(CKA_KEY_TYPE, CKK_EC);
        let rv = create(t, session, &key.bytes(CKA_EC_PARAMS, curve).bytes(CKA_EC_POINT, [4; 67]));
        assert!(refused.contains(&rv), "{curve:?}: {rv:#x}");
    }
}

/// Section 6.3.1: in verification a signature may be shorter; that is no length error, and here no signature.
/// SoftHSM answers `CKR_SIGNATURE_LEN_RANGE` to 62 bytes.
fn a_shorter_ecdsa_signature_is_judged(t: &Test) {
    let session = t.token().user_session();
    let pair = generate(t.module, session, Kind::P256, false, "pair");
    let by = mechanism(CKM_ECDSA);
    let digest = [7; 32];
    assert_rv!(verify(t.module, session, &by, pair.public, &digest, &[1; 62]), CKR_SIGNATURE_INVALID);
    for len in [0, 1, 63, 65, 66] {
        let rv = verify(t.module, session, &by, pair.public, &digest, &vec![1; len]);
        assert_rv!(rv, CKR_SIGNATURE_LEN_RANGE, "{len}");
    }
}

fn a_wrong_signature_ends_the_operation(t: &Test) {
    let session = t.token().user_session();
    let key = generic(t.module, session, &[1; 32]);
    let by = mechanism(CKM_SHA256_HMAC);
    for _ in 0..2 {
        assert_rv!(verify(t.module, session, &by, key, b"text", &[1; 32]), CKR_SIGNATURE_INVALID);
        let rv = t.module.verify(session, Sent::from(b"text"), Sent::from(&[1; 32]));
        assert_rv!(rv, CKR_OPERATION_NOT_INITIALIZED);
    }
}

/// RFC 2104 section 3 discourages keys shorter than the hash, and the standard's table knows no least length.
/// SoftHSM answers `CKR_KEY_SIZE_RANGE`.
fn an_hmac_key_of_any_length_signs(t: &Test) {
    let session = t.token().user_session();
    for len in [1, 5, 31, 32, 64, 65, 1000] {
        let value = vec![0x42; len];
        let key = generic(t.module, session, &value);
        let mac = sign(t.module, session, &mechanism(CKM_SHA256_HMAC), key, b"text").unwrap();
        let option = format!("hexkey:{}", hex(&value));
        let mut command = openssl(["mac", "-digest", "SHA256", "-macopt", &option, "-in", "-", "HMAC"]);
        let told = String::from_utf8(run_with_input(&mut command, b"text")).unwrap();
        assert_eq!(mac, unhex(told.trim()), "{len}");
    }
}

fn an_hmac_of_impossible_length_is_told(t: &Test) {
    let session = t.token().user_session();
    let key = generic(t.module, session, &[1; 32]);
    let by = mechanism(CKM_SHA256_HMAC);
    for len in [0, 31, 33] {
        let rv = verify(t.module, session, &by, key, b"text", &vec![1; len]);
        assert_rv!(rv, CKR_SIGNATURE_LEN_RANGE);
        let rv = t.module.verify(session, Sent::from(b"text"), Sent::from(&[1; 32]));
        assert_rv!(rv, CKR_OPERATION_NOT_INITIALIZED);
    }
}

/// SoftHSM answers `CKR_ARGUMENTS_BAD` to CBC without a vector; section 5.1.6 has a value for a mechanism's parameters.
fn parameters_absent_short_long_and_wild_are_refused(t: &Test) {
    let session = t.token().user_session();
    let key = aes(t.module, session, &[1; 16]);
    let pair = generate(t.module, session, Kind::Rsa, false, "pair");
    for (kind, key) in
        [(CKM_AES_CBC, key), (CKM_AES_CTR, key), (CKM_AES_GCM, key), (CKM_RSA_PKCS_OAEP, pair.public)]
    {
        let long = [0; 64];
        for parameter in [
            Sent::null(0),
            Sent::null(16),
            Sent::null(24),
            Sent::null(40),
            Sent::null(48),
            Sent::from(&long[..1]),
            Sent::from(&long[..15]),
            Sent::from(&long),
            Sent::claiming(&long, u64::MAX),
            Sent::claiming(&long, u64::MAX / 2),
        ] {
            let rv = t.module.encrypt_init(session, Some(&claiming(kind, parameter)), key);
            assert_rv!(rv, CKR_MECHANISM_PARAM_INVALID, "{kind:#x}");
        }
    }
}

/// SoftHSM answers `CKR_DATA_LEN_RANGE` in C_Encrypt; section 5.1.7: any value that applies.
fn lengths_near_the_end_of_numbers_neither_abort_nor_hang(t: &Test) {
    let session = t.token().user_session();
    let m = t.module;
    let key = aes(m, session, &[1; 16]);
    let by = mechanism(cryptoki_sys::CKM_AES_ECB);
    for len in [u64::MAX, u64::MAX - 15, u64::MAX / 2 + 1, (1 << 63) - 1] {
        assert_rv!(m.encrypt_init(session, Some(&by), key), CKR_OK);
        let mut room = [0; 16];
        let (rv, _) = m.encrypt(session, Sent::claiming(&[1; 16], len), Out::buffer(&mut room));
        assert_rv!(rv, CKR_ARGUMENTS_BAD);
        let (rv, _) = m.generate_key(session, Some(&mechanism(CKM_AES_KEY_GEN)), Attributes::Null(len));
        assert_rv!(rv, CKR_ARGUMENTS_BAD);
        assert_rv!(m.create_object_from_null(session, len), CKR_ARGUMENTS_BAD);
        let out = Out::over(Sent::from(&room), len);
        assert_rv!(m.digest_init(session, Some(&mechanism(CKM_SHA256))), CKR_OK);
        let (rv, _) = m.digest(session, Sent::claiming(&room, len), out);
        assert_rv!(rv, CKR_ARGUMENTS_BAD);
    }
}

fn kryoptic_null_templates_do_not_crash(t: &Test) {
    let session = t.token().user_session();
    let m = t.module;
    let key = aes(m, session, &[1; 16]);
    let wrap = mechanism(CKM_AES_KEY_WRAP);
    let null = Template::new().with(Attribute { kind: CKA_LABEL, value: Value::Null(5) });
    for count in [1, 1000, u64::MAX] {
        let array = Attributes::Null(count);
        assert_rv!(m.generate_key(session, Some(&mechanism(CKM_AES_KEY_GEN)), array).0, CKR_ARGUMENTS_BAD);
        let (rv, _) = m.unwrap_key(session, Some(&wrap), key, Sent::from(&[1; 24]), array);
        assert_rv!(rv, CKR_ARGUMENTS_BAD);
        assert_rv!(m.copy_object(session, key, array).0, CKR_ARGUMENTS_BAD);
        assert_rv!(m.derive_key(session, Some(&wrap), key, array).0, CKR_ARGUMENTS_BAD);
    }
    assert_rv!(m.copy_object(session, key, &null).0, CKR_ATTRIBUTE_VALUE_INVALID);
    assert_rv!(m.set_attribute_values(session, key, &null), CKR_ATTRIBUTE_VALUE_INVALID);
}

/// SoftHSM takes a value of no bytes; section 6.10.2: 16, 24 or 32.
fn kryoptic_aes_keys_of_64_and_320_bits_are_refused(t: &Test) {
    let session = t.token().user_session();
    for len in [0, 8, 15, 17, 40] {
        let rv = create(t, session, &secret_template(CKK_AES, &vec![1; len]));
        assert_rv!(rv, CKR_ATTRIBUTE_VALUE_INVALID, "{len}");
    }
}

/// SoftHSM answers `CKR_ARGUMENTS_BAD` to the null pointer; section 5.1.7: any value that applies.
fn kryoptic_an_empty_blob_is_no_key(t: &Test) {
    let session = t.token().user_session();
    let key = aes(t.module, session, &[1; 16]);
    let template = Template::new().ulong(CKA_CLASS, CKO_SECRET_KEY).ulong(CKA_KEY_TYPE, CKK_GENERIC_SECRET);
    for by in [mechanism(CKM_AES_KEY_WRAP), mechanism(cryptoki_sys::CKM_AES_ECB)] {
        let (rv, _) = t.module.unwrap_key(session, Some(&by), key, Sent::null(0), &template);
        assert_rv!(rv, CKR_WRAPPED_KEY_LEN_RANGE);
    }
}

/// SoftHSM has no operation state (`CKR_FUNCTION_NOT_SUPPORTED`, as section 5.1.6 allows); sections 5.6.6 and 5.6.7.
fn kryoptic_a_null_state_does_not_crash(t: &Test) {
    let session = t.token().open_ro();
    assert_rv!(t.module.set_operation_state(session, Sent::null(5), 0, 0), CKR_ARGUMENTS_BAD);
}

fn kryoptic_a_class_does_not_change(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let key = aes(t.module, session, &[1; 16]);
    let class = Template::new().ulong(CKA_CLASS, CKO_DATA);
    assert_rv!(t.module.set_attribute_values(session, key, &class), CKR_ATTRIBUTE_READ_ONLY);
    assert_rv!(t.module.logout(session), CKR_OK);
    let private = key_template().boolean(CKA_PRIVATE, true);
    assert_rv!(create(t, session, &private), CKR_USER_NOT_LOGGED_IN);
}

/// SoftHSM answers `CKR_TEMPLATE_INCOMPLETE`; section 6.3.17 cuts the secret by CKA_VALUE_LEN only where there is one.
fn softhsm_a_derivation_needs_no_length(t: &Test) {
    let session = t.token().user_session();
    let m = t.module;
    let private = Kind::P256.private_template().boolean(cryptoki_sys::CKA_DERIVE, true);
    let public = Kind::P256.public_template().without(CKA_VERIFY);
    let (rv, public, private) =
        m.generate_key_pair(session, Some(&Kind::P256.generator()), &public, &private);
    assert_rv!(rv, CKR_OK);
    let point = pkcs11_tests::keys::attribute(m, session, public, CKA_EC_POINT);
    let by = pkcs11_tests::raw::parameters::ecdh1(1, Sent::null(0), Sent::from(&point));
    let (rv, key) = m.derive_key(session, Some(&by.mechanism()), private, &Template::new());
    assert_rv!(rv, CKR_OK);
    let len = pkcs11_tests::keys::attribute(m, session, key, CKA_VALUE_LEN);
    assert_eq!(len, 32u64.to_ne_bytes());
}
