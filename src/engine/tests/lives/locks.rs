//! How many locks an operation takes.

use engine::sync::watch;
use pkcs11::constants::{CKA_MODULUS_BITS, CKM_ECDSA_SHA256, CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_SHA256_RSA_PKCS};
use pkcs11::{Attribute, Cryptoki, Room};

use crate::harness::*;

/// Locks of the engine that a call takes in this thread.
fn locks<T>(call: impl FnOnce() -> T) -> u64 {
    let before = watch::count();
    call();
    watch::count() - before
}

#[test]
fn a_signature_takes_its_sessions_lock_and_no_other_of_the_engine() {
    let token = Token::with_user();
    let app = &token.application;
    let session = log_in(app, token.slot, PIN).unwrap();
    let (_, ec) = ec_pair(app, session, "k", true).unwrap();
    let mut public = named("r", true);
    public.push(Attribute::ulong(CKA_MODULUS_BITS, 2048));
    let pair = mechanism(CKM_RSA_PKCS_KEY_PAIR_GEN);
    let (_, rsa) = app.generate_key_pair(session, pair, public, named("r", true)).unwrap();
    for (kind, key, len) in [(CKM_ECDSA_SHA256, ec, 64), (CKM_SHA256_RSA_PKCS, rsa, 256)] {
        let mut out = vec![0; len];
        // The first use parses the key.
        for _ in 0..2 {
            app.sign_init(session, Some(mechanism(kind)), key).unwrap();
            let signing = locks(|| app.sign(session, b"message", &mut Room::Buffer(&mut out)).unwrap());
            assert_eq!(signing, 1);
        }
        // The session's, once to see that nothing is active and once to begin; the store is not asked within the
        // staleness of a look.
        let app = engine_with(std::sync::Arc::new(token.places.clone()), lately());
        let session = log_in(&app, token.slot, PIN).unwrap();
        let key = again(&app, session, key);
        app.sign_init(session, Some(mechanism(kind)), key).unwrap();
        app.sign(session, b"message", &mut Room::Buffer(&mut out)).unwrap();
        let starting = locks(|| app.sign_init(session, Some(mechanism(kind)), key).unwrap());
        assert_eq!(starting, 2);
    }
}

/// Settings under which no look at the store is old.
fn lately() -> engine::application::Settings {
    engine::application::Settings { staleness: std::time::Duration::from_secs(3600), ..settings() }
}

#[test]
fn a_thread_that_holds_another_sessions_lock_does_not_keep_a_signature_waiting() {
    let token = Token::with_user();
    let app = &token.application;
    let session = log_in(app, token.slot, PIN).unwrap();
    let other = open(app, token.slot);
    let (_, private) = ec_pair(app, session, "k", true).unwrap();
    app.sign_init(session, Some(mechanism(CKM_ECDSA_SHA256)), private).unwrap();
    let (held, wait_held) = std::sync::mpsc::channel();
    let (go, wait_go) = std::sync::mpsc::channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            watch::pause_at(Some((
                "session",
                Box::new(move || {
                    held.send(()).unwrap();
                    wait_go.recv().unwrap();
                }),
            )));
            app.generate_random(other, &mut [0; 8]).unwrap();
            watch::pause_at(None);
        });
        wait_held.recv().unwrap();
        let mut out = [0; 64];
        app.sign(session, b"message", &mut Room::Buffer(&mut out)).unwrap();
        go.send(()).unwrap();
    });
}
