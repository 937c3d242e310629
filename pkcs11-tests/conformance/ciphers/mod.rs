//! Chapter 6: every cipher and every MAC of a cipher beside those of AES that chapters 5.8 to 5.18 try at length, each
//! from a row of one table.

mod table;

use cryptoki_sys::{
    CK_AES_CBC_ENCRYPT_DATA_PARAMS, CK_CHACHA20_PARAMS, CK_DES_CBC_ENCRYPT_DATA_PARAMS,
    CK_KEY_DERIVATION_STRING_DATA, CK_MECHANISM, CKA_CHECK_VALUE, CKA_CLASS, CKA_DERIVE, CKA_KEY_TYPE,
    CKA_SIGN, CKA_TOKEN, CKA_VALUE, CKA_VALUE_LEN, CKF_DERIVE, CKF_GENERATE, CKF_UNWRAP, CKK_AES,
    CKK_AES_XTS, CKK_CAMELLIA, CKK_CHACHA20, CKK_DES, CKK_DES2, CKK_DES3, CKK_GENERIC_SECRET, CKK_POLY1305,
    CKM_AES_CBC, CKM_AES_CCM, CKM_AES_CTS, CKM_AES_GMAC, CKM_AES_XTS, CKM_CAMELLIA_ECB, CKM_CHACHA20,
    CKM_CHACHA20_POLY1305, CKM_DES_ECB, CKM_DES3_CBC, CKM_DES3_CBC_PAD, CKM_DES3_CMAC, CKM_POLY1305,
    CKO_SECRET_KEY, CKR_ATTRIBUTE_VALUE_INVALID, CKR_DATA_LEN_RANGE, CKR_ENCRYPTED_DATA_INVALID,
    CKR_ENCRYPTED_DATA_LEN_RANGE, CKR_KEY_TYPE_INCONSISTENT, CKR_MECHANISM_INVALID,
    CKR_MECHANISM_PARAM_INVALID, CKR_OK, CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE,
    CKR_TEMPLATE_INCONSISTENT, CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT, CKR_WRAPPED_KEY_INVALID,
    CKR_WRAPPED_KEY_LEN_RANGE, CKR_WRAPPING_KEY_TYPE_INCONSISTENT,
};
use pkcs11_tests::keys::{attribute, sign, verify};
use pkcs11_tests::program::{hex, openssl, run_with_input, unhex};
use pkcs11_tests::raw::parameters::{claiming, with};
use pkcs11_tests::{Out, Sent, Template, Test, assert_rv, mechanism, on_both, on_claviger};

use table::{
    DERIVATIONS, Derivation, EDW, GENERATIONS, Generation, Given, IV, ROWS, SV, kept, message, value,
};

use crate::secret_keys::{Cipher, DECRYPTION, ENCRYPTION, create, in_parts, opened, secret_template, whole};

on_both!(openssl_and_the_token_agree_on_triple_des, triple_des_cmac_gives_what_nist_says);
on_claviger!(
    every_mechanism_says_what_it_can,
    every_cipher_works_whole_in_parts_and_in_place,
    every_mac_verifies_its_own_signature_and_no_other,
    every_cipher_that_wraps_brings_the_key_back,
    a_block_of_eight_bytes_wraps_and_does_not_unwrap,
    parameters_that_do_not_fit_are_refused_by_every_mechanism,
    a_key_of_another_type_is_refused_by_every_mechanism,
    messages_that_a_mode_does_not_take_are_refused,
    a_wrong_tag_gives_nothing_in_parts_neither,
    keys_of_every_type_are_made_and_created,
    wrong_parity_and_wrong_lengths_are_refused,
    a_key_is_derived_by_encryption_of_data,
    published_vectors_come_out,
);

fn every_mechanism_says_what_it_can(t: &Test) {
    let slot = t.token().slot;
    let mut expected: Vec<_> = ROWS.iter().map(|row| (row.by, row.sizes, row.flags)).collect();
    expected.extend(GENERATIONS.iter().map(|row| (row.by, row.sizes, CKF_GENERATE)));
    for row in &DERIVATIONS {
        let sizes = match row.key_type {
            CKK_DES => (8, 8),
            CKK_DES3 => (16, 24),
            _ => (16, 32),
        };
        expected.extend([(row.by.0, sizes, CKF_DERIVE), (row.by.1, sizes, CKF_DERIVE)]);
    }
    for (by, sizes, flags) in expected {
        let (rv, info) = t.module.mechanism_info(slot, by);
        assert_rv!(rv, CKR_OK, "{by:#x}");
        assert_eq!((info.ulMinKeySize, info.ulMaxKeySize), sizes, "{by:#x}");
        assert_eq!(info.flags, flags, "{by:#x}");
    }
}

/// Encrypts or decrypts in the memory where the input lies.
fn in_place(t: &Test, cipher: Cipher, session: u64, by: &CK_MECHANISM, key: u64, data: &[u8]) -> Vec<u8> {
    assert_rv!((cipher.begin)(t.module, session, Some(by), key), CKR_OK);
    let mut memory = vec![0; 512];
    memory[..data.len()].copy_from_slice(data);
    let start = memory.as_mut_ptr();
    let input = Sent::at(start, data.len() as u64);
    let (rv, len) = (cipher.whole)(t.module, session, input, Out::over(Sent::at(start, 0), 512));
    assert_rv!(rv, CKR_OK, "{:#x}", by.mechanism);
    memory.truncate(usize::try_from(len).unwrap());
    memory
}

fn every_cipher_works_whole_in_parts_and_in_place(t: &Test) {
    let session = t.token().user_session();
    for row in ROWS.iter().filter(|row| row.encrypts()) {
        let (key, data) = (row.key(t, session), message(96));
        let by = row.given.of(row.by, data.len());
        let sealed = whole(t.module, ENCRYPTION, session, &by, key, &data).unwrap();
        assert_ne!(sealed[..32], data[..32], "{:#x}", row.by);
        assert_eq!(in_place(t, ENCRYPTION, session, &by, key, &data), sealed);
        assert_eq!(whole(t.module, DECRYPTION, session, &by, key, &sealed).unwrap(), data);
        assert_eq!(in_place(t, DECRYPTION, session, &by, key, &sealed), data);
        for part in [1, 7, 16, 33] {
            let found = in_parts(t.module, ENCRYPTION, session, &by, key, (&data, part));
            assert_eq!(found.unwrap(), sealed, "{:#x} by {part}", row.by);
            let found = in_parts(t.module, DECRYPTION, session, &by, key, (&sealed, part));
            assert_eq!(found.unwrap(), data, "{:#x} by {part}", row.by);
        }
    }
}

fn every_mac_verifies_its_own_signature_and_no_other(t: &Test) {
    let session = t.token().user_session();
    let m = t.module;
    for row in ROWS.iter().filter(|row| row.flags == SV) {
        let (key, data) = (row.key(t, session), message(100));
        let by = row.given.of(row.by, data.len());
        let mac = sign(m, session, &by, key, &data).unwrap();
        assert_rv!(m.sign_init(session, Some(&by), key), CKR_OK);
        for part in data.chunks(13) {
            assert_rv!(m.sign_update(session, Sent::from(part)), CKR_OK);
        }
        let mut place = [0; 64];
        let (rv, len) = m.sign_final(session, Out::buffer(&mut place));
        assert_rv!(rv, CKR_OK);
        assert_eq!(&place[..usize::try_from(len).unwrap()], &mac[..], "{:#x}", row.by);
        assert_rv!(verify(m, session, &by, key, &data, &mac), CKR_OK);
        let mut changed = mac.clone();
        changed[mac.len() - 1] ^= 1;
        assert_rv!(verify(m, session, &by, key, &data, &changed), CKR_SIGNATURE_INVALID);
        assert_rv!(verify(m, session, &by, key, &[&data[..], &[9]].concat(), &mac), CKR_SIGNATURE_INVALID);
        let longer = [&mac[..], &[0]].concat();
        assert_rv!(verify(m, session, &by, key, &data, &longer), CKR_SIGNATURE_LEN_RANGE);
        if mac.len() > 1 {
            assert_rv!(verify(m, session, &by, key, &data, &mac[1..]), CKR_SIGNATURE_LEN_RANGE);
        }
    }
}

fn unwrapped(value_len: Option<u64>) -> Template {
    let template = Template::new()
        .ulong(CKA_CLASS, CKO_SECRET_KEY)
        .ulong(CKA_KEY_TYPE, CKK_GENERIC_SECRET)
        .boolean(CKA_TOKEN, false);
    opened(value_len.into_iter().fold(template, |template, len| template.ulong(CKA_VALUE_LEN, len)))
}

fn wrap(t: &Test, session: u64, by: &CK_MECHANISM, wrapping: u64, key: u64) -> Result<Vec<u8>, u64> {
    let mut out = vec![0; 256];
    let (rv, len) = t.module.wrap_key(session, Some(by), wrapping, key, Out::buffer(&mut out));
    out.truncate(usize::try_from(len).unwrap_or(0));
    if rv == CKR_OK { Ok(out) } else { Err(rv) }
}

fn every_cipher_that_wraps_brings_the_key_back(t: &Test) {
    let session = t.token().user_session();
    let m = t.module;
    let inner = value(32);
    let key = create(m, session, &opened(secret_template(CKK_GENERIC_SECRET, &inner)));
    let mac = create(m, session, &secret_template(CKK_POLY1305, &value(32)));
    for row in ROWS.iter().filter(|row| row.flags & CKF_UNWRAP != 0) {
        let wrapping = row.key(t, session);
        // The length of CCM's data is the key's, whatever the parameter says (section 6.13.6).
        let by = row.given.of(row.by, 0);
        let bytes = wrap(t, session, &by, wrapping, key).unwrap();
        let (rv, back) = m.unwrap_key(session, Some(&by), wrapping, Sent::from(&bytes), &unwrapped(None));
        assert_rv!(rv, CKR_OK, "{:#x}", row.by);
        assert_eq!(attribute(m, session, back, CKA_VALUE), inner);
        let rv = wrap(t, session, &by, mac, key).unwrap_err();
        assert_rv!(rv, CKR_WRAPPING_KEY_TYPE_INCONSISTENT);
        let (rv, _) = m.unwrap_key(session, Some(&by), mac, Sent::from(&bytes), &unwrapped(None));
        assert_rv!(rv, CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT);
        if matches!(row.given, Given::Ccm) {
            let changed = [&[bytes[0] ^ 1], &bytes[1..]].concat();
            let (rv, _) = m.unwrap_key(session, Some(&by), wrapping, Sent::from(&changed), &unwrapped(None));
            assert_rv!(rv, CKR_WRAPPED_KEY_INVALID);
        }
        // Nobody cuts a key out of a stream.
        if matches!(row.given, Given::Stream) {
            let (rv, _) =
                m.unwrap_key(session, Some(&by), wrapping, Sent::from(&bytes[..13]), &unwrapped(None));
            assert_rv!(rv, CKR_WRAPPED_KEY_LEN_RANGE);
        }
    }
}

fn a_block_of_eight_bytes_wraps_and_does_not_unwrap(t: &Test) {
    let session = t.token().user_session();
    let m = t.module;
    let key = create(m, session, &opened(secret_template(CKK_DES3, &value(24))));
    for row in ROWS.iter().filter(|row| row.flags == EDW) {
        let wrapping = row.key(t, session);
        let by = row.given.of(row.by, 0);
        let bytes = wrap(t, session, &by, wrapping, key).unwrap();
        assert_eq!(whole(m, DECRYPTION, session, &by, wrapping, &bytes).unwrap(), value(24));
        let template = unwrapped(Some(24));
        let (rv, _) = m.unwrap_key(session, Some(&by), wrapping, Sent::from(&bytes), &template);
        assert_rv!(rv, CKR_MECHANISM_INVALID, "{:#x}", row.by);
    }
}

fn parameters_that_do_not_fit_are_refused_by_every_mechanism(t: &Test) {
    let session = t.token().user_session();
    let m = t.module;
    let wild = Sent::at(std::ptr::without_provenance_mut(8), 23);
    for row in ROWS {
        let key = row.key(t, session);
        let mut wrong = vec![claiming(row.by, wild)];
        if row.by == CKM_AES_GMAC {
            // Bytes of any length are an initialisation vector.
            wrong.clear();
        }
        match row.given {
            Given::Nothing => wrong.push(with(row.by, &IV)),
            Given::Iv(len) if row.by != CKM_AES_GMAC => {
                wrong.extend([mechanism(row.by), with(row.by, &IV[..len - 1])]);
            }
            Given::Len(_) => {
                wrong.extend([mechanism(row.by), Given::Len(0).of(row.by, 0), Given::Len(17).of(row.by, 0)]);
            }
            _ => wrong.push(mechanism(row.by)),
        }
        for by in &wrong {
            let rvs = if row.encrypts() {
                [m.encrypt_init(session, Some(by), key), m.decrypt_init(session, Some(by), key)]
            } else {
                [m.sign_init(session, Some(by), key), m.verify_init(session, Some(by), key)]
            };
            for rv in rvs {
                assert_rv!(rv, CKR_MECHANISM_PARAM_INVALID, "{:#x}", row.by);
            }
        }
    }
}

fn a_key_of_another_type_is_refused_by_every_mechanism(t: &Test) {
    let session = t.token().user_session();
    let m = t.module;
    for row in ROWS {
        let by = row.given.of(row.by, 5);
        for (key_type, len) in [(CKK_AES, 16), (CKK_CAMELLIA, 16), (CKK_CHACHA20, 32), (CKK_DES, 8)] {
            if key_type == row.key_type {
                continue;
            }
            let key = create(m, session, &secret_template(key_type, &value(len)));
            let rv = if row.encrypts() {
                m.encrypt_init(session, Some(&by), key)
            } else {
                m.sign_init(session, Some(&by), key)
            };
            assert_rv!(rv, CKR_KEY_TYPE_INCONSISTENT, "{:#x}", row.by);
        }
    }
}

fn messages_that_a_mode_does_not_take_are_refused(t: &Test) {
    let session = t.token().user_session();
    let m = t.module;
    for (by, len) in [
        (CKM_AES_CTS, 15),
        (CKM_AES_XTS, 15),
        (CKM_DES_ECB, 7),
        (CKM_DES3_CBC, 9),
        (CKM_CAMELLIA_ECB, 17),
        (CKM_AES_CCM, 95),
    ] {
        let row = ROWS.iter().find(|row| row.by == by).unwrap();
        let (key, by) = (row.key(t, session), row.given.of(row.by, 96));
        for parts in [len, 5] {
            let found = in_parts(m, ENCRYPTION, session, &by, key, (&message(len), parts));
            assert_rv!(found.unwrap_err(), CKR_DATA_LEN_RANGE, "{:#x}", row.by);
            let found = in_parts(m, DECRYPTION, session, &by, key, (&message(len), parts));
            assert_rv!(found.unwrap_err(), CKR_ENCRYPTED_DATA_LEN_RANGE, "{:#x}", row.by);
        }
        assert_rv!(whole(m, ENCRYPTION, session, &by, key, &message(len)).unwrap_err(), CKR_DATA_LEN_RANGE);
        let found = whole(m, DECRYPTION, session, &by, key, &message(len));
        assert_rv!(found.unwrap_err(), CKR_ENCRYPTED_DATA_LEN_RANGE);
    }
    // The last block of a counter of 32 bits is the last: the first would come again.
    let key = create(m, session, &secret_template(CKK_CHACHA20, &value(32)));
    let by = with(
        CKM_CHACHA20,
        kept(CK_CHACHA20_PARAMS {
            pBlockCounter: kept([255u8; 4]).as_mut_ptr(),
            blockCounterBits: 32,
            pNonce: kept(IV).as_mut_ptr(),
            ulNonceBits: 96,
        }),
    );
    assert!(whole(m, ENCRYPTION, session, &by, key, &message(64)).is_ok());
    assert_rv!(whole(m, ENCRYPTION, session, &by, key, &message(65)).unwrap_err(), CKR_DATA_LEN_RANGE);
}

fn a_wrong_tag_gives_nothing_in_parts_neither(t: &Test) {
    let session = t.token().user_session();
    let m = t.module;
    for by in [CKM_AES_CCM, CKM_CHACHA20_POLY1305] {
        let row = ROWS.iter().find(|row| row.by == by).unwrap();
        let (key, by) = (row.key(t, session), row.given.of(row.by, 96));
        let mut sealed = whole(m, ENCRYPTION, session, &by, key, &message(96)).unwrap();
        sealed[111] ^= 1;
        assert_rv!(m.decrypt_init(session, Some(&by), key), CKR_OK);
        let mut room = [0xA5; 256];
        for part in sealed.chunks(32) {
            let (rv, len) = m.decrypt_update(session, Sent::from(part), Out::buffer(&mut room));
            assert_rv!(rv, CKR_OK);
            assert_eq!(len, 0);
        }
        assert_rv!(m.decrypt_final(session, Out::buffer(&mut room)).0, CKR_ENCRYPTED_DATA_INVALID);
        assert_rv!(m.decrypt_init(session, Some(&by), key), CKR_OK);
        let mut other = [0xA5; 256];
        let (rv, _) = m.decrypt(session, Sent::from(&sealed), Out::buffer(&mut other));
        assert_rv!(rv, CKR_ENCRYPTED_DATA_INVALID);
        assert!(room.iter().chain(&other).all(|byte| *byte == 0xA5), "{:#x}", row.by);
    }
}

fn keys_of_every_type_are_made_and_created(t: &Test) {
    let session = t.token().user_session();
    let m = t.module;
    for Generation { by, key_type, asked, len, .. } in GENERATIONS {
        let template = opened(Template::new().boolean(CKA_TOKEN, false));
        let template = asked.into_iter().fold(template, |template, len| template.ulong(CKA_VALUE_LEN, len));
        let (rv, key) = m.generate_key(session, Some(&mechanism(by)), &template);
        assert_rv!(rv, CKR_OK, "{by:#x}");
        let made = attribute(m, session, key, CKA_VALUE);
        assert_eq!(made.len(), len, "{by:#x}");
        if [CKK_DES, CKK_DES2, CKK_DES3].contains(&key_type) {
            assert!(made.iter().all(|byte| byte.count_ones() % 2 == 1));
        }
        let created = create(m, session, &opened(secret_template(key_type, &made)));
        assert_eq!(attribute(m, session, created, CKA_VALUE), made);
        let check = attribute(m, session, created, CKA_CHECK_VALUE);
        assert_eq!((check.len(), &check), (3, &attribute(m, session, key, CKA_CHECK_VALUE)));
    }
}

fn wrong_parity_and_wrong_lengths_are_refused(t: &Test) {
    let session = t.token().user_session();
    let m = t.module;
    let refused = |key_type, value: &[u8]| {
        let (rv, _) = m.create_object(session, &secret_template(key_type, value));
        assert_rv!(rv, CKR_ATTRIBUTE_VALUE_INVALID, "{key_type:#x} of {}", value.len());
    };
    for Generation { key_type, len, .. } in GENERATIONS {
        for wrong in [0, 1, len - 1, len + 1] {
            refused(key_type, &value(wrong));
        }
    }
    for (key_type, len) in [(CKK_DES, 8), (CKK_DES2, 16), (CKK_DES3, 24)] {
        let mut even = value(len);
        even[len - 1] ^= 1;
        refused(key_type, &even);
        let by = with(CKM_AES_CBC, &IV);
        let wrapping = create(m, session, &secret_template(CKK_AES, &value(16)));
        let filled = [&even[..], &vec![0; even.len().next_multiple_of(16) - even.len()]].concat();
        let bytes = whole(m, ENCRYPTION, session, &by, wrapping, &filled).unwrap();
        let template = Template::new().ulong(CKA_CLASS, CKO_SECRET_KEY).ulong(CKA_KEY_TYPE, key_type);
        let (rv, _) = m.unwrap_key(session, Some(&by), wrapping, Sent::from(&bytes), &template);
        // What does not fill blocks of AES cannot be cut out of them: half a block can be tried.
        let expected = if len == 16 { CKR_WRAPPED_KEY_INVALID } else { CKR_WRAPPED_KEY_LEN_RANGE };
        assert_rv!(rv, expected, "{key_type:#x}");
    }
    // Both keys of XTS are the same.
    refused(CKK_AES_XTS, &[7; 32]);
}

fn derived(key_type: u64, len: Option<u64>) -> Template {
    let template = Template::new()
        .ulong(CKA_CLASS, CKO_SECRET_KEY)
        .ulong(CKA_KEY_TYPE, key_type)
        .boolean(CKA_TOKEN, false);
    opened(len.into_iter().fold(template, |template, len| template.ulong(CKA_VALUE_LEN, len)))
}

/// A derivation's mechanism by ECB or by CBC, of data.
fn of_data(row: &Derivation, by_cbc: bool, data: &[u8]) -> CK_MECHANISM {
    let (data, length) = (kept(data.to_vec()).as_mut_ptr(), data.len() as u64);
    let half = *IV.first_chunk().unwrap();
    match (by_cbc, row.block) {
        (false, _) => with(row.by.0, kept(CK_KEY_DERIVATION_STRING_DATA { pData: data, ulLen: length })),
        (true, 8) => with(row.by.1, kept(CK_DES_CBC_ENCRYPT_DATA_PARAMS { iv: half, pData: data, length })),
        (true, _) => with(row.by.1, kept(CK_AES_CBC_ENCRYPT_DATA_PARAMS { iv: IV, pData: data, length })),
    }
}

fn a_key_is_derived_by_encryption_of_data(t: &Test) {
    let session = t.token().user_session();
    let m = t.module;
    for row in &DERIVATIONS {
        let closed = secret_template(row.key_type, &value(row.key)).boolean(CKA_DERIVE, true);
        let (closed, data) = (create(m, session, &closed), message(32));
        let base = opened(secret_template(row.key_type, &value(row.key)).boolean(CKA_DERIVE, true));
        let base = create(m, session, &base);
        for by_cbc in [false, true] {
            let by = of_data(row, by_cbc, &data);
            let mode = if by_cbc { with(row.modes.1, &IV[..row.block]) } else { mechanism(row.modes.0) };
            let readable = derived(CKK_GENERIC_SECRET, None);
            let (rv, _) = m.derive_key(session, Some(&by), closed, &readable);
            assert_rv!(
                rv,
                CKR_TEMPLATE_INCONSISTENT,
                "what a sensitive key makes of data is no more open than it"
            );
            let encrypted = whole(m, ENCRYPTION, session, &mode, base, &data).unwrap();
            let derive = |by: &CK_MECHANISM, template: &Template| {
                let (rv, key) = m.derive_key(session, Some(by), base, template);
                if rv == CKR_OK { Ok(attribute(m, session, key, CKA_VALUE)) } else { Err(rv) }
            };
            assert_eq!(derive(&by, &derived(CKK_GENERIC_SECRET, None)), Ok(encrypted.clone()));
            assert_eq!(derive(&by, &derived(CKK_AES, Some(16))), Ok(encrypted[..16].to_vec()));
            let of_des = derive(&by, &derived(CKK_DES3, None)).unwrap();
            assert!(of_des.iter().all(|byte| byte.count_ones() % 2 == 1));
            assert!(of_des.iter().zip(&encrypted).all(|(one, other)| one >> 1 == other >> 1));
            let found = derive(&by, &derived(CKK_GENERIC_SECRET, Some(33)));
            assert_rv!(found.unwrap_err(), CKR_DATA_LEN_RANGE, "{:#x}", by.mechanism);
            for len in [0, row.block - 1, row.block + 1] {
                let found = derive(&of_data(row, by_cbc, &data[..len]), &derived(CKK_GENERIC_SECRET, None));
                assert_rv!(found.unwrap_err(), CKR_MECHANISM_PARAM_INVALID, "{:#x}", by.mechanism);
            }
            let other =
                create(m, session, &secret_template(CKK_POLY1305, &value(32)).boolean(CKA_DERIVE, true));
            let (rv, _) = m.derive_key(session, Some(&by), other, &derived(CKK_GENERIC_SECRET, None));
            assert_rv!(rv, CKR_KEY_TYPE_INCONSISTENT);
        }
    }
}

fn published_vectors_come_out(t: &Test) {
    let session = t.token().user_session();
    let m = t.module;
    // RFC 3713 appendix A; IEEE 1619 vector 15; RFC 8439 section 2.5.2.
    let camellia = unhex("0123456789abcdeffedcba9876543210");
    let key = create(m, session, &secret_template(CKK_CAMELLIA, &camellia));
    let sealed = whole(m, ENCRYPTION, session, &mechanism(CKM_CAMELLIA_ECB), key, &camellia).unwrap();
    assert_eq!(hex(&sealed), "67673138549669730857065648eabe43");
    let value = unhex("fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0bfbebdbcbbbab9b8b7b6b5b4b3b2b1b0");
    let key = create(m, session, &secret_template(CKK_AES_XTS, &value));
    let number = unhex("9a785634120000000000000000000000");
    let data: Vec<u8> = (0..17).collect();
    let sealed = whole(m, ENCRYPTION, session, &with(CKM_AES_XTS, &number[..]), key, &data).unwrap();
    assert_eq!(hex(&sealed), "6c1625db4671522d3d7599601de7ca09ed");
    let value = unhex("85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b");
    let key = create(m, session, &secret_template(CKK_POLY1305, &value));
    let tag = sign(m, session, &mechanism(CKM_POLY1305), key, b"Cryptographic Forum Research Group");
    assert_eq!(hex(&tag.unwrap()), "a8061dc1305136c6c22b8baf0c0127a9");
}

fn openssl_and_the_token_agree_on_triple_des(t: &Test) {
    let session = t.token().user_session();
    let key = create(t.module, session, &secret_template(CKK_DES3, &value(24)));
    let by = with(CKM_DES3_CBC_PAD, &IV[..8]);
    for len in [1, 7, 8, 9, 100] {
        let data = message(len);
        let sealed = whole(t.module, ENCRYPTION, session, &by, key, &data).unwrap();
        let mut command = openssl(["enc", "-des-ede3-cbc", "-e", "-K", &hex(&value(24))]);
        command.args(["-iv", &hex(&IV[..8])]);
        assert_eq!(sealed, run_with_input(&mut command, &data), "{len}");
        assert_eq!(whole(t.module, DECRYPTION, session, &by, key, &sealed).unwrap(), data);
    }
}

fn triple_des_cmac_gives_what_nist_says(t: &Test) {
    let session = t.token().user_session();
    let key = unhex("8aa83bf8cbda10620bc1bf19fbb6cd58bc313d4a371ca8b5");
    let key = create(t.module, session, &secret_template(CKK_DES3, &key).boolean(CKA_SIGN, true));
    let message = unhex("6bc1bee22e409f96e93d7e117393172aae2d8a57");
    for (len, expected) in [(8, "8e8f293136283797"), (20, "743ddbe0ce2dc2ed")] {
        let mac = sign(t.module, session, &mechanism(CKM_DES3_CMAC), key, &message[..len]).unwrap();
        assert_eq!(hex(&mac), expected);
    }
}
