//! Sections 5.8 and 5.10: encryption and decryption with AES.

use cryptoki_sys::{
    CKA_DECRYPT, CKA_ENCRYPT, CKK_AES, CKM_AES_CBC, CKM_AES_CBC_PAD, CKM_AES_ECB, CKM_SHA256,
    CKR_BUFFER_TOO_SMALL, CKR_DATA_LEN_RANGE, CKR_ENCRYPTED_DATA_INVALID, CKR_ENCRYPTED_DATA_LEN_RANGE,
    CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_KEY_HANDLE_INVALID, CKR_KEY_TYPE_INCONSISTENT, CKR_MECHANISM_INVALID,
    CKR_MECHANISM_PARAM_INVALID, CKR_OK, CKR_OPERATION_NOT_INITIALIZED,
};
use pkcs11_tests::keys::{Kind, generate};
use pkcs11_tests::program::{hex, openssl, run_with_input, unhex};
use pkcs11_tests::raw::parameters::{ctr, gcm, with};
use pkcs11_tests::{Out, Sent, Test, assert_rv, mechanism, on_both, on_claviger};

use crate::secret_keys::{
    Cipher, DECRYPTION, ENCRYPTION, aes, create, generic, in_parts, secret_template, whole,
};

on_both!(
    openssl_and_the_token_agree_on_whole_blocks,
    openssl_and_the_token_agree_on_padded_cbc_of_every_length,
    openssl_and_the_token_agree_on_counter_mode,
    gcm_gives_what_the_published_vector_says,
    parts_of_any_length_give_what_the_whole_gives,
    too_small_a_buffer_names_the_length_and_stays_active,
    a_key_that_may_not_encrypt_is_refused,
    a_mechanism_that_encrypts_not_is_refused,
    half_a_block_without_padding_is_refused,
    a_wrong_tag_gives_nothing,
    a_counter_does_not_run_over,
    gcm_gives_no_plaintext_before_the_tag_holds,
);
on_claviger!(
    a_query_never_ends_the_operation,
    a_key_that_is_none_or_of_another_type_is_refused,
    parameters_of_another_length_are_refused,
    every_tag_length_of_the_standard_works_and_no_other,
    wrong_padding_is_told_and_ends_the_operation,
    ciphertext_of_impossible_length_is_refused,
    nothing_is_a_message_too,
    a_part_of_which_nothing_comes_yet_asks_for_a_byte_of_room,
);

const IV: [u8; 16] = *b"sixteen bytes iv";

fn message(len: usize) -> Vec<u8> {
    (0..=255u8).cycle().skip(7).take(len).collect()
}

fn key_of(len: usize) -> Vec<u8> {
    (1..=255u8).take(len).collect()
}

fn openssl_enc(mode: &str, key: &[u8], iv: Option<&[u8]>, padded: bool, data: &[u8]) -> Vec<u8> {
    let mode = format!("-aes-{}-{mode}", key.len() * 8);
    let mut command = openssl(["enc", &mode, "-e", "-K", &hex(key)]);
    if let Some(iv) = iv {
        command.args(["-iv", &hex(iv)]);
    }
    if !padded {
        command.arg("-nopad");
    }
    run_with_input(&mut command, data)
}

fn openssl_and_the_token_agree_on_whole_blocks(t: &Test) {
    let session = t.token().user_session();
    let cbc = with(CKM_AES_CBC, &IV);
    for len in [16, 24, 32] {
        let value = key_of(len);
        let key = aes(t.module, session, &value);
        for (by, mode, iv) in [(mechanism(CKM_AES_ECB), "ecb", None), (cbc, "cbc", Some(&IV[..]))] {
            for blocks in [1, 2, 65] {
                let data = message(blocks * 16);
                let sealed = whole(t.module, ENCRYPTION, session, &by, key, &data).unwrap();
                assert_eq!(sealed, openssl_enc(mode, &value, iv, false, &data), "{mode} {len} {blocks}");
                assert_eq!(whole(t.module, DECRYPTION, session, &by, key, &sealed).unwrap(), data);
            }
        }
    }
}

fn openssl_and_the_token_agree_on_padded_cbc_of_every_length(t: &Test) {
    let session = t.token().user_session();
    let value = key_of(32);
    let key = aes(t.module, session, &value);
    let by = with(CKM_AES_CBC_PAD, &IV);
    for len in (1..=33).chain([1000]) {
        let data = message(len);
        let sealed = whole(t.module, ENCRYPTION, session, &by, key, &data).unwrap();
        assert_eq!(sealed, openssl_enc("cbc", &value, Some(&IV), true, &data), "{len}");
        assert_eq!(whole(t.module, DECRYPTION, session, &by, key, &sealed).unwrap(), data);
    }
}

fn openssl_and_the_token_agree_on_counter_mode(t: &Test) {
    let session = t.token().user_session();
    let value = key_of(16);
    let key = aes(t.module, session, &value);
    let by = ctr(128, IV);
    for len in [1, 15, 16, 17, 1000] {
        let data = message(len);
        let sealed = whole(t.module, ENCRYPTION, session, &by.mechanism(), key, &data).unwrap();
        assert_eq!(sealed, openssl_enc("ctr", &value, Some(&IV), false, &data), "{len}");
        assert_eq!(whole(t.module, DECRYPTION, session, &by.mechanism(), key, &sealed).unwrap(), data);
    }
}

/// Test case 4 of the GCM specification that was submitted to NIST.
struct Vector {
    key: Vec<u8>,
    iv: Vec<u8>,
    aad: Vec<u8>,
    plain: Vec<u8>,
    sealed: Vec<u8>,
}

fn vector() -> Vector {
    Vector {
        key: unhex("feffe9928665731c6d6a8f9467308308"),
        iv: unhex("cafebabefacedbaddecaf888"),
        aad: unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2"),
        plain: unhex(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525\
             b16aedf5aa0de657ba637b39",
        ),
        sealed: unhex(
            "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa05\
             1ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47",
        ),
    }
}

fn gcm_gives_what_the_published_vector_says(t: &Test) {
    let session = t.token().user_session();
    let v = vector();
    let key = aes(t.module, session, &v.key);
    let by = gcm(Sent::from(&v.iv), Sent::from(&v.aad), 128);
    assert_eq!(whole(t.module, ENCRYPTION, session, &by.mechanism(), key, &v.plain).unwrap(), v.sealed);
    assert_eq!(whole(t.module, DECRYPTION, session, &by.mechanism(), key, &v.sealed).unwrap(), v.plain);
}

fn parts_of_any_length_give_what_the_whole_gives(t: &Test) {
    let session = t.token().user_session();
    let key = aes(t.module, session, &key_of(32));
    let (counter, v) = (ctr(128, IV), vector());
    let sealing = gcm(Sent::from(&v.iv), Sent::from(&v.aad), 128);
    let all = [
        (mechanism(CKM_AES_ECB), 96),
        (with(CKM_AES_CBC, &IV), 96),
        (with(CKM_AES_CBC_PAD, &IV), 96),
        (with(CKM_AES_CBC_PAD, &IV), 101),
        (counter.mechanism(), 101),
        (sealing.mechanism(), 101),
    ];
    for (by, len) in all {
        let data = message(len);
        let sealed = whole(t.module, ENCRYPTION, session, &by, key, &data).unwrap();
        for part in [1, 7, 16, 17, 32, 200] {
            let run = |cipher: Cipher, data: &[u8]| {
                in_parts(t.module, cipher, session, &by, key, (data, part)).unwrap()
            };
            assert_eq!(run(ENCRYPTION, &data), sealed, "{:#x} in {part}", by.mechanism);
            assert_eq!(run(DECRYPTION, &sealed), data, "{:#x} in {part}", by.mechanism);
        }
    }
}

fn too_small_a_buffer_names_the_length_and_stays_active(t: &Test) {
    let session = t.token().user_session();
    let key = aes(t.module, session, &key_of(16));
    let by = with(CKM_AES_CBC, &IV);
    let data = message(64);
    let mut room = [0xA5; 64];
    assert_rv!(t.module.encrypt_init(session, Some(&by), key), CKR_OK);
    for len in [0, 1, 63] {
        let answer = t.module.encrypt(session, Sent::from(&data), Out::buffer(&mut room[..len]));
        assert_eq!(answer, (CKR_BUFFER_TOO_SMALL, 64));
    }
    assert_eq!(room, [0xA5; 64], "nothing was written");
    assert_eq!(t.module.encrypt(session, Sent::from(&data), Out::buffer(&mut room)), (CKR_OK, 64));
    assert_rv!(t.module.encrypt_init(session, Some(&by), key), CKR_OK);
    let mut parts = [0; 64];
    let (rv, _) = t.module.encrypt_update(session, Sent::from(&data), Out::buffer(&mut parts[..9]));
    assert_rv!(rv, CKR_BUFFER_TOO_SMALL);
    assert_eq!(t.module.encrypt_update(session, Sent::from(&data), Out::buffer(&mut parts)), (CKR_OK, 64));
    assert_eq!(t.module.encrypt_final(session, Out::buffer(&mut [])), (CKR_OK, 0));
    assert_eq!(parts, room);
}

fn a_key_that_may_not_encrypt_is_refused(t: &Test) {
    let session = t.token().user_session();
    let template = secret_template(CKK_AES, &key_of(16));
    let template = template.boolean(CKA_ENCRYPT, false).boolean(CKA_DECRYPT, false);
    let key = create(t.module, session, &template);
    for cipher in [ENCRYPTION, DECRYPTION] {
        let rv = (cipher.begin)(t.module, session, Some(&mechanism(CKM_AES_ECB)), key);
        assert_rv!(rv, CKR_KEY_FUNCTION_NOT_PERMITTED);
    }
}

fn a_mechanism_that_encrypts_not_is_refused(t: &Test) {
    let session = t.token().user_session();
    let key = aes(t.module, session, &key_of(16));
    for cipher in [ENCRYPTION, DECRYPTION] {
        for by in [CKM_SHA256, 0x7777_7777] {
            let rv = (cipher.begin)(t.module, session, Some(&mechanism(by)), key);
            assert_rv!(rv, CKR_MECHANISM_INVALID);
        }
    }
}

fn half_a_block_without_padding_is_refused(t: &Test) {
    let session = t.token().user_session();
    let key = aes(t.module, session, &key_of(16));
    for by in [mechanism(CKM_AES_ECB), with(CKM_AES_CBC, &IV)] {
        let refused = whole(t.module, ENCRYPTION, session, &by, key, &message(17));
        assert_eq!(refused, Err(CKR_DATA_LEN_RANGE));
        let (rv, _) = t.module.encrypt(session, Sent::from(b"x"), Out::query());
        assert_rv!(rv, CKR_OPERATION_NOT_INITIALIZED, "it is over");
        let refused = in_parts(t.module, ENCRYPTION, session, &by, key, (&message(17), 16));
        assert_eq!(refused, Err(CKR_DATA_LEN_RANGE));
        let refused = whole(t.module, DECRYPTION, session, &by, key, &message(17));
        assert_eq!(refused, Err(CKR_ENCRYPTED_DATA_LEN_RANGE));
    }
}

/// SoftHSM answers `CKR_GENERAL_ERROR`; section 5.10.2 lists the value for ciphertext that is not valid.
fn a_wrong_tag_gives_nothing(t: &Test) {
    let session = t.token().user_session();
    let v = vector();
    let key = aes(t.module, session, &v.key);
    let by = gcm(Sent::from(&v.iv), Sent::from(&v.aad), 128);
    for place in [0, 59, 60, 75] {
        let mut wrong = v.sealed.clone();
        wrong[place] ^= 1;
        assert_rv!(t.module.decrypt_init(session, Some(&by.mechanism()), key), CKR_OK);
        let mut room = [0; 128];
        let (rv, _) = t.module.decrypt(session, Sent::from(&wrong), Out::buffer(&mut room));
        assert_ne!(rv, CKR_OK);
        if t.is_claviger() {
            assert_rv!(rv, CKR_ENCRYPTED_DATA_INVALID);
            assert_eq!(room, [0; 128], "not a byte of what did not hold");
        }
    }
}

/// SoftHSM answers `CKR_BUFFER_TOO_SMALL` (32 bytes) to a buffer of exactly the plaintext; section 5.2 has that value
/// for a buffer that the output does not fit.
fn a_query_never_ends_the_operation(t: &Test) {
    let session = t.token().user_session();
    let key = aes(t.module, session, &key_of(16));
    let by = with(CKM_AES_CBC_PAD, &IV);
    let data = message(20);
    let sealed = whole(t.module, ENCRYPTION, session, &by, key, &data).unwrap();
    for (cipher, input, expected) in [(ENCRYPTION, &data, &sealed), (DECRYPTION, &sealed, &data)] {
        assert_rv!((cipher.begin)(t.module, session, Some(&by), key), CKR_OK);
        for _ in 0..3 {
            let (rv, len) = (cipher.whole)(t.module, session, Sent::from(input), Out::query());
            assert_rv!(rv, CKR_OK);
            assert!(usize::try_from(len).unwrap() >= expected.len());
        }
        let mut out = vec![0; expected.len()];
        let (rv, len) = (cipher.whole)(t.module, session, Sent::from(input), Out::buffer(&mut out));
        assert_eq!((rv, len, &out), (CKR_OK, expected.len() as u64, expected), "an exact buffer is enough");
        let (rv, _) = (cipher.whole)(t.module, session, Sent::from(input), Out::query());
        assert_rv!(rv, CKR_OPERATION_NOT_INITIALIZED);
    }
}

/// SoftHSM answers `CKR_OBJECT_HANDLE_INVALID`, which sections 5.8.1 and 5.10.1 do not list.
fn a_key_that_is_none_or_of_another_type_is_refused(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let pair = generate(t.module, session, Kind::P256, false, "signer");
    let secret = generic(t.module, session, &[1; 16]);
    for cipher in [ENCRYPTION, DECRYPTION] {
        let begin = |key| (cipher.begin)(t.module, session, Some(&mechanism(CKM_AES_ECB)), key);
        for key in [0, 424_242, u64::MAX] {
            assert_rv!(begin(key), CKR_KEY_HANDLE_INVALID);
        }
        for key in [pair.public, pair.private, secret] {
            assert_rv!(begin(key), CKR_KEY_TYPE_INCONSISTENT);
        }
    }
}

/// SoftHSM answers `CKR_OK` to CKM_AES_ECB with 16 bytes; section 5.8.1 lists `CKR_MECHANISM_PARAM_INVALID`, and
/// section 6.10 gives ECB no parameter.
fn parameters_of_another_length_are_refused(t: &Test) {
    let session = t.token().user_session();
    let key = aes(t.module, session, &key_of(16));
    let short = ctr(0, IV);
    let long = ctr(129, IV);
    let wrong = [
        with(CKM_AES_ECB, &IV),
        mechanism(CKM_AES_CBC),
        with(CKM_AES_CBC, &IV[..15]),
        with(CKM_AES_CBC_PAD, &[0; 17]),
        mechanism(cryptoki_sys::CKM_AES_CTR),
        with(cryptoki_sys::CKM_AES_CTR, &IV),
        short.mechanism(),
        long.mechanism(),
        mechanism(cryptoki_sys::CKM_AES_GCM),
        with(cryptoki_sys::CKM_AES_GCM, &IV),
    ];
    for cipher in [ENCRYPTION, DECRYPTION] {
        for by in &wrong {
            let rv = (cipher.begin)(t.module, session, Some(by), key);
            assert_rv!(rv, CKR_MECHANISM_PARAM_INVALID, "{:#x} with {}", by.mechanism, by.ulParameterLen);
        }
    }
}

/// SoftHSM makes a tag of 0 bits; SP 800-38D section 5.2.1.2 names the lengths of a tag, and 0 is none of them.
fn every_tag_length_of_the_standard_works_and_no_other(t: &Test) {
    let session = t.token().user_session();
    let v = vector();
    let key = aes(t.module, session, &v.key);
    for bits in (0..=136).chain([u64::MAX, 1 << 32]) {
        let by = gcm(Sent::from(&v.iv), Sent::from(&v.aad), bits);
        let sealed = whole(t.module, ENCRYPTION, session, &by.mechanism(), key, &v.plain);
        if [32, 64, 96, 104, 112, 120, 128].contains(&bits) {
            let sealed = sealed.unwrap();
            assert_eq!(sealed.len() as u64, 60 + bits / 8);
            assert_eq!(whole(t.module, DECRYPTION, session, &by.mechanism(), key, &sealed).unwrap(), v.plain);
        } else {
            assert_eq!(sealed, Err(CKR_MECHANISM_PARAM_INVALID), "{bits}");
        }
    }
}

/// SoftHSM answers `CKR_GENERAL_ERROR`; section 5.10.2 lists `CKR_ENCRYPTED_DATA_INVALID`.
fn wrong_padding_is_told_and_ends_the_operation(t: &Test) {
    let session = t.token().user_session();
    let key = aes(t.module, session, &key_of(16));
    let mut block = [7; 16];
    for last in [0, 8, 17, 255] {
        block[15] = last;
        let sealed = whole(t.module, ENCRYPTION, session, &with(CKM_AES_CBC, &IV), key, &block).unwrap();
        let padded = with(CKM_AES_CBC_PAD, &IV);
        let opened = whole(t.module, DECRYPTION, session, &padded, key, &sealed);
        assert_eq!(opened, Err(CKR_ENCRYPTED_DATA_INVALID), "{last}");
        let (rv, _) = t.module.decrypt(session, Sent::from(&sealed), Out::query());
        assert_rv!(rv, CKR_OPERATION_NOT_INITIALIZED);
    }
}

/// Section 6.11.1: `CKR_DATA_LEN_RANGE` before a counter comes a second time.
fn a_counter_does_not_run_over(t: &Test) {
    let session = t.token().user_session();
    let key = aes(t.module, session, &key_of(16));
    let by = ctr(2, [0; 16]);
    assert!(whole(t.module, ENCRYPTION, session, &by.mechanism(), key, &message(64)).is_ok());
    let refused = whole(t.module, ENCRYPTION, session, &by.mechanism(), key, &message(65));
    assert_eq!(refused, Err(CKR_DATA_LEN_RANGE));
}

/// SoftHSM answers `CKR_GENERAL_ERROR`; section 5.10.2 lists `CKR_ENCRYPTED_DATA_LEN_RANGE`.
fn ciphertext_of_impossible_length_is_refused(t: &Test) {
    let session = t.token().user_session();
    let v = vector();
    let key = aes(t.module, session, &v.key);
    let by = gcm(Sent::from(&v.iv), Sent::from(&v.aad), 128);
    for len in [0, 1, 15] {
        let opened = whole(t.module, DECRYPTION, session, &by.mechanism(), key, &v.sealed[..len]);
        assert_eq!(opened, Err(CKR_ENCRYPTED_DATA_LEN_RANGE));
    }
    for len in [0, 15, 17] {
        let opened = whole(t.module, DECRYPTION, session, &with(CKM_AES_CBC_PAD, &IV), key, &message(len));
        assert_eq!(opened, Err(CKR_ENCRYPTED_DATA_LEN_RANGE), "{len}");
    }
}

/// Section 5.2: data of length 0 may have a null pointer.
/// SoftHSM answers `CKR_ARGUMENTS_BAD` to null with length 0; no section wants a message of one byte at least.
fn nothing_is_a_message_too(t: &Test) {
    let session = t.token().user_session();
    let key = aes(t.module, session, &key_of(16));
    let v = vector();
    let counter = ctr(128, IV);
    let sealing = gcm(Sent::from(&v.iv), Sent::null(0), 128);
    let all = [
        (mechanism(CKM_AES_ECB), 0),
        (with(CKM_AES_CBC, &IV), 0),
        (with(CKM_AES_CBC_PAD, &IV), 16),
        (counter.mechanism(), 0),
        (sealing.mechanism(), 16),
    ];
    for (by, len) in all {
        assert_rv!(t.module.encrypt_init(session, Some(&by), key), CKR_OK);
        let mut sealed = vec![0; 64];
        assert_eq!(t.module.encrypt(session, Sent::null(0), Out::buffer(&mut sealed)), (CKR_OK, len as u64));
        assert_eq!(whole(t.module, DECRYPTION, session, &by, key, &sealed[..len]).unwrap(), b"");
        assert_eq!(in_parts(t.module, ENCRYPTION, session, &by, key, (&[], 16)).unwrap(), &sealed[..len]);
    }
}

fn gcm_gives_no_plaintext_before_the_tag_holds(t: &Test) {
    let session = t.token().user_session();
    let v = vector();
    let key = aes(t.module, session, &v.key);
    let by = gcm(Sent::from(&v.iv), Sent::from(&v.aad), 128);
    assert_rv!(t.module.decrypt_init(session, Some(&by.mechanism()), key), CKR_OK);
    let mut room = [0; 128];
    for part in v.sealed.chunks(16) {
        assert_eq!(t.module.decrypt_update(session, Sent::from(part), Out::buffer(&mut room)), (CKR_OK, 0));
    }
    assert_eq!(t.module.decrypt_final(session, Out::buffer(&mut room)), (CKR_OK, 60));
    assert_eq!(&room[..60], v.plain);
}

/// Section 5.2 lets the length be larger than what is needed; bindings that make a buffer of no bytes pass null.
/// SoftHSM answers `CKR_ARGUMENTS_BAD` to a part of no bytes at null.
fn a_part_of_which_nothing_comes_yet_asks_for_a_byte_of_room(t: &Test) {
    let session = t.token().user_session();
    let m = t.module;
    let key = aes(m, session, &key_of(16));
    let (padded, sealing) = (with(CKM_AES_CBC_PAD, &IV), gcm(Sent::from(&IV), Sent::null(0), 128));
    for (cipher, by) in [(ENCRYPTION, padded), (DECRYPTION, padded), (DECRYPTION, sealing.mechanism())] {
        assert_rv!((cipher.begin)(m, session, Some(&by), key), CKR_OK);
        let mut room = [0; 1];
        assert_eq!((cipher.update)(m, session, Sent::null(0), Out::query()), (CKR_OK, 0));
        assert_eq!((cipher.update)(m, session, Sent::from(b"part"), Out::query()), (CKR_OK, 1));
        assert_eq!((cipher.update)(m, session, Sent::from(b"part"), Out::buffer(&mut room)), (CKR_OK, 0));
        assert_eq!((cipher.update)(m, session, Sent::from(b"part"), Out::buffer(&mut [])), (CKR_OK, 0));
        assert_rv!((cipher.begin)(m, session, None, 0), CKR_OK);
    }
}
