//! Section 5.1 and what every chapter of operations says: how an operation begins, goes on and ends.

use cryptoki_sys::{
    CK_MECHANISM, CKM_AES_ECB, CKM_SHA256, CKM_SHA256_HMAC, CKR_ARGUMENTS_BAD, CKR_BUFFER_TOO_SMALL, CKR_OK,
    CKR_OPERATION_ACTIVE, CKR_OPERATION_NOT_INITIALIZED,
};
use pkcs11_tests::keys::sign;
use pkcs11_tests::{Module, Out, Sent, Template, Test, assert_rv, mechanism, on_both, on_claviger};

use crate::secret_keys::{aes, generic};

on_both!(
    nothing_goes_on_without_a_beginning,
    what_is_active_does_not_begin_again,
    a_part_after_the_end_is_refused,
    each_kind_runs_beside_every_other,
    a_closed_session_ends_its_operations_alone,
    the_end_after_a_one_shot_is_refused,
    an_end_without_a_part_is_the_end_of_nothing,
    too_small_a_buffer_does_not_end_it,
    a_beginning_that_fails_leaves_nothing_active,
    a_part_after_a_query_of_the_whole_goes_on,
    a_beginning_that_fails_while_one_is_active_leaves_that,
);
on_claviger!(
    a_null_mechanism_ends_what_is_active_and_nothing_else,
    one_shot_after_a_part_is_refused_and_ends_the_operation,
    every_other_error_does,
);

/// One kind of operation: enough to drive it, whatever its functions look like.
#[derive(Clone, Copy)]
struct Kind {
    name: &'static str,
    begin: fn(&Bench<'_>, Option<&CK_MECHANISM>, u64) -> u64,
    /// Whole, of one block.
    whole: fn(&Bench<'_>, Out<'_>) -> u64,
    part: fn(&Bench<'_>) -> u64,
    last: fn(&Bench<'_>, Out<'_>) -> u64,
    /// Whether the last call writes something.
    ends_with_output: bool,
    /// Whether one shot writes something.
    writes: bool,
}

struct Bench<'a> {
    m: &'a Module,
    session: u64,
    cipher_key: u64,
    mac_key: u64,
    mac: Vec<u8>,
}

const BLOCK: &[u8] = &[4; 16];

fn bench(t: &Test) -> Bench<'_> {
    let session = t.token().user_session();
    let mac_key = generic(t.module, session, &[2; 32]);
    let mac = sign(t.module, session, &mechanism(CKM_SHA256_HMAC), mac_key, BLOCK).unwrap();
    Bench { m: t.module, session, cipher_key: aes(t.module, session, &[1; 16]), mac_key, mac }
}

impl Bench<'_> {
    fn start(&self, kind: Kind) -> u64 {
        let (by, key) = self.of(kind);
        (kind.begin)(self, Some(&by), key)
    }

    fn of(&self, kind: Kind) -> (CK_MECHANISM, u64) {
        match kind.name {
            "digest" => (mechanism(CKM_SHA256), 0),
            "sign" | "verify" => (mechanism(CKM_SHA256_HMAC), self.mac_key),
            _ => (mechanism(CKM_AES_ECB), self.cipher_key),
        }
    }

    fn whole(&self, kind: Kind) -> u64 {
        let mut room = [0; 64];
        (kind.whole)(self, Out::buffer(&mut room))
    }

    fn last(&self, kind: Kind) -> u64 {
        let mut room = [0; 64];
        (kind.last)(self, Out::buffer(&mut room))
    }
}

fn piece() -> Sent<'static> {
    Sent::from(BLOCK)
}

fn update(step: fn(&Module, u64, Sent<'_>, Out<'_>) -> (u64, u64), b: &Bench<'_>) -> u64 {
    let mut room = [0; 64];
    step(b.m, b.session, piece(), Out::buffer(&mut room)).0
}

const KINDS: [Kind; 5] = [
    Kind {
        name: "digest",
        begin: |b, by, _| b.m.digest_init(b.session, by),
        whole: |b, out| b.m.digest(b.session, piece(), out).0,
        part: |b| b.m.digest_update(b.session, piece()),
        last: |b, out| b.m.digest_final(b.session, out).0,
        ends_with_output: true,
        writes: true,
    },
    Kind {
        name: "sign",
        begin: |b, by, key| b.m.sign_init(b.session, by, key),
        whole: |b, out| b.m.sign(b.session, piece(), out).0,
        part: |b| b.m.sign_update(b.session, piece()),
        last: |b, out| b.m.sign_final(b.session, out).0,
        ends_with_output: true,
        writes: true,
    },
    Kind {
        name: "verify",
        begin: |b, by, key| b.m.verify_init(b.session, by, key),
        whole: |b, _| b.m.verify(b.session, piece(), Sent::from(&b.mac)),
        part: |b| b.m.verify_update(b.session, piece()),
        last: |b, _| b.m.verify_final(b.session, Sent::from(&b.mac)),
        ends_with_output: false,
        writes: false,
    },
    Kind {
        name: "encrypt",
        begin: |b, by, key| b.m.encrypt_init(b.session, by, key),
        whole: |b, out| b.m.encrypt(b.session, piece(), out).0,
        part: |b| update(Module::encrypt_update, b),
        last: |b, out| b.m.encrypt_final(b.session, out).0,
        ends_with_output: false,
        writes: true,
    },
    Kind {
        name: "decrypt",
        begin: |b, by, key| b.m.decrypt_init(b.session, by, key),
        whole: |b, out| b.m.decrypt(b.session, piece(), out).0,
        part: |b| update(Module::decrypt_update, b),
        last: |b, out| b.m.decrypt_final(b.session, out).0,
        ends_with_output: false,
        writes: true,
    },
];

fn idle(b: &Bench<'_>, kind: Kind) {
    assert_rv!((kind.part)(b), CKR_OPERATION_NOT_INITIALIZED, "{}", kind.name);
    assert_rv!(b.last(kind), CKR_OPERATION_NOT_INITIALIZED, "{}", kind.name);
    assert_rv!(b.whole(kind), CKR_OPERATION_NOT_INITIALIZED, "{}", kind.name);
}

fn nothing_goes_on_without_a_beginning(t: &Test) {
    let b = bench(t);
    KINDS.into_iter().for_each(|kind| idle(&b, kind));
}

fn what_is_active_does_not_begin_again(t: &Test) {
    let b = bench(t);
    for kind in KINDS {
        assert_rv!(b.start(kind), CKR_OK);
        assert_rv!(b.start(kind), CKR_OPERATION_ACTIVE, "{}", kind.name);
        assert_rv!((kind.part)(&b), CKR_OK);
        assert_rv!(b.start(kind), CKR_OPERATION_ACTIVE, "{}", kind.name);
        assert_rv!(b.last(kind), CKR_OK);
        assert_rv!(b.start(kind), CKR_OK, "{}", kind.name);
        assert_rv!(b.whole(kind), CKR_OK);
    }
}

fn a_part_after_the_end_is_refused(t: &Test) {
    let b = bench(t);
    for kind in KINDS {
        assert_rv!(b.start(kind), CKR_OK);
        assert_rv!((kind.part)(&b), CKR_OK);
        assert_rv!(b.last(kind), CKR_OK);
        idle(&b, kind);
    }
}

/// Section 5.1: "one of each kind at a time". SoftHSM allows one in all.
fn each_kind_runs_beside_every_other(t: &Test) {
    let b = bench(t);
    if !t.is_claviger() {
        assert_rv!(b.start(KINDS[0]), CKR_OK);
        assert_rv!(b.start(KINDS[1]), CKR_OPERATION_ACTIVE);
        return;
    }
    assert_rv!(b.m.find_objects_init(b.session, &Template::new()), CKR_OK);
    for kind in KINDS {
        assert_rv!(b.start(kind), CKR_OK);
    }
    for kind in KINDS {
        assert_rv!((kind.part)(&b), CKR_OK);
    }
    assert_eq!(b.m.find_objects(b.session, 9).1.len(), 2);
    for kind in KINDS {
        assert_rv!(b.last(kind), CKR_OK, "{}", kind.name);
    }
    assert_rv!(b.m.find_objects_final(b.session), CKR_OK);
}

fn a_closed_session_ends_its_operations_alone(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let (_, other) = t.module.open_session(token.slot, cryptoki_sys::CKF_SERIAL_SESSION);
    for session in [session, other] {
        assert_rv!(t.module.digest_init(session, Some(&mechanism(CKM_SHA256))), CKR_OK);
    }
    assert_rv!(t.module.close_session(other), CKR_OK);
    assert_rv!(t.module.digest_update(session, piece()), CKR_OK);
}

/// PKCS#11 v3.0 and later: each `Init` says so.
/// SoftHSM, of 2.40, answers `CKR_ARGUMENTS_BAD`; sections 5.8.1, 5.10.1, 5.12.1, 5.13.1 and 5.15.1 let a null
/// pMechanism end the operation.
fn a_null_mechanism_ends_what_is_active_and_nothing_else(t: &Test) {
    let b = bench(t);
    for kind in KINDS {
        assert_rv!((kind.begin)(&b, None, 0), CKR_OK, "nothing is active: nothing to end");
    }
    for kind in KINDS {
        for other in KINDS {
            assert_rv!(b.start(other), CKR_OK);
        }
        assert_rv!((kind.begin)(&b, None, 0), CKR_OK);
        idle(&b, kind);
        for other in KINDS.into_iter().filter(|other| other.name != kind.name) {
            assert_rv!(b.whole(other), CKR_OK, "{}", other.name);
        }
    }
}

/// SoftHSM goes on; sections 5.8.2, 5.10.2, 5.12.2, 5.13.2 and 5.15.2: "without intervening" updates.
fn one_shot_after_a_part_is_refused_and_ends_the_operation(t: &Test) {
    let b = bench(t);
    for kind in KINDS {
        assert_rv!(b.start(kind), CKR_OK);
        assert_rv!((kind.part)(&b), CKR_OK);
        assert_rv!(b.whole(kind), CKR_OPERATION_NOT_INITIALIZED, "{}", kind.name);
        idle(&b, kind);
    }
}

fn the_end_after_a_one_shot_is_refused(t: &Test) {
    let b = bench(t);
    for kind in KINDS {
        assert_rv!(b.start(kind), CKR_OK);
        assert_rv!(b.whole(kind), CKR_OK);
        assert_rv!(b.last(kind), CKR_OPERATION_NOT_INITIALIZED, "{}", kind.name);
        if kind.writes {
            // A result that waits for room is fetched by the function that made it.
            assert_rv!(b.start(kind), CKR_OK);
            assert_rv!((kind.whole)(&b, Out::buffer(&mut [0; 3])), CKR_BUFFER_TOO_SMALL);
            assert_rv!(b.whole(kind), CKR_OK);
            idle(&b, kind);
        }
    }
}

/// "Zero or more" parts (sections 5.8.1, 5.10.1).
fn an_end_without_a_part_is_the_end_of_nothing(t: &Test) {
    let b = bench(t);
    for kind in KINDS.into_iter().filter(|kind| kind.name != "verify") {
        assert_rv!(b.start(kind), CKR_OK);
        assert_rv!(b.last(kind), CKR_OK, "{}", kind.name);
        idle(&b, kind);
    }
}

fn too_small_a_buffer_does_not_end_it(t: &Test) {
    let b = bench(t);
    for kind in KINDS.into_iter().filter(|kind| kind.writes) {
        assert_rv!(b.start(kind), CKR_OK);
        for len in [0, 1, 15] {
            let mut room = [0; 16];
            assert_rv!(
                (kind.whole)(&b, Out::buffer(&mut room[..len])),
                CKR_BUFFER_TOO_SMALL,
                "{}",
                kind.name
            );
        }
        assert_rv!((kind.whole)(&b, Out::query()), CKR_OK);
        assert_rv!(b.whole(kind), CKR_OK);
    }
    for kind in KINDS.into_iter().filter(|kind| kind.ends_with_output) {
        assert_rv!(b.start(kind), CKR_OK);
        assert_rv!((kind.part)(&b), CKR_OK);
        assert_rv!((kind.last)(&b, Out::buffer(&mut [0; 3])), CKR_BUFFER_TOO_SMALL);
        assert_rv!((kind.last)(&b, Out::query()), CKR_OK);
        assert_rv!(b.last(kind), CKR_OK);
    }
}

/// SoftHSM goes on with the digest (`CKR_OK`); sections 5.12.2 and 5.12.3 end it with an error.
fn every_other_error_does(t: &Test) {
    let b = bench(t);
    for kind in KINDS.into_iter().filter(|kind| kind.writes) {
        let mut room = [0; 64];
        assert_rv!(b.start(kind), CKR_OK);
        assert_rv!((kind.whole)(&b, Out::without_length(&mut room)), CKR_ARGUMENTS_BAD, "{}", kind.name);
        idle(&b, kind);
        assert_rv!(b.start(kind), CKR_OK);
        assert_rv!((kind.last)(&b, Out::without_length(&mut room)), CKR_ARGUMENTS_BAD, "{}", kind.name);
        idle(&b, kind);
    }
    type Whole = fn(&Module, u64, Sent<'_>) -> u64;
    let wild: [(Kind, Whole); 5] = [
        (KINDS[0], |m, session, data| m.digest_update(session, data)),
        (KINDS[1], |m, session, data| m.sign_update(session, data)),
        (KINDS[2], |m, session, data| m.verify_update(session, data)),
        (KINDS[3], |m, session, data| m.encrypt_update(session, data, Out::query()).0),
        (KINDS[4], |m, session, data| m.decrypt_update(session, data, Out::query()).0),
    ];
    for (kind, step) in wild {
        for data in [Sent::null(5), Sent::null(u64::MAX), Sent::claiming(b"x", u64::MAX)] {
            assert_rv!(b.start(kind), CKR_OK);
            assert_rv!(step(b.m, b.session, data), CKR_ARGUMENTS_BAD, "{}", kind.name);
            idle(&b, kind);
        }
    }
}

fn a_beginning_that_fails_leaves_nothing_active(t: &Test) {
    let b = bench(t);
    for kind in KINDS {
        let (_, key) = b.of(kind);
        assert_ne!((kind.begin)(&b, Some(&mechanism(0x7777_7777)), key), CKR_OK);
        idle(&b, kind);
        assert_rv!(b.start(kind), CKR_OK);
        assert_rv!(b.whole(kind), CKR_OK);
    }
}

fn a_part_after_a_query_of_the_whole_goes_on(t: &Test) {
    let b = bench(t);
    for kind in KINDS.into_iter().filter(|kind| kind.writes) {
        assert_rv!(b.start(kind), CKR_OK);
        assert_rv!((kind.whole)(&b, Out::query()), CKR_OK);
        assert_rv!(b.whole(kind), CKR_OK, "{}", kind.name);
    }
}

fn a_beginning_that_fails_while_one_is_active_leaves_that(t: &Test) {
    let b = bench(t);
    for kind in KINDS {
        let (by, key) = b.of(kind);
        assert_rv!((kind.begin)(&b, Some(&by), key), CKR_OK);
        assert_rv!(
            (kind.begin)(&b, Some(&mechanism(0x7777_7777)), key),
            CKR_OPERATION_ACTIVE,
            "{}",
            kind.name
        );
        assert_rv!(b.whole(kind), CKR_OK, "{}", kind.name);
    }
}
