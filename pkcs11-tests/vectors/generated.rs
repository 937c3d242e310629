//! Generated keys: nothing is published of what is random, so a key is put to work by a mechanism that has vectors.

use cryptoki_sys::{
    CK_MECHANISM_TYPE, CK_OBJECT_HANDLE, CK_RV, CKA_EC_POINT, CKA_VALUE, CKA_VALUE_LEN, CKD_NULL, CKK_DES,
    CKK_DES2, CKK_DES3, CKM_AES_ECB, CKM_AES_KEY_GEN, CKM_AES_XTS, CKM_AES_XTS_KEY_GEN, CKM_BLAKE2B_160_HMAC,
    CKM_BLAKE2B_160_KEY_GEN, CKM_BLAKE2B_256_HMAC, CKM_BLAKE2B_256_KEY_GEN, CKM_BLAKE2B_384_HMAC,
    CKM_BLAKE2B_384_KEY_GEN, CKM_BLAKE2B_512_HMAC, CKM_BLAKE2B_512_KEY_GEN, CKM_CAMELLIA_ECB,
    CKM_CAMELLIA_KEY_GEN, CKM_CHACHA20, CKM_CHACHA20_KEY_GEN, CKM_DES_ECB, CKM_DES_KEY_GEN, CKM_DES2_KEY_GEN,
    CKM_DES3_ECB, CKM_DES3_KEY_GEN, CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_EC_KEY_PAIR_GEN,
    CKM_EC_MONTGOMERY_KEY_PAIR_GEN, CKM_ECDH1_DERIVE, CKM_ECDSA_SHA256, CKM_EDDSA,
    CKM_GENERIC_SECRET_KEY_GEN, CKM_HKDF_DERIVE, CKM_HKDF_KEY_GEN, CKM_POLY1305, CKM_POLY1305_KEY_GEN,
    CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_SHA_1_HMAC, CKM_SHA_1_KEY_GEN, CKM_SHA3_224_HMAC, CKM_SHA3_224_KEY_GEN,
    CKM_SHA3_256_HMAC, CKM_SHA3_256_KEY_GEN, CKM_SHA3_384_HMAC, CKM_SHA3_384_KEY_GEN, CKM_SHA3_512_HMAC,
    CKM_SHA3_512_KEY_GEN, CKM_SHA224_HMAC, CKM_SHA224_KEY_GEN, CKM_SHA256_HMAC, CKM_SHA256_KEY_GEN,
    CKM_SHA256_RSA_PKCS, CKM_SHA384_HMAC, CKM_SHA384_KEY_GEN, CKM_SHA512_224_HMAC, CKM_SHA512_224_KEY_GEN,
    CKM_SHA512_256_HMAC, CKM_SHA512_256_KEY_GEN, CKM_SHA512_HMAC, CKM_SHA512_KEY_GEN, CKM_SHA512_T_HMAC,
    CKM_SHA512_T_KEY_GEN, CKR_OK, CKR_SIGNATURE_INVALID,
};
use pkcs11_tests::keys::attribute;
use pkcs11_tests::mechanisms::operation::Answer;
use pkcs11_tests::mechanisms::{Key, Keys, new_pair, row, usable};
use pkcs11_tests::raw::parameters::ecdh1;
use pkcs11_tests::{Sent, Template, mechanism};

use crate::desk::Desk;

/// How a generated key shows what it is worth.
#[derive(Clone, Copy)]
enum Proof {
    /// A pair signs with the one key and verifies with the other.
    PairSigns(CK_MECHANISM_TYPE),
    /// Two pairs agree on a secret.
    PairsAgree(CK_MECHANISM_TYPE),
    /// A secret does what an imported key of its value does.
    Encrypts(CK_MECHANISM_TYPE),
    /// The same, for keys that sign.
    Signs(CK_MECHANISM_TYPE),
    /// The same, for keys that derive.
    Derives(CK_MECHANISM_TYPE),
}

/// Every generator once.
const GENERATORS: &[(CK_MECHANISM_TYPE, Proof)] = &[
    (CKM_RSA_PKCS_KEY_PAIR_GEN, Proof::PairSigns(CKM_SHA256_RSA_PKCS)),
    (CKM_EC_KEY_PAIR_GEN, Proof::PairSigns(CKM_ECDSA_SHA256)),
    (CKM_EC_EDWARDS_KEY_PAIR_GEN, Proof::PairSigns(CKM_EDDSA)),
    (CKM_EC_MONTGOMERY_KEY_PAIR_GEN, Proof::PairsAgree(CKM_ECDH1_DERIVE)),
    (CKM_AES_KEY_GEN, Proof::Encrypts(CKM_AES_ECB)),
    (CKM_AES_XTS_KEY_GEN, Proof::Encrypts(CKM_AES_XTS)),
    (CKM_DES_KEY_GEN, Proof::Encrypts(CKM_DES_ECB)),
    (CKM_DES2_KEY_GEN, Proof::Encrypts(CKM_DES3_ECB)),
    (CKM_DES3_KEY_GEN, Proof::Encrypts(CKM_DES3_ECB)),
    (CKM_CAMELLIA_KEY_GEN, Proof::Encrypts(CKM_CAMELLIA_ECB)),
    (CKM_CHACHA20_KEY_GEN, Proof::Encrypts(CKM_CHACHA20)),
    (CKM_POLY1305_KEY_GEN, Proof::Signs(CKM_POLY1305)),
    (CKM_GENERIC_SECRET_KEY_GEN, Proof::Signs(CKM_SHA256_HMAC)),
    (CKM_SHA_1_KEY_GEN, Proof::Signs(CKM_SHA_1_HMAC)),
    (CKM_SHA224_KEY_GEN, Proof::Signs(CKM_SHA224_HMAC)),
    (CKM_SHA256_KEY_GEN, Proof::Signs(CKM_SHA256_HMAC)),
    (CKM_SHA384_KEY_GEN, Proof::Signs(CKM_SHA384_HMAC)),
    (CKM_SHA512_KEY_GEN, Proof::Signs(CKM_SHA512_HMAC)),
    (CKM_SHA512_224_KEY_GEN, Proof::Signs(CKM_SHA512_224_HMAC)),
    (CKM_SHA512_256_KEY_GEN, Proof::Signs(CKM_SHA512_256_HMAC)),
    (CKM_SHA3_224_KEY_GEN, Proof::Signs(CKM_SHA3_224_HMAC)),
    (CKM_SHA3_256_KEY_GEN, Proof::Signs(CKM_SHA3_256_HMAC)),
    (CKM_SHA3_384_KEY_GEN, Proof::Signs(CKM_SHA3_384_HMAC)),
    (CKM_SHA3_512_KEY_GEN, Proof::Signs(CKM_SHA3_512_HMAC)),
    (CKM_BLAKE2B_160_KEY_GEN, Proof::Signs(CKM_BLAKE2B_160_HMAC)),
    (CKM_BLAKE2B_256_KEY_GEN, Proof::Signs(CKM_BLAKE2B_256_HMAC)),
    (CKM_BLAKE2B_384_KEY_GEN, Proof::Signs(CKM_BLAKE2B_384_HMAC)),
    (CKM_BLAKE2B_512_KEY_GEN, Proof::Signs(CKM_BLAKE2B_512_HMAC)),
    (CKM_SHA512_T_KEY_GEN, Proof::Signs(CKM_SHA512_T_HMAC)),
    (CKM_HKDF_KEY_GEN, Proof::Derives(CKM_HKDF_DERIVE)),
];

/// Keys that each generator makes.
const MADE: usize = 3;

pub(crate) fn run(desk: &Desk<'_>) {
    for (kind, proof) in GENERATORS {
        for _ in 0..MADE {
            let (source, found) = match (row(*kind).key, *proof) {
                (Key::Pair(pair), Proof::PairSigns(by)) => (
                    format!("self-consistent: {} with both keys", row(by).name),
                    signs_and_verifies(desk, by, new_pair(desk.m, desk.session, pair)),
                ),
                (Key::Pair(pair), Proof::PairsAgree(by)) => {
                    let pairs = [new_pair(desk.m, desk.session, pair), new_pair(desk.m, desk.session, pair)];
                    (format!("self-consistent: {} by two pairs", row(by).name), agree(desk, by, pairs))
                }
                (Key::Secret(key_type, len), Proof::Encrypts(by) | Proof::Signs(by) | Proof::Derives(by)) => {
                    (
                        format!("self-consistent: {} as by an imported key", row(by).name),
                        as_imported(desk, *kind, *proof, key_type, len),
                    )
                }
                _ => panic!("{} makes other keys", row(*kind).name),
            };
            desk.count(*kind, &source, format!("{found:?}"), found == Ok(true));
        }
    }
}

fn signs_and_verifies(desk: &Desk<'_>, kind: CK_MECHANISM_TYPE, keys: Keys) -> Result<bool, CK_RV> {
    let by = row(kind).ready();
    let signature = desk.sign(&by.mechanism(), keys.private, b"message")?;
    let right = desk.verify(&by.mechanism(), keys.public, b"message", &signature);
    let wrong = desk.verify(&by.mechanism(), keys.public, b"Message", &signature);
    Ok((right, wrong) == (CKR_OK, CKR_SIGNATURE_INVALID))
}

fn agree(desk: &Desk<'_>, kind: CK_MECHANISM_TYPE, [one, other]: [Keys; 2]) -> Result<bool, CK_RV> {
    let shared = |own: Keys, peer: Keys| {
        let point = attribute(desk.m, desk.session, peer.public, CKA_EC_POINT);
        let mut by = ecdh1(CKD_NULL, Sent::null(0), Sent::from(&point)).mechanism();
        by.mechanism = kind;
        desk.derive(&by, own.private, 32)
    };
    Ok(shared(one, other)? == shared(other, one)? && shared(one, other)? != shared(one, one)?)
}

/// A key of the length that was asked for, unlike the one before, that works as an imported key of its value does.
fn as_imported(
    desk: &Desk<'_>,
    kind: CK_MECHANISM_TYPE,
    proof: Proof,
    key_type: u64,
    len: usize,
) -> Result<bool, CK_RV> {
    let mut template = usable(Template::new());
    // The length of DES keys is no attribute.
    if ![CKK_DES, CKK_DES2, CKK_DES3].contains(&key_type) {
        template = template.ulong(CKA_VALUE_LEN, len as u64);
    }
    let mut values = Vec::new();
    for _ in 0..2 {
        let (rv, key) = desk.m.generate_key(desk.session, Some(&mechanism(kind)), &template);
        if rv != CKR_OK {
            return Err(rv);
        }
        let value = attribute(desk.m, desk.session, key, CKA_VALUE);
        let imported = desk.with_secret(key_type, &value, |key| used(desk, proof, key))?;
        if used(desk, proof, key)? != imported || value.len() != len {
            return Ok(false);
        }
        values.push(value);
    }
    Ok(values[0] != values[1])
}

fn used(desk: &Desk<'_>, proof: Proof, key: CK_OBJECT_HANDLE) -> Answer {
    match proof {
        Proof::Encrypts(by) => desk.encrypt(&row(by).ready().mechanism(), key, &[5; 32]),
        Proof::Signs(by) => desk.sign(&row(by).ready().mechanism(), key, &[5; 32]),
        Proof::Derives(by) => desk.derive(&row(by).ready().mechanism(), key, 32),
        Proof::PairSigns(_) | Proof::PairsAgree(_) => panic!("a secret key is no pair"),
    }
}
