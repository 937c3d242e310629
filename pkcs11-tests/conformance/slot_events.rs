//! Section 5.5.4, waiting for slot events, and section 5.19.1, seeding.

use std::sync::mpsc;
use std::thread;

use cryptoki_sys::{
    CKF_DONT_BLOCK, CKR_ARGUMENTS_BAD, CKR_CRYPTOKI_NOT_INITIALIZED, CKR_NO_EVENT, CKR_OK,
    CKR_SESSION_HANDLE_INVALID,
};
use pkcs11_tests::actor::Actor;
use pkcs11_tests::token::{LABEL, SO_PIN, empty_slots};
use pkcs11_tests::{Out, Sent, Test, assert_rv, on_both, on_claviger};

on_both!(without_an_event_a_look_says_so, a_seed_is_taken_and_randomness_goes_on);
on_claviger!(
    a_new_token_is_an_event_once,
    a_token_made_since_initialize_is_an_event_before_any_list,
    finalize_ends_a_wait,
    a_wait_ends_with_an_event,
    waiting_wants_a_place_and_no_more,
    seeding_wants_a_session_and_memory,
);

fn without_an_event_a_look_says_so(t: &Test) {
    let _token = t.token();
    // What initialising was is told at most once for each slot.
    for _ in 0..4 {
        let (rv, _) = t.module.wait_for_slot_event(CKF_DONT_BLOCK);
        assert!(rv == CKR_OK || rv == CKR_NO_EVENT);
    }
    assert_rv!(t.module.wait_for_slot_event(CKF_DONT_BLOCK).0, CKR_NO_EVENT);
    assert_rv!(t.module.wait_for_slot_event(CKF_DONT_BLOCK).0, CKR_NO_EVENT);
}

/// SoftHSM has no events: it always answers `CKR_NO_EVENT`.
fn a_new_token_is_an_event_once(t: &Test) {
    assert_rv!(t.module.initialize(), CKR_OK);
    let slot = empty_slots(t.module)[0];
    assert_rv!(t.module.wait_for_slot_event(CKF_DONT_BLOCK).0, CKR_NO_EVENT);
    assert_rv!(t.module.init_token(slot, SO_PIN.into(), Some(LABEL)), CKR_OK);
    let mut told = Vec::new();
    while let (CKR_OK, slot) = t.module.wait_for_slot_event(CKF_DONT_BLOCK) {
        told.push(slot);
        assert!(told.len() < 9, "the same slots again and again");
    }
    assert_eq!(told.iter().filter(|seen| **seen == slot).count(), 1);
}

/// Section 5.5.4: C_Initialize clears the flags of all slots, and every event after it sets one.
/// SoftHSM has no events: it answers `CKR_NO_EVENT`.
fn a_token_made_since_initialize_is_an_event_before_any_list(t: &Test) {
    assert_rv!(t.module.initialize(), CKR_OK);
    let slot = empty_slots(t.module)[0];
    assert_rv!(t.module.finalize(), CKR_OK);
    assert_rv!(t.module.initialize(), CKR_OK);
    let mut other = Actor::start(&t.installation);
    let _ = other.does("initialize").ok();
    let _ = other.does(&format!("init-token {slot} {SO_PIN}")).ok();
    assert_eq!(t.module.wait_for_slot_event(CKF_DONT_BLOCK), (CKR_OK, slot));
}

/// SoftHSM does not wait: it answers `CKR_FUNCTION_NOT_SUPPORTED`.
fn finalize_ends_a_wait(t: &Test) {
    let _token = t.token();
    while t.module.wait_for_slot_event(CKF_DONT_BLOCK).0 == CKR_OK {}
    let (started, start) = mpsc::channel();
    let module = t.module;
    let waiting = thread::spawn(move || {
        started.send(()).unwrap();
        module.wait_for_slot_event(0).0
    });
    start.recv().unwrap();
    assert_rv!(t.module.finalize(), CKR_OK);
    assert_rv!(waiting.join().unwrap(), CKR_CRYPTOKI_NOT_INITIALIZED);
}

/// SoftHSM does not wait: it answers `CKR_FUNCTION_NOT_SUPPORTED`; section 5.5.4 waits until an event occurs.
fn a_wait_ends_with_an_event(t: &Test) {
    assert_rv!(t.module.initialize(), CKR_OK);
    let slot = empty_slots(t.module)[0];
    let module = t.module;
    let waiting = thread::spawn(move || module.wait_for_slot_event(0).0);
    assert_rv!(t.module.init_token(slot, SO_PIN.into(), Some(LABEL)), CKR_OK);
    assert_rv!(waiting.join().unwrap(), CKR_OK);
}

/// SoftHSM looks at no pointer and answers `CKR_NO_EVENT`; section 5.5.4: pReserved "is reserved for future
/// versions", and lists `CKR_ARGUMENTS_BAD`.
fn waiting_wants_a_place_and_no_more(t: &Test) {
    assert_rv!(t.module.wait_for_slot_event(CKF_DONT_BLOCK).0, CKR_CRYPTOKI_NOT_INITIALIZED);
    assert_rv!(t.module.initialize(), CKR_OK);
    for reserved in [false, true] {
        assert_rv!(t.module.wait_for_slot_event_wrongly(CKF_DONT_BLOCK, reserved), CKR_ARGUMENTS_BAD);
        assert_rv!(t.module.wait_for_slot_event_wrongly(0, reserved), CKR_ARGUMENTS_BAD);
    }
}

fn a_seed_is_taken_and_randomness_goes_on(t: &Test) {
    let session = t.token().open_ro();
    let (mut one, mut two) = ([0; 32], [0; 32]);
    assert_rv!(t.module.seed_random(session, Sent::from(b"the same seed")), CKR_OK);
    assert_rv!(t.module.generate_random(session, Out::buffer(&mut one)), CKR_OK);
    assert_rv!(t.module.seed_random(session, Sent::from(b"the same seed")), CKR_OK);
    assert_rv!(t.module.generate_random(session, Out::buffer(&mut two)), CKR_OK);
    assert_ne!(one, two, "a seed adds and never replaces");
}

/// SoftHSM answers `CKR_ARGUMENTS_BAD` to an empty seed at null; section 5.19.1 sets no least length.
fn seeding_wants_a_session_and_memory(t: &Test) {
    let session = t.token().open_ro();
    assert_rv!(t.module.seed_random(session, Sent::null(0)), CKR_OK);
    for wild in [Sent::null(5), Sent::null(u64::MAX), Sent::claiming(b"x", u64::MAX)] {
        assert_rv!(t.module.seed_random(session, wild), CKR_ARGUMENTS_BAD);
    }
    assert_rv!(t.module.seed_random(77, Sent::from(b"x")), CKR_SESSION_HANDLE_INVALID);
}
