//! Many lives of the library in one process.

use cryptoki_sys::CKR_OK;
use pkcs11_tests::{Template, Test, Token, assert_rv, on_claviger};

use crate::amount;

on_claviger!(initialize_and_finalize_for_ever_leave_nothing_behind);

/// Pages of 4 KiB that a heap may wander, besides what it grew in the half before: half a MiB.
const SLACK: usize = 128;

/// Resident pages, open descriptors, threads of this process.
fn footprint() -> (usize, usize, usize) {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages = statm.split(' ').nth(1).unwrap().parse().unwrap();
    let entries = |folder: &str| std::fs::read_dir(folder).unwrap().count();
    (pages, entries("/proc/self/fd"), entries("/proc/self/task"))
}

fn initialize_and_finalize_for_ever_leave_nothing_behind(t: &Test) {
    let _token = t.token();
    assert_rv!(t.module.finalize(), CKR_OK);
    let turns = amount(1500, 10_000);
    let life = || {
        let token = Token::existing(t.module);
        let session = token.open_rw();
        assert_eq!(token.find(session, &Template::new()), []);
        assert_rv!(t.module.finalize(), CKR_OK);
    };
    (0..turns / 10).for_each(|_| life());
    let (pages, descriptors, threads) = footprint();
    (0..turns / 2).for_each(|_| life());
    let (pages_halfway, ..) = footprint();
    (0..turns / 2).for_each(|_| life());
    let (pages_after, descriptors_after, threads_after) = footprint();
    println!("{turns} lives: {pages} pages, halfway {pages_halfway}, then {pages_after}");
    assert_eq!((descriptors_after, threads_after), (descriptors, threads));
    // A heap settles; what leaks goes on in the second half.
    assert!(pages_after < pages_halfway + SLACK, "{pages} pages became {pages_halfway}, then {pages_after}");
}
