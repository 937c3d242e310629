//! Section 5.13: signatures.

use cryptoki_sys::{
    CK_MECHANISM, CK_RSA_PKCS_PSS_PARAMS, CKA_ALLOWED_MECHANISMS, CKA_SIGN, CKG_MGF1_SHA256, CKG_MGF1_SHA384,
    CKM_ECDSA, CKM_RSA_PKCS, CKM_RSA_PKCS_PSS, CKM_SHA256, CKM_SHA256_RSA_PKCS, CKM_SHA256_RSA_PKCS_PSS,
    CKM_SHA384, CKR_ARGUMENTS_BAD, CKR_BUFFER_TOO_SMALL, CKR_DATA_LEN_RANGE, CKR_KEY_FUNCTION_NOT_PERMITTED,
    CKR_KEY_HANDLE_INVALID, CKR_KEY_TYPE_INCONSISTENT, CKR_MECHANISM_INVALID, CKR_MECHANISM_PARAM_INVALID,
    CKR_OK, CKR_OPERATION_ACTIVE, CKR_OPERATION_NOT_INITIALIZED,
};
use pkcs11_tests::keys::{Kind, Pair, generate, sign, verify};
use pkcs11_tests::{Out, Sent, Template, Test, Token, assert_rv, mechanism, on_both, on_claviger, pss};

on_both!(
    a_query_names_the_length_and_stays_active,
    sign_with_too_small_a_buffer_names_the_length_and_stays_active,
    without_init_every_step_is_refused,
    init_twice_is_refused,
    one_shot_and_parts_give_the_same,
    too_much_for_pkcs1_is_refused_and_ends_the_operation,
    a_key_that_may_not_sign_is_refused,
    a_mechanism_that_signs_not_is_refused,
    operations_of_two_sessions_do_not_mix,
    one_shot_after_update_is_refused,
    after_one_shot_found_too_little_room_parts_are_signed_without_its_data,
    a_public_key_signs_not,
    pss_takes_any_salt_that_fits,
    input_and_output_may_be_one_buffer,
    a_long_digest_for_ecdsa_is_cut,
    allowed_mechanisms_are_held_to,
);
on_claviger!(
    digest_sign_and_find_run_side_by_side,
    a_key_handle_that_never_was_is_refused,
    a_mechanism_for_another_type_of_key_is_refused,
    no_mechanism_ends_the_operation,
    nulls_and_wild_lengths_end_the_operation,
    parameters_are_checked_at_init,
    the_wrong_length_of_a_digest_for_pss_is_refused,
    a_private_key_of_a_closed_session_is_gone,
    an_operation_does_not_outlive_the_login,
);

fn key(t: &Test, kind: Kind) -> (Token, u64, Pair) {
    let token = t.token();
    let session = token.user_session();
    let pair = generate(t.module, session, kind, false, "signer");
    (token, session, pair)
}

fn rsa() -> CK_MECHANISM {
    mechanism(CKM_SHA256_RSA_PKCS)
}

fn a_query_names_the_length_and_stays_active(t: &Test) {
    for (kind, plain, len) in
        [(Kind::Rsa, CKM_RSA_PKCS, 256), (Kind::P256, CKM_ECDSA, 64), (Kind::P384, CKM_ECDSA, 96)]
    {
        let (_, session, pair) = key(t, kind);
        assert_rv!(t.module.sign_init(session, Some(&mechanism(plain)), pair.private), CKR_OK);
        for _ in 0..3 {
            assert_eq!(t.module.sign(session, [1; 32].as_slice().into(), Out::query()), (CKR_OK, len));
        }
        let mut signature = vec![0; 512];
        let answer = t.module.sign(session, [1; 32].as_slice().into(), Out::buffer(&mut signature));
        assert_eq!(answer, (CKR_OK, len));
        let (rv, _) = t.module.sign(session, [1; 32].as_slice().into(), Out::query());
        assert_rv!(rv, CKR_OPERATION_NOT_INITIALIZED);
        signature.truncate(usize::try_from(len).unwrap());
        assert_rv!(verify(t.module, session, &mechanism(plain), pair.public, &[1; 32], &signature), CKR_OK);
        assert_rv!(t.module.finalize(), CKR_OK);
        std::fs::remove_dir_all(t.installation.data()).unwrap();
        std::fs::create_dir(t.installation.data()).unwrap();
    }
}

fn sign_with_too_small_a_buffer_names_the_length_and_stays_active(t: &Test) {
    let (_, session, pair) = key(t, Kind::Rsa);
    assert_rv!(t.module.sign_init(session, Some(&rsa()), pair.private), CKR_OK);
    let mut signature = [0xA5; 256];
    for len in [0, 1, 255] {
        let answer = t.module.sign(session, b"text".into(), Out::buffer(&mut signature[..len]));
        assert_eq!(answer, (CKR_BUFFER_TOO_SMALL, 256));
    }
    assert_eq!(signature, [0xA5; 256], "nothing was written");
    assert_eq!(t.module.sign(session, b"text".into(), Out::buffer(&mut signature)), (CKR_OK, 256));
    assert_rv!(verify(t.module, session, &rsa(), pair.public, b"text", &signature), CKR_OK);
    assert_rv!(t.module.sign_init(session, Some(&rsa()), pair.private), CKR_OK);
    assert_rv!(t.module.sign_update(session, b"text".into()), CKR_OK);
    let mut again = [0; 256];
    assert_eq!(t.module.sign_final(session, Out::buffer(&mut again[..9])), (CKR_BUFFER_TOO_SMALL, 256));
    assert_eq!(t.module.sign_final(session, Out::buffer(&mut again)), (CKR_OK, 256));
    assert_eq!(again, signature);
}

fn without_init_every_step_is_refused(t: &Test) {
    let (_, session, _) = key(t, Kind::P256);
    let mut room = [0; 256];
    let (rv, _) = t.module.sign(session, b"x".into(), Out::buffer(&mut room));
    assert_rv!(rv, CKR_OPERATION_NOT_INITIALIZED);
    assert_rv!(t.module.sign_update(session, b"x".into()), CKR_OPERATION_NOT_INITIALIZED);
    assert_rv!(t.module.sign_final(session, Out::buffer(&mut room)).0, CKR_OPERATION_NOT_INITIALIZED);
}

fn init_twice_is_refused(t: &Test) {
    let (_, session, pair) = key(t, Kind::Rsa);
    assert_rv!(t.module.sign_init(session, Some(&rsa()), pair.private), CKR_OK);
    assert_rv!(t.module.sign_init(session, Some(&rsa()), pair.private), CKR_OPERATION_ACTIVE);
    let mut signature = [0; 256];
    assert_rv!(t.module.sign(session, b"x".into(), Out::buffer(&mut signature)).0, CKR_OK);
    assert_rv!(t.module.sign_init(session, Some(&rsa()), pair.private), CKR_OK);
}

fn one_shot_and_parts_give_the_same(t: &Test) {
    let (_, session, pair) = key(t, Kind::Rsa);
    let message = vec![b'm'; 10_000];
    let whole = sign(t.module, session, &rsa(), pair.private, &message).unwrap();
    assert_rv!(t.module.sign_init(session, Some(&rsa()), pair.private), CKR_OK);
    for part in message.chunks(999) {
        assert_rv!(t.module.sign_update(session, part.into()), CKR_OK);
    }
    assert_rv!(t.module.sign_update(session, b"".into()), CKR_OK);
    assert_eq!(t.module.sign_final(session, Out::query()), (CKR_OK, 256));
    let mut parts = vec![0; 256];
    assert_eq!(t.module.sign_final(session, Out::buffer(&mut parts)), (CKR_OK, 256));
    assert_eq!(parts, whole);
}

fn too_much_for_pkcs1_is_refused_and_ends_the_operation(t: &Test) {
    let (_, session, pair) = key(t, Kind::Rsa);
    let plain = mechanism(CKM_RSA_PKCS);
    assert_eq!(sign(t.module, session, &plain, pair.private, &[1; 245]).unwrap().len(), 256);
    let refused = sign(t.module, session, &plain, pair.private, &[1; 246]);
    // SoftHSM answers CKR_GENERAL_ERROR, and without C_Sign's ending the operation, which section 5.13.2 wants.
    if t.is_claviger() {
        assert_eq!(refused, Err(CKR_DATA_LEN_RANGE));
        assert_rv!(t.module.sign_init(session, Some(&plain), pair.private), CKR_OK);
    } else {
        assert!(refused.is_err());
    }
}

fn a_key_that_may_not_sign_is_refused(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let private = Kind::P256.private_template().without(CKA_SIGN).boolean(CKA_SIGN, false);
    let generator = Kind::P256.generator();
    let public = Kind::P256.public_template();
    let (rv, _, key) = t.module.generate_key_pair(session, Some(&generator), &public, &private);
    assert_rv!(rv, CKR_OK);
    let rv = t.module.sign_init(session, Some(&mechanism(CKM_ECDSA)), key);
    assert_rv!(rv, CKR_KEY_FUNCTION_NOT_PERMITTED);
}

fn a_mechanism_that_signs_not_is_refused(t: &Test) {
    let (_, session, pair) = key(t, Kind::Rsa);
    for kind in [CKM_SHA256, 0x7FFF_FFFF, u64::MAX, cryptoki_sys::CKM_RSA_PKCS_KEY_PAIR_GEN] {
        let rv = t.module.sign_init(session, Some(&mechanism(kind)), pair.private);
        assert_rv!(rv, CKR_MECHANISM_INVALID);
    }
}

fn operations_of_two_sessions_do_not_mix(t: &Test) {
    let (token, first, pair) = key(t, Kind::Rsa);
    let second = token.open_ro();
    assert_rv!(t.module.sign_init(first, Some(&rsa()), pair.private), CKR_OK);
    assert_rv!(t.module.sign_init(second, Some(&rsa()), pair.private), CKR_OK);
    assert_rv!(t.module.sign_update(first, b"fir".into()), CKR_OK);
    assert_rv!(t.module.sign_update(second, b"second".into()), CKR_OK);
    assert_rv!(t.module.sign_update(first, b"st".into()), CKR_OK);
    let mut signatures = [[0; 256]; 2];
    for (session, signature) in [first, second].into_iter().zip(&mut signatures) {
        assert_rv!(t.module.sign_final(session, Out::buffer(signature)).0, CKR_OK);
    }
    assert_rv!(verify(t.module, first, &rsa(), pair.public, b"first", &signatures[0]), CKR_OK);
    assert_rv!(verify(t.module, first, &rsa(), pair.public, b"second", &signatures[1]), CKR_OK);
}

/// Only an operation of the same kind stands in the way of another; SoftHSM allows one in all.
fn digest_sign_and_find_run_side_by_side(t: &Test) {
    let (_, session, pair) = key(t, Kind::Rsa);
    assert_rv!(t.module.digest_init(session, Some(&mechanism(CKM_SHA256))), CKR_OK);
    assert_rv!(t.module.find_objects_init(session, &pkcs11_tests::Template::new()), CKR_OK);
    assert_rv!(t.module.sign_init(session, Some(&rsa()), pair.private), CKR_OK);
    assert_rv!(t.module.sign_update(session, b"text".into()), CKR_OK);
    assert_rv!(t.module.digest_update(session, b"text".into()), CKR_OK);
    assert_eq!(t.module.find_objects(session, 9).1.len(), 2);
    let mut room = [0; 256];
    assert_eq!(t.module.digest_final(session, Out::buffer(&mut room)), (CKR_OK, 32));
    assert_eq!(t.module.sign_final(session, Out::buffer(&mut room)), (CKR_OK, 256));
}

/// SoftHSM answers `CKR_OBJECT_HANDLE_INVALID`, which section 5.13.1 does not list.
fn a_key_handle_that_never_was_is_refused(t: &Test) {
    let (_, session, pair) = key(t, Kind::Rsa);
    for handle in [0, 4711, u64::MAX, 1 << 62, pair.private ^ (1 << 61)] {
        assert_rv!(t.module.sign_init(session, Some(&rsa()), handle), CKR_KEY_HANDLE_INVALID);
    }
    assert_rv!(t.module.sign_init(session, Some(&rsa()), pair.private), CKR_OK);
}

/// SoftHSM answers `CKR_OK`; section 5.13.1 lists `CKR_KEY_TYPE_INCONSISTENT`.
fn a_mechanism_for_another_type_of_key_is_refused(t: &Test) {
    let (_, session, rsa_pair) = key(t, Kind::Rsa);
    let ec_pair = generate(t.module, session, Kind::P256, false, "signer");
    let ecdsa = mechanism(CKM_ECDSA);
    assert_rv!(t.module.sign_init(session, Some(&ecdsa), rsa_pair.private), CKR_KEY_TYPE_INCONSISTENT);
    assert_rv!(t.module.sign_init(session, Some(&rsa()), ec_pair.private), CKR_KEY_TYPE_INCONSISTENT);
    assert_rv!(t.module.verify_init(session, Some(&ecdsa), rsa_pair.public), CKR_KEY_TYPE_INCONSISTENT);
    assert_rv!(t.module.verify_init(session, Some(&rsa()), ec_pair.public), CKR_KEY_TYPE_INCONSISTENT);
}

fn a_public_key_signs_not(t: &Test) {
    let (_, session, pair) = key(t, Kind::Rsa);
    let rv = t.module.sign_init(session, Some(&rsa()), pair.public);
    let listed = [CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_KEY_TYPE_INCONSISTENT, CKR_KEY_HANDLE_INVALID];
    assert!(listed.contains(&rv), "{rv:#x}");
}

/// Section 5.13.1: a null pMechanism terminates the active operation (v3.0).
/// SoftHSM, of 2.40, answers `CKR_ARGUMENTS_BAD`.
fn no_mechanism_ends_the_operation(t: &Test) {
    let (_, session, pair) = key(t, Kind::Rsa);
    assert_rv!(t.module.sign_init(session, Some(&rsa()), pair.private), CKR_OK);
    assert_rv!(t.module.sign_init(session, None, 0), CKR_OK);
    assert_rv!(t.module.sign_update(session, b"x".into()), CKR_OPERATION_NOT_INITIALIZED);
}

/// SoftHSM answers `CKR_OPERATION_ACTIVE` to the next C_SignInit; section 5.13.2 ends the operation with any error
/// but `CKR_BUFFER_TOO_SMALL`.
fn nulls_and_wild_lengths_end_the_operation(t: &Test) {
    let (_, session, pair) = key(t, Kind::Rsa);
    let mut room = [0; 256];
    for data in
        [Sent::null(1), Sent::null(u64::MAX), Sent::claiming(b"x", u64::MAX), Sent::claiming(b"x", 1 << 63)]
    {
        assert_rv!(t.module.sign_init(session, Some(&rsa()), pair.private), CKR_OK);
        assert_rv!(t.module.sign(session, data, Out::buffer(&mut room)).0, CKR_ARGUMENTS_BAD);
        assert_rv!(t.module.sign_init(session, Some(&rsa()), pair.private), CKR_OK);
        assert_rv!(t.module.sign_update(session, data), CKR_ARGUMENTS_BAD);
        let (rv, _) = t.module.sign_final(session, Out::buffer(&mut room));
        assert_rv!(rv, CKR_OPERATION_NOT_INITIALIZED);
    }
    assert_rv!(t.module.sign_init(session, Some(&rsa()), pair.private), CKR_OK);
    let (rv, _) = t.module.sign(session, b"x".into(), Out::without_length(&mut room));
    assert_rv!(rv, CKR_ARGUMENTS_BAD);
    assert_eq!(room, [0; 256]);
    let empty = sign(t.module, session, &rsa(), pair.private, b"").unwrap();
    assert_rv!(t.module.sign_init(session, Some(&rsa()), pair.private), CKR_OK);
    assert_eq!(t.module.sign(session, Sent::null(0), Out::buffer(&mut room)), (CKR_OK, 256));
    assert_eq!(room.to_vec(), empty, "null with length 0 is the empty message");
}

/// Section 5.13.2: C_Sign "cannot be used to terminate a multi-part operation".
fn one_shot_after_update_is_refused(t: &Test) {
    let (_, session, pair) = key(t, Kind::Rsa);
    assert_rv!(t.module.sign_init(session, Some(&rsa()), pair.private), CKR_OK);
    assert_rv!(t.module.sign_update(session, b"first".into()), CKR_OK);
    let mut room = [0; 256];
    let (rv, _) = t.module.sign(session, b"second".into(), Out::buffer(&mut room));
    assert!([CKR_OPERATION_ACTIVE, CKR_OPERATION_NOT_INITIALIZED].contains(&rv), "{rv:#x}");
    assert_eq!(room, [0; 256]);
}

/// Once C_Sign has named the length for a message, that message is being signed: parts come too late or make a
/// multi-part operation of it; no signature of a mixture comes out.
/// Section 5.13.2: C_Sign that answers CKR_BUFFER_TOO_SMALL leaves the operation active as C_SignInit began it, so that
/// section 5.13.3 allows parts; C_Sign itself must then not end it.
fn after_one_shot_found_too_little_room_parts_are_signed_without_its_data(t: &Test) {
    let (_, session, pair) = key(t, Kind::Rsa);
    let mut room = [0; 256];
    for too_small in [true, false] {
        assert_rv!(t.module.sign_init(session, Some(&rsa()), pair.private), CKR_OK);
        let (out, answer) = if too_small {
            (Out::buffer(&mut room[..1]), (CKR_BUFFER_TOO_SMALL, 256))
        } else {
            (Out::query(), (CKR_OK, 256))
        };
        assert_eq!(t.module.sign(session, b"one".into(), out), answer);
        assert_rv!(t.module.sign_update(session, b"two".into()), CKR_OK);
        assert_eq!(t.module.sign_final(session, Out::buffer(&mut room)), (CKR_OK, 256));
        assert_rv!(verify(t.module, session, &rsa(), pair.public, b"two", &room), CKR_OK);
    }
}

/// SoftHSM answers `CKR_MECHANISM_INVALID` (0x70); section 5.13.1 has `CKR_MECHANISM_PARAM_INVALID` for parameters.
fn parameters_are_checked_at_init(t: &Test) {
    let (_, session, pair) = key(t, Kind::Rsa);
    let good = CK_RSA_PKCS_PSS_PARAMS { hashAlg: CKM_SHA256, mgf: CKG_MGF1_SHA256, sLen: 32 };
    let refused = |mechanism: &CK_MECHANISM| {
        let rv = t.module.sign_init(session, Some(mechanism), pair.private);
        assert!([CKR_MECHANISM_PARAM_INVALID, CKR_ARGUMENTS_BAD].contains(&rv), "{rv:#x}");
    };
    refused(&mechanism(CKM_RSA_PKCS_PSS));
    for (hash, mgf, salt) in [
        (CKM_SHA384, CKG_MGF1_SHA256, 32),
        (CKM_SHA256, 4711, 32),
        (4711, CKG_MGF1_SHA256, 32),
        (CKM_SHA256, CKG_MGF1_SHA256, 4711),
        (CKM_SHA256, CKG_MGF1_SHA256, u64::MAX),
    ] {
        let odd = CK_RSA_PKCS_PSS_PARAMS { hashAlg: hash, mgf, sLen: salt };
        refused(&pss(CKM_SHA256_RSA_PKCS_PSS, &odd));
    }
    for len in [0, 8, 23, 25, u64::MAX] {
        refused(&CK_MECHANISM { ulParameterLen: len, ..pss(CKM_SHA256_RSA_PKCS_PSS, &good) });
    }
    let with_parameters = CK_MECHANISM { mechanism: CKM_RSA_PKCS, ..pss(CKM_RSA_PKCS_PSS, &good) };
    refused(&with_parameters);
    let null = CK_MECHANISM { pParameter: std::ptr::null_mut(), ..pss(CKM_SHA256_RSA_PKCS_PSS, &good) };
    refused(&null);
    let rv = t.module.sign_init(session, Some(&pss(CKM_SHA256_RSA_PKCS_PSS, &good)), pair.private);
    assert_rv!(rv, CKR_OK);
}

fn pss_takes_any_salt_that_fits(t: &Test) {
    let (_, session, pair) = key(t, Kind::Rsa);
    for salt in [0, 1, 20, 32, 222] {
        let parameters = CK_RSA_PKCS_PSS_PARAMS { hashAlg: CKM_SHA256, mgf: CKG_MGF1_SHA256, sLen: salt };
        let kind = pss(CKM_SHA256_RSA_PKCS_PSS, &parameters);
        let signature = sign(t.module, session, &kind, pair.private, b"text").unwrap();
        assert_rv!(verify(t.module, session, &kind, pair.public, b"text", &signature), CKR_OK);
    }
    let parameters = CK_RSA_PKCS_PSS_PARAMS { hashAlg: CKM_SHA384, mgf: CKG_MGF1_SHA384, sLen: 206 };
    let kind = pss(CKM_RSA_PKCS_PSS, &parameters);
    assert!(sign(t.module, session, &kind, pair.private, &[3; 48]).is_ok());
}

/// SoftHSM answers `CKR_GENERAL_ERROR`; section 5.1.6 has `CKR_DATA_LEN_RANGE` for data of a bad length.
fn the_wrong_length_of_a_digest_for_pss_is_refused(t: &Test) {
    let (_, session, pair) = key(t, Kind::Rsa);
    let parameters = CK_RSA_PKCS_PSS_PARAMS { hashAlg: CKM_SHA256, mgf: CKG_MGF1_SHA256, sLen: 32 };
    let kind = pss(CKM_RSA_PKCS_PSS, &parameters);
    for len in [0, 20, 31, 33, 48, 300] {
        let answer = sign(t.module, session, &kind, pair.private, &vec![1; len]);
        assert_eq!(answer, Err(CKR_DATA_LEN_RANGE), "for {len} bytes");
    }
    assert!(sign(t.module, session, &kind, pair.private, &[1; 32]).is_ok());
}

/// Section 5.2 allows it for C_Sign as for every function that takes data in and gives data out.
fn input_and_output_may_be_one_buffer(t: &Test) {
    let (_, session, pair) = key(t, Kind::Rsa);
    let expected = sign(t.module, session, &rsa(), pair.private, &[7; 256]).unwrap();
    let mut buffer = [7_u8; 256];
    assert_rv!(t.module.sign_init(session, Some(&rsa()), pair.private), CKR_OK);
    let shared = Sent::claiming(&buffer, 256);
    assert_eq!(t.module.sign(session, shared, Out::over(shared, 256)), (CKR_OK, 256));
    assert_eq!(std::hint::black_box(&mut buffer).to_vec(), expected);
}

/// SoftHSM answers `CKR_OBJECT_HANDLE_INVALID`, which section 5.13.1 does not list.
fn a_private_key_of_a_closed_session_is_gone(t: &Test) {
    let (token, first, pair) = key(t, Kind::Rsa);
    let second = token.open_rw();
    assert_rv!(t.module.close_session(first), CKR_OK);
    assert_rv!(t.module.sign_init(second, Some(&rsa()), pair.private), CKR_KEY_HANDLE_INVALID);
}

/// FIPS 186-5 section 6.4: of a digest that is longer than the order, the leftmost bits are signed.
fn a_long_digest_for_ecdsa_is_cut(t: &Test) {
    let (_, session, pair) = key(t, Kind::P256);
    let ecdsa = mechanism(CKM_ECDSA);
    match sign(t.module, session, &ecdsa, pair.private, &[9; 64]) {
        Ok(signature) => {
            assert_rv!(verify(t.module, session, &ecdsa, pair.public, &[9; 32], &signature), CKR_OK);
        }
        Err(rv) => assert_rv!(rv, CKR_DATA_LEN_RANGE),
    }
}

/// Section 5.6.10: after logout, private keys are out of reach.
/// SoftHSM signs all the same (`CKR_OK`).
fn an_operation_does_not_outlive_the_login(t: &Test) {
    let (token, session, pair) = key(t, Kind::Rsa);
    let _stored = generate(t.module, session, Kind::Rsa, true, "stored");
    for stored in [false, true] {
        let key = if stored {
            let rv = t.module.login(session, cryptoki_sys::CKU_USER, pkcs11_tests::USER_PIN.into());
            assert_rv!(rv, CKR_OK);
            let wanted = Template::new().boolean(cryptoki_sys::CKA_SIGN, true);
            token.find(session, &wanted)[0]
        } else {
            pair.private
        };
        assert_rv!(t.module.sign_init(session, Some(&rsa()), key), CKR_OK);
        assert_rv!(t.module.logout(session), CKR_OK);
        let mut room = [0; 256];
        let (rv, _) = t.module.sign(session, b"x".into(), Out::buffer(&mut room));
        let listed = [cryptoki_sys::CKR_USER_NOT_LOGGED_IN, CKR_OPERATION_NOT_INITIALIZED];
        assert!(listed.contains(&rv), "{rv:#x}");
        assert_eq!(room, [0; 256]);
    }
}

fn allowed_mechanisms_are_held_to(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let only = Kind::Rsa.private_template().bytes(CKA_ALLOWED_MECHANISMS, CKM_SHA256_RSA_PKCS.to_ne_bytes());
    let generator = Kind::Rsa.generator();
    let public = Kind::Rsa.public_template();
    let (rv, _, key) = t.module.generate_key_pair(session, Some(&generator), &public, &only);
    assert_rv!(rv, CKR_OK);
    assert_rv!(t.module.sign_init(session, Some(&mechanism(CKM_RSA_PKCS)), key), CKR_MECHANISM_INVALID);
    assert!(sign(t.module, session, &rsa(), key, b"x").is_ok());
}
