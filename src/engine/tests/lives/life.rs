//! From an empty slot to signatures, over restarts and beside other processes.

use pkcs11::constants::{
    CKA_CLASS, CKA_LABEL, CKA_PRIVATE, CKA_TOKEN, CKA_VALUE, CKF_TOKEN_INITIALIZED, CKF_USER_PIN_INITIALIZED,
    CKO_DATA, CKO_PRIVATE_KEY,
};
use pkcs11::{Access, Attribute, Cryptoki, Error, Reveal, SessionState, UserType};

use crate::harness::*;

#[test]
fn a_key_pair_signs_and_verifies_and_is_found_after_a_restart() {
    let token = Token::with_user();
    let session = log_in(&token.application, token.slot, PIN).unwrap();
    ec_pair(&token.application, session, "web", true).unwrap();

    let other = token.other();
    let session = log_in(&other, token.slot, PIN).unwrap();
    let private = find(
        &other,
        session,
        vec![Attribute::ulong(CKA_CLASS, CKO_PRIVATE_KEY), Attribute::bytes(CKA_LABEL, b"web")],
    );
    let all = find(&other, session, vec![]);
    assert_eq!((private.len(), all.len()), (1, 2));
    let public = *all.iter().find(|handle| !private.contains(handle)).unwrap();
    let signature = sign(&other, session, private[0]).unwrap();
    verify(&other, session, public, &signature).unwrap();
    let mut wrong = signature.clone();
    wrong[5] ^= 1;
    assert_eq!(verify(&other, session, public, &wrong), Err(Error::SignatureInvalid));
    assert_eq!(other.attribute_values(session, private[0], &[CKA_VALUE]).unwrap(), [Reveal::Sensitive]);
}

#[test]
fn private_objects_are_not_there_before_login_nor_after_logout_nor_for_an_officer() {
    let token = Token::with_user();
    let app = &token.application;
    let session = log_in(app, token.slot, PIN).unwrap();
    let (public, private) = ec_pair(app, session, "k", true).unwrap();
    app.logout(session).unwrap();
    assert_eq!(find(app, session, vec![]), [public]);
    assert_eq!(sign(app, session, private), Err(Error::KeyHandleInvalid));
    app.login(session, UserType::So, Some(SO_PIN)).unwrap();
    assert_eq!(find(app, session, vec![]), [public]);
    assert_eq!(app.attribute_values(session, private, &[CKA_LABEL]), Err(Error::ObjectHandleInvalid));
}

#[test]
fn an_operation_begun_before_a_logout_is_over_even_after_the_next_login() {
    let token = Token::with_user();
    let app = &token.application;
    let session = log_in(app, token.slot, PIN).unwrap();
    let (_, private) = ec_pair(app, session, "k", true).unwrap();
    app.sign_init(session, Some(mechanism(pkcs11::constants::CKM_ECDSA_SHA256)), private).unwrap();
    app.logout(session).unwrap();
    app.login(session, UserType::User, Some(PIN)).unwrap();
    let out = &mut [0; 64];
    assert_eq!(app.sign(session, b"m", &mut pkcs11::Room::Buffer(out)), Err(Error::UserNotLoggedIn));
    assert_eq!(app.sign(session, b"m", &mut pkcs11::Room::Buffer(out)), Err(Error::OperationNotInitialized));
}

#[test]
fn a_search_stops_at_a_logout() {
    let token = Token::with_user();
    let app = &token.application;
    let session = log_in(app, token.slot, PIN).unwrap();
    for _ in 0..3 {
        app.create_object(
            session,
            vec![
                Attribute::ulong(CKA_CLASS, CKO_DATA),
                Attribute::boolean(CKA_TOKEN, true),
                Attribute::boolean(CKA_PRIVATE, true),
            ],
        )
        .unwrap();
    }
    app.find_objects_init(session, vec![]).unwrap();
    assert_eq!(app.find_objects(session, 1).unwrap().len(), 1);
    app.logout(session).unwrap();
    assert_eq!(app.find_objects(session, 10).unwrap(), []);
}

#[test]
fn session_objects_go_with_their_session_and_token_objects_stay() {
    let token = Token::with_user();
    let app = &token.application;
    let first = log_in(app, token.slot, PIN).unwrap();
    let second = open(app, token.slot);
    let (public, private) = ec_pair(app, first, "s", false).unwrap();
    assert!(public.is_session() && private.is_session());
    let signature = sign(app, second, private).unwrap();
    verify(app, second, public, &signature).unwrap();
    app.close_session(first).unwrap();
    assert_eq!(sign(app, second, private), Err(Error::KeyHandleInvalid));
    assert_eq!(find(app, second, vec![]), []);
}

#[test]
fn a_key_pair_and_its_event_are_one_batch() {
    let token = Token::with_user();
    let session = log_in(&token.application, token.slot, PIN).unwrap();
    let before = token.store().rows().len();
    ec_pair(&token.application, session, "k", true).unwrap();
    assert_eq!(token.store().rows().len(), before + 3);
    assert_eq!(
        operations(&token.application, token.slot),
        ["token-initialized", "login", "user-admitted", "logout", "login", "key-pair-generated"]
    );
}

#[test]
fn another_process_sees_what_is_made_and_destroyed() {
    let token = Token::with_user();
    let app = &token.application;
    let session = log_in(app, token.slot, PIN).unwrap();
    let other = token.other();
    let other_session = log_in(&other, token.slot, PIN).unwrap();
    let (public, private) = ec_pair(app, session, "k", true).unwrap();
    let seen = again(&other, other_session, private);
    assert_eq!(find(&other, other_session, vec![]), [public, seen]);
    sign(&other, other_session, seen).unwrap();
    app.destroy_object(session, private).unwrap();
    assert_eq!(find(&other, other_session, vec![]), [public]);
    assert_eq!(sign(&other, other_session, seen), Err(Error::KeyHandleInvalid));
    assert_eq!(app.destroy_object(session, private), Err(Error::ObjectHandleInvalid));
}

#[test]
fn token_info_tells_the_truth_at_each_step() {
    let token = Token::blank();
    let flags = || token.application.token_info(token.slot).unwrap().flags;
    assert_eq!(flags() & CKF_TOKEN_INITIALIZED, 0);
    token.application.init_token(token.slot, Some(SO_PIN), &label("one")).unwrap();
    assert_eq!(flags() & (CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED), CKF_TOKEN_INITIALIZED);
    init_pin(&token.application, token.slot, SO_PIN, PIN).unwrap();
    assert_ne!(flags() & CKF_USER_PIN_INITIALIZED, 0);
    let info = token.application.token_info(token.slot).unwrap();
    assert_eq!((info.label.as_str(), info.sessions, info.serial_number.len()), ("one", 0, 16));
}

#[test]
fn there_is_always_one_more_slot_and_numbers_stay() {
    let token = Token::initialized();
    let slots = token.application.slot_list(true, true).unwrap();
    assert_eq!(slots.len(), 2);
    assert_eq!(token.other().slot_list(true, true).unwrap(), slots);
    token.application.init_token(slots[1], Some(SO_PIN), &label("two")).unwrap();
    assert_eq!(token.application.slot_list(true, true).unwrap()[..2], slots);
}

#[test]
fn initialising_again_takes_the_officers_pin_and_everything_with_it() {
    let token = Token::with_user();
    let app = &token.application;
    let session = log_in(app, token.slot, PIN).unwrap();
    ec_pair(app, session, "k", true).unwrap();
    assert_eq!(app.init_token(token.slot, Some(SO_PIN), &label("new")), Err(Error::SessionExists));
    app.close_session(session).unwrap();
    let keys = token.places.device_keys(token.id());
    assert_eq!(app.init_token(token.slot, Some(b"wrong"), &label("new")), Err(Error::PinIncorrect));
    app.init_token(token.slot, Some(SO_PIN), &label("new")).unwrap();
    assert_ne!(token.places.device_keys(token.id()), keys);
    assert_eq!(token.places.device_keys(token.id()).len(), 1);
    let session = open(app, token.slot);
    assert_eq!(app.login(session, UserType::User, Some(PIN)), Err(Error::UserPinNotInitialized));
    assert_eq!(find(app, session, vec![]), []);
    app.close_session(session).unwrap();
    init_pin(app, token.slot, SO_PIN, b"another").unwrap();
    log_in(app, token.slot, b"another").unwrap();
    let events = operations(app, token.slot);
    assert!(events.contains(&"token-initialized-again".to_owned()) && events[0] == "token-initialized");
}

#[test]
fn a_process_that_is_logged_in_notices_that_the_token_was_initialised_again() {
    let token = Token::with_user();
    let other = token.other();
    let session = log_in(&other, token.slot, PIN).unwrap();
    let (_, private) = ec_pair(&other, session, "k", true).unwrap();
    token.application.init_token(token.slot, Some(SO_PIN), &label("new")).unwrap();
    assert_eq!(sign(&other, session, private), Err(Error::KeyHandleInvalid));
    assert_eq!(other.session_info(session).unwrap().state, SessionState::ReadWritePublic);
    assert_eq!(find(&other, session, vec![]), []);
}

#[test]
fn read_only_sessions_and_officers_keep_apart() {
    let token = Token::with_user();
    let app = &token.application;
    let read_only = app.open_session(token.slot, Access::ReadOnly, true).unwrap();
    let session = open(app, token.slot);
    assert_eq!(app.login(session, UserType::So, Some(SO_PIN)), Err(Error::SessionReadOnlyExists));
    app.login(read_only, UserType::User, Some(PIN)).unwrap();
    assert_eq!(ec_pair(app, read_only, "k", true), Err(Error::SessionReadOnly));
    ec_pair(app, read_only, "k", false).unwrap();
    app.close_session(read_only).unwrap();
    assert_eq!(app.session_info(session).unwrap().state, SessionState::ReadWriteUser);
    app.logout(session).unwrap();
    app.login(session, UserType::So, Some(SO_PIN)).unwrap();
    assert_eq!(app.open_session(token.slot, Access::ReadOnly, true), Err(Error::SessionReadWriteSoExists));
    assert_eq!(
        app.open_session(token.slot, Access::ReadWrite, false),
        Err(Error::SessionParallelNotSupported)
    );
}

#[test]
fn the_last_session_takes_the_login_with_it() {
    let token = Token::with_user();
    let app = &token.application;
    let session = log_in(app, token.slot, PIN).unwrap();
    app.close_session(session).unwrap();
    assert_eq!(app.close_session(session), Err(Error::SessionHandleInvalid));
    let session = open(app, token.slot);
    assert_eq!(app.session_info(session).unwrap().state, SessionState::ReadWritePublic);
    app.close_all_sessions(token.slot).unwrap();
    assert_eq!(app.session_info(session), Err(Error::SessionHandleInvalid));
}
