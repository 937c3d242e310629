//! Section 5.5: C_InitPIN and C_SetPIN.

use cryptoki_sys::{
    CKA_SIGN, CKF_USER_PIN_INITIALIZED, CKM_ECDSA, CKR_ARGUMENTS_BAD, CKR_OK, CKR_PIN_INCORRECT,
    CKR_PIN_INVALID, CKR_PIN_LEN_RANGE, CKR_PIN_LOCKED, CKR_SESSION_HANDLE_INVALID, CKR_SESSION_READ_ONLY,
    CKR_USER_NOT_LOGGED_IN, CKU_SO, CKU_USER,
};
use pkcs11_tests::keys::{Kind, generate, sign, verify};
use pkcs11_tests::token::{LABEL, empty_slots};
use pkcs11_tests::{
    SO_PIN, Sent, Template, Test, Token, USER_PIN, assert_rv, mechanism, on_both, on_claviger,
};

on_both!(
    only_the_officer_sets_a_users_first_pin,
    the_user_changes_the_pin_when_logged_in_or_not,
    the_officer_changes_the_own_pin,
    set_pin_needs_the_old_pin,
    set_pin_needs_a_read_write_session,
    pins_of_impossible_length_are_refused_and_change_nothing,
    keys_survive_a_change_of_pin,
    a_session_that_never_was_is_refused,
    null_pins_are_refused,
    the_pin_of_nobody_is_not_changed,
    an_unknown_name_answers_like_a_wrong_pin,
);
on_claviger!(
    the_officer_gives_a_user_who_lost_the_pin_the_vault_back,
    wild_pin_lengths_are_refused,
    a_pin_that_would_read_as_a_name_is_refused,
    wrong_old_pins_count_towards_the_limit,
    a_leading_colon_makes_the_rest_literal,
);

fn can_log_in(token: &Token, pin: &str) -> bool {
    let session = token.open_rw();
    let rv = token.module.login(session, CKU_USER, pin.into());
    assert_rv!(token.module.close_session(session), CKR_OK);
    rv == CKR_OK
}

fn only_the_officer_sets_a_users_first_pin(t: &Test) {
    assert_rv!(t.module.initialize(), CKR_OK);
    let slot = empty_slots(t.module)[0];
    assert_rv!(t.module.init_token(slot, SO_PIN.into(), Some(LABEL)), CKR_OK);
    let token = Token { module: t.module, slot };
    let session = token.open_rw();
    assert_rv!(t.module.init_pin(session, USER_PIN.into()), CKR_USER_NOT_LOGGED_IN);
    assert_eq!(token.info().flags & CKF_USER_PIN_INITIALIZED, 0);
    assert_rv!(t.module.login(session, CKU_SO, SO_PIN.into()), CKR_OK);
    assert_rv!(t.module.init_pin(session, USER_PIN.into()), CKR_OK);
    assert_ne!(token.info().flags & CKF_USER_PIN_INITIALIZED, 0);
    assert_rv!(t.module.logout(session), CKR_OK);
    assert_rv!(t.module.login(session, CKU_USER, USER_PIN.into()), CKR_OK);
    assert_rv!(t.module.init_pin(session, "something-else".into()), CKR_USER_NOT_LOGGED_IN);
    assert_rv!(t.module.close_session(session), CKR_OK);
    assert!(can_log_in(&token, USER_PIN));
}

fn the_user_changes_the_pin_when_logged_in_or_not(t: &Test) {
    let token = t.token();
    let session = token.open_rw();
    assert_rv!(t.module.set_pin(session, USER_PIN.into(), "second-pin".into()), CKR_OK);
    assert_rv!(t.module.login(session, CKU_USER, "second-pin".into()), CKR_OK);
    assert_rv!(t.module.set_pin(session, "second-pin".into(), "third-pin".into()), CKR_OK);
    assert_rv!(t.module.close_session(session), CKR_OK);
    assert!(!can_log_in(&token, "second-pin"));
    assert!(can_log_in(&token, "third-pin"));
}

/// Section 5.5.9 lists no CKR_USER_PIN_NOT_INITIALIZED: the old PIN is nobody's.
fn the_pin_of_nobody_is_not_changed(t: &Test) {
    assert_rv!(t.module.initialize(), CKR_OK);
    let slot = empty_slots(t.module)[0];
    assert_rv!(t.module.init_token(slot, SO_PIN.into(), Some(LABEL)), CKR_OK);
    let session = Token { module: t.module, slot }.open_rw();
    assert_rv!(t.module.set_pin(session, USER_PIN.into(), "another-pin".into()), CKR_PIN_INCORRECT);
}

fn the_officer_changes_the_own_pin(t: &Test) {
    let token = t.token();
    let session = token.so_session();
    assert_rv!(t.module.set_pin(session, SO_PIN.into(), "officers-new-pin".into()), CKR_OK);
    assert_rv!(t.module.logout(session), CKR_OK);
    assert_rv!(t.module.login(session, CKU_SO, SO_PIN.into()), CKR_PIN_INCORRECT);
    assert_rv!(t.module.login(session, CKU_SO, "officers-new-pin".into()), CKR_OK);
    assert_rv!(t.module.close_session(session), CKR_OK);
    assert!(can_log_in(&token, USER_PIN), "the user's PIN stays");
}

fn set_pin_needs_the_old_pin(t: &Test) {
    let token = t.token();
    let session = token.open_rw();
    assert_rv!(t.module.set_pin(session, "wrong-pin".into(), "second-pin".into()), CKR_PIN_INCORRECT);
    assert_rv!(t.module.close_session(session), CKR_OK);
    assert!(can_log_in(&token, USER_PIN));
    let session = token.user_session();
    assert_rv!(t.module.set_pin(session, SO_PIN.into(), "second-pin".into()), CKR_PIN_INCORRECT);
}

fn set_pin_needs_a_read_write_session(t: &Test) {
    let token = t.token();
    let session = token.open_ro();
    assert_rv!(t.module.set_pin(session, USER_PIN.into(), "second-pin".into()), CKR_SESSION_READ_ONLY);
    assert_rv!(t.module.login(session, CKU_USER, USER_PIN.into()), CKR_OK);
    assert_rv!(t.module.set_pin(session, USER_PIN.into(), "second-pin".into()), CKR_SESSION_READ_ONLY);
}

fn pins_of_impossible_length_are_refused_and_change_nothing(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let too_long = vec![b'1'; 70_000];
    for pin in [&b"1"[..], b"123", &too_long[..256], &too_long] {
        let rv = t.module.set_pin(session, USER_PIN.into(), pin.into());
        assert_rv!(rv, CKR_PIN_LEN_RANGE, "for {} bytes", pin.len());
    }
    assert_rv!(t.module.logout(session), CKR_OK);
    assert_rv!(t.module.login(session, CKU_SO, SO_PIN.into()), CKR_OK);
    for pin in [&b"1"[..], b"123", &too_long[..256], &too_long] {
        assert_rv!(t.module.init_pin(session, pin.into()), CKR_PIN_LEN_RANGE);
    }
    assert_rv!(t.module.close_session(session), CKR_OK);
    assert!(can_log_in(&token, USER_PIN));
}

fn keys_survive_a_change_of_pin(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let pair = generate(t.module, session, Kind::P256, true, "survivor");
    assert_rv!(t.module.set_pin(session, USER_PIN.into(), "second-pin".into()), CKR_OK);
    assert_rv!(t.module.finalize(), CKR_OK);
    let token = Token::existing(t.module);
    let session = token.open_rw();
    assert_rv!(t.module.login(session, CKU_USER, "second-pin".into()), CKR_OK);
    let found = token.find(session, &Template::new());
    assert_eq!(found.len(), 2);
    // The private key's handle went with the login that it was given to.
    assert!(!t.is_claviger() || found.contains(&pair.public));
    let private = token.find(session, &Template::new().boolean(CKA_SIGN, true));
    let ecdsa = mechanism(CKM_ECDSA);
    let signature = sign(t.module, session, &ecdsa, private[0], &[7; 32]).unwrap();
    let public = found.iter().find(|object| **object != private[0]).unwrap();
    assert_rv!(verify(t.module, session, &ecdsa, *public, &[7; 32], &signature), CKR_OK);
}

fn a_session_that_never_was_is_refused(t: &Test) {
    let token = t.token();
    let closed = token.open_rw();
    assert_rv!(t.module.close_session(closed), CKR_OK);
    for session in [0, closed, u64::MAX] {
        assert_rv!(t.module.init_pin(session, USER_PIN.into()), CKR_SESSION_HANDLE_INVALID);
        let rv = t.module.set_pin(session, USER_PIN.into(), "second-pin".into());
        assert_rv!(rv, CKR_SESSION_HANDLE_INVALID);
    }
    assert!(can_log_in(&token, USER_PIN));
}

/// SoftHSM never locks a PIN and answers `CKR_OK`; when `CKR_PIN_LOCKED` comes is up to the token (section 5.6.8).
fn the_officer_gives_a_user_who_lost_the_pin_the_vault_back(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let _pair = generate(t.module, session, Kind::P256, true, "recovered");
    assert_rv!(t.module.logout(session), CKR_OK);
    for rv in token.guess(session, CKU_USER, 3) {
        assert_ne!(rv, CKR_OK);
    }
    assert_rv!(t.module.login(session, CKU_USER, USER_PIN.into()), CKR_PIN_LOCKED);
    assert_rv!(t.module.login(session, CKU_SO, SO_PIN.into()), CKR_OK);
    assert_rv!(t.module.init_pin(session, "found-again".into()), CKR_OK);
    assert_rv!(t.module.logout(session), CKR_OK);
    assert_rv!(t.module.login(session, CKU_USER, "found-again".into()), CKR_OK);
    assert_eq!(token.find(session, &Template::new()).len(), 2, "the keys are there");
}

fn null_pins_are_refused(t: &Test) {
    let token = t.token();
    let session = token.so_session();
    assert_rv!(t.module.init_pin(session, Sent::null(0)), CKR_ARGUMENTS_BAD);
    assert_rv!(t.module.init_pin(session, Sent::null(8)), CKR_ARGUMENTS_BAD);
    assert_rv!(t.module.logout(session), CKR_OK);
    for (old, new) in [
        (Sent::null(0), Sent::from("second-pin")),
        (Sent::null(8), Sent::from("second-pin")),
        (Sent::from(USER_PIN), Sent::null(0)),
        (Sent::from(USER_PIN), Sent::null(8)),
    ] {
        assert_rv!(t.module.set_pin(session, old, new), CKR_ARGUMENTS_BAD);
    }
    assert!(can_log_in(&token, USER_PIN));
}

/// SoftHSM 2.6.1 crashes here: the process ends with status 5.
fn wild_pin_lengths_are_refused(t: &Test) {
    let token = t.token();
    let session = token.open_rw();
    for len in [u64::MAX, 1 << 63] {
        let wild = Sent::claiming(b"1234", len);
        let rv = t.module.set_pin(session, wild, "second-pin".into());
        assert!([CKR_ARGUMENTS_BAD, CKR_PIN_INCORRECT, CKR_PIN_LEN_RANGE].contains(&rv), "{rv:#x}");
        let rv = t.module.set_pin(session, USER_PIN.into(), wild);
        assert!([CKR_ARGUMENTS_BAD, CKR_PIN_LEN_RANGE].contains(&rv), "{rv:#x}");
        let rv = t.module.login(session, CKU_USER, wild);
        assert!([CKR_ARGUMENTS_BAD, CKR_PIN_INCORRECT].contains(&rv), "{rv:#x}");
    }
    assert_rv!(t.module.close_session(session), CKR_OK);
    let officer = token.so_session();
    assert_rv!(t.module.init_pin(officer, USER_PIN.into()), CKR_OK, "however many tries those were");
}

/// About names of people in PINs, which are ours; SoftHSM takes the PIN.
fn a_pin_that_would_read_as_a_name_is_refused(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let rv = t.module.set_pin(session, USER_PIN.into(), "alice:secret".into());
    assert_rv!(rv, CKR_PIN_INVALID);
    assert_rv!(t.module.close_session(session), CKR_OK);
    let session = token.so_session();
    assert_rv!(t.module.init_pin(session, "alice:secret".into()), CKR_PIN_INVALID);
    assert_rv!(t.module.close_session(session), CKR_OK);
    assert!(can_log_in(&token, USER_PIN));
}

/// About names of people in PINs, which are ours.
fn a_leading_colon_makes_the_rest_literal(t: &Test) {
    let token = t.token();
    assert!(can_log_in(&token, &format!(":{USER_PIN}")));
    assert!(can_log_in(&token, &format!("user:{USER_PIN}")));
}

fn an_unknown_name_answers_like_a_wrong_pin(t: &Test) {
    let token = t.token();
    let session = token.open_rw();
    let rv = t.module.login(session, CKU_USER, "mallory:whatever".into());
    assert_rv!(rv, CKR_PIN_INCORRECT);
    let rv = t.module.login(session, CKU_USER, format!("mallory:{USER_PIN}").as_bytes().into());
    assert_rv!(rv, CKR_PIN_INCORRECT);
    assert_rv!(t.module.login(session, CKU_USER, USER_PIN.into()), CKR_OK);
}

/// SoftHSM never locks a PIN and answers `CKR_OK`; section 5.5.9 lists `CKR_PIN_LOCKED`, and when it comes is up to
/// the token.
fn wrong_old_pins_count_towards_the_limit(t: &Test) {
    let token = t.token();
    let session = token.open_rw();
    for _ in 0..3 {
        let rv = t.module.set_pin(session, "wrong-pin".into(), "second-pin".into());
        assert!([CKR_PIN_INCORRECT, CKR_PIN_LOCKED].contains(&rv), "{rv:#x}");
    }
    assert_rv!(t.module.set_pin(session, USER_PIN.into(), "second-pin".into()), CKR_PIN_LOCKED);
    assert_rv!(t.module.login(session, CKU_USER, USER_PIN.into()), CKR_PIN_LOCKED);
}
