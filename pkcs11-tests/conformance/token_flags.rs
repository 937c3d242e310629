//! Section 3.2, "Token Information Flags": what they tell of the PINs, step by step. SoftHSM never locks.

use cryptoki_sys::{
    CK_FLAGS, CKF_SO_PIN_COUNT_LOW, CKF_SO_PIN_FINAL_TRY, CKF_SO_PIN_LOCKED, CKF_USER_PIN_COUNT_LOW,
    CKF_USER_PIN_FINAL_TRY, CKF_USER_PIN_LOCKED, CKR_OK, CKR_PIN_INCORRECT, CKR_PIN_LOCKED, CKU_SO, CKU_USER,
};
use pkcs11_tests::token::LABEL;
use pkcs11_tests::{SO_PIN, Test, Token, USER_PIN, assert_rv, on_both, on_claviger};

on_both!(
    a_right_pin_clears_the_users_flags,
    a_right_pin_clears_the_officers_flags,
    failures_of_init_token_count_for_the_officer,
);
on_claviger!(
    the_users_flags_follow_every_failure_up_to_the_lock,
    the_officers_flags_follow_every_failure_up_to_the_lock,
    the_count_outlives_the_process,
    a_locked_officer_cannot_initialise_the_token_again,
);

const USER: CK_FLAGS = CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED;
const SO: CK_FLAGS = CKF_SO_PIN_COUNT_LOW | CKF_SO_PIN_FINAL_TRY | CKF_SO_PIN_LOCKED;

fn flags(token: &Token) -> CK_FLAGS {
    token.info().flags & (USER | SO)
}

/// SoftHSM sets CKF_USER_PIN_COUNT_LOW and stays there.
fn the_users_flags_follow_every_failure_up_to_the_lock(t: &Test) {
    let token = t.token();
    let session = token.open_rw();
    assert_eq!(flags(&token), 0);
    assert_eq!(token.guess(session, CKU_USER, 1), [CKR_PIN_INCORRECT]);
    assert_eq!(flags(&token), CKF_USER_PIN_COUNT_LOW);
    assert_eq!(token.guess(session, CKU_USER, 1), [CKR_PIN_INCORRECT]);
    assert_eq!(flags(&token), CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY);
    let _third = token.guess(session, CKU_USER, 1);
    assert_eq!(flags(&token) & CKF_USER_PIN_LOCKED, CKF_USER_PIN_LOCKED);
    assert_eq!(flags(&token) & CKF_USER_PIN_FINAL_TRY, 0, "there is no try left");
    assert_eq!(flags(&token) & SO, 0, "the officer has nothing to do with it");
    assert_rv!(t.module.login(session, CKU_USER, USER_PIN.into()), CKR_PIN_LOCKED);
    assert_rv!(t.module.login(session, CKU_SO, SO_PIN.into()), CKR_OK);
    assert_rv!(t.module.init_pin(session, USER_PIN.into()), CKR_OK);
    assert_eq!(flags(&token), 0);
}

/// SoftHSM sets CKF_SO_PIN_COUNT_LOW and stays there.
fn the_officers_flags_follow_every_failure_up_to_the_lock(t: &Test) {
    let token = t.token();
    let session = token.open_rw();
    assert_eq!(token.guess(session, CKU_SO, 1), [CKR_PIN_INCORRECT]);
    assert_eq!(flags(&token), CKF_SO_PIN_COUNT_LOW);
    assert_eq!(token.guess(session, CKU_SO, 1), [CKR_PIN_INCORRECT]);
    assert_eq!(flags(&token), CKF_SO_PIN_COUNT_LOW | CKF_SO_PIN_FINAL_TRY);
    let _third = token.guess(session, CKU_SO, 1);
    assert_eq!(flags(&token) & CKF_SO_PIN_LOCKED, CKF_SO_PIN_LOCKED);
    assert_eq!(flags(&token) & USER, 0);
    assert_rv!(t.module.login(session, CKU_SO, SO_PIN.into()), CKR_PIN_LOCKED);
    assert_rv!(t.module.login(session, CKU_USER, USER_PIN.into()), CKR_OK);
}

fn a_right_pin_clears_the_users_flags(t: &Test) {
    let token = t.token();
    let session = token.open_rw();
    for _ in 0..4 {
        assert_eq!(token.guess(session, CKU_USER, 2), [CKR_PIN_INCORRECT; 2]);
        assert_rv!(t.module.login(session, CKU_USER, USER_PIN.into()), CKR_OK);
        assert_eq!(flags(&token), 0);
        assert_rv!(t.module.logout(session), CKR_OK);
    }
}

fn a_right_pin_clears_the_officers_flags(t: &Test) {
    let token = t.token();
    let session = token.open_rw();
    for _ in 0..4 {
        assert_eq!(token.guess(session, CKU_SO, 2), [CKR_PIN_INCORRECT; 2]);
        assert_rv!(t.module.login(session, CKU_SO, SO_PIN.into()), CKR_OK);
        assert_eq!(flags(&token), 0);
        assert_rv!(t.module.logout(session), CKR_OK);
    }
}

/// SoftHSM sets CKF_USER_PIN_COUNT_LOW and stays there.
fn the_count_outlives_the_process(t: &Test) {
    let token = t.token();
    let session = token.open_rw();
    assert_eq!(token.guess(session, CKU_USER, 2), [CKR_PIN_INCORRECT; 2]);
    assert_rv!(t.module.finalize(), CKR_OK);
    let token = Token::existing(t.module);
    assert_eq!(flags(&token), CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY);
    let session = token.open_rw();
    let _third = token.guess(session, CKU_USER, 1);
    assert_rv!(t.module.login(session, CKU_USER, USER_PIN.into()), CKR_PIN_LOCKED);
}

/// SoftHSM answers `CKR_OK`; section 5.5.7 lists `CKR_PIN_LOCKED`, and when it comes is up to the token.
fn a_locked_officer_cannot_initialise_the_token_again(t: &Test) {
    let token = t.token();
    let session = token.open_rw();
    let _answers = token.guess(session, CKU_SO, 3);
    assert_rv!(t.module.close_session(session), CKR_OK);
    assert_rv!(t.module.init_token(token.slot, SO_PIN.into(), Some(LABEL)), CKR_PIN_LOCKED);
}

fn failures_of_init_token_count_for_the_officer(t: &Test) {
    let token = t.token();
    assert_rv!(t.module.init_token(token.slot, "wrong-pin".into(), Some(LABEL)), CKR_PIN_INCORRECT);
    assert_eq!(flags(&token), CKF_SO_PIN_COUNT_LOW);
    assert_rv!(t.module.init_token(token.slot, SO_PIN.into(), Some(LABEL)), CKR_OK);
    assert_eq!(flags(&token), 0);
}
