//! Every function of 2.40 that came with encryption, wrapping and saved states: what it hands on, and what it refuses.

use std::ptr::null_mut;

use pkcs11::Error;
use pkcs11::constants::{
    CKA_ID, CKF_DONT_BLOCK, CKM_AES_ECB, CKM_AES_KEY_GEN, CKM_ML_KEM, CKR_ARGUMENTS_BAD,
    CKR_ATTRIBUTE_VALUE_INVALID, CKR_BUFFER_TOO_SMALL, CKR_CRYPTOKI_NOT_INITIALIZED, CKR_KEY_CHANGED,
    CKR_KEY_UNEXTRACTABLE, CKR_MECHANISM_PARAM_INVALID, CKR_NO_EVENT, CKR_OK, CKR_OPERATION_NOT_INITIALIZED,
    CKR_SESSION_HANDLE_INVALID, CKR_TEMPLATE_INCONSISTENT,
};

use super::double::{SLOT, locked};
use super::{Host, NO_SESSION, SESSION, WILD, attribute, call, mechanism};

/// Calls a function that reads data and writes a result, by name.
macro_rules! through {
    ($host:expr, $name:ident, $data:expr, $len:expr, $out:expr, $out_len:expr) => {
        call!($host, $name(SESSION, $data, $len, $out, $out_len))
    };
}

/// Runs a test over each function with an input and an output.
macro_rules! each_with_both {
    ($check:ident($host:expr)) => {
        $check!($host, C_Encrypt);
        $check!($host, C_EncryptUpdate);
        $check!($host, C_Decrypt);
        $check!($host, C_DecryptUpdate);
        $check!($host, C_Digest);
        $check!($host, C_SignRecover);
        $check!($host, C_VerifyRecover);
        $check!($host, C_DigestEncryptUpdate);
        $check!($host, C_DecryptDigestUpdate);
        $check!($host, C_SignEncryptUpdate);
        $check!($host, C_DecryptVerifyUpdate);
    };
}

macro_rules! overlaps {
    ($host:expr, $name:ident) => {
        for (from, to) in [(0, 0), (0, 3), (3, 0), (0, 6), (6, 0)] {
            let mut memory = *b"............";
            memory[from..from + 6].copy_from_slice(b"abcdef");
            let mut len = 6;
            let data = memory.as_mut_ptr().wrapping_add(from);
            let out = memory.as_mut_ptr().wrapping_add(to);
            assert_eq!(through!($host, $name, data, 6, out, &mut len), CKR_OK, stringify!($name));
            assert_eq!((&memory[to..to + 6], len), (&b"fedcba"[..], 6), stringify!($name));
        }
    };
}

#[test]
fn input_and_output_may_share_memory_in_every_function_that_has_both() {
    let host = Host::new();
    each_with_both!(overlaps(host));
}

macro_rules! names_lengths {
    ($host:expr, $name:ident) => {
        let mut data = *b"abc";
        let mut out = [1u8; 4];
        let mut len = 99;
        assert_eq!(through!($host, $name, data.as_mut_ptr(), 3, null_mut(), &mut len), CKR_OK);
        assert_eq!(len, 3, stringify!($name));
        len = 2;
        let rv = through!($host, $name, data.as_mut_ptr(), 3, out.as_mut_ptr(), &mut len);
        assert_eq!((rv, len, out), (CKR_BUFFER_TOO_SMALL, 3, [1; 4]), stringify!($name));
        len = 4;
        let rv = through!($host, $name, data.as_mut_ptr(), 3, out.as_mut_ptr(), &mut len);
        assert_eq!((rv, len, &out), (CKR_OK, 3, b"cba\x01"), stringify!($name));
        let rv = through!($host, $name, null_mut(), 0, out.as_mut_ptr(), &mut len);
        assert_eq!((rv, len), (CKR_OK, 0), stringify!($name));
    };
}

#[test]
fn a_query_a_short_buffer_and_the_empty_message_work_in_every_function_that_has_both() {
    let host = Host::new();
    each_with_both!(names_lengths(host));
}

macro_rules! refuses {
    ($host:expr, $name:ident) => {
        let mut data = *b"abc";
        let mut out = [1u8; 4];
        let (data, out) = (data.as_mut_ptr(), out.as_mut_ptr());
        let mut len = 4;
        assert_eq!(through!($host, $name, null_mut(), 1, out, &mut len), CKR_ARGUMENTS_BAD);
        assert_eq!(through!($host, $name, WILD, 4096, out, &mut len), CKR_ARGUMENTS_BAD);
        for wild in [u64::MAX, 1 << 63, 1 << 46] {
            assert_eq!(through!($host, $name, data, wild, out, &mut len), CKR_ARGUMENTS_BAD);
        }
        assert_eq!(through!($host, $name, data, 3, out, null_mut()), CKR_ARGUMENTS_BAD);
        assert_eq!(through!($host, $name, data, 3, WILD, &mut len), CKR_ARGUMENTS_BAD);
        let rv = call!($host, $name(NO_SESSION, null_mut(), 1, null_mut(), null_mut()));
        assert_eq!(rv, CKR_SESSION_HANDLE_INVALID, stringify!($name));
    };
}

#[test]
fn what_cannot_be_there_is_refused_by_every_function_that_has_both() {
    let host = Host::new();
    each_with_both!(refuses(host));
    // The call ends its operations (section 5.8.2 and its like), and asks nothing else of the token.
    let asked = host.token.asked();
    // Seven refused calls of each: two functions and two dual ones of encryption and decryption, and so on.
    let ended = [
        ("encrypt_init(0)", 4 * 7),
        ("decrypt_init(0)", 4 * 7),
        ("digest_init", 3 * 7),
        ("sign_init(0)", 7),
        ("verify_init(0)", 7),
        ("sign_recover_init(0)", 7),
        ("verify_recover_init(0)", 7),
    ];
    for (end, times) in ended {
        assert_eq!(asked.iter().filter(|call| *call == end).count(), times, "{end}");
    }
    assert_eq!(asked.len(), ended.iter().map(|(_, times)| times).sum::<usize>());
}

#[test]
fn encryption_and_decryption_go_where_they_should() {
    let host = Host::new();
    let mut ecb = mechanism(CKM_AES_ECB, null_mut(), 0);
    let mut out = [0u8; 8];
    let mut len = 8;
    assert_eq!(call!(host, C_EncryptInit(SESSION, &mut ecb, 5)), CKR_OK);
    assert_eq!(call!(host, C_EncryptFinal(SESSION, out.as_mut_ptr(), &mut len)), CKR_OK);
    assert_eq!((len, &out[..4]), (4, &b"last"[..]));
    assert_eq!(call!(host, C_DecryptInit(SESSION, &mut ecb, 6)), CKR_OK);
    assert_eq!(call!(host, C_DecryptFinal(SESSION, null_mut(), &mut len)), CKR_OK);
    assert_eq!(call!(host, C_SignRecoverInit(SESSION, &mut ecb, 7)), CKR_OK);
    assert_eq!(call!(host, C_VerifyRecoverInit(SESSION, &mut ecb, 8)), CKR_OK);
    assert_eq!(call!(host, C_EncryptInit(SESSION, null_mut(), 0)), CKR_OK);
    assert_eq!(
        host.token.asked(),
        [
            "encrypt_init(5)",
            "encrypt_final",
            "decrypt_init(6)",
            "decrypt_final",
            "sign_recover_init(7)",
            "verify_recover_init(8)",
            "encrypt_init(0)"
        ]
    );
    assert_eq!(*locked(&host.token.mechanism), None);
}

#[test]
fn a_state_is_handed_out_by_the_length_convention_and_back_with_both_keys() {
    let host = Host::new();
    let mut state = [0u8; 8];
    let mut len = 0;
    assert_eq!(call!(host, C_GetOperationState(SESSION, null_mut(), &mut len)), CKR_OK);
    assert_eq!(len, 5);
    len = 4;
    let rv = call!(host, C_GetOperationState(SESSION, state.as_mut_ptr(), &mut len));
    assert_eq!((rv, len), (CKR_BUFFER_TOO_SMALL, 5));
    assert_eq!(call!(host, C_GetOperationState(SESSION, state.as_mut_ptr(), &mut len)), CKR_OK);
    host.token.asked();
    assert_eq!(call!(host, C_SetOperationState(SESSION, state.as_mut_ptr(), 5, 0, 9)), CKR_OK);
    assert_eq!(host.token.asked(), ["set_operation_state(state, (0, 9))"]);
    assert_eq!(call!(host, C_SetOperationState(SESSION, null_mut(), 5, 0, 0)), CKR_ARGUMENTS_BAD);
    *locked(&host.token.failure) = Some(Error::KeyHandleInvalid);
    assert_eq!(call!(host, C_SetOperationState(SESSION, state.as_mut_ptr(), 5, 7, 0)), CKR_KEY_CHANGED);
}

#[test]
fn objects_are_copied_measured_and_changed() {
    let host = Host::new();
    let mut id = *b"id";
    let mut template = [attribute(CKA_ID, id.as_mut_ptr().cast(), 2)];
    let (mut copy, mut len) = (0, 0);
    assert_eq!(call!(host, C_CopyObject(SESSION, 7, template.as_mut_ptr(), 1, &mut copy)), CKR_OK);
    assert_eq!(call!(host, C_GetObjectSize(SESSION, 7, &mut len)), CKR_OK);
    assert_eq!(call!(host, C_SetAttributeValue(SESSION, 8, template.as_mut_ptr(), 1)), CKR_OK);
    assert_eq!((copy, len), (78, 1234));
    assert_eq!(host.token.asked(), ["copy_object(7)", "object_size(7)", "set_attribute_values(8)"]);
    assert_eq!(*locked(&host.token.template), [pkcs11::Attribute::bytes(CKA_ID, b"id")]);

    let rv = call!(host, C_CopyObject(SESSION, 7, template.as_mut_ptr(), 1, null_mut()));
    assert_eq!(rv, CKR_ARGUMENTS_BAD);
    assert_eq!(call!(host, C_GetObjectSize(SESSION, 7, null_mut())), CKR_ARGUMENTS_BAD);
    assert_eq!(call!(host, C_SetAttributeValue(SESSION, 8, null_mut(), 1)), CKR_ARGUMENTS_BAD);
    template[0].pValue = null_mut();
    let rv = call!(host, C_SetAttributeValue(SESSION, 8, template.as_mut_ptr(), 1));
    assert_eq!(rv, CKR_ATTRIBUTE_VALUE_INVALID);
    assert_eq!(host.token.asked(), [""; 0]);
}

#[test]
fn keys_are_made_by_every_way_and_their_handles_told() {
    let host = Host::new();
    let mut aes = mechanism(CKM_AES_KEY_GEN, null_mut(), 0);
    let mut wrapped = *b"wrapped key";
    let (mut made, mut unwrapped, mut derived) = (0, 0, 0);
    assert_eq!(call!(host, C_GenerateKey(SESSION, &mut aes, null_mut(), 0, &mut made)), CKR_OK);
    let rv = call!(
        host,
        C_UnwrapKey(SESSION, &mut aes, 4, wrapped.as_mut_ptr(), 7, null_mut(), 0, &mut unwrapped)
    );
    assert_eq!(rv, CKR_OK);
    assert_eq!(call!(host, C_DeriveKey(SESSION, &mut aes, 5, null_mut(), 0, &mut derived)), CKR_OK);
    assert_eq!((made, unwrapped, derived), (23, 24, 25));
    assert_eq!(host.token.asked(), ["generate_key(0)", "unwrap_key(4, wrapped, 0)", "derive_key(5, 0)"]);
}

#[test]
fn an_encapsulation_tells_ciphertext_and_key_and_its_opposite_the_key() {
    let host = Host::new();
    let mut kem = mechanism(CKM_ML_KEM, null_mut(), 0);
    let mut ciphertext = [0; 12];
    let (mut len, mut key, mut opened) = (99, 99, 99);
    let place = null_mut();
    let rv = call!(host, C_EncapsulateKey(SESSION, &mut kem, 4, null_mut(), 0, place, &mut len, &mut key));
    assert_eq!((rv, len, key), (CKR_OK, 10, 0), "a query");
    (len, key) = (9, 99);
    let place = ciphertext.as_mut_ptr();
    let rv = call!(host, C_EncapsulateKey(SESSION, &mut kem, 4, null_mut(), 0, place, &mut len, &mut key));
    assert_eq!((rv, len, key), (CKR_BUFFER_TOO_SMALL, 10, 99), "the length that is needed is told");
    len = 12;
    let rv = call!(host, C_EncapsulateKey(SESSION, &mut kem, 4, null_mut(), 0, place, &mut len, &mut key));
    assert_eq!((rv, len, key), (CKR_OK, 10, 26));
    assert_eq!(&ciphertext, b"ciphertext\0\0");
    let rv = call!(host, C_DecapsulateKey(SESSION, &mut kem, 5, null_mut(), 0, place, len, &mut opened));
    assert_eq!((rv, opened), (CKR_OK, 27));
    let asked = ["encapsulate_key(4, 0)"; 3].into_iter().chain(["decapsulate_key(5, 0, ciphertext)"]);
    assert_eq!(host.token.asked(), asked.collect::<Vec<_>>());
}

#[test]
fn no_mechanism_and_no_place_for_the_handle_make_no_key() {
    let host = Host::new();
    let mut aes = mechanism(CKM_AES_KEY_GEN, null_mut(), 0);
    let mut wrapped = *b"wrapped";
    let data = wrapped.as_mut_ptr();
    let mut key = 0;
    for (mechanism, place) in [(null_mut(), &raw mut key), (&raw mut aes, null_mut())] {
        let rv = call!(host, C_GenerateKey(SESSION, mechanism, null_mut(), 0, place));
        assert_eq!(rv, CKR_ARGUMENTS_BAD);
        let rv = call!(host, C_UnwrapKey(SESSION, mechanism, 4, data, 7, null_mut(), 0, place));
        assert_eq!(rv, CKR_ARGUMENTS_BAD);
        let rv = call!(host, C_DeriveKey(SESSION, mechanism, 5, null_mut(), 0, place));
        assert_eq!(rv, CKR_ARGUMENTS_BAD);
    }
    let mut len = 7;
    let rv = call!(host, C_WrapKey(SESSION, null_mut(), 4, 5, data, &mut len));
    assert_eq!(rv, CKR_ARGUMENTS_BAD);
    assert_eq!((key, host.token.asked()), (0, vec![]));
}

#[test]
fn a_wrapped_key_is_written_by_the_length_convention() {
    let host = Host::new();
    let mut aes = mechanism(CKM_AES_ECB, null_mut(), 0);
    let mut out = [1u8; 8];
    let mut len = 0;
    let mut wrap = |out: *mut u8, len: &mut u64| call!(host, C_WrapKey(SESSION, &mut aes, 4, 5, out, len));
    assert_eq!((wrap(null_mut(), &mut len), len), (CKR_OK, 7));
    len = 6;
    assert_eq!((wrap(out.as_mut_ptr(), &mut len), len, out), (CKR_BUFFER_TOO_SMALL, 7, [1; 8]));
    assert_eq!((wrap(out.as_mut_ptr(), &mut len), &out), (CKR_OK, b"wrapped\x01"));
    *locked(&host.token.failure) = Some(Error::KeyUnextractable);
    assert_eq!(wrap(out.as_mut_ptr(), &mut len), CKR_KEY_UNEXTRACTABLE);
    assert_eq!(host.token.asked().last().map(String::as_str), Some("wrap_key(4, 5)"));
}

#[test]
fn keys_are_digested_and_seeds_mixed_in() {
    let host = Host::new();
    let mut seed = *b"seed";
    assert_eq!(call!(host, C_DigestKey(SESSION, 6)), CKR_OK);
    assert_eq!(call!(host, C_SeedRandom(SESSION, seed.as_mut_ptr(), 4)), CKR_OK);
    assert_eq!(call!(host, C_SeedRandom(SESSION, null_mut(), 4)), CKR_ARGUMENTS_BAD);
    assert_eq!(call!(host, C_DigestKey(NO_SESSION, 6)), CKR_SESSION_HANDLE_INVALID);
    assert_eq!(host.token.asked(), ["digest_key(6)", "seed_random(seed)"]);
}

#[test]
fn a_reason_that_a_function_does_not_list_becomes_the_nearest_that_it_does() {
    let host = Host::new();
    let mut data = *b"abc";
    let mut len = 0;
    *locked(&host.token.failure) = Some(Error::UserNotLoggedIn);
    let rv = call!(host, C_Encrypt(SESSION, data.as_mut_ptr(), 3, null_mut(), &mut len));
    assert_eq!(rv, CKR_OPERATION_NOT_INITIALIZED);
    *locked(&host.token.failure) = Some(Error::TemplateIncomplete(CKA_ID));
    let mut copy = 0;
    let rv = call!(host, C_CopyObject(SESSION, 7, null_mut(), 0, &mut copy));
    assert_eq!(rv, CKR_TEMPLATE_INCONSISTENT);
    assert_eq!(call!(host, C_EncryptInit(SESSION, WILD.cast(), 5)), CKR_MECHANISM_PARAM_INVALID);
    assert_eq!(call!(host, C_DecryptInit(SESSION, WILD.cast(), 5)), CKR_ARGUMENTS_BAD);
}

#[test]
fn slot_events_are_asked_with_and_without_waiting() {
    let host = Host::new();
    let mut slot = 0;
    assert_eq!(call!(host, C_WaitForSlotEvent(CKF_DONT_BLOCK, &mut slot, null_mut())), CKR_OK);
    assert_eq!((slot, host.token.asked()), (SLOT.0, vec!["wait_for_slot_event(false)".to_owned()]));
    *locked(&host.token.failure) = Some(Error::NoEvent);
    assert_eq!(call!(host, C_WaitForSlotEvent(CKF_DONT_BLOCK, &mut slot, null_mut())), CKR_NO_EVENT);
    host.token.asked();
    let rv = call!(host, C_WaitForSlotEvent(CKF_DONT_BLOCK, &mut slot, WILD.cast()));
    assert_eq!(rv, CKR_ARGUMENTS_BAD);
    assert_eq!(call!(host, C_WaitForSlotEvent(0, null_mut(), null_mut())), CKR_ARGUMENTS_BAD);
    assert_eq!(host.token.asked(), [""; 0]);
}

#[test]
fn finalize_ends_a_wait_for_a_slot() {
    let host = Host::new();
    let functions = host.functions;
    std::thread::scope(|scope| {
        let waiting = scope.spawn(move || {
            let mut slot = 0;
            // SAFETY: a place for the answer.
            unsafe { (functions.C_WaitForSlotEvent.unwrap())(0, &mut slot, null_mut()) }
        });
        while host.token.asked().is_empty() {
            std::thread::yield_now();
        }
        assert_eq!(call!(host, C_Finalize(null_mut())), CKR_OK);
        assert_eq!(waiting.join().unwrap(), CKR_CRYPTOKI_NOT_INITIALIZED);
    });
}

#[test]
fn a_signature_may_go_before_the_data_and_operations_be_cancelled() {
    let host = Host::new();
    let mut ecb = mechanism(CKM_AES_ECB, null_mut(), 0);
    let mut bytes = *b"signature";
    let at = bytes.as_mut_ptr();
    assert_eq!(call!(host, C_VerifySignatureInit(SESSION, &mut ecb, 5, at, 9)), CKR_OK);
    assert_eq!(call!(host, C_VerifySignatureUpdate(SESSION, at, 3)), CKR_OK);
    assert_eq!(call!(host, C_VerifySignatureFinal(SESSION)), CKR_OK);
    assert_eq!(call!(host, C_VerifySignature(SESSION, null_mut(), 0)), CKR_OK);
    assert_eq!(call!(host, C_SessionCancel(SESSION, 0x801)), CKR_OK);
    assert_eq!(call!(host, C_SessionCancel(NO_SESSION, 0)), CKR_SESSION_HANDLE_INVALID);
    let asked = [
        "verify_signature_init(5, signature)",
        "verify_signature_update(sig)",
        "verify_signature_final",
        "verify_signature()",
        "session_cancel(0x801)",
    ];
    assert_eq!(host.token.asked(), asked);
    assert_eq!(call!(host, C_VerifySignatureInit(SESSION, null_mut(), 0, null_mut(), 1)), CKR_ARGUMENTS_BAD);
    assert_eq!(call!(host, C_VerifySignature(SESSION, null_mut(), 1)), CKR_ARGUMENTS_BAD);
    assert_eq!(host.token.asked(), ["verify_signature_init(0, )"], "the refused call ends the operation");
}
