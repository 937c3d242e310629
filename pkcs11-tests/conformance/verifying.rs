//! Section 5.15: verification.

use cryptoki_sys::{
    CK_MECHANISM, CKA_VERIFY, CKM_ECDSA, CKM_SHA256_RSA_PKCS, CKR_ARGUMENTS_BAD,
    CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_KEY_HANDLE_INVALID, CKR_OK, CKR_OPERATION_ACTIVE,
    CKR_OPERATION_NOT_INITIALIZED, CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE,
};
use pkcs11_tests::keys::{Kind, Pair, generate, sign, verify};
use pkcs11_tests::{Sent, Test, assert_rv, mechanism, on_both, on_claviger};

on_both!(
    every_flipped_byte_is_seen,
    a_signature_of_wrong_length_is_refused_for_its_length,
    after_a_verdict_the_operation_is_over,
    parts_give_the_same_verdict,
    without_init_every_step_is_refused,
    init_twice_is_refused,
    a_key_that_may_not_verify_is_refused,
    one_shot_after_update_is_refused,
    a_public_key_verifies_without_login,
    zeros_and_the_order_are_no_ecdsa_signature,
);
on_claviger!(
    nulls_and_wild_lengths_end_the_operation,
    no_mechanism_ends_the_operation,
    a_key_handle_that_never_was_is_refused,
);

fn signed(t: &Test, kind: Kind) -> (u64, Pair, CK_MECHANISM, Vec<u8>) {
    let session = t.token().user_session();
    let pair = generate(t.module, session, kind, false, "verifier");
    let by = mechanism(if kind == Kind::Rsa { CKM_SHA256_RSA_PKCS } else { CKM_ECDSA });
    let signature = sign(t.module, session, &by, pair.private, &[5; 32]).unwrap();
    (session, pair, by, signature)
}

fn flips(t: &Test, kind: Kind) {
    let (session, pair, by, signature) = signed(t, kind);
    assert_rv!(verify(t.module, session, &by, pair.public, &[5; 32], &signature), CKR_OK);
    for at in 0..signature.len() {
        let mut wrong = signature.clone();
        wrong[at] ^= 1;
        let rv = verify(t.module, session, &by, pair.public, &[5; 32], &wrong);
        assert_rv!(rv, CKR_SIGNATURE_INVALID, "byte {at}");
    }
    assert_rv!(verify(t.module, session, &by, pair.public, &[6; 32], &signature), CKR_SIGNATURE_INVALID);
    assert_rv!(t.module.finalize(), CKR_OK);
    std::fs::remove_dir_all(t.installation.data()).unwrap();
    std::fs::create_dir(t.installation.data()).unwrap();
}

fn every_flipped_byte_is_seen(t: &Test) {
    flips(t, Kind::Rsa);
    flips(t, Kind::P256);
    flips(t, Kind::P384);
}

/// Section 5.15.2: CKR_SIGNATURE_LEN_RANGE when the length alone says it.
fn a_signature_of_wrong_length_is_refused_for_its_length(t: &Test) {
    let (session, pair, by, signature) = signed(t, Kind::Rsa);
    for len in [0, 1, 255, 257, 5000] {
        let mut wrong = signature.clone();
        wrong.resize(len, 0);
        let rv = verify(t.module, session, &by, pair.public, &[5; 32], &wrong);
        assert_rv!(rv, CKR_SIGNATURE_LEN_RANGE, "{len} bytes");
        if !t.is_claviger() {
            // SoftHSM leaves the operation active here; section 5.15.2 ends it.
            let _ended = t.module.verify(session, b"".into(), Sent::from(&signature));
        }
    }
}

fn after_a_verdict_the_operation_is_over(t: &Test) {
    let (session, pair, by, signature) = signed(t, Kind::Rsa);
    let mut wrong = signature.clone();
    wrong[17] ^= 1;
    for (signature, verdict) in [(&signature, CKR_OK), (&wrong, CKR_SIGNATURE_INVALID)] {
        assert_rv!(verify(t.module, session, &by, pair.public, &[5; 32], signature), verdict);
        let rv = t.module.verify(session, [5; 32].as_slice().into(), Sent::from(signature));
        assert_rv!(rv, CKR_OPERATION_NOT_INITIALIZED);
    }
}

fn parts_give_the_same_verdict(t: &Test) {
    let (session, pair, by, _) = signed(t, Kind::Rsa);
    let message = vec![b'm'; 10_000];
    let signature = sign(t.module, session, &by, pair.private, &message).unwrap();
    for (end, verdict) in [(message.len(), CKR_OK), (message.len() - 1, CKR_SIGNATURE_INVALID)] {
        assert_rv!(t.module.verify_init(session, Some(&by), pair.public), CKR_OK);
        for part in message[..end].chunks(777) {
            assert_rv!(t.module.verify_update(session, part.into()), CKR_OK);
        }
        assert_rv!(t.module.verify_final(session, Sent::from(&signature)), verdict);
        assert_rv!(t.module.verify_final(session, Sent::from(&signature)), CKR_OPERATION_NOT_INITIALIZED);
    }
}

fn without_init_every_step_is_refused(t: &Test) {
    let (session, _, _, signature) = signed(t, Kind::Rsa);
    let signature = Sent::from(&signature);
    assert_rv!(t.module.verify(session, b"x".into(), signature), CKR_OPERATION_NOT_INITIALIZED);
    assert_rv!(t.module.verify_update(session, b"x".into()), CKR_OPERATION_NOT_INITIALIZED);
    assert_rv!(t.module.verify_final(session, signature), CKR_OPERATION_NOT_INITIALIZED);
}

fn init_twice_is_refused(t: &Test) {
    let (session, pair, by, signature) = signed(t, Kind::Rsa);
    assert_rv!(t.module.verify_init(session, Some(&by), pair.public), CKR_OK);
    assert_rv!(t.module.verify_init(session, Some(&by), pair.public), CKR_OPERATION_ACTIVE);
    assert_rv!(t.module.verify(session, [5; 32].as_slice().into(), Sent::from(&signature)), CKR_OK);
}

fn a_key_that_may_not_verify_is_refused(t: &Test) {
    let session = t.token().user_session();
    let public = Kind::P256.public_template().without(CKA_VERIFY).boolean(CKA_VERIFY, false);
    let generator = Kind::P256.generator();
    let private = Kind::P256.private_template();
    let (rv, key, _) = t.module.generate_key_pair(session, Some(&generator), &public, &private);
    assert_rv!(rv, CKR_OK);
    let rv = t.module.verify_init(session, Some(&mechanism(CKM_ECDSA)), key);
    assert_rv!(rv, CKR_KEY_FUNCTION_NOT_PERMITTED);
}

/// SoftHSM answers `CKR_OPERATION_ACTIVE` to the next C_VerifyInit; section 5.15.2: C_Verify "always terminates" the
/// operation.
fn nulls_and_wild_lengths_end_the_operation(t: &Test) {
    let (session, pair, by, signature) = signed(t, Kind::Rsa);
    let good = Sent::from(&signature);
    for wild in
        [Sent::null(1), Sent::null(u64::MAX), Sent::claiming(b"x", u64::MAX), Sent::claiming(b"x", 1 << 63)]
    {
        for (data, signature) in [(wild, good), (b"x".into(), wild)] {
            assert_rv!(t.module.verify_init(session, Some(&by), pair.public), CKR_OK);
            assert_rv!(t.module.verify(session, data, signature), CKR_ARGUMENTS_BAD);
        }
        assert_rv!(t.module.verify_init(session, Some(&by), pair.public), CKR_OK);
        assert_rv!(t.module.verify_update(session, wild), CKR_ARGUMENTS_BAD);
        assert_rv!(t.module.verify_final(session, good), CKR_OPERATION_NOT_INITIALIZED);
        assert_rv!(t.module.verify_init(session, Some(&by), pair.public), CKR_OK);
        assert_rv!(t.module.verify_final(session, wild), CKR_ARGUMENTS_BAD);
    }
    assert_rv!(verify(t.module, session, &by, pair.public, &[5; 32], &signature), CKR_OK);
}

/// Section 5.15.1: a null pMechanism terminates the active operation (v3.0).
/// SoftHSM, of 2.40, answers `CKR_ARGUMENTS_BAD`; section 5.15.1 lets a null pMechanism end the operation.
fn no_mechanism_ends_the_operation(t: &Test) {
    let (session, pair, by, _) = signed(t, Kind::Rsa);
    assert_rv!(t.module.verify_init(session, Some(&by), pair.public), CKR_OK);
    assert_rv!(t.module.verify_init(session, None, 0), CKR_OK);
    assert_rv!(t.module.verify_update(session, b"x".into()), CKR_OPERATION_NOT_INITIALIZED);
}

/// Section 5.15.2: C_Verify "cannot be used to terminate a multi-part operation".
fn one_shot_after_update_is_refused(t: &Test) {
    let (session, pair, by, signature) = signed(t, Kind::Rsa);
    assert_rv!(t.module.verify_init(session, Some(&by), pair.public), CKR_OK);
    assert_rv!(t.module.verify_update(session, [5; 16].as_slice().into()), CKR_OK);
    let rv = t.module.verify(session, [5; 16].as_slice().into(), Sent::from(&signature));
    assert!([CKR_OPERATION_ACTIVE, CKR_OPERATION_NOT_INITIALIZED].contains(&rv), "{rv:#x}");
}

/// SoftHSM answers `CKR_OBJECT_HANDLE_INVALID`; section 5.15.1 lists `CKR_KEY_HANDLE_INVALID` alone.
fn a_key_handle_that_never_was_is_refused(t: &Test) {
    let (session, _, by, _) = signed(t, Kind::Rsa);
    for handle in [0, 4711, u64::MAX, 1 << 62] {
        assert_rv!(t.module.verify_init(session, Some(&by), handle), CKR_KEY_HANDLE_INVALID);
    }
}

fn a_public_key_verifies_without_login(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let pair = generate(t.module, session, Kind::P256, true, "verifier");
    let ecdsa = mechanism(CKM_ECDSA);
    let signature = sign(t.module, session, &ecdsa, pair.private, &[5; 32]).unwrap();
    assert_rv!(t.module.logout(session), CKR_OK);
    let reading = token.open_ro();
    assert_rv!(verify(t.module, reading, &ecdsa, pair.public, &[5; 32], &signature), CKR_OK);
}

fn zeros_and_the_order_are_no_ecdsa_signature(t: &Test) {
    let (session, pair, by, _) = signed(t, Kind::P256);
    for wrong in [[0_u8; 64], [0xFF; 64]] {
        let rv = verify(t.module, session, &by, pair.public, &[5; 32], &wrong);
        assert_rv!(rv, CKR_SIGNATURE_INVALID);
    }
}
