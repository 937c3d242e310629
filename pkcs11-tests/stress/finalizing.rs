//! `C_Finalize` while other threads call.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use cryptoki_sys::{
    CKA_SIGN, CKF_RW_SESSION, CKF_SERIAL_SESSION, CKM_ECDSA, CKR_CRYPTOKI_NOT_INITIALIZED,
    CKR_KEY_HANDLE_INVALID, CKR_OK, CKR_OPERATION_NOT_INITIALIZED, CKR_SESSION_HANDLE_INVALID,
    CKR_USER_ALREADY_LOGGED_IN, CKR_USER_NOT_LOGGED_IN, CKU_USER,
};
use pkcs11_tests::keys::{Kind, generate, sign};
use pkcs11_tests::{Template, Test, USER_PIN, assert_rv, mechanism, on_claviger};

use crate::amount;

on_claviger!(finalize_while_other_threads_call_is_a_clean_refusal_for_them);

/// Section 5.4.2 leaves it undefined; here every call ends, in the life that it began in or with the refusal of
/// what is not there any more.
fn finalize_while_other_threads_call_is_a_clean_refusal_for_them(t: &Test) {
    let token = t.token();
    let _pair = generate(t.module, token.user_session(), Kind::P256, true, "shared");
    let (over, served) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        let threads = [(); 16].map(|()| {
            scope.spawn(|| {
                while !over.load(Ordering::SeqCst) {
                    let (rv, session) =
                        t.module.open_session(token.slot, CKF_SERIAL_SESSION | CKF_RW_SESSION);
                    if rv != CKR_OK {
                        assert_rv!(rv, CKR_CRYPTOKI_NOT_INITIALIZED);
                        continue;
                    }
                    // A private key has another handle under each login.
                    let wanted = Template::new().boolean(CKA_SIGN, true);
                    let searched = t.module.find_objects_init(session, &wanted);
                    assert!(is_clean(searched), "C_FindObjectsInit: {searched:#x}");
                    let (found, keys) = t.module.find_objects(session, 1);
                    assert!(is_clean(found), "C_FindObjects: {found:#x}");
                    let key = keys.first().copied().unwrap_or_default();
                    let signed = sign(t.module, session, &mechanism(CKM_ECDSA), key, &[7; 32]);
                    served.fetch_add(u64::from(signed.is_ok()), Ordering::Relaxed);
                    assert!(signed.as_ref().err().is_none_or(|rv| is_clean(*rv)), "{signed:x?}");
                    let closed = t.module.close_session(session);
                    assert!(is_clean(closed), "C_CloseSession: {closed:#x}");
                }
            })
        });
        let _over = Over(&over);
        for _ in 0..amount(30, 300) {
            let before = served.load(Ordering::Relaxed);
            let (_, session) = t.module.open_session(token.slot, CKF_SERIAL_SESSION | CKF_RW_SESSION);
            let login = t.module.login(session, CKU_USER, USER_PIN.into());
            assert!([CKR_OK, CKR_USER_ALREADY_LOGGED_IN].contains(&login), "{login:#x}");
            // Somebody is in the middle of something when the end comes.
            while served.load(Ordering::Relaxed) == before
                && threads.iter().any(|thread| !thread.is_finished())
            {
                thread::yield_now();
            }
            assert_rv!(t.module.finalize(), CKR_OK);
            assert_rv!(t.module.initialize(), CKR_OK);
        }
    });
}

/// Tells the other threads that it is over, however it ends.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn is_clean(rv: u64) -> bool {
    let clean = [
        CKR_OK,
        CKR_CRYPTOKI_NOT_INITIALIZED,
        CKR_SESSION_HANDLE_INVALID,
        CKR_USER_NOT_LOGGED_IN,
        CKR_KEY_HANDLE_INVALID,
        CKR_OPERATION_NOT_INITIALIZED,
    ];
    clean.contains(&rv)
}
