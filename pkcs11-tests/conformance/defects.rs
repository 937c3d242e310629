//! Defects seen in other modules by running them, each a test of ours; those that belong to a chapter stand there.

use std::sync::Arc;
use std::thread;

use cryptoki_sys::{
    CKA_CLASS, CKA_EC_PARAMS, CKA_ID, CKA_KEY_TYPE, CKA_LABEL, CKA_MODULUS, CKA_MODULUS_BITS, CKA_PRIVATE,
    CKA_PUBLIC_EXPONENT, CKA_TOKEN, CKA_TRUSTED, CKA_VALUE, CKK_RSA, CKM_ECDSA, CKM_SHA256_RSA_PKCS,
    CKO_DATA, CKO_PUBLIC_KEY, CKR_ARGUMENTS_BAD, CKR_ATTRIBUTE_READ_ONLY, CKR_ATTRIBUTE_TYPE_INVALID,
    CKR_ATTRIBUTE_VALUE_INVALID, CKR_BUFFER_TOO_SMALL, CKR_CURVE_NOT_SUPPORTED, CKR_DATA_LEN_RANGE,
    CKR_KEY_HANDLE_INVALID, CKR_KEY_TYPE_INCONSISTENT, CKR_OK, CKR_OPERATION_NOT_INITIALIZED,
    CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE, CKR_USER_NOT_LOGGED_IN,
};
use pkcs11_tests::keys::{Kind, P256, generate, sign, verify};
use pkcs11_tests::token::empty_slots;
use pkcs11_tests::{Out, Sent, Template, Test, assert_rv, mechanism, on_both, on_claviger};

on_both!(
    kryoptic_a_wrong_signature_is_no_device_error,
    kryoptic_a_short_signature_leaves_no_operation_active,
    kryoptic_null_pointers_do_not_crash,
    kryoptic_the_hosts_openssl_configuration_is_not_read,
    kryoptic_no_private_session_object_without_login,
    kryoptic_the_pin_lengths_are_told,
    kryoptic_a_buffer_too_small_tells_the_needed_length,
    kryoptic_a_blank_token_lists_its_mechanisms,
    kryoptic_keys_made_without_usage_attributes_are_usable,
    softhsm_a_short_ecdsa_signature_is_judged,
    softhsm_long_booleans_are_refused,
    softhsm_one_shot_after_update_and_final_after_one_shot_are_refused,
    softhsm_two_threads_get_right_match_counts,
    softhsm_duplicate_ids_and_empty_labels_are_fine,
    nss_two_threads_generate_token_keys_at_once,
    opencryptoki_more_than_2048_objects,
);
on_claviger!(
    kryoptic_a_user_cannot_set_trusted,
    kryoptic_huge_numbers_neither_abort_nor_hang,
    softhsm_scalar_attributes_of_wrong_length_do_not_crash,
    softhsm_a_failed_operation_is_over,
    softhsm_ecdsa_with_an_rsa_key_is_refused,
    softhsm_a_bad_curve_is_refused,
    softhsm_a_bad_key_handle_is_a_bad_key_handle,
);

fn kryoptic_a_wrong_signature_is_no_device_error(t: &Test) {
    let session = t.token().user_session();
    for (kind, by) in [(Kind::Rsa, CKM_SHA256_RSA_PKCS), (Kind::P256, CKM_ECDSA)] {
        let pair = generate(t.module, session, kind, false, "signer");
        let by = mechanism(by);
        let mut signature = sign(t.module, session, &by, pair.private, &[5; 32]).unwrap();
        signature.reverse();
        let rv = verify(t.module, session, &by, pair.public, &[5; 32], &signature);
        assert_rv!(rv, CKR_SIGNATURE_INVALID);
    }
}

fn kryoptic_a_short_signature_leaves_no_operation_active(t: &Test) {
    let session = t.token().user_session();
    let pair = generate(t.module, session, Kind::Rsa, false, "signer");
    let by = mechanism(CKM_SHA256_RSA_PKCS);
    for _ in 0..3 {
        let rv = verify(t.module, session, &by, pair.public, b"text", &[1; 10]);
        assert_rv!(rv, CKR_SIGNATURE_LEN_RANGE);
    }
}

fn kryoptic_null_pointers_do_not_crash(t: &Test) {
    let session = t.token().user_session();
    assert_rv!(t.module.generate_random_nowhere(session, 5), CKR_ARGUMENTS_BAD);
    assert_rv!(t.module.find_objects_init_from_null(session, 1), CKR_ARGUMENTS_BAD);
    assert_rv!(t.module.create_object_from_null(session, 1), CKR_ARGUMENTS_BAD);
    let generator = Kind::P256.generator();
    assert_rv!(t.module.generate_key_pair_from_null(session, &generator, 1), CKR_ARGUMENTS_BAD);
    for (function, rv) in t.module.all_with_zeros(session) {
        // A null mechanism ends what is active (v3.0), and the end of a search or of nothing needs no argument.
        let may = function.ends_with("Init") || function.ends_with("Final");
        assert!(rv != CKR_OK || may, "{function} took nulls");
    }
}

/// The test runs again as a child with a configuration that would load a provider and re-enter the module.
fn kryoptic_the_hosts_openssl_configuration_is_not_read(t: &Test) {
    let trap = t.installation.folder().join("trap.cnf");
    let module = t.module.path().display();
    std::fs::write(
        &trap,
        format!(
            "openssl_conf = init\n[init]\nengines = e\nproviders = p\n[e]\npkcs11 = pk\n[pk]\nengine_id = \
             pkcs11\nMODULE_PATH = {module}\ninit = 1\n[p]\ndefault = d\n[d]\nactivate = 1\n"
        ),
    )
    .unwrap();
    let mut actor = pkcs11_tests::actor::Actor::start_with(&t.installation, |command| {
        command.env("OPENSSL_CONF", &trap).env("OPENSSL_MODULES", "/nowhere");
    });
    let token = t.token();
    assert_rv!(t.module.close_all_sessions(token.slot), CKR_OK);
    actor.logs_in();
    let keys = actor.does("generate rsa trapped token").ok();
    assert_eq!(actor.does(&format!("sign rsa {} 00", keys[1])).ok()[0].len(), 512);
}

/// SoftHSM answers the same and keeps the object; section 5.7.1: a template that is not supported makes none.
fn kryoptic_a_user_cannot_set_trusted(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let key = Template::new()
        .ulong(CKA_CLASS, CKO_PUBLIC_KEY)
        .ulong(CKA_KEY_TYPE, CKK_RSA)
        .bytes(CKA_MODULUS, [0xC1; 256])
        .bytes(CKA_PUBLIC_EXPONENT, [1, 0, 1])
        .boolean(CKA_TRUSTED, true);
    assert_rv!(t.module.create_object(session, &key).0, CKR_ATTRIBUTE_READ_ONLY);
    assert_eq!(token.find(session, &Template::new()), []);
}

fn kryoptic_no_private_session_object_without_login(t: &Test) {
    let session = t.token().open_rw();
    let note = Template::new().ulong(CKA_CLASS, CKO_DATA).boolean(CKA_PRIVATE, true).bytes(CKA_VALUE, "x");
    assert_rv!(t.module.create_object(session, &note).0, CKR_USER_NOT_LOGGED_IN);
}

fn kryoptic_the_pin_lengths_are_told(t: &Test) {
    let info = t.token().info();
    assert_eq!((info.ulMinPinLen, info.ulMaxPinLen), (4, 255));
}

fn kryoptic_a_buffer_too_small_tells_the_needed_length(t: &Test) {
    let session = t.token().user_session();
    let pair = generate(t.module, session, Kind::P384, false, "signer");
    assert_rv!(t.module.sign_init(session, Some(&mechanism(CKM_ECDSA)), pair.private), CKR_OK);
    let mut small = [0; 10];
    let answer = t.module.sign(session, [5; 48].as_slice().into(), Out::buffer(&mut small));
    assert_eq!(answer, (CKR_BUFFER_TOO_SMALL, 96));
}

fn kryoptic_a_blank_token_lists_its_mechanisms(t: &Test) {
    assert_rv!(t.module.initialize(), CKR_OK);
    let slot = empty_slots(t.module)[0];
    let (rv, count, _) = t.module.mechanism_list(slot, None);
    assert_rv!(rv, CKR_OK);
    assert_ne!(count, 0);
}

fn kryoptic_keys_made_without_usage_attributes_are_usable(t: &Test) {
    let session = t.token().user_session();
    let public = Template::new().bytes(CKA_EC_PARAMS, P256);
    let generator = Kind::P256.generator();
    let (rv, public, private) =
        t.module.generate_key_pair(session, Some(&generator), &public, &Template::new());
    assert_rv!(rv, CKR_OK);
    let ecdsa = mechanism(CKM_ECDSA);
    let signature = sign(t.module, session, &ecdsa, private, &[5; 32]).unwrap();
    assert_rv!(verify(t.module, session, &ecdsa, public, &[5; 32], &signature), CKR_OK);
}

/// SoftHSM answers `CKR_GENERAL_ERROR`; section 4.1.1: an invalid value is `CKR_ATTRIBUTE_VALUE_INVALID`.
fn kryoptic_huge_numbers_neither_abort_nor_hang(t: &Test) {
    let session = t.token().user_session();
    for huge in [u64::MAX, 0x1_0000_0010, 1 << 40] {
        let public = Template::new().ulong(CKA_MODULUS_BITS, huge).bytes(CKA_PUBLIC_EXPONENT, [1, 0, 1]);
        let generator = Kind::Rsa.generator();
        let (rv, ..) = t.module.generate_key_pair(session, Some(&generator), &public, &Template::new());
        assert_rv!(rv, CKR_ATTRIBUTE_VALUE_INVALID);
    }
}

fn softhsm_long_booleans_are_refused(t: &Test) {
    let session = t.token().user_session();
    let note = Template::new().ulong(CKA_CLASS, CKO_DATA).ulong(CKA_TOKEN, 1).bytes(CKA_VALUE, "x");
    assert_rv!(t.module.create_object(session, &note).0, CKR_ATTRIBUTE_VALUE_INVALID);
}

/// SoftHSM begins to sign (`CKR_OK`); section 5.1.6: not the type of key for the mechanism.
fn softhsm_ecdsa_with_an_rsa_key_is_refused(t: &Test) {
    let session = t.token().user_session();
    let pair = generate(t.module, session, Kind::Rsa, false, "signer");
    let rv = t.module.sign_init(session, Some(&mechanism(CKM_ECDSA)), pair.private);
    assert_rv!(rv, CKR_KEY_TYPE_INCONSISTENT);
}

/// SoftHSM answers `CKR_GENERAL_ERROR`; sections 5.1.6 and 5.18.2 have `CKR_CURVE_NOT_SUPPORTED`.
fn softhsm_a_bad_curve_is_refused(t: &Test) {
    let session = t.token().user_session();
    let public = Template::new().bytes(CKA_EC_PARAMS, [0x06, 0x03, 0x2A, 0x03, 0x04]);
    let generator = Kind::P256.generator();
    let (rv, ..) = t.module.generate_key_pair(session, Some(&generator), &public, &Template::new());
    assert_rv!(rv, CKR_CURVE_NOT_SUPPORTED);
}

fn softhsm_one_shot_after_update_and_final_after_one_shot_are_refused(t: &Test) {
    let session = t.token().user_session();
    let pair = generate(t.module, session, Kind::Rsa, false, "signer");
    let by = mechanism(CKM_SHA256_RSA_PKCS);
    let mut room = [0; 256];
    assert_rv!(t.module.sign_init(session, Some(&by), pair.private), CKR_OK);
    assert_rv!(t.module.sign_update(session, b"a".into()), CKR_OK);
    let (rv, _) = t.module.sign(session, b"b".into(), Out::buffer(&mut room));
    assert_rv!(rv, CKR_OPERATION_NOT_INITIALIZED);
    let _ended = t.module.sign_init(session, None, 0);
    assert!(sign(t.module, session, &by, pair.private, b"a").is_ok());
    let (rv, _) = t.module.sign_final(session, Out::buffer(&mut room));
    assert_rv!(rv, CKR_OPERATION_NOT_INITIALIZED);
}

/// SoftHSM answers `CKR_OBJECT_HANDLE_INVALID`; sections 5.13.1 and 5.15.1 list the key's value.
fn softhsm_a_bad_key_handle_is_a_bad_key_handle(t: &Test) {
    let session = t.token().user_session();
    let by = mechanism(CKM_SHA256_RSA_PKCS);
    assert_rv!(t.module.sign_init(session, Some(&by), 4711), CKR_KEY_HANDLE_INVALID);
    assert_rv!(t.module.verify_init(session, Some(&by), 4711), CKR_KEY_HANDLE_INVALID);
}

fn softhsm_two_threads_get_right_match_counts(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    for number in 0..10 {
        let _pair = generate(t.module, session, Kind::P256, true, &format!("key {}", number % 2));
    }
    let threads: Vec<_> = (0..2)
        .map(|number| {
            thread::spawn(move || {
                let session = token.open_ro();
                let label = Template::new().bytes(CKA_LABEL, format!("key {number}"));
                for _ in 0..200 {
                    assert_eq!(token.find(session, &label).len(), 10);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

/// SoftHSM answers `CKR_TEMPLATE_INCOMPLETE` to a class of no bytes; section 4.1.1 has a value for an invalid value.
fn softhsm_scalar_attributes_of_wrong_length_do_not_crash(t: &Test) {
    let session = t.token().user_session();
    for kind in [CKA_CLASS, CKA_TOKEN, CKA_PRIVATE, CKA_KEY_TYPE] {
        for len in [0, 3, 5, 9, 4096] {
            let template = Template::new().ulong(CKA_CLASS, CKO_DATA).without(kind).bytes(kind, vec![1; len]);
            // A data object has no key type, of whatever length.
            let of_none = kind == CKA_KEY_TYPE;
            let refusal = if of_none { CKR_ATTRIBUTE_TYPE_INVALID } else { CKR_ATTRIBUTE_VALUE_INVALID };
            assert_rv!(t.module.create_object(session, &template).0, refusal, "{kind:#x}, {len}");
            let rv = t.module.find_objects_init(session, &Template::new().bytes(kind, vec![1; len]));
            if rv == CKR_OK {
                assert_eq!(t.module.find_objects(session, 10).1, []);
                assert_rv!(t.module.find_objects_final(session), CKR_OK);
            }
        }
    }
}

/// A signature whose r and s have no leading zeros may come shorter from some clients; it is judged by its length
/// or by its value, and never leaves the session stuck.
fn softhsm_a_short_ecdsa_signature_is_judged(t: &Test) {
    let session = t.token().user_session();
    let pair = generate(t.module, session, Kind::P384, false, "signer");
    let ecdsa = mechanism(CKM_ECDSA);
    let signature = sign(t.module, session, &ecdsa, pair.private, &[5; 48]).unwrap();
    for len in [2, 62, 94] {
        let rv = verify(t.module, session, &ecdsa, pair.public, &[5; 48], &signature[..len]);
        assert!([CKR_SIGNATURE_LEN_RANGE, CKR_SIGNATURE_INVALID].contains(&rv), "{rv:#x}");
    }
    assert_rv!(verify(t.module, session, &ecdsa, pair.public, &[5; 48], &signature), CKR_OK);
}

/// SoftHSM answers `CKR_SIGNATURE_INVALID` to data too long for its key; section 5.1.6: `CKR_DATA_LEN_RANGE`.
fn softhsm_a_failed_operation_is_over(t: &Test) {
    let session = t.token().user_session();
    let pair = generate(t.module, session, Kind::Rsa, false, "signer");
    let plain = mechanism(cryptoki_sys::CKM_RSA_PKCS);
    for _ in 0..3 {
        assert!(sign(t.module, session, &plain, pair.private, &[0; 1000]).is_err());
        assert_rv!(t.module.verify_init(session, Some(&plain), pair.public), CKR_OK);
        let rv = t.module.verify(session, [0; 1000].as_slice().into(), Sent::from(&[0; 256]));
        assert_rv!(rv, CKR_DATA_LEN_RANGE);
    }
    assert!(sign(t.module, session, &plain, pair.private, &[0; 100]).is_ok());
}

fn softhsm_duplicate_ids_and_empty_labels_are_fine(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let note = Template::new()
        .ulong(CKA_CLASS, CKO_PUBLIC_KEY)
        .ulong(CKA_KEY_TYPE, CKK_RSA)
        .bytes(CKA_MODULUS, [0xC1; 256])
        .bytes(CKA_PUBLIC_EXPONENT, [1, 0, 1])
        .bytes(CKA_ID, "same")
        .bytes(CKA_LABEL, "");
    for _ in 0..2 {
        assert_rv!(t.module.create_object(session, &note).0, CKR_OK);
    }
    assert_eq!(token.find(session, &Template::new().bytes(CKA_ID, "same")).len(), 2);
}

fn nss_two_threads_generate_token_keys_at_once(t: &Test) {
    let token = Arc::new(t.token());
    let first = token.user_session();
    let threads: Vec<_> = (0..2)
        .map(|number| {
            let token = Arc::clone(&token);
            thread::spawn(move || {
                let session = token.open_rw();
                for turn in 0..10 {
                    let label = format!("thread {number} turn {turn}");
                    let _pair = generate(token.module, session, Kind::P256, true, &label);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(token.find(first, &Template::new()).len(), 40);
}

fn opencryptoki_more_than_2048_objects(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let note = Template::new().ulong(CKA_CLASS, CKO_DATA).boolean(CKA_TOKEN, true).bytes(CKA_VALUE, "x");
    for _ in 0..2100 {
        assert_rv!(t.module.create_object(session, &note).0, CKR_OK);
    }
    assert_rv!(t.module.find_objects_init(session, &Template::new()), CKR_OK);
    let (rv, found) = t.module.find_objects(session, 5000);
    assert_rv!(rv, CKR_OK);
    assert_eq!(found.len(), 2100);
}
