//! The hashes of approved mode, and what parameters call them.

use pkcs11::constants::{
    CKD_NULL, CKD_SHA1_KDF, CKD_SHA1_KDF_SP800, CKD_SHA3_224_KDF, CKD_SHA3_224_KDF_SP800, CKD_SHA3_256_KDF,
    CKD_SHA3_256_KDF_SP800, CKD_SHA3_384_KDF, CKD_SHA3_384_KDF_SP800, CKD_SHA3_512_KDF,
    CKD_SHA3_512_KDF_SP800, CKD_SHA224_KDF, CKD_SHA224_KDF_SP800, CKD_SHA256_KDF, CKD_SHA256_KDF_SP800,
    CKD_SHA384_KDF, CKD_SHA384_KDF_SP800, CKD_SHA512_KDF, CKD_SHA512_KDF_SP800, CKG_MGF1_SHA1,
    CKG_MGF1_SHA3_224, CKG_MGF1_SHA3_256, CKG_MGF1_SHA3_384, CKG_MGF1_SHA3_512, CKG_MGF1_SHA224,
    CKG_MGF1_SHA256, CKG_MGF1_SHA384, CKG_MGF1_SHA512, CKM_AES_CMAC, CKM_SHA_1, CKM_SHA_1_HMAC, CKM_SHA3_224,
    CKM_SHA3_224_HMAC, CKM_SHA3_256, CKM_SHA3_256_HMAC, CKM_SHA3_384, CKM_SHA3_384_HMAC, CKM_SHA3_512,
    CKM_SHA3_512_HMAC, CKM_SHA224, CKM_SHA224_HMAC, CKM_SHA256, CKM_SHA256_HMAC, CKM_SHA384, CKM_SHA384_HMAC,
    CKM_SHA512, CKM_SHA512_224, CKM_SHA512_224_HMAC, CKM_SHA512_256, CKM_SHA512_256_HMAC, CKM_SHA512_HMAC,
    CKP_PKCS5_PBKD2_HMAC_SHA1, CKP_PKCS5_PBKD2_HMAC_SHA224, CKP_PKCS5_PBKD2_HMAC_SHA256,
    CKP_PKCS5_PBKD2_HMAC_SHA384, CKP_PKCS5_PBKD2_HMAC_SHA512, CKP_PKCS5_PBKD2_HMAC_SHA512_224,
    CKP_PKCS5_PBKD2_HMAC_SHA512_256,
};
use pkcs11::{MechanismType, Parameters};

/// A hash, by all that parameters call it: mechanism, mask generation, derivation function, pseudo-random functions.
struct HashNames {
    strong: bool,
    /// Bytes of the digest.
    len: u64,
    mechanism: MechanismType,
    mask: &'static [u64],
    derivation: &'static [u64],
    of_passwords: &'static [u64],
    hmac: MechanismType,
}

/// The hashes of FIPS 180-4 and 202.
const HASHES: [HashNames; 11] = [
    HashNames {
        strong: false,
        len: 20,
        mechanism: CKM_SHA_1,
        mask: &[CKG_MGF1_SHA1],
        derivation: &[CKD_SHA1_KDF, CKD_SHA1_KDF_SP800],
        of_passwords: &[CKP_PKCS5_PBKD2_HMAC_SHA1],
        hmac: CKM_SHA_1_HMAC,
    },
    HashNames {
        strong: true,
        len: 28,
        mechanism: CKM_SHA224,
        mask: &[CKG_MGF1_SHA224],
        derivation: &[CKD_SHA224_KDF, CKD_SHA224_KDF_SP800],
        of_passwords: &[CKP_PKCS5_PBKD2_HMAC_SHA224],
        hmac: CKM_SHA224_HMAC,
    },
    HashNames {
        strong: true,
        len: 32,
        mechanism: CKM_SHA256,
        mask: &[CKG_MGF1_SHA256],
        derivation: &[CKD_SHA256_KDF, CKD_SHA256_KDF_SP800],
        of_passwords: &[CKP_PKCS5_PBKD2_HMAC_SHA256],
        hmac: CKM_SHA256_HMAC,
    },
    HashNames {
        strong: true,
        len: 48,
        mechanism: CKM_SHA384,
        mask: &[CKG_MGF1_SHA384],
        derivation: &[CKD_SHA384_KDF, CKD_SHA384_KDF_SP800],
        of_passwords: &[CKP_PKCS5_PBKD2_HMAC_SHA384],
        hmac: CKM_SHA384_HMAC,
    },
    HashNames {
        strong: true,
        len: 64,
        mechanism: CKM_SHA512,
        mask: &[CKG_MGF1_SHA512],
        derivation: &[CKD_SHA512_KDF, CKD_SHA512_KDF_SP800],
        of_passwords: &[CKP_PKCS5_PBKD2_HMAC_SHA512],
        hmac: CKM_SHA512_HMAC,
    },
    HashNames {
        strong: true,
        len: 28,
        mechanism: CKM_SHA512_224,
        mask: &[],
        derivation: &[],
        of_passwords: &[CKP_PKCS5_PBKD2_HMAC_SHA512_224],
        hmac: CKM_SHA512_224_HMAC,
    },
    HashNames {
        strong: true,
        len: 32,
        mechanism: CKM_SHA512_256,
        mask: &[],
        derivation: &[],
        of_passwords: &[CKP_PKCS5_PBKD2_HMAC_SHA512_256],
        hmac: CKM_SHA512_256_HMAC,
    },
    HashNames {
        strong: true,
        len: 28,
        mechanism: CKM_SHA3_224,
        mask: &[CKG_MGF1_SHA3_224],
        derivation: &[CKD_SHA3_224_KDF, CKD_SHA3_224_KDF_SP800],
        of_passwords: &[],
        hmac: CKM_SHA3_224_HMAC,
    },
    HashNames {
        strong: true,
        len: 32,
        mechanism: CKM_SHA3_256,
        mask: &[CKG_MGF1_SHA3_256],
        derivation: &[CKD_SHA3_256_KDF, CKD_SHA3_256_KDF_SP800],
        of_passwords: &[],
        hmac: CKM_SHA3_256_HMAC,
    },
    HashNames {
        strong: true,
        len: 48,
        mechanism: CKM_SHA3_384,
        mask: &[CKG_MGF1_SHA3_384],
        derivation: &[CKD_SHA3_384_KDF, CKD_SHA3_384_KDF_SP800],
        of_passwords: &[],
        hmac: CKM_SHA3_384_HMAC,
    },
    HashNames {
        strong: true,
        len: 64,
        mechanism: CKM_SHA3_512,
        mask: &[CKG_MGF1_SHA3_512],
        derivation: &[CKD_SHA3_512_KDF, CKD_SHA3_512_KDF_SP800],
        of_passwords: &[],
        hmac: CKM_SHA3_512_HMAC,
    },
];

/// Whether every hash that the parameters name is one of ours, SHA-1 only where it may be.
pub(super) fn hashes_are(parameters: &Parameters, sha_1: bool) -> bool {
    let good = |hash: &HashNames| hash.strong || sha_1;
    let is = |found: fn(&HashNames, u64) -> bool, name: u64| {
        HASHES.iter().any(|hash| found(hash, name) && good(hash))
    };
    let mechanism: fn(&HashNames, u64) -> bool = |hash, name| hash.mechanism == name;
    let mask: fn(&HashNames, u64) -> bool = |hash, name| hash.mask.contains(&name);
    match parameters {
        Parameters::Pss(pss) => is(mechanism, pss.hash) && is(mask, pss.mgf),
        Parameters::Oaep(oaep) => is(mechanism, oaep.hash) && is(mask, oaep.mgf),
        Parameters::Hkdf(hkdf) => is(mechanism, hkdf.hash),
        Parameters::Tls12Master(master) => is(mechanism, master.hash),
        Parameters::Tls12ExtendedMaster(master) => is(mechanism, master.hash),
        Parameters::Tls12KeyMaterial(material) => is(mechanism, material.hash),
        Parameters::HashSignContext(context) => is(mechanism, context.hash),
        Parameters::Pbkd2(parameters) => is(|hash, name| hash.of_passwords.contains(&name), parameters.prf),
        Parameters::Ecdh1(parameters) => {
            parameters.kdf == CKD_NULL || is(|hash, name| hash.derivation.contains(&name), parameters.kdf)
        }
        Parameters::Sp800108(parameters) => {
            parameters.prf == CKM_AES_CMAC || is(|hash, name| hash.hmac == name, parameters.prf)
        }
        _ => true,
    }
}

/// Whether the salt of PSS, if these are its parameters, is no longer than the digest.
pub(super) fn salt_is_short(parameters: &Parameters) -> bool {
    let Parameters::Pss(pss) = parameters else { return true };
    let hash = HASHES.iter().find(|hash| hash.mechanism == pss.hash);
    hash.is_some_and(|hash| pss.salt_len <= hash.len)
}
