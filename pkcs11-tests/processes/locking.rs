//! The limit of wrong PINs over many processes.

use cryptoki_sys::{CKR_OK, CKR_PIN_INCORRECT, CKR_PIN_LOCKED, CKU_SO};
use pkcs11_tests::actor::Actor;
use pkcs11_tests::{SO_PIN, Test, USER_PIN, assert_rv, on_claviger};

on_claviger!(
    sixteen_processes_with_the_right_pin_lock_nobody,
    with_wrong_pins_the_limit_is_exact_over_all_processes,
    right_and_wrong_pins_at_once_lock_only_by_the_wrong_ones,
    a_kill_in_the_middle_of_a_guess_buys_no_guess,
);

const PROCESSES: usize = 16;
/// Wrong PINs that an installation under test forgives, and the one that locks.
const LIMIT: usize = 3;

fn crowd(t: &Test) -> Vec<Actor> {
    let token = t.token();
    assert_rv!(t.module.close_all_sessions(token.slot), CKR_OK);
    let mut actors: Vec<Actor> = (0..PROCESSES).map(|_| Actor::start(&t.installation)).collect();
    for actor in &mut actors {
        let _ = actor.does("initialize").ok();
        let _ = actor.does("open rw").ok();
    }
    actors
}

fn all(actors: &mut [Actor], order: &str) -> Vec<u64> {
    actors.iter_mut().for_each(|actor| actor.tell(order));
    actors.iter_mut().map(|actor| actor.answer().unwrap().rv).collect()
}

fn sixteen_processes_with_the_right_pin_lock_nobody(t: &Test) {
    let mut actors = crowd(t);
    for round in 0..10 {
        let answers = all(&mut actors, &format!("login user {USER_PIN}"));
        assert_eq!(answers, [CKR_OK; PROCESSES], "in round {round}");
        assert_eq!(all(&mut actors, "logout"), [CKR_OK; PROCESSES]);
    }
}

fn with_wrong_pins_the_limit_is_exact_over_all_processes(t: &Test) {
    let mut actors = crowd(t);
    let answers = all(&mut actors, "login user not-the-pin");
    let count = |rv| answers.iter().filter(|answer| **answer == rv).count();
    assert_eq!(count(CKR_PIN_INCORRECT), LIMIT, "{answers:?}");
    assert_eq!(count(CKR_PIN_LOCKED), PROCESSES - LIMIT, "{answers:?}");
    let right = all(&mut actors, &format!("login user {USER_PIN}"));
    assert_eq!(right, [CKR_PIN_LOCKED; PROCESSES]);
    let officer =
        pkcs11_tests::Token { module: t.module, slot: pkcs11_tests::token::initialised_slots(t.module)[0] };
    let session = officer.open_rw();
    assert_rv!(t.module.login(session, CKU_SO, SO_PIN.into()), CKR_OK, "the officer is not locked");
    assert_rv!(t.module.init_pin(session, "another-pin".into()), CKR_OK);
    let again = all(&mut actors, "login user another-pin");
    assert_eq!(again, [CKR_OK; PROCESSES]);
}

/// Two failures are under the limit of three, however many right PINs are on their way.
fn right_and_wrong_pins_at_once_lock_only_by_the_wrong_ones(t: &Test) {
    let mut actors = crowd(t);
    for round in 0..5 {
        for (number, actor) in actors.iter_mut().enumerate() {
            actor.tell(&format!("login user {}", if number < 2 { "not-the-pin" } else { USER_PIN }));
        }
        let answers: Vec<u64> = actors.iter_mut().map(|actor| actor.answer().unwrap().rv).collect();
        assert_eq!(answers[..2], [CKR_PIN_INCORRECT; 2], "in round {round}");
        assert_eq!(answers[2..], [CKR_OK; PROCESSES - 2], "in round {round}");
        let _either = all(&mut actors, "logout");
        // A right PIN after all of them clears the count.
        assert_rv!(actors[5].does(&format!("login user {USER_PIN}")).rv, CKR_OK);
        assert_rv!(actors[5].does("logout").rv, CKR_OK);
    }
}

fn a_kill_in_the_middle_of_a_guess_buys_no_guess(t: &Test) {
    let mut actors = crowd(t);
    for mut actor in actors.drain(..8) {
        actor.tell("login user not-the-pin");
        actor.kill();
    }
    // Whichever of them had begun is counted; none of them was free. The rest of the limit, and not one more, is left.
    let mut left = 0;
    while left < 4 && actors[0].does("login user not-the-pin").rv == CKR_PIN_INCORRECT {
        left += 1;
    }
    assert!(left <= 3, "{left} guesses after those that were killed");
    assert_rv!(actors[1].does(&format!("login user {USER_PIN}")).rv, CKR_PIN_LOCKED);
}
