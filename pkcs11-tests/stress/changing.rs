//! Many threads that log in, make, change, copy, trust and destroy, at the same time and the same things.

use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use cryptoki_sys::{
    CK_OBJECT_HANDLE, CK_RV, CK_SESSION_HANDLE, CKA_CLASS, CKA_LABEL, CKA_PRIVATE, CKA_TOKEN, CKA_TRUSTED,
    CKA_VALUE, CKO_DATA, CKR_OBJECT_HANDLE_INVALID, CKR_OK, CKR_USER_ALREADY_LOGGED_IN,
    CKR_USER_NOT_LOGGED_IN, CKU_SO, CKU_USER,
};
use pkcs11_tests::keys::{Kind, attribute, flag, generate};
use pkcs11_tests::{Module, Template, Test, Token, USER_PIN, assert_rv, on_claviger};

use crate::amount;

on_claviger!(
    of_sixteen_threads_that_log_in_at_once_one_does_and_the_others_find_it_done,
    sixteen_threads_make_change_copy_and_destroy_without_an_error,
    sixteen_threads_make_and_destroy_private_objects_beside_logouts_with_listed_errors_alone,
    eight_threads_change_one_label_and_the_last_value_stands,
    six_sessions_of_an_officer_trust_a_key_each_at_once,
);

const THREADS: usize = 16;

fn until() -> Instant {
    Instant::now() + Duration::from_secs(amount(3, 30))
}

/// Section 5.6.8: a login is the application's, so a second one finds it done.
fn of_sixteen_threads_that_log_in_at_once_one_does_and_the_others_find_it_done(t: &Test) {
    let token = t.token();
    let sessions: Vec<_> = (0..THREADS).map(|_| token.open_rw()).collect();
    for _ in 0..amount(20, 200) {
        let start = Barrier::new(THREADS);
        let mut answers: Vec<CK_RV> = thread::scope(|scope| {
            let login = |session| {
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    t.module.login(session, CKU_USER, USER_PIN.into())
                })
            };
            let threads: Vec<_> = sessions.iter().copied().map(login).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        answers.sort_unstable();
        assert_rv!(answers.remove(0), CKR_OK);
        assert_eq!(answers, [CKR_USER_ALREADY_LOGGED_IN; THREADS - 1]);
        assert_rv!(t.module.logout(sessions[0]), CKR_OK);
    }
}

fn data(token: bool, private: bool, label: &str) -> Template {
    let template = Template::new().ulong(CKA_CLASS, CKO_DATA).boolean(CKA_TOKEN, token);
    template.boolean(CKA_PRIVATE, private).bytes(CKA_LABEL, label).bytes(CKA_VALUE, label)
}

/// Makes an object, changes and copies it, and destroys both.
fn lead_a_life(
    module: &Module,
    session: CK_SESSION_HANDLE,
    template: &Template,
    label: &str,
) -> Result<(), CK_RV> {
    let ok = |rv| if rv == CKR_OK { Ok(()) } else { Err(rv) };
    let (rv, made) = module.create_object(session, template);
    ok(rv)?;
    let change = Template::new().bytes(CKA_LABEL, label);
    ok(module.set_attribute_values(session, made, &change))?;
    let (rv, copy) = module.copy_object(session, made, &Template::new());
    ok(rv)?;
    let (rv, answers) = module.attribute_values(session, copy, &[(CKA_LABEL, Some(label.len()))]);
    ok(rv)?;
    assert_eq!(answers[0].0, label.as_bytes());
    ok(module.destroy_object(session, made))?;
    ok(module.destroy_object(session, copy))
}

/// Calls of sixteen threads, each in a session of its own, until it is over; gives how many went through.
fn crowd(token: Token, call: impl Fn(CK_SESSION_HANDLE, &str) -> bool + Sync) -> u64 {
    let (until, done) = (until(), AtomicU64::new(0));
    thread::scope(|scope| {
        for number in 0..THREADS {
            let (call, done) = (&call, &done);
            scope.spawn(move || {
                let session = token.open_rw();
                for turn in 0.. {
                    if Instant::now() >= until {
                        break;
                    }
                    if call(session, &format!("{number} {turn}")) {
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    done.into_inner()
}

fn sixteen_threads_make_change_copy_and_destroy_without_an_error(t: &Test) {
    let token = t.token();
    let kept = token.user_session();
    let done = crowd(token, |session, label| {
        for (of_token, private) in [(true, true), (true, false), (false, true), (false, false)] {
            let lived = lead_a_life(t.module, session, &data(of_token, private, "made"), label);
            assert_eq!(lived, Ok(()), "{label}");
        }
        true
    });
    assert!(done > 0);
    assert_eq!(token.find(kept, &Template::new()), []);
}

/// Sections 5.6.10 and 5.7: a logout takes the private objects away from whoever works with them.
fn sixteen_threads_make_and_destroy_private_objects_beside_logouts_with_listed_errors_alone(t: &Test) {
    let token = t.token();
    let of_a_logout = [CKR_USER_NOT_LOGGED_IN, CKR_OBJECT_HANDLE_INVALID];
    let done = crowd(token, |session, label| {
        let login = t.module.login(session, CKU_USER, USER_PIN.into());
        assert!([CKR_OK, CKR_USER_ALREADY_LOGGED_IN].contains(&login), "{login:#x}");
        let lived = [true, false]
            .map(|of_token| lead_a_life(t.module, session, &data(of_token, true, "made"), label));
        for rv in lived.into_iter().filter_map(Result::err) {
            assert!(of_a_logout.contains(&rv), "{rv:#x}");
        }
        if label.starts_with("0 ") {
            let logout = t.module.logout(session);
            assert!([CKR_OK, CKR_USER_NOT_LOGGED_IN].contains(&logout), "{logout:#x}");
        }
        lived == [Ok(()), Ok(())]
    });
    assert!(done > 0, "nobody ever got through");
    // What was left in the middle is whole: it is found and can be destroyed.
    let session = token.open_rw();
    let login = t.module.login(session, CKU_USER, USER_PIN.into());
    assert!([CKR_OK, CKR_USER_ALREADY_LOGGED_IN].contains(&login), "{login:#x}");
    for left in token.find(session, &Template::new()) {
        assert_rv!(t.module.destroy_object(session, left), CKR_OK);
    }
    assert_eq!(token.find(session, &Template::new()), []);
}

fn eight_threads_change_one_label_and_the_last_value_stands(t: &Test) {
    let token = t.token();
    let kept = token.user_session();
    let key = generate(t.module, kept, Kind::P256, true, "shared").private;
    let turns = amount(25, 500);
    thread::scope(|scope| {
        for number in 0..8 {
            scope.spawn(move || {
                let session = token.open_rw();
                for turn in 1..=turns {
                    let label = Template::new().bytes(CKA_LABEL, format!("{number} {turn}"));
                    assert_rv!(token.module.set_attribute_values(session, key, &label), CKR_OK);
                }
            });
        }
    });
    let label = String::from_utf8(attribute(t.module, kept, key, CKA_LABEL)).unwrap();
    assert!(label.ends_with(&format!(" {turns}")), "{label}");
}

fn six_sessions_of_an_officer_trust_a_key_each_at_once(t: &Test) {
    let token = t.token();
    for round in 0..amount(3, 30) {
        let session = token.user_session();
        let make = |n| generate(t.module, session, Kind::P256, true, &format!("{round} {n}")).public;
        let keys: Vec<CK_OBJECT_HANDLE> = (0..6).map(make).collect();
        assert_rv!(t.module.logout(session), CKR_OK);
        assert_rv!(t.module.login(session, CKU_SO, pkcs11_tests::SO_PIN.into()), CKR_OK);
        thread::scope(|scope| {
            for key in &keys {
                scope.spawn(move || {
                    let session = token.open_rw();
                    let trust = Template::new().boolean(CKA_TRUSTED, true);
                    assert_rv!(token.module.set_attribute_values(session, *key, &trust), CKR_OK);
                });
            }
        });
        for key in keys {
            assert!(flag(t.module, session, key, CKA_TRUSTED));
        }
        assert_rv!(t.module.close_all_sessions(token.slot), CKR_OK);
    }
}
