//! Approved mode, and what a failing self-test does to a token in it.

use engine::application::{Application, Parts};
use engine::mechanism::{Mechanisms, SelfTest};
use engine::primitives::Primitives;
use pkcs11::administration::Administration;
use pkcs11::constants::{CKM_EC_KEY_PAIR_GEN, CKM_ECDSA_SHA256, CKM_MD5, CKM_SHA256, CKM_SHA384};
use pkcs11::{Access, Attributes, Cryptoki, Error, Result, UserType};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use store::memory::MemoryPlaces;

use crate::harness::{
    FixedClock, PIN, SO_PIN, Token, ec_pair, engine_over, engine_with, init_pin, label, log_in, mechanism,
    open, settings,
};

/// A token in approved mode over algorithms of the test's.
fn approved(mechanisms: Mechanisms) -> (Application, MemoryPlaces, pkcs11::SlotId) {
    let places = MemoryPlaces::new();
    let primitives: Arc<dyn Primitives> = mechanisms::primitives();
    let application = Application::new(Parts {
        places: Arc::new(places.clone()),
        mechanisms,
        primitives,
        clock: Arc::new(FixedClock::default()),
        settings: settings(),
    });
    let slot = application.slot_list(false, true).unwrap()[0];
    application.init_approved_token(slot, Some(SO_PIN), &label("approved")).unwrap();
    init_pin(&application, slot, SO_PIN, PIN).unwrap();
    (application, places, slot)
}

const BROKEN: Error = Error::SelfTest("broken");

#[test]
fn a_failing_self_test_takes_the_token_out_of_service() {
    const TESTS: &[SelfTest] =
        &[SelfTest { name: "broken", covers: |mechanism| mechanism == CKM_SHA384, run: |_| Err(BROKEN) }];
    let (application, places, slot) = approved(Mechanisms { self_tests: TESTS, ..mechanisms::MECHANISMS });
    let session = log_in(&application, slot, PIN).unwrap();
    // What the broken test does not cover works until it runs.
    application.digest_init(session, Some(mechanism(CKM_SHA256))).unwrap();
    application.digest_init(session, None).unwrap();
    let refused = application.digest_init(session, Some(mechanism(CKM_SHA384)));
    assert!(matches!(refused, Err(Error::SelfTest(_))), "{refused:?}");
    for refused in [
        application.digest_init(session, Some(mechanism(CKM_SHA256))).err(),
        application.session_info(session).err(),
        application.create_object(session, vec![]).err(),
        application.find_objects_init(session, vec![]).err(),
        application.logout(session).err(),
        application.open_session(slot, Access::ReadOnly, true).err(),
    ] {
        assert!(matches!(refused, Some(Error::SelfTest(_))), "{refused:?}");
    }
    application.close_session(session).unwrap();
    let refused = application.init_token(slot, Some(SO_PIN), &label("again"));
    assert!(matches!(refused, Err(Error::SelfTest(_))), "{refused:?}");
    // Another process has not seen it fail.
    let other = engine_over(Arc::new(places));
    open(&other, slot);
}

#[test]
fn a_self_test_that_panics_has_failed() {
    const TESTS: &[SelfTest] = &[SelfTest {
        name: "panicking",
        covers: |mechanism| mechanism == CKM_SHA384,
        run: |_| panic!("asked for"),
    }];
    let (application, _, slot) = approved(Mechanisms { self_tests: TESTS, ..mechanisms::MECHANISMS });
    let session = log_in(&application, slot, PIN).unwrap();
    let panicking = || application.digest_init(session, Some(mechanism(CKM_SHA384)));
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(panicking)).unwrap_err();
    let refused = application.digest_init(session, Some(mechanism(CKM_SHA256)));
    assert!(matches!(refused, Err(Error::SelfTest(_))), "{refused:?}");
}

#[test]
fn a_trial_of_a_pair_that_panics_has_failed() {
    fn panics(_: &Mechanisms, _: &Attributes, _: &Attributes) -> Result<()> {
        panic!("asked for")
    }
    let (application, _, slot) = approved(Mechanisms { pair_test: panics, ..mechanisms::MECHANISMS });
    let session = log_in(&application, slot, PIN).unwrap();
    let panicking = || ec_pair(&application, session, "pair", true);
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(panicking)).unwrap_err();
    let refused = application.digest_init(session, Some(mechanism(CKM_SHA256)));
    assert!(matches!(refused, Err(Error::SelfTest(_))), "{refused:?}");
}

#[test]
fn a_self_test_without_memory_says_nothing_and_runs_again() {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    const TESTS: &[SelfTest] = &[SelfTest {
        name: "first without memory",
        covers: |_| true,
        run: |_| if RUNS.fetch_add(1, Ordering::Relaxed) == 0 { Err(Error::HostMemory) } else { Ok(()) },
    }];
    let (application, _, slot) = approved(Mechanisms { self_tests: TESTS, ..mechanisms::MECHANISMS });
    let session = log_in(&application, slot, PIN).unwrap();
    let digest = || application.digest_init(session, Some(mechanism(CKM_SHA256)));
    assert_eq!(digest(), Err(Error::HostMemory));
    digest().unwrap();
    assert_eq!(RUNS.load(Ordering::Relaxed), 2);
}

#[test]
fn a_token_that_offers_everything_runs_no_self_test() {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    const TESTS: &[SelfTest] = &[SelfTest {
        name: "counted",
        covers: |_| true,
        run: |_| {
            RUNS.fetch_add(1, Ordering::Relaxed);
            Ok(())
        },
    }];
    let counted = Mechanisms { self_tests: TESTS, ..mechanisms::MECHANISMS };
    let (application, _, slot) = approved(counted);
    assert_eq!(RUNS.load(Ordering::Relaxed), 0, "not before something is used");
    let session = log_in(&application, slot, PIN).unwrap();
    for _ in 0..3 {
        application.digest_init(session, Some(mechanism(CKM_SHA256))).unwrap();
        application.digest_init(session, None).unwrap();
    }
    assert_eq!(RUNS.load(Ordering::Relaxed), 1, "once");
    let plain = Application::new(Parts {
        places: Arc::new(MemoryPlaces::new()),
        mechanisms: counted,
        primitives: mechanisms::primitives(),
        clock: Arc::new(FixedClock::default()),
        settings: settings(),
    });
    let slot = plain.slot_list(false, true).unwrap()[0];
    plain.init_token(slot, Some(SO_PIN), &label("plain")).unwrap();
    let session = open(&plain, slot);
    plain.digest_init(session, Some(mechanism(CKM_MD5))).unwrap();
    assert_eq!(RUNS.load(Ordering::Relaxed), 1);
}

#[test]
fn a_pair_that_fails_its_trial_is_given_to_nobody() {
    fn fails(_: &Mechanisms, _: &Attributes, _: &Attributes) -> Result<()> {
        Err(BROKEN)
    }
    let (application, places, slot) = approved(Mechanisms { pair_test: fails, ..mechanisms::MECHANISMS });
    let session = log_in(&application, slot, PIN).unwrap();
    let refused = ec_pair(&application, session, "pair", true);
    assert!(matches!(refused, Err(Error::SelfTest(_))), "{refused:?}");
    let other = engine_over(Arc::new(places));
    let session = log_in(&other, slot, PIN).unwrap();
    assert_eq!(crate::harness::find(&other, session, vec![]), vec![]);
    ec_pair(&other, session, "pair", true).unwrap();
}

#[test]
fn the_mode_is_in_the_roster_and_told() {
    let token = Token::with_user();
    assert!(!token.application.token_details(token.slot).unwrap().approved_only);
    assert!(token.application.mechanism_list(token.slot).unwrap().contains(&CKM_MD5));
    let (application, places, slot) = approved(mechanisms::MECHANISMS);
    for application in [&application, &engine_over(Arc::new(places.clone()))] {
        assert!(application.token_details(slot).unwrap().approved_only);
        let list = application.mechanism_list(slot).unwrap();
        assert!(
            list.contains(&CKM_ECDSA_SHA256)
                && list.contains(&CKM_EC_KEY_PAIR_GEN)
                && !list.contains(&CKM_MD5)
        );
        assert_eq!(application.mechanism_info(slot, CKM_MD5), Err(Error::MechanismInvalid(CKM_MD5)));
    }
    // An officer who initialises it again, where the configuration says nothing of the mode, does not leave it.
    let other = engine_with(Arc::new(places), settings());
    other.init_token(slot, Some(SO_PIN), &label("again")).unwrap();
    assert!(other.token_details(slot).unwrap().approved_only);
    let session = other.open_session(slot, Access::ReadWrite, true).unwrap();
    other.login(session, UserType::So, Some(SO_PIN)).unwrap();
}

#[test]
fn a_token_that_offers_everything_can_become_restricted_when_it_is_initialised_again() {
    let token = Token::with_user();
    token.application.init_approved_token(token.slot, Some(SO_PIN), &label("again")).unwrap();
    assert!(token.application.token_details(token.slot).unwrap().approved_only);
}
