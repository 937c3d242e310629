//! Nothing grows that must not.

use cryptoki_sys::{CKM_ECDSA, CKR_OK};
use pkcs11_tests::keys::{Kind, generate, sign};
use pkcs11_tests::{Template, Test, Token, assert_rv, mechanism, on_claviger};

on_claviger!(
    a_thousand_turns_of_initialize_and_finalize_leave_nothing_behind,
    a_thousand_sessions_and_signatures_leave_nothing_behind,
);

/// Resident pages, open descriptors, threads of this process.
fn footprint() -> (usize, usize, usize) {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages = statm.split(' ').nth(1).unwrap().parse().unwrap();
    let entries = |folder: &str| std::fs::read_dir(folder).unwrap().count();
    (pages, entries("/proc/self/fd"), entries("/proc/self/task"))
}

/// Pages of 4 KiB that a heap may wander: 4 MiB.
const SLACK: usize = 1024;

fn stays_level(turns: usize, turn: impl Fn()) {
    (0..turns / 5).for_each(|_| turn());
    let (pages, descriptors, threads) = footprint();
    (0..turns).for_each(|_| turn());
    let (pages_after, descriptors_after, threads_after) = footprint();
    assert_eq!((descriptors_after, threads_after), (descriptors, threads));
    assert!(pages_after < pages + SLACK, "{pages} pages became {pages_after}");
}

fn a_thousand_turns_of_initialize_and_finalize_leave_nothing_behind(t: &Test) {
    let _token = t.token();
    assert_rv!(t.module.finalize(), CKR_OK);
    stays_level(1000, || {
        let token = Token::existing(t.module);
        let session = token.open_rw();
        assert_eq!(token.find(session, &Template::new()), []);
        assert_rv!(t.module.finalize(), CKR_OK);
    });
    stays_level(50, || {
        let _session = Token::existing(t.module).user_session();
        assert_rv!(t.module.finalize(), CKR_OK);
    });
}

fn a_thousand_sessions_and_signatures_leave_nothing_behind(t: &Test) {
    let token = t.token();
    let kept = token.user_session();
    let pair = generate(t.module, kept, Kind::P256, true, "kept");
    stays_level(1000, || {
        let session = token.open_rw();
        assert_eq!(token.find(session, &Template::new()).len(), 2);
        assert!(sign(t.module, session, &mechanism(CKM_ECDSA), pair.private, &[7; 32]).is_ok());
        assert_rv!(t.module.close_session(session), CKR_OK);
    });
}
