//! Section 5.6.8: `C_SessionCancel`. SoftHSM, of 2.40, does not have it.

use cryptoki_sys::{
    CKF_DECRYPT, CKF_DERIVE, CKF_DIGEST, CKF_ENCRYPT, CKF_FIND_OBJECTS, CKF_GENERATE, CKF_HW, CKF_SIGN,
    CKF_SIGN_RECOVER, CKF_VERIFY, CKF_VERIFY_RECOVER, CKF_WRAP, CKM_AES_ECB, CKM_RSA_PKCS, CKM_SHA256,
    CKM_SHA256_RSA_PKCS, CKR_CRYPTOKI_NOT_INITIALIZED, CKR_OK, CKR_OPERATION_NOT_INITIALIZED,
    CKR_SESSION_HANDLE_INVALID,
};
use pkcs11_tests::keys::{Kind, Pair, generate};
use pkcs11_tests::{Module, Out, Sent, Template, Test, assert_rv, mechanism, on_claviger};

use crate::secret_keys::aes;

on_claviger!(
    a_flag_ends_its_operation_and_no_other,
    several_flags_end_several_operations,
    flags_of_what_is_not_active_and_of_no_operation_are_passed_over,
    no_flag_ends_nothing,
    half_of_two_operations_at_once_goes_on,
    the_operations_of_another_session_go_on,
    a_bad_session_and_a_library_that_is_not_there_go_first,
);

struct Bench<'a> {
    m: &'a Module,
    session: u64,
    aes: u64,
    pair: Pair,
}

/// One kind of operation: its flag, how it begins, and whether it goes on.
type Kinds = (&'static str, u64, fn(&Bench<'_>) -> u64, fn(&Bench<'_>) -> u64);

const KINDS: [Kinds; 9] = [
    (
        "find",
        CKF_FIND_OBJECTS,
        |b| b.m.find_objects_init(b.session, &Template::new()),
        |b| b.m.find_objects(b.session, 1).0,
    ),
    (
        "digest",
        CKF_DIGEST,
        |b| b.m.digest_init(b.session, Some(&mechanism(CKM_SHA256))),
        |b| b.m.digest_update(b.session, Sent::from(b"x")),
    ),
    (
        "encrypt",
        CKF_ENCRYPT,
        |b| b.m.encrypt_init(b.session, Some(&mechanism(CKM_AES_ECB)), b.aes),
        |b| b.m.encrypt_update(b.session, Sent::from(&[1; 16]), Out::buffer(&mut [0; 64])).0,
    ),
    (
        "decrypt",
        CKF_DECRYPT,
        |b| b.m.decrypt_init(b.session, Some(&mechanism(CKM_AES_ECB)), b.aes),
        |b| b.m.decrypt_update(b.session, Sent::from(&[1; 16]), Out::buffer(&mut [0; 64])).0,
    ),
    (
        "sign",
        CKF_SIGN,
        |b| b.m.sign_init(b.session, Some(&mechanism(CKM_SHA256_RSA_PKCS)), b.pair.private),
        |b| b.m.sign_update(b.session, Sent::from(b"x")),
    ),
    (
        "verify",
        CKF_VERIFY,
        |b| b.m.verify_init(b.session, Some(&mechanism(CKM_SHA256_RSA_PKCS)), b.pair.public),
        |b| b.m.verify_update(b.session, Sent::from(b"x")),
    ),
    (
        "verify with the signature first",
        CKF_VERIFY,
        |b| {
            let by = mechanism(CKM_SHA256_RSA_PKCS);
            b.m.verify_signature_init(b.session, Some(&by), b.pair.public, Sent::from(&[1; 256]))
        },
        |b| b.m.verify_signature_update(b.session, Sent::from(b"x")),
    ),
    (
        "sign with recovery",
        CKF_SIGN_RECOVER,
        |b| b.m.sign_recover_init(b.session, Some(&mechanism(CKM_RSA_PKCS)), b.pair.private),
        |b| b.m.sign_recover(b.session, Sent::from(b"x"), Out::query()).0,
    ),
    (
        "verify with recovery",
        CKF_VERIFY_RECOVER,
        |b| b.m.verify_recover_init(b.session, Some(&mechanism(CKM_RSA_PKCS)), b.pair.public),
        |b| b.m.verify_recover(b.session, Sent::from(&[1; 256]), Out::query()).0,
    ),
];

fn bench(t: &Test) -> Bench<'_> {
    let session = t.token().user_session();
    let pair = generate(t.module, session, Kind::Rsa, false, "pair");
    Bench { m: t.module, session, aes: aes(t.module, session, &[1; 32]), pair }
}

fn begin_all(b: &Bench<'_>) {
    for (name, _, begin, _) in KINDS {
        assert_rv!(begin(b), CKR_OK, "{name}");
    }
}

/// Which operations are over, by name. The rest is ended too.
fn over(b: &Bench<'_>) -> Vec<&'static str> {
    let over = KINDS.iter().filter(|(.., step)| step(b) == CKR_OPERATION_NOT_INITIALIZED);
    let over = over.map(|(name, ..)| *name).collect();
    assert_rv!(b.m.session_cancel(b.session, u64::MAX), CKR_OK);
    over
}

fn a_flag_ends_its_operation_and_no_other(t: &Test) {
    let b = bench(t);
    for (_, flag, ..) in KINDS {
        begin_all(&b);
        assert_rv!(b.m.session_cancel(b.session, flag), CKR_OK);
        let named: Vec<_> = KINDS.iter().filter(|row| row.1 == flag).map(|row| row.0).collect();
        assert_eq!(over(&b), named);
        begin_all(&b);
        assert_eq!(over(&b), [""; 0], "what was cancelled begins anew");
    }
}

fn several_flags_end_several_operations(t: &Test) {
    let b = bench(t);
    begin_all(&b);
    assert_rv!(b.m.session_cancel(b.session, CKF_DIGEST | CKF_SIGN | CKF_FIND_OBJECTS), CKR_OK);
    assert_eq!(over(&b), ["find", "digest", "sign"]);
    begin_all(&b);
    assert_rv!(b.m.session_cancel(b.session, u64::MAX), CKR_OK);
    assert_eq!(over(&b).len(), KINDS.len());
}

/// "If a flag is set for an operation that has not been initialized in the session, the operation flag will be ignored";
/// and its list has no value for a flag that is none.
fn flags_of_what_is_not_active_and_of_no_operation_are_passed_over(t: &Test) {
    let b = bench(t);
    for flags in [CKF_ENCRYPT, CKF_GENERATE | CKF_WRAP | CKF_DERIVE | CKF_HW, 1 << 40, 1 << 63, u64::MAX] {
        assert_rv!(b.m.session_cancel(b.session, flags), CKR_OK, "{flags:#x}");
    }
    begin_all(&b);
    let never = CKF_GENERATE | CKF_WRAP | CKF_DERIVE | CKF_HW | 1 << 40 | 1 << 63;
    assert_rv!(b.m.session_cancel(b.session, never), CKR_OK);
    assert_eq!(over(&b), [""; 0]);
}

fn no_flag_ends_nothing(t: &Test) {
    let b = bench(t);
    begin_all(&b);
    assert_rv!(b.m.session_cancel(b.session, 0), CKR_OK);
    assert_eq!(over(&b), [""; 0]);
}

/// "The remaining operation should still be left in an active state."
fn half_of_two_operations_at_once_goes_on(t: &Test) {
    let b = bench(t);
    let (m, session) = (b.m, b.session);
    let begin = || {
        assert_rv!(m.digest_init(session, Some(&mechanism(CKM_SHA256))), CKR_OK);
        assert_rv!(m.encrypt_init(session, Some(&mechanism(CKM_AES_ECB)), b.aes), CKR_OK);
        let out = &mut [0; 32];
        let rv = m.digest_encrypt_update(session, Sent::from(&[3; 16]), Out::buffer(out)).0;
        assert_rv!(rv, CKR_OK);
    };
    begin();
    assert_rv!(m.session_cancel(session, CKF_DIGEST), CKR_OK);
    assert_rv!(m.encrypt_final(session, Out::buffer(&mut [0; 32])).0, CKR_OK);
    begin();
    assert_rv!(m.session_cancel(session, CKF_ENCRYPT), CKR_OK);
    assert_rv!(m.digest_final(session, Out::buffer(&mut [0; 32])).0, CKR_OK);
}

fn the_operations_of_another_session_go_on(t: &Test) {
    let b = bench(t);
    begin_all(&b);
    let (rv, slot) = b.m.session_info(b.session);
    assert_rv!(rv, CKR_OK);
    let (rv, other) = b.m.open_session(slot.slotID, cryptoki_sys::CKF_SERIAL_SESSION);
    assert_rv!(rv, CKR_OK);
    assert_rv!(b.m.session_cancel(other, u64::MAX), CKR_OK);
    assert_eq!(over(&b), [""; 0]);
}

fn a_bad_session_and_a_library_that_is_not_there_go_first(t: &Test) {
    let b = bench(t);
    assert_rv!(b.m.session_cancel(0, 0), CKR_SESSION_HANDLE_INVALID);
    assert_rv!(b.m.session_cancel(b.session ^ (1 << 40), CKF_SIGN), CKR_SESSION_HANDLE_INVALID);
    assert_rv!(b.m.finalize(), CKR_OK);
    assert_rv!(b.m.session_cancel(b.session, CKF_SIGN), CKR_CRYPTOKI_NOT_INITIALIZED);
}
