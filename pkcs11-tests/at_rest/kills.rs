//! `kill -9` at any moment: what was answered CKR_OK is there, what was not is whole or absent.

use cryptoki_sys::CKR_OK;
use pkcs11_tests::actor::Actor;
use pkcs11_tests::{Test, assert_rv, on_claviger};

use crate::audit::events;

on_claviger!(
    a_kill_after_ok_loses_nothing_two_hundred_times,
    a_kill_in_the_middle_leaves_a_pair_whole_or_absent,
    a_kill_during_init_leaves_a_token_or_an_empty_slot,
);

fn a_kill_after_ok_loses_nothing_two_hundred_times(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    for turn in 0..200 {
        let mut actor = Actor::start(&t.installation);
        actor.logs_in();
        let label = format!("turn-{turn}");
        let handles = actor.does(&format!("generate p256 {label} token")).ok();
        actor.kill();
        let template = pkcs11_tests::Template::new().bytes(cryptoki_sys::CKA_LABEL, &label);
        let found: Vec<String> = token.find(session, &template).iter().map(ToString::to_string).collect();
        // The private key has another handle for each login.
        assert!(
            found.len() == 2 && found.contains(&handles[0]),
            "in turn {turn}: {found:?}, not {handles:?}"
        );
    }
    assert_rv!(t.module.finalize(), CKR_OK);
    let mut fresh = Actor::start(&t.installation);
    fresh.logs_in();
    assert_eq!(fresh.does("find *").ok().len(), 400);
    drop(fresh);
    let pairs = events(&t.installation).into_iter().filter(|(name, _)| name.contains("pair"));
    assert_eq!(pairs.map(|(_, count)| count).sum::<usize>(), 200, "an event each");
}

fn a_kill_in_the_middle_leaves_a_pair_whole_or_absent(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    for turn in 0..60 {
        let mut actor = Actor::start(&t.installation);
        actor.logs_in();
        for pair in 0..20 {
            actor.tell(&format!("generate p256 turn-{turn}-{pair} token"));
        }
        // Some are made before the kill, one is in the making.
        for _ in 0..turn % 7 {
            let _ = actor.answer().unwrap().ok();
        }
        actor.kill();
        for pair in 0..20 {
            let label = format!("turn-{turn}-{pair}");
            let template = pkcs11_tests::Template::new().bytes(cryptoki_sys::CKA_LABEL, &label);
            let found = token.find(session, &template).len();
            assert!(found == 2 || (found == 0 && pair >= turn % 7), "{label}: {found}");
        }
    }
    let pair = pkcs11_tests::keys::generate(t.module, session, pkcs11_tests::keys::Kind::P256, true, "after");
    assert_ne!(pair.private, 0);
}

fn a_kill_during_init_leaves_a_token_or_an_empty_slot(t: &Test) {
    assert_rv!(t.module.initialize(), CKR_OK);
    for turn in 0..20 {
        let slot = pkcs11_tests::token::empty_slots(t.module)[0];
        let before = pkcs11_tests::token::initialised_slots(t.module).len();
        let mut actor = Actor::start(&t.installation);
        let _ = actor.does("initialize").ok();
        actor.tell(&format!("init-token {slot} {}", pkcs11_tests::SO_PIN));
        // The other end is at one moment or another of its work by then.
        for _ in 0..turn * 20 {
            let _info = t.module.info();
        }
        actor.kill();
        let after = pkcs11_tests::token::initialised_slots(t.module);
        assert!(after.len() == before || after.contains(&slot), "in turn {turn}");
        let label = pkcs11_tests::token::LABEL;
        assert_rv!(t.module.init_token(slot, pkcs11_tests::SO_PIN.into(), Some(label)), CKR_OK);
        let token = pkcs11_tests::Token { module: t.module, slot };
        let session = token.so_session();
        assert_rv!(t.module.close_session(session), CKR_OK);
    }
}
