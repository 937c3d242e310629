//! Section 5.12: digests.

use cryptoki_sys::{
    CK_MECHANISM, CKM_ECDSA, CKM_RSA_PKCS, CKM_SHA256, CKM_SHA384, CKM_SHA512, CKR_ARGUMENTS_BAD,
    CKR_BUFFER_TOO_SMALL, CKR_MECHANISM_INVALID, CKR_MECHANISM_PARAM_INVALID, CKR_OK, CKR_OPERATION_ACTIVE,
    CKR_OPERATION_NOT_INITIALIZED,
};
use pkcs11_tests::program::{hex, openssl, run_with_input};
use pkcs11_tests::{Out, Sent, Test, assert_rv, mechanism, on_both, on_claviger};

on_both!(
    one_shot_and_parts_give_what_openssl_gives,
    the_empty_message_may_be_a_null_pointer,
    a_query_names_the_length_and_stays_active,
    a_buffer_too_small_names_the_length_and_stays_active,
    without_init_every_step_is_refused,
    init_twice_is_refused,
    a_mechanism_that_is_no_digest_is_refused,
    input_and_output_may_be_one_buffer,
    a_short_buffer_after_parts_keeps_the_result,
);
on_claviger!(
    no_mechanism_ends_the_operation,
    one_shot_after_update_is_refused,
    nulls_and_wild_lengths_end_the_operation,
    parameters_that_the_mechanism_does_not_take_are_refused,
);

const SHA256: CK_MECHANISM =
    CK_MECHANISM { mechanism: CKM_SHA256, pParameter: std::ptr::null_mut(), ulParameterLen: 0 };

fn digest(t: &Test, session: u64, kind: &CK_MECHANISM, data: Sent<'_>) -> Vec<u8> {
    assert_rv!(t.module.digest_init(session, Some(kind)), CKR_OK);
    let mut out = vec![0; 64];
    let (rv, len) = t.module.digest(session, data, Out::buffer(&mut out));
    assert_rv!(rv, CKR_OK);
    out.truncate(usize::try_from(len).unwrap());
    out
}

fn one_shot_and_parts_give_what_openssl_gives(t: &Test) {
    let session = t.token().open_ro();
    let message: Vec<u8> = (0..5000_u32).map(|i| u8::try_from(i * 7 % 251).unwrap()).collect();
    for (kind, name) in [(CKM_SHA256, "-sha256"), (CKM_SHA384, "-sha384"), (CKM_SHA512, "-sha512")] {
        let kind = mechanism(kind);
        for len in [0, 1, 63, 64, 65, 127, 128, 5000] {
            let message = &message[..len];
            let expected = run_with_input(&mut openssl(["dgst", name, "-binary"]), message);
            assert_eq!(hex(&digest(t, session, &kind, message.into())), hex(&expected));
            assert_rv!(t.module.digest_init(session, Some(&kind)), CKR_OK);
            for part in message.chunks(61) {
                assert_rv!(t.module.digest_update(session, part.into()), CKR_OK);
            }
            let mut out = vec![0; 64];
            let (rv, len) = t.module.digest_final(session, Out::buffer(&mut out));
            assert_rv!(rv, CKR_OK);
            assert_eq!(out[..usize::try_from(len).unwrap()], expected);
        }
    }
}

fn the_empty_message_may_be_a_null_pointer(t: &Test) {
    let session = t.token().open_ro();
    if t.is_claviger() {
        let null = digest(t, session, &SHA256, Sent::null(0));
        assert_eq!(null, digest(t, session, &SHA256, b"".into()));
    }
    assert_rv!(t.module.digest_init(session, Some(&SHA256)), CKR_OK);
    let mut out = [0; 32];
    assert_rv!(t.module.digest_final(session, Out::buffer(&mut out)).0, CKR_OK);
    assert_eq!(hex(&out[..8]), "e3b0c44298fc1c14", "no update at all is the empty message");
}

fn a_query_names_the_length_and_stays_active(t: &Test) {
    let session = t.token().open_ro();
    assert_rv!(t.module.digest_init(session, Some(&SHA256)), CKR_OK);
    for _ in 0..3 {
        assert_eq!(t.module.digest(session, b"abc".into(), Out::query()), (CKR_OK, 32));
    }
    let mut out = [0; 32];
    assert_eq!(t.module.digest(session, b"abc".into(), Out::buffer(&mut out)), (CKR_OK, 32));
    assert_eq!(hex(&out[..8]), "ba7816bf8f01cfea");
    assert_rv!(t.module.digest(session, b"abc".into(), Out::query()).0, CKR_OPERATION_NOT_INITIALIZED);
}

fn a_buffer_too_small_names_the_length_and_stays_active(t: &Test) {
    let session = t.token().open_ro();
    assert_rv!(t.module.digest_init(session, Some(&SHA256)), CKR_OK);
    let mut out = [0xA5; 32];
    for len in [0, 1, 31] {
        let answer = t.module.digest(session, b"abc".into(), Out::buffer(&mut out[..len]));
        assert_eq!(answer, (CKR_BUFFER_TOO_SMALL, 32));
    }
    assert_eq!(out, [0xA5; 32], "nothing was written");
    assert_eq!(t.module.digest(session, b"abc".into(), Out::buffer(&mut out)), (CKR_OK, 32));
    assert_eq!(hex(&out[..8]), "ba7816bf8f01cfea");
}

fn a_short_buffer_after_parts_keeps_the_result(t: &Test) {
    let session = t.token().open_ro();
    assert_rv!(t.module.digest_init(session, Some(&SHA256)), CKR_OK);
    assert_rv!(t.module.digest_update(session, b"abc".into()), CKR_OK);
    let mut out = [0; 32];
    assert_eq!(t.module.digest_final(session, Out::query()), (CKR_OK, 32));
    assert_eq!(t.module.digest_final(session, Out::buffer(&mut out[..5])), (CKR_BUFFER_TOO_SMALL, 32));
    assert_eq!(t.module.digest_final(session, Out::buffer(&mut out)), (CKR_OK, 32));
    assert_eq!(hex(&out[..8]), "ba7816bf8f01cfea");
    assert_rv!(t.module.digest_final(session, Out::query()).0, CKR_OPERATION_NOT_INITIALIZED);
}

fn without_init_every_step_is_refused(t: &Test) {
    let session = t.token().open_ro();
    assert_rv!(t.module.digest(session, b"abc".into(), Out::query()).0, CKR_OPERATION_NOT_INITIALIZED);
    assert_rv!(t.module.digest_update(session, b"abc".into()), CKR_OPERATION_NOT_INITIALIZED);
    assert_rv!(t.module.digest_final(session, Out::query()).0, CKR_OPERATION_NOT_INITIALIZED);
}

fn init_twice_is_refused(t: &Test) {
    let session = t.token().open_ro();
    assert_rv!(t.module.digest_init(session, Some(&SHA256)), CKR_OK);
    assert_rv!(t.module.digest_init(session, Some(&SHA256)), CKR_OPERATION_ACTIVE);
    let mut out = [0; 32];
    assert_rv!(t.module.digest(session, b"abc".into(), Out::buffer(&mut out)).0, CKR_OK);
}

fn a_mechanism_that_is_no_digest_is_refused(t: &Test) {
    let session = t.token().open_ro();
    for kind in [CKM_RSA_PKCS, CKM_ECDSA, 0x7FFF_FFFF, u64::MAX] {
        assert_rv!(t.module.digest_init(session, Some(&mechanism(kind))), CKR_MECHANISM_INVALID);
    }
    assert_rv!(t.module.digest_init(session, Some(&SHA256)), CKR_OK);
}

/// SoftHSM takes them (`CKR_OK`); section 5.12.1 lists `CKR_MECHANISM_PARAM_INVALID`.
fn parameters_that_the_mechanism_does_not_take_are_refused(t: &Test) {
    let session = t.token().open_ro();
    let mut bytes = [1_u8; 8];
    for (pointer, len) in [(bytes.as_mut_ptr(), 8), (bytes.as_mut_ptr(), u64::MAX), (std::ptr::null_mut(), 8)]
    {
        let odd = CK_MECHANISM { mechanism: CKM_SHA256, pParameter: pointer.cast(), ulParameterLen: len };
        let rv = t.module.digest_init(session, Some(&odd));
        assert!([CKR_MECHANISM_PARAM_INVALID, CKR_ARGUMENTS_BAD].contains(&rv), "{rv:#x}");
    }
    assert_rv!(t.module.digest_init(session, Some(&SHA256)), CKR_OK);
}

fn input_and_output_may_be_one_buffer(t: &Test) {
    let session = t.token().open_ro();
    let expected = digest(t, session, &SHA256, [7_u8; 40].as_slice().into());
    let mut buffer = [7_u8; 40];
    assert_rv!(t.module.digest_init(session, Some(&SHA256)), CKR_OK);
    let shared = Sent::claiming(&buffer, 40);
    let (rv, len) = t.module.digest(session, shared, Out::over(shared, 40));
    assert_rv!(rv, CKR_OK);
    assert_eq!(len, 32);
    let written = std::hint::black_box(&mut buffer);
    assert_eq!(written[..32], expected);
    assert_eq!(written[32..], [7; 8]);
}

/// Section 5.12.1: a null pMechanism terminates the active operation (v3.0).
/// SoftHSM, of 2.40, answers `CKR_ARGUMENTS_BAD`; section 5.12.1 lets a null pMechanism end the operation.
fn no_mechanism_ends_the_operation(t: &Test) {
    let session = t.token().open_ro();
    assert_rv!(t.module.digest_init(session, Some(&SHA256)), CKR_OK);
    assert_rv!(t.module.digest_init(session, None), CKR_OK);
    assert_rv!(t.module.digest_update(session, b"abc".into()), CKR_OPERATION_NOT_INITIALIZED);
    assert_rv!(t.module.digest_init(session, Some(&SHA256)), CKR_OK);
}

/// Section 5.12.2: C_Digest "cannot be used to terminate a multi-part operation".
/// SoftHSM answers `CKR_OK`; section 5.12.2 wants no C_DigestUpdate in between.
fn one_shot_after_update_is_refused(t: &Test) {
    let session = t.token().open_ro();
    assert_rv!(t.module.digest_init(session, Some(&SHA256)), CKR_OK);
    assert_rv!(t.module.digest_update(session, b"ab".into()), CKR_OK);
    let mut out = [0; 32];
    let (rv, _) = t.module.digest(session, b"c".into(), Out::buffer(&mut out));
    assert!([CKR_OPERATION_ACTIVE, CKR_OPERATION_NOT_INITIALIZED].contains(&rv), "{rv:#x}");
    assert_eq!(out, [0; 32]);
}

/// SoftHSM answers `CKR_OPERATION_ACTIVE` to the next C_DigestInit; section 5.12.2 ends the operation with any error
/// but `CKR_BUFFER_TOO_SMALL`.
fn nulls_and_wild_lengths_end_the_operation(t: &Test) {
    let session = t.token().open_ro();
    let mut out = [0; 32];
    let wild = [
        Sent::null(1),
        Sent::null(u64::MAX),
        Sent::claiming(b"abc", u64::MAX),
        Sent::claiming(b"abc", 1 << 63),
    ];
    for data in wild {
        assert_rv!(t.module.digest_init(session, Some(&SHA256)), CKR_OK);
        let (rv, _) = t.module.digest(session, data, Out::buffer(&mut out));
        assert_rv!(rv, CKR_ARGUMENTS_BAD);
        assert_rv!(t.module.digest_init(session, Some(&SHA256)), CKR_OK, "the operation is over");
        assert_rv!(t.module.digest_update(session, data), CKR_ARGUMENTS_BAD);
        let (rv, _) = t.module.digest_final(session, Out::buffer(&mut out));
        assert_rv!(rv, CKR_OPERATION_NOT_INITIALIZED, "an error in an update ends the operation");
    }
    assert_rv!(t.module.digest_init(session, Some(&SHA256)), CKR_OK);
    let (rv, _) = t.module.digest(session, b"abc".into(), Out::without_length(&mut out));
    assert_rv!(rv, CKR_ARGUMENTS_BAD);
    assert_eq!(out, [0; 32]);
    assert_eq!(digest(t, session, &SHA256, b"abc".into()).len(), 32);
}
