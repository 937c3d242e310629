//! Section 5.6: C_Login, C_LoginUser, C_Logout.

use cryptoki_sys::{
    CKA_PRIVATE, CKA_TOKEN, CKR_ARGUMENTS_BAD, CKR_OBJECT_HANDLE_INVALID, CKR_OK,
    CKR_OPERATION_NOT_INITIALIZED, CKR_PIN_INCORRECT, CKR_PIN_LOCKED, CKR_SESSION_HANDLE_INVALID,
    CKR_SESSION_READ_ONLY_EXISTS, CKR_USER_ALREADY_LOGGED_IN, CKR_USER_ANOTHER_ALREADY_LOGGED_IN,
    CKR_USER_NOT_LOGGED_IN, CKR_USER_PIN_NOT_INITIALIZED, CKR_USER_TYPE_INVALID, CKS_RO_USER_FUNCTIONS,
    CKS_RW_PUBLIC_SESSION, CKS_RW_USER_FUNCTIONS, CKU_CONTEXT_SPECIFIC, CKU_SO, CKU_USER,
};
use pkcs11_tests::keys::{Kind, generate, sign};
use pkcs11_tests::token::{LABEL, empty_slots};
use pkcs11_tests::{SO_PIN, Sent, Template, Test, Token, USER_PIN, assert_rv, on_both, on_claviger};

on_both!(
    login_reaches_every_session_of_the_application,
    logging_in_twice_is_refused,
    user_and_officer_exclude_one_another,
    the_officer_cannot_log_in_while_a_read_only_session_is_open,
    an_unknown_kind_of_user_is_refused,
    a_context_login_without_an_operation_is_refused,
    a_wrong_pin_changes_nothing,
    logout_without_login_is_refused,
    logout_takes_the_private_objects_away,
    a_missing_pin_is_refused,
    too_short_and_too_long_pins_are_wrong_pins,
    the_officer_sees_no_private_objects,
);
on_claviger!(
    login_user_takes_the_name_as_it_is,
    login_user_keeps_the_rules_of_login,
    login_user_meets_a_locked_pin_and_a_pin_that_is_not_there,
    handles_of_private_objects_do_not_work_after_logout,
    handles_of_private_objects_stay_invalid_after_the_next_login,
    results_of_a_search_are_dropped_at_logout,
);

fn login_reaches_every_session_of_the_application(t: &Test) {
    let token = t.token();
    let (reading, writing) = (token.open_ro(), token.open_rw());
    assert_rv!(t.module.login(reading, CKU_USER, USER_PIN.into()), CKR_OK);
    assert_eq!(t.module.session_info(reading).1.state, CKS_RO_USER_FUNCTIONS);
    assert_eq!(t.module.session_info(writing).1.state, CKS_RW_USER_FUNCTIONS);
    assert_eq!(t.module.session_info(token.open_ro()).1.state, CKS_RO_USER_FUNCTIONS);
    assert_rv!(t.module.logout(writing), CKR_OK);
    assert_eq!(t.module.session_info(writing).1.state, CKS_RW_PUBLIC_SESSION);
}

fn logging_in_twice_is_refused(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    assert_rv!(t.module.login(session, CKU_USER, USER_PIN.into()), CKR_USER_ALREADY_LOGGED_IN);
    assert_rv!(t.module.login(token.open_rw(), CKU_USER, USER_PIN.into()), CKR_USER_ALREADY_LOGGED_IN);
}

fn user_and_officer_exclude_one_another(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    assert_rv!(t.module.login(session, CKU_SO, SO_PIN.into()), CKR_USER_ANOTHER_ALREADY_LOGGED_IN);
    assert_rv!(t.module.logout(session), CKR_OK);
    assert_rv!(t.module.login(session, CKU_SO, SO_PIN.into()), CKR_OK);
    assert_rv!(t.module.login(session, CKU_USER, USER_PIN.into()), CKR_USER_ANOTHER_ALREADY_LOGGED_IN);
}

fn the_officer_cannot_log_in_while_a_read_only_session_is_open(t: &Test) {
    let token = t.token();
    let (reading, writing) = (token.open_ro(), token.open_rw());
    for session in [reading, writing] {
        assert_rv!(t.module.login(session, CKU_SO, SO_PIN.into()), CKR_SESSION_READ_ONLY_EXISTS);
    }
    assert_rv!(t.module.close_session(reading), CKR_OK);
    assert_rv!(t.module.login(writing, CKU_SO, SO_PIN.into()), CKR_OK);
}

fn an_unknown_kind_of_user_is_refused(t: &Test) {
    let session = t.token().open_rw();
    for user in [3, 4711, u64::MAX] {
        assert_rv!(t.module.login(session, user, USER_PIN.into()), CKR_USER_TYPE_INVALID);
    }
}

fn a_context_login_without_an_operation_is_refused(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let rv = t.module.login(session, CKU_CONTEXT_SPECIFIC, USER_PIN.into());
    assert_rv!(rv, CKR_OPERATION_NOT_INITIALIZED);
}

fn a_wrong_pin_changes_nothing(t: &Test) {
    let token = t.token();
    let session = token.open_rw();
    for (user, pin) in [(CKU_USER, SO_PIN), (CKU_SO, USER_PIN), (CKU_USER, "wrong-pin")] {
        assert_rv!(t.module.login(session, user, pin.into()), CKR_PIN_INCORRECT);
        assert_eq!(t.module.session_info(session).1.state, CKS_RW_PUBLIC_SESSION);
    }
    assert_rv!(t.module.login(session, CKU_USER, USER_PIN.into()), CKR_OK);
}

/// There is no protected authentication path, so a null PIN is an argument that no reading allows.
fn a_missing_pin_is_refused(t: &Test) {
    let session = t.token().open_rw();
    for len in [0, 8, u64::MAX] {
        assert_rv!(t.module.login(session, CKU_USER, Sent::null(len)), CKR_ARGUMENTS_BAD);
    }
    assert_rv!(t.module.login(session, CKU_USER, USER_PIN.into()), CKR_OK);
}

/// Section 5.6.8 lists CKR_PIN_INCORRECT for C_Login, and no CKR_PIN_LEN_RANGE.
fn too_short_and_too_long_pins_are_wrong_pins(t: &Test) {
    let session = t.token().open_rw();
    for pin in [&b""[..], b"1", &[b'1'; 256], &[b'1'; 70_000]] {
        let rv = t.module.login(session, CKU_USER, pin.into());
        assert_rv!(rv, CKR_PIN_INCORRECT, "for {} bytes", pin.len());
        assert_eq!(t.module.session_info(session).1.state, CKS_RW_PUBLIC_SESSION);
    }
}

fn logout_without_login_is_refused(t: &Test) {
    let session = t.token().open_rw();
    // Section 5.6.10 lists CKR_USER_NOT_LOGGED_IN; SoftHSM answers CKR_OK.
    assert_rv!(t.module.logout(session), t.ours_else(CKR_USER_NOT_LOGGED_IN, CKR_OK));
}

fn logout_takes_the_private_objects_away(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let stored = generate(t.module, session, Kind::P256, true, "stored");
    let passing = generate(t.module, session, Kind::P256, false, "passing");
    assert_rv!(t.module.logout(session), CKR_OK);
    let public = token.find(session, &Template::new());
    assert!(public.contains(&stored.public) && public.contains(&passing.public));
    assert_eq!(public.len(), 2);
    assert_rv!(t.module.login(session, CKU_USER, USER_PIN.into()), CKR_OK);
    let private = token.find(session, &Template::new().boolean(CKA_PRIVATE, true));
    assert_eq!(private.len(), 1, "private session objects are destroyed at logout");
    assert_eq!(token.find(session, &Template::new().boolean(CKA_TOKEN, true)).len(), 2);
}

/// SoftHSM answers `CKR_OBJECT_HANDLE_INVALID` to C_SignInit, which section 5.13.1 does not list.
fn handles_of_private_objects_do_not_work_after_logout(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let pair = generate(t.module, session, Kind::P256, true, "stored");
    assert_rv!(t.module.logout(session), CKR_OK);
    let (rv, _) = t.module.attribute_values(session, pair.private, &[(CKA_TOKEN, Some(1))]);
    assert_rv!(rv, CKR_OBJECT_HANDLE_INVALID);
    let ecdsa = pkcs11_tests::mechanism(cryptoki_sys::CKM_ECDSA);
    let rv = t.module.sign_init(session, Some(&ecdsa), pair.private);
    let refusals = [cryptoki_sys::CKR_KEY_HANDLE_INVALID, CKR_USER_NOT_LOGGED_IN];
    assert!(refusals.contains(&rv), "{rv:#x}");
    assert_rv!(t.module.destroy_object(session, pair.private), CKR_OBJECT_HANDLE_INVALID);
}

/// Section 5.6.10: "even if a user is later logged back into the token".
/// SoftHSM answers `CKR_OBJECT_HANDLE_INVALID` to C_SignInit, which section 5.13.1 does not list.
fn handles_of_private_objects_stay_invalid_after_the_next_login(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let pair = generate(t.module, session, Kind::P256, true, "stored");
    assert_rv!(t.module.logout(session), CKR_OK);
    assert_rv!(t.module.login(session, CKU_USER, USER_PIN.into()), CKR_OK);
    let (rv, _) = t.module.attribute_values(session, pair.private, &[(CKA_TOKEN, Some(1))]);
    assert_rv!(rv, CKR_OBJECT_HANDLE_INVALID);
    let ecdsa = pkcs11_tests::mechanism(cryptoki_sys::CKM_ECDSA);
    let rv = t.module.sign_init(session, Some(&ecdsa), pair.private);
    assert_rv!(rv, cryptoki_sys::CKR_KEY_HANDLE_INVALID);
    assert_rv!(t.module.destroy_object(session, pair.private), CKR_OBJECT_HANDLE_INVALID);
    let (rv, _) = t.module.attribute_values(session, pair.public, &[(CKA_TOKEN, Some(1))]);
    assert_rv!(rv, CKR_OK, "the public key's handle was never taken away");
    let found = token.find(session, &Template::new().boolean(cryptoki_sys::CKA_PRIVATE, true));
    assert_eq!(found.len(), 1);
    assert!(sign(t.module, session, &ecdsa, found[0], &[7; 32]).is_ok());
}

/// SoftHSM still gives the handle of the private key; section 5.6.10 makes all handles of private objects invalid.
fn results_of_a_search_are_dropped_at_logout(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let pair = generate(t.module, session, Kind::P256, true, "stored");
    assert_rv!(t.module.find_objects_init(session, &Template::new()), CKR_OK);
    assert_rv!(t.module.logout(session), CKR_OK);
    let (_, left) = t.module.find_objects(session, 10);
    assert!(!left.contains(&pair.private));
}

fn the_officer_sees_no_private_objects(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let pair = generate(t.module, session, Kind::P256, true, "stored");
    assert_rv!(t.module.logout(session), CKR_OK);
    assert_rv!(t.module.login(session, CKU_SO, SO_PIN.into()), CKR_OK);
    assert_eq!(token.find(session, &Template::new()), [pair.public]);
}

/// SoftHSM, of 2.40, has no C_LoginUser.
fn login_user_takes_the_name_as_it_is(t: &Test) {
    let token = t.token();
    let session = token.open_rw();
    let rv = t.module.login_user(session, CKU_USER, USER_PIN.into(), "nobody".into());
    assert_rv!(rv, CKR_PIN_INCORRECT);
    let named = format!("user:{USER_PIN}");
    let rv = t.module.login_user(session, CKU_USER, named.as_bytes().into(), "user".into());
    assert_rv!(rv, CKR_PIN_INCORRECT, "C_LoginUser parses no names");
    assert_rv!(t.module.login_user(session, CKU_USER, USER_PIN.into(), "user".into()), CKR_OK);
    assert_rv!(t.module.logout(session), CKR_OK);
    let rv = t.module.login_user(session, CKU_USER, USER_PIN.into(), Sent::null(0));
    assert_rv!(rv, CKR_OK, "no name is the default user");
}

/// SoftHSM, of 2.40, has no C_LoginUser.
fn login_user_keeps_the_rules_of_login(t: &Test) {
    let token = t.token();
    let m = t.module;
    let (user, officer): (Sent<'_>, Sent<'_>) = ("user".into(), "so".into());
    let session = token.open_rw();
    let reading = token.open_ro();
    assert_rv!(m.login_user(session, CKU_SO, SO_PIN.into(), officer), CKR_SESSION_READ_ONLY_EXISTS);
    assert_rv!(m.close_session(reading), CKR_OK);
    assert_rv!(m.login_user(reading, CKU_USER, USER_PIN.into(), user), CKR_SESSION_HANDLE_INVALID);
    assert_rv!(m.login_user(session, CKU_USER, Sent::null(0), user), CKR_ARGUMENTS_BAD);
    assert_rv!(m.login_user(session, CKU_USER, USER_PIN.into(), Sent::null(4)), CKR_ARGUMENTS_BAD);
    assert_rv!(m.login_user(session, 9, USER_PIN.into(), user), CKR_USER_TYPE_INVALID);
    assert_rv!(m.login_user(session, CKU_USER, USER_PIN.into(), user), CKR_OK);
    assert_rv!(m.login_user(session, CKU_USER, USER_PIN.into(), user), CKR_USER_ALREADY_LOGGED_IN);
    assert_rv!(m.login_user(session, CKU_SO, SO_PIN.into(), officer), CKR_USER_ANOTHER_ALREADY_LOGGED_IN);
    let rv = m.login_user(session, CKU_CONTEXT_SPECIFIC, USER_PIN.into(), user);
    assert_rv!(rv, CKR_OPERATION_NOT_INITIALIZED);
}

/// SoftHSM, of 2.40, has no C_LoginUser.
fn login_user_meets_a_locked_pin_and_a_pin_that_is_not_there(t: &Test) {
    let token = t.token();
    let m = t.module;
    let session = token.open_rw();
    for _ in 0..3 {
        assert_rv!(m.login_user(session, CKU_USER, "wrong-pin".into(), Sent::null(0)), CKR_PIN_INCORRECT);
    }
    assert_rv!(m.login_user(session, CKU_USER, USER_PIN.into(), Sent::null(0)), CKR_PIN_LOCKED);
    let slot = empty_slots(m)[0];
    assert_rv!(m.init_token(slot, SO_PIN.into(), Some(LABEL)), CKR_OK);
    let session = Token { module: m, slot }.open_rw();
    let rv = m.login_user(session, CKU_USER, USER_PIN.into(), Sent::null(0));
    assert_rv!(rv, CKR_USER_PIN_NOT_INITIALIZED);
}
