//! Ten thousand sessions at once.

use cryptoki_sys::{CKM_SHA256, CKR_OK, CKR_SESSION_HANDLE_INVALID};
use pkcs11_tests::{Out, Test, assert_rv, mechanism, on_claviger};

on_claviger!(ten_thousand_sessions_are_open_at_once_and_each_digests_on_its_own);

const SESSIONS: usize = 10_000;

fn ten_thousand_sessions_are_open_at_once_and_each_digests_on_its_own(t: &Test) {
    let token = t.token();
    let sessions: Vec<u64> = (0..SESSIONS).map(|_| token.open_rw()).collect();
    assert_eq!(token.info().ulSessionCount, SESSIONS as u64);
    for (number, session) in sessions.iter().enumerate() {
        assert_rv!(t.module.digest_init(*session, Some(&mechanism(CKM_SHA256))), CKR_OK);
        assert_rv!(t.module.digest_update(*session, (&number.to_be_bytes()).into()), CKR_OK);
    }
    let digests: std::collections::BTreeSet<[u8; 32]> = sessions
        .iter()
        .map(|session| {
            let mut digest = [0; 32];
            let (rv, len) = t.module.digest_final(*session, Out::buffer(&mut digest));
            assert_eq!((rv, len), (CKR_OK, 32));
            digest
        })
        .collect();
    assert_eq!(digests.len(), SESSIONS, "a digest for each number");
    assert_rv!(t.module.close_all_sessions(token.slot), CKR_OK);
    assert_eq!(token.info().ulSessionCount, 0);
    assert_rv!(t.module.close_session(sessions[0]), CKR_SESSION_HANDLE_INVALID);
}
