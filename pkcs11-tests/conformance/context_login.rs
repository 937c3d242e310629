//! Section 5.6.8 with `CKU_CONTEXT_SPECIFIC`, and section 4.10 on `CKA_ALWAYS_AUTHENTICATE`: one login, one operation.

use cryptoki_sys::{
    CKA_ALWAYS_AUTHENTICATE, CKA_DECRYPT, CKA_PRIVATE, CKA_SIGN, CKF_USER_PIN_LOCKED, CKM_RSA_PKCS,
    CKM_SHA256_RSA_PKCS, CKR_OK, CKR_OPERATION_NOT_INITIALIZED, CKR_PIN_INCORRECT, CKR_PIN_LOCKED,
    CKR_TEMPLATE_INCONSISTENT, CKR_USER_NOT_LOGGED_IN, CKU_CONTEXT_SPECIFIC,
};
use pkcs11_tests::keys::{Kind, Pair, verify};
use pkcs11_tests::{Out, Sent, Test, Token, USER_PIN, assert_rv, mechanism, on_both, on_claviger};

use crate::secret_keys::{ENCRYPTION, whole};

on_both!(
    a_signature_waits_for_its_login,
    a_login_holds_for_one_operation,
    without_an_operation_there_is_nothing_to_log_in_for,
    only_a_private_key_can_ask_for_it,
    another_session_does_not_profit,
    the_refusal_for_a_missing_login_ends_the_operation,
    a_login_holds_for_all_parts_of_an_operation,
    a_decryption_waits_too,
);
on_claviger!(a_wrong_pin_counts, a_name_beside_the_pin_is_that_of_who_is_logged_in,);

fn key(t: &Test) -> (Token, u64, Pair) {
    let token = t.token();
    let session = token.user_session();
    let private =
        Kind::Rsa.private_template().boolean(CKA_ALWAYS_AUTHENTICATE, true).boolean(CKA_DECRYPT, true);
    let generator = Kind::Rsa.generator();
    let public = Kind::Rsa.public_template();
    let (rv, public, private) = t.module.generate_key_pair(session, Some(&generator), &public, &private);
    assert_rv!(rv, CKR_OK);
    (token, session, Pair { public, private })
}

fn again(t: &Test, session: u64, pin: &str) -> u64 {
    t.module.login(session, CKU_CONTEXT_SPECIFIC, Sent::from(pin))
}

fn begin(t: &Test, session: u64, key: u64) {
    assert_rv!(t.module.sign_init(session, Some(&mechanism(CKM_SHA256_RSA_PKCS)), key), CKR_OK);
}

fn sign(t: &Test, session: u64) -> (u64, [u8; 256]) {
    let mut room = [0; 256];
    (t.module.sign(session, Sent::from(b"text"), Out::buffer(&mut room)).0, room)
}

fn a_signature_waits_for_its_login(t: &Test) {
    let (_, session, pair) = key(t);
    begin(t, session, pair.private);
    assert_rv!(again(t, session, USER_PIN), CKR_OK);
    let (rv, signature) = sign(t, session);
    assert_rv!(rv, CKR_OK);
    let by = mechanism(CKM_SHA256_RSA_PKCS);
    assert_rv!(verify(t.module, session, &by, pair.public, b"text", &signature), CKR_OK);
}

/// Section 5.6.9: C_LoginUser takes this kind of user too.
/// About names of people, which are ours; and SoftHSM, of 2.40, has no C_LoginUser.
fn a_name_beside_the_pin_is_that_of_who_is_logged_in(t: &Test) {
    let (_, session, pair) = key(t);
    let again = |name: &str| t.module.login_user(session, CKU_CONTEXT_SPECIFIC, USER_PIN.into(), name.into());
    begin(t, session, pair.private);
    assert_rv!(again("so"), CKR_PIN_INCORRECT);
    assert_rv!(again("user"), CKR_OK);
    assert_rv!(sign(t, session).0, CKR_OK);
    begin(t, session, pair.private);
    assert_rv!(again(""), CKR_OK);
    assert_rv!(sign(t, session).0, CKR_OK);
}

fn a_login_holds_for_one_operation(t: &Test) {
    let (_, session, pair) = key(t);
    for _ in 0..2 {
        begin(t, session, pair.private);
        assert_rv!(again(t, session, USER_PIN), CKR_OK);
        assert_rv!(sign(t, session).0, CKR_OK);
    }
    begin(t, session, pair.private);
    assert_rv!(sign(t, session).0, CKR_USER_NOT_LOGGED_IN);
}

/// Sections 5.13.2 to 5.13.4: only a buffer that is too small and a length that was told leave an operation active.
fn the_refusal_for_a_missing_login_ends_the_operation(t: &Test) {
    let (_, session, pair) = key(t);
    let refused: [fn(&Test, u64) -> u64; 4] = [
        |t, session| sign(t, session).0,
        |t, session| t.module.sign(session, Sent::from(b"text"), Out::query()).0,
        |t, session| t.module.sign_update(session, Sent::from(b"te")),
        |t, session| t.module.sign_final(session, Out::buffer(&mut [0; 256])).0,
    ];
    for call in refused {
        begin(t, session, pair.private);
        assert_rv!(call(t, session), CKR_USER_NOT_LOGGED_IN);
        assert_rv!(again(t, session, USER_PIN), CKR_OPERATION_NOT_INITIALIZED);
        assert_rv!(sign(t, session).0, CKR_OPERATION_NOT_INITIALIZED);
    }
}

fn a_login_holds_for_all_parts_of_an_operation(t: &Test) {
    let (_, session, pair) = key(t);
    begin(t, session, pair.private);
    assert_rv!(again(t, session, USER_PIN), CKR_OK);
    assert_rv!(t.module.sign_update(session, Sent::from(b"te")), CKR_OK);
    assert_rv!(t.module.sign_update(session, Sent::from(b"xt")), CKR_OK);
    let mut room = [0; 256];
    assert_rv!(t.module.sign_final(session, Out::buffer(&mut room)).0, CKR_OK);
    assert_rv!(sign(t, session).0, CKR_OPERATION_NOT_INITIALIZED);
}

/// SoftHSM never locks a PIN and answers `CKR_OK`; section 5.6.8 lists `CKR_PIN_LOCKED`, and when it comes is up to
/// the token.
fn a_wrong_pin_counts(t: &Test) {
    let (token, session, pair) = key(t);
    begin(t, session, pair.private);
    for _ in 0..3 {
        assert_rv!(again(t, session, "not-the-pin"), CKR_PIN_INCORRECT);
    }
    assert_rv!(again(t, session, USER_PIN), CKR_PIN_LOCKED);
    assert_rv!(sign(t, session).0, CKR_USER_NOT_LOGGED_IN);
    assert_ne!(token.info().flags & CKF_USER_PIN_LOCKED, 0);
}

fn without_an_operation_there_is_nothing_to_log_in_for(t: &Test) {
    let (_, session, pair) = key(t);
    assert_rv!(again(t, session, USER_PIN), CKR_OPERATION_NOT_INITIALIZED);
    let by = mechanism(CKM_SHA256_RSA_PKCS);
    assert_rv!(t.module.verify_init(session, Some(&by), pair.public), CKR_OK);
    assert_rv!(again(t, session, USER_PIN), CKR_OPERATION_NOT_INITIALIZED, "a public key asks for nothing");
}

/// Section 4.10 asks for a login at each use, decryption too.
fn a_decryption_waits_too(t: &Test) {
    let (_, session, pair) = key(t);
    let by = mechanism(CKM_RSA_PKCS);
    let sealed = whole(t.module, ENCRYPTION, session, &by, pair.public, b"secret").unwrap();
    let mut room = [0; 256];
    let mut open = || t.module.decrypt(session, Sent::from(&sealed), Out::buffer(&mut room)).0;
    let begin = || assert_rv!(t.module.decrypt_init(session, Some(&by), pair.private), CKR_OK);
    begin();
    assert_rv!(open(), CKR_USER_NOT_LOGGED_IN);
    begin();
    assert_rv!(again(t, session, USER_PIN), CKR_OK);
    assert_rv!(open(), CKR_OK);
    assert_eq!(&room[..6], b"secret");
}

/// Section 4.10: only with `CKA_PRIVATE` TRUE.
fn only_a_private_key_can_ask_for_it(t: &Test) {
    let session = t.token().user_session();
    let private = Kind::P256.private_template().without(CKA_PRIVATE).boolean(CKA_PRIVATE, false);
    let private = private.boolean(CKA_ALWAYS_AUTHENTICATE, true).without(CKA_SIGN);
    let generator = Kind::P256.generator();
    let public = Kind::P256.public_template();
    let (rv, _, _) = t.module.generate_key_pair(session, Some(&generator), &public, &private);
    assert_rv!(rv, CKR_TEMPLATE_INCONSISTENT);
}

fn another_session_does_not_profit(t: &Test) {
    let (token, session, pair) = key(t);
    let other = token.open_rw();
    begin(t, session, pair.private);
    begin(t, other, pair.private);
    assert_rv!(again(t, session, USER_PIN), CKR_OK);
    assert_rv!(sign(t, other).0, CKR_USER_NOT_LOGGED_IN);
    assert_rv!(sign(t, session).0, CKR_OK);
}
