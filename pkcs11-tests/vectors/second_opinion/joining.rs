//! Keys that are the bytes of others (PKCS#11 v3.2 section 6.43), put together here, and ciphertexts that are keys (6.29).

use cryptoki_sys::{
    CKK_GENERIC_SECRET, CKM_AES_CBC_ENCRYPT_DATA, CKM_AES_ECB_ENCRYPT_DATA, CKM_CAMELLIA_CBC_ENCRYPT_DATA,
    CKM_CAMELLIA_ECB_ENCRYPT_DATA, CKM_CONCATENATE_BASE_AND_DATA, CKM_DES_CBC_ENCRYPT_DATA,
    CKM_DES_ECB_ENCRYPT_DATA, CKM_DES3_CBC_ENCRYPT_DATA, CKM_DES3_ECB_ENCRYPT_DATA, CKM_XOR_BASE_AND_DATA,
};
use pkcs11_tests::raw::derivations::{chained_data, string_data};
use pkcs11_tests::raw::parameters::with;

use super::others::{Padding, encrypted};
use super::{Question, Verdict, same};

/// Two random strings of bytes, each long enough for a key.
fn two(q: &Question<'_>) -> (Vec<u8>, Vec<u8>) {
    (q.chance.bytes(q.chance.between(14, 100)), q.chance.bytes(q.chance.between(14, 100)))
}

/// Concatenations with data, and the exclusive or.
pub(super) fn with_data(q: &Question<'_>) -> Verdict {
    let (base, data) = two(q);
    let expected = match q.row.kind {
        CKM_XOR_BASE_AND_DATA => base.iter().zip(&data).map(|(one, other)| one ^ other).collect(),
        CKM_CONCATENATE_BASE_AND_DATA => [&base[..], &data].concat(),
        _ => [&data[..], &base].concat(),
    };
    let by = string_data(q.row.kind, &data);
    same(&q.with_key(&base, |key| q.derived(&by.mechanism(), key, expected.len()))?, &expected)
}

pub(super) fn with_key(q: &Question<'_>) -> Verdict {
    let (base, other) = two(q);
    let expected = [&base[..], &other].concat();
    let found = q.with_key(&base, |key| {
        q.with_key_of(CKK_GENERIC_SECRET, &other, |second| {
            q.derived(&with(q.row.kind, &second), key, expected.len())
        })
    })?;
    same(&found, &expected)
}

/// Bits from anywhere on, around the end.
pub(super) fn extracted(q: &Question<'_>) -> Verdict {
    let base = q.chance.bytes(q.chance.between(14, 100));
    let (start, len) = (q.chance.between(0, 8 * base.len() - 1), q.chance.between(14, base.len()));
    let bit = |at: usize| base[at / 8 % base.len()] >> (7 - at % 8) & 1;
    let byte = |at: usize| (0..8).fold(0, |byte, of| byte << 1 | bit(start + 8 * at + of));
    let expected: Vec<u8> = (0..len).map(byte).collect();
    let by = start as u64;
    same(&q.with_key(&base, |key| q.derived(&with(q.row.kind, &by), key, len))?, &expected)
}

/// A mechanism, the cipher, and the bytes of its vector.
const CIPHERS: [(u64, &str, usize); 8] = [
    (CKM_AES_ECB_ENCRYPT_DATA, "aes-{}-ecb", 0),
    (CKM_AES_CBC_ENCRYPT_DATA, "aes-{}-cbc", 16),
    (CKM_CAMELLIA_ECB_ENCRYPT_DATA, "camellia-{}-ecb", 0),
    (CKM_CAMELLIA_CBC_ENCRYPT_DATA, "camellia-{}-cbc", 16),
    (CKM_DES_ECB_ENCRYPT_DATA, "des-ecb", 0),
    (CKM_DES_CBC_ENCRYPT_DATA, "des-cbc", 8),
    (CKM_DES3_ECB_ENCRYPT_DATA, "des-ede3", 0),
    (CKM_DES3_CBC_ENCRYPT_DATA, "des-ede3-cbc", 8),
];

pub(super) fn encrypted_data(q: &Question<'_>) -> Verdict {
    let (_, cipher, iv_len) = CIPHERS.iter().find(|(kind, ..)| *kind == q.row.kind).unwrap();
    let (key, data, iv) = (q.key(), q.chance.bytes(16 * q.chance.between(1, 6)), q.chance.bytes(*iv_len));
    let other = encrypted(cipher, &key, &iv, Padding::None, &data);
    let len = q.chance.between(14, other.len());
    let derived = |by| q.with_key(&key, |key| q.derived(&by, key, len));
    let found = match iv_len {
        0 => derived(string_data(q.row.kind, &data).mechanism())?,
        8 => derived(chained_data::<8>(q.row.kind, iv.try_into().unwrap(), &data).mechanism())?,
        _ => derived(chained_data::<16>(q.row.kind, iv.try_into().unwrap(), &data).mechanism())?,
    };
    same(&found, &other[..len])
}
