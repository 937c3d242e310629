//! Section 5.13.5 with `CKA_ALWAYS_AUTHENTICATE` (section 4.10): one login for one signature with recovery.

use cryptoki_sys::{
    CKA_ALWAYS_AUTHENTICATE, CKA_SIGN_RECOVER, CKA_VERIFY_RECOVER, CKM_RSA_PKCS, CKR_OK,
    CKR_OPERATION_NOT_INITIALIZED, CKR_USER_NOT_LOGGED_IN, CKU_CONTEXT_SPECIFIC,
};
use pkcs11_tests::keys::{Kind, Pair};
use pkcs11_tests::{Out, Sent, Test, USER_PIN, assert_rv, mechanism, on_claviger};

on_claviger!(a_signature_with_recovery_waits_for_its_login, a_login_holds_for_one_signature_with_recovery);

fn key(t: &Test) -> (u64, Pair) {
    let session = t.token().user_session();
    let private =
        Kind::Rsa.private_template().boolean(CKA_ALWAYS_AUTHENTICATE, true).boolean(CKA_SIGN_RECOVER, true);
    let public = Kind::Rsa.public_template().boolean(CKA_VERIFY_RECOVER, true);
    let generator = Kind::Rsa.generator();
    let (rv, public, private) = t.module.generate_key_pair(session, Some(&generator), &public, &private);
    assert_rv!(rv, CKR_OK);
    (session, Pair { public, private })
}

fn begin(t: &Test, session: u64, key: u64) {
    assert_rv!(t.module.sign_recover_init(session, Some(&mechanism(CKM_RSA_PKCS)), key), CKR_OK);
}

fn sign(t: &Test, session: u64) -> (u64, [u8; 256]) {
    let mut room = [0; 256];
    (t.module.sign_recover(session, Sent::from(b"text"), Out::buffer(&mut room)).0, room)
}

fn login(t: &Test, session: u64) -> u64 {
    t.module.login(session, CKU_CONTEXT_SPECIFIC, Sent::from(USER_PIN))
}

fn a_signature_with_recovery_waits_for_its_login(t: &Test) {
    let (session, pair) = key(t);
    begin(t, session, pair.private);
    let (rv, room) = sign(t, session);
    assert_rv!(rv, CKR_USER_NOT_LOGGED_IN);
    assert_eq!(room, [0; 256], "nothing was signed");
    begin(t, session, pair.private);
    assert_rv!(login(t, session), CKR_OK);
    let (rv, signature) = sign(t, session);
    assert_rv!(rv, CKR_OK);
    let by = mechanism(CKM_RSA_PKCS);
    assert_rv!(t.module.verify_recover_init(session, Some(&by), pair.public), CKR_OK);
    let mut recovered = [0; 256];
    let (rv, len) = t.module.verify_recover(session, Sent::from(&signature), Out::buffer(&mut recovered));
    assert_rv!(rv, CKR_OK);
    assert_eq!(&recovered[..usize::try_from(len).unwrap()], b"text");
}

fn a_login_holds_for_one_signature_with_recovery(t: &Test) {
    let (session, pair) = key(t);
    for _ in 0..2 {
        begin(t, session, pair.private);
        assert_rv!(login(t, session), CKR_OK);
        assert_rv!(sign(t, session).0, CKR_OK);
        assert_rv!(sign(t, session).0, CKR_OPERATION_NOT_INITIALIZED);
    }
    begin(t, session, pair.private);
    assert_rv!(sign(t, session).0, CKR_USER_NOT_LOGGED_IN);
}
