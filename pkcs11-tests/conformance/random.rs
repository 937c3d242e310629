//! Section 5.19: random numbers.

use cryptoki_sys::{CKR_ARGUMENTS_BAD, CKR_OK};
use pkcs11_tests::{Out, Test, assert_rv, on_both, on_claviger};

on_both!(every_call_gives_other_bytes, no_bytes_are_given_too, a_public_session_is_enough);
on_claviger!(nulls_and_wild_lengths_are_refused, a_megabyte_comes_whole);

fn random(t: &Test, session: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    assert_rv!(t.module.generate_random(session, Out::buffer(&mut bytes)), CKR_OK);
    bytes
}

fn every_call_gives_other_bytes(t: &Test) {
    let session = t.token().user_session();
    let mut seen: Vec<Vec<u8>> = (0..200).map(|_| random(t, session, 16)).collect();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 200);
}

fn no_bytes_are_given_too(t: &Test) {
    let session = t.token().open_ro();
    assert_eq!(random(t, session, 0), b"");
    assert_eq!(random(t, session, 1).len(), 1);
}

fn a_public_session_is_enough(t: &Test) {
    let session = t.token().open_ro();
    assert_ne!(random(t, session, 32), [0; 32]);
}

fn nulls_and_wild_lengths_are_refused(t: &Test) {
    let session = t.token().open_ro();
    for len in [1, 1 << 63, u64::MAX] {
        assert_rv!(t.module.generate_random_nowhere(session, len), CKR_ARGUMENTS_BAD);
    }
    assert_ne!(random(t, session, 32), [0; 32]);
}

fn a_megabyte_comes_whole(t: &Test) {
    let session = t.token().open_ro();
    let bytes = random(t, session, 1 << 20);
    assert!(bytes.chunks(4096).all(|part| part.iter().any(|byte| *byte != 0)));
}
