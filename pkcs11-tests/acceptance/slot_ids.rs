//! 6: the number of a slot stays; 9: a new token is seen.

use pkcs11_tests::actor::Actor;
use pkcs11_tests::provider::Installation;
use pkcs11_tests::token::initialised_slots;
use pkcs11_tests::{Provider, SO_PIN, Test, USER_PIN, on_claviger};

on_claviger!(
    pain_06_a_slot_keeps_its_number_where_its_folder_moves_to,
    pain_09_another_process_sees_a_new_token_at_its_next_list,
);

fn pain_06_a_slot_keeps_its_number_where_its_folder_moves_to(t: &Test) {
    let slot = t.token().slot;
    assert_eq!(t.module.finalize(), 0);
    let elsewhere = t.installation.folder().join("another machine");
    std::fs::create_dir(&elsewhere).unwrap();
    let moved = Installation::existing(Provider::Claviger, &elsewhere);
    std::fs::rename(t.installation.data(), moved.data()).unwrap();
    moved.configure("");
    for _ in 0..2 {
        let mut actor = Actor::start(&moved);
        let _ = actor.does("initialize").ok();
        let _ = actor.does(&format!("slot {slot}")).ok();
        let _ = actor.does("open rw").ok();
        let _ = actor.does(&format!("login user {USER_PIN}")).ok();
        let _ = actor.does("finalize").ok();
    }
}

fn pain_09_another_process_sees_a_new_token_at_its_next_list(t: &Test) {
    let first = t.token().slot;
    let empty = pkcs11_tests::token::empty_slots(t.module)[0];
    let mut other = Actor::start(&t.installation);
    let _ = other.does("initialize").ok();
    let _ = other.does(&format!("init-token {empty} {SO_PIN}")).ok();
    assert_eq!(initialised_slots(t.module).len(), 2, "{first} and {empty}");
    assert!(initialised_slots(t.module).contains(&empty));
}
