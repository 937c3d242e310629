//! Section 5.6: sessions.

use cryptoki_sys::{
    CKF_RW_SESSION, CKF_SERIAL_SESSION, CKR_ARGUMENTS_BAD, CKR_OK, CKR_SESSION_COUNT,
    CKR_SESSION_HANDLE_INVALID, CKR_SESSION_PARALLEL_NOT_SUPPORTED, CKR_SESSION_READ_WRITE_SO_EXISTS,
    CKS_RO_PUBLIC_SESSION, CKS_RO_USER_FUNCTIONS, CKS_RW_PUBLIC_SESSION, CKS_RW_SO_FUNCTIONS,
    CKS_RW_USER_FUNCTIONS, CKU_USER,
};
use pkcs11_tests::keys::{Kind, generate};
use pkcs11_tests::{Template, Test, Token, USER_PIN, assert_rv, on_both, on_claviger};

on_both!(
    a_session_that_is_not_serial_is_refused,
    the_info_names_slot_state_and_flags,
    a_missing_place_for_the_handle_or_the_info_is_refused,
    a_closed_session_is_gone,
    a_handle_that_never_was_is_refused_everywhere,
    closing_the_last_session_logs_out,
    closing_all_sessions_logs_out_and_leaves_the_other_token_alone,
    no_read_only_session_while_the_officer_is_logged_in,
    closing_a_session_destroys_its_objects,
    hundreds_of_sessions_are_open_at_once,
    handles_are_not_used_again,
);
on_claviger!(no_more_sessions_are_opened_than_the_configuration_allows);

fn state(token: &Token, session: u64) -> u64 {
    let (rv, info) = token.module.session_info(session);
    assert_rv!(rv, CKR_OK);
    info.state
}

fn a_session_that_is_not_serial_is_refused(t: &Test) {
    let token = t.token();
    for flags in [0, CKF_RW_SESSION] {
        assert_rv!(t.module.open_session(token.slot, flags).0, CKR_SESSION_PARALLEL_NOT_SUPPORTED);
    }
    if t.is_claviger() {
        // SoftHSM answers CK_UNAVAILABLE_INFORMATION, as section 3.2 allows.
        assert_eq!(token.info().ulSessionCount, 0);
    }
}

/// Claviger's own configuration.
fn no_more_sessions_are_opened_than_the_configuration_allows(t: &Test) {
    t.installation.configure("max-sessions = 2");
    let token = t.token();
    let (first, _second) = (token.open_ro(), token.open_rw());
    for flags in [CKF_SERIAL_SESSION, CKF_SERIAL_SESSION | CKF_RW_SESSION] {
        assert_rv!(t.module.open_session(token.slot, flags).0, CKR_SESSION_COUNT);
    }
    assert_eq!(token.info().ulMaxSessionCount, 2);
    assert_rv!(t.module.close_session(first), CKR_OK);
    assert_rv!(t.module.open_session(token.slot, CKF_SERIAL_SESSION).0, CKR_OK);
}

fn the_info_names_slot_state_and_flags(t: &Test) {
    let token = t.token();
    let (reading, writing) = (token.open_ro(), token.open_rw());
    for (session, flags, public, user) in [
        (reading, CKF_SERIAL_SESSION, CKS_RO_PUBLIC_SESSION, CKS_RO_USER_FUNCTIONS),
        (writing, CKF_SERIAL_SESSION | CKF_RW_SESSION, CKS_RW_PUBLIC_SESSION, CKS_RW_USER_FUNCTIONS),
    ] {
        let (rv, info) = t.module.session_info(session);
        assert_rv!(rv, CKR_OK);
        assert_eq!((info.slotID, info.flags, info.ulDeviceError), (token.slot, flags, 0));
        assert_eq!(info.state, public);
        assert_rv!(t.module.login(session, CKU_USER, USER_PIN.into()), CKR_OK);
        assert_eq!(state(&token, session), user);
        assert_rv!(t.module.logout(session), CKR_OK);
    }
    assert_rv!(t.module.close_session(reading), CKR_OK);
    assert_eq!(state(&token, token.so_session()), CKS_RW_SO_FUNCTIONS);
    assert_eq!(state(&token, writing), CKS_RW_SO_FUNCTIONS, "login belongs to the application");
}

fn a_missing_place_for_the_handle_or_the_info_is_refused(t: &Test) {
    let token = t.token();
    assert_rv!(t.module.open_session_nowhere(token.slot, CKF_SERIAL_SESSION), CKR_ARGUMENTS_BAD);
    assert_rv!(t.module.session_info_nowhere(token.open_ro()), CKR_ARGUMENTS_BAD);
}

fn a_closed_session_is_gone(t: &Test) {
    let token = t.token();
    let (closed, open) = (token.open_rw(), token.open_rw());
    assert_rv!(t.module.close_session(closed), CKR_OK);
    assert_rv!(t.module.close_session(closed), CKR_SESSION_HANDLE_INVALID);
    assert_rv!(t.module.session_info(closed).0, CKR_SESSION_HANDLE_INVALID);
    assert_rv!(t.module.login(closed, CKU_USER, USER_PIN.into()), CKR_SESSION_HANDLE_INVALID);
    assert_eq!(state(&token, open), CKS_RW_PUBLIC_SESSION);
}

fn a_handle_that_never_was_is_refused_everywhere(t: &Test) {
    let token = t.token();
    let _open = token.open_rw();
    let m = t.module;
    for session in [0, 0xDEAD_BEEF, u64::MAX, 1 << 62, 1 << 32] {
        assert_rv!(m.close_session(session), CKR_SESSION_HANDLE_INVALID);
        assert_rv!(m.session_info(session).0, CKR_SESSION_HANDLE_INVALID);
        assert_rv!(m.logout(session), CKR_SESSION_HANDLE_INVALID);
        assert_rv!(m.create_object(session, &Template::new()).0, CKR_SESSION_HANDLE_INVALID);
        assert_rv!(m.destroy_object(session, 1), CKR_SESSION_HANDLE_INVALID);
        assert_rv!(m.find_objects_init(session, &Template::new()), CKR_SESSION_HANDLE_INVALID);
        assert_rv!(m.find_objects(session, 1).0, CKR_SESSION_HANDLE_INVALID);
        assert_rv!(m.find_objects_final(session), CKR_SESSION_HANDLE_INVALID);
        let sha256 = pkcs11_tests::mechanism(cryptoki_sys::CKM_SHA256);
        assert_rv!(m.digest_init(session, Some(&sha256)), CKR_SESSION_HANDLE_INVALID);
        assert_rv!(m.digest_update(session, b"x".into()), CKR_SESSION_HANDLE_INVALID);
        assert_rv!(m.sign_init(session, Some(&sha256), 1), CKR_SESSION_HANDLE_INVALID);
        assert_rv!(m.sign_update(session, b"x".into()), CKR_SESSION_HANDLE_INVALID);
        assert_rv!(m.verify_init(session, Some(&sha256), 1), CKR_SESSION_HANDLE_INVALID);
        assert_rv!(m.verify_update(session, b"x".into()), CKR_SESSION_HANDLE_INVALID);
        assert_rv!(m.verify(session, b"x".into(), b"y".into()), CKR_SESSION_HANDLE_INVALID);
        let mut bytes = [0; 4];
        let out = pkcs11_tests::Out::buffer(&mut bytes);
        assert_rv!(m.generate_random(session, out), CKR_SESSION_HANDLE_INVALID);
    }
}

fn closing_the_last_session_logs_out(t: &Test) {
    let token = t.token();
    let (first, second) = (token.user_session(), token.open_rw());
    assert_rv!(t.module.close_session(first), CKR_OK);
    assert_eq!(state(&token, second), CKS_RW_USER_FUNCTIONS);
    assert_rv!(t.module.close_session(second), CKR_OK);
    assert_eq!(state(&token, token.open_rw()), CKS_RW_PUBLIC_SESSION);
}

fn closing_all_sessions_logs_out_and_leaves_the_other_token_alone(t: &Test) {
    let token = t.token();
    let slot = pkcs11_tests::token::empty_slots(t.module)[0];
    let rv = t.module.init_token(slot, pkcs11_tests::SO_PIN.into(), Some(pkcs11_tests::token::LABEL));
    assert_rv!(rv, CKR_OK);
    let other = Token { module: t.module, slot };
    let (mine, others) = (token.user_session(), other.so_session());
    assert_rv!(t.module.close_all_sessions(token.slot), CKR_OK);
    assert_rv!(t.module.session_info(mine).0, CKR_SESSION_HANDLE_INVALID);
    assert_eq!(state(&other, others), CKS_RW_SO_FUNCTIONS);
    assert_eq!(state(&token, token.open_rw()), CKS_RW_PUBLIC_SESSION);
}

fn no_read_only_session_while_the_officer_is_logged_in(t: &Test) {
    let token = t.token();
    let officer = token.so_session();
    let (rv, _) = t.module.open_session(token.slot, CKF_SERIAL_SESSION);
    assert_rv!(rv, CKR_SESSION_READ_WRITE_SO_EXISTS);
    assert_eq!(state(&token, token.open_rw()), CKS_RW_SO_FUNCTIONS);
    assert_rv!(t.module.logout(officer), CKR_OK);
    let _reading = token.open_ro();
}

fn closing_a_session_destroys_its_objects(t: &Test) {
    let token = t.token();
    let (maker, other) = (token.user_session(), token.open_rw());
    let _pair = generate(t.module, maker, Kind::P256, false, "short-lived");
    let lasting = generate(t.module, other, Kind::P256, false, "of the other session");
    assert_eq!(token.find(other, &Template::new()).len(), 4, "all sessions of the application see them");
    assert_rv!(t.module.close_session(maker), CKR_OK);
    let mut left = token.find(other, &Template::new());
    left.sort_unstable();
    let mut expected = [lasting.public, lasting.private];
    expected.sort_unstable();
    assert_eq!(left, expected);
}

fn hundreds_of_sessions_are_open_at_once(t: &Test) {
    let token = t.token();
    let sessions: Vec<u64> = (0..600).map(|_| token.open_ro()).collect();
    let mut once = sessions.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), sessions.len());
    if t.is_claviger() {
        assert_eq!(token.info().ulSessionCount, 600);
    }
    for session in sessions {
        assert_eq!(state(&token, session), CKS_RO_PUBLIC_SESSION);
    }
}

fn handles_are_not_used_again(t: &Test) {
    let token = t.token();
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..100 {
        let session = token.open_ro();
        assert!(seen.insert(session), "{session} was given before");
        assert_rv!(t.module.close_session(session), CKR_OK);
    }
}
