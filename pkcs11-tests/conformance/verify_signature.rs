//! Section 5.15.7 to 5.15.10: verification of a signature that is given first. SoftHSM, of 2.40, has none of it.

use cryptoki_sys::{
    CK_MECHANISM, CKA_PRIVATE, CKA_VERIFY, CKF_VERIFY, CKM_ECDSA, CKM_HOTP, CKM_RSA_PKCS, CKM_SHA256,
    CKM_SHA256_HMAC, CKM_SHA256_RSA_PKCS, CKR_ARGUMENTS_BAD, CKR_CRYPTOKI_NOT_INITIALIZED,
    CKR_DATA_LEN_RANGE, CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_KEY_HANDLE_INVALID, CKR_KEY_TYPE_INCONSISTENT,
    CKR_MECHANISM_INVALID, CKR_MECHANISM_PARAM_INVALID, CKR_OK, CKR_OPERATION_ACTIVE,
    CKR_OPERATION_NOT_INITIALIZED, CKR_SESSION_HANDLE_INVALID, CKR_SIGNATURE_INVALID,
    CKR_SIGNATURE_LEN_RANGE, CKR_STATE_UNSAVEABLE,
};
use pkcs11_tests::keys::{Kind, Pair, generate, sign};
use pkcs11_tests::mechanisms::operation::SIGNING;
use pkcs11_tests::mechanisms::{Keyring, flags, listed, row};
use pkcs11_tests::raw::parameters::with;
use pkcs11_tests::{Module, Out, Sent, Test, assert_rv, mechanism, on_claviger};

use crate::secret_keys::{create, generic, secret_template};

on_claviger!(
    every_mechanism_that_verifies_does_so_with_the_signature_first,
    every_flipped_byte_is_seen,
    a_signature_of_wrong_length_is_told_at_the_end,
    the_signature_is_kept_and_the_applications_may_change,
    after_a_verdict_the_operation_is_over,
    without_init_every_step_is_refused,
    init_twice_is_refused_and_no_mechanism_ends_it,
    it_runs_beside_a_verification_of_the_other_kind,
    one_shot_after_update_is_refused,
    keys_and_mechanisms_are_judged_as_for_c_verify_init,
    data_of_a_length_that_the_mechanism_does_not_take_is_told,
    nulls_and_wild_lengths_end_the_operation,
    a_bad_session_and_a_library_that_is_not_there_go_first,
    an_operation_does_not_outlive_the_login,
    a_state_that_keeps_a_signature_is_not_saved,
);

const DATA: &[u8] = &[5; 32];

fn signed(t: &Test) -> (u64, Pair, CK_MECHANISM, Vec<u8>) {
    let session = t.token().user_session();
    let pair = generate(t.module, session, Kind::Rsa, false, "verifier");
    let by = mechanism(CKM_SHA256_RSA_PKCS);
    let signature = sign(t.module, session, &by, pair.private, DATA).unwrap();
    (session, pair, by, signature)
}

fn begin(m: &Module, session: u64, by: &CK_MECHANISM, key: u64, signature: &[u8]) {
    assert_rv!(m.verify_signature_init(session, Some(by), key, signature.into()), CKR_OK);
}

fn verdict(m: &Module, session: u64, by: &CK_MECHANISM, key: u64, data: &[u8], signature: &[u8]) -> u64 {
    begin(m, session, by, key, signature);
    m.verify_signature(session, data.into())
}

/// Section 5.15.7: "any mechanism that supports C_VerifyInit must also support C_VerifySignatureInit".
fn every_mechanism_that_verifies_does_so_with_the_signature_first(t: &Test) {
    let token = t.token();
    let (m, session) = (t.module, token.user_session());
    let keyring = Keyring::new(m, session);
    let mut walked = 0;
    for kind in listed(&token).into_iter().filter(|kind| flags(&token, *kind) & CKF_VERIFY != 0) {
        // What it signs is of no message: the next test of its own file verifies it.
        if kind == CKM_HOTP {
            continue;
        }
        let row = row(kind);
        let (keys, message) = (keyring.keys(row.key), vec![0x21; row.message.fitting(3)]);
        let ready = row.ready_for(message.len());
        let by = ready.mechanism();
        let signature = SIGNING.whole(m, session, &by, keys.private, &message).unwrap();
        assert_rv!(verdict(m, session, &by, keys.public, &message, &signature), CKR_OK, "{}", row.name);
        begin(m, session, &by, keys.public, &signature);
        for part in message.chunks(7) {
            assert_rv!(m.verify_signature_update(session, part.into()), CKR_OK, "{}", row.name);
        }
        assert_rv!(m.verify_signature_final(session), CKR_OK, "{}", row.name);
        let mut wrong = signature;
        *wrong.last_mut().unwrap() ^= 1;
        let rv = verdict(m, session, &by, keys.public, &message, &wrong);
        assert_rv!(rv, CKR_SIGNATURE_INVALID, "{}", row.name);
        walked += 1;
    }
    assert!(walked > 100, "{walked} mechanisms verify");
}

fn every_flipped_byte_is_seen(t: &Test) {
    let (session, pair, by, signature) = signed(t);
    for at in 0..signature.len() {
        let mut wrong = signature.clone();
        wrong[at] ^= 1;
        let rv = verdict(t.module, session, &by, pair.public, DATA, &wrong);
        assert_rv!(rv, CKR_SIGNATURE_INVALID, "byte {at}");
    }
    assert_rv!(verdict(t.module, session, &by, pair.public, &[6; 32], &signature), CKR_SIGNATURE_INVALID);
}

/// The list of C_VerifySignatureInit has no value for it.
fn a_signature_of_wrong_length_is_told_at_the_end(t: &Test) {
    let (session, pair, by, signature) = signed(t);
    let m = t.module;
    for len in [0, 1, 255, 257, 5000] {
        let mut wrong = signature.clone();
        wrong.resize(len, 0);
        let rv = verdict(m, session, &by, pair.public, DATA, &wrong);
        assert_rv!(rv, CKR_SIGNATURE_LEN_RANGE, "{len} bytes");
        begin(m, session, &by, pair.public, &wrong);
        assert_rv!(m.verify_signature_update(session, DATA.into()), CKR_OK);
        assert_rv!(m.verify_signature_final(session), CKR_SIGNATURE_LEN_RANGE, "{len} bytes");
    }
}

fn the_signature_is_kept_and_the_applications_may_change(t: &Test) {
    let (session, pair, by, mut signature) = signed(t);
    begin(t.module, session, &by, pair.public, &signature);
    signature.fill(0);
    assert_rv!(t.module.verify_signature(session, DATA.into()), CKR_OK);
}

fn after_a_verdict_the_operation_is_over(t: &Test) {
    let (session, pair, by, signature) = signed(t);
    let m = t.module;
    for (data, expected) in [(DATA, CKR_OK), (&[0; 7], CKR_SIGNATURE_INVALID)] {
        assert_rv!(verdict(m, session, &by, pair.public, data, &signature), expected);
        assert_rv!(m.verify_signature(session, data.into()), CKR_OPERATION_NOT_INITIALIZED);
        begin(m, session, &by, pair.public, &signature);
        assert_rv!(m.verify_signature_update(session, data.into()), CKR_OK);
        assert_rv!(m.verify_signature_final(session), expected);
        assert_rv!(m.verify_signature_final(session), CKR_OPERATION_NOT_INITIALIZED);
    }
}

fn without_init_every_step_is_refused(t: &Test) {
    let (session, pair, by, _) = signed(t);
    let m = t.module;
    // Not even what C_VerifyInit began.
    assert_rv!(m.verify_init(session, Some(&by), pair.public), CKR_OK);
    assert_rv!(m.verify_signature(session, DATA.into()), CKR_OPERATION_NOT_INITIALIZED);
    assert_rv!(m.verify_signature_update(session, DATA.into()), CKR_OPERATION_NOT_INITIALIZED);
    assert_rv!(m.verify_signature_final(session), CKR_OPERATION_NOT_INITIALIZED);
}

fn init_twice_is_refused_and_no_mechanism_ends_it(t: &Test) {
    let (session, pair, by, signature) = signed(t);
    let m = t.module;
    let again = || m.verify_signature_init(session, Some(&by), pair.public, Sent::from(&signature));
    assert_rv!(again(), CKR_OK);
    assert_rv!(again(), CKR_OPERATION_ACTIVE);
    assert_rv!(m.verify_signature_init(session, None, 0, Sent::null(0)), CKR_OK);
    assert_rv!(m.verify_signature(session, DATA.into()), CKR_OPERATION_NOT_INITIALIZED);
    assert_rv!(m.verify_signature_init(session, None, 0, Sent::null(0)), CKR_OK, "nothing was active");
}

/// Section 5.6: one operation of each kind.
fn it_runs_beside_a_verification_of_the_other_kind(t: &Test) {
    let (session, pair, by, signature) = signed(t);
    let m = t.module;
    assert_rv!(m.verify_init(session, Some(&by), pair.public), CKR_OK);
    begin(m, session, &by, pair.public, &signature);
    assert_rv!(m.verify_update(session, Sent::from(b"other data")), CKR_OK);
    assert_rv!(m.verify_signature_update(session, DATA.into()), CKR_OK);
    assert_rv!(m.verify_signature_final(session), CKR_OK);
    assert_rv!(m.verify_final(session, Sent::from(&signature)), CKR_SIGNATURE_INVALID);
}

fn one_shot_after_update_is_refused(t: &Test) {
    let (session, pair, by, signature) = signed(t);
    let m = t.module;
    begin(m, session, &by, pair.public, &signature);
    assert_rv!(m.verify_signature_update(session, DATA.into()), CKR_OK);
    assert_rv!(m.verify_signature(session, DATA.into()), CKR_OPERATION_NOT_INITIALIZED);
}

fn keys_and_mechanisms_are_judged_as_for_c_verify_init(t: &Test) {
    let (session, pair, by, signature) = signed(t);
    let m = t.module;
    let begin =
        |by: &CK_MECHANISM, key| m.verify_signature_init(session, Some(by), key, Sent::from(&signature));
    for handle in [0, 4711, u64::MAX] {
        assert_rv!(begin(&by, handle), CKR_KEY_HANDLE_INVALID);
    }
    for kind in [CKM_SHA256, 0x7FFF_FFFF] {
        assert_rv!(begin(&mechanism(kind), pair.public), CKR_MECHANISM_INVALID);
    }
    assert_rv!(begin(&mechanism(CKM_ECDSA), pair.public), CKR_KEY_TYPE_INCONSISTENT);
    assert_rv!(begin(&with(CKM_RSA_PKCS, &[1u8; 4]), pair.public), CKR_MECHANISM_PARAM_INVALID);
    let silent = secret_template(cryptoki_sys::CKK_GENERIC_SECRET, &[1; 32]).boolean(CKA_VERIFY, false);
    let silent = create(m, session, &silent);
    assert_rv!(begin(&mechanism(CKM_SHA256_HMAC), silent), CKR_KEY_FUNCTION_NOT_PERMITTED);
    assert_rv!(begin(&by, pair.public), CKR_OK, "nothing was left active");
}

fn data_of_a_length_that_the_mechanism_does_not_take_is_told(t: &Test) {
    let (session, pair, ..) = signed(t);
    let m = t.module;
    let plain = mechanism(CKM_RSA_PKCS);
    let rv = verdict(m, session, &plain, pair.public, &[1; 300], &[1; 256]);
    assert_rv!(rv, CKR_DATA_LEN_RANGE);
    begin(m, session, &plain, pair.public, &[1; 256]);
    assert_rv!(m.verify_signature_update(session, Sent::from(&[1; 300])), CKR_DATA_LEN_RANGE);
    assert_rv!(m.verify_signature_final(session), CKR_OPERATION_NOT_INITIALIZED);
    let hashed = mechanism(cryptoki_sys::CKM_RSA_PKCS_PSS);
    assert_rv!(
        m.verify_signature_init(session, Some(&hashed), pair.public, Sent::from(&[1; 256])),
        CKR_MECHANISM_PARAM_INVALID
    );
    let sized = pkcs11_tests::pss(
        cryptoki_sys::CKM_RSA_PKCS_PSS,
        &cryptoki_sys::CK_RSA_PKCS_PSS_PARAMS {
            hashAlg: CKM_SHA256,
            mgf: cryptoki_sys::CKG_MGF1_SHA256,
            sLen: 32,
        },
    );
    begin(m, session, &sized, pair.public, &[1; 256]);
    assert_rv!(m.verify_signature_update(session, Sent::from(&[1; 31])), CKR_OK);
    assert_rv!(m.verify_signature_final(session), CKR_DATA_LEN_RANGE);
}

fn nulls_and_wild_lengths_end_the_operation(t: &Test) {
    let (session, pair, by, signature) = signed(t);
    let m = t.module;
    for data in
        [Sent::null(1), Sent::null(u64::MAX), Sent::claiming(b"x", u64::MAX), Sent::claiming(b"x", 1 << 63)]
    {
        let rv = m.verify_signature_init(session, Some(&by), pair.public, data);
        assert_rv!(rv, CKR_ARGUMENTS_BAD);
        begin(m, session, &by, pair.public, &signature);
        assert_rv!(m.verify_signature(session, data), CKR_ARGUMENTS_BAD);
        begin(m, session, &by, pair.public, &signature);
        assert_rv!(m.verify_signature_update(session, data), CKR_ARGUMENTS_BAD);
        assert_rv!(m.verify_signature_final(session), CKR_OPERATION_NOT_INITIALIZED);
    }
}

fn a_bad_session_and_a_library_that_is_not_there_go_first(t: &Test) {
    let (session, pair, by, signature) = signed(t);
    let m = t.module;
    let each = |session| {
        [
            m.verify_signature_init(session, Some(&by), pair.public, Sent::from(&signature)),
            m.verify_signature(session, Sent::null(1)),
            m.verify_signature_update(session, Sent::null(1)),
            m.verify_signature_final(session),
        ]
    };
    assert_eq!(each(session ^ (1 << 40)), [CKR_SESSION_HANDLE_INVALID; 4]);
    assert_rv!(m.finalize(), CKR_OK);
    assert_eq!(each(session), [CKR_CRYPTOKI_NOT_INITIALIZED; 4]);
}

/// No list of the three has CKR_USER_NOT_LOGGED_IN: the operation is over.
fn an_operation_does_not_outlive_the_login(t: &Test) {
    let token = t.token();
    let m = t.module;
    let steps: [fn(&Module, u64) -> u64; 3] = [
        |m, session| m.verify_signature(session, DATA.into()),
        |m, session| m.verify_signature_update(session, DATA.into()),
        Module::verify_signature_final,
    ];
    for step in steps {
        let session = token.user_session();
        let private = secret_template(cryptoki_sys::CKK_GENERIC_SECRET, &[1; 32]).boolean(CKA_PRIVATE, true);
        let key = create(m, session, &private.boolean(CKA_VERIFY, true));
        begin(m, session, &mechanism(CKM_SHA256_HMAC), key, &[1; 32]);
        assert_rv!(m.logout(session), CKR_OK);
        assert_rv!(step(m, session), CKR_OPERATION_NOT_INITIALIZED);
        assert_rv!(m.close_session(session), CKR_OK);
    }
}

/// Section 5.6.6: what cannot be saved for whatever reason.
fn a_state_that_keeps_a_signature_is_not_saved(t: &Test) {
    let session = t.token().user_session();
    let m = t.module;
    let key = generic(m, session, &[2; 32]);
    begin(m, session, &mechanism(CKM_SHA256_HMAC), key, &[1; 32]);
    assert_rv!(m.operation_state(session, Out::query()).0, CKR_STATE_UNSAVEABLE);
    assert_rv!(m.verify_signature(session, DATA.into()), CKR_SIGNATURE_INVALID);
}
