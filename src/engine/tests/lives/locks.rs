//! How many locks an operation takes.

use engine::sync::watch;
use pkcs11::constants::CKM_ECDSA_SHA256;
use pkcs11::{Cryptoki, Room};

use crate::harness::*;

#[test]
fn a_signature_takes_one_lock_and_its_start_only_the_sessions() {
    let token = Token::with_user();
    let app = &token.application;
    let session = log_in(app, token.slot, PIN).unwrap();
    let (_, private) = ec_pair(app, session, "k", true).unwrap();
    sign(app, session, private).unwrap();

    app.sign_init(session, Some(mechanism(CKM_ECDSA_SHA256)), private).unwrap();
    let before = watch::count();
    let mut out = [0; 64];
    app.sign(session, b"message", &mut Room::Buffer(&mut out)).unwrap();
    assert_eq!(watch::count() - before, 1);
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
