//! Message-based functions: what of a message's parameters is read, and what is written back and when.

use std::ptr::null_mut;

use cryptoki_sys::{CK_GCM_MESSAGE_PARAMS, CK_GCM_WRAP_PARAMS, CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS};
use pkcs11::constants::{
    CKF_END_OF_MESSAGE, CKM_AES_GCM, CKM_CHACHA20_POLY1305, CKM_SHA256_HMAC, CKR_AEAD_DECRYPT_FAILED,
    CKR_ARGUMENTS_BAD, CKR_BUFFER_TOO_SMALL, CKR_MECHANISM_PARAM_INVALID, CKR_OK,
    CKR_OPERATION_NOT_INITIALIZED,
};
use pkcs11::{Error, GcmMessageParameters, MessageParameters, Parameters};

use super::double::locked;
use super::{Host, SESSION, WILD, call, mechanism};

/// Memory of an application's.
struct Memory {
    iv: [u8; 12],
    tag: [u8; 16],
    data: [u8; 4],
    out: [u8; 8],
    len: u64,
}

impl Memory {
    fn new() -> Self {
        Self { iv: *b"abcdefghijkl", tag: [1; 16], data: *b"data", out: [2; 8], len: 8 }
    }

    fn gcm(&mut self) -> CK_GCM_MESSAGE_PARAMS {
        CK_GCM_MESSAGE_PARAMS {
            pIv: self.iv.as_mut_ptr(),
            ulIvLen: 12,
            ulIvFixedBits: 32,
            ivGenerator: 1,
            pTag: self.tag.as_mut_ptr(),
            ulTagBits: 128,
        }
    }
}

fn begin(host: &Host) {
    let mut by = mechanism(CKM_AES_GCM, null_mut(), 0);
    assert_eq!(call!(host, C_MessageEncryptInit(SESSION, &mut by, 5)), CKR_OK);
    assert_eq!(call!(host, C_MessageDecryptInit(SESSION, &mut by, 6)), CKR_OK);
    assert_eq!(host.token.asked(), ["message_encrypt_init(5)", "message_decrypt_init(6)"]);
}

fn read_as(host: &Host) -> GcmMessageParameters {
    match locked(&host.token.of_message).take() {
        Some(MessageParameters::Gcm(gcm)) => gcm,
        other => panic!("not those of GCM: {other:?}"),
    }
}

#[test]
fn an_encryption_is_given_vector_and_tag_after_success_alone() {
    let host = Host::new();
    begin(&host);
    let mut m = Memory::new();
    let mut raw = m.gcm();
    let mut encrypt = |out: *mut u8, len: u64| {
        m.len = len;
        let (data, given) = (m.data.as_mut_ptr(), (&raw mut raw).cast());
        call!(host, C_EncryptMessage(SESSION, given, 48, null_mut(), 0, data, 4, out, &mut m.len))
    };
    let out = m.out.as_mut_ptr();
    assert_eq!(encrypt(null_mut(), 0), CKR_OK);
    assert_eq!(encrypt(out, 3), CKR_BUFFER_TOO_SMALL);
    *locked(&host.token.failure) = Some(Error::DataLenRange);
    assert_ne!(encrypt(out, 8), CKR_OK);
    assert_eq!((m.iv, m.tag), (*b"abcdefghijkl", [1; 16]), "nothing was written");
    let read = read_as(&host);
    assert_eq!((read.iv.as_slice(), read.tag.len()), (&b"abcdefghijkl"[..], 0), "no tag is read to encrypt");
    assert_eq!((read.fixed_bits, read.generator, read.tag_bits), (32, 1, 128));
    let mut encrypt = |out: *mut u8, len: u64| {
        m.len = len;
        let (data, given) = (m.data.as_mut_ptr(), (&raw mut raw).cast());
        call!(host, C_EncryptMessage(SESSION, given, 48, null_mut(), 0, data, 4, out, &mut m.len))
    };
    assert_eq!(encrypt(out, 8), CKR_OK);
    assert_eq!((m.iv, m.tag, &m.out[..5]), (*b"vvvvvvvvvvvv", [b't'; 16], &b"atad\x02"[..]));
}

#[test]
fn parts_write_the_vector_at_the_beginning_and_the_tag_at_the_end() {
    let host = Host::new();
    begin(&host);
    let mut m = Memory::new();
    let mut raw = m.gcm();
    let given = || (&raw const raw).cast_mut().cast();
    assert_eq!(call!(host, C_EncryptMessageBegin(SESSION, given(), 48, m.data.as_mut_ptr(), 4)), CKR_OK);
    assert_eq!((m.iv, m.tag), (*b"vvvvvvvvvvvv", [1; 16]));
    m.iv = *b"abcdefghijkl";
    let (data, out) = (m.data.as_mut_ptr(), m.out.as_mut_ptr());
    for (flags, tag) in [(0, [1; 16]), (CKF_END_OF_MESSAGE, [b't'; 16])] {
        m.len = 8;
        let rv = call!(host, C_EncryptMessageNext(SESSION, given(), 48, data, 4, out, &mut m.len, flags));
        assert_eq!((rv, m.tag, m.iv), (CKR_OK, tag, *b"abcdefghijkl"));
        assert_eq!(read_as(&host).iv, b"", "a part has no vector");
    }
    let asked = host.token.asked();
    assert_eq!(
        asked,
        [
            "encrypt_message_begin(data)",
            "encrypt_message_next(false) (data)",
            "encrypt_message_next(true) (data)"
        ]
    );
    raw.pIv = WILD;
    let given = (&raw const raw).cast_mut().cast();
    let rv = call!(host, C_EncryptMessageNext(SESSION, given, 48, data, 4, out, &mut m.len, 0));
    assert_eq!(rv, CKR_OK, "it is not followed");
}

#[test]
fn a_decryption_reads_the_tag_at_the_end_and_writes_nothing_but_data() {
    let host = Host::new();
    begin(&host);
    let mut m = Memory::new();
    let raw = m.gcm();
    let given = || (&raw const raw).cast_mut().cast();
    let (data, out) = (m.data.as_mut_ptr(), m.out.as_mut_ptr());
    assert_eq!(call!(host, C_DecryptMessageBegin(SESSION, given(), 48, null_mut(), 0)), CKR_OK);
    assert_eq!(read_as(&host).tag, b"");
    for (flags, tag) in [(0, &[][..]), (CKF_END_OF_MESSAGE, &[1; 16])] {
        m.len = 8;
        let rv = call!(host, C_DecryptMessageNext(SESSION, given(), 48, data, 4, out, &mut m.len, flags));
        assert_eq!((rv, read_as(&host).tag.as_slice()), (CKR_OK, tag));
    }
    let rv = call!(host, C_DecryptMessage(SESSION, given(), 48, null_mut(), 0, data, 4, out, &mut m.len));
    assert_eq!((rv, read_as(&host).tag), (CKR_OK, vec![1; 16]));
    assert_eq!((m.iv, m.tag), (*b"abcdefghijkl", [1; 16]));
    *locked(&host.token.failure) = Some(Error::AeadDecryptFailed);
    let rv = call!(host, C_DecryptMessage(SESSION, given(), 48, null_mut(), 0, data, 4, out, &mut m.len));
    assert_eq!(rv, CKR_AEAD_DECRYPT_FAILED);
}

#[test]
fn the_token_tells_which_structure_it_is_and_no_other_is_followed() {
    let host = Host::new();
    let mut m = Memory::new();
    let raw = m.gcm();
    let given = || (&raw const raw).cast_mut().cast();
    let (data, out) = (m.data.as_mut_ptr(), m.out.as_mut_ptr());
    let mut told = |place: *mut std::ffi::c_void, len: u64| {
        m.len = 8;
        call!(host, C_EncryptMessage(SESSION, place, len, null_mut(), 0, data, 4, out, &mut m.len));
        locked(&host.token.of_message).take().unwrap()
    };
    assert_eq!(told(given(), 48), MessageParameters::Unknown, "there is no process");
    host.token.asked();
    begin(&host);
    for (place, len) in [(given(), 47), (given(), 24), (WILD.cast(), 48), (null_mut(), 48), (WILD.cast(), 1)]
    {
        assert_eq!(told(place, len), MessageParameters::Unknown);
    }
    assert_eq!(told(WILD.cast(), 0), MessageParameters::None);
    let mut by = mechanism(CKM_CHACHA20_POLY1305, WILD.cast(), 24);
    assert_eq!(call!(host, C_MessageEncryptInit(SESSION, &mut by, 5)), CKR_OK);
    assert_eq!(locked(&host.token.mechanism).clone().unwrap().parameters, Parameters::None);
    by.ulParameterLen = 48;
    assert_eq!(call!(host, C_MessageEncryptInit(SESSION, &mut by, 5)), CKR_OK);
    assert_eq!(locked(&host.token.mechanism).clone().unwrap().parameters, Parameters::Unknown);
    for (len, bytes) in [(96, 12), (12, 12), (192, 24)] {
        let (mut nonce, mut tag) = ([7; 24], [0; 16]);
        let mut chacha = CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS {
            pNonce: nonce.as_mut_ptr(),
            ulNonceLen: len,
            pTag: tag.as_mut_ptr(),
        };
        match told((&raw mut chacha).cast(), 24) {
            MessageParameters::ChaCha20Poly1305(chacha) => assert_eq!(chacha.nonce, vec![7; bytes]),
            other => panic!("not those of ChaCha20-Poly1305: {other:?}"),
        }
        assert_eq!(tag, [b't'; 16]);
    }
}

#[test]
fn what_is_refused_before_it_comes_to_the_token_ends_the_message_that_it_is_a_part_of() {
    let host = Host::new();
    begin(&host);
    let mut m = Memory::new();
    let raw = m.gcm();
    let given = || (&raw const raw).cast_mut().cast();
    let (data, out) = (m.data.as_mut_ptr(), m.out.as_mut_ptr());
    for flags in [2, 3, u64::MAX] {
        let rv = call!(host, C_EncryptMessageNext(SESSION, given(), 48, data, 4, out, &mut m.len, flags));
        assert_eq!((rv, host.token.asked()), (CKR_ARGUMENTS_BAD, vec!["end_message(Encrypt)".to_owned()]));
    }
    let rv = call!(host, C_DecryptMessageNext(SESSION, given(), 48, null_mut(), 4, out, &mut m.len, 0));
    assert_eq!((rv, host.token.asked()), (CKR_ARGUMENTS_BAD, vec!["end_message(Decrypt)".to_owned()]));
    let rv = call!(host, C_EncryptMessage(SESSION, given(), 48, null_mut(), 1, data, 4, out, &mut m.len));
    assert_eq!((rv, host.token.asked()), (CKR_ARGUMENTS_BAD, vec![]), "there is no message to be ended");
    let rv = call!(host, C_EncryptMessageBegin(SESSION, given(), 48, null_mut(), 1));
    assert_eq!((rv, host.token.asked()), (CKR_MECHANISM_PARAM_INVALID, vec![]));
    let rv = call!(host, C_SignMessageNext(SESSION, null_mut(), 0, null_mut(), 1, out, null_mut()));
    assert_eq!((rv, host.token.asked()), (CKR_ARGUMENTS_BAD, vec!["end_message(Sign)".to_owned()]));
    let rv = call!(host, C_VerifyMessageNext(SESSION, null_mut(), 0, data, 4, null_mut(), 1));
    assert_eq!((rv, host.token.asked()), (CKR_ARGUMENTS_BAD, vec!["end_message(Verify)".to_owned()]));
}

#[test]
fn a_place_for_the_length_and_a_signature_end_a_message_and_nulls_go_on() {
    let host = Host::new();
    let mut by = mechanism(CKM_SHA256_HMAC, null_mut(), 0);
    assert_eq!(call!(host, C_MessageSignInit(SESSION, &mut by, 5)), CKR_OK);
    assert_eq!(call!(host, C_MessageVerifyInit(SESSION, &mut by, 5)), CKR_OK);
    host.token.asked();
    let (mut data, mut out, mut len) = (*b"part", [0; 16], 16);
    let (data, out) = (data.as_mut_ptr(), out.as_mut_ptr());
    let none = null_mut();
    assert_eq!(call!(host, C_SignMessageNext(SESSION, none, 0, data, 4, out, null_mut())), CKR_OK);
    assert_eq!(call!(host, C_SignMessageNext(SESSION, none, 0, data, 4, null_mut(), &mut len)), CKR_OK);
    assert_eq!(len, 9);
    len = 8;
    let rv = call!(host, C_SignMessageNext(SESSION, none, 0, data, 4, out, &mut len));
    assert_eq!((rv, len), (CKR_BUFFER_TOO_SMALL, 9));
    assert_eq!(call!(host, C_VerifyMessageNext(SESSION, none, 0, data, 4, null_mut(), 0)), CKR_OK);
    assert_eq!(call!(host, C_VerifyMessageNext(SESSION, none, 0, data, 4, data, 0)), CKR_OK);
    let asked = [
        "sign_message_next(part, false)",
        "sign_message_next(part, true)",
        "sign_message_next(part, true)",
        "verify_message_next(part, none)",
        "verify_message_next(part, )",
    ];
    assert_eq!(host.token.asked(), asked);
    *locked(&host.token.failure) = Some(Error::UserNotLoggedIn);
    let rv = call!(host, C_VerifyMessageNext(SESSION, none, 0, data, 4, null_mut(), 0));
    assert_eq!(rv, CKR_OPERATION_NOT_INITIALIZED, "no list of verifying a part has CKR_USER_NOT_LOGGED_IN");
}

#[test]
fn a_key_is_wrapped_apart_from_its_tag_and_unwrapped_with_it() {
    let host = Host::new();
    let mut m = Memory::new();
    let mut raw = m.gcm();
    let mut by = mechanism(CKM_AES_GCM, (&raw mut raw).cast(), 48);
    let (data, out) = (m.data.as_mut_ptr(), m.out.as_mut_ptr());
    let mut wrap = |by: *mut _, out: *mut u8, len: u64| {
        m.len = len;
        let rv = call!(host, C_WrapKeyAuthenticated(SESSION, by, 4, 5, data, 4, out, &mut m.len));
        (rv, m.len)
    };
    assert_eq!(wrap(&mut by, null_mut(), 0), (CKR_OK, 7));
    assert_eq!(wrap(&mut by, out, 6), (CKR_BUFFER_TOO_SMALL, 7));
    assert_eq!(m.iv, *b"abcdefghijkl");
    let mut wrap = |by: *mut _, out: *mut u8, len: u64| {
        m.len = len;
        let rv = call!(host, C_WrapKeyAuthenticated(SESSION, by, 4, 5, data, 4, out, &mut m.len));
        (rv, m.len)
    };
    assert_eq!(wrap(&mut by, out, 8), (CKR_OK, 7));
    assert_eq!(wrap(null_mut(), out, 8).0, CKR_ARGUMENTS_BAD);
    assert_eq!((m.iv, m.tag, &m.out[..7]), (*b"vvvvvvvvvvvv", [b't'; 16], &b"wrapped"[..]));
    let asked = host.token.asked();
    assert_eq!(asked.last().unwrap(), "wrap_key_authenticated(0x1087, 4, 5, data)");
    let mut key = 0;
    let rv =
        call!(host, C_UnwrapKeyAuthenticated(SESSION, &mut by, 4, out, 7, null_mut(), 0, data, 4, &mut key));
    assert_eq!((rv, key, read_as(&host).tag), (CKR_OK, 28, vec![b't'; 16]));
    assert_eq!(host.token.asked(), ["unwrap_key_authenticated(0x1087, 4, wrapped, 0, data)"]);
    by.ulParameterLen = 47;
    let rv =
        call!(host, C_UnwrapKeyAuthenticated(SESSION, &mut by, 4, out, 7, null_mut(), 0, data, 4, &mut key));
    assert_eq!((rv, locked(&host.token.of_message).take()), (CKR_OK, Some(MessageParameters::Unknown)));
}

#[test]
fn a_vector_that_wrapped_is_written_back_after_success_alone() {
    let host = Host::new();
    let mut m = Memory::new();
    let mut raw = CK_GCM_WRAP_PARAMS {
        pIv: m.iv.as_mut_ptr(),
        ulIvLen: 12,
        ulIvFixedBits: 32,
        ivGenerator: 1,
        pAAD: m.data.as_mut_ptr(),
        ulAADLen: 4,
        ulTagBits: 128,
    };
    let mut by = mechanism(CKM_AES_GCM, (&raw mut raw).cast(), 56);
    let out = m.out.as_mut_ptr();
    for (place, room, rv, iv) in [
        (null_mut(), 0, CKR_OK, b"abcdefghijkl"),
        (out, 6, CKR_BUFFER_TOO_SMALL, b"abcdefghijkl"),
        (out, 8, CKR_OK, b"vvvvvvvvvvvv"),
    ] {
        m.len = room;
        let answer = call!(host, C_WrapKey(SESSION, &mut by, 4, 5, place, &mut m.len));
        assert_eq!((answer, m.len, &m.iv), (rv, 7, iv));
    }
    let read = locked(&host.token.mechanism).take().unwrap().parameters;
    assert!(matches!(read, Parameters::GcmWrap(gcm) if gcm.aad == b"data" && gcm.fixed_bits == 32));
    let mut key = 0;
    let rv = call!(host, C_UnwrapKey(SESSION, &mut by, 4, out, 7, null_mut(), 0, &mut key));
    let read = locked(&host.token.mechanism).take().unwrap().parameters;
    assert!(rv == CKR_OK && matches!(read, Parameters::Gcm(gcm) if gcm.iv == b"vvvvvvvvvvvv"));
    assert_eq!(call!(host, C_EncryptInit(SESSION, &mut by, 5)), CKR_OK);
    let read = locked(&host.token.mechanism).take().unwrap().parameters;
    assert_eq!(read, Parameters::Unknown, "no other function has such parameters");
}
