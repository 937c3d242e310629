//! Many threads in one application.

use std::sync::{Arc, Barrier};
use std::thread;

use cryptoki_sys::{CKA_LABEL, CKA_SIGN, CKM_ECDSA, CKR_OK, CKR_USER_ALREADY_LOGGED_IN, CKU_USER};
use pkcs11_tests::keys::{Kind, generate, sign, verify};
use pkcs11_tests::{Template, Test, USER_PIN, assert_rv, mechanism, on_claviger};

on_claviger!(
    sixteen_threads_open_log_in_find_sign_and_close,
    threads_sign_with_one_key_at_once_and_every_signature_is_right,
    a_session_closed_under_another_threads_feet_is_a_clean_refusal,
);

fn sixteen_threads_open_log_in_find_sign_and_close(t: &Test) {
    let token = t.token();
    let kept = token.user_session();
    let pair = generate(t.module, kept, Kind::P256, true, "shared");
    let start = Arc::new(Barrier::new(16));
    let threads: Vec<_> = (0..16)
        .map(|_| {
            let start = Arc::clone(&start);
            thread::spawn(move || {
                start.wait();
                for _ in 0..20 {
                    let session = token.open_rw();
                    let rv = token.module.login(session, CKU_USER, USER_PIN.into());
                    assert!([CKR_OK, CKR_USER_ALREADY_LOGGED_IN].contains(&rv), "{rv:#x}");
                    let keys = Template::new().bytes(CKA_LABEL, "shared").boolean(CKA_SIGN, true);
                    assert_eq!(token.find(session, &keys), [pair.private]);
                    let ecdsa = mechanism(CKM_ECDSA);
                    let signature = sign(token.module, session, &ecdsa, pair.private, &[7; 32]).unwrap();
                    let rv = verify(token.module, session, &ecdsa, pair.public, &[7; 32], &signature);
                    assert_rv!(rv, CKR_OK);
                    assert_rv!(token.module.close_session(session), CKR_OK);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(token.info().ulSessionCount, 1);
}

fn threads_sign_with_one_key_at_once_and_every_signature_is_right(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let pair = generate(t.module, session, Kind::Rsa, true, "shared");
    let threads: Vec<_> = (0..8_u8)
        .map(|number| {
            thread::spawn(move || {
                let session = token.open_ro();
                let by = mechanism(cryptoki_sys::CKM_SHA256_RSA_PKCS);
                for turn in 0..50 {
                    let text = [number, turn];
                    let signature = sign(token.module, session, &by, pair.private, &text).unwrap();
                    let rv = verify(token.module, session, &by, pair.public, &text, &signature);
                    assert_rv!(rv, CKR_OK);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

fn a_session_closed_under_another_threads_feet_is_a_clean_refusal(t: &Test) {
    let token = t.token();
    let kept = token.user_session();
    let pair = generate(t.module, kept, Kind::P256, true, "shared");
    for _ in 0..50 {
        let session = token.open_rw();
        let signer = thread::spawn(move || {
            let ecdsa = mechanism(CKM_ECDSA);
            while sign(token.module, session, &ecdsa, pair.private, &[7; 32]).is_ok() {}
        });
        assert_rv!(t.module.close_session(session), CKR_OK);
        signer.join().unwrap();
    }
    assert!(sign(t.module, kept, &mechanism(CKM_ECDSA), pair.private, &[7; 32]).is_ok());
}
