//! A child after `fork`: it has no library until it initialises one, and the parent goes on.

use std::io::{Read as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use cryptoki_sys::{
    CKA_MODULUS_BITS, CKM_ECDSA, CKM_RSA_PKCS_KEY_PAIR_GEN, CKR_CRYPTOKI_NOT_INITIALIZED, CKR_OK,
    CKR_USER_ALREADY_LOGGED_IN, CKU_USER,
};
use pkcs11_tests::keys::{Kind, generate, sign};
use pkcs11_tests::{Module, Out, Template, Test, Token, USER_PIN, assert_rv, mechanism, on_claviger};

on_claviger!(
    a_child_has_no_library_until_it_initialises_one,
    a_child_initialises_and_signs_and_the_parent_goes_on,
    a_child_draws_other_random_bytes,
    children_of_children_work_too,
    a_child_may_finalize_or_exit_without_harm,
    fork_while_a_thread_logs_in,
    fork_while_a_thread_generates,
    fork_while_a_thread_signs,
    fork_while_a_thread_searches,
    fork_while_threads_initialise_and_finalise_elsewhere,
    fork_in_a_new_life_while_a_call_of_the_old_one_goes_on,
);

/// What a child does: 0 when all went well, else where it went wrong.
fn child_signs(module: &'static Module) -> i32 {
    if module.info().0 != CKR_CRYPTOKI_NOT_INITIALIZED {
        return 1;
    }
    let token = Token::existing(module);
    let session = token.open_rw();
    if module.login(session, CKU_USER, USER_PIN.into()) != CKR_OK {
        return 2;
    }
    let private =
        Template::new().boolean(cryptoki_sys::CKA_SIGN, true).bytes(cryptoki_sys::CKA_LABEL, "kept");
    let found = token.find(session, &private);
    if found.len() != 1 {
        return 3;
    }
    match sign(module, session, &mechanism(CKM_ECDSA), found[0], &[7; 32]) {
        Ok(signature) if signature.len() == 64 => 0,
        _ => 4,
    }
}

fn ready(t: &Test) -> (Token, u64, u64) {
    let token = t.token();
    let session = token.user_session();
    let pair = generate(t.module, session, Kind::P256, true, "kept");
    (token, session, pair.private)
}

fn a_child_has_no_library_until_it_initialises_one(t: &Test) {
    let (token, session, key) = ready(t);
    let module = t.module;
    let child = module.fork(|| {
        let gone = [
            module.info().0,
            module.slot_list(false, None).0,
            module.session_info(session).0,
            module.sign_init(session, Some(&mechanism(CKM_ECDSA)), key),
            module.close_session(session),
            module.login(session, CKU_USER, USER_PIN.into()),
            module.token_info(token.slot).0,
            module.finalize(),
        ];
        i32::from(!gone.iter().all(|rv| *rv == CKR_CRYPTOKI_NOT_INITIALIZED))
    });
    assert_eq!(child.status(), Some(0));
    assert!(sign(module, session, &mechanism(CKM_ECDSA), key, &[7; 32]).is_ok());
}

fn a_child_initialises_and_signs_and_the_parent_goes_on(t: &Test) {
    let (_, session, key) = ready(t);
    for _ in 0..5 {
        let child = t.module.fork(|| child_signs(t.module));
        assert!(sign(t.module, session, &mechanism(CKM_ECDSA), key, &[7; 32]).is_ok());
        assert_eq!(child.status(), Some(0));
        assert!(sign(t.module, session, &mechanism(CKM_ECDSA), key, &[7; 32]).is_ok());
    }
}

fn a_child_draws_other_random_bytes(t: &Test) {
    let (_, session, _) = ready(t);
    let draw = |session| {
        let mut bytes = [0; 32];
        assert_rv!(t.module.generate_random(session, Out::buffer(&mut bytes)), CKR_OK);
        bytes
    };
    let _state_is_warm = draw(session);
    let mut seen = Vec::new();
    for _ in 0..8 {
        let (mut reader, mut writer) = std::io::pipe().unwrap();
        let child = t.module.fork(|| {
            let session = Token::existing(t.module).open_ro();
            i32::from(writer.write_all(&draw(session)).is_err())
        });
        assert_eq!(child.status(), Some(0));
        let mut bytes = [0; 32];
        reader.read_exact(&mut bytes).unwrap();
        seen.push(bytes);
        seen.push(draw(session));
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 16);
}

fn children_of_children_work_too(t: &Test) {
    let (_, session, key) = ready(t);
    let module = t.module;
    let child = module.fork(|| {
        let before = module.fork(|| child_signs(module)).status();
        let own = child_signs(module);
        let after = module.fork(|| child_signs(module)).status();
        i32::from((before, own, after) != (Some(0), 0, Some(0)))
    });
    assert_eq!(child.status(), Some(0));
    assert!(sign(module, session, &mechanism(CKM_ECDSA), key, &[7; 32]).is_ok());
}

fn a_child_may_finalize_or_exit_without_harm(t: &Test) {
    let (token, session, key) = ready(t);
    for _ in 0..3 {
        let child = t.module.fork(|| {
            let signed = child_signs(t.module);
            signed + i32::from(t.module.finalize() != CKR_OK)
        });
        assert_eq!(child.status(), Some(0));
        assert_eq!(t.module.fork(|| 0).status(), Some(0));
    }
    assert!(sign(t.module, session, &mechanism(CKM_ECDSA), key, &[7; 32]).is_ok());
    assert_eq!(token.find(session, &Template::new()).len(), 2);
}

/// Forks again and again while `busy` runs in another thread; every child must be able to sign.
fn fork_under(t: &Test, forks: usize, busy: fn(Token, u64)) {
    let (token, session, _) = ready(t);
    let (stop, turns) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let worker = thread::spawn({
        let (stop, turns) = (Arc::clone(&stop), Arc::clone(&turns));
        move || {
            let session = token.open_rw();
            while !stop.load(Ordering::Relaxed) {
                busy(token, session);
                turns.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    while turns.load(Ordering::Relaxed) == 0 {
        thread::yield_now();
    }
    let mut wrong = Vec::new();
    for number in 0..forks {
        let status = t.module.fork(|| child_signs(t.module)).status();
        if status != Some(0) {
            wrong.push((number, status));
        }
    }
    stop.store(true, Ordering::Relaxed);
    worker.join().unwrap();
    assert_eq!(wrong, [], "a child that did not sign (14 in place of a status is none: it hung or crashed)");
    assert!(turns.load(Ordering::Relaxed) > 1, "the thread went on in the parent");
    let answer = t.module.login(session, CKU_USER, USER_PIN.into());
    assert!([CKR_OK, CKR_USER_ALREADY_LOGGED_IN].contains(&answer));
    // The thread may have logged out, which ends the handles of private objects.
    let kept = Template::new().boolean(cryptoki_sys::CKA_SIGN, true).bytes(cryptoki_sys::CKA_LABEL, "kept");
    let key = token.find(session, &kept)[0];
    assert!(sign(t.module, session, &mechanism(CKM_ECDSA), key, &[7; 32]).is_ok());
}

fn fork_while_a_thread_logs_in(t: &Test) {
    fork_under(t, 40, |token, session| {
        let _either = token.module.logout(session);
        assert_rv!(token.module.login(session, CKU_USER, USER_PIN.into()), CKR_OK);
    });
}

fn fork_while_a_thread_generates(t: &Test) {
    fork_under(t, 40, |token, session| {
        let _pair = generate(token.module, session, Kind::P256, true, "made in a thread");
    });
}

fn fork_while_a_thread_signs(t: &Test) {
    fork_under(t, 40, |token, session| {
        let found = token.find(session, &Template::new().boolean(cryptoki_sys::CKA_SIGN, true));
        for _ in 0..50 {
            assert!(sign(token.module, session, &mechanism(CKM_ECDSA), found[0], &[7; 32]).is_ok());
        }
    });
}

fn fork_while_a_thread_searches(t: &Test) {
    fork_under(t, 40, |token, session| {
        assert_eq!(token.find(session, &Template::new().bytes(cryptoki_sys::CKA_LABEL, "kept")).len(), 2);
    });
}

/// Another process comes and goes on the same store meanwhile.
fn fork_while_threads_initialise_and_finalise_elsewhere(t: &Test) {
    let (_, session, key) = ready(t);
    let mut other = pkcs11_tests::actor::Actor::start(&t.installation);
    for turn in 0..10 {
        other.tell("initialize");
        other.tell("open rw");
        other.tell(&format!("login user {USER_PIN}"));
        other.tell(&format!("generate p256 turn-{turn} token"));
        other.tell("finalize");
        assert_eq!(t.module.fork(|| child_signs(t.module)).status(), Some(0));
        for _ in 0..5 {
            assert_rv!(other.answer().unwrap().rv, CKR_OK);
        }
    }
    assert!(sign(t.module, session, &mechanism(CKM_ECDSA), key, &[7; 32]).is_ok());
}

/// A key of this size takes longer to make than the new life to begin.
const LONG: u64 = 8192;

fn fork_in_a_new_life_while_a_call_of_the_old_one_goes_on(t: &Test) {
    let (_, session, _) = ready(t);
    let module = t.module;
    let making = thread::spawn(move || {
        let public = Kind::Rsa.public_template().without(CKA_MODULUS_BITS).ulong(CKA_MODULUS_BITS, LONG);
        let by = mechanism(CKM_RSA_PKCS_KEY_PAIR_GEN);
        module.generate_key_pair(session, Some(&by), &public, &Kind::Rsa.private_template()).0
    });
    thread::sleep(Duration::from_millis(50));
    assert_rv!(module.finalize(), CKR_OK);
    let token = Token::existing(module);
    for _ in 0..3 {
        assert_eq!(module.fork(|| child_signs(module)).status(), Some(0));
    }
    assert!(!making.is_finished(), "the old life's call was over before the forks");
    assert_rv!(module.login(token.open_rw(), CKU_USER, USER_PIN.into()), CKR_OK);
}
