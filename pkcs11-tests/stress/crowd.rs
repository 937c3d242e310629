//! 64 threads open, log in, find, sign, encrypt and close.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use cryptoki_sys::{
    CK_OBJECT_HANDLE, CK_RV, CKA_ENCRYPT, CKA_EXTRACTABLE, CKA_LABEL, CKA_PRIVATE, CKA_SIGN, CKA_TOKEN,
    CKA_VALUE_LEN, CKM_AES_ECB, CKM_AES_KEY_GEN, CKM_ECDSA, CKR_KEY_HANDLE_INVALID, CKR_OK,
    CKR_OPERATION_NOT_INITIALIZED, CKR_SESSION_HANDLE_INVALID, CKR_USER_ALREADY_LOGGED_IN,
    CKR_USER_NOT_LOGGED_IN, CKU_USER,
};
use pkcs11_tests::keys::{Kind, generate, sign, verify};
use pkcs11_tests::{Module, Out, Template, Test, Token, USER_PIN, assert_rv, mechanism, on_claviger};

use crate::amount;

on_claviger!(
    sixty_four_threads_use_one_token_without_an_error,
    sixty_four_threads_meet_logouts_and_closed_sessions_with_listed_errors_alone,
);

const THREADS: usize = 64;

/// Keys of the token that all threads use.
#[derive(Clone, Copy)]
struct Keys {
    public: CK_OBJECT_HANDLE,
    private: CK_OBJECT_HANDLE,
    aes: CK_OBJECT_HANDLE,
}

fn keys(token: Token, session: u64) -> Keys {
    let pair = generate(token.module, session, Kind::P256, true, "shared");
    let template =
        Template::new().boolean(CKA_TOKEN, true).ulong(CKA_VALUE_LEN, 32).boolean(CKA_EXTRACTABLE, false);
    let (rv, aes) = token.module.generate_key(session, Some(&mechanism(CKM_AES_KEY_GEN)), &template);
    assert_rv!(rv, CKR_OK);
    Keys { public: pair.public, private: pair.private, aes }
}

fn encrypted(module: &Module, session: u64, key: u64) -> Result<[u8; 32], CK_RV> {
    let rv = module.encrypt_init(session, Some(&mechanism(CKM_AES_ECB)), key);
    if rv != CKR_OK {
        return Err(rv);
    }
    let mut hidden = [0; 32];
    let (rv, _) = module.encrypt(session, (&[7; 32]).into(), Out::buffer(&mut hidden));
    if rv == CKR_OK { Ok(hidden) } else { Err(rv) }
}

fn until() -> Instant {
    Instant::now() + Duration::from_secs(amount(5, 60))
}

fn sixty_four_threads_use_one_token_without_an_error(t: &Test) {
    let token = t.token();
    let kept = token.user_session();
    let keys = keys(token, kept);
    let expected = encrypted(t.module, kept, keys.aes).unwrap();
    let (until, turns) = (until(), AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while Instant::now() < until {
                    turn(token, keys, &expected);
                    turns.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    println!("{} turns of {THREADS} threads", turns.into_inner());
    assert_eq!(token.info().ulSessionCount, 1);
}

fn turn(token: Token, keys: Keys, expected: &[u8; 32]) {
    let module = token.module;
    let session = token.open_rw();
    let rv = module.login(session, CKU_USER, USER_PIN.into());
    assert_rv!(rv, CKR_USER_ALREADY_LOGGED_IN);
    let wanted = Template::new().bytes(CKA_LABEL, "shared").boolean(CKA_SIGN, true);
    assert_eq!(token.find(session, &wanted), [keys.private]);
    let ecdsa = mechanism(CKM_ECDSA);
    let signature = sign(module, session, &ecdsa, keys.private, &[7; 32]).unwrap();
    assert_rv!(verify(module, session, &ecdsa, keys.public, &[7; 32], &signature), CKR_OK);
    assert_eq!(encrypted(module, session, keys.aes).as_ref(), Ok(expected));
    assert_rv!(module.close_session(session), CKR_OK);
}

/// Sections 5.6.8 and 5.6.10: a logout ends what the login began, whichever session asked for it.
fn sixty_four_threads_meet_logouts_and_closed_sessions_with_listed_errors_alone(t: &Test) {
    let token = t.token();
    let kept = token.user_session();
    let _keys = keys(token, kept);
    let until = until();
    let served = AtomicU64::new(0);
    thread::scope(|scope| {
        for number in 0..THREADS {
            let served = &served;
            scope.spawn(move || {
                while Instant::now() < until {
                    disturbed_turn(token, number, served);
                }
            });
        }
    });
    // Whatever went on: the token is whole, and those who come later are served.
    let kept = token.open_rw();
    let login = t.module.login(kept, CKU_USER, USER_PIN.into());
    assert!([CKR_OK, CKR_USER_ALREADY_LOGGED_IN].contains(&login), "{login:#x}");
    let private = found(t.module, kept, CKA_SIGN).unwrap();
    assert!(sign(t.module, kept, &mechanism(CKM_ECDSA), private, &[7; 32]).is_ok());
    assert!(served.into_inner() > 0, "nobody ever got through");
}

/// The private key of a use, under the login of now.
fn found(module: &Module, session: u64, usage: u64) -> Result<u64, CK_RV> {
    let wanted = Template::new().boolean(CKA_PRIVATE, true).boolean(usage, true);
    match module.find_objects_init(session, &wanted) {
        CKR_OK => {}
        rv => return Err(rv),
    }
    match module.find_objects(session, 1) {
        (CKR_OK, keys) => keys.first().copied().ok_or(CKR_USER_NOT_LOGGED_IN),
        (rv, _) => Err(rv),
    }
}

fn disturbed_turn(token: Token, number: usize, served: &AtomicU64) {
    let module = token.module;
    let session = token.open_rw();
    let rv = module.login(session, CKU_USER, USER_PIN.into());
    assert!([CKR_OK, CKR_USER_ALREADY_LOGGED_IN, CKR_SESSION_HANDLE_INVALID].contains(&rv), "{rv:#x}");
    let signature = found(module, session, CKA_SIGN)
        .and_then(|key| sign(module, session, &mechanism(CKM_ECDSA), key, &[7; 32]));
    match signature {
        Ok(_) => _ = served.fetch_add(1, Ordering::Relaxed),
        Err(rv) => assert!(is_of_a_logout(rv), "C_Sign: {rv:#x}"),
    }
    let ended = module.find_objects_final(session);
    assert!(ended == CKR_OK || is_of_a_logout(ended), "C_FindObjectsFinal: {ended:#x}");
    if let Err(rv) = found(module, session, CKA_ENCRYPT).and_then(|key| encrypted(module, session, key)) {
        assert!(is_of_a_logout(rv), "C_Encrypt: {rv:#x}");
    }
    if number == 0 {
        let rv = module.logout(session);
        assert!([CKR_OK, CKR_USER_NOT_LOGGED_IN, CKR_SESSION_HANDLE_INVALID].contains(&rv), "{rv:#x}");
    }
    if number == 1 {
        // A session under another thread's feet: handles are numbers, and this one may be anybody's.
        let rv = module.close_session(session ^ 1);
        assert!([CKR_OK, CKR_SESSION_HANDLE_INVALID].contains(&rv), "{rv:#x}");
    }
    let rv = module.close_session(session);
    assert!([CKR_OK, CKR_SESSION_HANDLE_INVALID].contains(&rv), "{rv:#x}");
}

fn is_of_a_logout(rv: CK_RV) -> bool {
    let listed = [
        CKR_USER_NOT_LOGGED_IN,
        CKR_KEY_HANDLE_INVALID,
        CKR_OPERATION_NOT_INITIALIZED,
        CKR_SESSION_HANDLE_INVALID,
    ];
    listed.contains(&rv)
}
