//! Sections 5.6.6, 5.6.7, 5.12.4 and 5.17: the state of operations, the digest of a key, and two operations at once.

use cryptoki_sys::{
    CK_MECHANISM, CKF_RW_SESSION, CKF_SERIAL_SESSION, CKM_AES_CBC, CKM_AES_CBC_PAD, CKM_AES_ECB,
    CKM_AES_KEY_WRAP_KWP, CKM_ECDSA_SHA256, CKM_SHA256, CKM_SHA256_HMAC, CKM_SHA256_RSA_PKCS,
    CKR_ARGUMENTS_BAD, CKR_BUFFER_TOO_SMALL, CKR_KEY_CHANGED, CKR_KEY_HANDLE_INVALID, CKR_KEY_INDIGESTIBLE,
    CKR_KEY_NEEDED, CKR_KEY_NOT_NEEDED, CKR_OK, CKR_OPERATION_NOT_INITIALIZED, CKR_SAVED_STATE_INVALID,
    CKR_STATE_UNSAVEABLE, CKU_USER,
};
use pkcs11_tests::keys::{Kind, generate, sign};
use pkcs11_tests::raw::parameters::{ctr, gcm, with};
use pkcs11_tests::token::{LABEL, SO_PIN, empty_slots};
use pkcs11_tests::{Module, Out, Sent, Test, Token, USER_PIN, assert_rv, mechanism, on_both, on_claviger};

use crate::secret_keys::{Cipher, DECRYPTION, ENCRYPTION, Step, aes, generic, whole};

on_both!(a_digest_takes_keys_between_parts);
on_claviger!(
    a_digest_goes_on_in_another_session,
    a_signature_goes_on_with_its_key_alone,
    a_signature_of_a_pair_goes_on_in_another_session,
    encryption_and_decryption_go_on_in_another_session,
    an_encryption_goes_on_with_its_key_alone,
    a_state_of_before_the_first_part_may_still_be_done_at_once,
    what_cannot_be_saved_is_told,
    recovery_is_no_operation_that_can_be_saved,
    a_state_belongs_to_one_token_and_one_state_of_its_session,
    without_an_operation_there_is_no_state,
    a_state_that_is_not_ours_is_refused,
    a_state_of_before_finalize_is_refused,
    a_state_keeps_the_rules_of_buffers,
    a_state_shows_nothing_of_what_went_in,
    a_digest_takes_no_other_key,
    digesting_and_encrypting_at_once_is_both,
    signing_and_encrypting_at_once_is_both,
    two_at_once_needs_both,
    a_small_buffer_for_two_at_once_changes_neither,
);

fn finished(m: &Module, session: u64) -> Vec<u8> {
    let mut digest = vec![0; 32];
    assert_eq!(m.digest_final(session, Out::buffer(&mut digest)), (CKR_OK, 32));
    digest
}

fn digest_of(m: &Module, session: u64, data: &[u8]) -> Vec<u8> {
    assert_rv!(m.digest_init(session, Some(&mechanism(CKM_SHA256))), CKR_OK);
    assert_rv!(m.digest_update(session, Sent::from(data)), CKR_OK);
    finished(m, session)
}

fn state(m: &Module, session: u64) -> Vec<u8> {
    let (rv, len) = m.operation_state(session, Out::query());
    assert_rv!(rv, CKR_OK);
    let mut state = vec![0; usize::try_from(len).unwrap()];
    let (rv, len) = m.operation_state(session, Out::buffer(&mut state));
    assert_rv!(rv, CKR_OK);
    state.truncate(usize::try_from(len).unwrap());
    state
}

/// SoftHSM has no operation state (`CKR_FUNCTION_NOT_SUPPORTED`, as section 5.1.6 allows); sections 5.6.6 and 5.6.7.
fn a_digest_goes_on_in_another_session(t: &Test) {
    let token = t.token();
    let (first, second) = (token.open_ro(), token.open_ro());
    assert_rv!(t.module.digest_init(first, Some(&mechanism(CKM_SHA256))), CKR_OK);
    assert_rv!(t.module.digest_update(first, Sent::from(b"one ")), CKR_OK);
    let saved = state(t.module, first);
    assert_rv!(t.module.digest_update(first, Sent::from(b"two")), CKR_OK);
    let expected = finished(t.module, first);
    for session in [second, first] {
        assert_rv!(t.module.set_operation_state(session, Sent::from(&saved), 0, 0), CKR_OK);
        assert_rv!(t.module.digest_update(session, Sent::from(b"two")), CKR_OK);
        assert_eq!(finished(t.module, session), expected);
    }
    assert_eq!(expected, digest_of(t.module, first, b"one two"));
}

/// SoftHSM has no operation state (`CKR_FUNCTION_NOT_SUPPORTED`, as section 5.1.6 allows); sections 5.6.6 and 5.6.7.
fn a_signature_goes_on_with_its_key_alone(t: &Test) {
    let session = t.token().user_session();
    let m = t.module;
    let by = mechanism(CKM_SHA256_HMAC);
    let (key, other) = (generic(m, session, &[1; 32]), generic(m, session, &[1; 32]));
    let pair = generate(m, session, Kind::P256, false, "pair");
    let expected = sign(m, session, &by, key, b"one two").unwrap();
    assert_rv!(m.sign_init(session, Some(&by), key), CKR_OK);
    assert_rv!(m.sign_update(session, Sent::from(b"one ")), CKR_OK);
    let saved = state(m, session);
    let set = |encryption, authentication| {
        m.set_operation_state(session, Sent::from(&saved), encryption, authentication)
    };
    assert_rv!(set(0, 0), CKR_KEY_NEEDED);
    assert_rv!(set(key, key), CKR_KEY_NOT_NEEDED);
    for wrong in [other, pair.private, 77_777] {
        assert_rv!(set(0, wrong), CKR_KEY_CHANGED);
    }
    assert_rv!(set(0, key), CKR_OK);
    assert_rv!(m.sign_update(session, Sent::from(b"two")), CKR_OK);
    let mut signature = [0; 32];
    assert_eq!(m.sign_final(session, Out::buffer(&mut signature)), (CKR_OK, 32));
    assert_eq!(expected, signature);
}

/// Encrypts or decrypts `data` in two parts, the second in another session with the state of the first.
fn in_two_sessions(
    m: &Module,
    cipher: Cipher,
    sessions: [u64; 2],
    by: &CK_MECHANISM,
    key: u64,
    data: &[u8],
) -> Vec<u8> {
    let mut all = Vec::new();
    let mut took = |(rv, len): (u64, u64), room: &[u8]| {
        assert_rv!(rv, CKR_OK);
        all.extend_from_slice(&room[..usize::try_from(len).unwrap()]);
    };
    let mut room = vec![0; data.len() + 64];
    let (before, after) = data.split_at(data.len() / 2 + 3);
    let [first, second] = sessions;
    assert_rv!((cipher.begin)(m, first, Some(by), key), CKR_OK);
    took((cipher.update)(m, first, Sent::from(before), Out::buffer(&mut room)), &room);
    let saved = state(m, first);
    assert_rv!((cipher.begin)(m, first, None, 0), CKR_OK);
    assert_rv!(m.set_operation_state(second, Sent::from(&saved), key, 0), CKR_OK);
    let (rv, _) = (cipher.whole)(m, first, Sent::from(after), Out::buffer(&mut room));
    assert_rv!(rv, CKR_OPERATION_NOT_INITIALIZED, "the first session has none any more");
    took((cipher.update)(m, second, Sent::from(after), Out::buffer(&mut room)), &room);
    took((cipher.last)(m, second, Out::buffer(&mut room)), &room);
    all
}

/// SoftHSM has no operation state (`CKR_FUNCTION_NOT_SUPPORTED`, as section 5.1.6 allows); sections 5.6.6 and 5.6.7.
fn encryption_and_decryption_go_on_in_another_session(t: &Test) {
    let token = t.token();
    let sessions = [token.user_session(), token.open_rw()];
    let m = t.module;
    let key = aes(m, sessions[0], &[1; 16]);
    let iv = [7; 16];
    let (counter, sealing) = (ctr(64, iv), gcm(Sent::from(&iv), Sent::from(b"aad"), 128));
    let data: Vec<u8> = (0..80).collect();
    for (by, also_encryption) in [
        (mechanism(CKM_AES_ECB), true),
        (with(CKM_AES_CBC, &iv), true),
        (with(CKM_AES_CBC_PAD, &iv), true),
        (counter.mechanism(), true),
        (sealing.mechanism(), false),
        (mechanism(CKM_AES_KEY_WRAP_KWP), true),
    ] {
        let sealed = whole(m, ENCRYPTION, sessions[0], &by, key, &data).unwrap();
        assert_eq!(in_two_sessions(m, DECRYPTION, sessions, &by, key, &sealed), data, "{:#x}", by.mechanism);
        if also_encryption {
            assert_eq!(in_two_sessions(m, ENCRYPTION, sessions, &by, key, &data), sealed);
        }
    }
}

/// SoftHSM has no operation state (`CKR_FUNCTION_NOT_SUPPORTED`, as section 5.1.6 allows); sections 5.6.6 and 5.6.7.
fn an_encryption_goes_on_with_its_key_alone(t: &Test) {
    let session = t.token().user_session();
    let m = t.module;
    let by = with(CKM_AES_CBC_PAD, &[7u8; 16]);
    let (key, other, secret) =
        (aes(m, session, &[1; 16]), aes(m, session, &[1; 16]), generic(m, session, &[1; 16]));
    for cipher in [ENCRYPTION, DECRYPTION] {
        assert_rv!((cipher.begin)(m, session, Some(&by), key), CKR_OK);
        assert_rv!((cipher.update)(m, session, Sent::from(&[3; 17]), Out::buffer(&mut [0; 64])).0, CKR_OK);
        let saved = state(m, session);
        let set = |encryption, authentication| {
            m.set_operation_state(session, Sent::from(&saved), encryption, authentication)
        };
        assert_rv!(set(0, 0), CKR_KEY_NEEDED);
        assert_rv!(set(0, key), CKR_KEY_NEEDED);
        assert_rv!(set(key, key), CKR_KEY_NOT_NEEDED);
        for wrong in [other, secret, 77_777] {
            assert_rv!(set(wrong, 0), CKR_KEY_CHANGED);
        }
        assert_rv!(set(key, 0), CKR_OK);
        assert_rv!((cipher.begin)(m, session, None, 0), CKR_OK);
    }
}

/// SoftHSM has no operation state (`CKR_FUNCTION_NOT_SUPPORTED`, as section 5.1.6 allows); sections 5.6.6 and 5.6.7.
fn a_signature_of_a_pair_goes_on_in_another_session(t: &Test) {
    let token = t.token();
    let (first, second) = (token.user_session(), token.open_rw());
    let m = t.module;
    for (kind, by) in [(Kind::Rsa, CKM_SHA256_RSA_PKCS), (Kind::P256, CKM_ECDSA_SHA256)] {
        let (pair, by) = (generate(m, first, kind, false, "pair"), mechanism(by));
        assert_rv!(m.sign_init(first, Some(&by), pair.private), CKR_OK);
        assert_rv!(m.sign_update(first, Sent::from(b"one ")), CKR_OK);
        let saved = state(m, first);
        assert_rv!(m.sign_init(first, None, 0), CKR_OK);
        assert_rv!(m.set_operation_state(second, Sent::from(&saved), 0, pair.private), CKR_OK);
        assert_rv!(m.sign_update(second, Sent::from(b"two")), CKR_OK);
        let mut signature = [0; 512];
        let (rv, len) = m.sign_final(second, Out::buffer(&mut signature));
        assert_rv!(rv, CKR_OK);
        let signature = &signature[..usize::try_from(len).unwrap()];
        assert_rv!(m.verify_init(first, Some(&by), pair.public), CKR_OK);
        assert_rv!(m.verify_update(first, Sent::from(b"one ")), CKR_OK);
        let saved = state(m, first);
        assert_rv!(m.set_operation_state(second, Sent::from(&saved), 0, pair.public), CKR_OK);
        for session in [first, second] {
            assert_rv!(m.verify_update(session, Sent::from(b"two")), CKR_OK);
            assert_rv!(m.verify_final(session, Sent::from(signature)), CKR_OK);
        }
    }
}

/// SoftHSM has no operation state (`CKR_FUNCTION_NOT_SUPPORTED`, as section 5.1.6 allows); sections 5.6.6 and 5.6.7.
fn a_state_of_before_the_first_part_may_still_be_done_at_once(t: &Test) {
    let session = t.token().user_session();
    let m = t.module;
    let (by, key) = (with(CKM_AES_CBC_PAD, &[7u8; 16]), aes(m, session, &[1; 16]));
    let sealed = whole(m, ENCRYPTION, session, &by, key, b"message").unwrap();
    assert_rv!(m.encrypt_init(session, Some(&by), key), CKR_OK);
    let fresh = state(m, session);
    let mut room = [0; 64];
    assert_rv!(m.encrypt_update(session, Sent::from(b"me"), Out::buffer(&mut room)).0, CKR_OK);
    let begun = state(m, session);
    for (saved, expected) in [(&begun, CKR_OPERATION_NOT_INITIALIZED), (&fresh, CKR_OK)] {
        assert_rv!(m.set_operation_state(session, Sent::from(saved), key, 0), CKR_OK);
        assert_rv!(m.encrypt(session, Sent::from(b"message"), Out::buffer(&mut room)).0, expected);
    }
    assert_eq!(&room[..sealed.len()], sealed);
}

/// GCM encryption gives bytes out from the first part on, and its library keeps the rest of the state to itself.
/// SoftHSM has no operation state (`CKR_FUNCTION_NOT_SUPPORTED`, as section 5.1.6 allows); sections 5.6.6 and 5.6.7.
fn what_cannot_be_saved_is_told(t: &Test) {
    let session = t.token().user_session();
    let m = t.module;
    let key = aes(m, session, &[1; 16]);
    let sealing = gcm(Sent::from(&[7; 12]), Sent::null(0), 128);
    assert_rv!(m.encrypt_init(session, Some(&sealing.mechanism()), key), CKR_OK);
    assert_rv!(m.operation_state(session, Out::query()).0, CKR_STATE_UNSAVEABLE);
}

/// Section 5.6.6 names what can be saved: "signing without message recovery".
/// SoftHSM has no recovery (`CKR_FUNCTION_NOT_SUPPORTED`, as section 5.1.6 allows).
fn recovery_is_no_operation_that_can_be_saved(t: &Test) {
    let session = t.token().user_session();
    let m = t.module;
    let pair = generate(m, session, Kind::Rsa, false, "pair");
    let by = mechanism(cryptoki_sys::CKM_RSA_PKCS);
    assert_rv!(m.sign_recover_init(session, Some(&by), pair.private), CKR_OK);
    assert_rv!(m.operation_state(session, Out::query()).0, CKR_OPERATION_NOT_INITIALIZED);
    assert_rv!(m.verify_recover_init(session, Some(&by), pair.public), CKR_OK);
    assert_rv!(m.operation_state(session, Out::query()).0, CKR_OPERATION_NOT_INITIALIZED);
}

/// Section 5.6.7: the state of a session with a different session state, or with a different token, is not valid.
/// SoftHSM has no operation state (`CKR_FUNCTION_NOT_SUPPORTED`, as section 5.1.6 allows); sections 5.6.6 and 5.6.7.
fn a_state_belongs_to_one_token_and_one_state_of_its_session(t: &Test) {
    let token = t.token();
    let (read_write, read_only) = (token.open_rw(), token.open_ro());
    let m = t.module;
    assert_rv!(m.digest_init(read_write, Some(&mechanism(CKM_SHA256))), CKR_OK);
    let public = state(m, read_write);
    let set = |session, saved: &[u8]| m.set_operation_state(session, Sent::from(saved), 0, 0);
    assert_rv!(set(read_only, &public), CKR_SAVED_STATE_INVALID);
    assert_rv!(m.login(read_write, CKU_USER, USER_PIN.into()), CKR_OK);
    assert_rv!(set(read_write, &public), CKR_SAVED_STATE_INVALID);
    assert_rv!(m.logout(read_write), CKR_OK);
    assert_rv!(set(read_write, &public), CKR_OK);
    let slot = empty_slots(m)[0];
    assert_rv!(m.init_token(slot, SO_PIN.into(), Some(LABEL)), CKR_OK);
    let (rv, elsewhere) = m.open_session(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION);
    assert_rv!(rv, CKR_OK);
    assert_rv!(set(elsewhere, &public), CKR_SAVED_STATE_INVALID);
}

/// SoftHSM has no operation state (`CKR_FUNCTION_NOT_SUPPORTED`, as section 5.1.6 allows); sections 5.6.6 and 5.6.7.
fn without_an_operation_there_is_no_state(t: &Test) {
    let session = t.token().open_ro();
    assert_rv!(t.module.operation_state(session, Out::query()).0, CKR_OPERATION_NOT_INITIALIZED);
}

/// SoftHSM has no operation state (`CKR_FUNCTION_NOT_SUPPORTED`, as section 5.1.6 allows); sections 5.6.6 and 5.6.7.
fn a_state_that_is_not_ours_is_refused(t: &Test) {
    let session = t.token().open_ro();
    let m = t.module;
    assert_rv!(m.digest_init(session, Some(&mechanism(CKM_SHA256))), CKR_OK);
    let saved = state(m, session);
    for place in [0, saved.len() / 2, saved.len() - 1] {
        let mut wrong = saved.clone();
        wrong[place] ^= 1;
        assert_rv!(m.set_operation_state(session, Sent::from(&wrong), 0, 0), CKR_SAVED_STATE_INVALID);
    }
    for len in [0, 1, saved.len() - 1] {
        let rv = m.set_operation_state(session, Sent::from(&saved[..len]), 0, 0);
        assert_rv!(rv, CKR_SAVED_STATE_INVALID);
    }
    for wild in [Sent::null(5), Sent::null(u64::MAX), Sent::claiming(&saved, u64::MAX)] {
        assert_rv!(m.set_operation_state(session, wild, 0, 0), CKR_ARGUMENTS_BAD);
    }
    assert_eq!(finished(m, session), digest_of(m, session, b""), "what was active still is");
}

/// SoftHSM has no operation state (`CKR_FUNCTION_NOT_SUPPORTED`, as section 5.1.6 allows); sections 5.6.6 and 5.6.7.
fn a_state_of_before_finalize_is_refused(t: &Test) {
    let session = t.token().open_ro();
    assert_rv!(t.module.digest_init(session, Some(&mechanism(CKM_SHA256))), CKR_OK);
    let saved = state(t.module, session);
    assert_rv!(t.module.finalize(), CKR_OK);
    let session = Token::existing(t.module).open_ro();
    assert_rv!(t.module.set_operation_state(session, Sent::from(&saved), 0, 0), CKR_SAVED_STATE_INVALID);
}

/// SoftHSM has no operation state (`CKR_FUNCTION_NOT_SUPPORTED`, as section 5.1.6 allows); sections 5.6.6 and 5.6.7.
fn a_state_keeps_the_rules_of_buffers(t: &Test) {
    let session = t.token().open_ro();
    let m = t.module;
    assert_rv!(m.digest_init(session, Some(&mechanism(CKM_SHA256))), CKR_OK);
    let mut room = [0; 4096];
    let (rv, len) = m.operation_state(session, Out::buffer(&mut room[..4]));
    assert_rv!(rv, CKR_BUFFER_TOO_SMALL);
    assert!(len > 4);
    assert_rv!(m.operation_state(session, Out::without_length(&mut room)).0, CKR_ARGUMENTS_BAD);
    assert_rv!(m.operation_state(session, Out::buffer(&mut room)).0, CKR_OK);
}

/// SoftHSM has no operation state (`CKR_FUNCTION_NOT_SUPPORTED`, as section 5.1.6 allows); sections 5.6.6 and 5.6.7.
fn a_state_shows_nothing_of_what_went_in(t: &Test) {
    let session = t.token().user_session();
    let m = t.module;
    let key = generic(m, session, &[0x77; 32]);
    assert_rv!(m.digest_init(session, Some(&mechanism(CKM_SHA256))), CKR_OK);
    assert_rv!(m.digest_key(session, key), CKR_OK);
    let saved = state(m, session);
    assert!(!saved.windows(8).any(|window| window == [0x77; 8]));
}

/// Section 5.12.4: "as if the value of the secret key were" a part. A sensitive key too: a digest does not show it.
fn a_digest_takes_keys_between_parts(t: &Test) {
    let session = t.token().user_session();
    let m = t.module;
    let key = generic(m, session, b"key");
    assert_rv!(m.digest_init(session, Some(&mechanism(CKM_SHA256))), CKR_OK);
    assert_rv!(m.digest_update(session, Sent::from(b"a ")), CKR_OK);
    assert_rv!(m.digest_key(session, key), CKR_OK);
    assert_rv!(m.digest_update(session, Sent::from(b" b")), CKR_OK);
    assert_eq!(finished(m, session), digest_of(m, session, b"a key b"));
}

/// SoftHSM digests a private key (`CKR_OK`); section 5.12.4 is about secret keys, section 5.1.6 has the value.
fn a_digest_takes_no_other_key(t: &Test) {
    let session = t.token().user_session();
    let m = t.module;
    let key = generic(m, session, b"key");
    let pair = generate(m, session, Kind::P256, false, "pair");
    assert_rv!(m.digest_key(session, key), CKR_OPERATION_NOT_INITIALIZED);
    for (key, expected) in [
        (pair.private, CKR_KEY_INDIGESTIBLE),
        (pair.public, CKR_KEY_INDIGESTIBLE),
        (0, CKR_KEY_HANDLE_INVALID),
        (77_777, CKR_KEY_HANDLE_INVALID),
    ] {
        assert_rv!(m.digest_init(session, Some(&mechanism(CKM_SHA256))), CKR_OK);
        assert_rv!(m.digest_key(session, key), expected);
        let (rv, _) = m.digest_final(session, Out::query());
        assert_rv!(rv, CKR_OPERATION_NOT_INITIALIZED, "an error ends the operation");
    }
}

fn pieces(m: &Module, session: u64, step: Step, data: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    for part in data.chunks(24) {
        let mut room = [0; 64];
        let (rv, len) = step(m, session, Sent::from(part), Out::buffer(&mut room));
        assert_rv!(rv, CKR_OK);
        all.extend_from_slice(&room[..usize::try_from(len).unwrap()]);
    }
    all
}

/// SoftHSM runs one operation a session (`CKR_OPERATION_ACTIVE`, as section 5.1.6 allows); section 5.17.
fn digesting_and_encrypting_at_once_is_both(t: &Test) {
    let session = t.token().user_session();
    let m = t.module;
    let key = aes(m, session, &[1; 16]);
    let by = with(CKM_AES_CBC, &[7u8; 16]);
    let data: Vec<u8> = (0..96).collect();
    let (sealed, digest) =
        (whole(m, ENCRYPTION, session, &by, key, &data).unwrap(), digest_of(m, session, &data));
    assert_rv!(m.digest_init(session, Some(&mechanism(CKM_SHA256))), CKR_OK);
    assert_rv!(m.encrypt_init(session, Some(&by), key), CKR_OK);
    assert_eq!(pieces(m, session, Module::digest_encrypt_update, &data), sealed);
    assert_eq!(m.encrypt_final(session, Out::buffer(&mut [])), (CKR_OK, 0));
    assert_eq!(finished(m, session), digest);
    assert_rv!(m.digest_init(session, Some(&mechanism(CKM_SHA256))), CKR_OK);
    assert_rv!(m.decrypt_init(session, Some(&by), key), CKR_OK);
    assert_eq!(pieces(m, session, Module::decrypt_digest_update, &sealed), data);
    assert_eq!(m.decrypt_final(session, Out::buffer(&mut [])), (CKR_OK, 0));
    assert_eq!(finished(m, session), digest);
}

/// SoftHSM runs one operation a session (`CKR_OPERATION_ACTIVE`, as section 5.1.6 allows); section 5.17.
fn signing_and_encrypting_at_once_is_both(t: &Test) {
    let session = t.token().user_session();
    let m = t.module;
    let (key, mac_key) = (aes(m, session, &[1; 16]), generic(m, session, &[2; 32]));
    let (by, mac_by) = (with(CKM_AES_CBC, &[7u8; 16]), mechanism(CKM_SHA256_HMAC));
    let data: Vec<u8> = (0..96).collect();
    let sealed = whole(m, ENCRYPTION, session, &by, key, &data).unwrap();
    let mac = sign(m, session, &mac_by, mac_key, &data).unwrap();
    assert_rv!(m.sign_init(session, Some(&mac_by), mac_key), CKR_OK);
    assert_rv!(m.encrypt_init(session, Some(&by), key), CKR_OK);
    assert_eq!(pieces(m, session, Module::sign_encrypt_update, &data), sealed);
    assert_rv!(m.encrypt_final(session, Out::buffer(&mut [])).0, CKR_OK);
    let mut signature = [0; 32];
    assert_eq!(m.sign_final(session, Out::buffer(&mut signature)), (CKR_OK, 32));
    assert_eq!(mac, signature);
    assert_rv!(m.verify_init(session, Some(&mac_by), mac_key), CKR_OK);
    assert_rv!(m.decrypt_init(session, Some(&by), key), CKR_OK);
    assert_eq!(pieces(m, session, Module::decrypt_verify_update, &sealed), data);
    assert_rv!(m.decrypt_final(session, Out::buffer(&mut [])).0, CKR_OK);
    assert_rv!(m.verify_final(session, Sent::from(&mac)), CKR_OK);
}

const STEPS: [Step; 4] = [
    Module::digest_encrypt_update,
    Module::decrypt_digest_update,
    Module::sign_encrypt_update,
    Module::decrypt_verify_update,
];

/// SoftHSM does not have these four (`CKR_FUNCTION_NOT_SUPPORTED`, as section 5.1.6 allows); section 5.17.
fn two_at_once_needs_both(t: &Test) {
    let session = t.token().user_session();
    let m = t.module;
    let key = aes(m, session, &[1; 16]);
    let by = mechanism(CKM_AES_ECB);
    for step in STEPS {
        let (rv, _) = step(m, session, Sent::from(&[1; 16]), Out::buffer(&mut [0; 16]));
        assert_rv!(rv, CKR_OPERATION_NOT_INITIALIZED);
    }
    assert_rv!(m.encrypt_init(session, Some(&by), key), CKR_OK);
    assert_rv!(m.decrypt_init(session, Some(&by), key), CKR_OK);
    for step in STEPS {
        let (rv, _) = step(m, session, Sent::from(&[1; 16]), Out::buffer(&mut [0; 16]));
        assert_rv!(rv, CKR_OPERATION_NOT_INITIALIZED);
    }
}

/// SoftHSM runs one operation a session (`CKR_OPERATION_ACTIVE`, as section 5.1.6 allows); section 5.17.
fn a_small_buffer_for_two_at_once_changes_neither(t: &Test) {
    let session = t.token().user_session();
    let m = t.module;
    let key = aes(m, session, &[1; 16]);
    assert_rv!(m.digest_init(session, Some(&mechanism(CKM_SHA256))), CKR_OK);
    assert_rv!(m.encrypt_init(session, Some(&mechanism(CKM_AES_ECB)), key), CKR_OK);
    let mut room = [0; 16];
    let data = Sent::from(&[3; 16]);
    assert_eq!(m.digest_encrypt_update(session, data, Out::query()), (CKR_OK, 16));
    let answer = m.digest_encrypt_update(session, data, Out::buffer(&mut room[..15]));
    assert_eq!(answer, (CKR_BUFFER_TOO_SMALL, 16));
    assert_eq!(m.digest_encrypt_update(session, data, Out::buffer(&mut room)), (CKR_OK, 16));
    assert_eq!(finished(m, session), digest_of(m, session, &[3; 16]), "it was digested once");
}
