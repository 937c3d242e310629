//! PINs: counted before they are judged, changed, forgotten, recovered.

use std::sync::Arc;
use std::thread;

use pkcs11::constants::{
    CKF_SO_PIN_LOCKED, CKF_USER_PIN_COUNT_LOW, CKF_USER_PIN_FINAL_TRY, CKF_USER_PIN_LOCKED,
};
use pkcs11::{Cryptoki, Error, UserType};
use store::faulty::{Faults, FaultyPlaces, When};

use crate::harness::*;

#[test]
fn three_wrong_pins_lock_the_user_and_the_flags_say_so_at_each_step() {
    let token = Token::with_user();
    let app = &token.application;
    let flags = || {
        app.token_info(token.slot).unwrap().flags
            & (CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED)
    };
    let session = open(app, token.slot);
    let expected =
        [CKF_USER_PIN_COUNT_LOW, CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY, CKF_USER_PIN_LOCKED];
    assert_eq!(flags(), 0);
    for after in expected {
        assert_eq!(app.login(session, UserType::User, Some(b"wrong")), Err(Error::PinIncorrect));
        assert_eq!(flags(), after);
    }
    assert_eq!(app.login(session, UserType::User, Some(PIN)), Err(Error::PinLocked));
    let other = token.other();
    assert_eq!(log_in(&other, token.slot, PIN), Err(Error::PinLocked));
}

#[test]
fn a_wrong_pin_is_recorded_with_what_it_was_tried_for() {
    let token = Token::with_user();
    let app = &token.application;
    assert_eq!(app.init_token(token.slot, Some(b"wrong"), &label("x")), Err(Error::PinIncorrect));
    let session = open(app, token.slot);
    assert_eq!(app.set_pin(session, Some(b"wrong"), Some(b"new secret")), Err(Error::PinIncorrect));
    assert_eq!(app.login(session, UserType::User, Some(b"nobody:wrong")), Err(Error::PinIncorrect));
    let events = operations(app, token.slot);
    assert!(events.ends_with(&[
        "token-initialized-again failed".to_owned(),
        "pin-changed failed".to_owned(),
        "login failed".to_owned()
    ]));
}

#[test]
fn a_right_pin_takes_the_failures_back() {
    let token = Token::with_user();
    let app = &token.application;
    let session = open(app, token.slot);
    for _ in 0..5 {
        for _ in 0..2 {
            assert_eq!(app.login(session, UserType::User, Some(b"wrong")), Err(Error::PinIncorrect));
        }
        app.login(session, UserType::User, Some(PIN)).unwrap();
        app.logout(session).unwrap();
    }
}

#[test]
fn an_officer_gives_a_locked_user_a_new_pin_and_his_keys_are_still_there() {
    let token = Token::with_user();
    let app = &token.application;
    let session = log_in(app, token.slot, PIN).unwrap();
    let (_, private) = ec_pair(app, session, "k", true).unwrap();
    app.logout(session).unwrap();
    for _ in 0..3 {
        assert_eq!(app.login(session, UserType::User, Some(b"wrong")), Err(Error::PinIncorrect));
    }
    app.close_session(session).unwrap();
    init_pin(app, token.slot, SO_PIN, b"fresh secret").unwrap();
    let session = open(app, token.slot);
    assert_eq!(app.login(session, UserType::User, Some(PIN)), Err(Error::PinIncorrect));
    app.login(session, UserType::User, Some(b"fresh secret")).unwrap();
    sign(app, session, again(app, session, private)).unwrap();
    let events = operations(app, token.slot);
    assert!(events.contains(&"user-recovered".to_owned()) && events.contains(&"login failed".to_owned()));
}

#[test]
fn a_logout_right_after_the_roster_has_changed_is_recorded_all_the_same() {
    let token = Token::initialized();
    let mut parts_settings = settings();
    parts_settings.staleness = std::time::Duration::from_secs(3600);
    let app = engine_with(Arc::new(token.places.clone()), parts_settings);
    init_pin(&app, token.slot, SO_PIN, PIN).unwrap();
    assert_eq!(operations(&app, token.slot), ["token-initialized", "login", "user-admitted", "logout"]);
}

#[test]
fn the_officer_locks_too() {
    let token = Token::initialized();
    let app = &token.application;
    for _ in 0..3 {
        assert_eq!(app.init_token(token.slot, Some(b"wrong"), &label("x")), Err(Error::PinIncorrect));
    }
    assert_eq!(app.init_token(token.slot, Some(SO_PIN), &label("x")), Err(Error::PinLocked));
    assert_ne!(app.token_info(token.slot).unwrap().flags & CKF_SO_PIN_LOCKED, 0);
    assert_eq!(app.token_info(token.slot).unwrap().label, "test");
}

#[test]
fn a_changed_pin_holds_in_every_process_and_the_old_keyring_is_refused() {
    let token = Token::with_user();
    let app = &token.application;
    let old = token.store().snapshot();
    let session = open(app, token.slot);
    assert_eq!(app.set_pin(session, Some(b"wrong"), Some(b"new secret")), Err(Error::PinIncorrect));
    assert_eq!(app.set_pin(session, Some(PIN), Some(b"new")), Err(Error::PinLenRange));
    assert!(matches!(app.set_pin(session, Some(PIN), Some(b"a:b:c")), Err(Error::PinInvalid(_))));
    app.set_pin(session, Some(PIN), Some(b"new secret")).unwrap();
    assert_eq!(app.login(session, UserType::User, Some(PIN)), Err(Error::PinIncorrect));
    app.login(session, UserType::User, Some(b"new secret")).unwrap();
    log_in(&token.other(), token.slot, b"new secret").unwrap();

    token.places.replace_store(token.id(), old);
    let refused = log_in(&token.other(), token.slot, PIN);
    assert!(
        matches!(refused, Err(Error::Forged { reason: "it is older than its counter record", .. })),
        "{refused:?}"
    );
}

#[test]
fn the_officer_changes_his_own_pin_when_he_is_logged_in() {
    let token = Token::with_user();
    let app = &token.application;
    let session = open(app, token.slot);
    app.login(session, UserType::So, Some(b"so:officer secret")).unwrap();
    app.set_pin(session, Some(SO_PIN), Some(b"another secret")).unwrap();
    app.logout(session).unwrap();
    assert_eq!(app.login(session, UserType::So, Some(SO_PIN)), Err(Error::PinIncorrect));
    app.login_user(session, UserType::So, Some(b"another secret"), Some(b"so")).unwrap();
}

#[test]
fn names_are_read_before_a_colon_and_an_unknown_one_looks_like_a_wrong_pin() {
    let token = Token::with_user();
    let app = &token.application;
    let session = open(app, token.slot);
    assert_eq!(app.login(session, UserType::User, Some(b"nobody:user secret")), Err(Error::PinIncorrect));
    app.login(session, UserType::User, Some(b"user:user secret")).unwrap();
    app.logout(session).unwrap();
    app.login(session, UserType::User, Some(b":user secret")).unwrap();
    assert_eq!(app.login(session, UserType::User, Some(PIN)), Err(Error::UserAlreadyLoggedIn));
    assert_eq!(app.login(session, UserType::So, Some(SO_PIN)), Err(Error::UserAnotherAlreadyLoggedIn));
}

#[test]
fn sixteen_right_pins_at_once_lock_nobody_at_a_limit_of_three() {
    let token = Token::with_user();
    for _ in 0..10 {
        let threads: Vec<_> = (0..16)
            .map(|_| {
                let (other, slot) = (token.other(), token.slot);
                thread::spawn(move || log_in(&other, slot, PIN).map(drop))
            })
            .collect();
        for thread in threads {
            thread.join().unwrap().unwrap();
        }
    }
}

#[test]
fn wrong_pins_at_once_are_judged_exactly_as_often_as_the_limit_says() {
    let token = Token::with_user();
    let threads: Vec<_> = (0..16)
        .map(|_| {
            let (other, slot) = (token.other(), token.slot);
            thread::spawn(move || log_in(&other, slot, b"wrong").unwrap_err())
        })
        .collect();
    let answers: Vec<Error> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert_eq!(answers.iter().filter(|answer| **answer == Error::PinIncorrect).count(), 3, "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| **answer == Error::PinLocked).count(), 13);
}

#[test]
fn whichever_write_fails_the_token_is_as_before_or_as_after() {
    for when in [When::Before, When::After] {
        for n in 1.. {
            let token = Token::with_user();
            let faults = Faults::none();
            let app =
                engine_over(Arc::new(FaultyPlaces::new(Arc::new(token.places.clone()), faults.clone())));
            let session = log_in(&app, token.slot, PIN).unwrap();
            faults.fail(n, when, Error::StoreFull("memory".into()));
            let made = ec_pair(&app, session, "k", true);
            if !faults.fired() {
                assert!(n > 1 && made.is_ok());
                break;
            }
            faults.heal();
            let found = find(&app, session, vec![]).len();
            let events = operations(&app, token.slot).iter().filter(|e| *e == "key-pair-generated").count();
            assert!(
                (found, events) == (0, 0) || (found, events) == (2, 1),
                "{found} {events} after write {n}"
            );
            ec_pair(&app, session, "again", true).unwrap();
        }
    }
}

#[test]
fn whichever_write_of_an_initialisation_fails_it_can_be_done_again() {
    for when in [When::Before, When::After] {
        for n in 1.. {
            let token = Token::blank();
            let faults = Faults::none();
            let app =
                engine_over(Arc::new(FaultyPlaces::new(Arc::new(token.places.clone()), faults.clone())));
            faults.fail(n, when, Error::StoreFull("memory".into()));
            let first = app.init_token(token.slot, Some(SO_PIN), &label("x"));
            if !faults.fired() {
                assert!(n > 3 && first.is_ok());
                break;
            }
            faults.heal();
            app.init_token(token.slot, Some(SO_PIN), &label("x")).unwrap();
            init_pin(&app, token.slot, SO_PIN, PIN).unwrap();
            log_in(&app, token.slot, PIN).unwrap();
        }
    }
}

#[test]
fn whichever_write_of_a_recovery_fails_one_of_the_two_pins_opens_the_vault() {
    for when in [When::Before, When::After] {
        for n in 1.. {
            let token = Token::with_user();
            let session = log_in(&token.application, token.slot, PIN).unwrap();
            let (_, private) = ec_pair(&token.application, session, "k", true).unwrap();
            let faults = Faults::none();
            let app =
                engine_over(Arc::new(FaultyPlaces::new(Arc::new(token.places.clone()), faults.clone())));
            let session = open(&app, token.slot);
            app.login(session, UserType::So, Some(SO_PIN)).unwrap();
            faults.fail(n, when, Error::StoreFull("memory".into()));
            let done = app.init_pin(session, Some(b"fresh secret"));
            if !faults.fired() {
                assert!(n > 2 && done.is_ok());
                break;
            }
            faults.heal();
            let other = token.other();
            let session =
                log_in(&other, token.slot, b"fresh secret").or_else(|_| log_in(&other, token.slot, PIN));
            let session = session.unwrap();
            sign(&other, session, again(&other, session, private)).unwrap();
        }
    }
}
