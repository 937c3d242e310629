//! Defects seen in other modules by running them, each a test of ours; those that belong to a chapter stand there.

use std::sync::Arc;
use std::thread;

use cryptoki_sys::{
    CKA_CLASS, CKA_ID, CKA_KEY_TYPE, CKA_LABEL, CKA_MODULUS, CKA_PRIVATE, CKA_PUBLIC_EXPONENT, CKA_TOKEN,
    CKA_TRUSTED, CKA_VALUE, CKK_RSA, CKM_ECDSA, CKM_SHA256_RSA_PKCS, CKO_DATA, CKO_PUBLIC_KEY,
    CKR_FUNCTION_NOT_SUPPORTED, CKR_OK, CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE,
    CKR_USER_NOT_LOGGED_IN,
};
use pkcs11_tests::keys::{Kind, generate, sign, verify};
use pkcs11_tests::program::openssl;
use pkcs11_tests::{Sent, Template, Test, assert_rv, mechanism, on_claviger};

on_claviger!(
    kryoptic_a_wrong_signature_is_no_device_error,
    kryoptic_a_short_signature_leaves_no_operation_active,
    kryoptic_null_pointers_do_not_crash,
    kryoptic_the_hosts_openssl_configuration_is_not_read,
    kryoptic_a_user_cannot_set_trusted,
    kryoptic_no_private_session_object_without_login,
    kryoptic_the_pin_lengths_are_told,
    softhsm_scalar_attributes_of_wrong_length_do_not_crash,
    softhsm_a_short_ecdsa_signature_is_judged,
    softhsm_a_failed_operation_is_over,
    softhsm_duplicate_ids_and_empty_labels_are_fine,
    nss_two_threads_generate_token_keys_at_once,
    opencryptoki_more_than_2048_objects,
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
    assert_ne!(t.module.generate_random_nowhere(session, 5), CKR_OK);
    assert_ne!(t.module.find_objects_init_from_null(session, 1), CKR_OK);
    assert_ne!(t.module.create_object_from_null(session, 1), CKR_OK);
    let generator = Kind::P256.generator();
    assert_ne!(t.module.generate_key_pair_from_null(session, &generator, 1), CKR_OK);
    for (function, rv) in t.module.all_with_zeros(session) {
        let unsupported = rv == CKR_FUNCTION_NOT_SUPPORTED;
        assert!(unsupported || rv != CKR_OK || function.ends_with("Final"), "{function} took nulls");
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
    drop(openssl(["version"]));
}

fn kryoptic_a_user_cannot_set_trusted(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let key = Template::new()
        .ulong(CKA_CLASS, CKO_PUBLIC_KEY)
        .ulong(CKA_KEY_TYPE, CKK_RSA)
        .bytes(CKA_MODULUS, [0xC1; 256])
        .bytes(CKA_PUBLIC_EXPONENT, [1, 0, 1])
        .boolean(CKA_TRUSTED, true);
    assert_ne!(t.module.create_object(session, &key).0, CKR_OK);
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

fn softhsm_scalar_attributes_of_wrong_length_do_not_crash(t: &Test) {
    let session = t.token().user_session();
    for kind in [CKA_CLASS, CKA_TOKEN, CKA_PRIVATE, CKA_KEY_TYPE] {
        for len in [0, 3, 5, 9, 4096] {
            let template = Template::new().ulong(CKA_CLASS, CKO_DATA).without(kind).bytes(kind, vec![1; len]);
            assert_ne!(t.module.create_object(session, &template).0, CKR_OK);
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

fn softhsm_a_failed_operation_is_over(t: &Test) {
    let session = t.token().user_session();
    let pair = generate(t.module, session, Kind::Rsa, false, "signer");
    let plain = mechanism(cryptoki_sys::CKM_RSA_PKCS);
    for _ in 0..3 {
        assert!(sign(t.module, session, &plain, pair.private, &[0; 1000]).is_err());
        assert_rv!(t.module.verify_init(session, Some(&plain), pair.public), CKR_OK);
        let rv = t.module.verify(session, [0; 1000].as_slice().into(), Sent::from(&[0; 256]));
        assert_ne!(rv, CKR_OK);
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
