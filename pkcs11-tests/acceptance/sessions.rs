//! 23: sessions with a callback and its argument.

use std::ffi::c_void;

use cryptoki_sys::{
    CK_NOTIFICATION, CK_RV, CK_SESSION_HANDLE, CKF_RW_SESSION, CKF_SERIAL_SESSION, CKM_SHA256_RSA_PKCS,
    CKR_OK,
};
use pkcs11_tests::keys::{Kind, generate, sign, verify};
use pkcs11_tests::{Test, assert_rv, mechanism, on_claviger};

on_claviger!(pain_23_a_session_takes_a_callback_and_its_argument, pain_23_a_read_only_session_signs);

extern "C" fn surrenders(_: CK_SESSION_HANDLE, _: CK_NOTIFICATION, application: *mut c_void) -> CK_RV {
    panic!("nothing surrenders: {application:?}")
}

/// Section 5.6.1: the argument is the application's own, and is never followed.
fn pain_23_a_session_takes_a_callback_and_its_argument(t: &Test) {
    let token = t.token();
    let login = token.user_session();
    for flags in [CKF_SERIAL_SESSION, CKF_SERIAL_SESSION | CKF_RW_SESSION] {
        for argument in [0_usize, 1, usize::MAX] {
            let (rv, session) = t.module.open_session_with(token.slot, flags, argument, Some(surrenders));
            assert_rv!(rv, CKR_OK, "{flags:#x}");
            assert_rv!(t.module.session_info(session).0, CKR_OK);
            assert_rv!(t.module.close_session(session), CKR_OK);
        }
    }
    assert_rv!(t.module.close_session(login), CKR_OK);
}

/// What a TLS server does: it opens no other session than one that cannot write.
fn pain_23_a_read_only_session_signs(t: &Test) {
    let token = t.token();
    let writing = token.user_session();
    let pair = generate(t.module, writing, Kind::Rsa, true, "tls");
    let reading = token.open_ro();
    let by = mechanism(CKM_SHA256_RSA_PKCS);
    let signature = sign(t.module, reading, &by, pair.private, b"handshake").unwrap();
    assert_rv!(verify(t.module, reading, &by, pair.public, b"handshake", &signature), CKR_OK);
}
